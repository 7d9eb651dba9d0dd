"""What is behind a figure: an even color, two that run into each other, and things in it."""

import math
import random

from drawn_art.figure.canvas import Canvas
from drawn_art.figure.curves import CORNER, ellipse
from drawn_art.palette import RGB, hex_color, mixed

View = tuple[float, float, float, float]
SCENERY = (
    "",
    "",
    "",
    "",
    "dots",
    "stripes",
    "stars",
    "clouds",
    "hearts",
    "circle",
    "window",
    "rays",
)


def scenery(lots: random.Random) -> str:
    return lots.choice(SCENERY)


def draw_scenery(canvas: Canvas, kind: str, view: View, lots: random.Random) -> None:
    """Things behind the figure within the `view` (x, y, width, height)."""
    x, y, width, height = view
    if kind == "circle":
        canvas.shape(
            ellipse(x + width / 2, y + 0.42 * height, 0.42 * width, 0.42 * width, 16), "scenery"
        )
    elif kind == "window":
        _window(
            canvas,
            x + width * lots.uniform(0.02, 0.1),
            y + height * 0.08,
            width * 0.8,
            height * 0.6,
        )
    elif kind == "stripes":
        step = width / lots.randint(5, 9)
        for k in range(0, 24, 2):
            left = x - height + k * step
            canvas.spot(
                [(left, y + height, CORNER), (left + step, y + height, CORNER),
                 (left + step + 0.5 * height, y, CORNER), (left + 0.5 * height, y, CORNER)],
                "scenery",
            )  # fmt: skip
    elif kind == "rays":
        for k in range(9):
            a, b = math.radians(40 * k), math.radians(40 * k + 18)
            cx, cy, far = x + width / 2, y + height / 2, width + height
            canvas.spot(
                [(cx, cy, CORNER), (cx + far * math.cos(a), cy + far * math.sin(a), CORNER),
                 (cx + far * math.cos(b), cy + far * math.sin(b), CORNER)],
                "scenery",
            )  # fmt: skip
    elif kind:
        for _ in range(lots.randint(6, 16)):
            size = width * lots.uniform(0.025, 0.07)
            place = x + width * lots.random(), y + height * lots.random(), size
            {"dots": _dot, "stars": _star, "clouds": _cloud, "hearts": _heart}[kind](canvas, *place)


def _dot(canvas: Canvas, x: float, y: float, size: float) -> None:
    canvas.spot(ellipse(x, y, size, size, 10), "scenery")


def _star(canvas: Canvas, x: float, y: float, size: float) -> None:
    points = []
    for k in range(10):
        reach = size * (1.2 if k % 2 == 0 else 0.5)
        angle = math.radians(36 * k - 90)
        points.append((x + reach * math.cos(angle), y + reach * math.sin(angle), CORNER))
    canvas.shape(points, "scenery", line=0.7)


def _heart(canvas: Canvas, x: float, y: float, size: float) -> None:
    half = [(0, -0.45, CORNER), (0.5, -0.95), (1.05, -0.5), (0.75, 0.3), (0, 1.05, CORNER)]
    points = [(x + size * p[0], y + size * p[1], *p[2:]) for p in half]
    left = [(x - size * p[0], y + size * p[1], *p[2:]) for p in reversed(half[1:-1])]
    canvas.shape([*points, *left], "scenery", line=0.7)


def _cloud(canvas: Canvas, x: float, y: float, size: float) -> None:
    bumps = [
        (-2, 0.7),
        (-2.3, 0),
        (-1.4, -0.5),
        (-0.6, -1.3),
        (0.5, -1.2),
        (1.2, -0.6),
        (2.2, -0.3),
        (2.3, 0.6),
    ]
    canvas.shape([(x + size * a, y + size * b) for a, b in bumps], "scenery", line=0.7)


def _window(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    def pane(left, top, right, bottom):
        return [
            (left, top, CORNER),
            (right, top, CORNER),
            (right, bottom, CORNER),
            (left, bottom, CORNER),
        ]

    canvas.shape(pane(x, y, x + width, y + height), "scenery")
    for k in (0, 1):
        left = x + width * (0.06 + 0.47 * k)
        for row in (0, 1):
            top = y + height * (0.06 + 0.47 * row)
            canvas.shape(
                pane(left, top, left + 0.41 * width, top + 0.41 * height),
                "background.pane",
                line=0.7,
            )


def backdrop_svg(view: View, colors: list[RGB]) -> str:
    """The rectangle behind everything, in one color or in two from top to bottom."""
    x, y, width, height = view
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    if len(colors) == 1:
        return f'<rect {place} fill="{hex_color(colors[0])}"/>'
    stops = "".join(
        f'<stop offset="{k}" stop-color="{hex_color(color)}"/>' for k, color in enumerate(colors)
    )
    gradient = f'<linearGradient id="backdrop" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient>'
    return f'{gradient}<rect {place} fill="url(#backdrop)"/>'


def scenery_color(color: RGB, lots: random.Random) -> RGB:
    """A color for things in front of a background: lighter, darker, or tinted."""
    other = lots.choice([(255, 255, 255), (255, 255, 255), (60, 60, 80), (250, 220, 120)])
    return mixed(color, other, lots.uniform(0.25, 0.55))
