"""Full-size pictures: true colors in true places, lines as drawn, parts and exact colors."""

import cv2
import numpy as np
import pytest
import shapes

from errors import InputError
from finishing.exact import format_exact, parse_exact, recolor
from finishing.finish import Sketch, fit
from finishing.lines import Lines, lines_of
from finishing.parts import PARTS


@pytest.mark.parametrize("gap", [0, 6])
@pytest.mark.parametrize("shaded", [True, False])
def test_every_region_has_its_color_up_to_its_lines(gap, shaded):
    lines, colors, _ = shapes.head(512, gap)
    finished = Sketch(lines).finish(shapes.painted(colors, lines), shaded=shaded)
    clear = lines == 255
    off = np.abs(finished.colors.astype(int) - colors).max(axis=2)[clear]
    assert np.percentile(off, 99.5) <= (3 if shaded and gap else 2)
    small = cv2.resize(shapes.painted(colors, lines), (512, 512))
    assert np.abs(small.astype(int) - colors).max(axis=2)[clear].max() > 100


def test_lines_are_as_drawn():
    lines, colors, _ = shapes.head(512)
    finished = Sketch(lines).finish(shapes.painted(colors, lines))
    picture = finished.picture()
    assert (picture[lines == 0] == 0).all()
    light = picture.astype(float) / np.maximum(finished.colors, 1) * 255
    assert np.abs(light - lines[..., None]).max() < 8
    assert np.array_equal(finished.lines.over(np.full_like(picture, 255))[..., 0], lines)


def test_shading_stays_inside_its_region():
    lines, colors, masks = shapes.head(512)
    light = np.linspace(1, 0.5, 512)[:, None, None]
    shaded = np.where(masks["hair"][..., None], colors * light, colors).astype(np.uint8)
    small = shapes.painted(shaded, lines)
    clear = lines == 255
    kept = Sketch(lines).finish(small).colors.astype(int)
    flat = Sketch(lines).finish(small, shaded=False).colors.astype(int)
    hair = masks["hair"] & clear
    assert np.abs(kept - shaded)[hair].mean() < 1.5 < 4 < np.abs(flat - shaded)[hair].mean()
    assert len(np.unique(flat[hair], axis=0)) == 1
    assert np.percentile(np.abs(kept - shaded)[~masks["hair"] & clear], 99) <= 2


@pytest.mark.parametrize(("side", "shaded"), [(148, False), (200, True)])
def test_a_region_of_little_paint_is_not_shaded(side, shaded):
    """Of less than a hundred painted pixels, as the left eye has in the smaller picture."""
    lines, colors, masks = shapes.head(512)
    light = np.interp(np.arange(512), (179, 230), (0.4, 1))[:, None]
    colors = np.where(masks["eyes"][..., None], colors * light, colors).astype(np.uint8)
    filled = Sketch(lines).finish(shapes.painted(colors, lines, side)).colors
    eye = masks["eyes"] & (lines == 255) & (np.arange(512) < 256)
    assert (len(np.unique(filled[eye], axis=0)) > 1) == shaded


def test_a_region_of_two_colors_is_not_made_one():
    lines, colors, _ = shapes.head(512, gap=60)
    flat = Sketch(lines).finish(shapes.painted(colors, lines), shaded=False).colors
    off = np.abs(flat.astype(int) - colors).max(axis=2)[lines == 255]
    assert (off > 40).mean() < 0.05


def test_parts_and_exact_colors():
    lines, colors, masks = shapes.head(512)
    sketch, small, changes = Sketch(lines), shapes.painted(colors, lines), shapes.changes(masks)
    plain = sketch.finish(small, changes=changes)
    clear = lines == 255
    for part in PARTS:
        assert np.array_equal(plain.inside(part) & clear, masks[part] & clear), part
    exact = sketch.finish(small, changes=changes, exact={"hair": (0x33, 0x55, 0xCC)})
    hair = plain.inside("hair")
    assert (exact.colors[hair] == (0x33, 0x55, 0xCC)).all(axis=1).mean() > 0.99
    assert np.array_equal(exact.colors[~hair], plain.colors[~hair])
    with pytest.raises(ValueError, match="without its parts"):
        sketch.finish(small).inside("hair")


def test_what_the_tags_of_eyes_tint_is_no_eye():
    """As a lens: left of the middle they change all as much as irises, right of it 0.78 of that."""
    lines, colors, masks = shapes.head(512)
    changes = shapes.changes(masks)
    eyes, skin = PARTS.index("eyes"), PARTS.index("skin")
    changes[:, 32:, eyes] *= 0.78
    changes[..., eyes] = np.maximum(changes[..., eyes], 0.7 * changes[..., skin])
    changes[..., skin] *= 0.6
    finished = Sketch(lines).finish(shapes.painted(colors, lines), changes=changes)
    clear, left = lines == 255, np.arange(512) < 256
    assert np.array_equal(finished.inside("eyes") & clear, masks["eyes"] & left & clear)
    assert np.array_equal(finished.inside("skin") & clear, masks["skin"] & clear)


