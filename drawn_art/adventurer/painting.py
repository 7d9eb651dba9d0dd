"""Paints an Adventurer picture: the fills of one SVG are given other paints.

Irises and colored spectacle frames have an outline, which they have in color, too.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from drawn_art import palette
from drawn_art.palette import hex_color

if TYPE_CHECKING:
    from drawn_art.adventurer.picture import AdventurerPicture

# Units of the style, in which its own outlines are about 6 wide.
IRIS_OUTLINE = 4.5
FRAME_OUTLINE = 3.5

_INK = "#000000"
_PAPER = "#ffffff"

# Stand for the roles in the SVG until they are painted; the roles are the style's.
_MARKERS = {
    role: f"#f00d{number:02x}"
    for number, role in enumerate(
        (
            *("hair", "eyes", "skin", "ink", "glasses", "earrings"),
            *("sclera", "lips", "teeth", "throat", "tongue", "uvula"),
        )
    )
}
_ROLES = {marker: role for role, marker in _MARKERS.items()}
_FRECKLE = "#7A624E"
_FILL = re.compile(r'fill="(#[0-9A-Fa-f]{6}|white)"')
_CLIP = re.compile(r' clip-path="url\(#clip-[^"]*\)"|<metadata.*?</metadata>')
_HEAD = re.compile(r'(<svg [^>]*viewBox=)"[^"]*"([^>]*>)')

# Paints one fill: (role or None, the style's own fill) to SVG attributes.
Paint = Callable[[str | None, str], str]


def color_svg(picture: "AdventurerPicture", width: int, height: int) -> str:
    return _svg(picture, width, height, _color_paint(picture), _backdrop(picture))


def line_svg(picture: "AdventurerPicture", width: int, height: int) -> str:
    return _svg(picture, width, height, _line_paint(picture), f'fill="{_PAPER}"')


def part_svg(
    picture: "AdventurerPicture", width: int, height: int, colors: Mapping[str, str]
) -> str:
    backdrop = f'fill="{colors.get("background", _INK)}"'
    return _svg(picture, width, height, _mask_paint(picture, colors), backdrop)


def _svg(picture: "AdventurerPicture", width: int, height: int, paint: Paint, backdrop: str) -> str:
    x, y, view_width, view_height = picture.view
    box = (
        f'"{x:.3f} {y:.3f} {view_width:.3f} {view_height:.3f}" '
        f'width="{width}" height="{height}" preserveAspectRatio="none"'
    )
    rect = f'<rect x="{x:.3f}" y="{y:.3f}" width="100%" height="100%" {backdrop}/>'
    svg = _FILL.sub(lambda fill: paint(_ROLES.get(fill[1]), fill[1]), _template(picture))
    return _HEAD.sub(rf"\g<1>{box}\g<2>{_gradients(picture)}{rect}", svg, count=1)


@lru_cache(maxsize=1)
def _template(picture: "AdventurerPicture") -> str:
    """The SVG of the picture with markers for colors, and not clipped to the style's canvas."""
    from dicebear import Avatar

    options = {f"{role}Color": [marker] for role, marker in _MARKERS.items()}
    for part in ("hair", "eyes", "eyebrows", "mouth", "glasses", "earrings", "details"):
        variant = getattr(picture, f"{part}_variant")
        options[f"{part}Probability"] = 0 if variant is None else 100
        if variant is not None:
            options[f"{part}Variant"] = variant
    return _CLIP.sub("", Avatar(style(), options).to_string())


@cache
def style():
    from dicebear import Style

    return Style(json.loads(files("dicebear_styles").joinpath("adventurer.json").read_text()))


def _color_paint(picture: "AdventurerPicture") -> Paint:
    skin = palette.PLAIN_SKIN if picture.skin is None else palette.SKIN[picture.skin]
    frame = hex_color(palette.FRAMES[picture.frame])
    hair = hex_color(palette.HAIR[picture.hair[0]]) if len(picture.hair) == 1 else "url(#two-hair)"
    eyes = palette.EYES[picture.eyes] if picture.eyes is not None else (0, 0, 0)
    colors = {
        "hair": f'fill="{hair}"',
        "eyes": _outlined(hex_color(eyes), IRIS_OUTLINE),
        "skin": f'fill="{hex_color(skin)}"',
        "glasses": _frame(frame),
        "ink": f'fill="{_INK}"',
        "earrings": f'fill="{_INK}"',
        "sclera": 'fill="#ffffff"',
        "lips": 'fill="#d31e1e"',
        "teeth": 'fill="#ffffff"',
        "throat": 'fill="#8f2e45"',
        "tongue": 'fill="#ea869e"',
        "uvula": 'fill="#d32020"',
    }
    return lambda role, fill: colors.get(role, f'fill="{fill}"')


def _line_paint(picture: "AdventurerPicture") -> Paint:
    black_frame = palette.FRAMES[picture.frame] == (0, 0, 0)
    ink = f'fill="{_INK}"'
    lines = {
        "ink": ink,
        "earrings": ink,
        "glasses": ink if black_frame else _frame(_PAPER),
        "eyes": _outlined(_PAPER, IRIS_OUTLINE),
    }

    def paint(role: str | None, fill: str) -> str:
        return ink if fill == _FRECKLE else lines.get(role, f'fill="{_PAPER}"')

    return paint


def _mask_paint(picture: "AdventurerPicture", channels: Mapping[str, str]) -> Paint:
    parts = {"eyes": "iris", "hair": "hair", "skin": "skin"}

    def paint(role: str | None, fill: str) -> str:
        color = channels.get(parts.get(role), _INK)
        if role == "eyes":
            return _outlined(color, IRIS_OUTLINE)
        if role == "glasses" and palette.FRAMES[picture.frame] != (0, 0, 0):
            return _frame(_INK)
        return f'fill="{color}"'

    return paint


def _frame(color: str) -> str:
    return f'fill="{color}"' if color == _INK else _outlined(color, FRAME_OUTLINE)


def _outlined(color: str, width: float) -> str:
    """Fill with an ink line around it, of which only the outer half shows."""
    return (
        f'fill="{color}" stroke="{_INK}" stroke-width="{2 * width}" '
        'stroke-linejoin="round" paint-order="stroke"'
    )


def _backdrop(picture: "AdventurerPicture") -> str:
    if len(picture.background) > 1:
        return 'fill="url(#two-background)"'
    return f'fill="{hex_color(palette.BACKGROUND[picture.background[0]])}"'


def _gradients(picture: "AdventurerPicture") -> str:
    pairs = (
        ("two-hair", picture.hair, palette.HAIR),
        ("two-background", picture.background, palette.BACKGROUND),
    )
    return "".join(
        f'<linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1">'
        f'<stop offset="0" stop-color="{hex_color(colors[tags[0]])}"/>'
        f'<stop offset="1" stop-color="{hex_color(colors[tags[1]])}"/></linearGradient>'
        for name, tags, colors in pairs
        if len(tags) > 1
    )
