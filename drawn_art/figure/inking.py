"""Ink that a pen's even line does not make: a brush's swelling contour, and hatching."""

import numpy as np

from drawn_art.figure.curves import polygon_data

LEAN = np.array([[0.7071, -0.7071], [0.7071, 0.7071]])  # turns lines of hatching to the level


def brushed(edge: np.ndarray, width: float, light: tuple[float, float], *, closed: bool) -> str:
    """Path data (to be filled by even-odd) of a contour along `edge` (N, 2).

    It is thin where the light falls on it, and up to 1.3 times `width` on the side in shadow.
    """
    along = np.roll(edge, -1, 0) - np.roll(edge, 1, 0) if closed else np.gradient(edge, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], 1)
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    outward = normal if _area(edge) > 0 else -normal
    shadow = np.clip(0.5 - 0.5 * outward @ np.array(light), 0, 1)
    offset = normal * (width * (0.2 + 1.1 * shadow**1.5) / 2)[:, None]
    if closed:
        return polygon_data(edge + offset) + polygon_data(edge - offset)
    return polygon_data(np.vstack([edge + offset, (edge - offset)[::-1]]))


def _area(edge: np.ndarray) -> float:
    x, y = edge.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def hatching(edge: np.ndarray, reach: tuple[float, float], gap: float) -> str:
    """Path data of slanted lines, `gap` apart, in the shadow of a closed shape (N, 2).

    The shadow is what the shape, moved by `reach` towards the light, does not cover.
    """
    shape = edge @ LEAN.T
    lit = shape + LEAN @ np.array(reach)
    rows = np.arange(np.floor(shape[:, 1].min() / gap) + 0.5, shape[:, 1].max() / gap) * gap
    lines = []
    for y, inside, covered in zip(
        rows, _crossings(shape, rows), _crossings(lit, rows), strict=True
    ):
        lines += [(a, y, b, y) for a, b in _without(inside, covered) if b - a > gap / 2]
    ends = np.array(lines).reshape(-1, 2) @ LEAN
    return ("M{:.1f} {:.1f}L{:.1f} {:.1f}" * len(lines)).format(*ends.ravel().tolist())


def _crossings(edge: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
    """Where each level line enters and leaves a closed polygon: sorted x, an even number."""
    (x0, y0), (x1, y1) = edge.T, np.roll(edge, -1, 0).T
    crosses = (y0 <= rows[:, None]) != (y1 <= rows[:, None])
    steps = np.where(y1 == y0, 1, y1 - y0)
    x = x0 + (rows[:, None] - y0) * (x1 - x0) / steps
    return [np.sort(row[which]) for row, which in zip(x, crosses, strict=True)]


def _without(spans: np.ndarray, covered: np.ndarray) -> list[tuple[float, float]]:
    """The spans (start, end, start, end …) without those that are covered."""
    marks = sorted([(x, 0) for x in spans] + [(x, 1) for x in covered])
    state, left = [False, False], []
    for (x, which), (following, _) in zip(marks, marks[1:], strict=False):
        state[which] = not state[which]
        if state[0] and not state[1]:
            left.append((x, following))
    return left
