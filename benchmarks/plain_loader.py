"""A training pair made step by step with Pillow, as the published training does it."""

import math
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

LANCZOS, BILINEAR = Image.Resampling.LANCZOS, Image.Resampling.BILINEAR


@dataclass(frozen=True)
class Steps:
    """Parameters of one joint augmentation; `box` is (left, top, width, height) inside the square
    of side `side` that is left after rotating by `angle` degrees counter-clockwise."""

    flip: bool
    angle: float
    side: int
    box: tuple[int, int, int, int]


def draw_steps(chance: random.Random, size: int) -> Steps:
    flip = chance.random() < 0.5
    angle, side = 0.0, size
    if chance.random() < 0.5:
        angle = chance.uniform(-10, 10)
        theta = math.radians(abs(angle))
        side = math.floor(size / (math.cos(theta) + math.sin(theta)))
    for _ in range(10):
        area = side * side * chance.uniform(0.9, 1.0)
        ratio = math.exp(chance.uniform(math.log(0.95), math.log(1.05)))
        width, height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if width <= side and height <= side:
            left, top = chance.randint(0, side - width), chance.randint(0, side - height)
            return Steps(flip, angle, side, (left, top, width, height))
    return Steps(flip, angle, side, (0, 0, side, side))


def apply_steps(image: Image.Image, steps: Steps, size: int) -> Image.Image:
    """Resize, flip, rotate, cut the center, cut the box, resize again."""
    image = image.resize((size, size), LANCZOS)
    if steps.flip:
        image = ImageOps.mirror(image)
    if steps.angle:
        image = image.rotate(steps.angle, BILINEAR)
        offset = round((size - steps.side) / 2)
        image = image.crop((offset, offset, offset + steps.side, offset + steps.side))
    left, top, width, height = steps.box
    return image.resize((size, size), LANCZOS, (left, top, left + width, top + height))


def load_pair(color: Path, sketch: Path, chance: random.Random, size: int):
    """Color image (3, S, S) in [-1, 1] and line art (1, S, S) in [0, 1], float32."""
    steps = draw_steps(chance, size)
    with Image.open(color) as image:
        original = apply_steps(image.convert("RGB"), steps, size)
    with Image.open(sketch) as image:
        lines = apply_steps(image.convert("L"), steps, size)
    jitters = [ImageEnhance.Brightness, ImageEnhance.Contrast]
    chance.shuffle(jitters)
    for jitter in jitters:
        lines = jitter(lines).enhance(chance.uniform(0.8, 1.2))
    pixels = np.asarray(original, np.float32).transpose(2, 0, 1) / 255
    return 2 * pixels - 1, np.asarray(lines, np.float32)[None] / 255
