"""Sketches colored at their own size: a network paints them small, and finishing does the rest."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from coloring.colorist import Colorist
from coloring.parts import part_changes
from coloring.png import numbered, weights_name
from files.atomic import write_new
from finishing.exact import RGB, format_exact
from finishing.finish import Finished, Sketch
from finishing.saving import save_finished


def color_sketch(
    colorist: Colorist,
    sketch: Sketch,
    tags: Sequence[int],
    *,
    shaded: bool = True,
    exact: Mapping[str, RGB] | None = None,
    with_parts: bool = False,
) -> Finished:
    """Color a sketch of any size with tag ids. Its parts are found if `with_parts` or `exact` asks
    for it, which takes the network a few more colors; see `Sketch.finish`."""
    gray = Image.fromarray(sketch.lines.gray)
    (painted,) = colorist.paint_picture(gray, [tags])
    changes = part_changes(colorist, gray, tags) if with_parts or exact else None
    return sketch.finish(np.asarray(painted), shaded=shaded, changes=changes, exact=exact)


def entries_of(
    colorist: Colorist, tags: Sequence[int], exact: Mapping[str, RGB] | None = None
) -> dict[str, str]:
    """What a finished picture says of itself: `tags` by name, `exact` colors as `parse_exact` reads
    them, and `weights`."""
    entries = {
        "Software": "Tag2Pix",
        "tags": " ".join(colorist.vocabulary.names[tag] for tag in tags),
        "weights": weights_name(colorist.checkpoint),
    }
    return entries | ({"exact": format_exact(exact)} if exact else {})


def write_finished(
    finished: Finished,
    folder: Path,
    stem: str,
    suffix: str,
    colorist: Colorist,
    tags: Sequence[int],
    exact: Mapping[str, RGB] | None = None,
    transparent: bool = False,
    dpi: tuple[float, float] | None = None,
) -> Path:
    """Write `<stem>.<suffix>`, or under the next free number, whole or not at all; returns the
    path. Raises ValueError for what the format cannot hold."""
    entries = entries_of(colorist, tags, exact)
    return write_new(
        (folder / f"{name}.{suffix}" for name in numbered(stem)),
        lambda path: save_finished(finished, path, entries, transparent=transparent, dpi=dpi),
    )
