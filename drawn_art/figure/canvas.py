"""Collects the shapes and lines of a figure and paints them: in color, as lines, or by part."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from drawn_art.figure.curves import (
    Points,
    beziers,
    flatten,
    path_data,
    polygon_data,
    split,
    tapered,
)
from drawn_art.figure.inking import brushed, hatching
from drawn_art.palette import RGB, hex_color, mixed

FLAT, CEL, SOFT = "flat", "cel", "soft"
PLAIN, WEIGHTED, BROKEN, DOUBLED = "plain", "weighted", "broken", "doubled"
BRUSH = "brush"
INK: RGB = (22, 18, 24)


@dataclass(frozen=True)
class Manner:
    """How a figure is inked and shaded.

    `line` is the width of a line in units of the figure; `light` (x, y) points to where light
    comes from; `colored` lines are a dark tone of what they surround; `hatched` shadows have lines
    of ink in them.
    """

    line: float = 2.0
    lines: str = PLAIN
    colored: bool = False
    shading: str = CEL
    light: tuple[float, float] = (-0.6, -0.8)
    hatched: bool = False


@dataclass(frozen=True)
class _Mark:
    """One thing on the canvas: a shape of a part, a line of ink, or a tone on the shape before.

    `kind` is "shape", "ink" (a filled stroke) or "tone"; `width` the line's in units. `outline`,
    `brush` and `hatch` are path data of lines of its own, if it has such.
    """

    kind: str
    data: str
    part: str
    width: float = 0
    shade: float = 0
    tone: float = 0
    clip: str = ""
    outline: str = ""
    brush: str = ""
    hatch: str = ""


@dataclass
class Canvas:
    """Shapes in the order in which they are laid over each other."""

    manner: Manner
    marks: list[_Mark] = field(default_factory=list)
    frame: np.ndarray = field(default_factory=lambda: np.eye(2, 3))

    @contextmanager
    def moved(self, affine: np.ndarray) -> Iterator[None]:
        """Within the context, points are mapped by `affine` (2, 3) before the maps around it."""
        before = self.frame
        self.frame = np.column_stack([before[:, :2] @ affine[:, :2], before @ [*affine[:, 2], 1]])
        try:
            yield
        finally:
            self.frame = before

    def shape(
        self,
        points: Points,
        part: str,
        *,
        line: float = 1,
        shade: float = 0,
        open_ends: bool = False,
    ) -> str:
        """A closed shape of `part` with an outline; returns its path data.

        Args:
            line: width of the outline in lines of this manner; 0 has none.
            shade: how far the shadow reaches into the shape, in units; 0 has none.
            open_ends: the outline leaves out the closing line from the last point to the first.
        """
        segments = self._segments(points, closed=True)
        data = path_data(segments, closed=True)
        outline = path_data(segments[:-1], closed=False) if open_ends else ""
        width = line * self.manner.line
        brush, hatch = self._special_ink(segments, width, shade, open_ends)
        self.marks.append(
            _Mark("shape", data, part, width, shade, outline=outline, brush=brush, hatch=hatch)
        )
        return data

    def _special_ink(
        self, segments: np.ndarray, width: float, shade: float, open_ends: bool
    ) -> tuple[str, str]:
        """Path data of a brush's contour and of hatching, where this manner has them."""
        manner, brush, hatch = self.manner, "", ""
        if manner.lines == BRUSH and width:
            edge = flatten(segments[:-1] if open_ends else segments)
            edge = edge if open_ends else edge[:-1]
            brush = brushed(edge, width, manner.light, closed=not open_ends)
        if manner.hatched and shade:
            reach = tuple(1.6 * shade * part for part in manner.light)
            hatch = hatching(flatten(segments)[:-1], reach, 1.5 + 1.1 * manner.line)
        return brush, hatch

    def ring(self, outer: Points, inner: Points, part: str, *, line: float = 1) -> None:
        """A closed shape with a hole in it."""
        data = "".join(
            path_data(self._segments(edge, closed=True), True) for edge in (outer, inner[::-1])
        )
        self.marks.append(_Mark("shape", data, part, line * self.manner.line))

    def line(self, points: Points, *, width: float = 1, start: float = 0.2, end: float = 0.2):
        """A line of ink, `start` and `end` times as thick at its ends."""
        segments = self._segments(points, closed=False)
        polygon = tapered(segments, max(width * self.manner.line, 0.5), start, end)
        self.marks.append(_Mark("ink", polygon_data(polygon), "ink"))

    def spot(self, points: Points, part: str = "ink") -> None:
        """A shape without an outline; one of ink is as black in the line art."""
        data = path_data(self._segments(points, closed=True), closed=True)
        self.marks.append(_Mark("ink" if part == "ink" else "shape", data, part))

    def tone(self, points: Points, part: str, tone: float, clip: str = "") -> None:
        """A lighter (`tone` > 0) or darker area of `part` in color, within the path `clip`.

        It changes neither masks nor line art.
        """
        data = path_data(self._segments(points, closed=True), closed=True)
        self.marks.append(_Mark("tone", data, part, tone=tone, clip=clip))

    def bands(self, stripes: list[Points], part: str, clip: str, *, line: float = 0.5) -> None:
        """Areas of `part` on the path `clip`: stripes, a hem, a rim."""
        for stripe in stripes:
            data = path_data(self._segments(stripe, closed=True), closed=True)
            width = line * self.manner.line
            self.marks.append(_Mark("shape", data, part, width, clip=clip))

    def _segments(self, points: Points, closed: bool) -> np.ndarray:
        coordinates, corners = split(points)
        coordinates = coordinates @ self.frame[:, :2].T + self.frame[:, 2]
        return beziers(coordinates, corners, closed)

    @property
    def parts(self) -> tuple[str, ...]:
        """All parts and divisions of parts of the shapes, sorted."""
        return tuple(sorted({mark.part for mark in self.marks if mark.kind == "shape"}))

    def in_color(self, colors: Mapping[str, RGB]) -> str:
        """SVG elements in the `colors` of their parts."""
        return "".join(_in_color(self.marks, self.manner, colors))

    def as_lines(self, ink: str, paper: str) -> str:
        """SVG elements with lines of `ink`, and parts filled with `paper`."""
        colors = dict.fromkeys({mark.part for mark in self.marks}, paper)
        return "".join(_flat(self.marks, self.manner, {**colors, "ink": ink}, ink))

    def by_part(self, colors: Mapping[str, str], other: str) -> str:
        """SVG elements in one color for each part of `colors`, and in `other` for the rest.

        A part of `colors` may be a division (`hair.tail`) or a whole (`hair`).
        """
        names = {mark.part for mark in self.marks}
        full = {name: colors.get(name, colors.get(base_part(name), other)) for name in names}
        full["ink"] = other
        return "".join(_flat(self.marks, self.manner, full, other))


