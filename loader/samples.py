"""From tag lines to the samples that are used, in their fixed order."""

import hashlib
import os
import random
import re
from array import array
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from errors import InputError
from loader.tag_lines import TagLine, TagLines
from loader.tags import EYE_COLORS, HAIR_COLORS, PERSON_TAGS, Vocabulary

LINE_ORDER_SEED = 10

# So many lines are looked at together.
_LINES_AT_ONCE = 1 << 14
_NAME = re.compile(r"(0|-?[1-9][0-9]{,17})\.png")


@dataclass(frozen=True)
class Sample:
    """One accepted tag line: the indices of its tags in the two vectors."""

    file_id: int
    cit: tuple[int, ...]
    cvt: tuple[int, ...]


class Lists:
    """Lists of small numbers of which each has its own length, in one array.

    `values` (all of them,) uint16, those of list i at starts[i]:starts[i + 1].
    """

    def __init__(self, values: np.ndarray, starts: np.ndarray):
        self.values, self.starts = values, starts

    @classmethod
    def of(cls, lists: Sequence[Iterable[int]]) -> "Lists":
        values = [value for one in lists for value in one]
        starts = np.cumsum([0, *map(len, lists)])
        return cls(np.array(values, np.uint16), starts)

    def __getitem__(self, index: int) -> tuple[int, ...]:
        return tuple(self.values[self.starts[index] : self.starts[index + 1]].tolist())

    def take(self, chosen: np.ndarray) -> "Lists":
        """The lists at these indices, or where a mask (N,) is true, which takes less memory."""
        if chosen.dtype != bool:
            positions, starts = _gather(self.starts, chosen)
            return Lists(self.values[positions], starts)
        lengths = np.diff(self.starts)
        starts = np.concatenate([[0], np.cumsum(lengths[chosen])])
        return Lists(self.values[np.repeat(chosen, lengths)], starts)


class Samples(Sequence[Sample]):
    """Samples in arrays: 1,000,000 take 80 MB, which processes that are forked share.

    `file_ids` (N,) int64; `cit` and `cvt` are Lists of N.
    """

    def __init__(self, file_ids: np.ndarray, cit: Lists, cvt: Lists):
        self.file_ids, self.cit, self.cvt = file_ids, cit, cvt

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> "Samples":
        """The same samples in arrays."""
        if isinstance(samples, cls):
            return samples
        samples = list(samples)
        return cls(
            np.array([sample.file_id for sample in samples], np.int64),
            Lists.of([sample.cit for sample in samples]),
            Lists.of([sample.cvt for sample in samples]),
        )

    def __len__(self) -> int:
        return len(self.file_ids)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        index = range(len(self))[index]
        return Sample(int(self.file_ids[index]), self.cit[index], self.cvt[index])

    def take(self, chosen: np.ndarray) -> "Samples":
        """The samples at these indices, or where a mask (N,) is true."""
        return Samples(self.file_ids[chosen], self.cit.take(chosen), self.cvt.take(chosen))


@dataclass
class Selection:
    """The accepted tag lines in their fixed order, and why the others were left out."""

    samples: Samples
    lines: int = 0
    without_image: int = 0
    ambiguous: int = 0
    without_tags: int = 0
    unknown_tags: int = 0

    def summary(self) -> str:
        parts = [f"{len(self.samples)} of {self.lines} tag lines used"]
        for count, reason in (
            (self.without_image, "without image"),
            (self.ambiguous, "not exactly one person, hair color and eye color"),
            (self.without_tags, "without CIT or CVT tag"),
        ):
            if count:
                parts.append(f"{count} {reason}")
        if self.unknown_tags:
            parts.append(f"{self.unknown_tags} tag ids outside the vocabulary ignored")
        return "; ".join(parts)


def select(
    lines: Iterable[TagLine],
    image_dirs: Path | Sequence[Path],
    vocabulary: Vocabulary,
    *,
    training: bool,
    limit: int = 0,
    but: Set[int] = frozenset(),
) -> Selection:
    """Accept tag lines that have an image in one of the folders, in a fixed shuffled order, up to
    `limit` (0: all), and none of the ids in `but`.

    Training accepts only lines with exactly one person, hair color and eye color tag and at least
    one CIT and one CVT tag; otherwise all are accepted.
    """
    folders = [image_dirs] if isinstance(image_dirs, Path) else image_dirs
    existing = np.concatenate([file_ids(folder) for folder in folders])
    existing = existing[~np.isin(existing, np.array(sorted(but), np.int64))]
    lines = TagLines.of(lines)
    order = list(range(len(lines)))
    random.Random(LINE_ORDER_SEED).shuffle(order)
    order = np.array(order, np.int64)
    selection = Selection(Samples.of(()))
    parts: list[Samples] = []
    left = limit or len(lines)
    for start in range(0, len(order), _LINES_AT_ONCE):
        if left <= 0:
            break
        part = order[start : start + _LINES_AT_ONCE]
        parts.append(_consider(lines, part, existing, vocabulary, training, left, selection))
        left -= len(parts[-1])
    if parts:
        selection.samples = _joined(parts)
    return selection


