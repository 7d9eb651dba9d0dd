"""Smooth curves through points, as arrays and as SVG path data. A y axis that points down."""

import math
from collections.abc import Sequence

import numpy as np

# A point is (x, y); (x, y, CORNER) is one where the curve has an edge.
CORNER = True
Points = Sequence[tuple]


def split(points: Points) -> tuple[np.ndarray, list[bool]]:
    """Coordinates (N, 2) float and, for each point, whether it is a corner."""
    return np.array([point[:2] for point in points], float), [len(point) > 2 for point in points]


def beziers(points: np.ndarray, corners: Sequence[bool], closed: bool) -> np.ndarray:
    """Cubic Bézier segments (M, 4, 2) that run through `points` (N, 2), M = N or N - 1.

    Tangents are those of a Catmull-Rom spline, their lengths a third of the chord; at a corner and
    at an open end the curve leaves in the direction of the next point.
    """
    following, before = np.roll(points, -1, 0), np.roll(points, 1, 0)
    along = following - before
    chord = np.hypot(*(following - points).T)
    direction = along / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    leaving = points + direction * chord[:, None] / 3
    arriving = points - direction * np.roll(chord, 1)[:, None] / 3
    edge = np.array(corners, bool)
    if not closed:
        edge = edge.copy()
        edge[[0, -1]] = True
    leaving[edge] = points[edge] + (following[edge] - points[edge]) / 3
    arriving[edge] = points[edge] + (before[edge] - points[edge]) / 3
    segments = np.stack([points, leaving, np.roll(arriving, -1, 0), following], 1)
    return segments if closed else segments[:-1]


def path_data(segments: np.ndarray, closed: bool) -> str:
    """SVG path data of Bézier segments (M, 4, 2)."""
    start = "M{:.1f} {:.1f}".format(*segments[0, 0])
    rest = "C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}" * len(segments)
    return start + rest.format(*segments[:, 1:].ravel().tolist()) + ("Z" if closed else "")


def polygon_data(points: np.ndarray) -> str:
    """SVG path data of a closed polygon (N, 2)."""
    return "M" + ("{:.1f} {:.1f} " * len(points)).format(*points.ravel().tolist()) + "Z"


_T = np.linspace(0, 1, 7)[:-1]
_BASIS = np.stack([(1 - _T) ** 3, 3 * _T * (1 - _T) ** 2, 3 * _T**2 * (1 - _T), _T**3], 1)


def flatten(segments: np.ndarray) -> np.ndarray:
    """Points (6 M + 1, 2) on Bézier segments (M, 4, 2)."""
    points = np.einsum("tk,mkd->mtd", _BASIS, segments).reshape(-1, 2)
    return np.vstack([points, segments[-1, 3]])


def tapered(segments: np.ndarray, width: float, thin_start: float, thin_end: float) -> np.ndarray:
    """The polygon (N, 2) of a stroke along open Bézier segments (M, 4, 2).

    It is `width` wide in its middle, and `thin_start` and `thin_end` times that at its ends.
    """
    points = flatten(segments)
    along = np.gradient(points, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], 1)
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    t = np.linspace(0, 1, len(points))
    profile = np.where(
        t < 0.5,
        thin_start + (1 - thin_start) * np.sin(np.pi * t),
        thin_end + (1 - thin_end) * np.sin(np.pi * t),
    )
    offset = normal * (width / 2 * profile)[:, None]
    return np.vstack([points + offset, (points - offset)[::-1]])


def tube(joints: Points, widths: Sequence[float]) -> list[tuple[float, float]]:
    """The outline of a limb through `joints`, `widths[k]` wide at joint k; not capped."""
    points = np.array(joints, float)
    along = np.gradient(points, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], 1)
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    offset = normal * np.array(widths, float)[:, None] / 2
    left, right = points + offset, (points - offset)[::-1]
    return [tuple(point) for point in np.vstack([left, right])]


def ellipse(x: float, y: float, rx: float, ry: float, points: int = 12) -> list[tuple]:
    """A closed curve around (x, y)."""
    return [
        (x + rx * math.cos(angle), y + ry * math.sin(angle))
        for angle in np.linspace(0, 2 * math.pi, points, endpoint=False)
    ]


def mirrored(points: Points) -> list[tuple]:
    """The points mirrored at x = 0, in reverse order, so that a half becomes a whole."""
    return [(-point[0], *point[1:]) for point in reversed(points)]


def rotation(angle: float, x: float = 0, y: float = 0, scale: float = 1) -> np.ndarray:
    """The affine map (2, 3) that scales, turns by `angle` degrees (clockwise as seen) around the
    origin and then moves it to (x, y)."""
    c, s = scale * math.cos(math.radians(angle)), scale * math.sin(math.radians(angle))
    return np.array([[c, -s, x], [s, c, y]])