def _flat(marks: list[_Mark], manner: Manner, colors: Mapping[str, str], ink: str):
    for number, mark in enumerate(marks):
        if mark.kind == "tone":
            continue
        if mark.kind == "ink":
            yield f'<path d="{mark.data}" fill="{colors["ink"]}"/>'
            continue
        yield from _clipped(
            mark, f"f{number}", _inked(mark, manner, f'fill="{colors[mark.part]}"', ink)
        )


def _clipped(mark: _Mark, name: str, elements: Iterable[str]) -> Iterator[str]:
    if not mark.clip:
        yield from elements
        return
    yield f'<clipPath id="{name}"><path d="{mark.clip}"/></clipPath><g clip-path="url(#{name})">'
    yield from elements
    yield "</g>"


def _inked(mark: _Mark, manner: Manner, fill: str, ink: str) -> Iterator[str]:
    """A filled shape, its outline and its hatching, in the manner of the drawing."""
    yield from _filled(mark, manner, fill, ink)
    if mark.hatch:
        yield (
            f'<path d="{mark.hatch}" fill="none" stroke="{ink}" '
            f'stroke-width="{0.42 * manner.line:.2f}" stroke-linecap="round"/>'
        )


def _filled(mark: _Mark, manner: Manner, fill: str, ink: str) -> Iterator[str]:
    if mark.brush:
        yield f'<path d="{mark.data}" {fill}/>'
        yield f'<path d="{mark.brush}" fill="{ink}" fill-rule="evenodd"/>'
        return
    if not mark.width:
        yield f'<path d="{mark.data}" {fill}/>'
        return
    pen = f'stroke="{ink}" stroke-width="{mark.width:.2f}" stroke-linejoin="round"'
    if manner.lines == PLAIN and not mark.outline:
        yield f'<path d="{mark.data}" {fill} {pen}/>'
        return
    if manner.lines == WEIGHTED and not mark.outline:
        x, y = (-0.55 * mark.width * part for part in manner.light)
        move = f'transform="translate({x:.2f} {y:.2f})"'
        yield f'<path d="{mark.data}" fill="{ink}" {move} {pen}/>'
        pen = f'stroke="{ink}" stroke-width="{0.7 * mark.width:.2f}" stroke-linejoin="round"'
        yield f'<path d="{mark.data}" {fill} {pen}/>'
        return
    yield f'<path d="{mark.data}" {fill}/>'
    yield from _outline(mark, manner, pen)


