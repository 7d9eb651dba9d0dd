"""Which drawings are fit for training, by their size and general tags."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from loader.tags import EYE_COLORS, HAIR_COLORS, PERSON_TAGS
from preprocessor.metadata.reading import (
    BadLine,
    ByteRange,
    general_tag_ids,
    parse_record,
    read_blocks,
)
from preprocessor.metadata.skimming import skim, split_lines

TRAIN_FOLDER = "train_image_base"
LINE_ART_FOLDER = "liner_test"
FOLDERS = (TRAIN_FOLDER, LINE_ART_FOLDER)

SIMPLE_BACKGROUND = 412368
WHITE_BACKGROUND = 515193
GREYSCALE = 513837
SKETCH = 1931
# Without one of them no drawing passes.
BACKGROUNDS = (SIMPLE_BACKGROUND, WHITE_BACKGROUND)
BACKGROUND_IDS = tuple(b"%d" % tag for tag in BACKGROUNDS)
# Comic, photo, subtitled, english, black border, multiple views.
UNWANTED = frozenset((63, 4751, 12650, 172609, 555246, 513475))
# Names the vocabulary does not have: never listed in it, or renamed on Danbooru since.
NAMES_BEYOND_VOCABULARY = {"subtitled": 12650, "photo_(medium)": 4751, "english_text": 172609}

_PERSONS = frozenset(PERSON_TAGS)
_HAIR = frozenset(HAIR_COLORS)
_EYES = frozenset(EYE_COLORS)

# What JSON writers leave as it is; all else might stand in the metadata as an escape.
_UNESCAPED = re.compile(r"[\w():.,;!?*+~-]+", re.ASCII)
_SIZE = re.compile(rb'"image_width": ?"?([1-9]\d{,8})"?, ?"image_height": ?"?([1-9]\d{,8})"?,')

NO_BACKGROUND = "neither a simple nor a white background"


def size_problem(width: int, height: int) -> str | None:
    """Why an original of this size is unfit, or None: too small, or not within 3:4 and 4:3."""
    if width < 512 and height < 512:
        return "both sides below 512 px"
    if not (3 * height < 4 * width and 3 * width < 4 * height):
        return "not strictly between 3:4 and 4:3"
    return None


def sort_by_tags(general_tags: Collection[int]) -> str:
    """The folder (one of FOLDERS) a drawing with these tag ids belongs in, or why it is unfit.

    A drawing that breaks several rules is counted under the first, in the order below (its size
    comes after the background); whether it is accepted does not depend on that order.
    """
    tags = frozenset(general_tags)
    if SIMPLE_BACKGROUND not in tags and WHITE_BACKGROUND not in tags:
        return NO_BACKGROUND
    colorless = WHITE_BACKGROUND in tags and (GREYSCALE in tags or SKETCH in tags)
    if not colorless and SIMPLE_BACKGROUND not in tags:
        return "on white, but neither a sketch nor a simple background"
    if tags & UNWANTED:
        return "comic, photo, text, border or several views"
    hair, eyes = len(tags & _HAIR), len(tags & _EYES)
    if colorless:
        return "sketch or greyscale with color tags" if hair or eyes else LINE_ART_FOLDER
    if len(tags & _PERSONS) != 1:
        return "not exactly one of 1girl and 1boy"
    if hair != 1:
        return "not exactly one hair color"
    if eyes != 1:
        return "not exactly one eye color"
    return TRAIN_FOLDER


class Drawing(NamedTuple):
    """A chosen drawing: the folder it goes to, its original size in pixels, its general tag ids.

    The ids are kept as they go to tags.txt, separated by spaces: a tenth of the memory of numbers.
    """

    id: int
    folder: str
    width: int
    height: int
    tags: str


class Sifted(NamedTuple):
    """What a range of metadata holds: drawings, counts of the others by reason, bad lines."""

    drawings: list[Drawing]
    unfit: Counter[str]
    rejects: list[tuple[int, str]]


def sift(piece: ByteRange, ids: Mapping[str, int], check_all: bool = False) -> Sifted:
    """Choose the drawings in a range of metadata; `ids` maps tag names to ids.

    A line that cannot be read becomes a reject (byte position, reason). Unless `check_all` or an
    unusual name of a background has every line decoded, records without background tags, and those
    with one whose size is unfit, are only checked as `skim` does.
    """
    sifted = Sifted([], Counter(), [])
    names = None if check_all else background_names(ids)
    for start, block in read_blocks(piece):
        lines, passed_over = split_lines(block), 0
        if names is not None:
            lines, passed_over = skim(block, BACKGROUND_IDS, names)
        sifted.unfit[NO_BACKGROUND] += passed_over
        for position, line, whole in lines:
            try:
                verdict = (whole and _unfit_by_size(line)) or _judge(line, ids)
            except BadLine as error:
                sifted.rejects.append((start + position, str(error)))
                continue
            if isinstance(verdict, Drawing):
                sifted.drawings.append(verdict)
            else:
                sifted.unfit[verdict] += 1
    return sifted


def background_names(ids: Mapping[str, int]) -> tuple[bytes, ...] | None:
    """All names that `ids` gives to the backgrounds; None if one cannot be searched for, as it may
    be escaped in the metadata."""
    names = [name for name, tag in ids.items() if tag in BACKGROUNDS]
    if not all(map(_UNESCAPED.fullmatch, names)):
        return None
    return tuple(name.encode() for name in names)


def _unfit_by_size(line: bytes) -> str | None:
    """What is wrong with the size in a whole record; None also where it has to be decoded."""
    size = _SIZE.search(line)
    return size and size_problem(int(size[1]), int(size[2]))


def _judge(line: bytes, ids: Mapping[str, int]) -> Drawing | str:
    record = parse_record(line)
    tags = general_tag_ids(record, ids)
    verdict = sort_by_tags(tags)
    if verdict != NO_BACKGROUND:
        verdict = size_problem(record.image_width, record.image_height) or verdict
    if verdict not in FOLDERS:
        return verdict
    words = " ".join(map(str, tags))
    return Drawing(record.id, verdict, record.image_width, record.image_height, words)
