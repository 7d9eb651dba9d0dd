"""Colors for all pixels of the regions of a sketch, from a small painted picture."""

import math

import cv2
import numpy as np

from finishing.regions import Regions
from finishing.spread import SAMPLES, TRUSTED_AREA, Spread, to_lab

# Paint is even unless more than this share of it is farther than this from its median, in ΔE of
# CIE 1976; and of one color unless more than that share is farther than that.
EVEN, EVEN_SHARE = 5.0, 0.06
ONE_COLOR, ONE_COLOR_SHARE = 20.0, 0.15
# In painted pixels: of less paint it cannot be told whether it is shaded, so near are its lines.
SHADED_AREA = 100.0
# The standard deviation of the blur inside a region, in painted pixels, and the weight that its
# color has there against the paint: hardly any, unless there is no paint.
SMOOTHING = 0.8
NO_PAINT = 1e-3


def fill(regions: Regions, spread: Spread, *, shaded: bool = True) -> np.ndarray:
    """Color all pixels, also those under the lines: (H, W, 3) uint8 RGB.

    A region has one color where its paint is even. Elsewhere it has smooth colors, interpolated
    from its own samples only (normalized convolution: Knutsson and Westin, CVPR 1993), so that
    they cross no line. With `shaded` false it has one color unless its paint disagrees so much
    that it must be of several.
    """
    filled = spread.region_colors[regions.labels]
    for group in _uneven(spread, shaded):
        members = spread.groups == group
        smooth_into(filled, regions, spread, spread.paint, members, spread.colors[group])
    return filled


def smooth_into(
    filled: np.ndarray,
    regions: Regions,
    spread: Spread,
    values: np.ndarray,
    members: np.ndarray,
    default: np.ndarray,
) -> None:
    """Interpolate values inside some regions, in place.

    filled: (H, W, n) uint8, where `members` (regions,) bool are written. values: (rows, columns, n)
    float32 on the grid, n at most 4. default: (n,), what is written far from all their samples.
    """
    inside = members[spread.labels]
    window = _window(inside, margin=2 * SAMPLES)
    weights = np.where(inside, spread.weights, 0)[window]
    blur = SMOOTHING * SAMPLES
    weighted = cv2.GaussianBlur(values[window] * weights[..., None], (0, 0), blur)
    total = cv2.GaussianBlur(weights, (0, 0), blur)[..., None]
    smooth = (weighted + NO_PAINT * default) / (total + NO_PAINT)
    _enlarge_into(
        filled,
        regions.labels,
        members,
        smooth.clip(0, 255).round().astype(np.uint8),
        window,
        inside.shape,
    )


def _uneven(spread: Spread, shaded: bool) -> np.ndarray:
    """The groups (n,) whose paint is not of one color, of those that have enough to tell."""
    groups = spread.grouped
    differences = np.linalg.norm(to_lab(spread.paint) - to_lab(spread.colors)[groups], axis=2)

    def amounts(weights: np.ndarray) -> np.ndarray:
        return np.bincount(groups.ravel(), weights.ravel(), len(spread.colors)) / SAMPLES**2

    areas = amounts(spread.weights)
    uneven = np.zeros(len(areas), bool)
    limits = [(ONE_COLOR, ONE_COLOR_SHARE, TRUSTED_AREA), (EVEN, EVEN_SHARE, SHADED_AREA)]
    for limit, share, least in limits if shaded else limits[:1]:
        off = amounts(spread.weights * (differences > limit))
        uneven |= (areas >= least) & (off > share * areas)
    return np.flatnonzero(uneven)


def _window(inside: np.ndarray, margin: int) -> tuple[slice, slice]:
    """The rows and columns that hold all of `inside`, and a margin where there is one."""
    spans = []
    for axis, side in enumerate(inside.shape):
        held = np.flatnonzero(inside.any(axis=1 - axis))
        spans.append(slice(max(held[0] - margin, 0), min(held[-1] + 1 + margin, side)))
    return spans[0], spans[1]


def _enlarge_into(
    filled: np.ndarray,
    labels: np.ndarray,
    members: np.ndarray,
    values: np.ndarray,
    window: tuple[slice, slice],
    grid: tuple[int, int],
) -> None:
    """Enlarge a window of the grid and write it to the pixels whose region is of `members`."""
    scales = [side / samples for side, samples in zip(labels.shape, grid, strict=True)]
    large = tuple(
        slice(int(span.start * scale), math.ceil(span.stop * scale))
        for span, scale in zip(window, scales, strict=True)
    )
    inside = members[labels[large]]
    # Where the first pixel's center lies in the small window.
    shifts = [
        (span.start + 0.5) / scale - small.start - 0.5
        for span, small, scale in zip(large, window, scales, strict=True)
    ]
    to_small = np.array([[1 / scales[1], 0, shifts[1]], [0, 1 / scales[0], shifts[0]]])
    enlarged = cv2.warpAffine(
        values,
        to_small,
        inside.shape[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    np.copyto(filled[large], enlarged, where=inside[..., None])
