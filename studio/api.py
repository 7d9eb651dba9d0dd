"""The same for programs: Gradio's API, with the queue and the limits of the page."""

import secrets
from dataclasses import replace
from pathlib import Path

import gradio as gr
from PIL import Image

from coloring.colorist import Colorist
from errors import InputError
from finishing.saving import FORMATS
from studio import painting
from studio.actions import Studio
from studio.cleanup import METHODS, Cleanup, clean
from studio.events import reported
from studio.painting import Painted
from studio.saving import Unsaved
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
        enlarge_by: str, file: str, transparent: bool,
    ):  # fmt: skip
        """Color a sketch. Returns the file, and a JSON with tags, weights and seconds.

        tags: names or ids, and exact colors such as "hair=#3355cc". weights: "" for the first.
        file: "png", or "ora" and "psd" with layers. The other values are the page's.
        """
        words, method = _words(tags), enlarge_by or painting.methods()[0]
        colorist = self.studio.weights.colorist(weights)
        names, exact = painting.split_words(words)
        painting.check_method(method, exact, file, transparent)
        chosen = painting.color_tags(colorist.vocabulary, names)
        read, lines = self._read(sketch, Cleanup(cleanup, invert))
        painted = self._paint(colorist, lines, chosen, painting.exact_words(words))
        path = self._path(f"{painting.file_stem(Path(sketch).stem, painted.tags)}.{file}")
        picture = Unsaved(colorist, painted, lines, self.studio.weights.named(weights), read.dpi)
        self.studio.saving.save_unsaved(picture, path, size, method, transparent)
        about = {
            "tags": list(painted.tags),
            "weights": picture.weights,
            "seconds": round(painted.seconds, 3),
        }
        return str(path), about

    @reported
    def variations(
        self, sketch: str, tags: list[str], weights: str, what: str, count: float, seed: float,
        cleanup: str, invert: bool, size: str, enlarge_by: str,
    ) -> str:  # fmt: skip
        """Color a sketch in every color of one thing ("hair", "skirt", …: see /tags), or in `count`
        "random palettes". Returns a ZIP of PNG files, named by their tags."""
        words, method = _words(tags), enlarge_by or painting.methods()[0]
        colorist = self.studio.weights.colorist(weights)
        choices = self.studio.choices(colorist, words, what, int(count), int(seed))
        exact_words = painting.exact_words(words, besides=what)
        painting.check_method(method, painting.split_words(exact_words)[1])
        read, lines = self._read(sketch, Cleanup(cleanup, invert))
        archive = self._path("variations.zip")
        pictures, names = [], []
        for number, choice in enumerate(choices, 1):
            painted = self._paint(colorist, lines, choice, exact_words)
            picture = Unsaved(
                colorist, painted, lines, self.studio.weights.named(weights), read.dpi
            )
            pictures.append(archive.with_name(f"{number}.png"))
            self.studio.saving.save_unsaved(picture, pictures[-1], size, method)
            stem = painting.file_stem("", painted.tags).lstrip("-")
            names.append(f"{number:02d}_{stem}.png")
        painting.write_zip(pictures, names, archive)
        for path in pictures:
            path.unlink()
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

    def _paint(
        self, colorist: Colorist, lines: Image.Image, tags: list[int], exact_words: list[str]
    ) -> Painted:
        painted = self.studio.paint(colorist, lines, tags)
        return replace(painted, tags=(*painted.tags, *exact_words))

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
        size = gr.Dropdown(list(painting.SIZES), value=painting.AS_THE_SKETCH, label="size")
        enlarge_by = gr.Dropdown(["", *painting.methods()], value="", label="enlarge_by")
        file = gr.Dropdown(list(FORMATS), value=FORMATS[0], label="file")
        transparent = gr.Checkbox(label="transparent")
        what = gr.Textbox("hair", label="what")
        count = gr.Number(9, label="count")
        seed = gr.Number(0, label="seed")
        picture, about = gr.File(label="picture"), gr.JSON(label="about")
        archive = gr.File(label="archive")
        gr.Button().click(
            api.color,
            [sketch, tags, weights, cleanup, invert, size, enlarge_by, file, transparent],
            [picture, about], api_name="color", **several,
        )  # fmt: skip
        gr.Button().click(
            api.variations,
            [sketch, tags, weights, what, count, seed, cleanup, invert, size, enlarge_by], archive,
            api_name="variations", **several,
        )  # fmt: skip
    gr.api(reported(api.tags), api_name="tags", **several)
    gr.api(reported(api.weights), api_name="weights")


def _words(tags) -> list[str]:
    if not isinstance(tags, list) or not all(isinstance(tag, (str, int)) for tag in tags):
        raise InputError("tags is a list of tag names or ids")
    return [str(tag) for tag in tags]
