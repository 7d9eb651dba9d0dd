"""What is colored to measure color control: drawings that no network has trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from drawn_art.parts import ALL_PARTS
from drawn_art.render import render_cropped
from drawn_art.reserved import RESERVED_SEED
from drawn_art.styles import STYLES
from images.color_space import to_network
from images.line_art import fit_sketch
from line_art.xdog import random_parameters, xdog
from loader.dataset import Pair
from loader.tags import Vocabulary

LINE_ART, XDOG = "line_art", "xdog"
KINDS = (LINE_ART, XDOG)

# As large as the pictures of the demo's data set; larger for a network that works at more.
RENDERED = 256
XDOG_SEED = 10


_TINTED = tuple(part.tinted for part in ALL_PARTS.values() if part.tinted)
_MASKS = {*(part.mask for part in ALL_PARTS.values()), *_TINTED}


@dataclass(frozen=True)
class HeldOut:
    """A drawing at the size of a network: its tag ids, its true picture (S, S, 3) uint8 RGB, its
    line art by kind, (1, S, S) in [0, 1], and the masks of its parts, (S, S) uint8 (of those that
    are seen nowhere, too)."""

    tags: tuple[int, ...]
    color: np.ndarray
    sketches: Mapping[str, Tensor]
    masks: Mapping[str, np.ndarray]


class HeldOutDrawings(Sequence[HeldOut]):
    """`count` drawings in a style of the seed that no data set may use, drawn when asked for.

    `line_art` is inked, `xdog` extracted from the true picture as the sketch stage does. Both are
    made at 256 px, or at `size` if that is more, and brought to `size` as all line art is.
    """

    def __init__(self, count: int, size: int, style: str = "adventurer"):
        self.count, self.size, self.style = count, size, style

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> HeldOut:
        if not 0 <= index < self.count:
            raise IndexError(index)
        drawing = STYLES[self.style].choose(RESERVED_SEED, index, outside=False)
        pictures = render_cropped(drawing, max(RENDERED, self.size), further=_TINTED)
        gray = cv2.cvtColor(pictures["color"], cv2.COLOR_RGB2GRAY)
        sigma, k = random_parameters(drawing.file_id, XDOG_SEED)
        lines = {LINE_ART: pictures["line_art"], XDOG: xdog(gray, sigma, k)}
        side = (self.size, self.size)
        unseen = np.zeros_like(gray)
        color = Image.fromarray(pictures["color"]).resize(side, Image.Resampling.LANCZOS)
        return HeldOut(
            drawing.tags,
            np.asarray(color),
            {kind: fit_sketch(Image.fromarray(lines[kind]), self.size) for kind in KINDS},
            {
                mask: cv2.resize(pictures.get(mask, unseen), side, interpolation=cv2.INTER_AREA)
                for mask in _MASKS
            },
        )


class DrawnPairs(Dataset):
    """The same drawings as pairs with their own tags, as those of BenchmarkPairs."""

    def __init__(self, drawings: HeldOutDrawings, kind: str, vocabulary: Vocabulary):
        self.drawings, self.kind, self.vocabulary = drawings, kind, vocabulary
        self.input_size = drawings.size

    def __len__(self) -> int:
        return len(self.drawings)

    def __getitem__(self, index: int) -> Pair:
        drawing = self.drawings[index]
        cit = torch.zeros(len(self.vocabulary.cit))
        cit[[self.vocabulary.cit_index[tag] for tag in self._known(drawing.tags)]] = 1
        return Pair(
            torch.from_numpy(to_network(drawing.color)),
            drawing.sketches[self.kind],
            cit,
            torch.from_numpy(self.vocabulary.cvt_vector(drawing.tags)),
            "",
        )

    def _known(self, tags: Sequence[int]) -> list[int]:
        return [tag for tag in tags if tag in self.vocabulary.cit_index]
