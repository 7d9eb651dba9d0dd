"""What is worn besides clothes: neckwear, bows, ribbons, hats, ears, horns, glasses."""

import math

import numpy as np

from drawn_art.figure.canvas import Canvas
from drawn_art.figure.curves import CORNER, ellipse, rotation
from drawn_art.figure.head import EYE_LINE, turned


def draw_bow(
    canvas: Canvas, part: str, x: float, y: float, size: float, angle: float = 0, tails: float = 1
):
    """A bow of two loops and a knot around (x, y); about 2 * `size` wide."""
    with canvas.moved(rotation(angle, x, y, size)):
        for side in (-1, 1):
            if tails:
                tail = [
                    (side * 0.05, 0.1),
                    (side * 0.28, 0.1),
                    (side * 0.62, 0.95 * tails, CORNER),
                    (side * 0.36, 0.88 * tails, CORNER),
                    (side * 0.2, 1.06 * tails, CORNER),
                ]
                canvas.shape(tail, part, shade=1.5, line=0.9)
        for side in (-1, 1):
            loop = [
                (side * 0.08, -0.12),
                (side * 0.5, -0.52),
                (side * 0.98, -0.55),
                (side * 1.06, 0.0),
                (side * 0.94, 0.5),
                (side * 0.5, 0.34),
                (side * 0.08, 0.14),
            ]
            canvas.shape(loop, part, shade=2.5)
            canvas.line(
                [(side * 0.16, -0.03), (side * 0.42, -0.14), (side * 0.66, -0.2)],
                width=0.7,
                end=0.1,
            )
            canvas.line([(side * 0.16, 0.05), (side * 0.46, 0.12)], width=0.6, end=0.1)
        canvas.shape(
            [(-0.17, -0.2), (0, -0.24), (0.17, -0.2), (0.19, 0.18), (0, 0.22), (-0.19, 0.18)],
            part,
            shade=1,
        )


def draw_neckwear(canvas: Canvas, kind: str, build: float) -> None:
    """A necktie, bow tie, neckerchief, ribbon, scarf, choker or necklace under the chin."""
    y = 88.0
    if kind == "necktie":
        canvas.shape(
            [(-4, y + 6), (4, y + 6), (8.5, y + 52), (0, y + 66, CORNER), (-8.5, y + 52)],
            "neckwear",
            shade=3,
        )
        canvas.shape(
            [(-6.5, y - 3, CORNER), (6.5, y - 3, CORNER), (4, y + 8, CORNER), (-4, y + 8, CORNER)],
            "neckwear",
            shade=1,
        )
    elif kind == "bowtie":
        draw_bow(canvas, "neckwear", 0, y + 3, 19, tails=0)
    elif kind == "neck_ribbon":
        draw_bow(canvas, "ribbon", 0, y + 6, 21, tails=1.7)
    elif kind == "neckerchief":
        for side in (-1, 1):
            canvas.shape(
                [
                    (0, y + 32, CORNER),
                    (side * 8, y + 36),
                    (side * 17, y + 62, CORNER),
                    (side * 5, y + 55, CORNER),
                ],
                "neckwear",
                shade=2,
            )
        canvas.shape(
            [
                (-15, y + 6, CORNER),
                (0, y + 25),
                (15, y + 6, CORNER),
                (7, y + 38),
                (0, y + 43),
                (-7, y + 38),
            ],
            "neckwear",
            shade=3,
        )
    elif kind == "scarf":
        w = 26 * build
        canvas.shape([(8, 82), (22, 80), (27, 150, CORNER), (11, 154, CORNER)], "neckwear", shade=4)
        canvas.shape(
            [(-w, 58), (0, 66), (w, 58), (w + 4, 78), (12, 92), (-w - 3, 80)], "neckwear", shade=5
        )
        canvas.line([(-w + 6, 70), (-4, 80), (w - 8, 74)], width=0.8)
        canvas.line([(-w + 12, 78), (0, 86)], width=0.7)
    elif kind == "choker":
        w = 13.2 * build
        canvas.shape([(-w, 60), (0, 64), (w, 60), (w, 66), (0, 70), (-w, 66)], "neckwear", line=0.8)
    elif kind == "necklace":
        canvas.line(
            [(-13 * build, 70), (-6, 90), (0, 95), (6, 90), (13 * build, 70)],
            width=0.8,
            start=1,
            end=1,
        )
        canvas.shape(ellipse(0, 100, 4, 5, 8), "gem", line=0.8)
    elif kind == "ascot":
        canvas.shape(
            [
                (-11, y - 8),
                (0, y - 12),
                (11, y - 8),
                (14, y + 14),
                (4, y + 26),
                (-4, y + 26),
                (-14, y + 14),
            ],
            "neckwear",
            shade=3,
        )
        for x in (-5, 0, 5):
            canvas.line([(x * 0.6, y - 4), (x, y + 20)], width=0.6)


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


