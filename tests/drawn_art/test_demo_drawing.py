"""Drawings: what is tagged is seen, parts have their colors, and lines have no fills."""

from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy import ndimage
from skimage.color import rgb2lab

from drawn_art import palette
from drawn_art.adventurer import variants
from drawn_art.adventurer.picture import OUTSIDE, choose
from drawn_art.palette import nearest_tag
from drawn_art.render import (
    content_size,
    render_color,
    render_line_art,
    render_masks,
)
from loader.tags import EYE_COLORS, HAIR_COLORS, PERSON_TAGS, load_vocabulary

DRAWINGS = [choose(11, index, outside=False) for index in range(40)]
SIZE = 256


def mean_inside(image, mask, erosion):
    core = ndimage.binary_erosion(mask == 255, iterations=erosion)
    assert core.any()
    return image[core].mean(0)


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: str(drawing.file_id))
def test_parts_have_the_color_of_their_tags(drawing):
    color, masks = render_color(drawing, SIZE), render_masks(drawing, SIZE)
    (hair,) = set(drawing.tags) & set(HAIR_COLORS)
    (eyes,) = set(drawing.tags) & set(EYE_COLORS)
    assert nearest_tag(mean_inside(color, masks["hair"], 3), palette.HAIR) == hair
    assert nearest_tag(mean_inside(color, masks["iris"], 1), palette.EYES) == eyes
    skin = set(drawing.tags) & set(palette.SKIN)
    shown = nearest_tag(
        mean_inside(color, masks["skin"], 3), palette.SKIN | {0: palette.PLAIN_SKIN}
    )
    assert ({shown} if shown else set()) == skin
    if palette.GRADIENT_BACKGROUND not in drawing.tags:
        (background,) = set(drawing.tags) & set(palette.BACKGROUND)
        shown = nearest_tag(mean_inside(color, masks["background"], 3), palette.BACKGROUND)
        assert shown == background


def test_a_gradient_background_runs_between_two_palette_colors():
    lots = (choose(11, index, outside=False) for index in range(200))
    drawing = next(one for one in lots if palette.GRADIENT_BACKGROUND in one.tags)
    assert not set(drawing.tags) & set(palette.BACKGROUND)
    color = render_color(drawing, SIZE)
    inside = render_masks(drawing, SIZE)["background"] == 255
    ends = [color[rows][inside[rows]].mean(0) for rows in (slice(0, 4), slice(-4, None))]
    found = tuple(nearest_tag(end, palette.BACKGROUND) for end in ends)
    assert found == drawing.background


@pytest.mark.parametrize("drawing", DRAWINGS[:12], ids=lambda drawing: str(drawing.file_id))
def test_masks_part_the_drawing(drawing):
    masks = render_masks(drawing, SIZE)
    width, height = content_size(drawing, SIZE)
    assert set(masks) == {"hair", "iris", "background", "skin"}
    assert all(mask.shape == (height, width) and mask.dtype == np.uint8 for mask in masks.values())
    assert sum(mask.astype(int) for mask in masks.values()).max() <= 257
    # Beside the outlines only eyes, mouths and ornaments belong to no part.
    covered = sum((mask > 127).sum() for mask in masks.values())
    assert 0.8 < covered / (width * height) < 1


@pytest.mark.parametrize("drawing", DRAWINGS[::3], ids=lambda drawing: str(drawing.file_id))
def test_irises_are_white_inside_an_inked_outline(drawing):
    line_art, iris = render_line_art(drawing, 2 * SIZE), render_masks(drawing, 2 * SIZE)["iris"]
    assert iris.max() == 255, "an eye color is tagged but no iris is seen"
    inside = ndimage.binary_erosion(iris == 255, iterations=2)
    assert (line_art[inside] > 250).all()
    seen = ndimage.binary_fill_holes(iris > 0)  # without the highlights of sparkling eyes
    ring = ndimage.binary_dilation(seen, iterations=2) & ~seen
    assert (line_art[ring] < 128).mean() > 0.9


BARE = replace(
    next(drawing for drawing in DRAWINGS if drawing.width == drawing.height),
    view=(40, 40, 690, 690),
    eyes_variant="variant26",
    mouth_variant="variant09",
    glasses_variant=None,
    earrings_variant=None,
    details_variant=None,
    skin=None,
)


@pytest.mark.parametrize("hair", variants.HAIR)
def test_hair_hides_nothing_that_is_tagged(hair):
    head = replace(BARE, hair_variant=hair)
    worn = [{"details_variant": name} for name in ("blush", "freckles", "birthmark")]
    if hair not in variants.EAR_COVERED:
        worn.append({"earrings_variant": "variant06"})
    if hair in variants.MOLE_COVERED:
        worn.remove({"details_variant": "birthmark"})
    plain = render_color(head, 128).astype(int)
    for part in worn:
        changed = np.abs(render_color(replace(head, **part), 128) - plain).max(2) > 40
        assert changed.sum() >= 6, part


