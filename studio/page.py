"""The page: what stands where, and which action each control starts."""

from pathlib import Path
from types import SimpleNamespace

import gradio as gr

from command_line.flags import PROJECT
from finishing.saving import FORMATS
from studio import painting
from studio.actions import Studio
from studio.api import add_api
from studio.cleanup import METHODS
from studio.events import Handlers, device_line
from studio.session import HISTORY
from studio.swatches import as_json, learned_line, rows, sections
from studio.widgets import ASSETS, PRIVATE, address, html, open_dropdown

EXAMPLES = PROJECT / "testset" / "liner_test"
CACHE_SECONDS = 3600
QUEUE = 100
PAINTER = PRIVATE | {"concurrency_id": "painter", "concurrency_limit": 1}
STEPPER = PRIVATE | {"concurrency_id": "stepper", "concurrency_limit": 1}
VARIER = PRIVATE | {"concurrency_id": "varier", "concurrency_limit": 1}
# These have queues of their own, see Saving, where what waits can be cancelled. Gradio has 40
# threads for all.
FINISHER, SAVER, PACKER = (
    PRIVATE | {"concurrency_id": name, "concurrency_limit": 8}
    for name in ("finisher", "saver", "packer")
)


def theme() -> gr.themes.Base:
    """Fonts of the system: the page loads nothing from elsewhere."""
    return gr.themes.Soft(
        primary_hue="violet",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="white",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        body_background_fill="*neutral_100",
        checkbox_label_background_fill_selected="*primary_700",
        checkbox_border_color="*neutral_500",
        checkbox_border_color_dark="*neutral_400",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
    )


def build(studio: Studio) -> gr.Blocks:
    """The whole app, not yet listening."""
    with gr.Blocks(
        title="Tag2Pix studio", fill_width=True, delete_cache=(600, CACHE_SECONDS)
    ) as app:
        # First: the page's own events must not take the names of the API.
        add_api(studio)
        page = SimpleNamespace(key=gr.Textbox(visible="hidden", elem_id="key"))
        vars(page).update(_header(studio))
        with gr.Row(elem_id="studio"):
            with gr.Column(scale=3, min_width=300, elem_id="sketch-column"):
                vars(page).update(_sketch_column())
            with gr.Column(scale=4, min_width=320, elem_id="tag-column"):
                vars(page).update(_tag_column(studio))
            with gr.Column(scale=5, min_width=320, elem_id="result-column"):
                vars(page).update(_result_column(studio))
        page.download = gr.File(visible="hidden", elem_id="download")
        _wire(app, page, Handlers(studio, examples()))
    app.queue(default_concurrency_limit=4, max_size=QUEUE)
    return app


def _header(studio: Studio) -> dict:
    with gr.Row(elem_id="head"):
        gr.HTML("<h1>Tag2Pix studio</h1><p>Line art in, colors by tag.</p>", elem_id="title")
        device = gr.HTML(device_line(studio), elem_id="device")
        weights = open_dropdown(
            list(studio.weights.paths), value=studio.weights.first, label="Weights",
            elem_id="weights", scale=0, min_width=260,
        )  # fmt: skip
    return {"device": device, "weights": weights}


def _sketch_column() -> dict:
    gr.HTML("<h2><b>1</b> Sketch</h2>", elem_classes="step")
    sketch = html("sketch", {}, elem_id="sketch", container=True)
    notice = gr.HTML(elem_id="notice")
    strip = html(
        "strip",
        [
            {"url": address(path), "html": f"Example {path.stem}", "short": path.stem}
            for path in examples()
        ],
        name="Examples", elem_id="examples", elem_classes="strip", visible=bool(examples()),
    )  # fmt: skip
    with gr.Column(elem_id="lines"):
        photo = gr.Button("Photo of paper: make it white", elem_id="photo", size="sm")
        with gr.Accordion("Clean up the lines first", open=False, elem_id="cleanup"):
            labels = {
                "none": "As it is",
                "threshold": "Black and white",
                "photo": "Photo of paper",
                "xdog": "XDoG (photo, gray)",
            }
            method = gr.Radio(
                [(labels[name], name) for name in METHODS], value="none", label="Lines",
                elem_id="method",
            )  # fmt: skip
            invert = gr.Checkbox(label="Invert: the lines are light on dark", elem_id="invert")
            level = gr.Slider(
                0, 255, 0, step=1, label="Threshold (0: automatic)", visible=False, buttons=[]
            )
            sigma = gr.Slider(
                0.3, 2, 0.4, step=0.05, label="XDoG: line width", visible=False, buttons=[]
            )
    preview = html("preview", {}, elem_id="preview")
    return {
        "sketch": sketch, "notice": notice, "examples": strip, "method": method, "photo": photo,
        "invert": invert, "level": level, "sigma": sigma, "preview": preview,
    }  # fmt: skip


