"""What is worn on the head, before and behind it."""

import math

import numpy as np

from drawn_art.figure.canvas import Canvas
from drawn_art.figure.curves import CORNER, ellipse, rotation
from drawn_art.figure.neckwear import draw_bow


def draw_behind_head(canvas: Canvas, kinds: tuple[str, ...], turn: float) -> None:
    """Rabbit ears, cat ears and horns stand behind the bangs."""
    for side in (-1, 1):
        x = 30 - 3 * turn * side
        if "cat_ears" in kinds or "fox_ears" in kinds or "wolf_ears" in kinds:
            tall = {"cat_ears": 36, "fox_ears": 48, "wolf_ears": 42}[
                next(kind for kind in kinds if kind in ("cat_ears", "fox_ears", "wolf_ears"))
            ]
            ear = [
                (side * (x - 18), -58),
                (side * (x + 4), -66 - tall * 0.72),
                (side * (x + 17), -66 - tall, CORNER),
                (side * (x + 26), -66),
                (side * (x + 22), -30),
            ]
            canvas.shape(ear, "hair.ears", shade=3)
            inner = [
                (side * (x - 2), -64),
                (side * (x + 14), -60 - tall * 0.82, CORNER),
                (side * (x + 18), -52),
            ]
            canvas.shape(inner, "inner_ear", line=0.8)
        if "bunny_ears" in kinds:
            ear = [
                (side * 12, -62),
                (side * 14, -120),
                (side * 26, -152),
                (side * 40, -138),
                (side * 36, -95),
                (side * 28, -58),
            ]
            canvas.shape(ear, "animal", shade=3)
            canvas.shape(
                [
                    (side * 20, -70),
                    (side * 21, -118),
                    (side * 27, -138),
                    (side * 33, -122),
                    (side * 28, -75),
                ],
                "inner_ear",
                line=0.8,
            )
        if "horns" in kinds:
            horn = [
                (side * 28, -58),
                (side * 42, -84),
                (side * 40, -108, CORNER),
                (side * 56, -84),
                (side * 46, -52),
            ]
            canvas.shape(horn, "horn", shade=3)
            for y in (-66, -78):
                canvas.line([(side * 35, y + 4), (side * 44, y), (side * 51, y + 3)], width=0.6)


def draw_ornaments(canvas: Canvas, kinds: tuple[str, ...], turn: float, sweep: float) -> None:
    """Bows, ribbons, clips, bands and flowers in the hair."""
    way = 1 if sweep >= 0 else -1
    if "hairband" in kinds:
        _band(canvas, "hairband", 7)
    if "maid_headdress" in kinds:
        points: list[tuple] = []
        for k in range(10):
            angle = math.radians(-155 + 130 * k / 9)
            reach = 68 if k % 2 else 78
            points.append((reach * math.cos(angle), -12 + reach * math.sin(angle)))
        inner = [
            (56 * math.cos(a), -12 + 56 * math.sin(a))
            for a in np.radians(np.linspace(-25, -155, 8))
        ]
        canvas.shape([*points, *inner], "frill", shade=2)
    if "hair_bow" in kinds:
        draw_bow(canvas, "bow", way * 34, -58, 27, way * 18, 0.8)
    if "top_bow" in kinds:
        draw_bow(canvas, "bow", 4 * turn, -72, 34, 0, 0)
    if "hair_ribbon" in kinds:
        for side in (-1, 1):
            draw_bow(canvas, "ribbon", side * 49, -38, 17, side * 24, 1.6)
    if "hairclip" in kinds:
        x = way * 30 + 5 * turn
        canvas.shape(
            [
                (x - 9, -28, CORNER),
                (x + 9, -33, CORNER),
                (x + 10, -27, CORNER),
                (x - 8, -22, CORNER),
            ],
            "clip",
            line=0.8,
        )
    if "x_hair_ornament" in kinds:
        x = -way * 30 + 5 * turn
        for turn_by in (45, -45):
            with canvas.moved(rotation(turn_by, x, -28)):
                canvas.shape(
                    [(-9, -2.4, CORNER), (9, -2.4, CORNER), (9, 2.4, CORNER), (-9, 2.4, CORNER)],
                    "clip",
                    line=0.8,
                )
    if "hair_flower" in kinds:
        x, y = -way * 36, -48
        for k in range(5):
            angle = math.radians(72 * k + 10)
            canvas.shape(
                ellipse(x + 8.5 * math.cos(angle), y + 8.5 * math.sin(angle), 7.6, 7.6, 8),
                "flower",
                line=0.8,
            )
        canvas.shape(ellipse(x, y, 4.4, 4.4, 8), "flower_heart", line=0.7)
    if "tiara" in kinds or "crown" in kinds:
        tall = 26 if "crown" in kinds else 13
        wide = 27
        points = [(-wide, -66, CORNER)]
        for k in range(5):
            points.append(
                (-wide + 2 * wide * k / 4, -70 - tall * (0.8 if k in (0, 4) else 1), CORNER)
            )
            if k < 4:
                points.append((-wide + 2 * wide * (k + 0.5) / 4, -68 - 0.4 * tall, CORNER))
        canvas.shape([*points, (wide, -66, CORNER), (0, -60)], "gold", shade=2)


