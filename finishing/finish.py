"""A sketch and a small painted picture of it made into a full-size picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from finishing.exact import RGB, recolor
from finishing.fill import fill
from finishing.lines import Lines, lines_of
from finishing.parts import NAMES, find_parts
from finishing.regions import Regions, find_regions
from finishing.spread import spread_paint

METHODS = ("shaded", "flat")
WHITE = 255


@dataclass(frozen=True)
class Finished:
    """A picture at the size of its sketch.

    colors: (H, W, 3) uint8 RGB, also under the lines. lines: what lies on top. parts: (H, W) uint8
    as an index of finishing.parts.NAMES, or None where nobody asked for them.
    """

    colors: np.ndarray
    lines: Lines
    parts: np.ndarray | None = None

    def picture(self, *, transparent: bool = False) -> np.ndarray:
        """With lines: (H, W, 3) uint8 RGB, or RGBA (H, W, 4), not premultiplied, without the
        background."""
        if not transparent:
            return self.lines.over(self.colors)
        behind = self.inside("background")
        picture = np.dstack([self.lines.over(self.colors), np.full_like(self.lines.cover, WHITE)])
        picture[behind] = self.lines.rgba()[behind]
        return picture

    def inside(self, part: str) -> np.ndarray:
        """Where a part is, (H, W) bool. Raises ValueError if no parts were found."""
        if self.parts is None:
            raise ValueError("the picture was finished without its parts")
        return self.parts == NAMES.index(part)


class Sketch:
    """A sketch ready to be finished any number of times: its lines, and the regions between them,
    which are found when they are first needed."""

    def __init__(self, pixels: np.ndarray):
        """pixels: uint8, gray (H, W), RGB (H, W, 3) or RGBA (H, W, 4)."""
        self.lines = lines_of(pixels)

    @cached_property
    def regions(self) -> Regions:
        return find_regions(self.lines.gray)

    def finish(
        self,
        painted: np.ndarray,
        *,
        shaded: bool = True,
        changes: np.ndarray | None = None,
        exact: Mapping[str, RGB] | None = None,
    ) -> Finished:
        """Make a full-size picture.

        painted: (h, w, 3) uint8 RGB of the same view at any smaller size. shaded: see `fill`.
        changes: how much the tags of each part change the painted picture, see `find_parts`; it is
        needed for the parts, and they for `exact` colors and a transparent background.
        """
        spread = spread_paint(self.regions, self.lines.gray, painted)
        colors = fill(self.regions, spread, shaded=shaded)
        if changes is None:
            return Finished(colors, self.lines)
        finished = Finished(colors, self.lines, find_parts(self.regions, spread, changes))
        for part, color in (exact or {}).items():
            inside = finished.inside(part)
            recolor(colors, inside, color, self.regions.labels, spread.region_colors)
        return finished


def fit(pixels: np.ndarray, longest: int) -> np.ndarray:
    """Scale a picture (H, W) or (H, W, n) uint8 so that its longer side has `longest` pixels."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale == 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(pixels, size, interpolation=method)
