"""Big Ears: heads of even colors, given outlines."""

from drawn_art.dicebear import OTHERS, Sheet, choose_from
from drawn_art.style import Credit, Style

_LONG = {
    "long01": "short_hair", "long02": "wavy_hair", "long03": "curly_hair", "long04": "",
    "long05": "double_bun", "long06": "hair_bun", "long07": "", "long08": "", "long09": "bob_cut",
    "long10": "", "long11": "wavy_hair", "long12": "", "long13": "curly_hair", "long14": "",
    "long15": "long_hair", "long16": "twintails", "long17": "side_ponytail", "long18": "long_hair",
    "long19": "", "long20": "",
}  # fmt: skip
_SHORT = {f"short{k:02d}": "1boy short_hair" for k in range(1, 21) if k != 9}
_SHORT |= {f"short{k:02d}": "1boy short_hair spiked_hair" for k in (3, 10, 19)}
_SHORT |= {f"short{k:02d}": "1boy short_hair curly_hair" for k in (2, 6, 18)}

SHEET = Sheet(
    name="big-ears",
    file="big-ears",
    roles={"hair": "hair", "skin": "skin"},
    outlined={"hair": 3.5, "skin": 3.5, OTHERS: 1.6},
    variants={
        "hair": _LONG | _SHORT,
        "frontHair": dict.fromkeys((f"variant{k:02d}" for k in range(1, 13)), "bangs"),
        "head": dict.fromkeys((f"variant{k:02d}" for k in range(1, 11)), ""),
        "ears": dict.fromkeys((f"variant{k:02d}" for k in range(1, 9)), ""),
        "eyes": dict.fromkeys(
            (f"variant{k:02d}" for k in (2, 3, 4, 5, 8, 9, 14, 15, 20, 26, 28, 30)), ""
        ),
        "mouth": dict.fromkeys((f"variant0{k}0{n}" for k in range(1, 7) for n in range(1, 6)), ""),
        "nose": dict.fromkeys((f"variant{k:02d}" for k in range(1, 13)), ""),
        "sideburns": dict.fromkeys((f"variant{k:02d}" for k in range(1, 8)), ""),
    },
    optional={"sideburns": 0.3},
    merged="frontHair",
    view=(0, 0, 440),
    face=(120, 200, 190),
    black_eyes=True,
)

STYLE = Style(
    "big-ears",
    lambda seed, index, *, outside=True: choose_from(SHEET, seed, index),
    Credit(
        "Face Generator",
        "The Visual Team",
        "https://www.figma.com/community/file/986078800058673824",
        "CC BY 4.0",
    ),
)
