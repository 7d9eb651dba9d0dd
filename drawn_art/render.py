"""Pixels of a drawn picture at any size: in color, as line art, and one mask per part.

All of them come from the same shapes by giving them other paints, so they agree to the pixel.
"""

import re
from collections.abc import Mapping

import cv2
import numpy as np

from drawn_art.picture import DrawnPicture
from images.square import has_white_border, make_square


def render_color(picture: DrawnPicture, size: int) -> np.ndarray:
    """Draw in color: (height, width, 3) uint8 RGB, its longer side `size` pixels."""
    return _rasterize(picture.color_svg(*content_size(picture, size)))


def render_line_art(picture: DrawnPicture, size: int) -> np.ndarray:
    """Draw inked lines on white paper, nothing filled: (height, width) uint8, 255 = paper."""
    image = _rasterize(picture.line_svg(*content_size(picture, size)))
    return np.ascontiguousarray(image[..., 0])


def render_masks(
    picture: DrawnPicture, size: int, parts: tuple[str, ...] | None = None
) -> dict[str, np.ndarray]:
    """Where each part of the picture is seen: (height, width) uint8 each, 255 inside.

    `parts` chooses among them. What lies in front of a part is not in its mask; edges are
    antialiased.
    """
    wanted = picture.parts if parts is None else parts
    masks = {}
    for first in range(0, len(wanted), 3):
        chosen = wanted[first : first + 3]
        channels = {part: "#" + "00" * k + "ff" + "00" * (2 - k) for k, part in enumerate(chosen)}
        image = _rasterize(picture.part_svg(*content_size(picture, size), channels))
        masks |= {part: image[..., k].copy() for k, part in enumerate(chosen)}
    return masks


def render_parts(
    picture: DrawnPicture, size: int, colors: Mapping[str, str], *, crisp: bool = False
) -> np.ndarray:
    """The parts of `colors` in these colors, all else black: (height, width, 3) uint8 RGB; with
    `crisp` no color but these, at the edges, too."""
    svg = picture.part_svg(*content_size(picture, size), colors)
    return _rasterize(_crisp(svg) if crisp else svg)


def visible_areas(picture: DrawnPicture, parts: tuple[str, ...], size: int) -> dict[str, int]:
    """How many pixels of each part are seen when the longer side is `size`; edges do not count."""
    step = 255 // (len(parts) + 1)
    colors = {part: f"#0000{step * number:02x}" for number, part in enumerate(parts, 1)}
    image = render_parts(picture, size, colors, crisp=True)
    counts = np.bincount(image[..., 2].ravel(), minlength=256)
    return {part: int(counts[step * number]) for number, part in enumerate(parts, 1)}


def letterbox(image: np.ndarray) -> np.ndarray:
    """Center an image on a black square as long as its longer side."""
    rows, columns = image.shape[:2]
    side = max(rows, columns)
    square = np.zeros((side, side, *image.shape[2:]), image.dtype)
    top, left = (side - rows) // 2, (side - columns) // 2
    square[top : top + rows, left : left + columns] = image
    return square


def crop_padding(picture: DrawnPicture, color: np.ndarray) -> str:
    """What the crop stage pads the color image with: "white" where its border is, else "mirror"."""
    white = has_white_border(letterbox(color), picture.width, picture.height)
    return "white" if white else "mirror"


def frame_as_cropped(
    picture: DrawnPicture, image: np.ndarray, padding: str, *, paper: int = 255
) -> np.ndarray:
    """Frame a rendering as the crop stage frames the color image: letterbox, cut, pad to a square.

    Args:
        image: what a function of this module rendered.
        padding: "mirror" or "white", whichever the color image gets (see `crop_padding`).
        paper: value that stands for white padding in `image`, 255 or (most masks) 0.

    Returns:
        (size, size) or (size, size, 3), `size` the longer side of `image`.
    """
    turned = image if paper == 255 else 255 - image
    square = make_square(letterbox(turned), picture.width, picture.height, padding)
    return square if paper == 255 else 255 - square


def render_cropped(
    picture: DrawnPicture, size: int, *, further: tuple[str, ...] = ()
) -> dict[str, np.ndarray]:
    """Everything as the crop stage frames the color image, so that all of it coincides.

    Args:
        further: parts without a color tag that shall have a mask, too; black where there is none.

    Returns:
        "color" (size, size, 3), "line_art" and one mask per part (size, size), all uint8.
    """
    color, line_art = render_color(picture, size), render_line_art(picture, size)
    padding = crop_padding(picture, color)
    framed = {
        "color": frame_as_cropped(picture, color, padding),
        "line_art": frame_as_cropped(picture, line_art, padding),
    }
    for part, mask in render_masks(picture, size, (*picture.parts, *further)).items():
        paper = 255 if part == "background" else 0
        framed[part] = frame_as_cropped(picture, mask, padding, paper=paper)
    return framed


def content_size(picture: DrawnPicture, size: int) -> tuple[int, int]:
    """Width and height in pixels of a picture whose longer side is `size`."""
    longer = max(picture.width, picture.height)
    return round(picture.width * size / longer), round(picture.height * size / longer)


def _crisp(svg: str) -> str:
    root, rest = svg.split(">", 1)
    root = re.sub(r' shape-rendering="\w+"', "", root)
    return f'{root} shape-rendering="crispEdges">{rest}'


def _rasterize(svg: str) -> np.ndarray:
    from resvg_py import svg_to_bytes

    png = svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    bgr = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