def test_an_exact_color_keeps_the_shading():
    colors = np.full((4, 8, 3), (200, 60, 60), np.uint8)
    colors[:, :2] = (150, 45, 45)
    inside = np.ones((4, 8), bool)
    inside[3] = False
    own = np.array([(200, 60, 60)], np.uint8)
    recolor(colors, inside, (60, 60, 200), np.zeros((4, 8), np.int32), own)
    assert colors[0, 5].tolist() == [60, 60, 200]
    lab = cv2.cvtColor(colors.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    before = cv2.cvtColor(
        np.array([[(200, 60, 60), (150, 45, 45)]], np.float32) / 255, cv2.COLOR_RGB2Lab
    )
    darker = before[0, 0, 0] - before[0, 1, 0]
    assert lab[0, 5, 0] - lab[0, 0, 0] == pytest.approx(darker, abs=1)
    assert (colors[3] == [(150, 45, 45)] * 2 + [(200, 60, 60)] * 6).all()


def test_an_exact_color_is_that_of_all_regions_of_a_part():
    lines, colors, masks = shapes.head(512)
    left = masks["eyes"] & (np.arange(512) < 256)
    colors[left] = (90, 170, 60)
    exact = Sketch(lines).finish(
        shapes.painted(colors, lines), changes=shapes.changes(masks), exact={"eyes": (170, 34, 0)}
    )
    eyes = masks["eyes"] & (lines == 255)
    assert (exact.colors[eyes] == (170, 34, 0)).all(axis=1).mean() > 0.99


def test_a_transparent_background():
    lines, colors, masks = shapes.head(512)
    finished = Sketch(lines).finish(shapes.painted(colors, lines), changes=shapes.changes(masks))
    picture = finished.picture(transparent=True)
    behind = finished.inside("background")
    assert np.array_equal(picture[behind][:, 3], 255 - lines[behind])
    assert (picture[~behind][:, 3] == 255).all()
    assert np.array_equal(picture[~behind][:, :3], finished.picture()[~behind])


def test_words_for_exact_colors():
    exact = parse_exact(["hair=#3355cc", "eyes=AA2200"])
    assert exact == {"hair": (0x33, 0x55, 0xCC), "eyes": (0xAA, 0x22, 0)}
    assert parse_exact(format_exact(exact).split()) == exact
    for word, message in (
        ("nose=#112233", "unknown part 'nose': choose from background, skin, hair, eyes"),
        ("hair=blue", "'hair=blue' is no exact color: give PART=#RRGGBB"),
        ("hair", "'hair' is no exact color"),
    ):
        with pytest.raises(InputError, match=message):
            parse_exact([word])


def test_colored_lines_keep_their_color():
    sketch = np.full((64, 64, 3), 255, np.uint8)
    sketch[20:24] = (220, 30, 30)
    sketch[40:44] = (0, 0, 0)
    sketch[50] = (255, 200, 200)
    lines = lines_of(sketch)
    over = lines.over(np.full_like(sketch, (0, 0, 255)))
    assert np.abs(lines.over(np.full_like(sketch, 255)).astype(int) - sketch).max() <= 1
    assert over[22, 5, 0] > 180 and over[22, 5, 2] < 60
    assert over[42, 5].tolist() == [0, 0, 0] and over[5, 5].tolist() == [0, 0, 255]


def test_white_lines_on_transparency_are_lines():
    sketch = np.zeros((32, 32, 4), np.uint8)
    sketch[10:12] = 255
    lines = lines_of(sketch)
    assert lines.gray[11, 3] == 0 and lines.gray[20, 3] == 255
    over = lines.over(np.full((32, 32, 3), 90, np.uint8))
    assert over[11, 3].tolist() == [255] * 3 and over[20, 3].tolist() == [90] * 3


def test_black_lines_on_transparency_are_those_on_white():
    sketch = np.zeros((32, 32, 4), np.uint8)
    sketch[10:12, :, 3] = 200
    assert np.array_equal(lines_of(sketch).gray[:, 0], 255 - sketch[:, 0, 3])


def test_gray_noise_of_jpeg_is_no_color():
    gray = shapes.head(128)[0]
    noisy = np.dstack([gray, np.minimum(gray, 250), gray])
    assert lines_of(noisy).color is None
    assert isinstance(lines_of(gray), Lines)


@pytest.mark.parametrize("shape", [(1, 1), (1, 20_000), (40, 30), (300, 7)])
@pytest.mark.parametrize("value", [0, 255])
def test_any_shape_is_finished(shape, value):
    sketch = np.full(shape, value, np.uint8)
    scale = 16 / max(shape)
    small = np.full([max(1, round(side * scale)) for side in shape] + [3], 77, np.uint8)
    changes = np.zeros((*small.shape[:2], 4), np.float32)
    finished = Sketch(sketch).finish(small, changes=changes)
    assert finished.picture().shape == (*shape, 3)
    if value:
        assert (finished.picture() == 77).all()
    else:
        assert (finished.picture() == 0).all()


def test_fit_scales_the_longer_side():
    assert fit(np.zeros((100, 50), np.uint8), 30).shape == (30, 15)
    assert fit(np.zeros((20, 50, 4), np.uint8), 100).shape == (40, 100, 4)
    same = np.zeros((20, 50), np.uint8)
    assert fit(same, 50) is same
