"""Whether paint has the color that was asked for, and stays where it belongs: arrays to numbers.

Colors are compared in CIELAB by ΔE of CIE 1976: about 2 is just seen, 100 is black to white.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage
from skimage.color import deltaE_cie76, rgb2lab

from drawn_art.palette import RGB, nearest_tag

# One pixel for every so many of a picture's side lies between a part and what is not of it.
SIDE_PER_MARGIN = 128


class Area(NamedTuple):
    """Where a part is surely seen, and where it is surely not: (H, W) bool each."""

    core: np.ndarray
    outside: np.ndarray


class Painting(NamedTuple):
    """What one picture shows: the tag asked for, the tag that was painted, the mean ΔE to the
    color asked for, and the mean ΔE by which everything else changed (None: not known)."""

    asked: int
    painted: int
    delta_e: float
    leakage: float | None


def area(mask: np.ndarray, tinted: np.ndarray | None = None) -> Area | None:
    """The area of a part by its mask (H, W) uint8, 255 inside; None when it is not to be seen.

    tinted: the mask of what has tints of the part's color. It is neither of the part nor outside.

    The core is what the mask covers wholly, eroded by the margin; where nothing is left of it, as
    of a small iris, what the mask covers by half or more. Outside is what the mask, dilated by the
    margin, does not touch. The margin is a pixel per 128 of the side, and one at least.
    """
    margin = max(1, max(mask.shape) // SIDE_PER_MARGIN)
    core = ndimage.binary_erosion(mask == 255, iterations=margin, border_value=1)
    if not core.any():
        core = mask >= 128
    if not core.any():
        return None
    near = mask > 0 if tinted is None else (mask > 0) | (tinted > 0)
    return Area(core, ~ndimage.binary_dilation(near, iterations=margin))


def judge(
    picture: np.ndarray,
    asked: int,
    colors: Mapping[int, RGB],
    where: Area,
    reference: np.ndarray | None = None,
) -> Painting:
    """Judge a picture (H, W, 3) uint8 RGB in which a part should have the color of `asked`.

    The painted tag is the one of `colors` whose color is nearest to the mean RGB of the core. The
    leakage is measured against `reference`, a picture of which nothing but that tag differs; it is
    None without one, and where the part fills the picture.
    """
    core = picture[where.core]
    target = rgb2lab(np.array([colors[asked]], float) / 255)
    delta_e = deltaE_cie76(rgb2lab(core), target).mean()
    leakage = None
    if reference is not None and where.outside.any():
        labs = (rgb2lab(image[where.outside]) for image in (picture, reference))
        leakage = float(deltaE_cie76(*labs).mean())
    return Painting(asked, nearest_tag(core.mean(axis=0), colors), float(delta_e), leakage)


def summarize(paintings: Sequence[Painting], names: Mapping[int, str]) -> dict[str, Any]:
    """Means over all paintings and for each tag that was asked for.

    names: the tags of the part, in the order in which they are reported. Returns `pictures` (how
    many), `accuracy` (share of which the painted tag is the one asked for), `delta_e`, `leakage`,
    `tags` with the same of each tag by its name, and `confusion`: asked tag to painted tag to
    count, the most frequent first. A mean over nothing is None.
    """
    by_tag = {tag: [one for one in paintings if one.asked == tag] for tag in names}
    asked = {names[tag]: group for tag, group in by_tag.items() if group}
    return means(paintings) | {
        "tags": {name: means(group) for name, group in asked.items()},
        "confusion": {name: _painted(group, names) for name, group in asked.items()},
    }


def _painted(paintings: Sequence[Painting], names: Mapping[int, str]) -> dict[str, int]:
    counts = Counter(painting.painted for painting in paintings)
    order = sorted(counts, key=lambda tag: (-counts[tag], list(names).index(tag)))
    return {names[tag]: counts[tag] for tag in order}


def means(paintings: Sequence[Painting]) -> dict[str, float | int | None]:
    """`pictures`, `accuracy`, `delta_e` and `leakage` as in `summarize`."""
    return {
        "pictures": len(paintings),
        "accuracy": _mean(painting.painted == painting.asked for painting in paintings),
        "delta_e": _mean(painting.delta_e for painting in paintings),
        "leakage": _mean(p.leakage for p in paintings if p.leakage is not None),
    }


def _mean(values: Iterable[float]) -> float | None:
    values = list(values)
    return float(np.mean(values)) if values else None
