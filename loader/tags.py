"""The tag vocabulary, and the multi-hot vectors the networks are given."""

import csv
import difflib
import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from errors import InputError
from files.atomic import atomic_path
from files.plain_pickle import read_plain_pickle
from files.regular import check_regular

TAG_TABLE = Path(__file__).with_name("tags.tsv")
TAG_DUMP = Path(__file__).with_name("tag_dump.pkl")

CIT_PARTS = ("body_lower", "body_upper", "body_whole", "face", "hair", "object")
COLOR_PARTS = (
    *("hair", "eyes", "skin", "background", "face"),
    *("body_upper", "body_lower", "body_whole"),
)
CVT_PARTS = ("body_lower", "body_upper", "body_whole", "face", "hair", "background")

# Danbooru's ids, in the order of the public code; a drawing fit for training has one of each.
_PERSON = {
    "1girl": 470575,
    "1boy": 540830,
}
_HAIR = {
    "blonde_hair": 87788,
    "brown_hair": 16867,
    "black_hair": 13200,
    "blue_hair": 10953,
    "purple_hair": 16442,
    "pink_hair": 11429,
    "silver_hair": 15425,
    "green_hair": 8388,
    "red_hair": 5403,
    "white_hair": 16581,
    "orange_hair": 87676,
    "grey_hair": 16580,
    "aqua_hair": 94007,
    "lavender_hair": 403081,
    "light_brown_hair": 468534,
}
_EYES = {
    "blue_eyes": 10959,
    "red_eyes": 8526,
    "brown_eyes": 16578,
    "green_eyes": 10960,
    "purple_eyes": 15654,
    "yellow_eyes": 89189,
    "pink_eyes": 16750,
    "black_eyes": 13199,
    "aqua_eyes": 89368,
    "orange_eyes": 95405,
    "grey_eyes": 89228,
    "silver_eyes": 390186,
}
PERSON_TAGS, HAIR_COLORS, EYE_COLORS = (tuple(tags.values()) for tags in (_PERSON, _HAIR, _EYES))


# A pickle may name one list many times, which grows when it is taken apart.
TagList = Annotated[tuple[int, ...], msgspec.Meta(max_length=100_000)]
PartList = Annotated[list[tuple[str, TagList]], msgspec.Meta(max_length=100)]


class TagDump(msgspec.Struct):
    """What a tag dump holds: the public format of a vocabulary, see Vocabulary."""

    iv_tag_list: TagList
    cv_tag_list: TagList
    iv_part_list: PartList
    cv_part_list: PartList
    tag_dict: dict[str, int]
    tag_count_dict: dict[int, int]


@dataclass(frozen=True)
class Vocabulary:
    """Which tags exist, and which of them the networks know.

    `cit` (color invariant: shape) and `cvt` (color variant) hold tag ids; the position of an id is
    its index in the multi-hot vector. `cit_parts` and `cvt_parts` group the same ids by part of
    the picture. `ids` and `counts` (how often each id occurs) run from the most frequent tag down.
    """

    cit: tuple[int, ...]
    cvt: tuple[int, ...]
    cit_parts: dict[str, tuple[int, ...]]
    cvt_parts: dict[str, tuple[int, ...]]
    ids: dict[str, int]
    counts: dict[int, int]

    @classmethod
    def from_dump(cls, dump: object) -> "Vocabulary":
        """From the content of a tag dump; raises ValueError naming what is malformed."""
        content = msgspec.convert(dump, TagDump, strict=False)
        vocabulary = cls(
            cit=content.iv_tag_list,
            cvt=content.cv_tag_list,
            cit_parts=dict(content.iv_part_list),
            cvt_parts=dict(content.cv_part_list),
            ids=content.tag_dict,
            counts=content.tag_count_dict,
        )
        _check(vocabulary)
        return vocabulary

    def dump(self) -> dict:
        """The content of a tag dump, in plain containers."""
        return {
            "iv_tag_list": list(self.cit),
            "cv_tag_list": list(self.cvt),
            "iv_part_list": [(part, list(tags)) for part, tags in self.cit_parts.items()],
            "cv_part_list": [(part, list(tags)) for part, tags in self.cvt_parts.items()],
            "tag_dict": dict(self.ids),
            "tag_count_dict": {str(tag): count for tag, count in self.counts.items()},
        }

    @cached_property
    def names(self) -> dict[int, str]:
        return {tag: name for name, tag in self.ids.items()}

    @cached_property
    def cit_index(self) -> dict[int, int]:
        return {tag: index for index, tag in enumerate(self.cit)}

    @cached_property
    def cvt_index(self) -> dict[int, int]:
        return {tag: index for index, tag in enumerate(self.cvt)}

    def color_parts(self) -> dict[str, tuple[int, ...]]:
        """The color tags of each of COLOR_PARTS; what is on the face and worn on the body is there
        by the part names of the vocabulary."""
        skin = [tag for tag in self.cvt if self.names[tag].endswith("_skin")]
        tags = {**self.cvt_parts, "hair": HAIR_COLORS, "eyes": EYE_COLORS, "skin": skin}
        return {
            part: tuple(tag for tag in tags.get(part, ()) if tag in self.cvt_index)
            for part in COLOR_PARTS
        }

    def cvt_vector(self, tags: Iterable[int]) -> np.ndarray:
        """Multi-hot float32 vector (len(cvt),) of those `tags` that are CVT tags."""
        return _multi_hot(tags, self.cvt_index)

    def parse(self, words: Sequence[str]) -> list[int]:
        """Tag ids for names (`blue_hair`, `blue hair`) or ids; InputError suggests near names."""
        return [self._parse_word(word) for word in chain(*map(self._split, words))]

    def _split(self, word: str) -> list[str]:
        """The names in a word: commas between them are no part of them, unless a name has one."""
        if word in self.ids:
            return [word]
        return [part for part in word.split(",") if part.strip()] or [word]

    def _parse_word(self, word: str) -> int:
        name = word.strip().lower().replace(" ", "_")
        if name in self.ids:
            return self.ids[name]
        if name.isascii() and name.isdigit():
            if len(name) < 20 and int(name) in self.names:
                return int(name)
            raise InputError(f"tag id {name[:20]} is not in the vocabulary; see --list_tags")
        nearest = difflib.get_close_matches(name, self.ids, n=3, cutoff=0.6)
        hint = f"did you mean {', '.join(nearest)}?" if nearest else "see --list_tags"
        raise InputError(f"unknown tag '{word}': {hint}")


