"""Writing PNGs that are complete or not there."""

import os
from pathlib import Path

import cv2
import numpy as np

from files.atomic import atomic_path


def write_png(path: str | os.PathLike, image: np.ndarray) -> None:
    """Write an (H, W) or RGB (H, W, 3) uint8 array as PNG, atomically; missing folders are made."""
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".png", image)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        temporary.write_bytes(encoded)
