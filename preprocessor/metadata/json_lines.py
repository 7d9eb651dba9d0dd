"""Files with one JSON object per line, read in byte ranges with bounded memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from preprocessor.metadata.records import MAX_LINE
from preprocessor.metadata.skimming import split_lines

# Stays in the processor's cache while it is searched; much more would not be allocated as fast.
BLOCK = 96 << 10


class ByteRange(NamedTuple):
    """The lines of a file that begin at `start` or later and before `end`."""

    path: Path
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start

    def __str__(self) -> str:
        return f"{self.path}, bytes {self.start} to {self.end}"


def byte_ranges(path: Path, size: int) -> Iterator[ByteRange]:
    """Cut a file into ranges of `size` bytes."""
    length = path.stat().st_size
    for start in range(0, length, size):
        yield ByteRange(path, start, min(start + size, length))


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
