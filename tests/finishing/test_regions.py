"""Regions between lines: what is closed, what is open, and pictures that are no line art."""

import numpy as np
import pytest
import shapes

from finishing.regions import find_regions


def region_at(regions, x, y):
    side = regions.labels.shape[0]
    return regions.labels[int(y * side), int(x * side)]


PLACES = {"background": (0.05, 0.05), "hair": (0.5, 0.3), "skin": (0.5, 0.75), "eye": (0.4, 0.65)}


@pytest.mark.parametrize("gap", [0, 4, 6])
def test_gaps_do_not_join_regions(gap):
    lines, *_ = shapes.head(512, gap)
    regions = find_regions(lines)
    found = {region_at(regions, *place) for place in PLACES.values()}
    assert len(found) == len(PLACES)


def test_a_wide_opening_joins_them():
    lines, *_ = shapes.head(512, gap=60)
    regions = find_regions(lines)
    assert region_at(regions, *PLACES["background"]) == region_at(regions, *PLACES["hair"])


def test_regions_follow_the_lines():
    lines, _, masks = shapes.head(512)
    regions = find_regions(lines)
    clear = lines == 255
    for name, place in (("background", "background"), ("hair", "hair")):
        inside = regions.labels == region_at(regions, *PLACES[place])
        assert np.array_equal(inside & clear, masks[name] & clear)


def test_seeds_borders_and_gaps_say_what_the_labels_do():
    lines, *_ = shapes.head(512, gap=6)
    regions = find_regions(lines)
    assert regions.labels.ravel()[regions.seeds].tolist() == list(range(regions.count))
    assert np.unique(regions.labels).tolist() == list(range(regions.count))
    pairs = {tuple(pair): gap for pair, gap in zip(regions.borders, regions.gaps, strict=True)}
    background, hair, skin, eye = (region_at(regions, *place) for place in PLACES.values())
    assert pairs[min(background, hair), max(background, hair)] > 0
    assert pairs[min(hair, skin), max(hair, skin)] == 0
    assert (min(background, eye), max(background, eye)) not in pairs


@pytest.mark.parametrize(
    "picture",
    [
        np.full((40, 60), 255, np.uint8),
        np.zeros((40, 60), np.uint8),
        np.zeros((1, 1), np.uint8),
        np.full((1, 20_000), 255, np.uint8),
        np.random.default_rng(0).integers(0, 256, (120, 90), np.uint8),
    ],
    ids=["white", "black", "one pixel", "a row", "noise"],
)
def test_any_picture_has_regions(picture):
    regions = find_regions(picture)
    assert regions.labels.shape == regions.distance.shape == picture.shape
    assert regions.labels.min() == 0 and regions.labels.max() == regions.count - 1
