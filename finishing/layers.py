"""A finished picture as layers, from the paper up to the lines."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from finishing.finish import Finished
from finishing.parts import PARTS, REST

ORDER = (PARTS[0], REST, *PARTS[1:])


@dataclass(frozen=True)
class Layer:
    """A picture in mode RGBA, not premultiplied, and where its upper left corner lies."""

    name: str
    picture: Image.Image
    left: int = 0
    top: int = 0
    visible: bool = True


def layers_of(finished: Finished, *, transparent: bool = False) -> Iterator[Layer]:
    """Paper, a layer for every part that is there, and the lines, from the bottom up.

    Laid on each other they are `finished.picture()`. With `transparent` the paper and the
    background are there but not visible. Raises ValueError if no parts were found.
    """
    size = finished.lines.cover.shape[::-1]
    yield Layer("paper", Image.new("RGBA", size, "white"), visible=not transparent)
    for part in ORDER:
        inside = finished.inside(part).astype(np.uint8) * 255
        left, top, width, height = cv2.boundingRect(inside)
        if width:
            window = np.s_[top : top + height, left : left + width]
            pixels = np.dstack([finished.colors[window], inside[window]])
            visible = not (transparent and part == "background")
            yield Layer(part, Image.fromarray(pixels), left, top, visible)
    yield Layer("lines", Image.fromarray(finished.lines.rgba()))
