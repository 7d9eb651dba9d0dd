"""The page: what stands where, and which action each control starts."""

from pathlib import Path
from types import SimpleNamespace

import gradio as gr

from command_line.flags import PROJECT
from studio import painting
from studio.actions import Studio
from studio.api import add_api, sketch_image
from studio.events import Handlers, device_line
from studio.session import HISTORY, Session
from studio.sketch import METHODS
from studio.swatches import as_json, rows, sections

ASSETS = Path(__file__).with_name("assets")
EXAMPLES = PROJECT / "testset" / "liner_test"
SESSION_SECONDS = 3600
QUEUE = 100


def theme() -> gr.themes.Base:
    """Fonts of the system: the page loads nothing from elsewhere."""
    return gr.themes.Soft(
        primary_hue="violet",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )


def build(studio: Studio) -> gr.Blocks:
    """The whole app, not yet listening."""
    # Gradio's copies of files go after an hour; a session's own files stay as long as it lives.
    with gr.Blocks(
        title="Tag2Pix studio", fill_width=True, delete_cache=(600, SESSION_SECONDS)
    ) as app:
        session = gr.State(
            Session(studio.root), time_to_live=24 * SESSION_SECONDS, delete_callback=Session.close
        )
        # First: the page's own events must not take the names of the API.
        add_api(studio)
        page = SimpleNamespace(session=session, **_header(studio))
        with gr.Row(elem_id="studio"):
            with gr.Column(scale=3, min_width=300):
                vars(page).update(_sketch_column(studio))
            with gr.Column(scale=4, min_width=320):
                vars(page).update(_tag_column(studio))
            with gr.Column(scale=5, min_width=320):
                vars(page).update(_result_column(studio))
        page.download = gr.File(visible="hidden", elem_id="download")
        handlers = Handlers(studio, _examples())
        _wire(page, handlers)
        app.load(handlers.list_weights, None, page.weights, api_visibility="private")
    app.queue(default_concurrency_limit=4, max_size=QUEUE)
    return app


def _header(studio: Studio) -> dict:
    with gr.Row(elem_id="head"):
        gr.HTML("<h1>Tag2Pix studio</h1><p>Line art in, colors by tag.</p>", elem_id="title")
        device = gr.HTML(device_line(studio), elem_id="device")
        weights = gr.Dropdown(
            list(studio.weights.paths), value=studio.weights.first, label="Weights",
            elem_id="weights", scale=0, min_width=260,
        )  # fmt: skip
    return {"device": device, "weights": weights}


def _sketch_column(studio: Studio) -> dict:
    gr.HTML("<h3>Sketch</h3> drop or paste it anywhere")
    sketch = sketch_image(
        studio.cache, show_label=False, height=380,
        sources=["upload", "clipboard"], buttons=["fullscreen"], elem_id="sketch",
    )  # fmt: skip
    notice = gr.HTML(elem_id="notice")
    if _examples():
        gr.HTML("<h3>Examples</h3>")
    examples = gr.Gallery(
        [str(path) for path in _examples()], show_label=False, columns=6, height="auto",
        allow_preview=False, buttons=[], elem_id="examples", elem_classes="strip",
        visible=bool(_examples()), object_fit="cover", interactive=False,
    )  # fmt: skip
    with gr.Accordion("Clean up the lines first", open=False, elem_id="cleanup"):
        labels = {"none": "As it is", "threshold": "Black and white", "xdog": "XDoG (photo, gray)"}
        method = gr.Radio(
            [(labels[name], name) for name in METHODS], value="none", label="Lines",
            elem_id="method",
        )  # fmt: skip
        invert = gr.Checkbox(label="Invert: the lines are light on dark", elem_id="invert")
        level = gr.Slider(0, 255, 0, step=1, label="Threshold (0: automatic)", visible=False)
        sigma = gr.Slider(0.3, 2, 0.4, step=0.05, label="XDoG: line width", visible=False)
        preview = gr.Image(
            label="What is colored", type="filepath", interactive=False, buttons=[], height=240,
            elem_id="preview", visible=False,
        )  # fmt: skip
    return {
        "sketch": sketch, "notice": notice, "examples": examples, "method": method,
        "invert": invert, "level": level, "sigma": sigma, "preview": preview,
    }  # fmt: skip


def _tag_column(studio: Studio) -> dict:
    vocabulary = studio.weights.colorist("").vocabulary
    picker = gr.HTML(
        [],
        html_template=(ASSETS / "picker.html").read_text(encoding="utf-8"),
        js_on_load=(ASSETS / "picker.js").read_text(encoding="utf-8"),
        sections=as_json(sections(vocabulary)),
        query="",
        elem_id="picker",
        container=True,
        padding=True,
    )
    return {"picker": picker}


