"""Ties, scarfs, bows and ribbons."""

from drawn_art.figure.canvas import Canvas
from drawn_art.figure.curves import CORNER, ellipse, rotation


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
