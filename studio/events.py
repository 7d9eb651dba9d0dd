"""The page's events: from control values to actions, and from sessions to what the page shows."""

import functools
import secrets
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import gradio as gr

from errors import InputError
from studio import painting
from studio.actions import Studio
from studio.session import Result, Session
from studio.sketch import Cleanup
from studio.swatches import as_json, rows, sections
from studio.weights import device_name


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
    """One method per event; its arguments and results are those that the page lists there."""

    def __init__(self, studio: Studio, examples: Sequence[Path]):
        self.studio, self.examples = studio, examples

    def load(self, session: Session, path: str | None, *cleanup):
        """A sketch that cannot be used leaves an empty place and a message."""
        try:
            notices = self.studio.load(session, path, Cleanup(*cleanup))
        except InputError as error:
            session.unload()
            return session, _notice([str(error)], "alert"), gr.Image(visible=False), None
        return session, _notice(notices, "status"), _preview(session), gr.skip()

    def load_example(self, session: Session, event: gr.SelectData, *cleanup):
        path = str(self.examples[event.index])
        return *self.load(session, path, *cleanup)[:3], path

    def unload(self, session: Session):
        session.unload()
        return session, "", gr.Image(visible=False)

    @reported
    def clean(self, session: Session, *values):
        cleanup = Cleanup(*values)
        if session.sketch is not None:
            self.studio.clean(session, cleanup)
        return (
            session,
            _preview(session),
            gr.Slider(visible=cleanup.method == "threshold"),
            gr.Slider(visible=cleanup.method == "xdog"),
        )

    def list_weights(self):
        """Checkpoints that appeared since the last tab was opened."""
        return gr.Dropdown(self.studio.weights.refresh())

    @reported
    def choose_weights(self, weights: str, chosen: list[str]):
        vocabulary = self.studio.weights.colorist(weights).vocabulary
        known = [name for name in chosen if vocabulary.ids.get(name) in vocabulary.cvt_index]
        picker = gr.HTML(value=known, sections=as_json(sections(vocabulary)))
        what = gr.Dropdown([painting.RANDOM, *rows(vocabulary)])
        return device_line(self.studio, weights), picker, what

    @reported
    def color(self, session: Session, tags: list[str], weights: str, path: str | None, *cleanup):
        self._ensure_loaded(session, path, cleanup)
        self.studio.color(session, tags, weights)
        return self._shown(session)

    @reported
    def color_live(self, live: bool, session: Session, *request):
        if not live or session.line_art is None:
            return (gr.skip(),) * 4
        return self.color(session, *request)

    def return_to_history(self, session: Session, event: gr.SelectData):
        return self._return_to(session, session.history[event.index])

    def return_to_variation(self, session: Session, event: gr.SelectData):
        return self._return_to(session, session.variations[event.index])

    def choose_variation(self, what: str):
        return gr.Slider(visible=what == painting.RANDOM)

    @reported
    def vary(
        self, what: str, count: int, session: Session, tags: list[str], weights: str,
        path: str | None, progress=gr.Progress(), *cleanup,  # noqa: B008
    ):  # fmt: skip
        self._ensure_loaded(session, path, cleanup)

        def report(number: int, total: int) -> None:
            progress((number, total), desc="painting", unit="pictures")

        self.studio.vary(session, tags, weights, what, count, secrets.randbits(32), report)
        common = set.intersection(*(set(result.tags) for result in session.variations))
        pictures = [
            (str(result.picture), _caption(tag for tag in result.tags if tag not in common))
            for result in session.variations
        ]
        return (
            session,
            gr.Gallery(pictures, visible=True, selected_index=None),
            gr.Row(visible=True),
        )

    @reported
    def save(self, session: Session, size: str, method: str) -> str:
        return str(self.studio.save(session, size, method))

    @reported
    def save_zip(self, session: Session) -> str:
        return str(self.studio.save_zip(session))

    @reported
    def save_sheet(self, session: Session) -> str:
        return str(self.studio.save_sheet(session))

    def _ensure_loaded(self, session: Session, path: str | None, cleanup: tuple) -> None:
        """The click can come while the upload's own event is still on its way."""
        if session.line_art is None and path:
            self.studio.load(session, path, Cleanup(*cleanup))

    def _return_to(self, session: Session, result: Result):
        session.show(result)
        shown = self._shown(session)
        return *shown, list(result.tags), str(result.sketch), _preview(session)

    def _shown(self, session: Session):
        result = session.current
        device = device_name(self.studio.weights.colorist(result.weights).device)
        status = (
            f"<b>{result.seconds:.2f} s</b> on {escape(device)} · {escape(result.weights)}"
            f"<br>{escape(result.caption)}"
        )
        strip = [(str(kept.picture), kept.caption) for kept in session.history]
        selected = session.history.index(result)
        history = gr.Gallery(strip, visible=True, selected_index=selected)
        return session, (str(result.under), str(result.picture)), status, history


def device_line(studio: Studio, weights: str = "") -> str:
    colorist = studio.weights.colorist(weights)
    return f"{escape(device_name(colorist.device))} · paints {colorist.size} px"


def _caption(tags) -> str:
    return ", ".join(tag.replace("_", " ") for tag in tags)


def _notice(lines: Sequence[str], role: str) -> str:
    return f'<p role="{role}">{"<br>".join(map(escape, lines))}</p>' if lines else ""


def _preview(session: Session):
    changed = session.line_art is not None and session.line_art != session.sketch
    return gr.Image(str(session.line_art) if changed else None, visible=changed)
