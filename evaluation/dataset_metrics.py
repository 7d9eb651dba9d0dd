"""Colored pictures against the true ones: how they are paired, and how alike they are."""

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from coloring.colorist import Colorist
from drawn_art.reserved import RESERVED_SEED
from errors import InputError
from loader.dataset import BenchmarkPairs, Pair, collate
from progress import Progress

DEFAULT_BATCH = 8
HASHED_DRAWINGS = 3


class Colored(NamedTuple):
    """A batch: line art (B, 1, S, S) in [0, 1], the true and the colored pictures (B, S, S, 3)
    uint8 RGB, and the tags, cit (B, cit_classes) and cvt (B, cvt_classes) multi-hot."""

    sketches: Tensor
    true: np.ndarray
    colored: np.ndarray
    cit: Tensor
    cvt: Tensor


class Measure(Protocol):
    """Sees every batch once, and then says what it found, in plain numbers."""

    def update(self, batch: Colored) -> None: ...

    def result(self) -> Any: ...


def measure(
    colorist: Colorist,
    pairs: Sequence[Pair],
    measures: Mapping[str, Measure],
    *,
    batch_size: int = DEFAULT_BATCH,
    description: str = "true pictures",
) -> dict[str, Any]:
    """Color the line art of all pairs with their own tags and show it to all measures.

    pairs: BenchmarkPairs or DrawnPairs of the colorist's size, in RGB. Returns the number of
    `pictures`, of `unreadable` ones, and the result of every measure by its name. Raises
    InputError when no pair can be read.
    """
    if colorist.cit_norm == "batch":
        batch_size = 1  # its features depend on the rest of the batch
    pictures, unreadable = 0, 0
    with Progress(total=len(pairs), desc=description, unit="img") as bar:
        for start in range(0, len(pairs), batch_size):
            indices = range(start, min(start + batch_size, len(pairs)))
            readable = list(_readable(pairs, indices, bar))
            unreadable += len(indices) - len(readable)
            pictures += len(readable)
            if readable:
                batch = _color(colorist, collate(readable))
                for one in measures.values():
                    one.update(batch)
            bar.update(len(indices))
    if not pictures:
        raise InputError(f"{description}: none of {len(pairs)} can be read")
    counts = {"pictures": pictures, "unreadable": unreadable}
    return counts | {name: one.result() for name, one in measures.items()}


def _readable(pairs: Sequence[Pair], indices: Sequence[int], bar: Progress) -> Iterator[Pair]:
    for index in indices:
        try:
            yield pairs[index]
        except InputError as error:
            bar.write(f"skipped: {error}", file=sys.stderr)


def _color(colorist: Colorist, pair: Pair) -> Colored:
    true = np.rint((pair.original.numpy().transpose(0, 2, 3, 1) + 1) * 127.5).astype(np.uint8)
    return Colored(pair.sketch, true, colorist.paint(pair.sketch, pair.cvt), pair.cit, pair.cvt)


class Likeness:
    """L1 in levels of 255, PSNR in dB and SSIM to the true picture, means over the pictures, of
    the colored pictures and, for comparison, of the plain line art."""

    def __init__(self):
        self.values: dict[str, list[tuple[float, float, float]]] = {"colored": [], "line_art": []}

    def update(self, batch: Colored) -> None:
        gray = np.rint(batch.sketches.numpy().transpose(0, 2, 3, 1) * 255).astype(np.uint8)
        for name, pictures in (("colored", batch.colored), ("line_art", gray.repeat(3, axis=3))):
            compared = zip(batch.true, pictures, strict=True)
            self.values[name] += [likeness(true, picture) for true, picture in compared]

    def result(self) -> dict[str, dict[str, float]]:
        return {
            name: dict(zip(("l1", "psnr", "ssim"), np.mean(rows, axis=0).tolist(), strict=True))
            for name, rows in self.values.items()
        }


def likeness(true: np.ndarray, picture: np.ndarray) -> tuple[float, float, float]:
    """L1 (0 to 255), PSNR (dB, infinite for equal ones) and SSIM (skimage's, 7 x 7 window) of two
    pictures (H, W, 3) uint8."""
    l1 = np.abs(true.astype(np.float64) - picture).mean()
    with np.errstate(divide="ignore"):
        psnr = peak_signal_noise_ratio(true, picture, data_range=255)
    ssim = structural_similarity(true, picture, channel_axis=2, data_range=255)
    return float(l1), float(psnr), float(ssim)


class Fingerprint:
    """SHA-256 of the true pictures, the line art and the tags, in their order."""

    def __init__(self):
        self.hash = hashlib.sha256()

    def update(self, batch: Colored) -> None:
        inputs = (tensor.numpy() for tensor in (batch.sketches, batch.cit, batch.cvt))
        for arrays in zip(batch.true, *inputs, strict=True):
            for array in arrays:
                self.hash.update(array.tobytes())

    def result(self) -> str:
        return self.hash.hexdigest()


def identity(pairs: Sequence[Pair]) -> list:
    """What the pictures of `pairs` are, before they are read: plain data that changes when a file
    does, or the way in which drawings are made."""
    if isinstance(pairs, BenchmarkPairs):
        ids = [sample.file_id for sample in pairs.samples]
        folders = [pairs.data_dir.benchmark, pairs.data_dir.benchmark_line_art]
        files = [_state(folder / f"{file_id}.png") for folder in folders for file_id in ids]
        return ["files", pairs.input_size, files]
    drawn = hashlib.sha256()
    for index in range(min(HASHED_DRAWINGS, len(pairs))):
        drawn.update(pairs[index].original.numpy().tobytes())
    return ["drawn", RESERVED_SEED, pairs.input_size, len(pairs), drawn.hexdigest()]


def _state(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:  # it is counted as unreadable later
        return path.name, -1, -1
    return path.name, found.st_size, found.st_mtime_ns
