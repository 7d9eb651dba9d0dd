"""Reading picture files by one rule, whatever they are and wherever they come from.

Transparency lies on white paper. 16 bits lose their lower 8. The EXIF orientation is applied.
Palettes and CMYK become RGB; color profiles are ignored. A file's content says what format it has,
not its name. Only FORMATS are looked at, none of which needs another program.
"""

import contextlib
import os
import stat
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from errors import BrokenImageError

RULE = 2
"""Number of the rule above; it changes when a file would be read as another array than before."""

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")

MAX_PIXELS = 100_000_000
"""Larger pictures are refused before a pixel is decoded: 100 MP are 300 MB in memory."""

MAX_DPI = 1 << 16

# Weights of red, green and blue that libpng uses for OpenCV's gray, in 1/32768. The published data
# set was made with them.
GRAY_WEIGHTS = (9797, 19234, 3737)

# What a PNG says about its pixels besides their values, as Pillow names it.
_NOT_PLAIN = {"transparency", "exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp"}
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_PNG_DEPTH = 24
_OTHER_CHUNKS = 1 << 20


def read_rgb(
    path: str | os.PathLike, *, max_pixels: float = MAX_PIXELS, first_frame: bool = False
) -> np.ndarray:
    """Read a picture file as (H, W, 3) uint8 RGB.

    Of an animation, or several pages, `first_frame` takes the first. Raises BrokenImageError for
    several frames without it, more than `max_pixels`, a damaged or truncated file, one of another
    format, and what is no regular file.
    """
    with _opened(path, max_pixels, first_frame) as image:
        pixels = _decode_plain_png(image, path, cv2.IMREAD_COLOR)
        if pixels is not None:
            return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
        return _decode(image, path)


def read_gray(
    path: str | os.PathLike, *, max_pixels: float = MAX_PIXELS, first_frame: bool = False
) -> np.ndarray:
    """Read a picture file as (H, W) uint8, `to_gray` of what `read_rgb` reads, only faster."""
    with _opened(path, max_pixels, first_frame) as image:
        pixels = _decode_plain_png(image, path, cv2.IMREAD_GRAYSCALE)
        if pixels is not None:
            return pixels
        return to_gray(_decode(image, path))


def read_rgba(
    path: str | os.PathLike, *, max_pixels: float = MAX_PIXELS, first_frame: bool = False
) -> np.ndarray:
    """Read a picture file as (H, W, 4) uint8 RGBA, not premultiplied, its transparency kept; as
    (H, W, 3) RGB if it has none. Errors as in `read_rgb`."""
    with _opened(path, max_pixels, first_frame) as image:
        pixels = _decode_plain_png(image, path, cv2.IMREAD_COLOR)
        if pixels is not None:
            return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
        return _decode(image, path, keep_alpha=True)


def to_gray(rgb: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB as (H, W) uint8: 0.299 R + 0.587 G + 0.114 B, rounded down."""
    weights = np.array([GRAY_WEIGHTS], np.float32) / 32768
    return cv2.transform(rgb.astype(np.float32), weights).astype(np.uint8)


def count_frames(path: str | os.PathLike, *, max_pixels: float = MAX_PIXELS) -> int:
    """How many frames or pages a picture file has; errors as in `read_rgb`."""
    with _opened(path, max_pixels, first_frame=True) as image:
        return _frames(image)


def read_dpi(path: str | os.PathLike) -> tuple[float, float] | None:
    """Dots per inch of a picture file, see `dpi_of`; errors as in `read_rgb`."""
    with _opened(path, MAX_PIXELS, first_frame=True) as image:
        return dpi_of(image)


def dpi_of(image: Image.Image) -> tuple[float, float] | None:
    """Dots per inch across and down, as a picture says them; None where that cannot be meant."""
    found = image.info.get("dpi")
    if not found or not all(1 < value < MAX_DPI for value in found):
        return None
    return float(found[0]), float(found[1])


@contextlib.contextmanager
def _opened(path: str | os.PathLike, max_pixels: float, first_frame: bool) -> Iterator[Image.Image]:
    """An acceptable picture file, not decoded yet; errors of the block become BrokenImageError."""
    too_many = f"over the limit of {max_pixels / 1e6:g} megapixels"
    try:
        found = Path(path).stat()
        # Opening a pipe waits for somebody to write into it.
        if not stat.S_ISREG(found.st_mode):
            raise BrokenImageError(path, "not a file")
        if not found.st_size:
            raise BrokenImageError(path, "the file is empty")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                width, height = image.size
                if not width * height <= max_pixels:
                    raise BrokenImageError(path, f"{width}x{height} px is {too_many}")
                if not first_frame and _frames(image) > 1:
                    frames = _frames(image)
                    raise BrokenImageError(path, f"an animation of {frames} frames, not a picture")
                yield image
    except BrokenImageError:
        raise
    except UnidentifiedImageError:
        formats = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        raise BrokenImageError(path, f"truncated, or not a picture: give a {formats}") from None
    except Image.DecompressionBombError:
        raise BrokenImageError(path, too_many) from None
    except MemoryError:
        raise BrokenImageError(path, "larger than the memory that is free") from None
    except Exception as error:  # Pillow's readers raise anything about a damaged file
        if isinstance(error, OSError) and error.errno is not None:
            raise BrokenImageError(path, error.strerror) from error
        raise BrokenImageError(path, f"damaged or truncated: {error}") from error


def _frames(image: Image.Image) -> int:
    # The further pictures of an MPO, which phones write, are previews and depth.
    return 1 if image.format == "MPO" else getattr(image, "n_frames", 1)


def _decode_plain_png(image: Image.Image, path: str | os.PathLike, flags: int) -> np.ndarray | None:
    """Decode with OpenCV, which is faster; None for all but opaque 8-bit gray and RGB PNGs."""
    if image.format != "PNG" or image.mode not in ("L", "RGB") or _NOT_PLAIN & image.info.keys():
        return None
    path = Path(path)
    if path.stat().st_size > 2 * 3 * image.width * image.height + _OTHER_CHUNKS:
        return None
    content = path.read_bytes()
    if content[_PNG_DEPTH] > 8 or not _ends_with_its_pixels(content):
        return None
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    if pixels is None:
        raise BrokenImageError(path, "damaged or truncated: its pixels cannot be decoded")
    return pixels


def _ends_with_its_pixels(content: bytes) -> bool:
    """Whether a PNG is complete, with nothing between its pixels and its end: Pillow has not seen
    yet what is said there, and it may be the orientation."""
    start, kind = len(_PNG_SIGNATURE), b""
    while start + 12 < len(content):
        length, kind = struct.unpack_from(">I4s", content, start)
        start += length + 12
    return kind == b"IDAT" and start + 12 == len(content) and content.endswith(_PNG_END)


def _decode(image: Image.Image, path: str | os.PathLike, *, keep_alpha: bool = False) -> np.ndarray:
    image.seek(0)
    image.load()
    # Pixels that are whole count, also beside an orientation that cannot be read.
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    image = _eight_bit(image, path)
    if keep_alpha and image.has_transparency_data:
        return np.asarray(image.convert("RGBA"))
    return np.asarray(_on_white(image))


def _eight_bit(image: Image.Image, path: str | os.PathLike) -> Image.Image:
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        reduced = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        if "transparency" in image.info:
            reduced.info["transparency"] = image.info["transparency"] >> 8
        return reduced
    if image.mode.startswith(("I", "F")):
        raise BrokenImageError(path, "32 bits per value: save it with 8 or 16")
    return image


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image)
    return paper
