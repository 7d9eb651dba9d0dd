"""Where faces are: `face_position.txt`, and the journal of the images searched for them."""

import os
from dataclasses import dataclass
from pathlib import Path

from errors import InputError
from files.atomic import atomic_path
from files.regular import check_regular


@dataclass(frozen=True)
class FacePosition:
    """A square box in fractions of the image's size: the same in image and sketch."""

    file_id: int
    x: float
    y: float
    height: float
    width: float

    def line(self) -> str:
        return f"{self.file_id} {self.x} {self.y} {self.height} {self.width}"

    def pixels(self, rows: int, columns: int) -> tuple[slice, slice]:
        """Index of the box in an array of that many rows and columns."""
        top, left = round(self.y * rows), round(self.x * columns)
        bottom, right = top + round(self.height * rows), left + round(self.width * columns)
        return slice(top, bottom), slice(left, right)


def parse_position(line: str) -> FacePosition:
    """Read `<id> x/W y/H s/H s/W`; raises ValueError for anything else."""
    file_id, *box = line.split()
    x, y, height, width = map(float, box)
    if not (0 <= x < 1 and 0 <= y < 1 and height > 0 and width > 0):
        raise ValueError(f"a box outside the image: {line.strip()}")
    return FacePosition(int(file_id), x, y, height, width)


def read_positions(path: str | os.PathLike) -> list[FacePosition]:
    """Read `face_position.txt`; of several lines for one image the last counts.

    Raises InputError naming the line that is wrong.
    """
    try:
        check_regular(path)
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot read {path} ({error}); make it with `python preprocessor/face_extractor.py`"
        ) from error
    positions = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                position = parse_position(line)
            except ValueError as error:
                raise InputError(f"{path}, line {number}: {error}") from error
            positions[position.file_id] = position
    return list(positions.values())


class SearchJournal:
    """Remembers which images were searched for faces and what was found, also after a kill -9.

    One line per image is appended as soon as its result is safe: a position (a face), or the id
    and the reason why there is none. `finish` sorts it, so that it doesn't tell how many processes
    wrote it, and writes the positions in it to `face_position.txt`.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / "searched.txt"
        self.entries = self._read()

    def _read(self) -> dict[int, str]:
        """The lines by id. Raises InputError where one has no id."""
        if not self.path.exists():
            return {}
        check_regular(self.path)
        try:
            *lines, _unfinished = self.path.read_text(encoding="utf-8").split("\n")
            return {int(line.split()[0]): line for line in lines if line.strip()}
        except ValueError as error:
            raise InputError(
                f"{self.path} is damaged ({error}): delete it to search all images again"
            ) from error

    def add(self, file_id: int, entry: str) -> None:
        self.entries[file_id] = entry
        with self.path.open("a", encoding="utf-8") as file:
            file.write(entry + "\n")

    def start(self) -> None:
        """Drop the half line that a killed run may have left, so that appending is safe."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write(self.path, self.entries.values())

    def finish(self) -> None:
        entries = [self.entries[file_id] for file_id in sorted(self.entries)]
        self._write(self.path, entries)
        self._write(self.folder / "face_position.txt", filter(_is_position, entries))

    @staticmethod
    def _write(path: Path, lines) -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _is_position(entry: str) -> bool:
    try:
        parse_position(entry)
    except ValueError:
        return False
    return True
