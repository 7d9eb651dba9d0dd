"""Dressed people from head to foot, drawn by this project."""

from drawn_art.figure.picture import choose
from drawn_art.style import Style

STYLE = Style("figures", choose, None, share=8)
