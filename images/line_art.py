"""Reading pictures that may be anything, or broken."""

from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor


class BrokenImageError(Exception):
    """An image file that cannot be read; `str()` names it and says why."""


def read_image(path: Path, flags: int) -> np.ndarray:
    """Decode an image file as uint8 with OpenCV; raises BrokenImageError."""
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise BrokenImageError(f"{path}: {error.strerror}") from error
    image = cv2.imdecode(data, flags) if data.size else None
    if image is None:
        raise BrokenImageError(f"{path}: truncated, or not an image")
    return image


def read_gray(path: Path) -> Image.Image:
    """Any picture file as 8-bit gray on paper, see `to_gray`; raises BrokenImageError."""
    try:
        with Image.open(path) as image:
            return to_gray(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BrokenImageError(f"{path}: {error}") from error


def read_sketch(path: Path, size: int) -> Tensor:
    """Line art as the networks see it: (1, size, size) in [0, 1], stretched with Lanczos.

    Raises BrokenImageError.
    """
    return fit_sketch(read_gray(path), size)


def fit_sketch(gray: Image.Image, size: int) -> Tensor:
    """The same of line art in memory, 8-bit gray."""
    resized = gray.resize((size, size), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(resized, np.float32) / 255)[None]


def to_gray(image: Image.Image) -> Image.Image:
    """Any picture as 8-bit gray ("L"), transparency laid on white, 16 bits brought down to 8."""
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, np.float64)
        peak = 65535 if image.mode.startswith("I") and values.max() > 255 else 255
        return Image.fromarray((values / peak * 255).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return image.convert("L")
