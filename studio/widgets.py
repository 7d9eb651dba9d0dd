"""What the page has that Gradio has not, and all that depends on how Gradio works inside.

The widgets are gr.HTML with templates of our own: sketch, preview, picker, compare and strips of
pictures.
A test starts the page and fails where Gradio no longer does what is relied on here.
"""

from pathlib import Path
from urllib.parse import quote

import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from errors import InputError

ASSETS = Path(__file__).with_name("assets")
# Relative, so that it works behind a proxy that serves the page below a path.
FILES = "gradio_api/file="
PRIVATE = {"api_visibility": "private"}


class _CompressedPage:
    """Compresses the page itself, a fifth of all that a browser loads: Gradio compresses only what
    has the ending of a script or a style sheet."""

    def __init__(self, app: ASGIApp):
        self.app, self.compressed = app, GZipMiddleware(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["path"] == "/"
        await (self.compressed if is_page else self.app)(scope, receive, send)


SMALLER_PAGE = Middleware(_CompressedPage)


def html(widget: str, value, /, **options) -> gr.HTML:
    """A widget, of assets/<widget>.html and, if it does anything, assets/<widget>.js."""
    script = ASSETS / f"{widget}.js"
    return gr.HTML(
        value,
        html_template=(ASSETS / f"{widget}.html").read_text(encoding="utf-8"),
        js_on_load=script.read_text(encoding="utf-8") if script.exists() else None,
        apply_default_css=False,
        **options,
    )


def address(path: Path) -> str:
    """Where the page gets a file below one of the folders that `launch` allows."""
    return FILES + quote(str(path))


def uploaded_paths(given, cache: Path) -> list[Path]:
    """The uploaded files that a widget's value names.

    Raises InputError for any other path: a request can name what it wants.
    """
    files = given.get("files", []) if isinstance(given, dict) else []
    paths = [Path(str(file)) for file in files]
    for path in paths:
        if not path.resolve().is_relative_to(cache.resolve()) or not path.is_file():
            raise InputError("give a file that was uploaded")
    return paths


def image_as_uploaded(cache: Path, **options) -> gr.Image:
    """An image whose file reaches the handlers as it was uploaded: they check it themselves."""

    def uploaded(payload) -> str | None:
        if not payload:
            return None
        # Gradio checks only those paths that are marked as files.
        if not Path(payload.path).resolve().is_relative_to(cache.resolve()):
            raise gr.Error("give a file that was uploaded", print_exception=False)
        return payload.path

    image = gr.Image(type="filepath", **options)
    image.preprocess = uploaded
    return image


def open_dropdown(choices: list[str], **options) -> gr.Dropdown:
    """A dropdown whose value the handlers check.

    Gradio checks it against choices that it keeps by browser tab, and may have forgotten.
    """
    dropdown = gr.Dropdown(choices, **options)
    dropdown.preprocess = lambda value: value
    return dropdown
