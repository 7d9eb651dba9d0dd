"""Decoded copies of training images, a little larger than the network sees them.

Decoding large PNGs is most of what making a training pair costs. The copies are uncompressed, so
the system keeps those that fit in memory, shared by all processes.
"""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from errors import BrokenImageError, InputError
from images.reader import RULE, read_gray
from loader.augment import shrink, shrunk_size

ABANDONED_SECONDS = 3600  # a younger unfinished copy may be another run's, being written


class ImageCache:
    """Reads images shrunk for networks of `input_size`, and keeps what it read under `directory`.

    A copy is made when its image is first read, and again when the image's time or size or the
    rule of the reader has changed, so an interruption leaves nothing wrong.
    """

    def __init__(self, directory: Path, input_size: int):
        self.directory = directory / f"{shrunk_size(input_size)}px"
        self.input_size = input_size
        self.is_full = False

    def check(self, images: int, sketches: int, examples: Sequence[Path]) -> None:
        """Make the directory and remove what a killed run left unfinished; raises InputError when
        the copies of so many images and sketches, as large as those of the examples on the average,
        cannot fit."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot make the cache {self.directory}: {error.strerror}; see --cache"
            ) from error
        copies = sum(map(_tidy, [path for path in self.directory.iterdir() if path.is_dir()]))
        needed = (3 * images + sketches) * self._pixels_of_copies(examples) - copies
        free = shutil.disk_usage(self.directory).free
        if needed > free:
            raise InputError(
                f"the cache may need {needed / 2**30:.1f} GiB more and {self.directory} has "
                f"{free / 2**30:.1f}: name another place, --cache DIR"
            )

    def _pixels_of_copies(self, examples: Sequence[Path]) -> float:
        sizes = []
        for path in examples:
            with contextlib.suppress(BrokenImageError):
                sizes.append(shrink(read_gray(path), self.input_size).size)
        return sum(sizes) / len(sizes) if sizes else shrunk_size(self.input_size) ** 2

    def read(self, path: Path, decode: Callable[[Path], np.ndarray]) -> np.ndarray:
        """The image that `shrink` makes of `decode(path)`, a function of the reader; raises
        BrokenImageError."""
        try:
            found = path.stat()
        except OSError:
            return decode(path)  # which says what is wrong
        original = (RULE, found.st_mtime_ns, found.st_size)
        copy = self.directory / path.parent.name / f"{path.stem}.npy"
        pixels = _read_copy(copy, original)
        if pixels is None:
            pixels = shrink(decode(path), self.input_size)
            self._write_copy(copy, original, pixels)
        return pixels

    def _write_copy(self, copy: Path, original: tuple[int, ...], pixels: np.ndarray) -> None:
        if self.is_full:
            return
        temporary = copy.with_name(f".{copy.stem}.{os.getpid()}.tmp")
        kind = _record_type(pixels.shape)
        try:
            copy.parent.mkdir(exist_ok=True)
            with temporary.open("wb") as file:
                np.save(file, np.array((*original, pixels), kind), allow_pickle=False)
            temporary.replace(copy)
        except OSError as error:
            self.is_full = True
            print(f"the cache takes no more copies: {error}", file=sys.stderr)
        finally:
            temporary.unlink(missing_ok=True)


def _tidy(folder: Path) -> int:
    """Remove what was abandoned unfinished in a folder of copies; returns the bytes of the others.

    Looks at each file once: there may be millions.
    """
    size = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".npy"):
                size += entry.stat().st_size
            elif entry.name.endswith(".tmp") and (
                time.time() - entry.stat().st_mtime > ABANDONED_SECONDS
            ):
                Path(entry).unlink(missing_ok=True)
    return size


def _record_type(shape: tuple[int, ...]) -> np.dtype:
    return np.dtype([("rule", "<i8"), ("time", "<i8"), ("size", "<i8"), ("pixels", "u1", shape)])


def _read_copy(copy: Path, original: tuple[int, ...]) -> np.ndarray | None:
    """The pixels of a copy; None if there is none, or of another image, or only part of it."""
    try:
        record = np.load(copy, allow_pickle=False)
        if tuple(int(record[name]) for name in ("rule", "time", "size")) == original:
            return np.ascontiguousarray(record["pixels"])
    except (OSError, ValueError, EOFError, IndexError):
        pass
    return None
