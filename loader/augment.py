"""The joint augmentation of a drawing and its line art, and the line art's own color jitter.

The reference resizes to S x S, flips, rotates and crops, then crops at random and resizes again.
Here the parameters are drawn the same way, and one affine map does all of it at once.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

MAX_ANGLE = 10.0
AREA = (0.9, 1.0)
ASPECT = (0.95, 1.05)
JITTER = 0.2
STRONG_BRIGHTNESS = (1.0, 7.0)
SHRINK_MARGIN = 1.15
CROP_ATTEMPTS = 10


def rotation_crop(angle: float) -> float:
    """Side of the largest centered square without empty corners in a square rotated by `angle`
    degrees, as a share of the square's side."""
    theta = math.radians(abs(angle))
    return 1 / (math.cos(theta) + math.sin(theta))


@dataclass(frozen=True)
class Placement:
    """Where the output comes from in the S x S image: flip first, then rotate counter-clockwise by
    `angle` degrees around the center, then cut out the box (left, top, width, height) in pixels,
    which shows things about `zoom` times as large as the whole image does."""

    flip: bool
    angle: float
    box: tuple[float, float, float, float]
    zoom: float = 1.0


def draw_placement(random: np.random.Generator, size: int) -> Placement:
    """Draw flip (p 0.5), rotation within 10 degrees (p 0.5) and a box of 90 to 100 % of the area
    that rotation leaves, of aspect ratio 0.95 to 1.05."""
    flip = random.random() < 0.5
    angle, side, offset = 0.0, size, 0
    if random.random() < 0.5:
        angle = random.uniform(-MAX_ANGLE, MAX_ANGLE)
        side = math.floor(size * rotation_crop(angle))
        offset = round((size - side) / 2)
    left, top, width, height = _draw_box(random, side)
    return Placement(flip, angle, (offset + left, offset + top, width, height))


def _draw_box(random: np.random.Generator, side: int) -> tuple[int, int, int, int]:
    for _ in range(CROP_ATTEMPTS):
        area = side * side * random.uniform(*AREA)
        aspect = math.exp(random.uniform(math.log(ASPECT[0]), math.log(ASPECT[1])))
        width, height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < width <= side and 0 < height <= side:
            left = int(random.integers(side - width + 1))
            top = int(random.integers(side - height + 1))
            return left, top, width, height
    return 0, 0, side, side


def place(image: np.ndarray, placement: Placement, size: int) -> np.ndarray:
    """Cut `placement` out of an image of any size, stretched to size x size; uint8 in and out."""
    return _warp(shrink(image, round(size * placement.zoom)), placement, size, cv2.INTER_CUBIC)


def place_labels(labels: np.ndarray, placement: Placement, size: int) -> np.ndarray:
    """As `place`, for a map (H, W) of numbers that must not be mixed."""
    return _warp(labels, placement, size, cv2.INTER_NEAREST)


def _warp(image: np.ndarray, placement: Placement, size: int, interpolation: int) -> np.ndarray:
    height, width = image.shape[:2]
    return cv2.warpAffine(
        image,
        _output_to_image(placement, size, width, height),
        (size, size),
        flags=interpolation | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def shrink(image: np.ndarray, size: int) -> np.ndarray:
    """Bring an image that is larger than `size` down to a little above it, so that what follows
    does not alias: averages of 2 x 2 pixels as long as it is twice too large, then linear."""
    target = shrunk_size(size)
    height, width = image.shape[:2]
    if height <= target or width <= target:
        return image
    while min(height, width) >= 2 * target:
        height, width = height // 2, width // 2
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.resize(image, (target, target), interpolation=cv2.INTER_LINEAR)


def shrunk_size(size: int) -> int:
    return round(size * SHRINK_MARGIN)


def _output_to_image(placement: Placement, size: int, width: int, height: int) -> np.ndarray:
    """Affine map (2, 3) from pixel centers of the output to those of the image."""
    left, top, box_width, box_height = placement.box
    theta = math.radians(placement.angle)
    cos, sin, middle = math.cos(theta), math.sin(theta), size / 2

    def scale(x: float, y: float) -> np.ndarray:
        return np.array([[x, 0, 0], [0, y, 0], [0, 0, 1]])

    def shift(x: float, y: float) -> np.ndarray:
        return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])

    unrotate = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    unflip = scale(-1, 1) if placement.flip else np.eye(3)
    matrix = (
        shift(-0.5, -0.5)
        @ scale(width / size, height / size)
        @ shift(middle, middle)
        @ unflip
        @ unrotate
        @ shift(left - middle, top - middle)
        @ scale(box_width / size, box_height / size)
        @ shift(0.5, 0.5)
    )
    return matrix[:2]


def jitter(sketch: np.ndarray, random: np.random.Generator, strong: bool = False) -> np.ndarray:
    """Change brightness and contrast of line art (H, W) in [0, 1], in random order.

    Both factors are uniform in 0.8 to 1.2; `strong` draws the brightness from 1 to 7, which washes
    faint lines out (paper, section 5.1).
    """
    low, high = STRONG_BRIGHTNESS if strong else (1 - JITTER, 1 + JITTER)
    brightness = np.float32(random.uniform(low, high))
    contrast = np.float32(random.uniform(1 - JITTER, 1 + JITTER))
    for step in random.permutation(2):
        if step == 0:
            sketch = sketch * brightness
        else:
            mean = sketch.mean(dtype=np.float32)
            sketch = (sketch - mean) * contrast + mean
        sketch = np.clip(sketch, 0, 1)
    return sketch
