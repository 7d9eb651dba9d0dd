"""Which part each pixel of a drawn picture belongs to, as training reads it."""

import numpy as np

from drawn_art.picture import DrawnPicture
from drawn_art.render import crop_padding, frame_as_cropped, render_color, render_parts
from loader.parts import BACKGROUND, PARTS, UNTAGGED

_STEP = 14  # between the blues that stand for the parts


def render_part_map(picture: DrawnPicture, size: int) -> np.ndarray:
    """The map of `picture` as the crop stage frames the color image: (size, size) uint8.

    Its numbers are those of `loader.parts.PARTS`: 0 for lines and what is no part of that list,
    UNTAGGED more for parts of a color that no tag says.
    """
    parts = [part for part in PARTS if part in picture.parts]
    numbers = {part: 1 + PARTS.index(part) for part in parts}
    blues = {part: f"#0000{_STEP * number:02x}" for part, number in numbers.items()}
    found = render_parts(picture, size, blues, crisp=True)[..., 2] // _STEP
    padding = crop_padding(picture, render_color(picture, size))
    framed = frame_as_cropped(picture, found, padding, paper=0)
    if padding == "white":
        inside = frame_as_cropped(picture, np.ones_like(found), padding, paper=0)
        framed[inside == 0] = BACKGROUND
    untagged = [numbers[part] for part in parts if part not in picture.colors]
    framed[np.isin(framed, untagged)] += UNTAGGED
    return framed
