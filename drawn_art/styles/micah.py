"""Micah: inked busts of even colors, kept for measuring."""

from drawn_art.dicebear import INK, PAPER, Sheet, choose_from
from drawn_art.style import Credit, Style

SHEET = Sheet(
    name="micah",
    file="micah",
    roles={
        "hair": "hair", "base": "skin", "shirt": "shirt", "eyes": INK, "eyebrows": INK,
        "mouth": INK, "glasses": INK, "earring": INK, "eyeShadow": PAPER, "facialHair": INK,
    },
    outlined={},
    variants={
        "hair": {
            "dannyPhantom": "long_hair swept_bangs", "fonze": "1boy short_hair",
            "full": "long_hair", "pixie": "short_hair bob_cut swept_bangs",
        },
        "head": {"standard": ""},
        "clothes": {"collared": "shirt collared_shirt", "crew": "shirt", "open": "shirt"},
        "ears": {"attached": "", "detached": ""},
        "eyebrows": {"down": "", "eyelashesDown": "", "eyelashesUp": "", "up": ""},
        "eyes": {"eyes": "", "round": ""},
        "glasses": dict.fromkeys(("round", "square"), "glasses black-framed_eyewear"),
        "mouth": {
            "frown": "frown", "laughing": "open_mouth smile", "nervous": "teeth", "pucker": "",
            "sad": "frown", "smile": "smile", "smirk": "smile", "surprised": "open_mouth",
        },
        "nose": {"curve": "", "pointed": "", "tound": ""},
    },
    optional={"glasses": 0.12},
    view=(0, 0, 360),
    bottom=356,
    face=(95, 50, 170),
    black_eyes=True,
)  # fmt: skip

STYLE = Style(
    "micah",
    lambda seed, index, *, outside=True: choose_from(SHEET, seed, index),
    Credit("Avatar Illustration System", "Micah Lanier",
           "https://www.figma.com/community/file/829741575478342595", "CC BY 4.0"),
)  # fmt: skip
