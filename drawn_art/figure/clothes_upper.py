"""Clothes of the upper half: shirts, sleeves, jackets, collars, belts, gloves."""

import random

import numpy as np

from drawn_art.figure.body import (
    BUST,
    HIP,
    SHOULDER,
    WAIST,
    Body,
    along_limb,
    arm_widths,
    limb,
    torso,
)
from drawn_art.figure.canvas import Canvas
from drawn_art.figure.clothes_lower import draw_folds
from drawn_art.figure.curves import CORNER, mirrored
from drawn_art.figure.person import Outfit

SLEEVES = {"": 0.0, "short": 0.36, "puffy": 0.30, "long": 0.97, "wide": 0.97, "half": 0.55}


def draw_top(canvas: Canvas, outfit: Outfit, body: Body, lots: random.Random) -> None:
    """The torso of a shirt or of a dress with its skirt; sleeves are drawn with the arms."""
    part = "dress" if outfit.top == "dress" else "shirt"
    neck = _neckline(outfit, body)
    tucked = outfit.bottom in ("skirt", "pants", "shorts") and lots.random() < 0.8
    crop = outfit.top == "crop"
    bottom = WAIST + (14 if part == "dress" or tucked else 44)
    if crop:
        bottom = WAIST - 22
    if part == "dress":
        draw_folds(canvas, outfit, body, lots, WAIST - 2, body.waist + 2, "dress")
    right = [*neck, *torso(body, top=SHOULDER, bottom=bottom, extra=2)]
    hem = [(0, bottom + 3)]
    canvas.shape([*right, *hem, *mirrored(right)], part, shade=6)
    _folds(canvas, body, lots)
    if part == "dress":
        canvas.line(
            [(-body.waist - 2, WAIST + 2), (0, WAIST + 6), (body.waist + 2, WAIST + 2)], width=0.8
        )
    if outfit.top in ("collared", "blouse") and not outfit.over:
        canvas.line([(0, 104), (0.6, bottom)], width=0.7)
        for y in np.arange(114, bottom - 6, 17):
            canvas.shape([(2.5, y - 1.4), (5, y), (2.5, y + 1.4), (0.3, y)], "button", line=0.5)
    if outfit.top == "sweater":
        for y in (bottom - 10, bottom - 3):
            canvas.line([(-body.waist, y), (0, y + 3), (body.waist, y)], width=0.6)
        if outfit.pattern == "ribbed":
            for u in np.linspace(-0.8, 0.8, 9):
                canvas.line(
                    [
                        (u * body.bust, 96),
                        (u * body.waist, WAIST),
                        (u * body.waist * 1.1, bottom - 10),
                    ],
                    width=0.5,
                )


def _neckline(outfit: Outfit, body: Body) -> list[tuple]:
    """The right half of the upper edge: from the middle of the neck to the armhole."""
    s = body.shoulder
    if outfit.collar == "turtleneck":
        return [
            (0, 62, CORNER),
            (12 * body.build, 58),
            (15 * body.build, 71),
            (0.6 * s, 79),
            (s, SHOULDER + 5),
        ]
    if outfit.sleeves == "strapless":
        return [(0, 108), (0.55 * s, 104), (body.bust * 0.98, 108, CORNER)]
    if outfit.sleeves == "straps":
        return [
            (0, 104),
            (0.42 * s, 98, CORNER),
            (0.44 * s, 78, CORNER),
            (0.58 * s, 80, CORNER),
            (0.66 * s, 104),
        ]
    low = {"v": 108, "low": 98}.get(outfit.collar, 86)
    first = (0, low, CORNER) if outfit.collar == "v" else (0, low)
    return [first, (15 * body.build, 73, CORNER), (0.6 * s, 79), (s + 1, SHOULDER + 7)]


