"""Maps of parts: what they say of a pixel is what its masks say."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from drawn_art.part_map import render_part_map
from drawn_art.render import render_cropped
from drawn_art.styles import STYLES
from loader.parts import PARTS, UNTAGGED

SIZE = 256


@pytest.mark.parametrize("style", STYLES)
def test_the_map_is_that_of_the_masks(style):
    counted, wrong = 0, 0
    for index in range(6):
        picture = STYLES[style].choose(11, index, outside=False)
        part_map, pictures = render_part_map(picture, SIZE), render_cropped(picture, SIZE)
        assert part_map.shape == pictures["color"].shape[:2] and part_map.dtype == np.uint8
        known = {part for part in PARTS if part in picture.parts}
        there = {PARTS[number % UNTAGGED - 1] for number in np.unique(part_map) if number}
        assert there <= known
        for part in known:
            number = 1 + PARTS.index(part) + (0 if part in picture.colors else UNTAGGED)
            inside = ndimage.binary_erosion(pictures[part] == 255)
            outside = ndimage.binary_erosion(pictures[part] == 0)
            counted += inside.sum()
            wrong += (part_map[inside] != number).sum() + (part_map[outside] == number).sum()
    assert counted > 6 * SIZE * SIZE / 4 and wrong < 0.002 * counted


def test_edges_have_no_number_of_another_part():
    """Between hair and background there are lines alone, which have none."""
    picture = STYLES["figures"].choose(11, 0, outside=False)
    part_map = render_part_map(picture, SIZE) % UNTAGGED
    for part in set(np.unique(part_map).tolist()) - {0}:
        opened = cv2.morphologyEx(np.uint8(part_map == part), cv2.MORPH_OPEN, np.ones((2, 2)))
        alone = (part_map == part).sum() - opened.sum()
        assert alone < 0.35 * (part_map == part).sum() + 20, PARTS[part - 1]
