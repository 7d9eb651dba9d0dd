"""What a small painted picture says of the regions of a large sketch."""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from finishing.regions import Regions

# Samples of the painted picture along each side of one of its pixels.
SAMPLES = 4
# Paint is made lighter by as much as lines cover its pixel, up to this share.
MOST_COVERED = 0.6
# In painted pixels: from this distance to the lines on a sample counts fully, and a region with
# less than this area of such samples is not trusted to know its color.
CLEAR = 1.5
TRUSTED_AREA = 1.0
# What the paint at the seed of a region counts, so that regions between the samples have some.
AT_SEED = 1e-6
# In ΔE of CIE 1976, how much colors may differ that are taken for one: of regions that touch
# through a gap, and of a region of no area and one beyond its line.
SAME_THROUGH_GAP = 10.0
SAME_BEYOND_LINE = 40.0


@dataclass(frozen=True)
class Spread:
    """What the regions of a sketch have of a small picture.

    groups: (regions,) int, which regions are one, numbered from 0.
    colors: (groups, 3) float32, the RGB from 0 to 255 of each.
    labels, paint, weights: a grid of samples over the picture: the region (rows, columns) int32,
    the paint (rows, columns, 3) float32, what it counts (rows, columns) float32 from 0 to 1.
    """

    groups: np.ndarray
    colors: np.ndarray
    labels: np.ndarray
    paint: np.ndarray
    weights: np.ndarray

    @property
    def region_colors(self) -> np.ndarray:
        """The color of every region, (regions, 3) uint8 RGB."""
        return self.colors.clip(0, 255).round().astype(np.uint8)[self.groups]

    @property
    def grouped(self) -> np.ndarray:
        """The group of every sample, (rows, columns)."""
        return self.groups[self.labels]


def spread_paint(regions: Regions, gray: np.ndarray, painted: np.ndarray) -> Spread:
    """Sample a small picture between the lines, and find out which regions have one color.

    gray: the sketch (H, W) uint8, 255 = paper. painted: (h, w, 3) uint8 RGB, of the same view. A
    region's color is the weighted median of its samples, those far from lines counting most.
    Regions that touch through gaps in the lines are one if their colors are alike. One with hardly
    a sample takes the color of the region that it opens to, or the most alike of those beyond its
    lines.
    """
    height, width = (min(sides) for sides in zip(painted.shape, gray.shape, strict=False))
    painted = cv2.resize(painted, (width, height), interpolation=cv2.INTER_AREA)
    paint = to_grid(_without_lines(painted, gray))
    at = np.ix_(*map(_centers, paint.shape[:2], gray.shape))
    labels = regions.labels[at]
    pixel = max(gray.shape[0] / height, gray.shape[1] / width)
    weights = np.minimum(regions.distance[at].astype(np.float32) / (CLEAR * pixel), 1) ** 3

    seen = weights > 0
    groups, colors, borrowing = _group(
        regions,
        np.concatenate([labels[seen], np.arange(regions.count)]),
        np.concatenate([paint[seen], at_seeds(regions, painted)]),
        np.concatenate([weights[seen], np.full(regions.count, AT_SEED)]),
    )
    weights[borrowing[labels]] = 0
    return Spread(groups, colors, labels, paint, weights)


def to_grid(small: np.ndarray) -> np.ndarray:
    """A small picture (h, w, n), n at most 4, at every sample, float32."""
    size = (small.shape[1] * SAMPLES, small.shape[0] * SAMPLES)
    return cv2.resize(small.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)


def at_seeds(regions: Regions, small: np.ndarray) -> np.ndarray:
    """What a small picture (h, w, n) has at the seed of every region, (regions, n) float32."""
    height, width = regions.labels.shape
    rows, columns = np.divmod(regions.seeds, width)
    at = rows * small.shape[0] // height, columns * small.shape[1] // width
    return small[at].astype(np.float32)


def weighted_medians(
    labels: np.ndarray, values: np.ndarray, weights: np.ndarray, count: int
) -> np.ndarray:
    """Medians (count, n) float32 of values (samples, n) from 0 to 255 by label (samples,)."""
    totals = np.bincount(labels, weights, count)
    middle = np.cumsum(totals) - totals / 2
    medians = np.empty((count, values.shape[1]), np.float32)
    for channel, column in enumerate(values.T):
        order = np.argsort(labels * 256.0 + column)
        places = np.searchsorted(np.cumsum(weights[order]), middle)
        medians[:, channel] = column[order[np.minimum(places, len(order) - 1)]]
    return medians