def draw_eyewear(canvas: Canvas, kind: str, turn: float, size: float) -> None:
    """Glasses in front of the eyes; `frame` is the part of their rims."""
    xs = {side: turned(side * 23, turn) for side in (-1, 1)}
    tall = 17 * size
    for side, x in xs.items():
        wide = 18.5 * (1 - 0.12 * abs(turn) * (1 if side * turn > 0 else 0))
        outer = ellipse(x, EYE_LINE + 2, wide, tall, 14)
        inner = ellipse(x, EYE_LINE + 2, wide - 3.4, tall - 3.4, 14)
        if kind == "square":
            outer = _rounded(x, EYE_LINE + 2, wide, tall * 0.84)
            inner = _rounded(x, EYE_LINE + 2, wide - 3.4, tall * 0.84 - 3.4)
        if kind == "under-rim":
            outer = [p for p in outer if p[1] > EYE_LINE + 1]
            inner = [p for p in inner if p[1] > EYE_LINE + 1]
            ring = [*outer, *reversed(inner)]
            ring = [
                (*p[:2], CORNER) if k in (0, len(outer) - 1, len(outer), len(ring) - 1) else p
                for k, p in enumerate(ring)
            ]
            canvas.shape(ring, "frame", line=0.5)
        else:
            canvas.ring(outer, inner, "frame", line=0.5)
        if side * turn > 0.25:  # the far temple is behind the face
            continue
        end = x + side * wide
        canvas.shape(
            [
                (end - side * 1, EYE_LINE - 3, CORNER),
                (side * 46 - 3 * turn, EYE_LINE - 6, CORNER),
                (side * 46 - 3 * turn, EYE_LINE - 3, CORNER),
                (end - side * 1, EYE_LINE + 0.5, CORNER),
            ],
            "frame",
            line=0.5,
        )
    canvas.shape(
        [
            (xs[-1] + 17, EYE_LINE - 2),
            ((xs[-1] + xs[1]) / 2, EYE_LINE - 5),
            (xs[1] - 17, EYE_LINE - 2),
            (xs[1] - 17, EYE_LINE + 1),
            ((xs[-1] + xs[1]) / 2, EYE_LINE - 2),
            (xs[-1] + 17, EYE_LINE + 1),
        ],
        "frame",
        line=0.5,
    )


def _rounded(x: float, y: float, wide: float, tall: float) -> list[tuple]:
    right = [
        (0, -tall),
        (0.8 * wide, -tall),
        (wide, -0.7 * tall),
        (wide * 0.92, 0.6 * tall),
        (0.7 * wide, tall),
        (0, tall),
    ]
    whole = [*right, *[(-px, py) for px, py in reversed(right[1:-1])]]
    return [(x + px, y + py) for px, py in whole]


def draw_wings(canvas: Canvas, kind: str) -> None:
    """Feathered or bat wings behind the shoulders."""
    if kind == "bat_wings":
        half = [
            (18, 100),
            (60, 66),
            (120, 40),
            (158, 52, CORNER),
            (146, 86),
            (150, 118, CORNER),
            (124, 110),
            (108, 142, CORNER),
            (88, 124),
            (66, 150, CORNER),
            (52, 130),
            (20, 138),
        ]
        part = "dark_wing"
    else:
        half = [
            (18, 100),
            (54, 60),
            (110, 34),
            (160, 44),
            (172, 76),
            (158, 92, CORNER),
            (160, 116),
            (138, 124, CORNER),
            (134, 148),
            (108, 144, CORNER),
            (96, 166),
            (72, 152, CORNER),
            (50, 158),
            (20, 132),
        ]
        part = "wing"
    for side in (-1, 1):
        canvas.shape([(side * p[0], *p[1:]) for p in half], part, shade=6)
        for x, y in ((150, 100), (122, 130), (88, 146)):
            canvas.line([(side * 36, 100), (side * x * 0.65, y * 0.8), (side * x, y)], width=0.7)


def draw_tail(canvas: Canvas, kind: str) -> None:
    """The tail of a cat, or the bushy one of a fox."""
    if kind == "cat_tail":
        points = [
            (20, 214),
            (60, 236),
            (92, 214),
            (98, 170),
            (84, 140),
            (94, 136),
            (110, 166),
            (104, 220),
            (64, 252),
            (18, 228),
        ]
    else:
        points = [
            (16, 212),
            (52, 226),
            (80, 196),
            (90, 150),
            (112, 116, CORNER),
            (126, 160),
            (122, 214),
            (92, 254),
            (48, 256),
            (16, 230),
        ]
    data = canvas.shape(points, "hair.animal_tail", shade=5)
    if kind == "fox_tail":
        canvas.bands(
            [
                [
                    (80, 100),
                    (130, 100),
                    (130, 152, CORNER),
                    (112, 142, CORNER),
                    (104, 156, CORNER),
                    (92, 146, CORNER),
                ]
            ],
            "animal",
            data,
        )
