"""Danbooru's metadata, one JSON object per line, read in byte ranges with bounded memory.

Every record is recognized by itself, so files of several years may lie side by side:

* 2017 and 2018: numbers as strings, `tags` as a list of {"id", "name", "category"};
* 2019 and 2020: the same with numbers;
* 2021: no tag ids but names, in `tag_string_general` or `tag_string`, separated by spaces;
* `tags` as a list of names, as one string of names, or as {"name", "category"}.

Names become ids by the vocabulary; names it does not have are left out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from errors import InputError
from preprocessor.metadata.skimming import split_lines

# The longest records of Danbooru have about 60 kB.
MAX_LINE = 16 << 20
# Stays in the processor's cache while it is searched; much more would not be allocated as fast.
BLOCK = 96 << 10

_GENERAL = frozenset((0, "0", "general"))
_PACKED = (".xz", ".gz", ".bz2", ".zst", ".zip", ".tar", ".7z")


class ByteRange(NamedTuple):
    """The lines of a file that begin at `start` or later and before `end`."""

    index: int
    path: Path
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.path}, bytes {self.start} to {self.end}"


class BadLine(ValueError):
    """A line that is not a record; `str()` says why."""


class Tag(NamedTuple):
    """A tag of the category "general". The id is None where only an unknown name is given."""

    id: int | None
    name: str


class Record(msgspec.Struct, gc=False):
    """A metadata record, its tags not yet decoded."""

    id: int
    image_width: int
    image_height: int
    tags: msgspec.Raw = msgspec.Raw()
    tag_string: msgspec.Raw = msgspec.Raw()
    tag_string_general: msgspec.Raw = msgspec.Raw()
    tag_string_meta: msgspec.Raw = msgspec.Raw()

    def has_tag_ids(self) -> bool:
        """Whether the tags are objects with an id."""
        return b'"id"' in bytes(self.tags)[:200]

    def has_tags(self) -> bool:
        """Whether there is a list or a string of tags in any of the known places."""
        places = (self.tags, self.tag_string_general, self.tag_string)
        return bytes(self.tags)[:1] == b"[" or any(
            bytes(p)[:1] in (b"[", b'"') for p in places if p
        )


class _IdTag(msgspec.Struct, gc=False):
    id: int
    category: int | str


class _NamedTag(msgspec.Struct, gc=False):
    name: str
    category: int | str = 0
    id: int | None = None


_UNDECODABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_decode_record = msgspec.json.Decoder(Record, strict=False).decode
_decode_id_tags = msgspec.json.Decoder(list[_IdTag], strict=False).decode
_decode_tags = msgspec.json.Decoder(list[_NamedTag | str] | str, strict=False).decode
_decode_names = msgspec.json.Decoder(str | None).decode


def metadata_files(folder: Path) -> list[Path]:
    """The metadata files in `folder`, by name: those that begin with "20" or "posts".

    Raises InputError when there is none, or one still packed.
    """
    try:
        found = sorted(path for path in folder.iterdir() if path.name.startswith(("20", "posts")))
    except OSError as error:
        raise InputError(f"cannot read the folder {folder}: {error.strerror}") from error
    files = [path for path in found if path.is_file()]
    for path in files:
        if path.suffix in _PACKED:
            raise InputError(f"{path} is packed: unpack it in {folder}, then remove it there")
    if not files:
        raise InputError(
            f"{folder} has no metadata: its files must begin with '20' or 'posts' and hold one "
            "JSON object per line (see docs/dataset.md)"
        )
    return files


def byte_ranges(files: Iterable[Path], size: int) -> list[ByteRange]:
    """Cut files into ranges of `size` bytes, numbered in order."""
    pieces = (
        (path, start, min(start + size, length))
        for path, length in ((path, path.stat().st_size) for path in files)
        for start in range(0, length, size)
    )
    return [ByteRange(index, *piece) for index, piece in enumerate(pieces)]


def read_blocks(piece: ByteRange) -> Iterator[tuple[int, bytes]]:
    """Yield (byte position, some whole lines) for the lines of a range.

    Of a line longer than MAX_LINE there is only the beginning, at least MAX_LINE bytes.
    """
    with piece.path.open("rb") as file:
        position = piece.start
        if position:
            file.seek(position - 1)
            position += _skip_line(file, piece.end - position + 1) - 1
        while position < piece.end:
            file.seek(min(position + BLOCK, piece.end) - 1)
            file.readline(MAX_LINE)
            size = file.tell() - position
            file.seek(position)
            block = file.read(size)
            if not block:
                return
            start, position = position, position + len(block)
            if not block.endswith(b"\n"):
                position += _skip_line(file, piece.end - position)
            yield start, block


def read_lines(piece: ByteRange) -> Iterator[tuple[int, bytes]]:
    """Yield (byte position, line without line end) for the lines of a range; blank ones left out.

    Of a line longer than MAX_LINE only the beginning is returned, at least MAX_LINE bytes.
    """
    for start, block in read_blocks(piece):
        for line in split_lines(block):
            yield start + line.position, line.text


def _skip_line(file: BinaryIO, limit: int) -> int:
    """Read to behind the next line end, or for `limit` bytes; returns how many were read."""
    skipped = 0
    while skipped < limit:
        part = file.readline(min(limit - skipped, 1 << 20))
        skipped += len(part)
        if not part or part.endswith(b"\n"):
            break
    return skipped


def parse_record(line: bytes) -> Record:
    """Decode id, width and height of a line; raises BadLine."""
    if len(line) >= MAX_LINE:
        raise BadLine(f"line longer than {MAX_LINE >> 20} MiB")
    try:
        if not line.isascii():
            line.decode()
        record = _decode_record(line.removeprefix(b"\xef\xbb\xbf"))
    except _UNDECODABLE as error:
        raise BadLine(" ".join(str(error).split())) from error
    if record.id < 0:
        raise BadLine(f"negative id {record.id}")
    if record.image_width < 1 or record.image_height < 1:
        raise BadLine(f"size {record.image_width}x{record.image_height}")
    if not record.has_tags():
        raise BadLine("no list of tags and no tag_string")
    return record


def general_tag_ids(record: Record, ids: Mapping[str, int]) -> list[int]:
    """Ids of the record's general tags in its order; `ids` maps names. Raises BadLine."""
    if record.has_tag_ids():
        try:
            tags = _decode_id_tags(record.tags)
        except _UNDECODABLE as error:
            raise BadLine(f"tags: {error}") from error
        return [tag.id for tag in tags if tag.category in _GENERAL]
    return [tag.id for tag in general_tags(record, ids) if tag.id is not None]


