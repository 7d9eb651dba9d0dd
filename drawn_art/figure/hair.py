"""Hair in layers: the back behind the body, then sides and bangs in front of the face.

Units are those of the head: the skull is about 50 wide to each side and its top is at y = -70.
"""

import math
import random

import numpy as np

from drawn_art.figure.canvas import Canvas
from drawn_art.figure.curves import CORNER, ellipse, mirrored, tube
from drawn_art.figure.person import Hair

# How far down the back reaches, in units of the head, at length 1.
BACKS = {"short": 48, "bob": 66, "medium": 105, "long": 205, "very_long": 340}
TOP = -72.0


def draw_back(canvas: Canvas, hair: Hair, turn: float, lots: random.Random) -> None:
    """What lies behind neck and shoulders: the loose back, and tails."""
    _tails(canvas, hair, turn, lots, behind=True)
    if hair.back in ("tied", ""):
        crown = [(-52, -20), (-50, -52), (-20, -74), (20, -74), (50, -52), (52, -20), (44, 22)]
        canvas.shape([*_grown(crown, hair), (0, 34), (-44 * hair.volume, 22)], "hair.back", shade=5)
        return
    bottom = BACKS[hair.back] * hair.length
    wide = {"short": 53, "bob": 60, "medium": 62, "long": 70, "very_long": 82}[hair.back]
    wide *= hair.volume
    right = [(18, -75), (44, -58), (54 * hair.volume, -22), (wide * 0.97, 0.35 * bottom)]
    right += _waves(wide, 0.35 * bottom, bottom, hair.wave)
    ends = _ends(wide * (0.80 if bottom > 100 else 0.95), bottom, 7, lots)
    canvas.shape([*mirrored(right), *right, *ends], "hair.back", shade=6)
    for x in (-0.62, -0.25, 0.3, 0.66):
        start = 0.35 * bottom + 14 * lots.random()
        canvas.line(
            [
                (x * wide, start),
                (x * wide * 1.05, (start + bottom) / 2),
                (x * wide * 0.9, bottom - 9),
            ],
            width=0.7,
        )


def _grown(points, hair: Hair):
    return [(x * hair.volume, y * (1 + (hair.volume - 1) * 0.6) if y < 0 else y) for x, y in points]


def _waves(wide: float, top: float, bottom: float, wave: float) -> list[tuple]:
    steps = int(np.clip((bottom - top) / 24, 2, 8)) if wave else 2
    rows = np.linspace(top, bottom - 8, steps + 1)[1:]
    swing = wave * min(9, 0.35 * (bottom - top) / steps)
    return [(wide + (swing * (-1) ** k) - 0.05 * wide * (k / steps), y) for k, y in enumerate(rows)]


def _ends(wide: float, bottom: float, tips: int, lots: random.Random) -> list[tuple]:
    """Pointed locks along the lower end, from right to left."""
    points = []
    for k in range(tips):
        x = wide * (1 - 2 * (k + 0.5) / tips)
        drop = bottom + 9 * math.cos(x / wide) + lots.uniform(-4, 5)
        points.append((x + wide / tips * 0.45, drop - 8))
        points.append((x - wide / tips * 0.3 * (1 if x < 0 else -1), drop + 5, CORNER))
        if k < tips - 1:
            points.append((x - wide / tips * 0.85, drop - 13, CORNER))
    return points


def draw_sides(canvas: Canvas, hair: Hair, turn: float, lots: random.Random) -> None:
    """Locks in front of the ears."""
    if not hair.sides:
        return
    reach = {"short": 34, "jaw": 52, "long": 98}[hair.sides] * (0.9 + 0.2 * lots.random())
    for side in (-1, 1):
        x = side * 45.5 * hair.volume - 3 * turn
        out = side * (4 + 3 * hair.wave)
        lock = [
            (x - side * 5, -40),
            (x + side * 7, -24),
            (x + side * 9 + out * 0.4, 0.4 * reach),
            (x + side * 4 + out * 0.6, 0.8 * reach),
            (x - side * 1 - out * 0.3, reach, CORNER),
            (x - side * 6, 0.72 * reach),
            (x - side * 7.5, 0.3 * reach),
            (x - side * 12, -22),
        ]
        canvas.shape(lock, "hair.sides", shade=3)
        canvas.line([(x + side, -14), (x + side * 2, 0.35 * reach), (x, 0.8 * reach)], width=0.6)


