"""Training pairs, the order they come in, and the fixed benchmark samples."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from errors import BrokenImageError, InputError
from images.color_space import to_network
from images.line_art import read_sketch
from images.reader import read_rgb
from loader import augment
from loader.augment import Placement
from loader.layout import DataDir
from loader.line_art import AugmentedSketches, LabeledSketch, multi_hot
from loader.samples import Sample, Samples, file_ids
from loader.tags import Vocabulary


class Pair(NamedTuple):
    """A drawing and its line art as tensors, or a batch of them.

    original (B, 3, S, S) in [-1, 1] in the color space of the network, sketch (B, 1, S, S) in
    [0, 1], cit (B, cit_classes) and cvt (B, cvt_classes) multi-hot. `broken` names the files that
    could not be read and were passed over, one per line.
    """

    original: Tensor
    sketch: Tensor
    cit: Tensor
    cvt: Tensor
    broken: str


Batch = TypeVar("Batch", Pair, LabeledSketch)


def collate(items: Sequence[Batch]) -> Batch:
    """One batch of items of the same kind."""
    *tensors, broken = zip(*items, strict=True)
    return type(items[0])(*map(torch.stack, tensors), broken="\n".join(filter(None, broken)))


class TrainingPairs(AugmentedSketches):
    """Augmented training pairs: the items of AugmentedSketches with their drawings."""

    images_per_sample = 1

    def __init__(
        self,
        samples: Sequence[Sample],
        data_dir: DataDir,
        vocabulary: Vocabulary,
        *,
        color_space: str = "rgb",
        **options,
    ):
        super().__init__(samples, data_dir, vocabulary, **options)
        self.color_dir = data_dir.rgb
        self.color_space = color_space

    def _item(self, epoch: int, index: int) -> Pair:
        sample = self.samples[index]
        sketch, placement = self._augmented(epoch, index)
        return Pair(
            self._original(sample, placement),
            sketch,
            multi_hot(sample.cit, self.classes[0]),
            multi_hot(sample.cvt, self.classes[1]),
            "",
        )

    def _original(self, sample: Sample, placement: Placement) -> Tensor:
        color = self.read(self.color_dir / f"{sample.file_id}.png", read_rgb)
        color = augment.place(color, placement, self.input_size)
        return torch.from_numpy(to_network(color, self.color_space))


def batches_per_epoch(length: int, batch_size: int, world: int = 1) -> int:
    """How many batches `length` samples are, of which each of `world` processes gets as many."""
    return math.ceil((length - length % world) / batch_size)


class EpochBatches(Sampler):
    """Batches of (epoch, index) keys, epoch after epoch, for one of `world` processes.

    Every epoch visits every sample once, in an order that the seed and the epoch decide; the last
    batch may be smaller. The processes share each batch of `batch_size` without overlap. Starts at
    batch `start_batch` of `start_epoch` and ends after `last_epoch`.
    """

    def __init__(
        self,
        length: int,
        batch_size: int,
        *,
        seed: int,
        start_epoch: int,
        last_epoch: int,
        start_batch: int = 0,
        rank: int = 0,
        world: int = 1,
    ):
        usable = length - length % world
        self.starts = range(0, usable, batch_size)
        self.length, self.batch_size, self.usable = length, batch_size, usable
        self.seed, self.rank, self.world = seed, rank, world
        self.start_epoch, self.last_epoch, self.start_batch = start_epoch, last_epoch, start_batch

    @property
    def batches_per_epoch(self) -> int:
        return batches_per_epoch(self.length, self.batch_size, self.world)

    def __len__(self) -> int:
        epochs = self.last_epoch - self.start_epoch + 1
        return epochs * self.batches_per_epoch - self.start_batch

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        skip = self.start_batch
        for epoch in range(self.start_epoch, self.last_epoch + 1):
            order = np.random.default_rng((self.seed, epoch)).permutation(self.length)
            order = order[: self.usable]
            for start in self.starts[skip:]:
                batch = order[start : start + self.batch_size][self.rank :: self.world]
                yield [(epoch, int(index)) for index in batch]
            skip = 0


class BenchmarkPairs(Dataset):
    """The fixed samples of the grids: `benchmark/` drawings with their `keras_test/` line art,
    not augmented. Items are as those of TrainingPairs; an unreadable file raises InputError."""

    def __init__(
        self,
        samples: Sequence[Sample],
        data_dir: DataDir,
        vocabulary: Vocabulary,
        *,
        input_size: int,
        color_space: str = "rgb",
    ):
        samples = Samples.of(samples)
        folder = data_dir.benchmark_line_art
        with_sketch = file_ids(folder) if folder.is_dir() else ()
        self.samples = samples.take(np.isin(samples.file_ids, with_sketch))
        self.without_sketch = len(samples) - len(self.samples)
        self.data_dir = data_dir
        self.classes = len(vocabulary.cit), len(vocabulary.cvt)
        self.input_size = input_size
        self.color_space = color_space

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Pair:
        sample = self.samples[index]
        name = f"{sample.file_id}.png"
        try:
            sketch = read_sketch(self.data_dir.benchmark_line_art / name, self.input_size)
            color = Image.fromarray(read_rgb(self.data_dir.benchmark / name))
        except BrokenImageError as error:
            raise InputError(f"benchmark image {name} cannot be read: {error}") from error
        size = (self.input_size, self.input_size)
        color = np.asarray(color.resize(size, Image.Resampling.LANCZOS))
        return Pair(
            torch.from_numpy(to_network(color, self.color_space)),
            sketch,
            multi_hot(sample.cit, self.classes[0]),
            multi_hot(sample.cvt, self.classes[1]),
            "",
        )
