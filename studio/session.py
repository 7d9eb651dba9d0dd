"""What one browser tab has loaded and made. The pictures lie on disk, so that memory stays flat."""

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from errors import InputError
from studio.painting import Painted, save_png

HISTORY = 24


@dataclass(frozen=True)
class Result:
    """A colored picture with what it was made of, as PNG files: `under` is the line art at the
    picture's size, for comparison; `sketch` and `line_art` are the session's."""

    picture: Path
    under: Path
    sketch: Path
    line_art: Path
    sketch_name: str
    tags: tuple[str, ...]
    weights: str
    seconds: float

    @property
    def caption(self) -> str:
        return ", ".join(tag.replace("_", " ") for tag in self.tags) or "no tags"


@dataclass
class Session:
    """`sketch` is the loaded picture in gray, `line_art` what the network is given. The files lie
    in a folder of the session's own below `root`."""

    root: Path | None = None
    sketch: Path | None = None
    line_art: Path | None = None
    sketch_name: str = "sketch"
    history: list[Result] = field(default_factory=list)
    variations: list[Result] = field(default_factory=list)
    current: Result | None = None
    folder: Path | None = None
    files: int = 0

    def load(self, gray: Image.Image, name: str) -> None:
        """Start with another sketch; the history stays."""
        self.sketch = self._write(gray)
        self.line_art = self.sketch
        self.sketch_name = Path(name).stem or "sketch"
        self._forget_files()

    def unload(self) -> None:
        self.sketch = self.line_art = None

    def clean(self, lines: Image.Image) -> None:
        """Color these lines from now on."""
        self.line_art = self._write(lines)
        self._forget_files()

    def read_sketch(self) -> Image.Image:
        return _read(self.sketch)

    def read_line_art(self) -> Image.Image:
        return _read(self.line_art)

    def keep(self, painted: Painted, weights: str) -> Result:
        """Write a painted picture; it is in no list yet."""
        return Result(
            save_png(painted.picture, self._path(), painted.tags, weights),
            self._write(painted.line_art),
            self.sketch,
            self.line_art,
            self.sketch_name,
            painted.tags,
            weights,
            painted.seconds,
        )

    def show(self, result: Result) -> None:
        """Make it the current one with its sketch, newest in the history unless it is in there."""
        self.current = result
        self.sketch, self.line_art = result.sketch, result.line_art
        self.sketch_name = result.sketch_name
        if result not in self.history:
            self.history = [result, *self.history][:HISTORY]
            self._forget_files()

    def vary(self, results: Sequence[Result]) -> None:
        """Show these variations instead of the last."""
        self.variations = list(results)
        self._forget_files()

    def close(self) -> None:
        """Remove everything from disk."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, image: Image.Image) -> Path:
        path = self._path()
        image.save(path)
        return path

    def _path(self) -> Path:
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(dir=self.root))
            weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.files += 1
        return self.folder / f"{self.files}.png"

    def _forget_files(self) -> None:
        used = {self.sketch, self.line_art}
        for result in (*self.history, *self.variations):
            used |= {result.picture, result.under, result.sketch, result.line_art}
        for path in self.folder.iterdir():
            if path.suffix == ".png" and path not in used:
                path.unlink()


def _read(path: Path | None) -> Image.Image:
    if path is None:
        raise InputError("load a sketch first")
    with Image.open(path) as image:
        return image.convert("L")