def draw_bangs(canvas: Canvas, hair: Hair, turn: float, lots: random.Random) -> None:
    """The front: one shape from the crown to pointed locks over the forehead."""
    v = hair.volume
    crown = [(-53 * v, -6), (-54 * v, -34), (-36 * v, -64), (0, TOP - 6 * v)]
    crown += [(36 * v, -64), (54 * v, -34), (53 * v, -6)]
    edge = EDGES[hair.bangs](hair, turn, lots)
    data = canvas.shape([*crown, *edge], "hair.bangs", shade=4)
    _shine(canvas, data, turn, lots)
    part = 10 * hair.sweep + 14 * turn
    tips = [p for p in edge if len(p) > 2]
    for x, y, _ in tips[1:-1:2]:
        canvas.line(
            [(part * 0.6 + x * 0.25, -66), (0.5 * part + x * 0.62, -46), (x * 0.98, y - 10)],
            width=0.6,
            start=0.1,
        )
    if hair.ahoge:
        canvas.shape(
            [
                (-5 + part, -74),
                (0 + part, -88),
                (16 + part, -98),
                (34 + part, -92, CORNER),
                (18 + part, -90),
                (8 + part, -84),
                (4 + part, -73),
            ],
            "hair.ahoge",
            shade=1,
        )


def _locks(tips: list[tuple], wide: float, height: float, deep: float, lean: float) -> list[tuple]:
    """Locks from right to left: between two tips lies a notch `deep` above them."""
    points = [(wide, -2, CORNER)]
    for k, (x, y) in enumerate(tips):
        following = tips[k + 1][0] if k + 1 < len(tips) else -wide
        before = tips[k - 1][0] if k else wide
        points.append((x + (before - x) * 0.28 + lean * 0.2, y - 0.4 * deep))
        points.append((x + lean, y, CORNER))
        points.append((x - (x - following) * 0.18 + lean * 0.5, y - 0.5 * deep))
        if k + 1 < len(tips):
            points.append(((x + following) / 2 + lean * 0.2, min(y, tips[k + 1][1]) - deep, CORNER))
    return [*points, (-wide, -2, CORNER)]


def _full(hair: Hair, turn: float, lots: random.Random) -> list[tuple]:
    """Locks of about the same length that fall where they hang."""
    n = hair.locks
    xs = [44 - 88 * (k + 0.5) / n for k in range(n)]
    tips = [
        (
            x + lots.uniform(-3, 3) + 6 * turn,
            -6 * hair.depth + 10 * (x / 46) ** 2 + lots.uniform(-4, 4),
        )
        for x in xs
    ]
    return _locks(tips, 49, 0, 19, 5 * hair.sweep)


def _between_eyes(hair: Hair, turn: float, lots: random.Random) -> list[tuple]:
    tips = [(36, 8), (18, -6), (2 + 9 * turn, 22), (-14, -8), (-35, 9)]
    tips = [(x + 4 * turn + lots.uniform(-2, 2), y + lots.uniform(-3, 3)) for x, y in tips]
    return _locks(tips, 49, 0, 20, 4 * hair.sweep)


def _blunt(hair: Hair, turn: float, lots: random.Random) -> list[tuple]:
    points: list[tuple] = [(48, 12, CORNER), (40, 8, CORNER)]
    low = -8.0
    n = 8
    for k in range(n + 1):
        x = 38 - 76 * k / n + 4 * turn
        points.append((x, low + 5 * (x / 44) ** 2, CORNER))
        if k < n and lots.random() < 0.5:
            points.append((x - 76 / n * 0.5, low - 6 - 5 * lots.random(), CORNER))
    return [*points, (-40, 8, CORNER), (-48, 12, CORNER)]


