"""Which files hold metadata, what kind each is, and the pieces to read them in."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

from errors import InputError
from preprocessor.metadata import parquet
from preprocessor.metadata.documents import is_document
from preprocessor.metadata.json_lines import ByteRange, byte_ranges, read_blocks
from preprocessor.metadata.moved_tags import TagNames
from preprocessor.metadata.parquet import Rows
from preprocessor.metadata.records import Tag
from preprocessor.metadata.sift_json import Block, count_tags, sift_blocks
from preprocessor.metadata.streams import (
    HEAD,
    StreamedBlock,
    block_of_files,
    head_of,
    is_packed,
    is_tar,
    stream,
)
from preprocessor.metadata.tag_filter import Sifted

# Any other .json is taken for notes beside the metadata.
_METADATA = re.compile(
    r"(20|posts|metadata).*|\d+\.json|.+\.(parquet|jsonl|ndjson|tar|tgz|txz|tbz2|gz|xz|bz2|zst|zip|7z)"
)
# Lies inside the folder of the other metadata, and is read only when asked for.
DUMP_OF_2017 = "2017"
_NOT_UNPACKED = (".zst", ".zip", ".7z")
_STREAMED = (".tar", ".gz", ".tgz", ".xz", ".txz", ".bz2", ".tbz2")
_PARQUET = b"PAR1"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_POST = re.compile(r"\d{1,10}\.json")
_POST_BYTES = 1 << 20
_POSTS_AT_ONCE = 500

_WITHOUT_TAG_IDS = re.compile(rb'"tag_string|"tags":\s*(?:"|\[\s*"|\[\s*\{\s*"name")')


class Posts(NamedTuple):
    """Some files of a folder that hold a single post each; `size` is in bytes."""

    path: Path
    names: tuple[str, ...]
    size: int

    def __str__(self) -> str:
        return f"{self.path}, {self.names[0]} to {self.names[-1]}"


class Unreadable(NamedTuple):
    """Says in its turn what is wrong with a file; it is read while others are worked on."""

    path: Path
    message: str
    size: int = 0


Piece = ByteRange | Rows | StreamedBlock | Posts | Unreadable


def metadata_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """The metadata files in `folder`, by name, and its subfolders, where there may be more.

    Raises InputError for a folder that cannot be read, and for files packed in a way that is not
    read here.
    """
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"cannot read the folder {folder}: {error.strerror}") from error
    files = [Path(entry) for entry in entries if entry.is_file() and _is_metadata(entry.name)]
    inner = (entry for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    folders = [Path(entry) for entry in inner if entry.name != DUMP_OF_2017]
    for path in files:
        if path.suffix in _NOT_UNPACKED:
            raise InputError(f"{path} is packed: unpack it in {folder}, then remove it there")
    return files, folders


def _is_metadata(name: str) -> bool:
    return not name.startswith(".") and bool(_METADATA.fullmatch(name))


def pieces(folder: Path, range_size: int) -> Iterator[Piece]:
    """Everything in a folder of metadata, in order, in pieces that can be read independently.

    Large files of JSON lines are cut into ranges of `range_size` bytes. What cannot be read becomes
    an Unreadable, the last piece.
    """
    try:
        yield from _pieces_of_folder(folder, range_size)
    except InputError as error:
        yield Unreadable(folder, str(error))
    except OSError as error:
        yield Unreadable(folder, f"cannot read {error.filename}: {error.strerror}")


def _pieces_of_folder(folder: Path, range_size: int) -> Iterator[Piece]:
    files, folders = metadata_files(folder)
    for are_posts, group in groupby(files, _is_post):
        if are_posts:
            while some := tuple(islice(group, _POSTS_AT_ONCE)):
                yield Posts(folder, tuple(path.name for path in some), total_size(some))
        else:
            for path in group:
                yield from _pieces_of_file(path, range_size)
    for inner in folders:
        yield from _pieces_of_folder(inner, range_size)


def _is_post(path: Path) -> bool:
    return bool(_POST.fullmatch(path.name)) and path.stat().st_size < _POST_BYTES


def _pieces_of_file(path: Path, range_size: int) -> Iterator[Piece]:
    head = _raw_head(path)
    if head.startswith(_PARQUET) or path.suffix == ".parquet":
        yield from parquet.rows_of(path)
    elif is_packed(head) or is_tar(head):
        yield from stream(path)
    elif path.suffix in _STREAMED:
        raise InputError(f"{path} is not the archive that its name says: fetch it again")
    elif head.lstrip().startswith(b"<"):
        raise InputError(f"{path} is a web page, not metadata: fetch it again")
    elif head.startswith(_UTF_16):
        raise InputError(f"{path} is UTF-16: metadata is UTF-8")
    elif is_document(head):
        yield from stream(path)
    else:
        yield from byte_ranges(path, range_size)


def _raw_head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def total_size(files: Iterable[Path]) -> int:
    """Bytes in files."""
    return sum(path.stat().st_size for path in files)


def have_tag_ids(folder: Path) -> bool:
    """Whether no file in a folder of metadata begins with records that have names only, so that
    all records are of 2017 to 2020."""
    files, folders = metadata_files(folder)
    posts = [path for path in files if _POST.fullmatch(path.name)]
    files = [path for path in files if not _POST.fullmatch(path.name)] + posts[:1]
    return not any(map(_begins_with_names, files)) and all(map(have_tag_ids, folders))


def _begins_with_names(path: Path) -> bool:
    return _raw_head(path).startswith(_PARQUET) or bool(_WITHOUT_TAG_IDS.search(head_of(path)))


def sift(
    piece: Piece, names: TagNames, ratings: Collection[str], check_all: bool = False
) -> Sifted:
    """Choose the posts in a piece of metadata."""
    if isinstance(piece, Rows):
        return parquet.sift_rows(piece, names, ratings)
    return sift_blocks(_blocks(piece), names, ratings, check_all)


def count_piece(piece: Piece, names: TagNames) -> tuple[Counter[Tag], int]:
    """How often each general tag occurs in a piece, and how many of its records are bad."""
    if isinstance(piece, Rows):
        return parquet.count_row_tags(piece, names)
    return count_tags(_blocks(piece), names)


def _blocks(piece: Piece) -> Iterator[Block]:
    if isinstance(piece, Unreadable):
        raise InputError(piece.message)
    if isinstance(piece, StreamedBlock):
        yield piece.block
    elif isinstance(piece, Posts):
        yield block_of_files([(name, (piece.path / name).read_bytes()) for name in piece.names])
    else:
        for start, content in read_blocks(piece):
            yield Block(content, start)