def to_lab(colors: np.ndarray) -> np.ndarray:
    """RGB (..., 3) from 0 to 255 in CIELAB, float32."""
    flat = colors.reshape(-1, 1, 3).astype(np.float32) / 255
    return cv2.cvtColor(flat, cv2.COLOR_RGB2Lab).reshape(colors.shape)


def _without_lines(painted: np.ndarray, gray: np.ndarray) -> np.ndarray:
    lines = cv2.resize(gray, painted.shape[1::-1], interpolation=cv2.INTER_AREA)
    light = np.maximum(lines.astype(np.float32) / 255, 1 - MOST_COVERED)
    return np.minimum(painted / light[..., None], 255)


def _centers(count: int, side: int) -> np.ndarray:
    return ((np.arange(count) + 0.5) * side / count).astype(np.int64)


def _group(
    regions: Regions, labels: np.ndarray, paint: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Groups (regions,), their colors (groups, 3), and the regions (regions,) bool whose color is
    another's."""
    areas = np.bincount(labels, weights, regions.count) / SAMPLES**2
    lab = to_lab(weighted_medians(labels, paint, weights, regions.count))
    open_to = _join_through_gaps(regions, lab, areas)
    labels, count = open_to[labels], open_to.max() + 1
    areas = np.bincount(labels, weights, count) / SAMPLES**2
    colors = weighted_medians(labels, paint, weights, count)
    lender = _lenders(to_lab(colors), areas, open_to[regions.borders])
    kept, groups = np.unique(lender[open_to], return_inverse=True)
    borrowing = lender != np.arange(count)
    return groups, colors[kept], borrowing[open_to]


def _join_through_gaps(regions: Regions, lab: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Number (regions,) what belongs together: what touches on paper and has one color, and what
    has too little paint to tell with what it touches along the longest gap."""
    open_pairs = regions.gaps > 0
    pairs, gaps = regions.borders[open_pairs], regions.gaps[open_pairs]
    trusted = areas >= TRUSTED_AREA
    same = np.linalg.norm(lab[pairs[:, 0]] - lab[pairs[:, 1]], axis=1) < SAME_THROUGH_GAP
    joined = pairs[same & trusted[pairs].all(axis=1)]
    neighbor = _best_neighbors(pairs, gaps, regions.count)
    small = np.flatnonzero(~trusted & (neighbor >= 0))
    first = np.concatenate([joined[:, 0], small])
    second = np.concatenate([joined[:, 1], neighbor[small]])
    links = sparse.coo_array(
        (np.ones(len(first), bool), (first, second)), (regions.count, regions.count)
    )
    return connected_components(links, directed=False)[1]


def _lenders(lab: np.ndarray, areas: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """Whose color each group (groups,) takes: its own, or with little paint the most alike beyond
    its lines, if that is alike enough. Paint between narrow lines is too dark, so lightness counts
    half."""
    trusted = areas >= TRUSTED_AREA
    pairs = np.concatenate([borders, borders[:, ::-1]])
    pairs = pairs[~trusted[pairs[:, 0]] & trusted[pairs[:, 1]]]
    differences = (lab[pairs[:, 0]] - lab[pairs[:, 1]]) * (0.5, 1, 1)
    delta_e = np.linalg.norm(differences, axis=1)
    alike = delta_e < SAME_BEYOND_LINE * (1 - areas[pairs[:, 0]] / TRUSTED_AREA)
    lender = np.arange(len(areas))
    order = np.argsort(-delta_e[alike])
    lender[pairs[alike][order, 0]] = pairs[alike][order, 1]
    return lender


def _best_neighbors(pairs: np.ndarray, scores: np.ndarray, count: int) -> np.ndarray:
    """Of every node (count,) the neighbor in `pairs` (n, 2) with the highest score (n,), or -1."""
    sources, targets = np.concatenate([pairs, pairs[:, ::-1]]).T
    order = np.argsort(np.concatenate([scores, scores]), kind="stable")
    best = np.full(count, -1)
    best[sources[order]] = targets[order]
    return best
