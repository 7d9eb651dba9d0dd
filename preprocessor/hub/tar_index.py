"""The index beside a tar: where each member begins, how long it is, and its SHA-256."""

from pathlib import PurePosixPath
from typing import NamedTuple

import msgspec


class BadIndexError(ValueError):
    """What should be an index is none; `str()` says why."""


class Member(NamedTuple):
    """An image inside a tar: its name, where its bytes begin, how many they are, and their SHA-256
    in hexadecimal, if it is known."""

    name: str
    offset: int
    size: int
    sha256: str | None


class _Entry(msgspec.Struct):
    offset: int
    size: int
    sha256: str | None = None


class _Index(msgspec.Struct):
    files: dict[str, _Entry]
    filesize: int | None = None


_decode = msgspec.json.Decoder(_Index).decode


def read_index(content: bytes, suffixes: tuple[str, ...]) -> dict[int, Member]:
    """The members of a tar by the post that they are of; raises BadIndexError.

    Where a post has several files, one with an image's suffix is taken.
    """
    try:
        index = _decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadIndexError(f"no index of a tar: {error}") from error
    members: dict[int, Member] = {}
    for name, entry in index.files.items():
        path = PurePosixPath(name)
        if not (path.stem.isascii() and path.stem.isdigit()):
            continue
        end = entry.offset + entry.size
        if entry.offset < 0 or entry.size < 0 or (index.filesize and end > index.filesize):
            raise BadIndexError(f"{name} lies outside its tar")
        post_id = int(path.stem)
        if post_id not in members or path.suffix.lower() in suffixes:
            members[post_id] = Member(name, *_values(entry))
    return members


def _values(entry: _Entry) -> tuple[int, int, str | None]:
    return entry.offset, entry.size, entry.sha256.lower() if entry.sha256 else None
