"""Color control in every style: which parts are judged, and that the judge tells good from bad."""

from types import SimpleNamespace

import numpy as np
import pytest

from coloring.colorist import Colorist
from drawn_art.parts import ALL_PARTS, CLOTHES
from drawn_art.styles import RESERVED_FOR_MEASURING, STYLES
from evaluation.drawings import HeldOutDrawings
from evaluation.report import style_rows
from evaluation.styles import COLORS, style_control
from loader.tags import load_vocabulary
from network.architecture import Architecture

SIZE, COUNT = 96, 3


class Painter(Colorist):
    """Paints every part in the color of its tag; with `deaf`, always the true picture."""

    def __init__(self):
        checkpoint = SimpleNamespace(architecture=Architecture(input_size=SIZE))
        super().__init__(checkpoint, None, load_vocabulary(), "cpu")
        self.deaf = False
        self.drawings = [d for style in STYLES for d in HeldOutDrawings(COUNT, SIZE, style)]

    def paint(self, sketches, cvt):
        pictures = []
        for sketch, tags in zip(sketches, cvt, strict=True):
            drawing = next(
                one
                for one in self.drawings
                if any(lines.equal(sketch) for lines in one.sketches.values())
            )
            picture = drawing.color.copy()
            asked = {self.vocabulary.cvt[index] for index in tags.nonzero()[:, 0]}
            for part in () if self.deaf else ALL_PARTS.values():
                for tag in asked & part.colors.keys():
                    picture[drawing.masks[part.mask] > 100] = part.colors[tag]
            pictures.append(picture)
        return np.stack(pictures)


@pytest.fixture(scope="module")
def painter():
    return Painter()


@pytest.fixture(scope="module")
def obeyed(painter):
    painter.deaf = False
    return style_control(painter, COUNT)


def test_every_style_is_measured_and_those_set_apart_are_named(obeyed):
    found, sheets = obeyed
    assert set(found) == set(STYLES)
    apart = {style for style, control in found.items() if control["reserved"]}
    assert apart == RESERVED_FOR_MEASURING
    assert set(sheets) == {("style", style) for style in STYLES}


def test_clothes_and_skin_are_judged_where_they_are_seen(obeyed):
    found, _ = obeyed
    figures = found["figures"]["control"]["line_art"]
    assert {"hair", "eyes", "background", "skin", "clothes"} <= set(figures)
    assert len(figures.keys() & CLOTHES.keys()) >= 3
    assert "clothes" not in found["lorelei"]["control"]["line_art"]
    assert set(found["micah"]["control"]["line_art"]) >= {"hair", "skin", "shirt", "clothes"}
    hair = figures["hair"]
    assert hair["pictures"] == COLORS * hair["drawings"]


def test_who_obeys_is_right_and_who_does_not_is_wrong(obeyed, painter):
    painter.deaf = True
    deaf, _ = style_control(painter, COUNT)
    for style, _, part, kind, scores in style_rows(obeyed[0]):
        assert scores["accuracy"] > 0.9, (style, part, kind)
    for style, _, part, kind, scores in style_rows(deaf):
        assert scores["accuracy"] < 0.6, (style, part, kind)
        assert scores["leakage"] == 0
