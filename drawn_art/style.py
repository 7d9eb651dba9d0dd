"""What a style is: a way to decide a picture from a seed, and to whom it is owed."""

from collections.abc import Callable
from typing import NamedTuple

from drawn_art.picture import DrawnPicture


class Credit(NamedTuple):
    """Who made what a style is drawn with, and under which license (None: this project)."""

    title: str
    creator: str
    url: str
    license: str


class Style(NamedTuple):
    """`choose(seed, index, outside=...)` decides picture number `index` of the data set `seed`;
    its file id is index + 1, and with `outside` some must not pass the filter of the stages.
    `share` is how often the style is drawn in a mixed data set, relative to the others."""

    name: str
    choose: Callable[..., DrawnPicture]
    credit: Credit | None
    share: float = 1
