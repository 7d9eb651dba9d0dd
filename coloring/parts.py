"""Which pixels the tags of a part decide: what changes when its color does."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from PIL import Image

from coloring.colorist import Colorist, pad_to_square
from finishing.parts import PARTS

# So many colors of each part are compared, taken from all over its list.
COLORS = 4
# A part's greatest change is that of the pixel with so many percent below it, in ΔE of CIE 1976,
# and at least this much: less is the network's noise.
GREATEST = 99.0
LEAST_CHANGE = 15.0


def part_changes(colorist: Colorist, gray: Image.Image, tags: Sequence[int]) -> np.ndarray:
    """How much the tags of each part change every pixel: (h, w, 4) float32 in [0, 1], by PARTS.

    gray: 8-bit line art of any size; (h, w) is the size of what `paint_picture` makes of it. It is
    painted with several colors of one part, its other tags being `tags`; the change of a pixel is
    the root mean square distance of its colors from their mean in CIELAB, 1 being the part's
    greatest. A part of which the colorist knows fewer than two colors changes nothing.
    """
    square, (left, top, right, bottom) = pad_to_square(gray, colorist.size)
    sketch = torch.from_numpy(np.asarray(square, np.float32) / 255)[None]
    choices = {part: _choices(colorist, part, tags) for part in PARTS}
    changes = np.zeros((bottom - top, right - left, len(PARTS)), np.float32)
    compared = [choice for chosen in choices.values() for choice in chosen]
    if not compared:
        return changes
    painted = iter(colorist.paint_choices(sketch, compared)[:, top:bottom, left:right])
    for index, chosen in enumerate(choices.values()):
        if chosen:
            changes[..., index] = _change([next(painted) for _ in chosen])
    return changes


def _choices(colorist: Colorist, part: str, tags: Sequence[int]) -> list[list[int]]:
    colors = colorist.part_colors(part)
    if len(colors) < 2:
        return []
    others = [tag for tag in tags if tag not in colors]
    step = max(1, len(colors) // COLORS)
    return [[*others, color] for color in colors[::step][:COLORS]]


def _change(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Of pictures (h, w, 3) uint8 RGB: (h, w) float32 in [0, 1]."""
    labs = np.stack([cv2.cvtColor(p.astype(np.float32) / 255, cv2.COLOR_RGB2Lab) for p in pictures])
    change = np.sqrt(labs.var(axis=0).sum(axis=2))
    return np.minimum(change / max(np.percentile(change, GREATEST), LEAST_CHANGE), 1)