def _outline(mark: _Mark, manner: Manner, pen: str) -> Iterator[str]:
    data = mark.outline or mark.data
    if manner.lines == BROKEN:
        yield f'<path d="{data}" fill="none" {pen} stroke-dasharray="46 2.5 90 4 30 2"/>'
    elif manner.lines == DOUBLED:
        yield f'<path d="{data}" fill="none" {pen}/>'
        move = f'transform="translate({mark.width * 0.8:.2f} {-mark.width * 0.7:.2f})"'
        yield f'<path d="{data}" fill="none" {move} {pen} stroke-opacity="0.8"/>'
    else:
        yield f'<path d="{data}" fill="none" {pen}/>'


def base_part(part: str) -> str:
    """The part without its division: `hair` of `hair.tail`."""
    return part.partition(".")[0]


def shadow_of(color: RGB) -> RGB:
    """The shadow on a color: darker, and a little towards violet, as anime is painted."""
    return mixed(tuple(round(0.78 * value) for value in color), (70, 50, 110), 0.12)


def light_of(color: RGB) -> RGB:
    """The light on a color."""
    return mixed(color, (255, 252, 244), 0.35)


def _in_color(marks: list[_Mark], manner: Manner, colors: Mapping[str, RGB]) -> Iterator[str]:
    yield "<defs>" + "".join(_gradient(part, colors[part], manner) for part in colors) + "</defs>"
    for number, mark in enumerate(marks):
        color = colors.get(base_part(mark.part), INK)
        ink = hex_color(mixed(color, INK, 0.72) if manner.colored else INK)
        if mark.kind == "ink":
            yield f'<path d="{mark.data}" fill="{hex_color(colors.get("ink", INK))}"/>'
        elif mark.kind == "tone":
            if manner.shading != FLAT:
                toned = light_of(color) if mark.tone > 0 else shadow_of(color)
                fill = f'fill="{hex_color(toned)}" fill-opacity="{abs(mark.tone):.2f}"'
                yield from _clipped(mark, f"t{number}", [f'<path d="{mark.data}" {fill}/>'])
        elif mark.shade and manner.shading == CEL:
            yield from _cel(mark, manner, color, f"c{number}", ink)
        else:
            soft = mark.shade and manner.shading == SOFT
            fill = f"url(#soft-{base_part(mark.part)})" if soft else hex_color(color)
            yield from _clipped(mark, f"s{number}", _inked(mark, manner, f'fill="{fill}"', ink))


def _cel(mark: _Mark, manner: Manner, color: RGB, name: str, ink: str) -> Iterator[str]:
    """A shape in shadow, and the part of it that the light reaches."""
    yield from _inked(mark, manner, f'fill="{hex_color(shadow_of(color))}"', ink)
    x, y = (mark.shade * part for part in manner.light)
    yield (
        f'<clipPath id="{name}"><path d="{mark.data}"/></clipPath><g clip-path="url(#{name})">'
        f'<path d="{mark.data}" fill="{hex_color(color)}" transform="translate({x:.1f} {y:.1f})"/>'
        "</g>"
    )
    if mark.width:
        pen = f'stroke="{ink}" stroke-width="{0.7 * mark.width:.2f}" stroke-linejoin="round"'
        data = mark.outline or mark.data
        yield f'<path d="{data}" fill="none" {pen}/>'


def _gradient(part: str, color: RGB, manner: Manner) -> str:
    x, y = manner.light
    ends = ((0.5 + x / 2, 0.5 + y / 2), (0.5 - x / 2, 0.5 - y / 2))
    vector = " ".join(
        f'x{k}="{end[0]:.2f}" y{k}="{end[1]:.2f}"' for k, end in zip((1, 2), ends, strict=True)
    )
    light, dark = mixed(color, light_of(color), 0.5), mixed(color, shadow_of(color), 0.9)
    return (
        f'<linearGradient id="soft-{part}" {vector}>'
        f'<stop offset="0" stop-color="{hex_color(light)}"/>'
        f'<stop offset="0.45" stop-color="{hex_color(color)}"/>'
        f'<stop offset="1" stop-color="{hex_color(dark)}"/></linearGradient>'
    )
