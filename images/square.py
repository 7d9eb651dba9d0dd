"""Letterboxed square to filled square: the first image operation of the data set."""

import math

import numpy as np

WHITE_LEVEL = 240
WHITE_SHARE = 0.99
EDGE_WIDTH = 3


def make_square(
    image: np.ndarray, original_width: int, original_height: int, padding: str = "mirror"
) -> np.ndarray:
    """Remove the letterbox of `image` and fill the square again by padding its content.

    The content is cut two pixels narrower than the original's proportions say, because the edge
    between content and letterbox is blurred; a square original loses two rows as well. Tall
    content is padded left and right, all other content at the top only.

    Args:
        image: (N, M) or (N, M, C) uint8, the original scaled to fit and letterboxed.
        original_width, original_height: size of the original in pixels.
        padding: "mirror" reflects the content (edge pixel included), "white" fills with 255.

    Returns:
        An array of the shape and type of `image`.

    Raises:
        ValueError: no content is left, or the size cannot be that of a letterboxed original.
    """
    content = _content(image, original_width, original_height)
    pads = _pads(image, content)
    if padding == "mirror":
        return np.pad(content, pads, mode="symmetric")
    if padding == "white":
        return np.pad(content, pads, mode="constant", constant_values=255)
    raise ValueError(f"padding is 'mirror' or 'white', not {padding!r}")


def has_white_border(image: np.ndarray, original_width: int, original_height: int) -> bool:
    """Tell whether the content is white at every edge at which `make_square` would pad it.

    White means that 99 % of the outermost 3 pixels are at least 240 of 255 in all channels.

    Args and errors as in `make_square`.
    """
    content = _content(image, original_width, original_height)
    if content.shape[0] > content.shape[1]:
        edges = (content[:, :EDGE_WIDTH], content[:, -EDGE_WIDTH:])
    else:
        edges = (content[:EDGE_WIDTH],)
    return all(_is_white(edge) for edge in edges)


def _is_white(edge: np.ndarray) -> bool:
    white = edge >= WHITE_LEVEL
    if white.ndim == 3:
        white = white.all(axis=2)
    return bool(white.mean() >= WHITE_SHARE)


def _content(image: np.ndarray, original_width: int, original_height: int) -> np.ndarray:
    """Return the centred window of `image` that shows the original (a view)."""
    if original_width < 1 or original_height < 1:
        raise ValueError(f"impossible original size {original_width}x{original_height}")
    rows, columns = image.shape[:2]
    if original_height > original_width:
        height = rows
        width = math.floor(original_width * (rows / original_height)) - 2
    else:
        width = columns
        height = math.floor(original_height * (columns / original_width)) - 2
    if width > columns or height > rows:
        raise ValueError(
            f"{columns}x{rows} px is no letterboxed square of an original of "
            f"{original_width}x{original_height} px"
        )
    if width < 1 or height < 1:
        raise ValueError(
            f"{columns}x{rows} px is too small for an original of "
            f"{original_width}x{original_height} px"
        )
    top, left = (rows - height) // 2, (columns - width) // 2
    return image[top : top + height, left : left + width]


def _pads(image: np.ndarray, content: np.ndarray) -> list[tuple[int, int]]:
    """Return the widths for `np.pad` that bring `content` back to the size of `image`."""
    loss = max(image.shape[0] - content.shape[0], image.shape[1] - content.shape[1])
    if content.shape[0] > content.shape[1]:
        pads = [(0, 0), (loss // 2, loss - loss // 2)]
    else:
        pads = [(loss, 0), (0, 0)]
    return pads + [(0, 0)] * (image.ndim - 2)