def _tag_column(studio: Studio) -> dict:
    vocabulary = studio.weights.colorist("").vocabulary
    learned = studio.weights.learned("")
    gr.HTML("<h2><b>2</b> Colors</h2>", elem_classes="step")
    picker = html(
        "picker",
        [],
        sections=as_json(sections(vocabulary), learned),
        learned=learned_line(sections(vocabulary), learned),
        query="",
        private=False,
        several=False,
        elem_id="picker",
        container=True,
        padding=True,
    )
    return {"picker": picker}


def _result_column(studio: Studio) -> dict:
    things = rows(studio.weights.colorist("").vocabulary, studio.weights.learned(""))
    gr.HTML("<h2><b>3</b> Result</h2>", elem_classes="step", elem_id="result-title")
    with gr.Row(elem_id="actions"):
        color = gr.Button("Color", variant="primary", elem_id="color", scale=3)
        undo = gr.Button("Undo", elem_id="undo", min_width=70, scale=0, interactive=False)
        redo = gr.Button("Redo", elem_id="redo", min_width=70, scale=0, interactive=False)
        live = gr.Checkbox(label="at every click", elem_id="live", container=False, min_width=130)
    compare = html("compare", {}, elem_id="compare")
    status = gr.HTML(elem_id="status")
    history = html(
        "strip", [], name=f"History: the last {HISTORY}", elem_id="history", elem_classes="strip"
    )
    with gr.Column(elem_id="saving"):
        gr.HTML("<h3>Save</h3>", elem_classes="part")
        with gr.Row(elem_classes="controls"):
            suffix = gr.Dropdown(
                [(name.upper(), name) for name in FORMATS], value="png", label="File",
                min_width=110, elem_id="suffix",
            )  # fmt: skip
            size = gr.Dropdown(
                list(painting.SIZES), label="Size", min_width=240, scale=2, elem_id="size"
            )
            method = gr.Dropdown(painting.methods(), label="Made with", min_width=140)
        with gr.Row(elem_classes="controls", elem_id="saver"):
            save = gr.Button("Save", elem_id="save", min_width=90)
            cancel = gr.Button("Cancel", elem_id="cancel", min_width=90)
            transparent = gr.Checkbox(
                label="transparent background", elem_id="transparent", container=False,
                min_width=190,
            )  # fmt: skip
            batch = gr.Button("Color all files into one ZIP", elem_id="batch", visible=False)
    with gr.Column(elem_id="varying"):
        gr.HTML("<h3>Variations</h3>", elem_classes="part")
        with gr.Row(elem_classes="controls"):
            what = open_dropdown(
                [painting.RANDOM, *things], value=next(iter(things), painting.RANDOM),
                label="Vary", min_width=150, elem_id="what",
            )  # fmt: skip
        with gr.Row(elem_classes="controls", elem_id="making"):
            count = gr.Radio(
                [4, 9, 16, painting.MAX_VARIATIONS], value=9, label="How many", visible=False,
                elem_id="count", min_width=320,
            )  # fmt: skip
            vary = gr.Button("Make variations", elem_id="vary", min_width=140)
            save_zip = gr.Button("All as ZIP", elem_id="zip", min_width=120, visible=False)
            save_sheet = gr.Button("As one sheet", elem_id="sheet", min_width=140, visible=False)
        grid = html("strip", [], name="Variations", elem_id="grid", visible=False)
    return {
        "color": color, "undo": undo, "redo": redo, "live": live, "compare": compare,
        "status": status, "history": history, "suffix": suffix, "size": size,
        "enlarged_by": method, "save": save, "transparent": transparent, "cancel": cancel,
        "what": what, "count": count, "vary": vary, "grid": grid,
        "save_zip": save_zip, "save_sheet": save_sheet, "batch": batch,
    }  # fmt: skip


