"""Sketches from outside: read within limits, with notices about what they may need."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from errors import BrokenImageError, InputError
from images.reader import FORMATS, count_frames, dpi_of, read_rgb, to_gray
from studio.layered import read_layered

MEGABYTE = 1 << 20
PAPER = 255
DARK = 110
COLORFUL = 24
BLANK = 8
TILES, TILE = 6, 32
UNEVEN, NEARLY_WHITE = 24, 248


@dataclass(frozen=True)
class Limits:
    """What an upload may have at most."""

    megapixels: float = 24
    megabytes: float = 20


@dataclass(frozen=True)
class Sketch:
    """A sketch that was read: 8-bit gray, dark lines on white paper.

    notices: what the artist should know of it. is_photo: it looks like a photo of paper. dpi: dots
    per inch, across and down, where the file says so.
    """

    gray: Image.Image
    notices: list[str]
    is_photo: bool = False
    dpi: tuple[float, float] | None = None


def read_sketch_file(path: str | Path, name: str, limits: Limits = Limits()) -> Sketch:
    """Read a picture, or the merged picture of a PSD, ORA or KRA file.

    Transparency is white paper, unless the lines on it are white, too: those are inverted. Of an
    animation it is the first frame. `name` is what messages call the file. Raises InputError for
    what is no picture, is damaged, or is over the limits; those are checked before decoding.
    """
    path = Path(path)
    size = path.stat().st_size / MEGABYTE
    if size > limits.megabytes:
        raise InputError(f"{name} has {size:.0f} MB; the limit is {limits.megabytes:g} MB")
    max_pixels = limits.megapixels * 1e6
    notices, dpi = [], None
    layered = read_layered(path, name, max_pixels)
    if layered is not None:
        rgb, alpha = _on_white(layered), np.asarray(layered)[..., 3]
        dpi = dpi_of(layered)
    else:
        try:
            frames = count_frames(path, max_pixels=max_pixels)
            rgb = read_rgb(path, max_pixels=max_pixels, first_frame=True)
        except BrokenImageError as error:
            raise InputError(f"{name}: {error.reason}") from error
        if frames > 1:
            notices.append(f"{name} is animated ({frames} frames): this is the first")
        alpha, dpi = _alpha_and_dpi(path)
    gray = to_gray(rgb)
    if _is_blank(gray) and alpha is not None and not _is_blank(alpha):
        gray = PAPER - alpha
        notices.append("white lines on transparency: made dark on white paper")
    elif _is_blank(gray):
        notices.append("this page is blank: there are no lines to color")
    else:
        notices += _advice(Image.fromarray(rgb), Image.fromarray(gray))
    is_photo = looks_like_photo(gray)
    if is_photo:
        notices.append("the paper is unevenly lit: Photo of paper makes it white")
    return Sketch(Image.fromarray(gray), notices, is_photo, dpi)


def _on_white(image: Image.Image) -> np.ndarray:
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image)
    return np.asarray(paper)


def _alpha_and_dpi(path: Path) -> tuple[np.ndarray | None, tuple[float, float] | None]:
    """Of a picture that could be read."""
    with Image.open(path, formats=FORMATS) as image:
        dpi = dpi_of(image)
        if not image.has_transparency_data:
            return None, dpi
        upright = ImageOps.exif_transpose(image.convert("RGBA"))
        return np.asarray(upright)[..., 3], dpi


def _is_blank(gray: np.ndarray) -> bool:
    return int(gray.max()) - int(gray.min()) < BLANK


def looks_like_photo(gray: np.ndarray) -> bool:
    """Whether paper (H, W) uint8 is unevenly lit: its brightest in one place is far from that in
    another, and there is no place without a gray."""
    side = TILES * max(1, min(TILE, *(length // TILES for length in gray.shape)))
    small = cv2.resize(gray, (side, side), interpolation=cv2.INTER_AREA)
    tiles = small.reshape(TILES, side // TILES, TILES, side // TILES).swapaxes(1, 2)
    paper = np.percentile(tiles.reshape(TILES * TILES, -1), 90, axis=1)
    return bool(np.ptp(np.percentile(paper, (10, 90))) > UNEVEN and np.median(paper) < NEARLY_WHITE)


def _advice(image: Image.Image, gray: Image.Image) -> list[str]:
    small = gray.copy()
    small.thumbnail((128, 128))
    if np.asarray(small).mean() < DARK:
        return ["mostly dark: if the lines are light on dark, tick Invert"]
    image.thumbnail((128, 128))
    channels = np.asarray(image, np.int16)
    if (channels.max(2) - channels.min(2)).mean() > COLORFUL:
        return ["this looks like a colored picture: XDoG finds its lines"]
    return []
