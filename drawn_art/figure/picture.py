"""A picture of a figure: decided from (seed, index), tagged by what is seen."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from drawn_art import palette
from drawn_art.figure import backdrop, tagging
from drawn_art.figure.body import HIP, Body
from drawn_art.figure.canvas import Canvas, Manner, base_part
from drawn_art.figure.choice import (
    brush_manner,
    choose_colors,
    choose_manner,
    choose_person,
    grown,
)
from drawn_art.figure.people import draw_person
from drawn_art.figure.person import Person
from drawn_art.picture import TRAIN
from drawn_art.render import visible_areas
from loader.tags import load_vocabulary

JUDGED_SIZE = 256
ATTEMPTS = 12


@dataclass
class FigurePicture:
    """A figure on its background; see DrawnPicture."""

    style: str
    file_id: int
    width: int
    height: int
    view: backdrop.View
    tilt: float
    person: Person
    arms: str
    manner: Manner
    rgb: Mapping[str, palette.RGB]
    color_tags: Mapping[str, int]
    background: tuple[int, ...]
    scenery: str
    ink_seed: str
    line_only: bool = False
    expected: str = TRAIN
    reason: str = ""

    @cached_property
    def _drawn(self) -> tuple[Canvas, Canvas, Body]:
        lots = random.Random(self.ink_seed)
        behind, canvas = Canvas(self.manner), Canvas(self.manner)
        backdrop.draw_scenery(behind, self.scenery, self.view, lots)
        body = draw_person(canvas, self.person, lots)
        return behind, canvas, body

    @cached_property
    def areas(self) -> dict[str, int]:
        """Pixels of each part and division of a part, of a picture JUDGED_SIZE pixels long."""
        behind, canvas, _ = self._drawn
        names = tuple(sorted({*behind.parts, *canvas.parts, "background"}))
        return visible_areas(self, names, JUDGED_SIZE)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        seen = {base_part(name) for name in self.areas}
        return tuple(part for part in tagging.COLORED if part in seen and self._shown(part))

    def _shown(self, part: str) -> bool:
        return tagging.enough(part, self.areas)

    @cached_property
    def colors(self) -> dict[str, int]:
        tags = {part: self.color_tags[part] for part in self.parts if part in self.color_tags}
        if len(self.background) == 1 and "background" in self.parts:
            tags["background"] = self.background[0]
        return tags

    @cached_property
    def tags(self) -> tuple[int, ...]:
        ids = _ids()
        _, _, body = self._drawn
        names = tagging.seen_names(self.person, self.arms, self.areas, body, self._inside)
        tags = [ids[name] for name in names if name in ids]
        if len(self.background) > 1:
            tags.append(palette.GRADIENT_BACKGROUND)
        if self._shown("blush"):
            tags.append(ids["blush"])
        return tuple(dict.fromkeys([*tags, *self.colors.values()]))

    def _inside(self, x: float, y: float) -> bool:
        left, top, width, height = self.view
        cx, cy = left + width / 2, top + height / 2
        c, s = math.cos(math.radians(self.tilt)), math.sin(math.radians(self.tilt))
        x, y = cx + c * (x - cx) - s * (y - cy), cy + s * (x - cx) + c * (y - cy)
        return left < x < left + width and top < y < top + height

    @property
    def face(self) -> tuple[float, float, float] | None:
        left, top, width, height = self.view
        longer, side = max(width, height), 122 * self.person.head
        return (-side / 2 - left) / longer, (-0.62 * side + 8 - top) / longer, side / longer

    def color_svg(self, width: int, height: int) -> str:
        behind, canvas, _ = self._drawn
        ground = [palette.BACKGROUND[tag] for tag in self.background]
        rgb = {**self.rgb, "background": ground[0]}
        inner = backdrop.backdrop_svg(self.view, ground)
        return self._svg(width, height, inner + behind.in_color(rgb), canvas.in_color(rgb))

    def line_svg(self, width: int, height: int) -> str:
        behind, canvas, _ = self._drawn
        paper = backdrop.backdrop_svg(self.view, [(255, 255, 255)])
        lines = behind.as_lines("#000000", "#ffffff")
        return self._svg(width, height, paper + lines, canvas.as_lines("#000000", "#ffffff"))

    def part_svg(self, width: int, height: int, colors: Mapping[str, str]) -> str:
        behind, canvas, _ = self._drawn
        x, y, w, h = self.view
        ground = colors.get("background", "#000000")
        rect = f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{ground}"/>'
        shapes = behind.by_part(colors, "#000000")
        return self._svg(width, height, rect + shapes, canvas.by_part(colors, "#000000"))

    def _svg(self, width: int, height: int, ground: str, figure: str) -> str:
        x, y, view_width, view_height = self.view
        center = f"{x + view_width / 2:.1f} {y + view_height / 2:.1f}"
        # The ids of clip paths count from zero on either canvas.
        ground = ground.replace('id="', 'id="b').replace("url(#", "url(#b")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="{x:.2f} {y:.2f} {view_width:.2f} {view_height:.2f}" '
            f'preserveAspectRatio="none">{ground}'
            f'<g transform="rotate({self.tilt:.2f} {center})">{figure}</g></svg>'
        )


@cache
def _ids() -> dict[str, int]:
    return load_vocabulary().ids


def choose(seed: int, index: int, *, outside: bool = True, inked: bool = False) -> FigurePicture:
    """Decide figure number `index` of `seed`; its file id is index + 1.

    Hair, irises and background are always seen, so all of them may be trained on. With `inked` it
    is of the style that is kept for measuring: grown proportions, drawn with a brush, hatched.
    """
    style = "figures-inked" if inked else "figures"
    for attempt in range(ATTEMPTS):
        lots = random.Random(f"tag2pix {style} {seed} {index} {attempt}")
        picture = _choose(lots, index, style)
        if inked:
            picture.person = grown(lots, picture.person)
            picture.manner = brush_manner(lots)
        if all(part in picture.parts for part in ("hair", "iris", "background")):
            return picture
    return picture


def _choose(lots: random.Random, index: int, style: str) -> FigurePicture:
    person, arms = choose_person(lots)
    rgb, tags = choose_colors(lots, person.outfit)
    both = tuple(lots.sample(list(palette.BACKGROUND), 2))
    background = both if lots.random() < 0.09 else both[:1]
    rgb["scenery"] = backdrop.scenery_color(palette.BACKGROUND[background[0]], lots)
    width, height, view = _frame(lots, person)
    return FigurePicture(
        style=style,
        file_id=index + 1,
        width=width,
        height=height,
        view=view,
        tilt=lots.gauss(0, 5) if lots.random() < 0.6 else 0,
        person=person,
        arms=arms,
        manner=choose_manner(lots),
        rgb=rgb,
        color_tags=tags,
        background=background,
        scenery=backdrop.scenery(lots) if len(background) == 1 else "",
        ink_seed=f"{lots.random()}",
    )


def _frame(lots: random.Random, person: Person) -> tuple[int, int, backdrop.View]:
    """Size of the original and the window on the figure: a head, a bust, to the knees, or all."""
    top = -96 * person.head - (60 if person.outfit.head == "witch_hat" else 0)
    ground = HIP + 258 * person.legs + 34
    kind = lots.choices(["head", "bust", "knees", "whole"], [2, 4, 3, 4])[0]
    bottom = {
        "head": lots.uniform(86, 130),
        "bust": lots.uniform(150, 240),
        "knees": lots.uniform(HIP + 80, HIP + 150 * person.legs),
        "whole": ground + lots.uniform(4, 30),
    }[kind]
    top += lots.uniform(-24, 16 if kind != "whole" else 2)
    longer = 4 * lots.randint(150, 600)
    aspect = lots.uniform(0.76, 0.86) if kind in ("whole", "knees") else lots.uniform(0.78, 1.28)
    width, height = (
        (round(longer * aspect), longer) if aspect < 1 else (longer, round(longer / aspect))
    )
    tall = bottom - top
    wide = tall * width / height
    center = lots.gauss(0, 0.04) * wide
    return width, height, (center - wide / 2, top, wide, tall)
