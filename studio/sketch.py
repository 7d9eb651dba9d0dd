"""Sketches from outside: read within limits, and cleaned to line art."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from errors import BrokenImageError, InputError
from images.reader import count_frames, read_rgb, to_gray
from line_art.xdog import xdog

MEGABYTE = 1 << 20
EXTRACTION_SIDE = 768
PAPER = 255
DARK = 110
COLORFUL = 24


@dataclass(frozen=True)
class Limits:
    """What an upload may have at most."""

    megapixels: float = 24
    megabytes: float = 20


@dataclass(frozen=True)
class Cleanup:
    """How a picture becomes line art.

    method: a key of METHODS. invert: light lines on dark become dark lines on light, before all
    else. level: gray value that separates lines from paper, 0: found by Otsu's method.
    sigma: width in pixels of XDoG's narrow Gaussian, on a picture of 768 px.
    """

    method: str = "none"
    invert: bool = False
    level: int = 0
    sigma: float = 0.4

    @property
    def is_none(self) -> bool:
        return self.method == "none" and not self.invert


def read_sketch_file(
    path: str | Path, name: str, limits: Limits = Limits()
) -> tuple[Image.Image, list[str]]:
    """A picture file as 8-bit gray on white paper, and notices about what may need cleaning.

    Of an animation it is the first frame. `name` is what messages call the file. Raises InputError
    for what is no picture, is damaged, or is over the limits; those are checked before decoding.
    """
    size = Path(path).stat().st_size / MEGABYTE
    if size > limits.megabytes:
        raise InputError(f"{name} has {size:.0f} MB; the limit is {limits.megabytes:g} MB")
    max_pixels = limits.megapixels * 1e6
    try:
        frames = count_frames(path, max_pixels=max_pixels)
        rgb = read_rgb(path, max_pixels=max_pixels, first_frame=True)
    except BrokenImageError as error:
        raise InputError(f"{name}: {error.reason}") from error
    notices = [f"{name} is animated ({frames} frames): this is the first"] if frames > 1 else []
    gray = Image.fromarray(to_gray(rgb))
    return gray, notices + _advice(Image.fromarray(rgb), gray)


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


def clean(gray: Image.Image, cleanup: Cleanup) -> Image.Image:
    """8-bit gray to line art; raises InputError for an unknown method."""
    if cleanup.method not in METHODS:
        raise InputError(f"unknown cleanup '{cleanup.method}': choose from {', '.join(METHODS)}")
    if cleanup.invert:
        gray = ImageOps.invert(gray)
    return METHODS[cleanup.method](gray, cleanup)


def _threshold(gray: Image.Image, cleanup: Cleanup) -> Image.Image:
    kind = cv2.THRESH_BINARY if cleanup.level else cv2.THRESH_BINARY + cv2.THRESH_OTSU
    _, lines = cv2.threshold(np.asarray(gray), cleanup.level, PAPER, kind)
    return Image.fromarray(lines)


def _extract(gray: Image.Image, cleanup: Cleanup) -> Image.Image:
    scale = EXTRACTION_SIDE / max(gray.size)
    width, height = (max(1, round(side * scale)) for side in gray.size)
    scaled = gray.resize((width, height), Image.Resampling.LANCZOS)
    # 254 and 255 are both paper, see `xdog`.
    lines = xdog(np.asarray(scaled), sigma=cleanup.sigma)
    return Image.fromarray(np.where(lines >= PAPER - 1, PAPER, lines).astype(np.uint8))


METHODS: dict[str, Callable[[Image.Image, Cleanup], Image.Image]] = {
    "none": lambda gray, cleanup: gray,
    "threshold": _threshold,
    "xdog": _extract,
}
