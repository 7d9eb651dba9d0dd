"""What one artist has loaded and made. The pictures lie on disk, so that memory stays flat."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from errors import InputError
from studio.background import Job, Progress, nobody
from studio.cleanup import Cleanup
from studio.painting import Painted, save_png

BATCH = ".batch"
HISTORY = 24
STEPS = 40


@dataclass(frozen=True)
class Drawing:
    """A loaded sketch: `gray` as it came, `lines` as the network is given it, both PNG files of one
    size unless the cleanup changes it. dpi: what the file said."""

    gray: Path
    lines: Path
    name: str
    cleanup: Cleanup = Cleanup()
    dpi: tuple[float, float] | None = None

    @property
    def size(self) -> tuple[int, int]:
        with Image.open(self.gray) as image:
            return image.size


@dataclass(frozen=True)
class Result:
    """A colored picture with what it was made of.

    under: the line art at the picture's size. full: the picture finished at the sketch's size, once
    that is done. tags: their names, and words like `hair=#3355cc` for exact colors.
    """

    picture: Path
    under: Path
    full: Path
    drawing: Drawing
    tags: tuple[str, ...]
    weights: str
    seconds: float

    @property
    def caption(self) -> str:
        return ", ".join(tag.replace("_", " ") for tag in self.tags) or "no tags"


@dataclass(frozen=True)
class Step:
    """What undo goes back to."""

    drawing: Drawing | None = None
    tags: tuple[str, ...] = ()
    current: Result | None = None


@dataclass
class Session:
    """Its files lie in a folder of its own. One that no list names is removed, but never while a
    picture is being made: what is written then is in no list yet."""

    folder: Path
    state: Step = Step()
    weights: str = ""
    history: list[Result] = field(default_factory=list)
    variations: list[Result] = field(default_factory=list)
    batch: list[Path] = field(default_factory=list)
    undone: list[Step] = field(default_factory=list)
    done: list[Step] = field(default_factory=list)
    jobs: set[Job] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)
    workers: int = 0
    files: int = 0

    @property
    def drawing(self) -> Drawing | None:
        return self.state.drawing

    @property
    def current(self) -> Result | None:
        """The result that is shown; of no other sketch than the one that is loaded."""
        return self.state.current

    @property
    def is_new(self) -> bool:
        return self.state == Step() and not self.done and not self.history

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While a picture is made, no file is removed."""
        with self.lock:
            self.workers += 1
        try:
            yield
        finally:
            with self.lock:
                self.workers -= 1
                self._remove_unused()

    @contextmanager
    def job(self, progress: Progress = nobody) -> Iterator[Job]:
        """Work that `cancel` ends; what it needs is kept also while it waits."""
        job = Job(progress)
        self.jobs.add(job)
        try:
            with self.at_work():
                yield job
        finally:
            self.jobs.discard(job)

    def cancel(self) -> None:
        """End what is under way."""
        for job in tuple(self.jobs):
            job.cancel()

    def load(self, gray: Image.Image, name: str, dpi: tuple[float, float] | None = None) -> None:
        """Start with another sketch; tags and history stay, the picture of the old one does not."""
        path = self._write(gray)
        self.go_to(Step(Drawing(path, path, Path(name).stem or "sketch", dpi=dpi), self.state.tags))

    def unload(self) -> None:
        self.go_to(Step(None, self.state.tags))

    def clean(self, lines: Image.Image | None, cleanup: Cleanup) -> None:
        """Color these lines from now on; None: the sketch as it came."""
        old = self.sketch
        path = old.gray if lines is None else self._write(lines)
        drawing = Drawing(old.gray, path, old.name, cleanup, old.dpi)
        self.go_to(Step(drawing, self.state.tags))

    def choose(self, tags: Sequence[str]) -> None:
        """Take note of the chosen tags; the picture stays until it is colored again."""
        if tuple(tags) != self.state.tags:
            self.go_to(Step(self.drawing, tuple(tags), self.current))

    @property
    def sketch(self) -> Drawing:
        """The loaded sketch. Raises InputError where there is none."""
        if self.drawing is None:
            raise InputError("load a sketch first")
        return self.drawing

    def keep(self, painted: Painted, drawing: Drawing, weights: str) -> Result:
        """Write a painted picture; it is in no list yet."""
        picture = save_png(painted.picture, self._path(), painted.tags, weights)
        under = self._write(painted.line_art)
        return Result(picture, under, self._path(), drawing, painted.tags, weights, painted.seconds)

    def show(self, result: Result, *, in_history: bool = True) -> None:
        """Put it into the history, and show it unless another sketch was loaded meanwhile."""
        with self.lock:
            if in_history and result not in self.history:
                self.history = [result, *self.history][:HISTORY]
            if result.drawing == self.drawing:
                # Not a step of its own: Ctrl+Z goes back from tags to tags. They may be others than
                # those of the result, chosen while it was painted.
                self.state = Step(self.drawing, self.state.tags, result)
            self._remove_unused()

    def return_to(self, result: Result) -> None:
        """Show a result of before, with its sketch and its tags."""
        with self.lock:
            self.go_to(Step(result.drawing, result.tags, result))
            self.show(result)

    def vary(self, results: Sequence[Result]) -> None:
        """Show these variations instead of the last."""
        with self.lock:
            self.variations = list(results)
            self._remove_unused()

    def go_to(self, step: Step) -> None:
        """Make a step that can be undone."""
        with self.lock:
            self.done = [*self.done, self.state][-STEPS:]
            self.undone = []
            self.state = step
            self._remove_unused()

    def forget_steps(self) -> None:
        """Undo goes no further back than here."""
        with self.lock:
            self.done, self.undone = [], []
            self._remove_unused()

    def undo(self) -> None:
        with self.lock:
            if self.done:
                self.undone.append(self.state)
                self.state = self.done.pop()

    def redo(self) -> None:
        with self.lock:
            if self.undone:
                self.done.append(self.state)
                self.state = self.undone.pop()

    def take_batch(self, paths: Sequence[Path]) -> None:
        """Keep copies of uploaded files to color together; they keep their names."""
        batch, folder = [], self._path().with_suffix(BATCH)
        for number, path in enumerate(paths):
            copy = folder / str(number) / path.name
            copy.parent.mkdir(parents=True)
            shutil.copyfile(path, copy)
            batch.append(copy)
        with self.lock:
            self.batch = batch
            self._remove_unused()

    def download(self, name: str) -> Path:
        """Where a file to save under this name is written."""
        path = self.folder / "downloads" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        return path

    def close(self) -> None:
        """Remove everything from disk."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, image: Image.Image) -> Path:
        path = self._path()
        image.save(path)
        return path

    def _path(self) -> Path:
        with self.lock:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.files += 1
            return self.folder / f"{self.files}.png"

    def _remove_unused(self) -> None:
        if self.workers:
            return
        steps = (self.state, *self.done, *self.undone)
        results = {*self.history, *self.variations, *(s.current for s in steps if s.current)}
        drawings = {r.drawing for r in results} | {s.drawing for s in steps if s.drawing}
        used = {path for r in results for path in (r.picture, r.under, r.full)}
        used |= {path for d in drawings for path in (d.gray, d.lines)}
        for path in self.folder.glob("*.png"):
            if path not in used:
                path.unlink(missing_ok=True)
        for folder in self.folder.glob(f"*{BATCH}"):
            if not any(path.is_relative_to(folder) for path in self.batch):
                shutil.rmtree(folder, ignore_errors=True)


def read_gray(path: Path) -> Image.Image:
    """A picture of a session in mode L."""
    with Image.open(path) as image:
        return image.convert("L")
