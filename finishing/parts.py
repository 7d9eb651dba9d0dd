"""Which part of the drawn figure every pixel belongs to."""

import cv2
import numpy as np

from finishing.fill import smooth_into
from finishing.lines import strips
from finishing.regions import Regions
from finishing.spread import AT_SEED, SAMPLES, Spread, at_seeds, to_grid, weighted_medians

REST = "rest"
PARTS = ("background", "skin", "hair", "eyes")
"""The parts that colors are chosen for, as far as possible from back to front."""

NAMES = (REST, *PARTS)
"""What the values of a map of parts stand for, from 0."""

# A part's tags decide where they change more than this share of what they change at most, by PARTS.
# Those of eyes tint lids, lenses and mouths, too, by up to four fifths of what they change irises.
DECIDES = np.array([0.5, 0.5, 0.5, 0.85], np.float32)
# A region is of several parts if more than this share of its samples is not of its own.
SEVERAL_SHARE = 0.15


def find_parts(regions: Regions, spread: Spread, changes: np.ndarray) -> np.ndarray:
    """The part of every pixel, (H, W) uint8 as an index of NAMES.

    changes: (h, w, 4) float32 in [0, 1], of a small picture how much the tags of each of PARTS
    change every pixel. A region is of the part whose tags change it most.
    """
    rows, columns = (side // SAMPLES for side in spread.labels.shape)
    changes = cv2.resize(changes, (columns, rows), interpolation=cv2.INTER_AREA)
    values = to_grid(changes * 255)
    weights = spread.weights.ravel()
    groups = np.concatenate([spread.grouped.ravel(), spread.groups])
    medians = weighted_medians(
        groups,
        np.concatenate([values.reshape(len(weights), -1), at_seeds(regions, changes * 255)]),
        np.concatenate([weights, np.full(regions.count, AT_SEED**2)]),
        len(spread.colors),
    )
    decided = _decide(medians)
    parts = decided[spread.groups][regions.labels]
    for group in _of_several(spread, _decide(values), decided):
        members = spread.groups == group
        smooth = np.zeros((*parts.shape, len(PARTS)), np.uint8)
        smooth_into(smooth, regions, spread, values, members, medians[group])
        inside = members[regions.labels]
        for rows in strips(parts.shape):
            parts[rows][inside[rows]] = _decide(smooth[rows][inside[rows]])
    return parts


def _decide(values: np.ndarray) -> np.ndarray:
    """Changes (..., 4) from 0 to 255 to indices (...) of NAMES."""
    decisive = np.where(values > 255 * DECIDES, values, 0)
    best = decisive.argmax(axis=-1).astype(np.uint8) + 1
    return np.where(decisive.any(axis=-1), best, np.uint8(0))


def _of_several(spread: Spread, sampled: np.ndarray, decided: np.ndarray) -> np.ndarray:
    groups, weights = spread.grouped, spread.weights
    other = weights * (sampled != decided[groups])
    totals, off = (
        np.bincount(groups.ravel(), counted.ravel(), len(decided)) for counted in (weights, other)
    )
    return np.flatnonzero(off > SEVERAL_SHARE * totals)
