"""Color control in every style of drawing, of parts that the first drawings do not have, too."""

from collections.abc import Iterable, Mapping
from typing import Any

from PIL import Image

from coloring.colorist import Colorist
from drawn_art.parts import ALL_PARTS, CLOTHES
from drawn_art.styles import RESERVED_FOR_MEASURING, STYLES
from evaluation.dataset_metrics import DEFAULT_BATCH, measure
from evaluation.drawings import LINE_ART, DrawnPairs, HeldOutDrawings
from evaluation.recolor import color_control
from evaluation.sheets import COMPARED, Comparison

COLORS = 4  # of each part of a drawing


def style_control(
    colorist: Colorist, count: int, *, batch_size: int = DEFAULT_BATCH
) -> tuple[dict[str, Any], dict[tuple[str, str], Image.Image]]:
    """Color `count` drawings of every style, each part in COLORS colors.

    Returns, by style, whether it is `reserved` (no training may use it), and `control`: by kind of
    line art what `color_control` returns of the parts that are seen, and as `clothes` the means
    over their kinds; and a sheet of each style, keyed ("style", its name).
    """
    found, sheets = {}, {}
    for style in STYLES:
        drawings = HeldOutDrawings(count, colorist.size, style)
        control = color_control(
            colorist, drawings, parts=ALL_PARTS, colors=COLORS, batch_size=batch_size
        )
        seen = {kind: _with_clothes(parts) for kind, parts in control.items()}
        found[style] = {"reserved": style in RESERVED_FOR_MEASURING, "control": seen}
        first = HeldOutDrawings(min(count, COMPARED), colorist.size, style)
        pairs = DrawnPairs(first, LINE_ART, colorist.vocabulary)
        comparison = {"sheet": Comparison()}
        shown = measure(colorist, pairs, comparison, batch_size=batch_size, description=style)
        sheets["style", style] = shown["sheet"]
    return found, sheets


def _with_clothes(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts that are seen in any drawing, and the means over the kinds of clothes."""
    seen = {name: found for name, found in parts.items() if found["pictures"]}
    kinds = [found for name, found in seen.items() if name in CLOTHES]
    if kinds:
        seen["clothes"] = {"pictures": sum(found["pictures"] for found in kinds)} | {
            score: _mean([found[score] for found in kinds])
            for score in ("accuracy", "delta_e", "leakage")
        }
    return seen


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
