"""All styles by name; which are kept for measuring; and a picture of several of them."""

import random
from collections.abc import Sequence

from drawn_art.picture import DrawnPicture
from drawn_art.style import Style
from drawn_art.styles import (
    adventurer,
    big_ears,
    figures,
    figures_inked,
    lorelei,
    micah,
    open_peeps,
    toon_head,
)

STYLES: dict[str, Style] = {
    module.STYLE.name: module.STYLE
    for module in (
        *(adventurer, big_ears, figures, figures_inked, lorelei, micah, open_peeps, toon_head),
    )
}

# No training may use them: they show what a network does with drawings of other hands.
RESERVED_FOR_MEASURING = frozenset({"micah", "toon-head", "figures-inked"})

TRAINING_STYLES = tuple(name for name in STYLES if name not in RESERVED_FOR_MEASURING)


def choose_picture(
    styles: Sequence[str], seed: int, index: int, *, outside: bool = True
) -> DrawnPicture:
    """Decide picture number `index` of the data set `seed` in one of the `styles`.

    Which style it is depends on seed and index alone; its file id is index + 1. `outside` as in
    Style.
    """
    names = sorted(styles)
    lots = random.Random(f"tag2pix styles {seed} {index}")
    name = lots.choices(names, [STYLES[name].share for name in names])[0]
    return STYLES[name].choose(seed, index, outside=outside)
