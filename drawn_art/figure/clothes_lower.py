"""Clothes of the lower half: legwear, footwear, trousers, skirts, aprons."""

import random

import numpy as np

from drawn_art.figure.body import (
    CROTCH,
    HIP,
    WAIST,
    Body,
    along_limb,
    draw_foot,
    leg_widths,
    limb,
)
from drawn_art.figure.canvas import Canvas
from drawn_art.figure.curves import CORNER, mirrored
from drawn_art.figure.person import Outfit


def draw_legwear(canvas: Canvas, outfit: Outfit, body: Body, side: int) -> None:
    """Pantyhose, thighhighs, kneehighs or socks on one leg."""
    start = {"pantyhose": 0, "thighhighs": 0.30, "kneehighs": 0.56, "socks": 0.84}[outfit.legs]
    joints, widths = body.legs[side], leg_widths(body)
    data = canvas.shape(limb(joints, widths, start, 1, 0.6), "legwear", shade=4)
    if outfit.pattern == "striped_legwear":
        stripes = []
        for t in np.arange(start + 0.03, 0.98, 0.075):
            x, y = along_limb(joints, t)
            x2, y2 = along_limb(joints, t + 0.035)
            stripes.append([(x - 30, y), (x + 30, y), (x2 + 30, y2), (x2 - 30, y2)])
        canvas.bands(stripes, "stripe", data)
    if start:
        canvas.shape(limb(joints, widths, start, start + 0.028, 1.6), "legwear", shade=1)
    draw_foot(canvas, body, side, "legwear")


def draw_footwear(canvas: Canvas, outfit: Outfit, body: Body, side: int) -> None:
    """Shoes, boots to below or above the knee, sandals leave the foot bare."""
    joints, widths = body.legs[side], leg_widths(body)
    x, y = joints[-1]
    tops = {"boots": 0.80, "knee_boots": 0.56, "thigh_boots": 0.30}
    if outfit.feet in tops:
        start = tops[outfit.feet]
        canvas.shape(limb(joints, widths, start, 1.0, 2.6), "footwear", shade=5)
        draw_foot(canvas, body, side, "footwear", 1.12)
        canvas.shape(limb(joints, widths, start, start + 0.03, 3.6), "footwear", shade=1)
        canvas.line([(x - 9, y - 10), (x, y - 6), (x + 9, y - 10)], width=0.7)
        if outfit.pattern == "laced":
            for t in np.arange(start + 0.06, 0.96, 0.05):
                a, b = along_limb(joints, t), along_limb(joints, t + 0.04)
                canvas.line([(a[0] - 6, a[1]), (b[0] + 6, b[1])], width=0.6)
                canvas.line([(a[0] + 6, a[1]), (b[0] - 6, b[1])], width=0.6)
    else:
        with canvas.moved(np.array([[side * 1.1, 0, x], [0, 1.1, y]])):
            shoe = [
                (-10, 4),
                (-5, 8),
                (0, 10),
                (6, 9),
                (11, 3),
                (17, 16),
                (15.5, 26),
                (3, 28),
                (-9, 25),
            ]
            canvas.shape([*shoe, (-12, 14)], "footwear", shade=3)
            if outfit.feet == "sneakers":
                for row in (13, 17):
                    canvas.line([(0, row), (8, row - 1)], width=0.6)
                canvas.line([(-11, 20), (2, 23), (16, 21)], width=0.7)
            elif outfit.feet == "loafers":
                canvas.line([(-7, 12), (2, 15), (12, 11)], width=0.8)
            elif outfit.feet == "high_heels":
                canvas.shape([(-8, 22), (-3, 23), (-5, 33), (-8, 33)], "footwear", line=0.8)


def draw_trousers(canvas: Canvas, outfit: Outfit, body: Body) -> None:
    """Trousers or shorts, with pockets, a fly and folds at the knees."""
    short = outfit.bottom == "shorts"
    end = (0.22 + 0.16 * (outfit.length - 0.7)) if short else 0.965
    widths = leg_widths(body)
    for side in (-1, 1):
        leg = limb(body.legs[side], widths, 0.02, end, 4.0 if not short else 5.0)
        canvas.shape(leg, "pants", shade=5)
        if not short:
            for t in (0.46, 0.52, 0.9):
                x, y = along_limb(body.legs[side], t)
                canvas.line([(x - 12, y), (x - 2, y + 4), (x + 6, y + 3)], width=0.6)
    right = [(body.waist + 2, WAIST + 14, CORNER), (body.hip + 3, HIP), (body.hip + 4, CROTCH + 6)]
    canvas.shape(
        [*right, (6, CROTCH + 8), *mirrored(right)[:0], (-6, CROTCH + 8), *mirrored(right)],
        "pants",
        shade=4,
    )
    canvas.line([(0, WAIST + 22), (1, CROTCH - 6)], width=0.7)
    for side in (-1, 1):
        canvas.line(
            [(side * body.hip * 0.55, WAIST + 22), (side * (body.hip - 2), HIP - 6)], width=0.7
        )


