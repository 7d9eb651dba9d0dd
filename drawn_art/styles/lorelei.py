"""Lorelei: inked heads in black and white, given colors."""

from drawn_art.dicebear import INK, PAPER, Sheet, choose_from
from drawn_art.style import Credit, Style

_HAIR = {
    "variant03": "1boy short_hair", "variant04": "1boy short_hair swept_bangs",
    "variant05": "1boy short_hair curly_hair", "variant06": "short_hair bangs ahoge",
    "variant07": "1boy short_hair swept_bangs", "variant08": "1boy short_hair",
    "variant10": "short_hair bangs ahoge", "variant11": "short_hair bangs ahoge",
    "variant12": "1boy short_hair swept_bangs", "variant13": "bangs ahoge",
    "variant14": "hair_bun bangs blunt_bangs", "variant15": "long_hair swept_bangs",
    "variant16": "long_hair bangs ahoge", "variant17": "short_hair swept_bangs",
    "variant18": "short_hair wavy_hair bangs", "variant19": "short_hair bob_cut bangs blunt_bangs",
    "variant20": "1boy short_hair messy_hair", "variant21": "long_hair bangs ahoge",
    "variant22": "1boy short_hair curly_hair", "variant23": "long_hair bangs blunt_bangs",
    "variant24": "curly_hair wavy_hair parted_bangs", "variant26": "double_bun",
    "variant29": "parted_bangs", "variant30": "twintails low_twintails bangs",
    "variant31": "ponytail high_ponytail", "variant32": "wavy_hair parted_bangs",
    "variant33": "ponytail", "variant35": "long_hair wavy_hair parted_bangs",
    "variant36": "ponytail", "variant37": "short_hair parted_bangs", "variant38": "hair_bun",
    "variant39": "1boy short_hair curly_hair", "variant40": "long_hair hair_over_one_eye",
    "variant41": "long_hair hair_over_one_eye", "variant42": "ponytail bangs ahoge",
    "variant43": "1boy short_hair bangs", "variant46": "hair_bun bangs ahoge",
    "variant48": "twintails low_twintails bangs",
}  # fmt: skip

_EYES = dict.fromkeys(
    ("variant02", "variant04", "variant06", "variant10", "variant14", "variant16", "variant17",
     "variant20", "variant21", "variant23", "variant24"),
    "",
)  # fmt: skip

_MOUTHS = dict.fromkeys(
    ("happy01", "happy02", "happy05", "happy06", "happy08", "happy12", "happy16"), "smile"
) | dict.fromkeys(("sad01", "sad02", "sad05"), "")

SHEET = Sheet(
    name="lorelei",
    file="lorelei",
    roles={
        "hair": "hair",
        "skin": "skin",
        "eyes": "iris",
        "outline": INK,
        "eyebrows": INK,
        "mouth": INK,
        "nose": INK,
        "glasses": INK,
        "hairAccessories": PAPER,
        "freckles": INK,
        "earrings": INK,
    },  # fmt: skip
    outlined={"hair": 7.0, "eyes": 5.0, "skin": 6.0, "hairAccessories": 5.0},
    variants={
        "hair": _HAIR,
        "head": dict.fromkeys(("variant01", "variant02", "variant03", "variant04"), ""),
        "eyes": _EYES,
        "eyebrows": dict.fromkeys((f"variant{k:02d}" for k in range(1, 14)), ""),
        "nose": dict.fromkeys((f"variant{k:02d}" for k in range(1, 7)), ""),
        "mouth": _MOUTHS,
        "glasses": dict.fromkeys(
            ("variant01", "variant02", "variant03"), "glasses black-framed_eyewear"
        ),
        "freckles": {"variant01": "freckles"},
        "hairAccessories": {"flowers": "hair_flower flower hair_ornament"},
    },
    optional={"glasses": 0.12, "freckles": 0.06, "hairAccessories": 0.08},
    view=(60, 0, 860),
    face=(270, 270, 480),
)

STYLE = Style(
    "lorelei",
    lambda seed, index, *, outside=True: choose_from(SHEET, seed, index),
    Credit("Lorelei", "Lisa Wischofsky",
           "https://www.figma.com/community/file/1198749693280469639", "CC0 1.0"),
)  # fmt: skip
