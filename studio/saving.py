"""Pictures at the sketch's size, and files to download: long work, done in the background."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from coloring.colorist import Colorist
from coloring.sheet import contact_sheet
from errors import InputError
from files.atomic import atomic_path
from finishing.finish import Finished
from finishing.finish import Sketch as Lines
from studio import painting
from studio.background import Background, Job, Progress, nobody
from studio.painting import Painted
from studio.session import Result, Session, read_gray
from studio.sketch import Limits, read_sketch_file
from studio.weights import Weights

SHEET_COLUMNS = 4
# How much of the work on one picture is done before it is written.
WRITING = 0.8


@dataclass(frozen=True)
class Unsaved:
    """A painted picture of no session, and the line art that it is finished with. weights: the name
    that its file tells. dpi: that of the sketch."""

    colorist: Colorist
    painted: Painted
    lines: Image.Image
    weights: str
    dpi: tuple[float, float] | None


class Saving:
    """Three kinds of work, so that none waits for another: what is shown is finished, one picture
    is saved, many are packed. Each takes its turn among its own kind."""

    def __init__(self, weights: Weights, limits: Limits):
        self.weights, self.limits = weights, limits
        # What somebody looks at while it is made comes before what is made for later.
        self.finisher = Background(niceness=5)
        self.saver, self.packer = Background(niceness=15), Background(niceness=15)

    def finish(self, session: Session) -> Result | None:
        """Make the shown picture at the sketch's size, with its own lines, if there is none yet."""
        result = session.current
        if result is None:
            return None
        with session.at_work():
            self.finisher.run(Job(), self._finish, session, result, nobody)
        return result

    def save(
        self,
        session: Session,
        size: str,
        method: str,
        suffix: str = "png",
        transparent: bool = False,
        progress: Progress = nobody,
    ) -> Path:
        """The shown picture as a file to download."""
        result = session.current
        if result is None:
            raise InputError("color the sketch first")
        _, exact = painting.split_words(result.tags)
        painting.check_method(method, exact, suffix, transparent)
        stem = painting.file_stem(result.drawing.name, result.tags)
        path = session.download(f"{stem}.{suffix}")
        with session.job(progress) as job:
            if suffix != "png" or transparent:
                self.saver.run(job, self._save_parts, session, result, path, size, transparent, job)
            else:
                self.saver.run(job, self._save_png, session, result, path, size, method, job)
        return path

    def save_zip(
        self, session: Session, size: str, method: str, progress: Progress = nobody
    ) -> Path:
        """All variations in one file, as large as was asked for."""
        results = _variations(session)
        for result in results:
            painting.check_method(method, painting.split_words(result.tags)[1])
        path = session.download(f"{results[0].drawing.name}_variations.zip")
        with session.job(progress) as job:
            self.packer.run(job, self._pack, session, results, path, size, method, job)
        return path

    def save_sheet(self, session: Session) -> Path:
        """All variations as they were painted in one picture, each with what sets it apart from the
        others."""
        results = _variations(session)
        pictures = [painting.read_rgb(result.picture) for result in results]
        common = set.intersection(*(set(painting.split_words(r.tags)[0]) for r in results))
        captions = [" ".join(t for t in result.tags if t not in common) for result in results]
        sheet = contact_sheet(pictures, captions, min(SHEET_COLUMNS, len(pictures)))
        path = session.download(f"{results[0].drawing.name}_variations.png")
        return painting.save_png(sheet, path, sorted(common), results[0].weights)

    def color_batch(
        self, session: Session, words: Sequence[str], weights: str, progress: Progress = nobody
    ) -> tuple[Path, list[str]]:
        """Color the session's batch at full size into one ZIP; also what could not be opened."""
        if not session.batch:
            raise InputError("choose several files at once first")
        path = session.download("batch.zip")
        with session.job(progress) as job:
            failed = self.packer.run(
                job, self._color_batch, session, tuple(session.batch), words, weights, path, job
            )
        return path, failed

    def save_unsaved(
        self, picture: Unsaved, path: Path, size: str, method: str, transparent: bool = False
    ) -> None:
        """Write a picture of no session, in the format of the file's suffix."""
        painted = picture.painted
        wanted = painting.target_size(painted.picture.size, size, picture.lines.size)
        names, exact = painting.split_words(painted.tags)
        with_parts = path.suffix != ".png" or transparent
        is_short = not (with_parts or exact or wanted != painted.picture.size)

        def finished() -> Finished:
            lines = Lines(np.asarray(picture.lines.resize(wanted, Image.Resampling.LANCZOS)))
            return painting.finish(
                lambda: picture.colorist, lines, painted.picture, names, exact,
                with_parts=with_parts,
            )  # fmt: skip

        def work() -> None:
            if with_parts:
                painting.save_parts(
                    finished(), path, picture.colorist, painted.tags, picture.weights, transparent,
                    picture.dpi,
                )  # fmt: skip
                return
            large = painted.picture
            if method != painting.OWN_LINES:
                large = self._enlarged_by(method, large, wanted, nobody)
            elif not is_short:
                large = Image.fromarray(finished().picture())
            painting.save_png(large, path, painted.tags, picture.weights, picture.dpi)

        if is_short:
            work()
        else:
            self.saver.run(Job(), work)

    def _finish(self, session: Session, result: Result, report: Progress) -> None:
        with session.at_work():
            if not result.full.exists():
                finished = self._finished(result, result.drawing.size, report)
                report(WRITING, "writing")
                with atomic_path(result.full) as temporary:
                    Image.fromarray(finished.picture()).save(temporary, compress_level=1)

    def _save_png(
        self, session: Session, result: Result, path: Path, size: str, method: str, job: Job
    ) -> None:
        with session.at_work():
            if method == painting.OWN_LINES and size == painting.AS_THE_SKETCH:
                # Then it is also shown; nothing is done twice if that is under way.
                self.finisher.run(job, self._finish, session, result, job.report)
            self._write(result, path, size, method, job.report)

    def _save_parts(
        self, session: Session, result: Result, path: Path, size: str, transparent: bool, job: Job
    ) -> None:
        drawing = result.drawing
        with session.at_work(), Image.open(result.picture) as picture:
            wanted = painting.target_size(picture.size, size, drawing.size)
            finished = self._finished(result, wanted, job.report, with_parts=True)
            job.report(WRITING, "writing")
            colorist, weights = (
                self.weights.colorist(result.weights),
                self.weights.named(result.weights),
            )
            painting.save_parts(
                finished, path, colorist, result.tags, weights, transparent, drawing.dpi
            )

    def _pack(
        self,
        session: Session,
        results: Sequence[Result],
        path: Path,
        size: str,
        method: str,
        job: Job,
    ) -> None:
        pages, names = [], []
        with session.at_work(), tempfile.TemporaryDirectory(dir=path.parent) as folder:
            for number, result in enumerate(results):
                page = Path(folder) / f"{number}.png"
                self._write(result, page, size, method, job.one_of(number, len(results)).report)
                pages.append(page)
                stem = painting.file_stem(result.drawing.name, result.tags)
                names.append(f"{number + 1:02d}_{stem}.png")
            painting.write_zip(pages, names, path)

    def _color_batch(
        self,
        session: Session,
        files: Sequence[Path],
        words: Sequence[str],
        weights: str,
        path: Path,
        job: Job,
    ) -> list[str]:
        colorist = self.weights.colorist(weights)
        names, exact = painting.split_words(words)
        tags = painting.color_tags(colorist.vocabulary, names)
        pages, page_names, failed = [], [], []
        with session.at_work(), tempfile.TemporaryDirectory(dir=path.parent) as folder:
            for number, file in enumerate(files):
                report = job.one_of(number, len(files)).report
                report(0, "opening")
                try:
                    sketch = read_sketch_file(file, file.name, self.limits)
                except InputError as error:
                    failed.append(str(error))
                    continue
                painted = painting.paint(colorist, sketch.gray, tags)
                finished = painting.finish(
                    lambda: colorist,
                    Lines(np.asarray(sketch.gray)),
                    painted.picture,
                    names,
                    exact,
                    report=report,
                )
                report(WRITING, "writing")
                page = Path(folder) / f"{number}.png"
                picture = Image.fromarray(finished.picture())
                painting.save_png(picture, page, words, self.weights.named(weights), sketch.dpi)
                pages.append(page)
                page_names.append(f"{number + 1:02d}_{painting.file_stem(file.stem, words)}.png")
            if not pages:
                raise InputError("none of the files could be opened: " + "; ".join(failed))
            painting.write_zip(pages, page_names, path)
        return failed

    def _write(self, result: Result, path: Path, size: str, method: str, report: Progress) -> None:
        picture = self._enlarged(result, size, method, report)
        report(WRITING, "writing")
        weights = self.weights.named(result.weights)
        painting.save_png(picture, path, result.tags, weights, result.drawing.dpi)

    def _enlarged(self, result: Result, size: str, method: str, report: Progress) -> Image.Image:
        picture = painting.read_rgb(result.picture)
        wanted = painting.target_size(picture.size, size, result.drawing.size)
        _, exact = painting.split_words(result.tags)
        if wanted == picture.size and not exact:
            return picture
        if method != painting.OWN_LINES:
            return self._enlarged_by(method, picture, wanted, report)
        if size == painting.AS_THE_SKETCH and result.full.exists():
            return painting.read_rgb(result.full)
        return Image.fromarray(self._finished(result, wanted, report).picture())

    def _enlarged_by(
        self, method: str, picture: Image.Image, size: tuple[int, int], report: Progress
    ) -> Image.Image:
        return painting.enlarge(
            picture,
            size,
            method,
            self.weights.device,
            lambda share: report(share * WRITING, "enlarging"),
        )

    def _finished(
        self,
        result: Result,
        size: tuple[int, int],
        report: Progress,
        *,
        with_parts: bool = False,
    ) -> Finished:
        names, exact = painting.split_words(result.tags)
        return painting.finish(
            lambda: self.weights.colorist(result.weights),
            _lines(result.drawing.lines, size),
            painting.read_rgb(result.picture),
            names,
            exact,
            with_parts=with_parts,
            report=report,
        )


@lru_cache(maxsize=2)
def _lines(path: Path, size: tuple[int, int]) -> Lines:
    """Line art ready to be finished; the last two are kept, because finding regions takes most of
    the time."""
    gray = read_gray(path)
    if gray.size != size:
        gray = gray.resize(size, Image.Resampling.LANCZOS)
    return Lines(np.asarray(gray))


def _variations(session: Session) -> list[Result]:
    if not session.variations:
        raise InputError("make variations first")
    return session.variations