def _folds(canvas: Canvas, body: Body, lots: random.Random) -> None:
    """Folds under the bust, at the armpits and at the waist."""
    for side in (-1, 1):
        x = side * body.bust
        canvas.line([(x * 0.98, 112), (x * 0.72, 120), (x * 0.56, 122)], width=0.7, end=0.1)
        canvas.line(
            [(side * body.waist, WAIST - 12), (side * body.waist * 0.6, WAIST - 4)], width=0.6
        )
        if lots.random() < 0.6:
            canvas.line(
                [(x * 0.88, BUST + 12), (x * 0.5, BUST + 19), (x * 0.2, BUST + 17)], width=0.7
            )


def draw_sleeve(canvas: Canvas, outfit: Outfit, body: Body, side: int, part: str, cut: str) -> None:
    """A sleeve on the arm of one side, with folds at the elbow and a cuff."""
    joints, widths = body.arms[side], arm_widths(body)
    end = SLEEVES[cut]
    if not end:
        return
    grow = 4.0 if part == "jacket" else 2.2
    outline = limb(joints, widths, 0.0, end, grow)
    if cut == "puffy":
        outline = limb(joints, [w * 1.9 for w in widths], 0.0, end, 0)
        outline[5], outline[6] = limb(joints, widths, 0.0, end, 2.5)[5:7]
        outline = [p[:2] for p in outline]
    elif cut == "wide":
        outline = limb(joints, [21, 19, 22, 28, 36, 44], 0.0, end, 2)
    shoulder = [
        (-side * 9 + joints[0][0], joints[0][1] - 9),
        (side * 7 + joints[0][0], joints[0][1] - 9),
    ]
    cap = [shoulder[1], shoulder[0]] if side > 0 else [shoulder[0], shoulder[1]]
    cap = cap if _clockwise(outline, cap) else cap[::-1]
    outline = [p[:2] if k in (0, 11) else p for k, p in enumerate(outline)]
    canvas.shape([*outline, *cap], f"{part}.sleeve", shade=4)
    if cut == "puffy":
        for t in (0.1, 0.2):
            x, y = along_limb(joints, t)
            canvas.line([(x - 6, y), (x - 3, y + 7)], width=0.6)
        canvas.shape(limb(joints, widths, end - 0.02, end + 0.05, 3), f"{part}.sleeve", shade=1)
    elif cut in ("long", "half"):
        x, y = along_limb(joints, 0.5)
        if cut == "long":
            canvas.line([(x - 8, y - 3), (x + 1, y + 2), (x + 5, y)], width=0.65)
            canvas.line([(x - 7, y + 6), (x, y + 8)], width=0.6)
        canvas.shape(
            limb(joints, widths, end - 0.06, end + 0.01, grow + 1), f"{part}.sleeve", shade=1
        )


def _clockwise(outline, cap) -> bool:
    last, first = np.array(outline[-1][:2]), np.array(outline[0][:2])
    straight = np.linalg.norm(last - cap[0]) + np.linalg.norm(first - cap[1])
    crossed = np.linalg.norm(last - cap[1]) + np.linalg.norm(first - cap[0])
    return straight <= crossed


