"""Which tags a figure has: those of what is really seen of it."""

from collections.abc import Callable, Mapping

from drawn_art.figure.body import HIP, Body
from drawn_art.figure.person import Outfit, Person

# So many pixels of a part must be seen, of a picture 256 pixels long, before a tag speaks of it.
ENOUGH = 40
ENOUGH_OF = {
    "iris": 16,
    "blush": 10,
    "frame": 14,
    "ribbon": 24,
    "bow": 24,
    "neckwear": 24,
    "freckle": 2,
}

# Parts of which a color tag speaks, in the order of the tags.
COLORED = (
    *("hair", "iris", "background", "skin", "shirt", "dress", "skirt", "pants", "jacket"),
    *("legwear", "footwear", "gloves", "neckwear", "ribbon", "bow", "hat", "frame"),
)

_HAIR_BACK = {
    "short": "short_hair", "bob": "short_hair bob_cut", "medium": "", "long": "long_hair",
    "very_long": "long_hair very_long_hair", "tied": "", "": "",
}  # fmt: skip
_BANGS = {
    "full": "bangs", "between_eyes": "bangs hair_between_eyes", "blunt": "bangs blunt_bangs",
    "swept": "bangs swept_bangs", "parted": "parted_bangs", "over_one_eye": "hair_over_one_eye",
    "back": "", "spiky": "bangs",
}  # fmt: skip
_TAILS = {
    "twintails": "twintails", "low_twintails": "twintails low_twintails",
    "short_twintails": "twintails short_twintails", "twin_drills": "drill_hair twin_drills",
    "ponytail": "ponytail high_ponytail", "side_ponytail": "side_ponytail", "bun": "hair_bun",
    "double_bun": "double_bun", "twin_braids": "braid twin_braids",
    "single_braid": "braid single_braid", "side_braid": "braid side_braid",
}  # fmt: skip
_MOUTHS = {
    "open": "open_mouth", "open_smile": "open_mouth smile :d", "fang": "open_mouth smile fang",
    "grin": "smile grin teeth", "small_open": "open_mouth :o", "smile": "smile closed_mouth",
    "tongue": "smile tongue tongue_out", "frown": "frown closed_mouth",
    "straight": "closed_mouth expressionless", "small": "closed_mouth",
    "wavy": "closed_mouth wavy_mouth", "cat": "closed_mouth :3",
}  # fmt: skip
_BROWS = {"angry": "v-shaped_eyebrows"}
_EYES = {"half": "half-closed_eyes", "wink": "one_eye_closed", "sharp": "half-closed_eyes jitome"}
_EYEWEAR = {
    "round": "glasses",
    "square": "glasses",
    "under-rim": "glasses under-rim_eyewear semi-rimless_eyewear",
}
_LEGS = {
    "pantyhose": "pantyhose",
    "thighhighs": "thighhighs",
    "kneehighs": "kneehighs",
    "socks": "socks",
}
_FEET = {
    "shoes": "shoes", "loafers": "shoes loafers", "sneakers": "shoes sneakers",
    "high_heels": "shoes high_heels", "boots": "boots", "knee_boots": "boots knee_boots",
    "thigh_boots": "boots thigh_boots",
}  # fmt: skip
_HATS = {
    "witch_hat": "hat witch_hat", "hat": "hat", "beret": "hat beret", "mob_cap": "hat mob_cap",
    "baseball_cap": "hat baseball_cap", "peaked_cap": "hat peaked_cap",
}  # fmt: skip
_ORNAMENTS = {
    "cat_ears": ("hair.ears", "animal_ears cat_ears"),
    "fox_ears": ("hair.ears", "animal_ears fox_ears"),
    "wolf_ears": ("hair.ears", "animal_ears wolf_ears"),
    "bunny_ears": ("animal", "animal_ears bunny_ears"),
    "horns": ("horn", "horns"), "wings": ("wing", "wings"),
    "bat_wings": ("dark_wing", "wings bat_wings"),
    "cat_tail": ("hair.animal_tail", "tail cat_tail"),
    "fox_tail": ("hair.animal_tail", "tail fox_tail"),
    "hair_ribbon": ("ribbon", "hair_ribbon ribbon hair_ornament"), "hair_bow": ("bow", ""),
    "top_bow": ("bow", ""), "hairclip": ("clip", "hairclip hair_ornament"),
    "x_hair_ornament": ("clip", "x_hair_ornament hair_ornament"),
    "hair_flower": ("flower", "hair_flower flower hair_ornament"),
    "hairband": ("hairband", "hairband"),
    "tiara": ("gold", "tiara"), "crown": ("gold", "crown"), "headphones": ("device", "headphones"),
    "maid_headdress": ("frill", "maid_headdress"),
}  # fmt: skip
_NECK = {
    "necktie": ("neckwear", "necktie"), "bowtie": ("neckwear", "bowtie"),
    "neck_ribbon": ("ribbon", "ribbon neck_ribbon"), "neckerchief": ("neckwear", "neckerchief"),
    "scarf": ("neckwear", "scarf"), "ascot": ("neckwear", "ascot"),
    "choker": ("neckwear", "choker"),
    "necklace": ("gem", "necklace jewelry"),
}  # fmt: skip
_OVER = {
    "jacket": "jacket open_jacket open_clothes", "blazer": "jacket blazer open_clothes",
    "cardigan": "cardigan open_clothes", "coat": "coat open_clothes", "vest": "vest",
}  # fmt: skip


