"""ToonHead: busts with thin outlines and shadows, kept for measuring."""

from drawn_art.dicebear import INK, OTHERS, Sheet, choose_from
from drawn_art.style import Credit, Style

SHEET = Sheet(
    name="toon-head",
    file="toon-head",
    roles={"hair": "hair", "skin": "skin", "clothes": "shirt", "stroke": INK},
    outlined={OTHERS: 2.5},
    bottom=764,
    line=5,
    variants={
        "hair": {
            "bun": "hair_bun parted_bangs", "sideComed": "short_hair swept_bangs",
            "spiky": "short_hair spiked_hair",
        },
        "rearHair": {
            "longStraight": "long_hair", "longWavy": "long_hair wavy_hair", "neckHigh": "bob_cut",
            "shoulderHigh": "",
        },
        "body": {"body": ""},
        "head": {"head": ""},
        "clothes": {
            "dress": "shirt sleeveless bare_shoulders", "tShirt": "shirt",
            "turtleNeck": "shirt turtleneck",
        },
        "eyebrows": {
            "angry": "v-shaped_eyebrows", "happy": "", "neutral": "", "raised": "", "sad": "",
        },
        "eyes": {"happy": "", "wide": ""},
        "mouth": {
            "agape": "open_mouth", "angry": "open_mouth teeth", "laugh": "open_mouth smile",
            "sad": "frown", "smile": "smile",
        },
    },
    optional={"rearHair": 0.6},
    view=(60, 20, 700),
    face=(205, 190, 360),
    black_eyes=True,
)  # fmt: skip

STYLE = Style(
    "toon-head",
    lambda seed, index, *, outside=True: choose_from(SHEET, seed, index),
    Credit("ToonHead", "Johan Melin",
           "https://www.figma.com/community/file/1589627891082866389", "CC BY 4.0"),
)  # fmt: skip