def _band(canvas: Canvas, part: str, thick: float) -> None:
    outer = [
        (59 * math.cos(a), -12 + 62 * math.sin(a)) for a in np.radians(np.linspace(-170, -10, 10))
    ]
    inner = [
        ((59 - thick) * math.cos(a), -12 + (62 - thick) * math.sin(a))
        for a in np.radians(np.linspace(-10, -170, 10))
    ]
    canvas.shape([*outer, *inner], part, shade=1)


def draw_headphones(canvas: Canvas) -> None:
    _band(canvas, "device", 6)
    for side in (-1, 1):
        canvas.shape(ellipse(side * 54, 4, 10, 17), "device", shade=3)
        canvas.shape(ellipse(side * 57, 4, 5, 9), "clip", line=0.7)


def draw_hat(canvas: Canvas, kind: str, turn: float) -> None:
    """A hat over the bangs: brimmed, witch's, beret, cap."""
    tip = 10 * turn
    if kind == "witch_hat":
        canvas.shape(
            [
                (-44, -52),
                (-26, -92),
                (-4 + tip, -132),
                (24 + tip, -150, CORNER),
                (16 + tip, -126),
                (30, -88),
                (44, -52),
                (0, -44),
            ],
            "hat",
            shade=7,
        )
        canvas.shape(
            [
                (-92, -40),
                (-46, -58),
                (0, -52),
                (46, -58),
                (92, -40),
                (48, -30),
                (0, -26),
                (-48, -30),
            ],
            "hat",
            shade=4,
        )
        canvas.shape(
            [
                (-45, -57, CORNER),
                (0, -50),
                (45, -57, CORNER),
                (42, -68, CORNER),
                (0, -61),
                (-42, -68, CORNER),
            ],
            "hat_band",
            line=0.8,
        )
    elif kind == "hat":
        canvas.shape(
            [(-46, -46), (-44, -80), (-22, -98), (22, -98), (44, -80), (46, -46), (0, -40)],
            "hat",
            shade=7,
        )
        canvas.shape(
            [
                (-86, -34),
                (-46, -52),
                (0, -48),
                (46, -52),
                (86, -34),
                (46, -28),
                (0, -25),
                (-46, -28),
            ],
            "hat",
            shade=4,
        )
        canvas.shape(
            [
                (-47, -50, CORNER),
                (0, -45),
                (47, -50, CORNER),
                (46, -63, CORNER),
                (0, -58),
                (-46, -63, CORNER),
            ],
            "hat_band",
            line=0.8,
        )
    elif kind == "beret":
        canvas.shape(
            [
                (-50, -46),
                (-66, -66),
                (-50, -92),
                (0 + tip, -100),
                (46, -94),
                (62, -72),
                (50, -50),
                (0, -58),
            ],
            "hat",
            shade=7,
        )
        canvas.shape(
            [(-4 + tip, -99), (tip - 2, -109), (tip + 4, -109), (tip + 5, -99)], "hat", line=0.9
        )
    elif kind == "baseball_cap":
        way = 1 if turn >= 0 else -1
        canvas.shape(
            [(-54, -36), (-52, -66), (-26, -90), (26, -90), (52, -66), (54, -36), (0, -44)],
            "hat",
            shade=7,
        )
        canvas.line([(0, -90), (6 * way, -66), (4 * way, -46)], width=0.7)
        canvas.shape(
            [
                (-44 + 14 * way, -38),
                (0 + 10 * way, -48),
                (44 + 14 * way, -38),
                (46 + 22 * way, -20),
                (14 * way, -30),
                (-46 + 18 * way, -22),
            ],
            "hat",
            shade=3,
        )
    elif kind == "peaked_cap":
        canvas.shape(
            [
                (-48, -54),
                (-66, -78),
                (-40, -96),
                (0, -102),
                (40, -96),
                (66, -78),
                (48, -54),
                (0, -62),
            ],
            "hat",
            shade=5,
        )
        canvas.shape(
            [(-49, -58), (0, -66), (49, -58), (50, -42), (0, -48), (-50, -42)], "hat_band", shade=2
        )
        canvas.shape(
            [(-44, -44), (0, -50), (44, -44), (34, -30), (0, -26), (-34, -30)], "visor", shade=2
        )
        canvas.shape(ellipse(0, -80, 8, 8, 8), "gold", line=0.8)
    elif kind == "mob_cap":
        canvas.shape(
            [(-58, -40), (-62, -74), (-30, -100), (30, -100), (62, -74), (58, -40), (0, -48)],
            "hat",
            shade=7,
        )
        frill: list[tuple] = []
        for k in range(9):
            u = -1 + 2 * k / 8
            frill += [(62 * u, -32 - 10 * (1 - u * u)), (62 * u + 7, -25 - 10 * (1 - u * u))]
        canvas.shape([*frill, (58, -46), (0, -58), (-58, -46)], "hat", shade=2)
        draw_bow(canvas, "ribbon", 0, -56, 17, 0, 0.8)
