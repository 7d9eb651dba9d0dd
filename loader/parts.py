"""Training pairs of drawings whose parts are known: closer to small parts, which weigh more."""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from errors import InputError
from images.reader import read_gray
from loader import augment
from loader.augment import Placement
from loader.dataset import TrainingPairs
from loader.line_art import multi_hot
from loader.samples import file_ids

# The pixels of a map are 0, which is lines and all else, or 1 + the place of a part in this list;
# UNTAGGED more where no tag says which color the part has.
PARTS = (
    *("hair", "iris", "background", "skin", "skirt", "shirt", "dress", "legwear", "footwear"),
    *("gloves", "neckwear", "ribbon", "bow", "hat", "jacket", "pants", "frame"),
)
UNTAGGED = 128
BACKGROUND = 1 + PARTS.index("background")

WHOLE = 0.4  # share of the pairs that show the whole drawing
SIDE = (0.25, 0.8)  # of the others, in sides of the drawing
OFF_CENTER = 0.3  # in sides of the crop
FEWEST_PIXELS = 12  # of a part that is looked at from close by

# A part with a share s of the picture has a weight of PART_WEIGHT / (s + SMALLEST_SHARE), and 1 at
# least, so that small ones weigh as much as each other, and the smallest less the smaller they are.
PART_WEIGHT, SMALLEST_SHARE, OTHER_WEIGHT = 0.15, 0.02, 0.5


class PartPair(NamedTuple):
    """A drawing and its line art as in Pair, with the number of the part that each pixel belongs to
    (see PARTS), parts (B, S, S) uint8 without UNTAGGED, and its weight in the L1 terms, weights
    (B, 1, S, S)."""

    original: Tensor
    sketch: Tensor
    cit: Tensor
    cvt: Tensor
    parts: Tensor
    weights: Tensor
    broken: str


class PartPairs(TrainingPairs):
    """The training pairs that have a map of their parts in `part_train/`.

    Some show the whole drawing, as TrainingPairs do, and the others what is around one of its
    parts, background aside, each part as often as the others. Raises InputError if none has a map.
    """

    closest = 1 / SIDE[0]

    def __init__(self, samples, data_dir, vocabulary, **options):
        super().__init__(samples, data_dir, vocabulary, **options)
        self.folder = data_dir.parts
        mapped = file_ids(self.folder) if self.folder.is_dir() else ()
        has_map = np.isin(self.samples.file_ids, mapped)
        self.samples, self.has_sketch = self.samples.take(has_map), self.has_sketch[has_map]
        self.without_map = int((~has_map).sum())
        if self.without_map and not has_map.any():
            raise InputError(
                f"{self.folder} has no map of a training image: make them with "
                "preprocessor/part_extractor.py"
            )

    def part_map(self, index: int) -> np.ndarray:
        """The map of a sample, uint8 of any size; raises BrokenImageError."""
        return read_gray(self.folder / f"{self.samples[index].file_id}.png")

    def _placement(self, index: int, random: np.random.Generator) -> Placement:
        placement = super()._placement(index, random)
        if random.random() < WHOLE:
            return placement
        return look_closer(placement, self.part_map(index), self.input_size, random)

    def _item(self, epoch: int, index: int) -> PartPair:
        sample = self.samples[index]
        sketch, placement = self._augmented(epoch, index)
        part_map = augment.place_labels(self.part_map(index), placement, self.input_size)
        return PartPair(
            self._original(sample, placement),
            sketch,
            multi_hot(sample.cit, self.classes[0]),
            multi_hot(sample.cvt, self.classes[1]),
            torch.from_numpy(part_map % UNTAGGED),
            torch.from_numpy(pixel_weights(part_map))[None],
            "",
        )


def look_closer(
    placement: Placement, part_map: np.ndarray, size: int, random: np.random.Generator
) -> Placement:
    """The placement in an S x S image with a smaller box, somewhere around a part with a color tag;
    the same one where there is none."""
    present, counts = np.unique(part_map, return_counts=True)
    present = present[(counts >= FEWEST_PIXELS) & (present > 0) & (present < UNTAGGED)]
    present = present[present != BACKGROUND]
    if not len(present):
        return placement
    rows, columns = np.nonzero(part_map == random.choice(present))
    pixel = random.integers(len(rows))
    height, width = part_map.shape
    middle = _placed(columns[pixel] * size / width, rows[pixel] * size / height, placement, size)
    side = size * random.uniform(*SIDE)
    corner = [
        min(max(at + side * (random.uniform(-OFF_CENTER, OFF_CENTER) - 0.5), 0), size - side)
        for at in middle
    ]
    return Placement(placement.flip, placement.angle, (*corner, side, side), size / side)


def _placed(x: float, y: float, placement: Placement, size: int) -> tuple[float, float]:
    """Where a point of the image is after the flip and the rotation of a placement."""
    x, y = (size - x if placement.flip else x) - size / 2, y - size / 2
    theta = math.radians(placement.angle)
    cos, sin = math.cos(theta), math.sin(theta)
    return cos * x + sin * y + size / 2, cos * y - sin * x + size / 2


def pixel_weights(part_map: np.ndarray) -> np.ndarray:
    """The weight of each pixel of a map in the L1 terms, float32 of the same shape: that of its
    part, 1 for parts of a color that no tag says, OTHER_WEIGHT for all else."""
    shares = np.bincount(part_map.ravel(), minlength=256) / part_map.size
    weights = np.maximum(PART_WEIGHT / (shares + SMALLEST_SHARE), 1)
    weights[UNTAGGED:] = 1
    weights[0] = OTHER_WEIGHT
    return weights.astype(np.float32)[part_map]