def _consider(
    lines: TagLines,
    part: np.ndarray,
    existing: np.ndarray,
    vocabulary: Vocabulary,
    training: bool,
    limit: int,
    selection: Selection,
) -> Samples:
    """The samples among the lines at the indices `part`, as far as to the last one needed."""
    with_image = np.isin(lines.file_ids[part], existing)
    indices = part[with_image]
    rows, tags = _distinct_tags(lines, indices)

    def per_line(chosen: np.ndarray) -> np.ndarray:
        return np.bincount(rows[chosen], minlength=len(indices))

    groups = (PERSON_TAGS, HAIR_COLORS, EYE_COLORS)
    clear = np.all([per_line(np.isin(tags, group)) == 1 for group in groups], axis=0)
    unknown = per_line(~np.isin(tags, np.array(list(vocabulary.names))))
    cit = _indices(rows, tags, vocabulary.cit, len(indices))
    cvt = _indices(rows, tags, vocabulary.cvt, len(indices))
    tagged = (np.diff(cit.starts) > 0) & (np.diff(cvt.starts) > 0)
    accepted = clear & tagged if training else np.ones(len(indices), bool)
    chosen = np.flatnonzero(accepted)[:limit]
    if len(chosen) == limit:
        # Nothing behind the last sample was looked at.
        last = int(chosen[-1])
        part = part[: np.flatnonzero(with_image)[last] + 1]
        with_image = with_image[: len(part)]
        clear, tagged, unknown = clear[: last + 1], tagged[: last + 1], unknown[: last + 1]
    selection.lines += len(part)
    selection.without_image += int((~with_image).sum())
    selection.unknown_tags += int(unknown.sum())
    if training:
        selection.ambiguous += int((~clear).sum())
        selection.without_tags += int((clear & ~tagged).sum())
    return Samples(lines.file_ids[indices[chosen]], cit.take(chosen), cvt.take(chosen))


def _distinct_tags(lines: TagLines, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(row, tag) of the tags of these lines, row by row, each tag once in its row."""
    positions, starts = _gather(lines.starts, indices)
    rows = np.repeat(np.arange(len(indices)), np.diff(starts))
    # One number per pair sorts ten times as fast as two columns.
    pairs = np.sort((rows << 32) + (lines.tags[positions].astype(np.int64) + 2**31))
    pairs = pairs[np.diff(pairs, prepend=-1) != 0]
    return pairs >> 32, (pairs & (2**32 - 1)) - 2**31


def _indices(rows: np.ndarray, tags: np.ndarray, known: Sequence[int], count: int) -> Lists:
    """For each of `count` rows the indices in `known` of its tags, in ascending order."""
    order = np.argsort(known)
    ranks = np.minimum(np.searchsorted(known, tags, sorter=order), len(known) - 1)
    found = order[ranks]
    is_known = np.asarray(known)[found] == tags
    pairs = np.sort((rows[is_known] << 32) + found[is_known])
    starts = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(rows[is_known], minlength=count), out=starts[1:])
    return Lists((pairs & (2**32 - 1)).astype(np.uint16), starts)


def _gather(starts: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the values of lists that begin at `starts`, and where they begin when only the
    lists at `indices` are kept."""
    lengths = starts[indices + 1] - starts[indices]
    kept = np.zeros(len(indices) + 1, np.int64)
    np.cumsum(lengths, out=kept[1:])
    positions = np.arange(kept[-1]) + np.repeat(starts[indices] - kept[:-1], lengths)
    return positions, kept


def _joined(parts: Sequence[Samples]) -> Samples:
    def joined(lists: Sequence[Lists]) -> Lists:
        lengths = np.concatenate([np.diff(one.starts) for one in lists])
        starts = np.concatenate([[0], np.cumsum(lengths)])
        return Lists(np.concatenate([one.values for one in lists]), starts)

    return Samples(
        np.concatenate([part.file_ids for part in parts]),
        joined([part.cit for part in parts]),
        joined([part.cvt for part in parts]),
    )


def is_held_out(file_id: int, share: float) -> bool:
    """Whether a sample belongs to the `share` (0 to 1) that training never sees.

    A hash of the id decides, so neither the order nor the number of samples matters. A face crop
    (negative id) is on the same side as its image.
    """
    digest = hashlib.blake2b(str(abs(file_id)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64


def split(samples: Samples, share: float) -> tuple[Samples, Samples]:
    """The samples to train on, and those held out, of which there are about `share`."""
    ids = samples.file_ids.tolist()
    held_out = np.fromiter((is_held_out(number, share) for number in ids), bool, len(ids))
    return samples.take(~held_out), samples.take(held_out)


def file_ids(folder: Path) -> np.ndarray:
    """The ids of the `<id>.png` files in a folder, (N,) int64; other names are not samples."""
    ids = array("q")
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _NAME.fullmatch(entry.name):
                    ids.append(int(entry.name[:-4]))
    except OSError as error:
        raise InputError(f"cannot read {folder}: {error.strerror}") from error
    return np.frombuffer(ids, np.int64) if ids else np.zeros(0, np.int64)
