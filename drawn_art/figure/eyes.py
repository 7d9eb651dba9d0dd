"""Anime eyes: lids, iris with pupil and highlights, by shape and expression.

An eye is drawn around (0, 0), about 26 wide and 26 high; its outer corner is at positive x.
"""

import numpy as np

from drawn_art.figure.canvas import Canvas
from drawn_art.figure.curves import ellipse

WIDTH, HEIGHT = 27.0, 27.0


def eye(canvas: Canvas, kind: str, slant: float, width: float, height: float, look: float) -> None:
    """Draw one eye; `kind` is open, half, sharp or closed or happy; `look` moves the iris."""
    w, h = WIDTH / 2 * width, HEIGHT / 2 * height
    lift = slant * 3.2
    if kind in ("closed", "happy"):
        _closed(canvas, w, lift, -1 if kind == "happy" else 1)
        return
    top = {"open": -h, "half": -0.42 * h, "sharp": -0.62 * h}[kind]
    outer, inner = (w, -0.10 * h - lift), (-w, 0.10 * h + 0.4 * lift)
    xs = np.linspace(-w, w, 15)
    upper = _lid(xs, w, inner[1], outer[1], top, flat=kind != "open")
    lower = _lid(xs, w, inner[1], outer[1], 0.86 * h, flat=False)
    white = [
        *zip(xs[::2], upper[::2], strict=True),
        *zip(xs[-3::-2], lower[-3::-2], strict=True),
    ]
    canvas.shape(white, "sclera", line=0)
    clip = canvas.marks[-1].data
    canvas.tone(
        [(-w, top), (w, top), (w, top + 0.5 * h), (-w, top + 0.5 * h)], "sclera", -0.8, clip
    )
    _iris(canvas, w, h, look, xs, upper, lower)
    _lashes(canvas, xs, upper, lower, w, h, lift)


def _lid(xs, w: float, inner: float, outer: float, peak: float, *, flat: bool):
    t = (xs / w + 1) / 2
    arch = np.clip(1 - np.abs(xs / w) ** (4.0 if flat else 2.6), 0, None) ** (0.8 if flat else 0.75)
    base = inner + (outer - inner) * t
    return base + (peak - base) * arch


def _iris(canvas: Canvas, w, h, look, xs, upper, lower) -> None:
    rx, ry = 0.60 * w, 0.92 * h
    cx, cy = look * w * 0.25 - 0.04 * w, -0.02 * h
    rim = np.array(ellipse(cx, cy, rx, ry, 20))
    rim[:, 1] = np.clip(rim[:, 1], np.interp(rim[:, 0], xs, upper), np.interp(rim[:, 0], xs, lower))
    canvas.shape([tuple(p) for p in rim], "iris", line=0.7)
    clip = canvas.marks[-1].data
    canvas.tone(ellipse(cx, cy - 0.75 * h, 1.1 * rx, 0.62 * h, 8), "iris", -0.9, clip)
    canvas.tone(ellipse(cx, cy + 0.62 * h, 0.62 * rx, 0.24 * h, 8), "iris", 0.75, clip)
    lid = float(np.interp(cx, xs, upper))
    pupil = np.array(ellipse(cx, cy - 0.02 * h, 0.36 * rx, 0.40 * ry, 10))
    pupil[:, 1] = np.maximum(pupil[:, 1], lid)
    canvas.spot([tuple(p) for p in pupil])
    shine_y = max(cy - 0.42 * h, lid + 0.24 * h)
    canvas.spot(ellipse(cx - 0.38 * rx, shine_y, 0.30 * rx, 0.22 * h, 8), "shine")
    canvas.spot(ellipse(cx + 0.42 * rx, cy + 0.42 * h, 0.17 * rx, 0.11 * h, 6), "shine")


def _lashes(canvas: Canvas, xs, upper, lower, w, h, lift) -> None:
    """The upper lid as a thick band that ends in a wing, a crease above it, and the lower lid."""
    thickness = 0.24 * h * np.sin(np.linspace(0.5, 2.7, len(xs))) + 0.5
    band = [*zip(xs, upper - thickness, strict=True)][::2]
    wing = (w + 0.30 * w, upper[-1] - 0.12 * h - 0.8 * lift, True)
    back = [*zip(xs[::-1], upper[::-1] + 0.05 * h, strict=True)][::2]
    canvas.spot([(xs[0] - 0.08 * w, upper[0] + 0.10 * h, True), *band, wing, *back])
    canvas.spot(
        [
            (xs[-1] - 0.05 * w, upper[-1] + 0.02 * h),
            (w + 0.20 * w, upper[-1] + 0.12 * h, True),
            (xs[-2], lower[-2] - 0.1 * h),
        ]
    )
    mid = len(xs) // 2
    canvas.line(
        [(xs[k], lower[k] + 0.02 * h) for k in (mid - 3, mid, mid + 3, len(xs) - 2)], width=0.8
    )
    crease = [(xs[k], upper[k] - 0.34 * h - 1.5) for k in (4, 8, 12)]
    canvas.line(crease, width=0.6)


def _closed(canvas: Canvas, w: float, lift: float, way: int) -> None:
    points = [(-w, 1 * way), (-0.5 * w, 5.5 * way), (0.2 * w, 7 * way), (w, 1.5 * way - lift)]
    canvas.line(points, width=2.2, start=0.4, end=0.6)
    if way > 0:
        canvas.line([(0.75 * w, 4), (1.15 * w, 6)], width=1.2)
