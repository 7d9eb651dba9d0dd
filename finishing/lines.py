"""The lines of a sketch apart from its paper, to be laid on top of colors."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

# A sketch is colored if more than this share of it has channels that differ by more than the
# artifacts of JPEG on gray do.
COLORED_SHARE = 2e-4
COLORED_SPREAD = 40
# How far from white paper may be.
BLANK = 8
# Pixels that are turned to floating point at a time.
STRIP = 1 << 20


@dataclass(frozen=True)
class Lines:
    """Lines without their paper: how much each pixel is covered, (H, W) uint8, and the color of
    the line there, (H, W, 3) uint8 RGB, or None where all of them are black or gray."""

    cover: np.ndarray
    color: np.ndarray | None = None

    @property
    def gray(self) -> np.ndarray:
        """The lines as black on white paper, (H, W) uint8: what networks are given."""
        return 255 - self.cover

    def over(self, colors: np.ndarray) -> np.ndarray:
        """Lay the lines over RGB (H, W, 3) uint8. Over white they are the sketch again."""
        if self.color is None:
            return cv2.multiply(colors, cv2.merge([self.gray] * 3), scale=1 / 255)
        result = np.empty_like(colors)
        for rows in strips(self.cover.shape):
            cover = self.cover[rows, :, None].astype(np.float32) / 255
            mixed = colors[rows] * (1 - cover) + self.color[rows] * cover
            result[rows] = np.rint(mixed)
        return result

    def rgba(self) -> np.ndarray:
        """The lines alone as (H, W, 4) uint8, not premultiplied."""
        color = np.zeros((*self.cover.shape, 3), np.uint8) if self.color is None else self.color
        return np.dstack([color, self.cover])


def lines_of(sketch: np.ndarray) -> Lines:
    """The lines of a sketch, uint8: gray (H, W), RGB (H, W, 3) or RGBA (H, W, 4).

    The paper is white, and transparency lies on it. Lines that are not gray keep their color: each
    pixel is taken for the color that covers least of the paper. A picture that is blank on white
    paper though not all of it is transparent, as white lines are, has all it shows as its lines.
    """
    if sketch.ndim == 2:
        return Lines(255 - sketch)
    if sketch.shape[2] == 4:
        cover = np.ascontiguousarray(sketch[..., 3])
        color = np.ascontiguousarray(sketch[..., :3])
        sketch = Lines(cover, color).over(np.full_like(color, 255)) if cover.min() < 255 else color
        if sketch.min() >= 255 - BLANK and cover.min() <= BLANK < cover.max():
            return Lines(cover, color)
    if not _is_colored(sketch):
        return Lines(255 - cv2.cvtColor(sketch, cv2.COLOR_RGB2GRAY))
    cover = 255 - sketch.min(axis=2)
    color = np.empty_like(sketch)
    for rows in strips(cover.shape):
        share = np.maximum(cover[rows, :, None], 1).astype(np.float32) / 255
        unmixed = (sketch[rows] - 255 * (1 - share)) / share
        color[rows] = np.rint(unmixed.clip(0, 255))
    return Lines(cover, color)


def strips(shape: tuple[int, int]) -> Iterator[slice]:
    """The rows of a picture in pieces small enough for floating point."""
    step = max(1, STRIP // shape[1])
    for start in range(0, shape[0], step):
        yield slice(start, start + step)


def _is_colored(sketch: np.ndarray) -> bool:
    red, green, blue = cv2.split(sketch)
    highest = cv2.max(red, cv2.max(green, blue))
    lowest = cv2.min(red, cv2.min(green, blue))
    colored = cv2.subtract(highest, lowest) > COLORED_SPREAD
    return np.count_nonzero(colored) > COLORED_SHARE * colored.size
