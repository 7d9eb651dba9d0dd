"""What every style gives: a picture that can be painted in color, as lines, and by part."""

from collections.abc import Mapping
from typing import Protocol

TRAIN, SKETCH, REJECTED = "train", "sketch", "rejected"


class DrawnPicture(Protocol):
    """One drawing, decided from a seed, with its tags; its pixels come from its SVGs.

    `width` and `height` are those of the imagined original in pixels. `tags` are Danbooru tag ids,
    `expected` is what the filter must make of them ("train", "sketch" or "rejected"), for the
    `reason` given. `parts` are those that have a mask, and `colors` the id of the tag that says
    which color a part has (parts of a color that nobody tags are missing). `face` is the square
    (left, top, side) around eyes, mouth and fringe, in fractions of the picture's longer side
    from its top left corner; None without a face that can be cut out.
    """

    style: str
    file_id: int
    width: int
    height: int
    line_only: bool
    expected: str
    reason: str
    tags: tuple[int, ...]
    parts: tuple[str, ...]
    colors: Mapping[str, int]
    face: tuple[float, float, float] | None

    def color_svg(self, width: int, height: int) -> str:
        """The picture in color, `width` x `height` pixels."""

    def line_svg(self, width: int, height: int) -> str:
        """Black lines on white paper, nothing filled."""

    def part_svg(self, width: int, height: int, colors: Mapping[str, str]) -> str:
        """The parts that `colors` names in these colors, all else black."""
