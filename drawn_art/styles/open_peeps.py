"""Open Peeps: inked busts, of which the heads whose hair is not solid ink."""

from drawn_art.dicebear import INK, Sheet, choose_from
from drawn_art.style import Credit, Style

SHEET = Sheet(
    name="open-peeps",
    file="open-peeps",
    roles={"headContrast": "hair", "skin": "skin", "clothing": "shirt", "ink": INK},
    outlined={},
    variants={
        "head": {
            "bangs": "bangs blunt_bangs", "grayBun": "hair_bun parted_bangs",
            "grayMedium": "short_hair parted_bangs", "grayShort": "1boy short_hair",
            "mediumBangs2": "bangs curly_hair wavy_hair", "short4": "1boy short_hair",
        },
        "expression": {
            "awe": "", "blank": "", "cheeky": "smile", "concerned": "frown open_mouth",
            "driven": "", "explaining": "open_mouth", "serious": "", "smile": "smile",
            "suspicious": "", "smileTeethGap": "smile teeth",
        },
        "accessories": dict.fromkeys(("glasses", "glasses2", "glasses3", "glasses4"), "glasses"),
    },
    optional={"accessories": 0.12},
    view=(20, 0, 684),
    face=(270, 200, 320),
    black_eyes=True,
)  # fmt: skip

STYLE = Style(
    "open-peeps",
    lambda seed, index, *, outside=True: choose_from(SHEET, seed, index),
    Credit("Open Peeps", "Pablo Stanley", "https://www.openpeeps.com/", "CC0 1.0"),
    share=0.7,
)