def general_tags(record: Record, ids: Mapping[str, int]) -> list[Tag]:
    """The record's general tags in its order, with their names. Raises BadLine."""
    try:
        tags = _decode_tags(record.tags) if bytes(record.tags) else _joined_names(record)
    except _UNDECODABLE as error:
        raise BadLine(f"tags: {error}") from error
    if isinstance(tags, str):
        tags = tags.split()
    return [
        Tag(ids.get(tag), tag)
        if isinstance(tag, str)
        else Tag(ids.get(tag.name) if tag.id is None else tag.id, tag.name)
        for tag in tags
        if isinstance(tag, str) or tag.category in _GENERAL
    ]


def _joined_names(record: Record) -> str:
    """General tags, and those of the category "meta", where Danbooru moved some later."""
    if not bytes(record.tag_string_general):
        return _decode_names(record.tag_string) or ""
    parts = (record.tag_string_general, record.tag_string_meta)
    return " ".join(_decode_names(part) or "" for part in parts if bytes(part))


def count_tags(piece: ByteRange, ids: Mapping[str, int]) -> tuple[Counter[Tag], int]:
    """How often each general tag occurs in a range of metadata, and how many lines are bad."""
    counts: Counter[Tag] = Counter()
    bad_lines = 0
    for _, line in read_lines(piece):
        try:
            counts.update(general_tags(parse_record(line), ids))
        except BadLine:
            bad_lines += 1
    return counts, bad_lines