def draw_skirt(canvas: Canvas, outfit: Outfit, body: Body, lots: random.Random) -> None:
    """A skirt from the waist: pleated, frilled or plain."""
    top = WAIST + 8
    draw_folds(canvas, outfit, body, lots, top, body.waist + 1.5, "skirt")
    waistband = [(body.waist + 2.5, top - 4, CORNER), (body.waist + 3.5, top + 7, CORNER)]
    canvas.shape([*waistband, *mirrored(waistband)], "skirt", shade=2)


def draw_folds(
    canvas: Canvas,
    outfit: Outfit,
    body: Body,
    lots: random.Random,
    top: float,
    waist: float,
    part: str,
) -> None:
    """The folds of a skirt, also of a dress, from `top` on; `waist` is half its width there."""
    hem = HIP + 84 * outfit.length
    wide = body.hip + (26 + 22 * min(outfit.length, 1.6)) * (0.75 + 0.5 * lots.random())
    folds = 9
    edge: list[tuple] = []
    pleated = outfit.pattern in ("pleated", "plaid") or lots.random() < 0.3
    for k in range(folds + 1):
        u = 1 - 2 * k / folds
        y = hem - 12 * (abs(u) ** 2) + (4.5 if k % 2 else -1.5)
        edge.append((wide * u, y, CORNER) if pleated or k in (0, folds) else (wide * u, y))
    side = [(waist, top, CORNER), (body.hip + 9, HIP - 6), (wide * 0.96, hem - 30)]
    data = canvas.shape([*side, *edge, *mirrored(side)], part, shade=8)
    if outfit.pattern == "plaid":
        _plaid(canvas, data, wide, top, hem)
    for x, y, *_ in edge[1:-1]:
        start = lots.uniform(0.05, 0.5) if not pleated else 0.1
        canvas.line(
            [
                (x * (0.5 + 0.5 * start), top + (hem - top) * start),
                (x * 0.86, (top + hem) / 2 + 8),
                (x, y - 2),
            ],
            width=0.7 if pleated else 0.6,
            start=0.1,
            end=1,
        )
        if pleated:
            canvas.tone(
                [(x * 0.7, top + 10, CORNER), (x, y, CORNER), (x - 7, y - 2, CORNER)],
                part,
                -0.8,
                data,
            )
    if outfit.frilled:
        _frill(canvas, edge, part)


def _frill(canvas: Canvas, edge: list[tuple], part: str) -> None:
    upper = [(x, y - 5, CORNER) for x, y, *_ in edge]
    lower: list[tuple] = []
    for (x, y, *_), (x2, y2, *_) in zip(edge[::-1][:-1], edge[::-1][1:], strict=True):
        lower += [(x * 1.02, y + 6), ((x + x2) / 2 * 1.02, (y + y2) / 2 + 13)]
    canvas.shape([*upper, *lower, (edge[0][0] * 1.02, edge[0][1] + 6)], "frill", shade=2)


def _plaid(canvas: Canvas, data: str, wide: float, top: float, hem: float) -> None:
    bars = []
    for u in np.linspace(-0.9, 0.9, 7):
        bars.append(
            [
                (wide * u * 0.5 - 1.6, top, CORNER),
                (wide * u * 0.5 + 1.6, top, CORNER),
                (wide * u + 2.4, hem + 9, CORNER),
                (wide * u - 2.4, hem + 9, CORNER),
            ]
        )
    for y in np.arange(top + 16, hem, 21):
        bars.append(
            [
                (-wide, y - 4, CORNER),
                (0, y, CORNER),
                (wide, y - 4, CORNER),
                (wide, y - 0.5, CORNER),
                (0, y + 3.5, CORNER),
                (-wide, y - 0.5, CORNER),
            ]
        )
    canvas.bands(bars, "plaid", data, line=0.35)


def draw_apron(canvas: Canvas, body: Body, hem: float, lots: random.Random) -> None:
    """A white apron with a bib, its hem scalloped."""
    bib = [(13, 96, CORNER), (21, 128), (body.waist * 0.75, WAIST - 2, CORNER)]
    canvas.shape([*bib, *mirrored(bib)], "apron", shade=3)
    wide = body.hip * 0.9
    edge: list[tuple] = []
    for k in range(7):
        u = 1 - 2 * k / 6
        edge.append((wide * u * 1.05, hem - 22 - 10 * abs(u), CORNER))
        if k < 6:
            edge.append((wide * (u - 1 / 6) * 1.05, hem - 14 - 8 * abs(u)))
    side = [(body.waist * 0.85, WAIST - 2, CORNER), (wide, HIP)]
    canvas.shape([*side, *edge, *mirrored(side)], "apron", shade=4)
    w = body.waist + 3
    canvas.shape(
        [
            (-w, WAIST - 4, CORNER),
            (0, WAIST),
            (w, WAIST - 4, CORNER),
            (w, WAIST + 6, CORNER),
            (0, WAIST + 10),
            (-w, WAIST + 6, CORNER),
        ],
        "apron",
        shade=1,
    )
