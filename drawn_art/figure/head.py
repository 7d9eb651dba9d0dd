"""Head without hair: face, ears, brows, nose, mouth. The eyes' line is at y = 8, the chin at 53."""

import math

import numpy as np

from drawn_art.figure.canvas import Canvas
from drawn_art.figure.curves import ellipse, rotation
from drawn_art.figure.eyes import eye
from drawn_art.figure.person import Face, Pose

EYE_LINE = 9.0
CHIN = 53.0
RADIUS = 50.0
MAX_TURN = 34.0  # degrees


def turned(x: float, turn: float, depth: float = 0.78) -> float:
    """Where a point of the face, `x` from its middle, is seen when the head is turned."""
    angle = math.radians(MAX_TURN * turn)
    z = depth * math.sqrt(max(RADIUS**2 - x**2, 0))
    return x * math.cos(angle) + z * math.sin(angle)


def face_outline(face: Face, turn: float) -> list[tuple]:
    """The closed outline of face and skull."""
    shift, w, c = turn, face.width, face.chin
    right = [(47, -28), (47.5, -4), (45.5, 14), (39, 30), (24, 44), (7, 52.5 * c)]
    near = [(-x, y) for x, y in reversed(right)]
    points = []
    for x, y in [*right, *near]:
        low = np.clip((y + 10) / 60, 0, 1)
        far = x * shift > 0
        squeeze = 1 - (0.10 * abs(shift) * (1 - low) if far else -0.02 * abs(shift))
        points.append((x * w * squeeze + 13 * shift * low, y))
    return [*points, (-42, -46), (0, -66), (42, -46)]


def draw_ears(canvas: Canvas, face: Face, turn: float) -> None:
    for side in (-1, 1):
        if side * turn > 0.45:
            continue
        x = side * (46.5 * face.width) - 6 * turn
        with canvas.moved(np.array([[side, 0, x], [0, 1.0, 14]])):
            if face.pointed_ears:
                outline = [(-3, -9), (6, -13), (25, -23, True), (13, -1), (4, 11), (-3, 10)]
            else:
                outline = [(-3, -11), (5, -13), (9, -6), (6, 5), (2, 12), (-3, 10)]
            canvas.shape(outline, "skin.ear", shade=2)
            canvas.line([(1, -8), (5, -6), (3, 2)], width=0.6)


def draw_face(canvas: Canvas, face: Face, pose: Pose) -> None:
    """The face with all that is in it; hair is laid over it later."""
    turn = pose.turn
    data = canvas.shape(face_outline(face, turn), "skin", shade=4)
    fringe = [
        (-60, -70),
        (60, -70),
        (52, -14),
        (30, -6),
        (12, -14),
        (-10, -8),
        (-34, -12),
        (-52, -2),
    ]
    canvas.tone(fringe, "skin", -0.75, data)
    if face.blush:
        for side in (-1, 1):
            x = turned(side * 28, turn)
            canvas.spot(ellipse(x, 28, 8.5, 4.2), "blush")
            for k in (-3, 0.5, 4):
                canvas.line([(x + k + 1.5, 25.5), (x + k - 1.5, 30.5)], width=0.45)
    if face.freckles:
        for side in (-1, 1):
            for k, y in ((22, 26), (28, 29), (34, 26), (27, 24)):
                canvas.spot(ellipse(turned(side * k, turn), y, 1, 1, 5), "freckle")
    _eyes(canvas, face, turn)
    _brows(canvas, face, turn)
    x = turned(0, turn, 1.0)
    lean = 2.2 if turn >= 0 else -2.2
    canvas.line([(x + 0.3 * lean, 24), (x + 0.9 * lean, 28), (x - 0.3 * lean, 29.5)], width=0.8)
    with canvas.moved(np.array([[1 - 0.15 * abs(turn), 0, turned(0, turn, 0.9)], [0, 1, 38.5]])):
        draw_mouth(canvas, face.mouth)
    if face.mole:
        canvas.spot(ellipse(turned(24, turn), 27, 1.3, 1.3, 6))


