"""What the page does with a session; every method raises InputError with a line for the page."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from coloring.colorist import Colorist
from coloring.sheet import contact_sheet
from errors import InputError
from studio import painting
from studio.painting import Painted
from studio.session import Result, Session
from studio.sketch import Cleanup, Limits, clean, read_sketch_file
from studio.weights import Weights

SHEET_COLUMNS = 4
Progress = Callable[[int, int], None]


@dataclass
class Studio:
    """What all sessions share: the weights to choose from, the limits, and a folder for files."""

    weights: Weights
    limits: Limits
    root: Path

    @property
    def cache(self) -> Path:
        """Where Gradio keeps uploads and what is downloaded, and removes it when it is old."""
        return self.root / "cache"

    def load(self, session: Session, path: str, cleanup: Cleanup) -> list[str]:
        """Take a picture file as the session's sketch; returns notices about it."""
        name = Path(path).name
        gray, notices = read_sketch_file(path, name, self.limits)
        session.load(gray, name)
        self.clean(session, cleanup)
        return notices

    def clean(self, session: Session, cleanup: Cleanup) -> None:
        """Make the session's line art out of its sketch."""
        if cleanup.is_none:
            session.line_art = session.sketch
        else:
            session.clean(clean(session.read_sketch(), cleanup))

    def color(self, session: Session, tags: Sequence[str], weights: str) -> Result:
        """Paint the line art once and show the result."""
        colorist = self.weights.colorist(weights)
        chosen = painting.color_tags(colorist.vocabulary, tags)
        painted = painting.paint(colorist, session.read_line_art(), chosen)
        result = session.keep(painted, weights)
        session.show(result)
        return result

    def vary(
        self,
        session: Session,
        tags: Sequence[str],
        weights: str,
        what: str,
        count: int,
        seed: int,
        progress: Progress,
    ) -> None:
        """Paint the line art in many colors; the session's `variations` are the results."""
        colorist = self.weights.colorist(weights)
        gray = session.read_line_art()
        choices = self._choices(colorist, tags, what, count, seed)
        results = []
        for number, choice in enumerate(choices):
            progress(number, len(choices))
            results.append(session.keep(painting.paint(colorist, gray, choice), weights))
        session.vary(results)

    def paint_file(
        self, path: str, cleanup: Cleanup, tags: Sequence[str], weights: str
    ) -> tuple[Painted, Colorist, tuple[int, int]]:
        """Paint a picture file without a session; also its colorist and the sketch's size."""
        colorist = self.weights.colorist(weights)
        chosen = painting.color_tags(colorist.vocabulary, tags)
        gray, _ = read_sketch_file(path, Path(path).name, self.limits)
        return painting.paint(colorist, clean(gray, cleanup), chosen), colorist, gray.size

    def vary_file(
        self,
        path: str,
        cleanup: Cleanup,
        tags: Sequence[str],
        weights: str,
        what: str,
        count: int,
        seed: int,
    ) -> list[Painted]:
        """Variations of a picture file without a session."""
        colorist = self.weights.colorist(weights)
        gray, _ = read_sketch_file(path, Path(path).name, self.limits)
        lines = clean(gray, cleanup)
        choices = self._choices(colorist, tags, what, count, seed)
        return [painting.paint(colorist, lines, choice) for choice in choices]

    def save(self, session: Session, size: str, method: str) -> Path:
        """The current picture as a PNG to download, enlarged."""
        result = session.current
        if result is None:
            raise InputError("color the sketch first")
        device = self.weights.colorist(result.weights).device
        picture = painting.read_rgb(result.picture)
        sketch_size = painting.size_of(result.sketch)
        enlarged = painting.enlarge(picture, size, method, sketch_size, device)
        path = self._download(session, f"{result.sketch_name}_colored.png")
        return painting.save_png(enlarged, path, result.tags, result.weights)

    def save_zip(self, session: Session) -> Path:
        """All variations in one file."""
        results = _variations(session)
        names = [re.sub(r"[^\w-]+", "_", result.caption)[:80] for result in results]
        path = self._download(session, f"{session.sketch_name}_variations.zip")
        return painting.write_zip([result.picture for result in results], names, path)

    def save_sheet(self, session: Session) -> Path:
        """All variations in one picture, each with what sets it apart from the others."""
        results = _variations(session)
        pictures = [painting.read_rgb(result.picture) for result in results]
        common = set.intersection(*(set(result.tags) for result in results))
        captions = [" ".join(t for t in result.tags if t not in common) for result in results]
        sheet = contact_sheet(pictures, captions, min(SHEET_COLUMNS, len(pictures)))
        path = self._download(session, f"{session.sketch_name}_variations.png")
        return painting.save_png(sheet, path, sorted(common), results[0].weights)

    def _choices(
        self, colorist: Colorist, tags: Sequence[str], what: str, count: int, seed: int
    ) -> list[list[int]]:
        chosen = painting.color_tags(colorist.vocabulary, tags)
        return painting.variations(colorist.vocabulary, chosen, what, count, seed)

    def _download(self, session: Session, name: str) -> Path:
        path = session.folder / "downloads" / name
        path.parent.mkdir(exist_ok=True)
        return path


def _variations(session: Session) -> list[Result]:
    if not session.variations:
        raise InputError("make variations first")
    return session.variations
