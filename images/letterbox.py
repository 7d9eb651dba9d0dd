"""Whole pictures fitted into squares, as the 512 px images of Danbooru are."""

import numpy as np
from PIL import Image


def fit_in_square(image: np.ndarray, side: int) -> np.ndarray:
    """Scale a picture until its longer side is `side`, and center it on black.

    Args:
        image: (H, W, 3) uint8.
        side: in pixels.

    Returns:
        (side, side, 3) uint8. Scaled by Lanczos, as ImageMagick made Danbooru2018's.
    """
    height, width = image.shape[:2]
    longer = max(height, width)
    size = (max(1, round(width * side / longer)), max(1, round(height * side / longer)))
    if size != (width, height):
        image = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))
    square = np.zeros((side, side, 3), np.uint8)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    square[top : top + size[1], left : left + size[0]] = image
    return square
