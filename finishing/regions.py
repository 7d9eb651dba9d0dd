"""Regions of a sketch between its lines, also where the lines have gaps."""

from dataclasses import dataclass

import cv2
import numpy as np

from finishing.lines import strips

# The largest ball has a radius of a part in so many of the longer side, and three pixels at least:
# a gap is closed if the ball does not pass through it.
SIDE_PER_RADIUS = 200
LEAST_RADIUS = 3.0
SHRINK = 1.5
# Float16 ends at 65,504.
FARTHEST = 60_000.0
FAINTEST, DARKEST = 96, 224


@dataclass(frozen=True)
class Regions:
    """The regions of a sketch, numbered from 0.

    labels: (H, W) int32, the region of every pixel, also under the lines.
    distance: (H, W) float16, how many pixels the nearest line is away, 0 on a line.
    seeds: (count,) int64, one pixel on the paper of every region as an index of the flat picture.
    borders: (pairs, 2) int32, which regions touch each other, on paper or under a line.
    gaps: (pairs,) int64, along how many pixels they touch on paper: through gaps in the lines.
    """

    labels: np.ndarray
    distance: np.ndarray
    seeds: np.ndarray
    borders: np.ndarray
    gaps: np.ndarray

    @property
    def count(self) -> int:
        return len(self.seeds)


def find_regions(gray: np.ndarray) -> Regions:
    """The regions of line art (H, W) uint8, 255 = paper; at least one.

    The trapped-ball segmentation of Zhang et al., Vectorizing Cartoon Animations (IEEE TVCG 15(4),
    2009, section 4.1): a ball moves between the lines; where it cannot pass are other regions,
    and smaller balls find those that were too small for it. The centers of a ball of radius r are
    where the distance to the lines exceeds r, so one distance transform serves all radii. The
    regions then grow over the paper until they meet (watershed), and under the nearest lines.
    """
    paper = (gray > ink_threshold(gray)).astype(np.uint8) * 255
    if not paper.any():
        paper[:] = 255
    paper = cv2.copyMakeBorder(paper, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    distance = cv2.distanceTransform(paper, cv2.DIST_L2, 3)
    # The frame is watershed's: no region may lie in it alone.
    distance[[0, -1]] = distance[:, [0, -1]] = 0
    markers, seeds = _markers(distance, max(gray.shape))
    # Half a pixel in a thousand is exact enough, and large sketches take much memory.
    distance = np.minimum(distance, FARTHEST).astype(np.float16)
    cv2.watershed(cv2.merge([paper] * 3), markers)
    _under_lines(markers, paper)
    rows, columns = np.divmod(seeds, markers.shape[1])
    inner = np.s_[1:-1, 1:-1]
    labels, distance = np.ascontiguousarray(markers[inner] - 1), distance[inner]
    seeds = (rows - 1) * labels.shape[1] + columns - 1
    return Regions(labels, distance, seeds, *_touching(labels, distance))


def ink_threshold(gray: np.ndarray) -> int:
    """The gray level up to which a pixel is of a line: Otsu's, between that of ink and pencil."""
    level, _ = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return int(np.clip(level, FAINTEST, DARKEST))


def _markers(distance: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """What the centers of balls reach, numbered from 1, the largest ball first; and the seeds."""
    markers, seeds = np.zeros(distance.shape, np.int32), np.zeros(0, np.int64)
    for radius in _radii(side, float(distance.max())):
        centers = cv2.compare(distance, radius, cv2.CMP_GT)
        seeds = _add_components(markers, centers, seeds)
    return markers, seeds


def _radii(side: int, deepest: float) -> list[float]:
    radius, radii = max(LEAST_RADIUS, side / SIDE_PER_RADIUS), []
    while radius >= 1:
        radii.append(radius)
        radius /= SHRINK
    return [*(radius for radius in radii if radius < deepest), 0.0]


def _add_components(markers: np.ndarray, centers: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Number those components of `centers` in which no seed is. Returns the seeds, a pixel of every
    numbered component by its index in the flat picture, with the new ones."""
    total, components = cv2.connectedComponents(centers, connectivity=4)
    fresh = np.ones(total, bool)
    fresh[0] = False
    fresh[components.ravel()[seeds]] = False
    if not fresh.any():
        return seeds
    numbers = np.where(fresh, len(seeds) + np.cumsum(fresh), 0).astype(np.int32)
    seeds = np.concatenate([seeds, np.zeros(fresh.sum(), np.int64)])
    for rows in strips(markers.shape):
        new = numbers[components[rows]].ravel()
        inside = np.flatnonzero(new)
        found, first = new[inside], rows.start * markers.shape[1]
        markers.ravel()[first + inside] = found
        seeds[found - 1] = first + inside
    return seeds


def _under_lines(markers: np.ndarray, paper: np.ndarray) -> None:
    """Give every pixel that is not of the paper, or of no region yet, the marker of the nearest
    that is, in place."""
    known = (paper > 0) & (markers > 0)
    outside = 1 - known.astype(np.uint8)
    nearest = cv2.distanceTransformWithLabels(
        outside, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )[1]
    # Known pixels are numbered row by row from 1.
    values = markers[known]
    for rows in strips(markers.shape):
        unknown = ~known[rows]
        markers[rows][unknown] = values[nearest[rows][unknown] - 1]


def _touching(labels: np.ndarray, distance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of regions that touch, and along how many pixels of paper."""
    width = labels.shape[1]
    flat, clear = labels.ravel(), distance > 0
    across = np.flatnonzero(cv2.compare(labels[:, :-1], labels[:, 1:], cv2.CMP_NE))
    across += across // max(1, width - 1)
    down = np.flatnonzero(cv2.compare(labels[:-1], labels[1:], cv2.CMP_NE))
    first = np.concatenate([across, down])
    second = np.concatenate([across + 1, down + width])
    pairs = np.sort(np.stack([flat[first], flat[second]], axis=1), axis=1)
    on_paper = clear.ravel()[first] & clear.ravel()[second]
    unique, which = np.unique(pairs, axis=0, return_inverse=True)
    return unique, np.bincount(which.ravel(), on_paper, len(unique)).astype(int)
