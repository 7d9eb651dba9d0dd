"""The parts of a drawing whose colors are tags: their masks, and which colors they have."""

from collections.abc import Mapping
from typing import NamedTuple

from drawn_art import palette


class Part(NamedTuple):
    """A part whose color is a tag: its mask, its colors, the tags that they take turns with, and
    the mask of what has tints of its color, which may change with it."""

    mask: str
    colors: Mapping[int, palette.RGB]
    replaces: frozenset[int]
    tinted: str = ""


PARTS = {
    "hair": Part("hair", palette.HAIR, frozenset(palette.HAIR)),
    "eyes": Part("iris", palette.EYES, frozenset(palette.EYES)),
    "background": Part(
        "background",
        palette.BACKGROUND,
        frozenset({*palette.BACKGROUND, palette.GRADIENT_BACKGROUND}),
        tinted="scenery",
    ),
}


def _part(mask: str, colors: Mapping[int, palette.RGB]) -> Part:
    return Part(mask, colors, frozenset(colors))


CLOTHES = {
    kind: _part(kind, palette.garment_colors(kind))
    for kind in (*palette.GARMENTS, *palette.TRIMMINGS)
    if len(palette.garment_colors(kind)) > 1
}

# All parts whose color tags have several colors, so that it can be seen which was painted.
ALL_PARTS = PARTS | {"skin": _part("skin", palette.SKIN)} | CLOTHES
