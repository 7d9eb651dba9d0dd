"""Adventurer: inked heads with large eyes."""

from drawn_art.adventurer.picture import choose
from drawn_art.style import Credit, Style

CREDIT = Credit(
    "Adventurer",
    "Lisa Wischofsky",
    "https://www.figma.com/community/file/1184595184137881796",
    "CC BY 4.0",
)
STYLE = Style("adventurer", choose, CREDIT, share=2)
