"""Every style: what it tags is seen, every part has the color of its tag, lines have no fills."""

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from drawn_art import palette
from drawn_art.figure.tagging import claims
from drawn_art.palette import nearest_tag
from drawn_art.render import render_color, render_line_art, render_masks
from drawn_art.styles import STYLES, choose_picture
from loader.tags import EYE_COLORS, HAIR_COLORS, PERSON_TAGS, load_vocabulary

SIZE = 256
COUNT = 12


@cache
def pictures(style):
    return [STYLES[style].choose(11, index, outside=False) for index in range(COUNT)]


@cache
def masks_of(style):
    """The masks of all parts of each picture. Read only."""
    return [render_masks(picture, SIZE) for picture in pictures(style)]


def colors_of(part, tag):
    """The colors among which a part's must be the nearest."""
    own = {"hair": palette.HAIR, "iris": palette.EYES, "background": palette.BACKGROUND}
    if part == "skin":
        return palette.SKIN | {0: palette.PLAIN_SKIN}
    if part == "frame":
        return palette.FRAMES
    if tag in palette.DENIM:
        return palette.DENIM | palette.garment_colors("skirt")
    if tag == palette.WHITE_GLOVES:
        return palette.garment_colors("gloves") | {tag: palette.GARMENT_COLORS["white"]}
    return own.get(part) or palette.garment_colors(part)


def shown(color, mask):
    """The color that most of the part has, away from its edges where there is a middle."""
    inside = mask == 255
    core = ndimage.binary_erosion(inside)
    chosen = core if core.sum() > 8 else inside if inside.any() else mask > 127
    return np.median(color[chosen], 0)


@pytest.mark.parametrize("style", STYLES)
def test_every_part_is_seen_in_the_color_of_its_tag(style):
    for picture, masks in zip(pictures(style), masks_of(style), strict=True):
        color = render_color(picture, SIZE)
        assert set(masks) == set(picture.parts) >= {"hair", "background"}
        for part, tag in picture.colors.items():
            assert tag in picture.tags
            assert (masks[part] > 127).sum() >= 10, (picture.file_id, part)
            found = nearest_tag(shown(color, masks[part]), colors_of(part, tag))
            assert found == tag, (picture.file_id, part, tag, found)


@pytest.mark.parametrize("style", STYLES)
def test_every_color_tag_is_of_a_part_that_is_seen(style):
    vocabulary = load_vocabulary()
    of_no_part = {vocabulary.ids[name] for name in ("blush", "gradient_background", "black_eyes")}
    for picture in pictures(style):
        told = set(picture.tags) & set(vocabulary.cvt)
        frames = set(palette.FRAMES) if style != "figures" else set()
        assert told - of_no_part - frames <= set(picture.colors.values()), picture.file_id


@pytest.mark.parametrize("style", ["figures", "figures-inked"])
def test_every_shape_tag_of_a_part_is_of_one_that_is_seen(style):
    names, checked = load_vocabulary().names, set()
    for picture in pictures(style):
        said = {}
        for part, words in claims(picture.person, picture.arms):
            for word in words.split():
                said.setdefault(word, set()).add(part)
        words = said.keys() & {names[tag] for tag in picture.tags}
        masks = render_masks(picture, SIZE, tuple(set().union(*map(said.get, words))))
        seen = {part for part, mask in masks.items() if (mask > 127).sum() >= 8}
        for word in words:
            assert said[word] & seen, (picture.file_id, word)
        checked |= words
    assert len(checked) > 60


def test_what_is_cut_off_is_not_tagged():
    ids = load_vocabulary().ids
    lower = {ids[name] for name in ("shoes", "boots", "full_body", "skirt", "pants", "socks")}
    whole = [picture for picture in pictures("figures") if ids["full_body"] in picture.tags]
    assert len(whole) >= 2
    for picture in whole:
        left, top, width, height = picture.view
        bust = replace(picture, view=(left, top, width, 0.3 * height), height=picture.height // 3)
        assert lower & set(picture.tags) and not lower & set(bust.tags)
        assert ids["full_body"] not in bust.tags and bust.colors.keys() < picture.colors.keys()


@pytest.mark.parametrize("style", STYLES)
def test_the_filter_lets_every_picture_pass(style):
    for picture in pictures(style):
        tags = set(picture.tags)
        for kind in (HAIR_COLORS, EYE_COLORS, PERSON_TAGS):
            assert len(tags & set(kind)) == 1, picture.file_id
        assert load_vocabulary().ids["simple_background"] in tags


@pytest.mark.parametrize("style", STYLES)
def test_masks_do_not_overlap_and_lines_have_no_fills(style):
    for picture, masks in list(zip(pictures(style), masks_of(style), strict=True))[:6]:
        line_art = render_line_art(picture, SIZE)
        assert sum(mask.astype(int) for mask in masks.values()).max() <= 300
        assert line_art.min() < 40
        assert 0.005 < (line_art < 128).mean() < 0.25
        for part, mask in masks.items():
            core = ndimage.binary_erosion(mask == 255, iterations=2)
            assert not core.any() or line_art[core].mean() > 235, (picture.file_id, part)


@pytest.mark.parametrize("style", STYLES)
def test_a_picture_is_decided_by_seed_and_index(style):
    once, again = (STYLES[style].choose(5, 3, outside=False) for _ in range(2))
    other = STYLES[style].choose(6, 3, outside=False)
    assert once.tags == again.tags
    assert np.array_equal(render_color(once, 96), render_color(again, 96))
    assert once.tags != other.tags


def test_a_mixed_data_set_has_all_styles():
    names = sorted(STYLES)
    found = Counter(choose_picture(names, 1, index).style for index in range(60))
    assert found["figures"] > 10
    assert len(found) >= len(names) - 1
