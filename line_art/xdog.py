"""Line art by extended difference of Gaussians (XDoG), and the intensity curve of line art.

XDoG: Winnemöller, Kyprianidis, Olsen, "XDoG: An eXtended difference-of-Gaussians compendium
including advanced image stylization", Computers & Graphics 36 (2012).
"""

import random
from functools import lru_cache

import cv2
import numpy as np


def xdog(
    gray: np.ndarray,
    sigma: float = 0.4,
    k: float = 2.5,
    gamma: float = 0.95,
    epsilon: float = -0.5,
    phi: float = 1e9,
) -> np.ndarray:
    """Extract line art from a grayscale image.

    Args:
        gray: (H, W) uint8.
        sigma: standard deviation in pixels of the narrow Gaussian; the wide one has k * sigma.
        gamma: weight of the wide Gaussian.
        epsilon: differences (of values in 0...1) below it are paper.
        phi: steepness of the soft threshold above it.

    Returns:
        (H, W) uint8. The soft threshold reaches 510 and is stored modulo 256, so that with the
        standard parameters lines are 0, paper is 254, and differences of exactly 0 are 255. The
        published data set has these values; they are computed alike on every platform.
    """
    narrow = cv2.GaussianBlur(gray, (0, 0), sigma)
    wide = cv2.GaussianBlur(gray, (0, 0), k * sigma)
    table = _threshold_table(float(gamma), float(epsilon), float(phi))
    # Interleaved bytes read as 16-bit numbers: ten times faster than shifting and adding.
    pairs = cv2.merge((wide, narrow)).view("<u2")[..., 0]
    return table.take(pairs)


@lru_cache(maxsize=8)
def _threshold_table(gamma: float, epsilon: float, phi: float) -> np.ndarray:
    """Return the (65536,) uint8 result for every pair of narrow (high byte) and wide value."""
    values = np.arange(256, dtype=np.float64)
    difference = (values[:, None] - gamma * values[None, :]) / 255
    soft = 255 * (1 + np.tanh(phi * difference))
    table = np.where(difference < epsilon, 255, soft)
    return (table.astype(np.int64) % 256).astype(np.uint8).ravel()


def random_parameters(file_id: int, seed: int) -> tuple[float, float]:
    """Draw (sigma, k) of one image: uniform in 0.35...0.45 and in 2...3.

    They depend on the file id and the seed alone: not on the order of work, on other images, or
    on how often a run was interrupted.
    """
    generator = random.Random(f"xdog {seed} {file_id}")
    return generator.uniform(0.35, 0.45), generator.uniform(2, 3)


def adjust_intensity(line_art: np.ndarray, exponent: float = 1.4) -> np.ndarray:
    """Darken (exponent > 1) or lighten line art: 255^(1-p) * v^p, rounded down.

    `line_art` and the result are uint8 of any shape.
    """
    if exponent == 1:
        return line_art
    values = np.arange(256, dtype=np.float64)
    curve = np.floor(255 ** (1 - exponent) * values**exponent)
    return np.clip(curve, 0, 255).astype(np.uint8)[line_art]
