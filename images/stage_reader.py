"""Reading images from anywhere, and writing PNGs that are complete or not there."""

import io
import os
import warnings
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from errors import InputError
from files.atomic import atomic_path

MAX_PIXELS = 100_000_000
"""Larger images are refused before a pixel is decoded: 100 MP are 300 MB in memory."""

_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")


def read_rgb(path: str | os.PathLike) -> np.ndarray:
    """Read any still image as (H, W, 3) uint8 RGB.

    Gray, palette and CMYK are converted, 16 bits are scaled to 8, transparency is put on white,
    the EXIF orientation is applied. The format is known by the content, not by the suffix.

    Raises InputError for what is no image, is cut off, is animated or has over `MAX_PIXELS`.
    """
    content, is_plain_png = _checked(path)
    if is_plain_png:
        return cv2.cvtColor(_decode_png(content, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return _decode(content)


def read_gray(path: str | os.PathLike) -> np.ndarray:
    """Read any still image as (H, W) uint8; conversions and errors as in `read_rgb`."""
    content, is_plain_png = _checked(path)
    if is_plain_png:
        return _decode_png(content, cv2.IMREAD_GRAYSCALE)
    return cv2.cvtColor(_decode(content), cv2.COLOR_RGB2GRAY)


def write_png(path: str | os.PathLike, image: np.ndarray) -> None:
    """Write an (H, W) or RGB (H, W, 3) uint8 array as PNG, atomically; missing folders are made."""
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".png", image)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        temporary.write_bytes(encoded)


def _checked(path: str | os.PathLike) -> tuple[bytes, bool]:
    """Return the content of an acceptable image file, and whether it is a gray or RGB PNG."""
    content = Path(path).read_bytes()
    if not content:
        raise InputError("the file is empty")
    try:
        with _open(content) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise InputError(
                    f"{width}x{height} px is over the limit of {MAX_PIXELS // 10**6} million pixels"
                )
            frames = getattr(image, "n_frames", 1)
            if frames > 1:
                raise InputError(f"an animation of {frames} frames, not a picture")
            is_plain_png = (
                image.format == "PNG"
                and image.mode in ("RGB", "L")
                and not {"transparency", "exif"} & image.info.keys()
            )
            if is_plain_png:
                image.verify()
    except UnidentifiedImageError:
        raise InputError("not an image of a known format") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise InputError(f"a damaged image: {error}") from error
    return content, is_plain_png


def _open(content: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return Image.open(io.BytesIO(content))
        except Image.DecompressionBombError:
            raise InputError(f"over the limit of {MAX_PIXELS // 10**6} million pixels") from None


def _decode_png(content: bytes, flags: int) -> np.ndarray:
    """Decode with OpenCV, which is faster and weighs gray as the published data set was made."""
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    if pixels is None:
        raise InputError("a damaged image: its pixels cannot be decoded")
    return pixels


def _decode(content: bytes) -> np.ndarray:
    try:
        with _open(content) as image:
            image.load()
            image = ImageOps.exif_transpose(image)
            return np.asarray(_on_white(_eight_bit(image)))
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise InputError(f"a damaged image: {error}") from error


def _eight_bit(image: Image.Image) -> Image.Image:
    if image.mode in _SIXTEEN_BIT or (image.mode == "I" and image.format == "PNG"):
        return Image.fromarray((np.asarray(image).astype(np.uint32) // 257).astype(np.uint8))
    return image


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image).convert("RGB")
