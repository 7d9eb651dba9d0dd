"""From tag lines to the samples that are used, in their fixed order."""

import hashlib
import random
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from errors import InputError
from loader.tags import EYE_COLORS, HAIR_COLORS, PERSON_TAGS, TagLine, Vocabulary

LINE_ORDER_SEED = 10


@dataclass(frozen=True)
class Sample:
    """One accepted tag line: the indices of its tags in the two vectors."""

    file_id: int
    cit: tuple[int, ...]
    cvt: tuple[int, ...]


@dataclass
class Selection:
    """The accepted tag lines in their fixed order, and why the others were left out."""

    samples: list[Sample]
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
    lines: Sequence[TagLine],
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
    existing = set().union(*map(file_ids, folders)) - but
    lines = list(lines)
    random.Random(LINE_ORDER_SEED).shuffle(lines)
    selection = Selection([])
    for line in lines:
        if limit and len(selection.samples) == limit:
            break
        selection.lines += 1
        _consider(line, existing, vocabulary, training, selection)
    return selection


def _consider(
    line: TagLine, existing: set[int], vocabulary: Vocabulary, training: bool, selection: Selection
) -> None:
    if line.file_id not in existing:
        selection.without_image += 1
        return
    tags = set(line.tags)
    is_clear = all(
        len(tags.intersection(group)) == 1 for group in (PERSON_TAGS, HAIR_COLORS, EYE_COLORS)
    )
    selection.unknown_tags += len(tags - vocabulary.names.keys())
    cit = tuple(sorted(vocabulary.cit_index[tag] for tag in tags & vocabulary.cit_index.keys()))
    cvt = tuple(sorted(vocabulary.cvt_index[tag] for tag in tags & vocabulary.cvt_index.keys()))
    if training and not is_clear:
        selection.ambiguous += 1
        return
    if training and not (cit and cvt):
        selection.without_tags += 1
        return
    selection.samples.append(Sample(line.file_id, cit, cvt))


def is_held_out(file_id: int, share: float) -> bool:
    """Whether a sample belongs to the `share` (0 to 1) that training never sees.

    A hash of the id decides, so neither the order nor the number of samples matters. A face crop
    (negative id) is on the same side as its image.
    """
    digest = hashlib.blake2b(str(abs(file_id)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64


def file_ids(folder: Path) -> set[int]:
    """The ids of the `<id>.png` files in a folder; other names are not samples."""
    try:
        return {int(path.stem) for path in folder.glob("*.png") if _is_id(path.stem)}
    except OSError as error:
        raise InputError(f"cannot read {folder}: {error.strerror}") from error


def _is_id(stem: str) -> bool:
    digits = stem.removeprefix("-")
    return digits.isascii() and digits.isdigit()