@pytest.mark.parametrize("hair", ["long04", "long20", "long24", "long25", "long26", "short06"])
def test_hair_leaves_enough_of_the_irises(hair):
    for eyes in set(variants.OPEN_EYES) - set(variants.IRIS_HIDDEN.get(hair, ())):
        iris = render_masks(replace(BARE, hair_variant=hair, eyes_variant=eyes), 256)["iris"]
        assert (iris > 127).sum() > 60, eyes


@pytest.mark.parametrize("drawing", DRAWINGS[1::3], ids=lambda drawing: str(drawing.file_id))
def test_line_art_has_no_fills(drawing):
    line_art, masks = render_line_art(drawing, SIZE), render_masks(drawing, SIZE)
    for mask in masks.values():
        assert (line_art[ndimage.binary_erosion(mask == 255)] == 255).all()
    assert line_art.min() < 10
    assert 0.02 < (line_art < 128).mean() < 0.2


def test_drawings_are_the_same_at_any_size():
    drawing = DRAWINGS[0]
    small = render_line_art(drawing, 128).astype(float)
    large = render_line_art(drawing, 512).astype(float)
    large = cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(large - small).mean() < 2


def test_every_variant_exists_and_every_tag_is_known():
    from drawn_art.adventurer.painting import style

    names = load_vocabulary().ids
    tables = {
        "hair": [variants.HAIR],
        "eyes": [variants.OPEN_EYES, variants.CLOSED_EYES],
        "eyebrows": [variants.EYEBROWS],
        "mouth": [variants.MOUTH],
        "glasses": [variants.GLASSES, variants.SUNGLASSES],
        "earrings": [variants.EARRINGS],
        "details": [variants.DETAILS],
    }
    for part, some in tables.items():
        exist = set(style().components()[part].variants())
        for table in some:
            assert set(table) <= exist
            assert {name for tags in table.values() for name in tags} <= set(names)


def test_palettes_are_the_tags_of_the_vocabulary():
    vocabulary = load_vocabulary()
    assert set(palette.HAIR) == set(HAIR_COLORS)
    assert set(palette.EYES) == set(EYE_COLORS)
    backgrounds = {*palette.BACKGROUND, palette.GRADIENT_BACKGROUND}
    assert backgrounds == set(vocabulary.cvt_parts["background"])
    assert {*palette.SKIN, *palette.FRAMES} <= set(vocabulary.cvt)
    for colors in (palette.HAIR, palette.EYES, palette.BACKGROUND):
        lab = rgb2lab(np.array(list(colors.values()), float)[None] / 255)[0]
        distances = np.linalg.norm(lab[:, None] - lab, axis=2) + 1000 * np.eye(len(lab))
        assert distances.min() > 12


def cramers_v(first, second):
    table = np.zeros((len(set(first)), len(set(second))))
    rows, columns = sorted(set(first), key=str), sorted(set(second), key=str)
    for (one, other), number in Counter(zip(first, second, strict=True)).items():
        table[rows.index(one), columns.index(other)] = number
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    return np.sqrt(
        ((table - expected) ** 2 / expected).sum() / table.sum() / (min(table.shape) - 1)
    )


def test_colors_are_balanced_and_independent():
    drawings = [choose(2, index, outside=False) for index in range(4000)]
    colors = [
        [drawing.hair[0] for drawing in drawings],
        [drawing.eyes for drawing in drawings],
        [drawing.background_tag for drawing in drawings],
        [drawing.skin for drawing in drawings],
    ]
    for kind, values in zip((15, 12, 13), colors[:3], strict=True):
        numbers = Counter(values)
        assert len(numbers) == kind
        assert min(numbers.values()) * kind / 4000 > 0.75
        assert max(numbers.values()) * kind / 4000 < 1.25
    for number, first in enumerate(colors):
        for second in colors[number + 1 :]:
            assert cramers_v(first, second) < 0.09


def filter_rule(width, height, tags, names):
    """What the published filter does with an image, written down once more."""
    hair, eyes, people = (tags & set(kind) for kind in (HAIR_COLORS, EYE_COLORS, PERSON_TAGS))
    names = {names[tag] for tag in tags}
    if max(width, height) < 512 or not 3 * height < 4 * width or not 3 * width < 4 * height:
        return "rejected"
    if {"comic", "photo", "english", "black_border", "multiple_views"} & names:
        return "rejected"
    if {"greyscale", "sketch"} & names and "white_background" in names:
        return "rejected" if hair or eyes else "sketch"
    single = len(hair) == len(eyes) == len(people) == 1
    return "train" if single and "simple_background" in names else "rejected"


def test_the_filter_decides_as_expected():
    names = load_vocabulary().names
    drawings = [choose(9, index) for index in range(4000)]
    for one in drawings:
        found = filter_rule(one.width, one.height, set(one.tags), names)
        assert found == one.expected, one
    reasons = Counter(drawing.reason for drawing in drawings)
    assert set(reasons) == {"", *OUTSIDE}
    assert 0.04 < 1 - reasons[""] / len(drawings) < 0.09