def _eyes(canvas: Canvas, face: Face, turn: float) -> None:
    angle = math.radians(MAX_TURN * turn)
    for side in (-1, 1):
        x = turned(side * 23, turn)
        narrow = math.cos(angle + math.radians(side * 14)) / math.cos(math.radians(14))
        kind = face.eyes
        if kind == "wink":
            kind = "open" if side == (1 if turn <= 0 else -1) else "closed"
        frame = np.array([[side, 0, x], [0, 1.0, EYE_LINE]])
        with canvas.moved(frame):
            eye(
                canvas,
                kind,
                face.slant,
                face.eye_width * min(narrow, 1.03),
                face.eye_height,
                side * (0.35 * turn),
            )


def _brows(canvas: Canvas, face: Face, turn: float) -> None:
    lift, inner, thick = {
        "plain": (0, 0, 1.5),
        "angry": (1, 6, 2.0),
        "sad": (-1, -5, 1.4),
        "raised": (-5, -1, 1.5),
        "thick": (0, 1, 3.4),
        "short": (-1, -1, 2.6),
    }[face.brows]
    span = (0.4, -0.2) if face.brows == "short" else (1, -1)
    y = EYE_LINE - 17 * face.eye_height - 8 + lift
    for side in (-1, 1):
        points = [
            (turned(side * (23 + 12 * k), turn), y - inner * 0.4 * k * 1.2 - 2.4 * (1 - k * k))
            for k in np.linspace(span[1], span[0], 4)
        ]
        canvas.line(points, width=thick, start=0.7, end=0.25)


def draw_mouth(canvas: Canvas, kind: str) -> None:
    """A mouth around (0, 0)."""
    if kind in ("open", "open_smile", "fang"):
        wide, deep = (9, 7.5) if kind != "open" else (6.5, 8)
        top = -1 if kind == "open" else -3
        outline = [
            (-wide, -2, True),
            (0, top + 1.5),
            (wide, -2, True),
            (0.7 * wide, deep * 0.5),
            (0, deep),
        ]
        outline.append((-0.7 * wide, deep * 0.5))
        data = canvas.shape(outline, "throat", line=0.9)
        canvas.bands([ellipse(0, deep, 0.62 * wide, 3.8, 8)], "tongue", data, line=0.4)
        if kind == "fang":
            canvas.shape([(3.5, -2, True), (7, -2, True), (5.2, 2.8, True)], "teeth", line=0.4)
    elif kind == "grin":
        outline = [(-10, -3, True), (0, 0.5), (10, -3, True), (6, 4), (0, 5.5), (-6, 4)]
        canvas.shape(outline, "teeth", line=0.9)
        canvas.line([(-7.5, 1), (0, 2.8), (7.5, 1)], width=0.5)
    elif kind == "small_open":
        canvas.shape(ellipse(0, 1, 3.2, 4.0, 8), "throat", line=0.9)
    elif kind == "tongue":
        canvas.line([(-8, -2), (-3, 1.2), (3, 1.2), (8, -2)], width=1.1)
        canvas.shape(
            [(-0.5, 1.1, True), (5.5, 0.2, True), (5.5, 5), (2.5, 7), (0, 5)], "tongue", line=0.7
        )
    else:
        points = {
            "smile": [(-8, -1.8), (-3, 1.2), (3, 1.2), (8, -1.8)],
            "frown": [(-6.5, 2.4), (-2, -0.4), (2, -0.4), (6.5, 2.4)],
            "straight": [(-6, 0), (0, 0.3), (6, 0)],
            "small": [(-3.6, 0), (0, 0.9), (3.6, 0)],
            "wavy": [(-8, 0), (-4, -1.8), (0, 0.8), (4, -1.8), (8, 0)],
            "cat": [(-7, -1.6), (-3.6, 1.8), (0, -1.0), (3.6, 1.8), (7, -1.6)],
        }[kind]
        canvas.line(points, width=1.1, start=0.5, end=0.5)
        if kind in ("frown", "small"):
            canvas.line([(-1.8, 5), (1.8, 5)], width=0.5)


def head_frame(pose: Pose, scale: float) -> np.ndarray:
    """The map from the head's own units to those of the figure: tilted around the neck."""
    turn = rotation(pose.tilt, 0, 0, scale)
    pivot = np.array([0, 50.0])
    return np.column_stack([turn[:, :2], pivot - turn[:, :2] @ pivot])
