"""The body under the clothes: joints of a pose, limbs, hands, and the torso's outline.

Units are those of the head at scale 1; the neck begins at y = 53, the chin.
"""

import math
from dataclasses import dataclass

import numpy as np

from drawn_art.figure.canvas import Canvas
from drawn_art.figure.curves import CORNER, beziers, flatten, tube
from drawn_art.figure.person import Person

SHOULDER, BUST, WAIST, HIP, CROTCH = 84.0, 122.0, 168.0, 212.0, 232.0


@dataclass(frozen=True)
class Body:
    """Joints (x, y) of both sides (-1 left in the picture, 1 right), and widths of the torso."""

    arms: dict[int, list[tuple[float, float]]]
    legs: dict[int, list[tuple[float, float]]]
    shoulder: float
    bust: float
    waist: float
    hip: float
    build: float

    @property
    def ground(self) -> float:
        return max(joints[-1][1] for joints in self.legs.values())


def body_of(person: Person) -> Body:
    pose, build = person.pose, person.build
    shoulder = (50 if person.boy else 43) * build
    waist = (36 if person.boy else 29) * build
    hip = (39 if person.boy else 42) * build
    arms = {
        side: _arm((side * (shoulder - 7), SHOULDER + 8), side, angles)
        for side, angles in ((-1, pose.left), (1, pose.right))
    }
    legs = {side: _leg(side, hip, pose.spread, person.legs) for side in (-1, 1)}
    return Body(arms, legs, shoulder, (43 if person.boy else 39) * build, waist, hip, build)


def _arm(shoulder: tuple, side: int, angles: tuple[float, float]) -> list[tuple[float, float]]:
    (x, y), upper, lower = shoulder, *map(math.radians, angles)
    elbow = (x + side * 72 * math.sin(upper), y + 72 * math.cos(upper))
    wrist = (elbow[0] + side * 66 * math.sin(lower), elbow[1] + 66 * math.cos(lower))
    return [(x, y), elbow, wrist]


def _leg(side: int, hip: float, spread: float, length: float) -> list[tuple[float, float]]:
    x = side * hip * 0.50
    knee = (x + side * spread * 0.5, HIP + 128 * length)
    ankle = (x + side * spread * 0.9, HIP + 258 * length)
    return [(x, HIP - 6), knee, ankle]


def limb(joints: list[tuple], widths: list[float], start: float, end: float, extra: float = 0):
    """The outline of a limb from `start` to `end` (0 to 1 along it), `extra` wider all round.

    `widths` are those at equal steps along the limb.
    """
    curve = flatten(beziers(np.array(joints, float), [False] * len(joints), closed=False))
    steps = np.linspace(start, end, 6)
    along = np.linspace(0, 1, len(curve))
    points = [(np.interp(t, along, curve[:, 0]), np.interp(t, along, curve[:, 1])) for t in steps]
    wide = [np.interp(t, np.linspace(0, 1, len(widths)), widths) + 2 * extra for t in steps]
    outline = tube(points, wide)
    for k in (0, 5, 6, 11):
        outline[k] = (*outline[k], CORNER)
    return outline


def along_limb(joints: list[tuple], t: float) -> tuple[float, float]:
    """The point at `t` (0 to 1) along a limb."""
    curve = flatten(beziers(np.array(joints, float), [False] * len(joints), closed=False))
    along = np.linspace(0, 1, len(curve))
    return np.interp(t, along, curve[:, 0]), np.interp(t, along, curve[:, 1])


ARM_WIDTHS = [21, 18, 16, 15.5, 14, 11]
LEG_WIDTHS = [41, 38, 33, 27, 24, 25.5, 24, 19, 14]


def arm_widths(body: Body) -> list[float]:
    return [body.build * width for width in ARM_WIDTHS]


def leg_widths(body: Body) -> list[float]:
    return [body.build * width for width in LEG_WIDTHS]


def draw_neck(canvas: Canvas, body: Body, turn: float) -> None:
    """Neck and the upper chest that a collar may show."""
    w = 12.5 * body.build
    s = body.shoulder
    outline = [
        (-w + 4 * turn, 36),
        (-w, 60),
        (-w - 4, 72),
        (-0.75 * s, 82),
        (-0.6 * s, 118),
        (0, 130),
    ]
    right = [(w + 4 * turn, 36), (w, 60), (w + 4, 72), (0.75 * s, 82), (0.6 * s, 118)]
    data = canvas.shape([*outline, *reversed(right)], "skin.neck", shade=3)
    canvas.tone([(-30, 40), (30, 40), (22, 66), (2, 74), (-22, 66)], "skin", -1, data)
    canvas.line([(-w - 2, 84), (-9, 89), (-4, 91)], width=0.6)
    canvas.line([(w + 2, 84), (9, 89), (4, 91)], width=0.6)


def draw_arm(canvas: Canvas, body: Body, side: int) -> None:
    joints = body.arms[side]
    canvas.shape(limb(joints, arm_widths(body), 0, 1), "skin.arm", shade=3)


def draw_hand(canvas: Canvas, body: Body, side: int, part: str = "skin") -> None:
    """A relaxed hand at the end of the arm: palm, fingers in one shape, and a thumb."""
    elbow, wrist = body.arms[side][1:]
    angle = math.atan2(wrist[1] - elbow[1], wrist[0] - elbow[0]) - math.pi / 2
    c, s = math.cos(angle), math.sin(angle)
    frame = np.array([[c * side, -s, wrist[0]], [s * side, c, wrist[1]]])
    with canvas.moved(frame):
        palm = [
            (-6, -3),
            (6, -3),
            (8.5, 8),
            (8, 16),
            (6.5, 25),
            (2, 29),
            (-4, 27),
            (-7, 17),
            (-7.5, 7),
        ]
        thumb = [(-5, 2), (-11, 8), (-12, 16), (-9.5, 18), (-6, 12)]
        canvas.shape(thumb, part, shade=1, line=0.9)
        canvas.shape(palm, part, shade=2, line=0.9)
        for x in (-2.6, 0.9, 4.2):
            canvas.line([(x, 16), (x * 0.9, 26)], width=0.55)


def draw_leg(canvas: Canvas, body: Body, side: int) -> None:
    joints = body.legs[side]
    canvas.shape(limb(joints, leg_widths(body), 0, 1), "skin.leg", shade=4)
    knee = along_limb(joints, 0.5)
    canvas.line(
        [(knee[0] - 5, knee[1] + 3), (knee[0], knee[1] + 5), (knee[0] + 5, knee[1] + 3)], width=0.6
    )


def draw_foot(
    canvas: Canvas, body: Body, side: int, part: str = "skin.foot", size: float = 1
) -> str:
    """A foot seen from the front and a little from above, turned outwards."""
    x, y = body.legs[side][-1]
    with canvas.moved(np.array([[side * size, 0, x], [0, size, y]])):
        return canvas.shape(
            [(-8, -8), (8, -8), (10, 4), (16, 17), (14, 25), (3, 27), (-8, 24), (-10, 14), (-8, 2)],
            part,
            shade=3,
        )


def torso(body: Body, *, top: float, bottom: float, extra: float = 0, flare: float = 0):
    """The right half of a garment's side from the armhole to `bottom`, from top to bottom."""
    rows = (
        (SHOULDER + 26, body.bust * 0.94),
        (BUST, body.bust),
        (WAIST, body.waist),
        (HIP, body.hip),
    )
    points = [(x + extra, y) for y, x in rows if top <= y < bottom - 8]
    width = np.interp(bottom, [row[0] for row in rows], [row[1] for row in rows])
    return [*points, (width + extra + flare, bottom, CORNER)]