def claims(person: Person, arms: str) -> list[tuple[str, str]]:
    """Pairs of a part and names of the tags that are true if enough of it is seen."""
    hair, face = person.hair, person.face
    said = [
        ("skin", "1boy" if person.boy else "1girl"),
        ("skin", "solo"),
        ("background", "simple_background"),
        ("hair.bangs", _BANGS[hair.bangs]),
        ("hair.back", _HAIR_BACK[hair.back]),
        ("skin", _MOUTHS[face.mouth]),
        ("skin", _BROWS.get(face.brows, "")),
        ("iris", _EYES.get(face.eyes, "")),
        ("blush", "blush"),
    ]
    if hair.tails:
        part = "hair.braid" if "braid" in hair.tails else "hair.tail"
        said.append((part, _TAILS[hair.tails]))
        long = hair.tails in (
            "twintails",
            "low_twintails",
            "twin_drills",
            "side_ponytail",
            "ponytail",
        )
        said.append((part, "long_hair" if long else ""))
    if hair.wave and hair.back in ("long", "very_long"):
        said.append(("hair.back", "wavy_hair"))
    if hair.bangs == "spiky":
        said.append(("hair.spikes", "spiked_hair"))
    said.append(("hair.ahoge", "ahoge"))
    if face.slant > 0.9:
        said.append(("iris", "tsurime"))
    if face.slant < -0.9:
        said.append(("iris", "tareme"))
    if abs(person.pose.turn) < 0.5:
        said.append(("iris", "looking_at_viewer"))
    if face.mole:
        said.append(("skin", "mole"))
    if face.pointed_ears:
        said.append(("skin.ear", "pointy_ears"))
    return said + _worn(person)


def _worn(person: Person) -> list[tuple[str, str]]:
    outfit = person.outfit
    part = "dress" if outfit.top == "dress" else "shirt"
    said = [(part, {"dress": "dress", "sweater": "sweater"}.get(outfit.top, "shirt"))]
    if outfit.top == "collared":
        said.append(("collar", "collared_shirt"))
    if outfit.top == "blouse":
        said.append((part, "blouse"))
    if outfit.collar == "turtleneck":
        said.append((part, "turtleneck"))
    if outfit.collar == "sailor":
        said.append(("sailor", "sailor_collar"))
        if outfit.bottom == "skirt":
            said.append(("skirt", "school_uniform serafuku"))
        if part == "dress":
            said.append(("dress", "sailor_dress"))
    if outfit.pattern == "ribbed" and outfit.top == "sweater":
        said.append(("shirt", "ribbed_sweater"))
    said += _sleeves(outfit, part)
    if outfit.over:
        said.append(("vest" if outfit.over == "vest" else "jacket", _OVER[outfit.over]))
    if outfit.neck:
        said.append(_NECK[outfit.neck])
    if outfit.gloves:
        said.append(
            (
                "gloves",
                {"elbow": "gloves elbow_gloves", "fingerless": "gloves fingerless_gloves"}.get(
                    outfit.gloves, "gloves"
                ),
            )
        )
    said += _below(outfit)
    if outfit.head:
        said.append(("hat", _HATS[outfit.head]))
        if outfit.head == "mob_cap":
            said.append(("ribbon", "hat_ribbon ribbon"))
    said += [_ORNAMENTS[kind] for kind in outfit.ornaments]
    if outfit.eyewear:
        said.append(("frame", _EYEWEAR[outfit.eyewear]))
    if outfit.belt:
        said.append(("belt", "belt"))
    if outfit.apron:
        said.append(("apron", "apron"))
        if "maid_headdress" in outfit.ornaments:
            said.append(("apron", "maid"))
    if outfit.frilled:
        said.append(("frill", "frills"))
        said.append(("frill", "frilled_dress" if part == "dress" else "frilled_skirt"))
    return said


