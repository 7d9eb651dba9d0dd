"""What the page does with a session; every method raises InputError with a line for the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from coloring.colorist import Colorist
from coloring.finished import entries_of
from coloring.sheet import contact_sheet
from errors import BrokenImageError, InputError
from files.atomic import atomic_path
from finishing.finish import Finished
from finishing.finish import Sketch as Lines
from finishing.saving import FORMATS, save_finished
from studio import painting
from studio.background import in_background
from studio.cleanup import Cleanup, clean
from studio.painting import Painted
from studio.saved import read_saved
from studio.session import Drawing, Result, Session
from studio.sessions import Sessions
from studio.sketch import Limits, Sketch, read_sketch_file
from studio.weights import Weights

SHEET_COLUMNS = 4
EXAMPLE_TAGS = ("pink_hair", "blue_eyes", "white_background")
AS_IT_IS = Cleanup()
Progress = Callable[[float, str], None]


@dataclass
class Studio:
    """What all sessions share: the weights to choose from, the limits, and a folder for files."""

    weights: Weights
    limits: Limits
    root: Path
    sessions: Sessions = field(init=False)

    def __post_init__(self):
        self.sessions = Sessions(self.root / "sessions")

    @property
    def cache(self) -> Path:
        """Where Gradio keeps uploads and what is downloaded, and removes it when it is old."""
        return self.root / "cache"

    def load(self, session: Session, path: str | Path, cleanup: Cleanup = AS_IT_IS) -> Sketch:
        """Take a picture file as the session's sketch, of a file that the studio saved also the
        tags; returns the sketch with notices about it."""
        name = Path(path).name
        sketch = read_sketch_file(path, name, self.limits)
        saved = read_saved(Path(path), sketch.gray.size)
        if saved is not None:
            known = self.weights.colorist(session.weights).vocabulary.ids
            saved = replace(saved, words=[w for w in saved.words if "=" in w or w in known])
        if saved is not None and saved.lines is None:
            session.choose(saved.words)
            said = f"{name} is a colored picture: its tags were taken, its sketch is not in it"
            return Sketch(Image.new("L", (1, 1)), [said])
        if saved is not None:
            said = f"{name}: its lines and its tags were taken"
            sketch = Sketch(saved.lines, [said], dpi=sketch.dpi)
        with session.at_work():
            session.load(sketch.gray, name.removesuffix(".png"), sketch.dpi)
            if saved is not None:
                session.choose(saved.words)
            if not cleanup.is_none:
                self.clean(session, cleanup)
        return sketch

    def clean(self, session: Session, cleanup: Cleanup) -> None:
        """Make the session's line art out of its sketch."""
        with session.at_work():
            lines = None if cleanup.is_none else clean(_read(session.sketch.gray), cleanup)
            session.clean(lines, cleanup)

    def color(
        self, session: Session, words: Sequence[str], weights: str, *, in_history: bool = True
    ) -> Result:
        """Paint the line art once and show the result."""
        colorist = self.weights.colorist(weights)
        with session.at_work():
            session.choose(words)
            drawing = session.sketch
            result = session.keep(self._paint(colorist, drawing, words), drawing, weights)
            session.show(result, in_history=in_history)
        return result

    @in_background
    def finish(self, session: Session) -> Result | None:
        """Make the shown picture at the sketch's size, with its own lines, if there is none yet."""
        with session.at_work():
            result = session.current
            if result is not None and not result.full.exists():
                finished = self._finished(result.drawing, result)
                with atomic_path(result.full) as temporary:
                    Image.fromarray(finished.picture()).save(temporary, compress_level=1)
        return result

    def vary(
        self,
        session: Session,
        words: Sequence[str],
        weights: str,
        what: str,
        count: int,
        seed: int,
        progress: Progress,
    ) -> None:
        """Paint the line art in many colors; the session's `variations` are the results."""
        colorist = self.weights.colorist(weights)
        report = self._cancellable(session, progress)
        with session.at_work():
            drawing = session.sketch
            names, _ = painting.split_words(words)
            choices = self._choices(colorist, names, what, count, seed)
            gray, results = _read(drawing.lines), []
            for number, choice in enumerate(choices):
                report(number / len(choices), f"painting {number + 1} of {len(choices)}")
                painted = painting.paint(colorist, gray, choice)
                results.append(session.keep(painted, drawing, weights))
            session.vary(results)

    @in_background
    def color_batch(
        self, session: Session, words: Sequence[str], weights: str, progress: Progress
    ) -> tuple[Path, list[str]]:
        """Color the session's batch at full size into one ZIP; also what could not be opened."""
        if not session.batch:
            raise InputError("choose several files at once first")
        colorist = self.weights.colorist(weights)
        names, exact = painting.split_words(words)
        tags = painting.color_tags(colorist.vocabulary, names)
        report = self._cancellable(session, progress)
        done, failed = [], []
        with session.at_work():
            folder = session.download("batch").parent / "pages"
            folder.mkdir(exist_ok=True)
            for number, path in enumerate(session.batch):
                report(number / len(session.batch), f"{number + 1} of {len(session.batch)}")
                try:
                    sketch = read_sketch_file(path, path.name, self.limits)
                except InputError as error:
                    failed.append(str(error))
                    continue
                painted = painting.paint(colorist, sketch.gray, tags)
                lines = Lines(np.asarray(sketch.gray))
                finished = painting.finish(
                    colorist, lines, painted.picture, tags, exact, with_parts=False
                )
                page = folder / f"{number}.png"
                picture = Image.fromarray(finished.picture())
                painting.save_png(picture, page, words, self.weights.named(weights), sketch.dpi)
                stem = painting.file_stem(path.stem, words)
                done.append((page, f"{number + 1:02d}_{stem}.png"))
            if not done:
                raise InputError("none of the files could be opened: " + "; ".join(failed))
            archive = session.download("batch.zip")
            painting.write_zip([page for page, _ in done], [name for _, name in done], archive)
            for page, _ in done:
                page.unlink()
        return archive, failed

    def paint_file(
        self, path: str, cleanup: Cleanup, words: Sequence[str], weights: str
    ) -> tuple[Painted, Image.Image, Sketch]:
        """Paint a picture file without a session; also its line art and the sketch."""
        colorist = self.weights.colorist(weights)
        names, _ = painting.split_words(words)
        chosen = painting.color_tags(colorist.vocabulary, names)
        sketch = read_sketch_file(path, Path(path).name, self.limits)
        lines = clean(sketch.gray, cleanup)
        return painting.paint(colorist, lines, chosen), lines, sketch

    def enlarge_file(
        self,
        painted: Painted,
        lines: Image.Image,
        sketch_size: tuple[int, int],
        size: str,
        method: str,
    ) -> Image.Image:
        """What `paint_file` made at another size."""
        painting.check_method(method)
        wanted = painting.target_size(painted.picture.size, size, sketch_size)
        if method != painting.OWN_LINES or wanted == painted.picture.size:
            return painting.enlarge(painted.picture, wanted, method, self.weights.device)
        large = Lines(np.asarray(lines.resize(wanted, Image.Resampling.LANCZOS)))
        return Image.fromarray(large.finish(np.asarray(painted.picture)).picture())

    def vary_file(
        self,
        path: str,
        cleanup: Cleanup,
        words: Sequence[str],
        weights: str,
        what: str,
        count: int,
        seed: int,
    ) -> list[Painted]:
        """Variations of a picture file without a session."""
        colorist = self.weights.colorist(weights)
        sketch = read_sketch_file(path, Path(path).name, self.limits)
        lines = clean(sketch.gray, cleanup)
        choices = self._choices(colorist, words, what, count, seed)
        return [painting.paint(colorist, lines, choice) for choice in choices]

    @in_background
    def save(
        self,
        session: Session,
        size: str,
        method: str,
        suffix: str = "png",
        transparent: bool = False,
        progress: Progress = lambda share, what: None,
    ) -> Path:
        """The shown picture as a file to download."""
        result = session.current
        if result is None:
            raise InputError("color the sketch first")
        if suffix not in FORMATS:
            raise InputError(f"cannot save '{suffix}': choose from {', '.join(FORMATS)}")
        stem = painting.file_stem(result.drawing.name, result.tags)
        path = session.download(f"{stem}.{suffix}")
        report = self._cancellable(session, progress)
        with session.at_work():
            if suffix != "png" or transparent:
                return self._save_finished(result, path, transparent)
            picture = self._enlarged(result, size, method, report)
            weights = self.weights.named(result.weights)
            return painting.save_png(picture, path, result.tags, weights, result.drawing.dpi)

    @in_background
    def save_zip(
        self,
        session: Session,
        size: str,
        method: str,
        progress: Progress = lambda share, what: None,
    ) -> Path:
        """All variations in one file, as large as was asked for."""
        results = _variations(session)
        report = self._cancellable(session, progress)
        pages, names = [], []
        with session.at_work():
            folder = session.download("variations").parent / "pages"
            folder.mkdir(exist_ok=True)
            for number, result in enumerate(results, 1):
                report((number - 1) / len(results), f"{number} of {len(results)}")
                picture = self._enlarged(result, size, method, lambda share, what: report(0, what))
                weights, dpi = self.weights.named(result.weights), result.drawing.dpi
                page = folder / f"{number}.png"
                pages.append(painting.save_png(picture, page, result.tags, weights, dpi))
                stem = painting.file_stem(result.drawing.name, result.tags)
                names.append(f"{number:02d}_{stem}.png")
            path = session.download(f"{results[0].drawing.name}_variations.zip")
            painting.write_zip(pages, names, path)
            for page in pages:
                page.unlink()
        return path

    def save_sheet(self, session: Session) -> Path:
        """All variations in one picture, each with what sets it apart from the others."""
        results = _variations(session)
        pictures = [painting.read_rgb(result.picture) for result in results]
        common = set.intersection(*(set(result.tags) for result in results))
        captions = [" ".join(t for t in result.tags if t not in common) for result in results]
        sheet = contact_sheet(pictures, captions, min(SHEET_COLUMNS, len(pictures)))
        path = session.download(f"{results[0].drawing.name}_variations.png")
        return painting.save_png(sheet, path, sorted(common), results[0].weights)

    def example_tags(self, weights: str) -> list[str]:
        """What the example is colored with at the start, of the tags that the weights know."""
        learned = self.weights.learned(weights)
        return [tag for tag in EXAMPLE_TAGS if tag in learned]

    def _paint(self, colorist: Colorist, drawing: Drawing, words: Sequence[str]) -> Painted:
        names, exact = painting.split_words(words)
        tags = painting.color_tags(colorist.vocabulary, names)
        painted = painting.paint(colorist, _read(drawing.lines), tags)
        exact_words = [word for word in words if "=" in word]
        return replace(painted, tags=(*painted.tags, *exact_words)) if exact else painted

    def _finished(self, drawing: Drawing, result: Result, *, with_parts: bool = False) -> Finished:
        colorist = self.weights.colorist(result.weights)
        names, exact = painting.split_words(result.tags)
        tags = painting.color_tags(colorist.vocabulary, names)
        picture = painting.read_rgb(result.picture)
        lines = _lines(drawing.lines, drawing.size)
        return painting.finish(colorist, lines, picture, tags, exact, with_parts=with_parts)

    def _save_finished(self, result: Result, path: Path, transparent: bool) -> Path:
        colorist = self.weights.colorist(result.weights)
        names, exact = painting.split_words(result.tags)
        entries = entries_of(colorist, painting.color_tags(colorist.vocabulary, names), exact)
        finished = self._finished(result.drawing, result, with_parts=True)
        try:
            if path.suffix == ".png":
                picture = Image.fromarray(finished.picture(transparent=True))
                weights = self.weights.named(result.weights)
                return painting.save_png(picture, path, result.tags, weights, result.drawing.dpi)
            with atomic_path(path) as temporary:
                save_finished(
                    finished, temporary, entries, transparent=transparent, dpi=result.drawing.dpi
                )
        except (ValueError, BrokenImageError) as error:
            raise InputError(str(error)) from error
        return path

    def _enlarged(self, result: Result, size: str, method: str, report: Progress) -> Image.Image:
        painting.check_method(method)
        picture = painting.read_rgb(result.picture)
        wanted = painting.target_size(picture.size, size, result.drawing.size)
        if wanted == picture.size:
            return picture
        if method != painting.OWN_LINES:
            tell = lambda share: report(share, "enlarging")  # noqa: E731
            return painting.enlarge(picture, wanted, method, self.weights.device, tell)
        report(0, "finishing")
        if size == "as large as the sketch" and result.full.exists():
            return painting.read_rgb(result.full)
        # Exact colors need the weights; the rest is done without them, also when they are gone.
        names, exact = painting.split_words(result.tags)
        lines = _lines(result.drawing.lines, wanted)
        if not exact:
            return Image.fromarray(lines.finish(np.asarray(picture)).picture())
        colorist = self.weights.colorist(result.weights)
        tags = painting.color_tags(colorist.vocabulary, names)
        finished = painting.finish(colorist, lines, picture, tags, exact, with_parts=True)
        return Image.fromarray(finished.picture())

    def _choices(
        self, colorist: Colorist, words: Sequence[str], what: str, count: int, seed: int
    ) -> list[list[int]]:
        names, _ = painting.split_words(words)
        chosen = painting.color_tags(colorist.vocabulary, names)
        return painting.variations(colorist.vocabulary, chosen, what, count, seed)

    def _cancellable(self, session: Session, progress: Progress) -> Progress:
        session.cancelled.clear()

        def report(share: float, what: str) -> None:
            if session.cancelled.is_set():
                raise InputError("cancelled")
            progress(share, what)

        return report


@lru_cache(maxsize=2)
def _lines(path: Path, size: tuple[int, int]) -> Lines:
    """Line art ready to be finished; the last two are kept, because finding regions takes most of
    the time."""
    gray = _read(path)
    if gray.size != size:
        gray = gray.resize(size, Image.Resampling.LANCZOS)
    return Lines(np.asarray(gray))


def _read(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("L")


def _variations(session: Session) -> list[Result]:
    if not session.variations:
        raise InputError("make variations first")
    return session.variations
