"""Choosing from blocks of JSON lines, whatever they come from."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

from preprocessor.metadata.moved_tags import TagNames
from preprocessor.metadata.records import (
    BadRecord,
    Record,
    Tag,
    general_tag_ids,
    general_tags,
    parse_record,
)
from preprocessor.metadata.skimming import find, skim, split_lines
from preprocessor.metadata.standing import ANIMATED, ANIMATION, rating_letter, rating_problem
from preprocessor.metadata.standing import state_problem as state_of
from preprocessor.metadata.tag_filter import (
    BACKGROUNDS,
    FOLDERS,
    NO_BACKGROUND,
    ChosenPost,
    Sifted,
    background_names,
    listed,
    size_problem,
    sort_by_tags,
)

BACKGROUND_IDS = tuple(b"%d" % tag for tag in BACKGROUNDS)
# What JSON writers leave as it is; all else might stand in the metadata as an escape.
_UNESCAPED = re.compile(r"[\w():.,;!?*+~-]+", re.ASCII)
_SIZE = re.compile(rb'"image_width": ?"?([1-9]\d{,5})"?, ?"image_height": ?"?([1-9]\d{,5})"?,')
_OF_TODAY = (b'"media_asset":', b'"rating":"g"', b'"rating": "g"')


class Block(NamedTuple):
    """Whole lines of JSON, and where each comes from.

    `places` are the places of its lines; where there are none, a line is named by its byte
    position, counted from `start`, in the file `name` of an archive.
    """

    content: bytes
    start: int = 0
    places: tuple[str, ...] = ()
    name: str = ""

    def place(self, position: int) -> str:
        """Where the line at a byte position of the content comes from."""
        if self.places:
            return self.places[self.content.count(b"\n", 0, position)]
        byte = f"byte {self.start + position}"
        return f"{self.name}, {byte}" if self.name else byte


def sift_blocks(
    blocks: Iterable[Block], names: TagNames, ratings: Collection[str], check_all: bool = False
) -> Sifted:
    """Choose the posts in blocks of JSON lines.

    Unless `check_all` or an unusual name of a background has every line decoded, records without
    background tags, and those with one whose size is unfit, are only checked as `skim` does.
    """
    sifted = Sifted([], Counter(), [], False, Counter())
    needles = None if check_all else searchable_names(names)
    of_today = False
    for block in blocks:
        content = block.content
        of_today = of_today or any(find(content, needle) >= 0 for needle in _OF_TODAY)
        lines, passed_over = split_lines(content), 0
        if needles is not None:
            lines, passed_over = skim(content, BACKGROUND_IDS, needles)
        sifted.unfit[NO_BACKGROUND] += passed_over
        for position, line, whole in lines:
            problem = whole and _unfit_by_size(line)
            try:
                verdict = problem or _judge(line, names, ratings, sifted)
            except BadRecord as error:
                sifted.rejects.append((block.place(position), str(error)))
                continue
            if verdict not in FOLDERS:
                sifted.unfit[verdict] += 1
    return sifted._replace(of_today=of_today)


def searchable_names(names: TagNames) -> tuple[bytes, ...] | None:
    """All names of the backgrounds; None if one cannot be searched for, as it may be escaped in
    the metadata."""
    found = background_names(names.ids)
    if not all(map(_UNESCAPED.fullmatch, found)):
        return None
    return tuple(name.encode() for name in found)


def _unfit_by_size(line: bytes) -> str | None:
    """What is wrong with the size in a whole record; None also where it has to be decoded."""
    size = _SIZE.search(line)
    return size and size_problem(int(size[1]), int(size[2]))


def _judge(line: bytes, names: TagNames, ratings: Collection[str], sifted: Sifted) -> str:
    """The folder of a record, which is then among the chosen, or why it is unfit."""
    record = parse_record(line)
    tags = general_tag_ids(record, names.ids)
    if names.id_changes:
        tags = listed(tags, names.id_changes)
    verdict = sort_by_tags(tags)
    if verdict == NO_BACKGROUND:
        return verdict
    has_ids = record.has_tag_ids()
    rating, doubt = rating_problem(rating_letter(record.rating), ratings, has_ids)
    size = size_problem(record.image_width, record.image_height)
    verdict = size or state_of(record) or rating or verdict
    if verdict not in FOLDERS:
        return verdict
    named = general_tags(record, names.ids) if names.moved or not has_ids else []
    if not has_ids and any(tag.name in ANIMATED for tag in named):
        return ANIMATION
    words = " ".join(map(str, tags))
    size = record.image_width, record.image_height
    sifted.posts.append(ChosenPost(record.id, verdict, *size, words, doubt))
    sifted.moved.update((doubt, tag.name) for tag in named if tag.name in names.moved)
    return verdict


def count_tags(blocks: Iterable[Block], names: TagNames) -> tuple[Counter[Tag], int]:
    """How often each general tag occurs in blocks of JSON lines, and how many lines are bad."""
    counts: Counter[Tag] = Counter()
    bad_lines = 0
    for block in blocks:
        for line in split_lines(block.content):
            try:
                record: Record = parse_record(line.text)
                counts.update(general_tags(record, names.ids))
            except BadRecord:
                bad_lines += 1
    return counts, bad_lines
