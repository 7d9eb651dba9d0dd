"""Pixels of a Drawing at any size: in color, as line art, and one mask per part.

All of them come from one SVG by giving its fills other paints, so they agree to the pixel.
"""

import json
import re
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files

import cv2
import numpy as np

from drawn_art import palette
from drawn_art.drawing import Drawing
from images.square import has_white_border, make_square

PARTS = ("hair", "iris", "background", "skin")

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


def render_color(drawing: Drawing, size: int) -> np.ndarray:
    """Draw in color: (height, width, 3) uint8 RGB, its longer side `size` pixels."""
    return _render(drawing, size, _color_paint(drawing), _backdrop(drawing))


def render_line_art(drawing: Drawing, size: int) -> np.ndarray:
    """Draw inked lines on white paper, nothing filled: (height, width) uint8, 255 = paper.

    Irises and colored spectacle frames have an outline, which they have in color, too.
    """
    rect = f'fill="{_PAPER}"'
    return np.ascontiguousarray(_render(drawing, size, _line_paint(drawing), rect)[..., 0])


def render_masks(drawing: Drawing, size: int) -> dict[str, np.ndarray]:
    """Where hair, iris, background and skin are seen: (height, width) uint8 each, 255 inside.

    What lies in front of a part is not in its mask; edges are antialiased.
    """
    masks = {}
    for first in range(0, len(PARTS), 3):
        chosen = PARTS[first : first + 3]
        channels = {part: "#" + "00" * k + "ff" + "00" * (2 - k) for k, part in enumerate(chosen)}
        backdrop = f'fill="{channels.get("background", _INK)}"'
        image = _render(drawing, size, _mask_paint(drawing, channels), backdrop)
        masks |= {part: image[..., k].copy() for k, part in enumerate(chosen)}
    return masks


def letterbox(image: np.ndarray) -> np.ndarray:
    """Center an image on a black square as long as its longer side."""
    rows, columns = image.shape[:2]
    side = max(rows, columns)
    square = np.zeros((side, side, *image.shape[2:]), image.dtype)
    top, left = (side - rows) // 2, (side - columns) // 2
    square[top : top + rows, left : left + columns] = image
    return square


def frame_as_cropped(
    drawing: Drawing, image: np.ndarray, padding: str, *, paper: int = 255
) -> np.ndarray:
    """Frame a rendering as the crop stage frames the color image: letterbox, cut, pad to a square.

    Args:
        image: what a function of this module rendered.
        padding: "mirror" or "white", whichever the color image gets (see `has_white_border`).
        paper: value that stands for white padding in `image`, 255 or (most masks) 0.

    Returns:
        (size, size) or (size, size, 3), `size` the longer side of `image`.
    """
    turned = image if paper == 255 else 255 - image
    square = make_square(letterbox(turned), drawing.width, drawing.height, padding)
    return square if paper == 255 else 255 - square


def render_cropped(drawing: Drawing, size: int) -> dict[str, np.ndarray]:
    """Everything as the crop stage frames the color image, so that all of it coincides.

    Returns:
        "color" (size, size, 3), "line_art" and one mask per part (size, size), all uint8.
    """
    color, line_art = render_color(drawing, size), render_line_art(drawing, size)
    white = has_white_border(letterbox(color), drawing.width, drawing.height)
    padding = "white" if white else "mirror"
    framed = {
        "color": frame_as_cropped(drawing, color, padding),
        "line_art": frame_as_cropped(drawing, line_art, padding),
    }
    for part, mask in render_masks(drawing, size).items():
        paper = 255 if part == "background" else 0
        framed[part] = frame_as_cropped(drawing, mask, padding, paper=paper)
    return framed


def content_size(drawing: Drawing, size: int) -> tuple[int, int]:
    """Width and height in pixels of a drawing whose longer side is `size`."""
    longer = max(drawing.width, drawing.height)
    return round(drawing.width * size / longer), round(drawing.height * size / longer)


def _render(drawing: Drawing, size: int, paint: Paint, backdrop: str) -> np.ndarray:
    from resvg_py import svg_to_bytes

    width, height = content_size(drawing, size)
    x, y, view_width, view_height = drawing.view
    box = (
        f'"{x:.3f} {y:.3f} {view_width:.3f} {view_height:.3f}" '
        f'width="{width}" height="{height}" preserveAspectRatio="none"'
    )
    rect = f'<rect x="{x:.3f}" y="{y:.3f}" width="100%" height="100%" {backdrop}/>'
    svg = _FILL.sub(lambda fill: paint(_ROLES.get(fill[1]), fill[1]), _template(drawing))
    svg = _HEAD.sub(rf"\g<1>{box}\g<2>{_gradients(drawing)}{rect}", svg, count=1)
    png = svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    bgr = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


@lru_cache(maxsize=1)
def _template(drawing: Drawing) -> str:
    """The SVG of the drawing with markers for colors, and not clipped to the style's canvas."""
    from dicebear import Avatar

    options = {f"{role}Color": [marker] for role, marker in _MARKERS.items()}
    for part in ("hair", "eyes", "eyebrows", "mouth", "glasses", "earrings", "details"):
        variant = getattr(drawing, f"{part}_variant")
        options[f"{part}Probability"] = 0 if variant is None else 100
        if variant is not None:
            options[f"{part}Variant"] = variant
    return _CLIP.sub("", Avatar(_style(), options).to_string())


@cache
def _style():
    from dicebear import Style

    return Style(json.loads(files("dicebear_styles").joinpath("adventurer.json").read_text()))


def _color_paint(drawing: Drawing) -> Paint:
    skin = palette.PLAIN_SKIN if drawing.skin is None else palette.SKIN[drawing.skin]
    frame = _hex(palette.FRAMES[drawing.frame])
    hair = _hex(palette.HAIR[drawing.hair[0]]) if len(drawing.hair) == 1 else "url(#two-hair)"
    eyes = palette.EYES[drawing.eyes] if drawing.eyes is not None else (0, 0, 0)
    colors = {
        "hair": f'fill="{hair}"',
        "eyes": _outlined(_hex(eyes), IRIS_OUTLINE),
        "skin": f'fill="{_hex(skin)}"',
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


def _line_paint(drawing: Drawing) -> Paint:
    black_frame = palette.FRAMES[drawing.frame] == (0, 0, 0)
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


def _mask_paint(drawing: Drawing, channels: dict[str, str]) -> Paint:
    parts = {"eyes": "iris", "hair": "hair", "skin": "skin"}

    def paint(role: str | None, fill: str) -> str:
        color = channels.get(parts.get(role), _INK)
        if role == "eyes":
            return _outlined(color, IRIS_OUTLINE)
        if role == "glasses" and palette.FRAMES[drawing.frame] != (0, 0, 0):
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


def _backdrop(drawing: Drawing) -> str:
    if len(drawing.background) > 1:
        return 'fill="url(#two-background)"'
    return f'fill="{_hex(palette.BACKGROUND[drawing.background[0]])}"'


def _gradients(drawing: Drawing) -> str:
    pairs = (
        ("two-hair", drawing.hair, palette.HAIR),
        ("two-background", drawing.background, palette.BACKGROUND),
    )
    return "".join(
        f'<linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1">'
        f'<stop offset="0" stop-color="{_hex(colors[tags[0]])}"/>'
        f'<stop offset="1" stop-color="{_hex(colors[tags[1]])}"/></linearGradient>'
        for name, tags, colors in pairs
        if len(tags) > 1
    )


def _hex(rgb: palette.RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)
