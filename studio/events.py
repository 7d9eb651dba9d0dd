"""The page's events: from control values to actions, and from sessions to what the page shows."""

import functools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

import gradio as gr

from errors import InputError
from studio import painting
from studio.actions import Studio
from studio.cleanup import Cleanup
from studio.session import Result, Session
from studio.swatches import as_json, learned_line, rows, sections
from studio.weights import device_name
from studio.widgets import address, uploaded_paths


def reported(handler: Callable) -> Callable:
    """A user's mistake becomes a message in the page, and the answer of the API."""

    @functools.wraps(handler)
    def run(*values, **named):
        try:
            return handler(*values, **named)
        except InputError as error:
            raise gr.Error(str(error), duration=None, print_exception=False) from error
        except (MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "out of memory" not in str(error):
                raise
            message = "out of memory: choose smaller weights, or less enlargement"
            raise gr.Error(message, print_exception=False) from error

    return run


class Handlers:
    """One method per event. Each is given the tab's key first; those that change what is seen
    return `view`, in the order of the page's `whole`."""

    def __init__(self, studio: Studio, examples: Sequence[Path]):
        self.studio, self.examples = studio, examples

    @reported
    def restore(self, key: str):
        """What a tab shows when it is opened: its work of before."""
        session = self._session(key)
        weights = session.weights or self.studio.weights.first
        try:
            chosen = self.choose_weights(key, weights)
        except gr.Error:
            chosen = self.choose_weights(key, self.studio.weights.first)
            weights = self.studio.weights.first
        choice = gr.Dropdown(self.studio.weights.refresh(), value=weights)
        view = self._view(session)
        return key, choice, *chosen, *view, *self._varied(session), _batch_button(session)

    @reported
    def begin(self, key: str, weights: str):
        """A tab that has no work yet shows an example, already colored."""
        session = self._session(key)
        if session.is_new and self.examples:
            self.studio.load(session, self.examples[0])
            tags = self.studio.example_tags(weights)
            self.studio.color(session, tags, weights, in_history=False)
            session.forget_steps()
        return self._view(session)

    def load(self, key: str, given: dict):
        """A sketch that cannot be used leaves an empty place and a message."""
        session = self._session(key)
        try:
            paths = uploaded_paths(given, self.studio.cache)
            if not paths:
                session.unload()
                return *self._view(session), gr.skip()
            if len(paths) > 1:
                session.take_batch(paths)
            sketch = self.studio.load(session, paths[0])
            notices, role = list(sketch.notices), "status"
        except InputError as error:
            session.unload()
            notices, role, paths = [str(error)], "alert", []
        if len(paths) > 1:
            notices.append(
                f"{len(paths)} files: Color all files into one ZIP, beside Save, or this first one"
            )
        return *self._view(session, notices, role), _batch_button(session)

    @reported
    def load_example(self, key: str, index: int):
        session = self._session(key)
        sketch = self.studio.load(session, self.examples[int(index)])
        return self._view(session, sketch.notices)

    @reported
    def clean(self, key: str, *values):
        session = self._session(key)
        if session.drawing is not None:
            self.studio.clean(session, Cleanup(*values))
        return self._view(session)

    def photo(self, key: str):
        """The one click for photos of paper; a second one takes it back."""
        session = self._session(key)
        is_photo = session.drawing is not None and session.drawing.cleanup.method == "photo"
        return self.clean(key, "none" if is_photo else "photo")

    @reported
    def choose_weights(self, key: str, weights: str):
        session = self._session(key)
        vocabulary = self.studio.weights.colorist(weights).vocabulary
        session.weights = weights
        names = {vocabulary.names[tag] for tag in vocabulary.cvt}
        learned = self.studio.weights.learned(weights)
        picker = gr.HTML(
            value=[word for word in session.state.tags if "=" in word or word in names],
            sections=as_json(sections(vocabulary), learned),
            learned=learned_line(sections(vocabulary), learned),
        )
        what = gr.Dropdown([painting.RANDOM, *rows(vocabulary, learned)])
        return device_line(self.studio, weights), picker, what

    @reported
    def choose(self, key: str, words: list[str]):
        session = self._session(key)
        session.choose(_words(words))
        return self._steps(session)

    @reported
    def color(self, key: str, words: list[str], weights: str):
        session = self._session(key)
        self.studio.color(session, _words(words), weights)
        # What was clicked meanwhile stays chosen.
        view = self._view(session)
        return *view[:7], gr.skip(), *view[8:]

    @reported
    def color_live(self, live: bool, key: str, words: list[str], weights: str):
        session = self._session(key)
        if not live or session.drawing is None:
            return (gr.skip(),) * 13
        return self.color(key, words, weights)

    @reported
    def finish(self, key: str):
        session = self._session(key)
        self.studio.saving.finish(session)
        return _compared(session), self._status(session)

    @reported
    def undo(self, key: str):
        session = self._session(key)
        session.undo()
        return self._view(session)

    @reported
    def redo(self, key: str):
        session = self._session(key)
        session.redo()
        return self._view(session)

    @reported
    def return_to_history(self, key: str, index: int):
        session = self._session(key)
        return self._return_to(session, session.history, index)

    @reported
    def return_to_variation(self, key: str, index: int):
        session = self._session(key)
        return self._return_to(session, session.variations, index)

    def choose_variation(self, what: str):
        return gr.Radio(visible=what == painting.RANDOM)

    @reported
    def vary(
        self, key: str, what: str, count: int, words: list[str], weights: str,
        progress=gr.Progress(),  # noqa: B008
    ):  # fmt: skip
        session = self._session(key)
        seed = secrets.randbits(32)
        self.studio.vary(session, _words(words), weights, what, count, seed, _shown_by(progress))
        return self._varied(session)

    @reported
    def color_batch(
        self, key: str, words: list[str], weights: str,
        progress=gr.Progress(),  # noqa: B008
    ):  # fmt: skip
        session = self._session(key)
        archive, failed = self.studio.saving.color_batch(
            session, _words(words), weights, _shown_by(progress)
        )
        return str(archive), _notice(failed, "alert")

    @reported
    def save(
        self, key: str, size: str, method: str, suffix: str, transparent: bool,
        progress=gr.Progress(),  # noqa: B008
    ) -> str:  # fmt: skip
        session = self._session(key)
        path = self.studio.saving.save(
            session, size, method, suffix, transparent, _shown_by(progress)
        )
        return str(path)

    @reported
    def save_zip(
        self, key: str, size: str, method: str, progress=gr.Progress()  # noqa: B008
    ) -> str:  # fmt: skip
        session = self._session(key)
        return str(self.studio.saving.save_zip(session, size, method, _shown_by(progress)))

    @reported
    def save_sheet(self, key: str) -> str:
        return str(self.studio.saving.save_sheet(self._session(key)))

    def cancel(self, key: str):
        """Ends what the session waits for."""
        self._session(key).cancel()

    def _session(self, key: str) -> Session:
        return self.studio.sessions.get(key)

    def _return_to(self, session: Session, results: list[Result], index: int):
        if not 0 <= int(index) < len(results):
            raise InputError("that picture is gone")
        session.return_to(results[int(index)])
        return self._view(session)

    def _view(self, session: Session, notices: Sequence[str] = (), role: str = "status"):
        """All that can change: sketch, notice, preview, method, invert, level, sigma, picker,
        compare, status, history, undo, redo."""
        drawing = session.drawing
        cleanup = drawing.cleanup if drawing else Cleanup()
        cleaned = drawing is not None and drawing.lines != drawing.gray
        sketch = {}
        if drawing is not None:
            width, height = drawing.size
            sketch = {
                "url": address(drawing.gray),
                "html": escape(drawing.name),
                "size": f"{width} × {height} px",
            }
        return (
            sketch,
            _notice(notices, role),
            {"url": address(drawing.lines)} if cleaned else {},
            gr.Radio(value=cleanup.method),
            gr.Checkbox(value=cleanup.invert),
            gr.Slider(visible=cleanup.method == "threshold"),
            gr.Slider(visible=cleanup.method == "xdog"),
            list(session.state.tags),
            _compared(session),
            self._status(session),
            _strip(session.history),
            *self._steps(session),
        )

    def _status(self, session: Session) -> str:
        result = session.current
        if result is None:
            return ""
        device = device_name(self.studio.weights.device)
        width, height = result.drawing.size
        state = "" if result.full.exists() else "finishing … "
        return (
            f"<b>{result.seconds:.2f} s</b> on {escape(device)} · {escape(result.weights)} · "
            f"{state}{width} × {height} px<br>{escape(result.caption)}"
        )

    def _steps(self, session: Session):
        return (
            gr.Button(interactive=bool(session.done)),
            gr.Button(interactive=bool(session.undone)),
        )

    def _varied(self, session: Session):
        made = bool(session.variations)
        buttons = gr.Button(visible=made), gr.Button(visible=made)
        return gr.HTML(_strip(session.variations), visible=made), *buttons


def device_line(studio: Studio, weights: str = "") -> str:
    colorist = studio.weights.colorist(weights)
    return f"{escape(device_name(colorist.device))} · paints {colorist.size} px"


def _batch_button(session: Session) -> gr.Button:
    return gr.Button(visible=bool(session.batch))


def _shown_by(progress: gr.Progress) -> Callable[[float, str], None]:
    return lambda share, what: progress(share, desc=what)


def _words(words) -> list[str]:
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InputError("tags is a list of tag names")
    return words


def _compared(session: Session) -> dict:
    result = session.current
    if result is None:
        return {}
    finished = result.full.exists()
    return {
        "under": address(result.drawing.lines if finished else result.under),
        "picture": address(result.full if finished else result.picture),
        "html": escape(result.caption),
    }


def _strip(results: Sequence[Result]) -> list[dict]:
    """Pictures to choose from; `short` tells what sets each apart from the others."""
    common = set.intersection(*(set(result.tags) for result in results)) if results else set()
    shorts = [replace(r, tags=tuple(t for t in r.tags if t not in common)) for r in results]
    return [
        {
            "url": address(result.picture),
            "html": escape(result.caption),
            "short": escape((short if short.tags else result).caption),
        }
        for result, short in zip(results, shorts, strict=True)
    ]


def _notice(lines: Sequence[str], role: str) -> str:
    return f'<p role="{role}">{"<br>".join(map(escape, lines))}</p>' if lines else ""
