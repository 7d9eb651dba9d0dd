"""Tag files: the tag ids of images, a line each."""

import codecs
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from errors import InputError
from files.regular import check_regular


@dataclass(frozen=True)
class TagLine:
    """One line of a tag file: an image (negative ids are cropped faces) and its tag ids."""

    file_id: int
    tags: tuple[int, ...]
    line_number: int


class TagLines(Sequence[TagLine]):
    """The lines of a tag file, in arrays: 1,000,000 lines of 30 tags take 140 MB, which processes
    that are forked share.

    `file_ids` (N,) int64; `tags` (all tags,) int32, those of line i at starts[i]:starts[i + 1];
    `starts` (N + 1,) int64; `line_numbers` (N,) int32.
    """

    def __init__(self, file_ids, tags, starts, line_numbers):
        self.file_ids = np.asarray(file_ids, np.int64)
        self.tags = np.asarray(tags, np.int32)
        self.starts = np.asarray(starts, np.int64)
        self.line_numbers = np.asarray(line_numbers, np.int32)

    @classmethod
    def of(cls, lines: Iterable[TagLine]) -> "TagLines":
        """The same lines in arrays."""
        if isinstance(lines, cls):
            return lines
        lines = list(lines)
        tags = [tag for line in lines for tag in line.tags]
        starts = np.cumsum([0, *(len(line.tags) for line in lines)])
        numbers = [line.line_number for line in lines]
        return cls([line.file_id for line in lines], tags, starts, numbers)

    def __len__(self) -> int:
        return len(self.file_ids)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        tags = self.tags[self.starts[index] : self.starts[index + 1]]
        return TagLine(
            int(self.file_ids[index]), tuple(tags.tolist()), int(self.line_numbers[index])
        )


def read_tag_lines(path: str | Path) -> TagLines:
    """Read a tag file: `<file id> <tag id> <tag id> …` per line, blank lines ignored.

    Raises InputError naming the file, and the line where there is a malformed one.
    """
    file_ids, tags, starts, numbers = array("q"), array("i"), array("q", [0]), array("i")
    try:
        check_regular(path)
        with Path(path).open("rb") as file:
            for number, raw in enumerate(file, 1):
                words = (raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw).split()
                if not words:
                    continue
                try:
                    file_ids.append(int(words[0]))
                    tags.extend(map(int, words[1:]))
                except (ValueError, OverflowError):
                    raise _malformed(words, number, path) from None
                starts.append(len(tags))
                numbers.append(number)
    except OSError as error:
        raise InputError(f"cannot read the tag file {path}: {error.strerror}") from error
    return TagLines(file_ids, tags, starts, numbers)


def _malformed(words: list[bytes], number: int, path: str | Path) -> InputError:
    limits = [2**63, *[2**31] * (len(words) - 1)]
    wrong = next(w for w, limit in zip(words, limits, strict=True) if not _is_integer(w, limit))
    shown = wrong[:40].decode("utf-8", "replace")
    return InputError(
        f"{path}, line {number}: '{shown}' is not an integer, or is too large "
        "(a line is '<file id> <tag id> <tag id> …')"
    )


def _is_integer(word: bytes, limit: int) -> bool:
    try:
        return -limit <= int(word) < limit
    except ValueError:
        return False


def format_tag_line(file_id: int, tags: Iterable[int]) -> str:
    """The line of a tag file for one image, without a line end."""
    return " ".join(map(str, (file_id, *tags)))
