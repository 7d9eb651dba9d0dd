"""Line art as the networks see it."""

import os

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from images.reader import read_gray


def read_sketch(path: str | os.PathLike, size: int) -> Tensor:
    """Read a picture file as line art (1, size, size) in [0, 1], stretched with Lanczos.

    Raises BrokenImageError.
    """
    return fit_sketch(Image.fromarray(read_gray(path)), size)


def fit_sketch(gray: Image.Image, size: int) -> Tensor:
    """The same of line art in memory, 8-bit gray ("L")."""
    resized = gray.resize((size, size), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(resized, np.float32) / 255)[None]