def _sleeves(outfit: Outfit, part: str) -> list[tuple[str, str]]:
    if outfit.over and outfit.over != "vest":
        return [("jacket.sleeve", "long_sleeves")]
    if outfit.sleeves in ("straps", "none", "strapless"):
        names = "sleeveless bare_shoulders bare_arms"
        if part == "dress":
            names += " sleeveless_dress"
        elif outfit.top in ("shirt", "collared"):
            names += " sleeveless_shirt"
        if outfit.sleeves == "strapless":
            names += " strapless"
        return [("skin.arm", names)]
    names = {
        "short": "short_sleeves", "puffy": "short_sleeves puffy_sleeves puffy_short_sleeves",
        "long": "long_sleeves", "wide": "long_sleeves wide_sleeves",
    }  # fmt: skip
    return [(f"{part}.sleeve", names[outfit.sleeves])]


def _below(outfit: Outfit) -> list[tuple[str, str]]:
    said = []
    if outfit.bottom == "skirt":
        said.append(("skirt", "skirt"))
        if outfit.pattern == "pleated":
            said.append(("skirt", "pleated_skirt"))
        if outfit.pattern == "plaid":
            said.append(("plaid", "plaid plaid_skirt"))
        if outfit.length < 0.7:
            said.append(("skirt", "miniskirt"))
    if outfit.top == "dress":
        if outfit.length < 0.75:
            said.append(("dress", "short_dress"))
        if outfit.pattern == "plaid":
            said.append(("plaid", "plaid"))
    if outfit.bottom in ("pants", "shorts"):
        said.append(
            (
                "pants",
                outfit.bottom
                + (" short_shorts" if outfit.bottom == "shorts" and outfit.length < 0.7 else ""),
            )
        )
    if outfit.legs:
        said.append(("legwear", _LEGS[outfit.legs]))
        if outfit.pattern == "striped_legwear":
            said.append(("stripe", "striped_legwear"))
        if (
            outfit.legs == "thighhighs"
            and outfit.feet != "thigh_boots"
            and outfit.bottom != "pants"
        ):
            said.append(("skin.leg", "zettai_ryouiki thighs"))
    elif outfit.bottom != "pants":
        said.append(("skin.leg", "bare_legs"))
    if outfit.feet:
        said.append(("footwear", _FEET[outfit.feet]))
        if outfit.pattern == "laced" and "boots" in outfit.feet:
            said.append(("footwear", "cross-laced_footwear"))
    elif not outfit.legs:
        said.append(("skin.foot", "barefoot"))
    return said


def seen_names(
    person: Person, arms: str, areas: Mapping[str, int], body: Body, inside: Callable
) -> list[str]:
    """Names of all tags but the colors: of parts with enough pixels in `areas`, and of the pose.

    `inside(x, y)` says whether a point of the figure lies in the picture.
    """
    names = [
        name for part, said in claims(person, arms) if enough(part, areas) for name in said.split()
    ]
    wrists = [body.arms[side][-1] for side in (-1, 1)]
    if arms == "arms_behind_back":
        if inside(0, HIP):
            names.append(arms)
    elif arms and all(inside(*wrist) for wrist in wrists):
        names.append(arms)
    feet = any(inside(x, y + 20) for x, y in (body.legs[side][-1] for side in (-1, 1)))
    if feet:
        names.append("full_body")
        names.append("standing")
    elif inside(0, 130) and not inside(0, HIP + 60):
        names.append("upper_body")
    return list(dict.fromkeys(names))


def enough(part: str, areas: Mapping[str, int]) -> bool:
    """Whether so much of a part, or of its divisions, is seen that a tag may speak of it."""
    seen = sum(area for name, area in areas.items() if name == part or name.startswith(part + "."))
    return seen >= ENOUGH_OF.get(part, ENOUGH)
