"""Color control of finished pictures: whether finishing keeps what the network was told."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from coloring.colorist import Colorist
from evaluation.dataset_metrics import DEFAULT_BATCH
from evaluation.drawings import LINE_ART, HeldOutDrawings
from evaluation.recolor import color_control
from finishing.finish import Sketch
from images.line_art import fit_sketch
from loader.tags import Vocabulary

FINISHED = "finished"
# Finished pictures are so many times as large as the network paints.
TIMES = 2


@dataclass
class FinishingPainter:
    """Paints like a colorist, but finishes its pictures, at `TIMES` its size."""

    colorist: Colorist

    @property
    def vocabulary(self) -> Vocabulary:
        return self.colorist.vocabulary

    @property
    def size(self) -> int:
        return TIMES * self.colorist.size

    def paint(self, sketches: Tensor, cvt: Tensor) -> np.ndarray:
        """Line art (B, 1, S, S) in [0, 1], all of one drawing, and multi-hot tags (B, cvt_classes)
        to RGB uint8 (B, S, S, 3)."""
        gray = (sketches[0, 0].numpy() * 255).round().astype(np.uint8)
        small = fit_sketch(Image.fromarray(gray), self.colorist.size)
        sketch = _sketch(gray.tobytes(), gray.shape)
        painted = self.colorist.paint(small.expand(len(cvt), 1, -1, -1), cvt)
        return np.stack([sketch.finish(picture).picture() for picture in painted])


@lru_cache(maxsize=1)
def _sketch(pixels: bytes, shape: tuple[int, int]) -> Sketch:
    """All batches of a drawing share it: finding its regions takes most of the time."""
    return Sketch(np.frombuffer(pixels, np.uint8).reshape(shape))


def finished_control(
    colorist: Colorist, count: int, *, batch_size: int = DEFAULT_BATCH
) -> dict[str, Any]:
    """What `color_control` measures of the first `count` drawings' own line art, finished."""
    painter = FinishingPainter(colorist)
    drawings = HeldOutDrawings(count, painter.size)
    found = color_control(painter, drawings, kinds=(LINE_ART,), batch_size=batch_size)
    return found[LINE_ART]