def examples() -> list[Path]:
    """The sketches that come with the project, in the order of their numbers."""
    return sorted(EXAMPLES.glob("*.png"), key=lambda path: (len(path.stem), path.stem))


def _wire(app: gr.Blocks, page: SimpleNamespace, handlers: Handlers) -> None:
    steps = [page.undo, page.redo]
    whole = [
        page.sketch, page.notice, page.preview, page.method, page.invert, page.level, page.sigma,
        page.picker, page.compare, page.status, page.history, *steps,
    ]  # fmt: skip
    weights = [page.device, page.picker, page.what]
    varied = [page.grid, page.save_zip, page.save_sheet]
    request = [page.key, page.picker, page.weights]
    finish = {
        "fn": handlers.finish, "inputs": page.key, "outputs": [page.compare, page.status],
        "show_progress": "hidden", "trigger_mode": "always_last", **FINISHER,
    }  # fmt: skip

    opened = app.load(
        handlers.restore, page.key, [page.key, page.weights, *weights, *whole, *varied, page.batch],
        js=_script("key.js"), show_progress="hidden", **PRIVATE,
    )  # fmt: skip
    begun = opened.success(
        handlers.begin, [page.key, page.weights], whole, show_progress="hidden", **PAINTER
    )
    begun.success(**finish)

    # What comes while the same is under way must not be lost: Gradio's default is to ignore it.
    # One place for progress and mistakes: else each of the page's parts would say "Error".
    there = {"show_progress_on": page.status}
    page.sketch.input(
        handlers.load, [page.key, page.sketch], [*whole, page.batch], **there, **PRIVATE
    )
    page.examples.input(handlers.load_example, [page.key, page.examples], whole, **there, **PRIVATE)
    page.photo.click(handlers.photo, page.key, whole, **there, **PRIVATE)
    gr.on(
        [page.method.input, page.invert.input, page.level.release, page.sigma.release],
        handlers.clean,
        [page.key, page.method, page.invert, page.level, page.sigma],
        whole,
        **there,
        **PRIVATE,
    )
    page.weights.input(
        handlers.choose_weights, [page.key, page.weights], weights, **there, **PAINTER
    )

    colored = page.color.click(
        handlers.color, request, whole, trigger_mode="always_last", **there, **PAINTER
    )
    colored.success(None, js=_script("show_result.js"))
    colored.success(**finish)
    chosen = page.picker.input(
        handlers.choose, [page.key, page.picker], steps,
        trigger_mode="always_last", show_progress="hidden", **PRIVATE,
    )  # fmt: skip
    lively = chosen.success(
        handlers.color_live, [page.live, *request], whole,
        trigger_mode="always_last", show_progress="hidden", **PAINTER,
    )  # fmt: skip
    lively.success(**finish)
    for event, handler in (
        (page.undo.click, handlers.undo),
        (page.redo.click, handlers.redo),
    ):
        event(handler, page.key, whole, trigger_mode="multiple", show_progress="hidden", **STEPPER)
    for strip, handler in (
        (page.history, handlers.return_to_history),
        (page.grid, handlers.return_to_variation),
    ):
        returned = strip.input(handler, [page.key, strip], whole, **there, **PRIVATE)
        returned.success(None, js=_script("show_result.js"))
        returned.success(**finish)

    page.what.change(handlers.choose_variation, page.what, page.count, **PRIVATE)
    page.vary.click(
        handlers.vary, [page.key, page.what, page.count, page.picker, page.weights], varied,
        **there, **VARIER,
    )  # fmt: skip
    made_with = [page.size, page.enlarged_by]
    for button, action, inputs, outputs, limits in (
        (
            page.save, handlers.save,
            [page.key, *made_with, page.suffix, page.transparent], page.download, SAVER,
        ),
        (page.save_zip, handlers.save_zip, [page.key, *made_with], page.download, PACKER),
        (page.save_sheet, handlers.save_sheet, [page.key], page.download, PACKER),
        (page.batch, handlers.color_batch, request, [page.download, page.notice], PACKER),
    ):  # fmt: skip
        saved = button.click(action, inputs, outputs, **there, **limits)
        saved.success(None, page.download, None, js=_script("download.js"))
    page.cancel.click(handlers.cancel, page.key, None, queue=False, **PRIVATE)


def _script(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
