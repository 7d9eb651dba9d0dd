"""The same for programs: Gradio's API, with the queue and the limits of the page."""

import secrets
from pathlib import Path

import gradio as gr
from PIL import Image

from errors import InputError
from studio import painting
from studio.actions import Studio
from studio.cleanup import METHODS, Cleanup, clean
from studio.events import reported
from studio.sketch import Sketch, read_sketch_file
from studio.swatches import rows
from studio.widgets import image_as_uploaded

AT_ONCE = 4


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
        words, method = _words(tags), enlarge_by or painting.methods()[0]
        colorist = self.studio.weights.colorist(weights)
        names, exact = painting.split_words(words)
        painting.check_method(method, exact)
        chosen = painting.color_tags(colorist.vocabulary, names)
        read, lines = self._read(sketch, Cleanup(cleanup, invert))
        painted = self.studio.paint(colorist, lines, chosen)
        wanted = painting.target_size(painted.picture.size, size, read.gray.size)
        picture = painted.picture
        if exact or wanted != picture.size:
            picture = self.studio.saving.enlarge(colorist, painted, lines, wanted, method, exact)
        weights = self.studio.weights.named(weights)
        path = self._path("colored.png")
        said = [*painted.tags, *(word for word in words if "=" in word)]
        painting.save_png(picture, path, said, weights, read.dpi)
        about = {"tags": said, "weights": weights, "seconds": round(painted.seconds, 3)}
        return str(path), about

    @reported
    def variations(
        self, sketch: str, tags: list[str], weights: str, what: str, count: float, seed: float,
        cleanup: str, invert: bool,
    ) -> str:  # fmt: skip
        """Color a sketch in every color of one thing ("hair", "skirt", …: see /tags), or in `count`
        "random palettes". Returns a ZIP of PNG files, named by their tags."""
        colorist = self.studio.weights.colorist(weights)
        choices = self.studio.choices(colorist, _words(tags), what, int(count), int(seed))
        _, lines = self._read(sketch, Cleanup(cleanup, invert))
        all_painted = [self.studio.paint(colorist, lines, choice) for choice in choices]
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

    def _read(self, sketch: str | None, cleanup: Cleanup) -> tuple[Sketch, Image.Image]:
        """A sketch, and its line art."""
        if not sketch:
            raise InputError("no sketch: upload a picture file first")
        read = read_sketch_file(sketch, Path(sketch).name, self.studio.limits)
        return read, clean(read.gray, cleanup)

    def _path(self, name: str) -> Path:
        """In Gradio's cache: it removes what is there when it is old."""
        folder = self.studio.cache / secrets.token_hex(16)
        folder.mkdir(parents=True)
        return folder / name


def add_api(studio: Studio) -> None:
    """Add the endpoints to the app being built; their components are never shown."""
    api = Api(studio)
    # Pictures are painted one after another all the same; but none waits while another is enlarged.
    several = {"concurrency_id": "programs", "concurrency_limit": AT_ONCE}
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
            [picture, about], api_name="color", **several,
        )  # fmt: skip
        gr.Button().click(
            api.variations, [sketch, tags, weights, what, count, seed, cleanup, invert], archive,
            api_name="variations", **several,
        )  # fmt: skip
    gr.api(reported(api.tags), api_name="tags", **several)
    gr.api(reported(api.weights), api_name="weights")


def _words(tags) -> list[str]:
    if not isinstance(tags, list) or not all(isinstance(tag, (str, int)) for tag in tags):
        raise InputError("tags is a list of tag names or ids")
    return [str(tag) for tag in tags]
