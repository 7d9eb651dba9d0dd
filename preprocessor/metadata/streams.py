"""Files that can only be read from their beginning: packed ones, tars, and JSON documents."""

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from errors import InputError
from preprocessor.metadata.documents import is_document, split_document
from preprocessor.metadata.records import MAX_LINE
from preprocessor.metadata.sift_json import Block

# Records are handed on in blocks of about so many bytes.
BLOCK = 1 << 20
HEAD = 64 << 10

_UNPACKERS = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ": lzma.open, b"BZh": bz2.open}
_DAMAGED = (EOFError, OSError, ValueError, lzma.LZMAError, zlib.error, tarfile.TarError)


class StreamedBlock(NamedTuple):
    """A part of a streamed file, and how many bytes of the file it was read from."""

    path: Path
    block: Block
    size: int

    def __str__(self) -> str:
        return str(self.path)


def is_packed(head: bytes) -> bool:
    """Whether a file that begins like this is packed by gzip, xz or bzip2."""
    return head.startswith(tuple(_UNPACKERS))


def is_tar(head: bytes) -> bool:
    """Whether a file that begins like this is a tar."""
    return head[257:262] == b"ustar"


def stream(path: Path) -> Iterator[StreamedBlock]:
    """Read a file from beginning to end; raises InputError where it is damaged."""
    with path.open("rb") as raw:
        try:
            position = 0
            for block in _blocks(_unpacked(raw), path.name):
                yield StreamedBlock(path, block, raw.tell() - position)
                position = raw.tell()
        except _DAMAGED as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(f"{path} is damaged ({reason}): fetch it again") from error


def head_of(path: Path) -> bytes:
    """The first bytes of the first JSON in a file, unpacked; as many as come, if it is damaged."""
    with path.open("rb") as raw:
        try:
            file = _unpacked(raw)
            if not is_tar(file.peek(HEAD)):
                return file.peek(HEAD)[:HEAD]
            for _, member in _members(file):
                return member.read(HEAD)
        except _DAMAGED:
            pass
    return b""


def _unpacked(raw: BinaryIO) -> io.BufferedReader:
    head = raw.read(6)
    raw.seek(0)
    unpack = next((unpack for magic, unpack in _UNPACKERS.items() if head.startswith(magic)), None)
    return io.BufferedReader(unpack(raw) if unpack else raw, HEAD)


def _blocks(file: io.BufferedReader, name: str) -> Iterator[Block]:
    if not is_tar(file.peek(HEAD)):
        yield from blocks_of(file)
        return
    small: list[tuple[str, bytes]] = []
    waiting = 0
    for name, member in _members(file):
        content = member.read(BLOCK)
        if len(content) == BLOCK:
            yield from blocks_of(io.BufferedReader(_Resumed(content, member), HEAD), name)
            continue
        small.append((name, content))
        waiting += len(content)
        if waiting >= BLOCK:
            yield block_of_files(small)
            small, waiting = [], 0
    if small:
        yield block_of_files(small)


def _members(file: BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
    """The regular files of a tar; nothing is kept of those passed, a tar may have millions."""
    with tarfile.open(fileobj=file, mode="r|") as archive:
        while (member := archive.next()) is not None:
            if member.isfile():
                yield member.name, archive.extractfile(member)
            archive.members.clear()


class _Resumed(io.RawIOBase):
    """A file whose beginning has been read already."""

    def __init__(self, beginning: bytes, rest: BinaryIO):
        self.parts = [io.BytesIO(beginning), rest]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        for part in self.parts:
            if content := part.read(len(buffer)):
                buffer[: len(content)] = content
                return len(content)
        return 0


def block_of_files(files: list[tuple[str, bytes]]) -> Block:
    """One block of small files, given as (name, content), of one record each or of several."""
    lines, places = [], []
    for name, content in files:
        for found in blocks_of(io.BufferedReader(io.BytesIO(content))):
            own = [line for line in found.content.splitlines() if line.strip()]
            lines += own
            places += [name] * len(own)
    return Block(b"".join(line + b"\n" for line in lines), 0, tuple(places))


def blocks_of(file: io.BufferedReader, name: str = "") -> Iterator[Block]:
    """The records of a JSON file, as blocks; `name` goes in front of the places of its lines."""
    if is_document(file.peek(HEAD)):
        yield from _blocks_of_document(file, name)
        return
    rest, start = b"", 0
    while content := file.read(BLOCK):
        content = rest + content
        end = content.rfind(b"\n") + 1
        if not end and len(content) < MAX_LINE:
            rest = content
            continue
        end = end or len(content)
        block, rest = content[:end], content[end:]
        yield Block(block, start, name=name)
        start += len(block)
    if rest:
        yield Block(rest + b"\n", start, name=name)


def _blocks_of_document(file: BinaryIO, name: str) -> Iterator[Block]:
    lines, places, waiting = [], [], 0
    for number, record in enumerate(split_document(file), 1):
        lines.append(record + b"\n")
        places.append(f"{name}, object {number}" if name else f"object {number}")
        waiting += len(record)
        if waiting >= BLOCK:
            yield Block(b"".join(lines), 0, tuple(places))
            lines, places, waiting = [], [], 0
    if lines:
        yield Block(b"".join(lines), 0, tuple(places))
