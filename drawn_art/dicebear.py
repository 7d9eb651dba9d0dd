"""Heads and busts of the DiceBear libraries, painted in colors of tags, as lines, and by part.

A style's file says which of its color roles are parts, which parts need an outline, and what each
variant shows; everything else is the same for all of them.
"""

import json
import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files

from drawn_art import palette
from drawn_art.figure.backdrop import backdrop_svg
from drawn_art.palette import hex_color
from drawn_art.picture import TRAIN
from drawn_art.render import visible_areas
from loader.tags import load_vocabulary

INK, PAPER = "#000000", "#ffffff"
OTHERS = "others"  # in Sheet.outlined: eyeballs, mouths and whatever else has a color of its own
MERGED = 'class="merged"'
JUDGED_SIZE = 256
ATTEMPTS = 12

# So many pixels of a part must be seen, of a picture 256 pixels long, before a tag names its color.
ENOUGH = {"iris": 12}

_ELEMENT = re.compile(r"<(?:g|path|circle|ellipse|rect|line|polygon|polyline)\b[^>]*>")
_FILL = re.compile(r'\bfill="([^"]+)"')
_STROKE = re.compile(r'\bstroke="([^"]+)"')
_FAINT = re.compile(r'\b((?:fill-|stroke-)?opacity)="([0-9.]+)"')
_CLIP = re.compile(r' clip-path="url\(#clip-[^"]*\)"|<metadata.*?</metadata>|<!--.*?-->')
_CLIP_PATH = re.compile(r"<clipPath.*?</clipPath>", re.S)
_HEAD = re.compile(r"<svg [^>]*>")


@dataclass(frozen=True)
class Sheet:
    """What a style offers.

    Attributes:
        name: of the style; `file` is its name in the library.
        roles: the part of each color role (`hair`, `skin`), or a color that never changes.
        kinds: the kind of garment whose color tags a part takes, as `shirt`.
        outlined: the width of the outline that is drawn around a role; others have their own.
        merged: a component that lies on hair, and has no outline where it does.
        variants: for each component its variants, and the names of the tags that each shows.
        optional: how often a component is drawn at all.
        view: left, top, width and height of the square that is shown on average, in its units.
        face: left, top and side of the square around eyes, mouth and fringe.
        bottom: where busts end; the view does not go below.
        line: the width of outlines of the style's own that do not say how wide they are.
        black_eyes: pupils are dots of ink, which are tagged as black eyes.
    """

    name: str
    file: str
    roles: Mapping[str, str]
    outlined: Mapping[str, float]
    variants: Mapping[str, Mapping[str, str]]
    view: tuple[float, float, float]
    face: tuple[float, float, float]
    kinds: Mapping[str, str] = field(default_factory=dict)
    optional: Mapping[str, float] = field(default_factory=dict)
    merged: str = ""
    bottom: float = math.inf
    line: float = 1
    black_eyes: bool = False


