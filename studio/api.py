"""The same for programs: Gradio's API, with the queue and the limits of the page."""

import secrets
from pathlib import Path

import gradio as gr

from errors import InputError
from studio import painting
from studio.actions import Studio
from studio.cleanup import METHODS, Cleanup
from studio.events import reported
from studio.swatches import rows
from studio.widgets import image_as_uploaded


class Api:
    """The endpoints /color, /variations, /tags and /weights."""

    def __init__(self, studio: Studio):
        self.studio = studio

    @reported
    def color(
        self, sketch: str, tags: list[str], weights: str, cleanup: str, invert: bool, size: str,
        enlarge_by: str,
    ):  # fmt: skip
        """Color a sketch. Returns the PNG, and a JSON with tags, weights and seconds.

        tags: names or ids. weights: "" for the first. The other values are the page's.
        """
        painted, lines, read = self.studio.paint_file(
            _required(sketch), Cleanup(cleanup, invert), _words(tags), weights
        )
        method = enlarge_by or painting.methods()[0]
        picture = self.studio.enlarge_file(painted, lines, read.gray.size, size, method)
        weights = self.studio.weights.named(weights)
        path = self._path("colored.png")
        painting.save_png(picture, path, painted.tags, weights, read.dpi)
        about = {"tags": painted.tags, "weights": weights, "seconds": round(painted.seconds, 3)}
        return str(path), about

    @reported
    def variations(
        self, sketch: str, tags: list[str], weights: str, what: str, count: float, seed: float,
        cleanup: str, invert: bool,
    ) -> str:  # fmt: skip
        """Color a sketch in every color of one thing ("hair", "skirt", …: see /tags), or in `count`
        "random palettes". Returns a ZIP of PNG files, named by their tags."""
        all_painted = self.studio.vary_file(
            _required(sketch),
            Cleanup(cleanup, invert),
            _words(tags),
            weights,
            what,
            int(count),
            int(seed),
        )
        weights = weights or self.studio.weights.first
        folder = self._path("pictures").parent
        pictures = [
            painting.save_png(painted.picture, folder / f"{number}.png", painted.tags, weights)
            for number, painted in enumerate(all_painted)
        ]
        names = [
            f"{number:02d}_{painting.file_stem('', painted.tags).lstrip('-')}.png"
            for number, painted in enumerate(all_painted, 1)
        ]
        archive = painting.write_zip(pictures, names, folder / "variations.zip")
        for picture in pictures:
            picture.unlink()
        return str(archive)

    def tags(self, weights: str = "") -> dict:
        """The color tags of the weights, by what they color."""
        vocabulary = self.studio.weights.colorist(weights).vocabulary
        things = rows(vocabulary)
        several = {name: [vocabulary.names[tag] for tag in tags] for name, tags in things.items()}
        return {"things": several, "all": [vocabulary.names[tag] for tag in vocabulary.cvt]}

    def weights(self) -> list:
        """The weights that can be chosen, the default first."""
        return self.studio.weights.refresh()

    def _path(self, name: str) -> Path:
        """In Gradio's cache: it removes what is there when it is old."""
        folder = self.studio.cache / secrets.token_hex(16)
        folder.mkdir(parents=True)
        return folder / name


def add_api(studio: Studio) -> None:
    """Add the endpoints to the app being built; their components are never shown."""
    api = Api(studio)
    painter = {"concurrency_id": "painter", "concurrency_limit": 1}
    with gr.Row(visible=False):
        sketch = image_as_uploaded(studio.cache, label="sketch")
        tags = gr.JSON([], label="tags")
        weights = gr.Textbox("", label="weights")
        cleanup = gr.Radio(list(METHODS), value="none", label="cleanup")
        invert = gr.Checkbox(label="invert")
        size = gr.Dropdown(list(painting.SIZES), value="as painted", label="size")
        enlarge_by = gr.Dropdown(["", *painting.methods()], value="", label="enlarge_by")
        what = gr.Textbox("hair", label="what")
        count = gr.Number(9, label="count")
        seed = gr.Number(0, label="seed")
        picture, about = gr.Image(label="picture", type="filepath"), gr.JSON(label="about")
        archive = gr.File(label="archive")
        gr.Button().click(
            api.color, [sketch, tags, weights, cleanup, invert, size, enlarge_by],
            [picture, about], api_name="color", **painter,
        )  # fmt: skip
        gr.Button().click(
            api.variations, [sketch, tags, weights, what, count, seed, cleanup, invert], archive,
            api_name="variations", **painter,
        )  # fmt: skip
    gr.api(reported(api.tags), api_name="tags", **painter)
    gr.api(reported(api.weights), api_name="weights")


def _required(sketch: str | None) -> str:
    if not sketch:
        raise InputError("no sketch: upload a picture file first")
    return sketch


def _words(tags) -> list[str]:
    if not isinstance(tags, list) or not all(isinstance(tag, (str, int)) for tag in tags):
        raise InputError("tags is a list of tag names or ids")
    return [str(tag) for tag in tags]
