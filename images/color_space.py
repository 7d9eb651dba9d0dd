"""The color space of the generator's output: images to and from [-1, 1]."""

import numpy as np
from skimage import color

COLOR_SPACES = ("rgb", "lab", "hsv")


def to_network(image: np.ndarray, color_space: str = "rgb") -> np.ndarray:
    """RGB image (H, W, 3), uint8 or floats in [0, 1], to float32 (3, H, W) in [-1, 1]."""
    if color_space == "rgb":
        # Reordered while they are bytes, then changed in place: most of the time goes to memory.
        values = _unit_range(np.ascontiguousarray(image.transpose(2, 0, 1)))
        values *= 2
        values -= 1
        return values
    rgb = _unit_range(image)
    if color_space == "hsv":
        values = 2 * color.rgb2hsv(rgb) - 1
    else:
        lab = color.rgb2lab(rgb)
        values = np.dstack([(lab[..., 0] - 50) / 50, (lab[..., 1:] + 0.5) / 127.5])
    return np.ascontiguousarray(values.transpose(2, 0, 1), dtype=np.float32)


def _unit_range(image: np.ndarray) -> np.ndarray:
    if image.dtype == np.uint8:
        return np.float32(1 / 255) * image
    return image.astype(np.float32)


def to_image(values: np.ndarray, color_space: str = "rgb") -> np.ndarray:
    """Network output (B, 3, H, W) in [-1, 1] to RGB uint8 (B, H, W, 3), truncated to 8 bits."""
    values = np.asarray(values, np.float32).transpose(0, 2, 3, 1)
    if color_space == "rgb":
        rgb = (values + 1) / 2
    elif color_space == "hsv":
        rgb = color.hsv2rgb((values + 1) / 2)
    else:
        lab = np.concatenate([(values[..., :1] + 1) * 50, values[..., 1:] * 127.5 - 0.5], -1)
        rgb = color.lab2rgb(lab)
    return (rgb * 255).astype(np.uint8)
