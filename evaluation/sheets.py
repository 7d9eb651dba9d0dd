"""Contact sheets of what was measured: the first few drawings, and every color they were given."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from coloring.sheet import contact_sheet
from drawn_art.parts import PARTS
from evaluation.dataset_metrics import Colored
from evaluation.drawings import HeldOut
from loader.tags import load_vocabulary

SHOWN = 3
TILE = 96
COMPARED = 8
COMPARED_COLUMNS = 6


class ColorSheets:
    """Keeps small copies of the pictures of the first `shown` drawings; call it with what
    `evaluation.recolor.Show` describes."""

    def __init__(self, shown: int = SHOWN):
        self.shown = shown
        self.tiles: dict[tuple[str, str], dict[int, dict[int, Image.Image]]] = {}

    def __call__(self, kind: str, part: str, number: int, tag: int, picture: np.ndarray) -> None:
        if number < self.shown:
            rows = self.tiles.setdefault((kind, part), {})
            rows.setdefault(number, {})[tag] = tile(picture)

    def sheets(self, drawings: Sequence[HeldOut]) -> dict[tuple[str, str], Image.Image]:
        """One sheet for every kind of line art and part: line art, then the same in each color."""
        return {
            (kind, part): self._sheet(kind, part, rows, drawings)
            for (kind, part), rows in self.tiles.items()
        }

    def _sheet(
        self,
        kind: str,
        part: str,
        rows: Mapping[int, Mapping[int, Image.Image]],
        drawings: Sequence[HeldOut],
    ) -> Image.Image:
        tags = sorted(next(iter(rows.values())), key=list(PARTS[part].colors).index)
        names = load_vocabulary().names
        pictures, captions = [], []
        for number, painted in rows.items():
            pictures += [sketch_tile(drawings[number].sketches[kind])]
            pictures += [painted[tag] for tag in tags]
            captions += ["line art", *(names[tag].rpartition("_")[0] for tag in tags)]
        return contact_sheet(pictures, captions, 1 + len(tags))


class Comparison:
    """A measure that keeps the first pictures for a sheet: line art, colored, true."""

    def __init__(self, shown: int = COMPARED):
        self.shown = shown
        self.tiles: list[Image.Image] = []

    def update(self, batch: Colored) -> None:
        for triple in zip(batch.sketches, batch.colored, batch.true, strict=True):
            if len(self.tiles) < 3 * self.shown:
                sketch, colored, true = triple
                self.tiles += [sketch_tile(sketch), tile(colored), tile(true)]

    def result(self) -> Image.Image:
        captions = ["line art", "colored", "true"] * (len(self.tiles) // 3)
        return contact_sheet(self.tiles, captions, COMPARED_COLUMNS)


def tile(picture: np.ndarray) -> Image.Image:
    """A picture, (H, W, 3) or (H, W) uint8, at the size of a sheet's tiles."""
    image = Image.fromarray(picture).convert("RGB")
    return image.resize((TILE, TILE), Image.Resampling.LANCZOS)


def sketch_tile(sketch: Tensor) -> Image.Image:
    """Line art (1, S, S) in [0, 1] as a tile."""
    return tile((sketch[0] * 255).byte().numpy())
