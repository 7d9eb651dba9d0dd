"""Labeled line art for the tag classifier, and the augmentation that training pairs share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from errors import BrokenImageError, InputError
from images.reader import read_gray
from loader import augment
from loader.augment import Placement
from loader.cache import ImageCache
from loader.layout import DataDir
from loader.samples import Sample, Samples, file_ids
from loader.tags import Vocabulary

MAX_BROKEN_IN_A_ROW = 20
UNLABELED = -1
EXAMPLES = 16  # of line art, that tell how large decoded copies are


class LabeledSketch(NamedTuple):
    """Line art and its tags as tensors, or a batch of them.

    sketch (B, 1, S, S) in [0, 1], cit (B, cit_classes) multi-hot. `broken` names the files that
    could not be read, one per line.
    """

    sketch: Tensor
    cit: Tensor
    broken: str


def multi_hot(indices: Sequence[int], classes: int) -> Tensor:
    vector = torch.zeros(classes)
    vector[list(indices)] = 1
    return vector


class _Sketches(Dataset):
    """The samples that have line art, where it is, and how it is read."""

    images_per_sample = 0  # besides the line art
    closest = 1.0  # how many times as large as in the whole image things are shown at most

    def __init__(
        self,
        samples: Sequence[Sample],
        data_dir: DataDir,
        vocabulary: Vocabulary,
        *,
        input_size: int,
        cache: Path | None = None,
    ):
        samples = Samples.of(samples)
        self.folders = data_dir.line_art
        # (N, folders): where the line art of each sample is.
        found = [np.isin(samples.file_ids, file_ids(folder)) for folder in self.folders]
        self.has_sketch = np.stack(found, axis=1)
        drawn = self.has_sketch.any(axis=1)
        self.samples = samples.take(drawn)
        self.has_sketch = self.has_sketch[drawn]
        self.without_sketch = len(samples) - len(self.samples)
        self.classes = len(vocabulary.cit), len(vocabulary.cvt)
        self.input_size = input_size
        self.cache = None
        if cache:
            self.cache = ImageCache(cache, round(input_size * self.closest))
            images = self.images_per_sample * len(self.samples)
            self.cache.check(images, int(self.has_sketch.sum()), self._examples())

    def _examples(self) -> list[Path]:
        """One line art each of a few samples, from the first to the last."""
        last = len(self.samples) - 1
        chosen = np.linspace(0, last, min(EXAMPLES, last + 1), dtype=int)
        return [
            self.folders[self.has_sketch[index].argmax()] / f"{self.samples[index].file_id}.png"
            for index in chosen.tolist()
        ]

    def read(self, path: Path, decode: Callable[[Path], np.ndarray]) -> np.ndarray:
        """What `decode`, a function of the reader, makes of a file, through the cache."""
        return self.cache.read(path, decode) if self.cache else decode(path)

    def read_sketch(self, path: Path, placement: Placement) -> np.ndarray:
        """Line art (S, S), uint8; raises BrokenImageError."""
        sketch = self.read(path, read_gray)
        return augment.place(sketch, placement, self.input_size)


class AugmentedSketches(_Sketches):
    """Augmented line art with its CIT tags, addressed by (epoch, index).

    What an item looks like depends on the seed, the epoch and the index alone, not on the worker
    that makes it, so a run can be resumed anywhere. From `brightness_epoch` on (0: never) the line
    art's brightness varies more. One that cannot be read is replaced by the next one and named.
    `cache` names a directory for decoded copies, see ImageCache.
    """

    def __init__(self, *data, seed: int = 0, brightness_epoch: int = 0, **options):
        super().__init__(*data, **options)
        self.seed = seed
        self.brightness_epoch = brightness_epoch

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, key: tuple[int, int]) -> LabeledSketch:
        epoch, index = key
        broken: list[str] = []
        for offset in range(MAX_BROKEN_IN_A_ROW):
            candidate = (index + offset) % len(self)
            try:
                return self._item(epoch, candidate)._replace(broken="\n".join(broken))
            except BrokenImageError as error:
                broken.append(str(error))
        raise InputError(
            f"{MAX_BROKEN_IN_A_ROW} training images in a row are unreadable; the last: {broken[-1]}"
        )

    def _item(self, epoch: int, index: int) -> LabeledSketch:
        sketch, _ = self._augmented(epoch, index)
        return LabeledSketch(sketch, multi_hot(self.samples[index].cit, self.classes[0]), "")

    def _augmented(self, epoch: int, index: int) -> tuple[Tensor, Placement]:
        """The line art of a sample (1, S, S), one kind at random, and how it was placed."""
        file_id = self.samples[index].file_id
        generator = np.random.default_rng((self.seed, epoch, index))
        kinds = np.flatnonzero(self.has_sketch[index])
        folder = self.folders[kinds[generator.integers(len(kinds))]]
        placement = self._placement(index, generator)
        sketch = self.read_sketch(folder / f"{file_id}.png", placement)
        strong = 0 < self.brightness_epoch <= epoch
        sketch = augment.jitter(np.float32(1 / 255) * sketch, generator, strong)
        return torch.from_numpy(sketch)[None], placement

    def _placement(self, index: int, random: np.random.Generator) -> Placement:
        return augment.draw_placement(random, self.input_size)


class PlainSketches(_Sketches):
    """Every kind of line art of every sample, not augmented, addressed by index.

    All CIT entries of one that cannot be read are UNLABELED.
    """

    def __init__(self, *data, **options):
        super().__init__(*data, **options)
        self.rows, self.kinds = np.nonzero(self.has_sketch)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> LabeledSketch:
        sample = self.samples[self.rows[index]]
        path = self.folders[self.kinds[index]] / f"{sample.file_id}.png"
        size, classes = self.input_size, self.classes[0]
        whole = Placement(False, 0.0, (0, 0, size, size))
        try:
            sketch = self.read_sketch(path, whole)
        except BrokenImageError as error:
            unlabeled = torch.full((classes,), float(UNLABELED))
            return LabeledSketch(torch.zeros(1, size, size), unlabeled, str(error))
        sketch = torch.from_numpy(np.float32(1 / 255) * sketch)[None]
        return LabeledSketch(sketch, multi_hot(sample.cit, classes), "")
