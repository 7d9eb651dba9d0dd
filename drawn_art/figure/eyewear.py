"""Glasses and what else is worn over the eyes."""

from drawn_art.figure.canvas import Canvas
from drawn_art.figure.curves import CORNER, ellipse
from drawn_art.figure.head import EYE_LINE, turned


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
