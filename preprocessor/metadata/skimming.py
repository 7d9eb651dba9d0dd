"""Passing over the metadata records that cannot be chosen, without decoding them.

Most records lack a tag that every chosen drawing has. That is seen by searching the bytes, ten
times as fast as decoding. What is passed over is checked as whole blocks of lines: everything that
each good line holds once must occur as often as there are lines. A block where the numbers differ
is halved until the lines that are to blame are found; those are decoded, which tells what is wrong.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

try:
    from stringzilla import count, find
except ImportError:  # There is no wheel for the platform: the same by Python, several times slower.
    count, find = bytes.count, bytes.find


class Line(NamedTuple):
    """Where a line begins in its block, and the line without its end and surrounding space.

    `whole` if it was checked as `skim` does, and so need not be decoded to be called a record.
    """

    position: int
    text: bytes
    whole: bool = False


_FIRST_KEYS = re.compile(rb'(\{"\w+":) ?[^,]+, ?("\w+":)')
_WIDTH = b'"image_width":'
_TAGS_WITH_IDS = re.compile(rb'"tags": ?\[\{"id": ?"?')
_TAGS_BY_NAME = re.compile(rb'"tag_string": ?"')
# Parts of this many lines are decoded at once instead of halved.
_FEW = 4
# The escapes of & ' < = > are common. All others below 256 could hide a letter or a digit.
_ESCAPE = b"\\u00"
_HARMLESS_ESCAPES = frozenset((b"26", b"27", b"3c", b"3C", b"3d", b"3D", b"3e", b"3E"))


def skim(block: bytes, ids: Iterable[bytes], names: Iterable[bytes]) -> tuple[list[Line], int]:
    """Split whole lines of metadata into those to be looked at and the number of the others.

    The others are whole records without any tag of these ids (or names, where there are no ids):
    they begin and end as the first one does, have an image width and a list of tags, and are
    UTF-8. All other mistakes in them go unnoticed.
    """
    lines = count(block, b"\n")
    needles = _needles(block, lines, (*ids,), (*names,))
    if needles:
        unclear = list(_lines_with(block, needles))
        return unclear, lines - len(unclear)
    if lines <= _FEW:
        return list(split_lines(block)), 0
    half = len(block) // 2
    middle = (block.rfind(b"\n", 0, half) + 1) or (block.find(b"\n", half) + 1)
    unclear, clear = skim(block[:middle], ids, names)
    unclear_behind, clear_behind = skim(block[middle:], ids, names)
    unclear += (line._replace(position=middle + line.position) for line in unclear_behind)
    return unclear, clear + clear_behind


def split_lines(block: bytes) -> Iterator[Line]:
    """Yield the lines of a block; blank ones are left out."""
    position = 0
    for line in block.split(b"\n"):
        stripped = line.strip()
        if stripped:
            yield Line(position, stripped)
        position += len(line) + 1


def _needles(block: bytes, lines: int, ids: tuple, names: tuple) -> tuple[bytes, ...] | None:
    """What to search for in a block of whole records; None when something is wrong with it."""
    end = block.find(b"\n") + 1
    keys = _FIRST_KEYS.match(block, 0, end)
    # A list comes last; what ends in another way may be cut off behind a tag.
    tags, last, needles = _TAGS_WITH_IDS.search(block, 0, end), b"]}\n", ids
    if not tags:
        tags, last, needles = _TAGS_BY_NAME.search(block, 0, end), b"}\n", ids + names
    if not (keys and tags and block.endswith(last)):
        return None
    first_key, second_key = keys.groups()
    whole = (
        count(block, last + first_key) == lines - 1
        and all(count(block, key) == lines for key in (second_key, _WIDTH, tags.group()))
        and _is_utf8(block)
    )
    return needles if whole else None


def _is_utf8(block: bytes) -> bool:
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lines_with(block: bytes, needles: Iterable[bytes]) -> Iterator[Line]:
    """The lines that hold a needle, or might, behind an escape."""
    found = {at for needle in needles for at in _positions(block, needle)}
    escapes = _positions(block, _ESCAPE)
    found.update(at for at in escapes if block[at + 4 : at + 6] not in _HARMLESS_ESCAPES)
    end = 0
    for at in sorted(found):
        if at >= end:
            start = block.rfind(b"\n", 0, at) + 1
            end = block.find(b"\n", at)
            yield Line(start, block[start:end], whole=True)


def _positions(block: bytes, needle: bytes) -> Iterator[int]:
    at = find(block, needle)
    while at >= 0:
        yield at
        at = find(block, needle, at + 1)