def draw_over(canvas: Canvas, outfit: Outfit, body: Body, lots: random.Random) -> None:
    """What is worn open over the top: a jacket, coat, cardigan or vest."""
    part = "vest" if outfit.over == "vest" else "jacket"
    bottom = {
        "jacket": HIP - 8,
        "blazer": HIP + 6,
        "cardigan": HIP + 2,
        "vest": WAIST + 20,
        "coat": HIP + 96,
        "hoodie": HIP - 4,
    }[outfit.over]
    gap = lots.uniform(8, 16)
    for side in (-1, 1):
        edge = [
            (side * 13 * body.build, 71, CORNER),
            (side * (gap - 3), BUST + 8),
            (side * gap, WAIST),
            (side * (gap + 5), bottom, CORNER),
        ]
        outer = torso(body, top=SHOULDER, bottom=min(bottom, HIP + 10), extra=4.5, flare=3)
        if bottom > HIP + 20:
            outer = [*[p[:2] for p in outer], (body.hip + 22, bottom, CORNER)]
        shoulder = [(side * 0.6 * body.shoulder, 77), (side * (body.shoulder + 3), SHOULDER + 6)]
        points = [*edge, *[(side * p[0], *p[1:]) for p in reversed(outer)], *reversed(shoulder)]
        canvas.shape(points, part, shade=6)
        canvas.line(
            [(side * (body.bust - 4), BUST + 10), (side * (body.waist - 2), WAIST + 6)], width=0.6
        )
        if outfit.over in ("blazer", "coat", "jacket"):
            lapel = [
                (side * 13, 70, CORNER),
                (side * 22, 76),
                (side * 28, 92, CORNER),
                (side * 22, 97, CORNER),
                (side * 24, 104, CORNER),
                (side * (gap - 2), BUST + 14, CORNER),
            ]
            canvas.shape([*lapel, (side * 7, 96)], part, shade=2)
        if outfit.over in ("blazer", "coat"):
            canvas.line([(side * 20, WAIST + 18), (side * 34, WAIST + 17)], width=0.9)


def draw_collar(canvas: Canvas, outfit: Outfit, body: Body) -> None:
    """A collar on the top: folded, a sailor's, or a turtleneck's roll."""
    b = body.build
    if outfit.collar == "folded":
        for side in (-1, 1):
            canvas.shape(
                [
                    (side * 12 * b, 64, CORNER),
                    (side * 20 * b, 73),
                    (side * 23 * b, 86, CORNER),
                    (side * 9, 97, CORNER),
                    (side * 1, 82, CORNER),
                ],
                "collar",
                shade=2,
            )
    elif outfit.collar == "sailor":
        for side in (-1, 1):
            s = body.shoulder
            points = [
                (side * 12 * b, 66, CORNER),
                (side * 0.62 * s, 76),
                (side * 0.93 * s, 88, CORNER),
                (side * 0.80 * s, 104),
                (side * 2, 128, CORNER),
                (side * 9, 96),
            ]
            data = canvas.shape(points, "sailor", shade=3)
            stripe = [
                (side * 0.95 * s, 96, CORNER),
                (side * 0.76 * s, 98),
                (side * 2, 118, CORNER),
                (side * 2, 121.5, CORNER),
                (side * 0.78 * s, 101.5),
                (side * 0.95 * s, 100, CORNER),
            ]
            canvas.bands([stripe], "stripe", data, line=0.3)
    elif outfit.collar == "turtleneck":
        w = 14.5 * b
        canvas.shape(
            [(-w, 56), (0, 60), (w, 56), (w + 1, 70), (0, 75), (-w - 1, 70)],
            "dress" if outfit.top == "dress" else "shirt",
            shade=2,
        )


def draw_belt(canvas: Canvas, body: Body) -> None:
    w = body.waist + 4
    canvas.shape(
        [
            (-w, WAIST + 6, CORNER),
            (w, WAIST + 6, CORNER),
            (w + 1, WAIST + 16, CORNER),
            (-w - 1, WAIST + 16, CORNER),
        ],
        "belt",
        shade=2,
    )
    canvas.shape(
        [
            (-7, WAIST + 4, CORNER),
            (7, WAIST + 4, CORNER),
            (7, WAIST + 18, CORNER),
            (-7, WAIST + 18, CORNER),
        ],
        "buckle",
        line=0.8,
    )


def draw_gloves(canvas: Canvas, outfit: Outfit, body: Body, side: int) -> None:
    """The arm of a glove: to the wrist or above the elbow. The hand is drawn in its part."""
    start = {"short": 0.90, "elbow": 0.42, "fingerless": 0.90}[outfit.gloves]
    canvas.shape(limb(body.arms[side], arm_widths(body), start, 1, 1.4), "gloves", shade=3)
    canvas.shape(
        limb(body.arms[side], arm_widths(body), start, start + 0.04, 2.2), "gloves", shade=1
    )
