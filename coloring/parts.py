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
BATCH = 8
# A part's greatest change is that of the pixel with so many percent below it, in ΔE of CIE 1976,
# and at least this much: less is the network's noise.
GREATEST = 99.0
LEAST_CHANGE = 15.0


def part_changes(
    colorist: Colorist,
    gray: Image.Image,
    tags: Sequence[int],
    parts: Sequence[str] = PARTS,
) -> np.ndarray:
    """How much the tags of each part change every pixel: (h, w, len(parts)) float32 in [0, 1].

    gray: 8-bit line art of any size; the picture that is compared is that of `paint_picture`. It is
    painted with several colors of one part, its other tags being `tags`; a pixel's change is the
    root mean square distance of its colors from their mean in CIELAB, 1 being the part's greatest.
    A part of which the colorist knows fewer than two colors changes nothing.
    """
    square, (left, top, right, bottom) = pad_to_square(gray, colorist.size)
    sketch = torch.from_numpy(np.asarray(square, np.float32) / 255)[None, None]
    choices = {part: _choices(colorist, part, tags) for part in parts}
    flat = [choice for chosen in choices.values() for choice in chosen]
    painted = _paint(colorist, sketch, flat)[:, top:bottom, left:right]
    changes = np.zeros((*painted.shape[1:3], len(parts)), np.float32)
    start = 0
    for index, chosen in enumerate(choices.values()):
        if len(chosen) > 1:
            changes[..., index] = _change(painted[start : start + len(chosen)])
        start += len(chosen)
    return changes


def _choices(colorist: Colorist, part: str, tags: Sequence[int]) -> list[list[int]]:
    colors = colorist.part_colors(part)
    others = [tag for tag in tags if tag not in colors]
    step = max(1, len(colors) // COLORS)
    return [[*others, color] for color in colors[::step][:COLORS]]


def _paint(
    colorist: Colorist, sketch: torch.Tensor, choices: Sequence[Sequence[int]]
) -> np.ndarray:
    pictures = []
    for start in range(0, len(choices), BATCH):
        vectors = [colorist.vocabulary.cvt_vector(tags) for tags in choices[start : start + BATCH]]
        sketches = sketch.expand(len(vectors), -1, -1, -1)
        pictures.append(colorist.paint(sketches, torch.from_numpy(np.stack(vectors))))
    return np.concatenate(pictures)


def _change(pictures: np.ndarray) -> np.ndarray:
    """Of (n, h, w, 3) uint8 RGB: (h, w) float32 in [0, 1]."""
    labs = np.stack([cv2.cvtColor(p.astype(np.float32) / 255, cv2.COLOR_RGB2Lab) for p in pictures])
    change = np.sqrt(labs.var(axis=0).sum(axis=2))
    return np.minimum(change / max(np.percentile(change, GREATEST), LEAST_CHANGE), 1)