def _result_column(studio: Studio) -> dict:
    vocabulary = studio.weights.colorist("").vocabulary
    with gr.Row(elem_id="actions"):
        color = gr.Button("Color", variant="primary", elem_id="color", scale=3)
        live = gr.Checkbox(label="at every click", elem_id="live", container=False, min_width=130)
    compare = gr.ImageSlider(
        show_label=False, type="filepath", interactive=False,
        slider_position=8, buttons=["fullscreen"], elem_id="compare", max_height=620,
    )  # fmt: skip
    status = gr.HTML(elem_id="status")
    gr.HTML(f"<h3>History</h3> the last {HISTORY}: click to return", elem_id="history-title")
    history = gr.Gallery(
        show_label=False, columns=HISTORY, height="auto",
        allow_preview=False, buttons=[], elem_id="history", elem_classes="strip", visible=False,
        interactive=False,
    )  # fmt: skip
    with gr.Accordion("Save", open=True, elem_id="saving"), gr.Row(elem_classes="controls"):
        size = gr.Dropdown(list(painting.SIZES), label="Size", min_width=140, elem_id="size")
        method = gr.Dropdown(painting.methods(), label="Enlarged by", min_width=120)
        save = gr.Button("Save PNG", elem_id="save", min_width=110)
    with gr.Accordion("Variations", open=True, elem_id="varying"):
        with gr.Row(elem_classes="controls"):
            what = gr.Dropdown(
                [painting.RANDOM, *rows(vocabulary)], value="hair", label="Vary", min_width=150,
                elem_id="what",
            )  # fmt: skip
            count = gr.Slider(2, painting.MAX_VARIATIONS, 9, step=1, label="How many",
                              visible=False, min_width=150)  # fmt: skip
            vary = gr.Button("Make variations", elem_id="vary", min_width=140)
        grid = gr.Gallery(
            show_label=False, columns=4, height="auto", allow_preview=False,
            buttons=[], elem_id="grid", visible=False, interactive=False,
        )  # fmt: skip
        with gr.Row(visible=False) as exports:
            save_zip = gr.Button("All as ZIP", elem_id="zip", size="sm")
            save_sheet = gr.Button("As one sheet", elem_id="sheet", size="sm")
    return {
        "color": color, "live": live, "compare": compare, "status": status, "history": history,
        "size": size, "enlarged_by": method, "save": save, "what": what, "count": count,
        "vary": vary, "grid": grid, "exports": exports, "save_zip": save_zip,
        "save_sheet": save_sheet,
    }  # fmt: skip


def _examples() -> list[Path]:
    return sorted(EXAMPLES.glob("*.png"), key=lambda path: (len(path.stem), path.stem))


DOWNLOAD = """(file) => {
  if (!file) return;
  const link = document.createElement('a');
  link.href = file.url;
  link.download = file.orig_name || '';
  link.click();
}"""


# On a phone the result lies below the tags.
SHOW_RESULT = """() => {
  if (matchMedia('(max-width: 700px)').matches) {
    document.querySelector('#compare').scrollIntoView({ behavior: 'smooth', block: 'center' });
  }
}"""


def _wire(page: SimpleNamespace, handlers: Handlers) -> None:
    private = {"api_visibility": "private"}
    painter = private | {"concurrency_id": "painter", "concurrency_limit": 1}
    cleanup = [page.method, page.invert, page.level, page.sigma]
    loaded = [page.session, page.notice, page.preview]
    shown = [page.session, page.compare, page.status, page.history]
    request = [page.session, page.picker, page.weights, page.sketch, *cleanup]

    page.sketch.upload(
        handlers.load, [page.session, page.sketch, *cleanup], [*loaded, page.sketch], **private
    )
    page.sketch.clear(handlers.unload, page.session, loaded, **private)
    page.examples.select(
        handlers.load_example, [page.session, *cleanup], [*loaded, page.sketch], **private
    )
    gr.on(
        [page.method.input, page.invert.input, page.level.release, page.sigma.release],
        handlers.clean,
        [page.session, *cleanup],
        [page.session, page.preview, page.level, page.sigma],
        **private,
    )
    page.weights.input(
        handlers.choose_weights, [page.weights, page.picker],
        [page.device, page.picker, page.what], **painter,
    )  # fmt: skip

    colored = page.color.click(handlers.color, request, shown, **painter)
    colored.success(None, js=SHOW_RESULT)
    page.picker.input(
        handlers.color_live, [page.live, *request], shown,
        trigger_mode="always_last", show_progress="hidden", **painter,
    )  # fmt: skip
    returned = [*shown, page.picker, page.sketch, page.preview]
    page.history.select(handlers.return_to_history, page.session, returned, **private)
    page.grid.select(handlers.return_to_variation, page.session, returned, **private)

    page.what.input(handlers.choose_variation, page.what, page.count, **private)
    page.vary.click(
        handlers.vary, [page.what, page.count, *request],
        [page.session, page.grid, page.exports], **painter,
    )  # fmt: skip
    for button, action, inputs, limits in (
        (page.save, handlers.save, [page.session, page.size, page.enlarged_by], painter),
        (page.save_zip, handlers.save_zip, [page.session], private),
        (page.save_sheet, handlers.save_sheet, [page.session], private),
    ):
        saved = button.click(action, inputs, page.download, **limits)
        saved.success(None, page.download, None, js=DOWNLOAD)