@dataclass
class DicebearPicture:
    """A picture of a DiceBear style; see DrawnPicture."""

    sheet: Sheet
    file_id: int
    width: int
    height: int
    view: tuple[float, float, float, float]
    variants: Mapping[str, str]
    rgb: Mapping[str, palette.RGB]
    color_tags: Mapping[str, int]
    background: tuple[int, ...]
    line_only: bool = False
    expected: str = TRAIN
    reason: str = ""

    @property
    def style(self) -> str:
        return self.sheet.name

    @cached_property
    def parts(self) -> tuple[str, ...]:
        names = tuple(
            dict.fromkeys(part for part in self.sheet.roles.values() if not part.startswith("#"))
        )
        areas = visible_areas(self, (*names, "background"), JUDGED_SIZE)
        return tuple(part for part, area in areas.items() if area >= ENOUGH.get(part, 40))

    @cached_property
    def colors(self) -> dict[str, int]:
        tags = {part: self.color_tags[part] for part in self.parts if part in self.color_tags}
        if len(self.background) == 1 and "background" in self.parts:
            tags["background"] = self.background[0]
        return tags

    @cached_property
    def tags(self) -> tuple[int, ...]:
        ids = load_vocabulary().ids
        names = ["solo", "simple_background"]
        for component, variant in self.variants.items():
            names += self.sheet.variants[component][variant].split()
        if "1boy" not in names:
            names.append("1girl")
        if self.sheet.black_eyes:
            names.append("black_eyes")
        tags = [ids[name] for name in names if name in ids]
        if len(self.background) > 1:
            tags.append(palette.GRADIENT_BACKGROUND)
        return tuple(dict.fromkeys([*tags, *self.colors.values()]))

    @property
    def face(self) -> tuple[float, float, float] | None:
        left, top, width, height = self.view
        longer = max(width, height)
        x, y, side = self.sheet.face
        return (x - left) / longer, (y - top) / longer, side / longer

    def color_svg(self, width: int, height: int) -> str:
        roles = {
            role: part if part.startswith("#") else hex_color(self.rgb[part])
            for role, part in self.sheet.roles.items()
        }
        ground = backdrop_svg(self.view, [palette.BACKGROUND[tag] for tag in self.background])
        return self._svg(width, height, ground, roles, None, INK)

    def line_svg(self, width: int, height: int) -> str:
        roles = {role: INK if part == INK else PAPER for role, part in self.sheet.roles.items()}
        return self._svg(width, height, self._rect(PAPER), roles, PAPER, INK)

    def part_svg(self, width: int, height: int, colors: Mapping[str, str]) -> str:
        roles = {role: colors.get(part, INK) for role, part in self.sheet.roles.items()}
        ground = self._rect(colors.get("background", INK))
        return self._svg(width, height, ground, roles, INK, INK)

    def _rect(self, color: str) -> str:
        x, y, width, height = self.view
        return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width}" height="{height}" fill="{color}"/>'

    def _svg(
        self,
        width: int,
        height: int,
        ground: str,
        roles: Mapping[str, str],
        others: str | None,
        ink: str,
    ) -> str:
        """The picture with its roles in colors; fills that are no role and no ink get the color
        `others` (None: keep their own), and shadows are left out then."""
        x, y, view_width, view_height = self.view
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'fill="none" stroke-width="{self.sheet.line}" '
            f'viewBox="{x:.3f} {y:.3f} {view_width:.3f} {view_height:.3f}" '
            f'preserveAspectRatio="none">{self._fringe_pen(roles, ink)}{ground}'
        )
        markers = {_marker(role): role for role in self.sheet.roles}

        def paint(match: re.Match) -> str:
            return _paint(match[0], markers, roles, self.sheet.outlined, others, ink)

        return _HEAD.sub(lambda _: head, _ELEMENT.sub(paint, self._template), count=1)

    def _fringe_pen(self, roles: Mapping[str, str], ink: str) -> str:
        """The paint of an outline that is not seen in the upper part of its shape."""
        if not self.sheet.merged:
            return ""
        return (
            '<linearGradient id="fringe" x1="0" y1="0" x2="0" y2="1">'
            f'<stop offset="0.45" stop-color="{roles["hair"]}"/>'
            f'<stop offset="0.45" stop-color="{ink}"/></linearGradient>'
        )

    @cached_property
    def _template(self) -> str:
        from dicebear import Avatar

        options = {f"{role}Color": [_marker(role)] for role in self.sheet.roles}
        for component in _style(self.sheet.file).components():
            variant = self.variants.get(component)
            options[f"{component}Probability"] = 0 if variant is None else 100
            if variant is not None:
                options[f"{component}Variant"] = variant
        svg = Avatar(_style(self.sheet.file), options).to_string()
        plain = _CLIP_PATH.sub("", _CLIP.sub("", svg))
        if not self.sheet.merged:
            return plain
        group = re.compile(rf'<g id="{self.sheet.merged}-.*?</g>', re.S)
        return group.sub(lambda g: g[0].replace("<path ", f"<path {MERGED} "), plain)


def _marker(role: str) -> str:
    """A color that stands for a role in the SVG until it is painted."""
    return f"#f0{sum(ord(letter) * (k + 1) for k, letter in enumerate(role)) % 65536:04x}"


def _unnamed(element: str) -> str:
    """The name of whatever is neither a role nor ink nor a shadow, or "" if it is one of these."""
    fill = _FILL.search(element)
    plain = fill and not _is_ink(fill[1]) and fill[1] != "none" and "-opacity" not in element
    return OTHERS if plain else ""