def _swept(hair: Hair, turn: float, lots: random.Random) -> list[tuple]:
    way = 1 if hair.sweep >= 0 else -1
    tips = [(40, 6), (22, -2), (4, -6), (-12, -16), (-36, -12)]
    tips = [(x + lots.uniform(-2, 2) + 4 * turn, y + lots.uniform(-2, 2)) for x, y in tips]
    if way < 0:
        tips = [(-x, y) for x, y in reversed(tips)]
    return _locks(tips, 49, 0, 15, 11 * way)


def _parted(hair: Hair, turn: float, lots: random.Random) -> list[tuple]:
    part = 8 * hair.sweep + 14 * turn
    right = [(49, 2, CORNER), (44, 16), (40, 18, CORNER), (36, 2), (26, -14), (part + 8, -38)]
    left = [(part - 6, -38), (-26, -14), (-36, 2), (-40, 18, CORNER), (-44, 16), (-49, 2, CORNER)]
    return [*right, (part, -47, CORNER), *left]


def _over_one_eye(hair: Hair, turn: float, lots: random.Random) -> list[tuple]:
    side = 1 if hair.sweep >= 0 else -1
    tips = [(36, 30), (24, 38), (12, 24), (-6, -12), (-34, -14)]
    if side < 0:
        tips = [(-x, y) for x, y in reversed(tips)]
    return _locks(tips, 49, 0, 12, 6 * side)


def _pushed_back(hair: Hair, turn: float, lots: random.Random) -> list[tuple]:
    return [
        (48, -12, CORNER),
        (40, -26),
        (20, -42),
        (0, -46),
        (-20, -42),
        (-40, -26),
        (-48, -12, CORNER),
    ]


def _spiky(hair: Hair, turn: float, lots: random.Random) -> list[tuple]:
    tips = [(42, 0), (28, -8), (12, 2), (-2, -8), (-16, 4), (-30, -6), (-43, 2)]
    tips = [(x + lots.uniform(-3, 3), y + lots.uniform(-6, 6)) for x, y in tips]
    return _locks(tips, 50, 0, 22, 7 * hair.sweep)


EDGES = {
    "full": _full,
    "between_eyes": _between_eyes,
    "blunt": _blunt,
    "swept": _swept,
    "parted": _parted,
    "over_one_eye": _over_one_eye,
    "back": _pushed_back,
    "spiky": _spiky,
}


def draw_spikes(canvas: Canvas, hair: Hair, lots: random.Random) -> None:
    """Spikes that stand off the crown, behind the bangs."""
    points: list[tuple] = []
    for k in range(9):
        angle = math.radians(-200 + 220 * k / 8)
        reach = 74 + lots.uniform(0, 14)
        points.append((reach * math.cos(angle), -18 + reach * math.sin(angle), CORNER))
        notch = angle + math.radians(14)
        points.append((55 * math.cos(notch), -18 + 55 * math.sin(notch), CORNER))
    canvas.shape(points, "hair.spikes", shade=4)


def _shine(canvas: Canvas, clip: str, turn: float, lots: random.Random) -> None:
    """The ring of light around the crown, with ragged edges."""
    points: list[tuple] = []
    for k in range(11):
        x = -46 + 92 * k / 10
        points.append((x, -40 - 6 * math.cos(x / 30) - (3 + 3 * lots.random()) * (k % 2), CORNER))
    for k in range(11):
        x = 46 - 92 * k / 10
        points.append((x, -32 - 6 * math.cos(x / 30) + (3 + 4 * lots.random()) * (k % 2), CORNER))
    canvas.tone(points, "hair.bangs", 0.7, clip)


