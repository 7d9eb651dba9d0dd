"""What the page does with a session; every method raises InputError with a line for the page."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from coloring.colorist import Colorist
from studio import painting
from studio.background import Background, Job, Progress
from studio.cleanup import Cleanup, clean
from studio.painting import Painted
from studio.saved import read_saved
from studio.saving import Saving
from studio.session import Result, Session, read_gray
from studio.sessions import Sessions
from studio.sketch import Limits, Sketch, read_sketch_file
from studio.swatches import rows
from studio.weights import Weights, learned

EXAMPLE_TAGS = ("pink_hair", "blue_eyes", "white_background")
AS_IT_IS = Cleanup()


@dataclass
class Studio:
    """What all sessions share: the weights to choose from, the limits, and a folder for files."""

    weights: Weights
    limits: Limits
    root: Path
    sessions: Sessions = field(init=False)
    saving: Saving = field(init=False)

    def __post_init__(self):
        self.sessions = Sessions(self.root / "sessions")
        self.saving = Saving(self.weights, self.limits)
        self._painter = Background(niceness=0)

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
            session.load(sketch.gray, name, sketch.dpi)
            if saved is not None:
                session.choose(saved.words)
            if not cleanup.is_none:
                self.clean(session, cleanup)
        return sketch

    def clean(self, session: Session, cleanup: Cleanup) -> None:
        """Make the session's line art out of its sketch."""
        with session.at_work():
            lines = None if cleanup.is_none else clean(read_gray(session.sketch.gray), cleanup)
            session.clean(lines, cleanup)

    def color(
        self, session: Session, words: Sequence[str], weights: str, *, in_history: bool = True
    ) -> Result:
        """Paint the line art once and show the result."""
        colorist = self.weights.colorist(weights)
        names, _ = painting.split_words(words)
        tags = painting.color_tags(colorist.vocabulary, names)
        with session.at_work():
            session.choose(words)
            drawing = session.sketch
            painted = self.paint(colorist, read_gray(drawing.lines), tags)
            painted = replace(painted, tags=(*painted.tags, *painting.exact_words(words)))
            result = session.keep(painted, drawing, weights)
            session.show(result, in_history=in_history)
        return result

    def paint(
        self, colorist: Colorist, gray: Image.Image, tags: Sequence[int], job: Job | None = None
    ) -> Painted:
        """`painting.paint`, one picture after another in the order of asking."""
        job = job or Job()
        return self._painter.run(job, _paint, job, colorist, gray, tags)

    def choices(
        self, colorist: Colorist, words: Sequence[str], what: str, count: int, seed: int
    ) -> list[list[int]]:
        """The tags of every variation, of those that the weights have learned, if they say; see
        `painting.variations`."""
        names, _ = painting.split_words(words)
        chosen = painting.color_tags(colorist.vocabulary, names)
        things = rows(colorist.vocabulary, learned(colorist))
        return painting.variations(things, chosen, what, count, seed)

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
        with session.job(progress) as job:
            drawing = session.sketch
            choices = self.choices(colorist, words, what, count, seed)
            exact_words = painting.exact_words(words, besides=what)
            gray, results = read_gray(drawing.lines), []
            for number, choice in enumerate(choices):
                painted = self.paint(colorist, gray, choice, job.one_of(number, len(choices)))
                painted = replace(painted, tags=(*painted.tags, *exact_words))
                results.append(session.keep(painted, drawing, weights))
            session.vary(results)

    def example_tags(self, weights: str) -> list[str]:
        """What the example is colored with at the start, of the tags that the weights know."""
        known = self.weights.learned(weights)
        return [tag for tag in EXAMPLE_TAGS if known is None or tag in known]


def _paint(job: Job, colorist: Colorist, gray: Image.Image, tags: Sequence[int]) -> Painted:
    job.report(0, "painting")
    return painting.paint(colorist, gray, tags)
