"""From sketches to line art: what of them is lines, and what is paper."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageOps

from errors import InputError
from line_art.xdog import xdog

EXTRACTION_SIDE = 768
PAPER = 255
# Of the longer side of a photo: what is smaller is a line, what is larger is light on paper.
LIGHT_SHARE = 0.03
INK_SHARE = 0.55


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


def _photo(gray: Image.Image, cleanup: Cleanup) -> Image.Image:
    """Divide by the light on the paper, then make paper white and ink black, gray between."""
    pixels = np.asarray(gray)
    side = max(3, round(max(pixels.shape) * LIGHT_SHARE)) | 1
    scale = min(1.0, 512 / max(pixels.shape))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    reach = max(3, round(side * scale)) | 1
    light = cv2.GaussianBlur(cv2.dilate(small, np.ones((reach, reach), np.uint8)), (0, 0), reach)
    light = cv2.resize(light, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR)
    even = pixels.astype(np.float32) / np.maximum(light, 1)
    even = cv2.GaussianBlur(even, (0, 0), 0.7)
    lines = ((even - INK_SHARE) / (0.86 - INK_SHARE)).clip(0, 1)
    return Image.fromarray((lines * PAPER).astype(np.uint8))


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
    "photo": _photo,
    "xdog": _extract,
}