def _tails(canvas: Canvas, hair: Hair, turn: float, lots: random.Random, *, behind: bool) -> None:
    long = 150 * hair.length
    if hair.tails in ("twintails", "low_twintails", "short_twintails", "twin_drills"):
        low = hair.tails == "low_twintails"
        reach = 70 if hair.tails == "short_twintails" else long
        for side in (-1, 1):
            if hair.tails == "twin_drills":
                _drill(canvas, side, reach * 0.8)
            else:
                _tail(canvas, side, (44, 30) if low else (47, -44), reach, hair.wave, 30)
    elif hair.tails == "ponytail":
        _tail(canvas, 1 if turn <= 0 else -1, (14, -66), long + 40, hair.wave, 58)
    elif hair.tails == "side_ponytail":
        _tail(canvas, 1 if hair.sweep >= 0 else -1, (48, -34), long, hair.wave, 26)
    elif hair.tails == "bun":
        canvas.shape(ellipse(0, -82, 21, 19), "hair.tail", shade=5)
        canvas.line([(-10, -88), (2, -92), (11, -84)], width=0.7)
    elif hair.tails == "double_bun":
        for side in (-1, 1):
            canvas.shape(ellipse(side * 42, -66, 19, 18), "hair.tail", shade=4)
            canvas.line([(side * 36, -72), (side * 46, -76), (side * 52, -66)], width=0.7)


def _tail(canvas: Canvas, side: int, root: tuple, reach: float, wave: float, out: float) -> None:
    x, y = root
    spine = [
        (side * x, y),
        (side * (x + 0.8 * out), y + 0.06 * reach),
        (side * (x + 1.05 * out + 5 * wave), y + 0.45 * reach),
        (side * (x + 0.85 * out - 8 * wave), y + 0.75 * reach),
        (side * (x + 0.7 * out + 6 * wave), y + reach),
    ]
    outline = tube(spine, [10, 27, 34, 25, 3])
    outline[4] = (*outline[4], CORNER)
    outline[5] = (*outline[5], CORNER)
    canvas.shape(outline, "hair.tail", shade=6)
    for k in (-0.25, 0.2):
        canvas.line(
            [(p[0] + k * w, p[1]) for p, w in zip(spine[1:], (24, 32, 22, 4), strict=True)],
            width=0.7,
        )


def _drill(canvas: Canvas, side: int, reach: float) -> None:
    turns = 5
    for k in reversed(range(turns)):
        y = -30 + reach * (k + 0.5) / turns
        wide = 19 * (1 - 0.6 * (k / turns))
        x = side * (62 - 2 * k)
        tip = [(x - wide, y - 12), (x, y - 8), (x + wide, y - 14), (x + wide * 0.9, y + 8)]
        canvas.shape([*tip, (x, y + 17), (x - wide * 0.9, y + 8)], "hair.tail", shade=4)


def draw_braids(canvas: Canvas, hair: Hair, lots: random.Random) -> None:
    """Braids in front of the shoulders."""
    if hair.tails not in ("twin_braids", "single_braid", "side_braid"):
        return
    sides = (-1, 1) if hair.tails == "twin_braids" else (1 if hair.sweep >= 0 else -1,)
    n = 8 if hair.tails != "side_braid" else 6
    for side in sides:
        for k in reversed(range(n)):
            y, x, wide = 34 + k * 13 * hair.length, side * (46 + 2 * math.sin(k)), 10.5 - 0.55 * k
            canvas.shape(
                [
                    (x, y - 9, CORNER),
                    (x + wide, y - 7),
                    (x + wide * 0.8, y + 6),
                    (x, y + 11, CORNER),
                    (x - wide * 0.8, y + 6),
                    (x - wide, y - 7),
                ],
                "hair.braid",
                shade=2,
                line=0.8,
            )
            canvas.line([(x, y - 6), (x, y + 8)], width=0.6)
        end = 34 + n * 13 * hair.length - 4
        canvas.shape(
            [
                (side * 46 - 5, end),
                (side * 46 + 5, end),
                (side * 46 + 6, end + 14),
                (side * 46, end + 20, CORNER),
                (side * 46 - 6, end + 14),
            ],
            "hair.braid",
            shade=2,
        )