def _multi_hot(tags: Iterable[int], index: dict[int, int]) -> np.ndarray:
    vector = np.zeros(len(index), np.float32)
    vector[[index[tag] for tag in tags if tag in index]] = 1
    return vector


def load_vocabulary(path: str | Path = TAG_DUMP) -> Vocabulary:
    """Read a tag dump (`tag_dump.pkl`); nothing in the file is executed.

    Raises InputError when the file is missing or not a tag dump.
    """
    dump = read_plain_pickle(
        path,
        "a tag dump",
        "build one with `python preprocessor/tagset_extractor.py --make_tag_dump FILE`",
    )
    try:
        return Vocabulary.from_dump(dump)
    except ValueError as error:
        raise InputError(f"{path} is not a tag dump: {error}") from error


def _check(vocabulary: Vocabulary) -> None:
    for kind, tags in (("CIT", vocabulary.cit), ("CVT", vocabulary.cvt)):
        if not tags or len(set(tags)) != len(tags):
            raise ValueError(f"its {kind} tags are not a list of distinct integers")
        unnamed = set(tags) - vocabulary.names.keys()
        if unnamed:
            raise ValueError(f"its {kind} tag {min(unnamed)} has no name")
    both = set(vocabulary.cit) & set(vocabulary.cvt)
    if both:
        raise ValueError(f"tag {min(both)} is both CIT and CVT")


def write_tag_dump(table: str | Path, path: str | Path) -> None:
    """Build a tag dump from a tab-separated table with the columns of `loader/tags.tsv`.

    Columns: id, name, kind (cit, cvt or -), index in the vector of its kind, part (position in the
    part names of its kind) and count. Raises InputError naming the line that is wrong.
    """
    rows, number = [], 0
    try:
        check_regular(table)
        with Path(table).open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            for row in reader:
                number = reader.line_num
                rows.append(_table_row(row))
    except (KeyError, TypeError, ValueError, IndexError, csv.Error) as error:
        raise InputError(f"{table}, line {number}: {error}") from error
    except OSError as error:
        raise InputError(f"cannot read the tag table {table}: {error.strerror}") from error
    vocabulary = Vocabulary(
        **_parts(rows, "cit", CIT_PARTS, table),
        **_parts(rows, "cvt", CVT_PARTS, table),
        ids={name: tag for tag, name, *_ in rows},
        counts={tag: count for tag, *_, count in rows},
    )
    try:
        _check(vocabulary)
    except ValueError as error:
        raise InputError(f"{table}: {error}") from error
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        pickle.dump(vocabulary.dump(), file, protocol=4)


def _table_row(row: dict[str, str]) -> tuple[int, str, str, int, int, int]:
    kind = row["kind"]
    if kind not in ("cit", "cvt", "-"):
        raise ValueError(f"kind is '{kind}', not cit, cvt or -")
    index, part = (int(row["index"]), int(row["part"])) if kind != "-" else (-1, -1)
    return int(row["id"]), row["name"], kind, index, part, int(row["count"])


def _parts(rows, kind: str, part_names: Sequence[str], table: str | Path) -> dict:
    chosen = sorted((row for row in rows if row[2] == kind), key=lambda row: row[3])
    if [row[3] for row in chosen] != list(range(len(chosen))):
        raise InputError(f"{table}: the {kind} indices are not 0 to {len(chosen) - 1}, each once")
    parts = {
        name: tuple(row[0] for row in chosen if row[4] == position)
        for position, name in enumerate(part_names)
    }
    flat = tuple(tag for tags in parts.values() for tag in tags)
    if flat != tuple(row[0] for row in chosen):
        raise InputError(f"{table}: the {kind} indices do not run part by part")
    return {kind: flat, f"{kind}_parts": parts}