def _paint(element: str, markers, roles, outlined, others: str | None, ink: str) -> str:
    role, unnamed = None, _unnamed(element)
    for attribute in (_FILL, _STROKE):
        found = attribute.search(element)
        if not found:
            continue
        name = attribute.pattern[2:].partition("=")[0]
        this = markers.get(found[1])
        if this:
            role = role or (this if name == "fill" else None)
            color = roles[this]
        elif found[1] == "none" or found[1].startswith("url"):
            continue
        else:
            color = found[1] if others is None or _is_ink(found[1]) else others
            if others is not None and _is_ink(found[1]):
                color = ink
        element = element.replace(found[0], f'{name}="{color}"', 1)
    if others is not None:
        element = _FAINT.sub(lambda m: f'{m[1]}="{0 if float(m[2]) < 0.5 else 1}"', element)
    line = outlined.get(role or unnamed, 0)
    if line and "stroke=" not in element:
        paint = "url(#fringe)" if MERGED in element else ink
        pen = (
            f' stroke="{paint}" stroke-width="{2 * line}" stroke-linejoin="round" '
            'paint-order="stroke"'
        )
        element = re.sub(r"(/?>)$", pen + r"\1", element)
    return element


def _is_ink(color: str) -> bool:
    if color == "black":
        return True
    if not re.fullmatch("#[0-9A-Fa-f]{6}", color):
        return False
    return max(int(color[k : k + 2], 16) for k in (1, 3, 5)) < 80


@cache
def _style(name: str):
    from dicebear import Style

    return Style(json.loads(files("dicebear_styles").joinpath(f"{name}.json").read_text()))


def choose_from(sheet: Sheet, seed: int, index: int) -> DicebearPicture:
    """Decide picture number `index` of `seed`: one of which hair and background are seen."""
    wanted = {"hair", "background"} | ({"iris"} & set(sheet.roles.values()))
    for attempt in range(ATTEMPTS):
        picture = _choose(
            random.Random(f"tag2pix {sheet.name} {seed} {index} {attempt}"), sheet, index
        )
        if wanted <= set(picture.parts):
            return picture
    return picture


def _choose(lots: random.Random, sheet: Sheet, index: int) -> DicebearPicture:
    longer = 4 * lots.randint(150, 600)
    shorter = lots.choice([longer, round(longer * lots.uniform(0.76, 0.99))])
    width, height = (longer, shorter) if lots.random() < 0.5 else (shorter, longer)
    left, top, side = sheet.view
    side_shown = side * lots.uniform(0.86, 1.14)
    view_width, view_height = (side_shown * k / min(width, height) for k in (width, height))
    x = left + side / 2 + lots.uniform(-0.05, 0.05) * side - view_width / 2
    y = top + side / 2 + lots.uniform(-0.05, 0.05) * side - view_height / 2
    y = min(y, sheet.bottom - view_height)
    both = tuple(lots.sample(list(palette.BACKGROUND), 2))
    rgb, tags = _colors(lots, sheet)
    variants = {
        component: lots.choice(list(table))
        for component, table in sheet.variants.items()
        if lots.random() < sheet.optional.get(component, 1)
    }
    return DicebearPicture(
        sheet=sheet,
        file_id=index + 1,
        width=width,
        height=height,
        view=(x, y, view_width, view_height),
        variants=variants,
        rgb=rgb,
        color_tags=tags,
        background=both if lots.random() < 0.08 else both[:1],
    )


def _colors(lots: random.Random, sheet: Sheet) -> tuple[dict[str, palette.RGB], dict[str, int]]:
    """The color of every part, and the tag that says it."""
    rgb, tags = {}, {}
    for part in dict.fromkeys(sheet.roles.values()):
        if part == "skin":
            rgb[part] = palette.PLAIN_SKIN
            if lots.random() < 0.5:
                tags[part] = lots.choice(list(palette.SKIN))
                rgb[part] = palette.SKIN[tags[part]]
        elif not part.startswith("#"):
            table = {"hair": palette.HAIR, "iris": palette.EYES, "frame": palette.FRAMES}.get(part)
            table = table or palette.garment_colors(sheet.kinds.get(part, part))
            tags[part] = lots.choice(list(table))
            rgb[part] = table[tags[part]]
    return rgb, tags
