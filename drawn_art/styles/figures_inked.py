"""People of grown proportions in brush and hatching, drawn by this project for measuring."""

from functools import partial

from drawn_art.figure.picture import choose
from drawn_art.style import Style

STYLE = Style("figures-inked", partial(choose, inked=True), None)
