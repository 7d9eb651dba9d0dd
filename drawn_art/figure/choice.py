"""Decides by lot what a person looks like, wears and does, and how it is drawn."""

import random
from dataclasses import replace

from drawn_art import palette
from drawn_art.figure import canvas
from drawn_art.figure.canvas import Manner
from drawn_art.figure.person import Face, Hair, Outfit, Person, Pose

TAILS = (
    *("twintails", "low_twintails", "short_twintails", "twin_drills", "ponytail", "side_ponytail"),
    *("bun", "double_bun", "twin_braids", "single_braid", "side_braid"),
)
MOUTHS = (
    *("open", "open_smile", "fang", "grin", "small_open", "tongue"),
    *("smile", "smile", "frown", "straight", "small", "small", "wavy", "cat"),
)
HATS = ("witch_hat", "hat", "beret", "baseball_cap", "peaked_cap", "mob_cap")
EARS = ("cat_ears", "fox_ears", "wolf_ears", "bunny_ears", "horns")
BEHIND = ("wings", "bat_wings", "cat_tail", "fox_tail")
ORNAMENTS = (
    *("hair_bow", "hair_bow", "top_bow", "hair_ribbon", "hair_ribbon", "hairclip", "hair_flower"),
    *("hairband", "x_hair_ornament", "tiara", "crown", "headphones", "maid_headdress"),
)
# Of these, one wears at most one.
CROWNING = {"top_bow", "hairband", "tiara", "crown", "headphones", "maid_headdress"}

# Upper arm and forearm of the left and of the right, in degrees; the tag that says so.
ARMS = {
    "": None,
    "hand_on_hip": ((38, -42), None),
    "arm_up": ((152, 172), None),
    "arms_up": ((150, 178), (150, 178)),
    "hand_up": ((22, 158), None),
    "hands_up": ((24, 154), (24, 154)),
    "outstretched_arms": ((78, 84), (78, 84)),
    "v_arms": ((48, 40), (48, 40)),
    "arms_behind_back": ((16, -22), (16, -22)),
}


def choose_person(lots: random.Random) -> tuple[Person, str]:
    """A person, and the tag of what it does with its arms (or "")."""
    boy = lots.random() < 0.25
    outfit = _outfit(lots, boy)
    arms = lots.choice([*ARMS, "", "", ""])
    pose = _pose(lots, arms)
    hair = _hair(lots, boy, bool(outfit.head))
    person = Person(
        boy=boy,
        hair=hair,
        face=_face(lots, boy),
        pose=pose,
        outfit=outfit,
        legs=lots.uniform(0.78, 1.2),
        build=lots.uniform(0.92, 1.06),
        head=lots.uniform(1.0, 1.22),
    )
    return person, arms


def _pose(lots: random.Random, arms: str) -> Pose:
    left = right = None
    if ARMS[arms]:
        left, right = ARMS[arms]
    sides = [angles or _hanging(lots) for angles in (left, right)]
    sides = [(a + lots.uniform(-6, 6), b + lots.uniform(-8, 8)) for a, b in sides]
    if lots.random() < 0.5:
        sides.reverse()
    return Pose(
        turn=lots.uniform(-1, 1),
        tilt=lots.gauss(0, 4.5),
        left=sides[0],
        right=sides[1],
        spread=lots.choice([lots.uniform(0, 10), lots.uniform(10, 34)]),
    )


def _hanging(lots: random.Random) -> tuple[float, float]:
    upper = lots.uniform(6, 26)
    return upper, upper + lots.choice([lots.uniform(-16, 4), lots.uniform(0, 40)])


def _hair(lots: random.Random, boy: bool, covered: bool) -> Hair:
    bangs = lots.choice(
        [
            "full",
            "full",
            "between_eyes",
            "blunt",
            "swept",
            "parted",
            "over_one_eye",
            "back",
            "spiky",
        ]
    )
    if boy:
        return Hair(
            bangs=bangs,
            sides=lots.choice(["", "", "short"]),
            back="short",
            length=lots.uniform(0.5, 1),
            volume=lots.uniform(1.0, 1.1),
            ahoge=lots.random() < 0.15 and not covered,
            sweep=lots.uniform(-1, 1),
            locks=lots.randint(4, 8),
            depth=lots.uniform(0.3, 1.2),
        )
    tails = lots.choice(TAILS) if lots.random() < 0.5 else ""
    if covered and tails in ("bun", "double_bun", "ponytail"):
        tails = ""
    loose = ["short", "bob", "medium", "long", "long", "very_long"]
    return Hair(
        bangs=bangs,
        sides=lots.choice(["", "short", "jaw", "long"]),
        back=lots.choice(["tied", "tied", "medium"]) if tails else lots.choice(loose),
        length=lots.uniform(0.85, 1.15),
        volume=lots.uniform(1.0, 1.12),
        tails=tails,
        ahoge=lots.random() < 0.2 and not covered,
        sweep=lots.uniform(-1, 1),
        locks=lots.randint(4, 8),
        depth=lots.uniform(0.3, 1.2),
        wave=lots.choice([0, 0, 1]),
    )


def _face(lots: random.Random, boy: bool) -> Face:
    return Face(
        eyes=lots.choice(["open"] * 9 + ["half", "half", "sharp", "wink"]),
        slant=lots.choice([lots.uniform(-0.4, 0.4), lots.uniform(-0.4, 0.4), -1.0, 1.0]),
        eye_width=lots.uniform(0.9, 1.12),
        eye_height=lots.uniform(0.72, 0.95) if boy else lots.uniform(0.88, 1.22),
        brows=lots.choice(["plain", "plain", "angry", "sad", "raised", "thick", "short"]),
        mouth=lots.choice(MOUTHS),
        chin=lots.uniform(0.98, 1.07) + 0.03 * boy,
        width=lots.uniform(0.95, 1.02),
        blush=lots.random() < 0.35,
        mole=lots.random() < 0.06,
        freckles=lots.random() < 0.05,
        pointed_ears=lots.random() < 0.08,
    )


def _outfit(lots: random.Random, boy: bool) -> Outfit:
    top = lots.choice(
        ["shirt", "collared", "sweater"]
        if boy
        else ["shirt", "collared", "blouse", "sweater", "dress", "dress", "dress"]
    )
    bottom = (
        ""
        if top == "dress"
        else lots.choice(
            ["pants", "pants", "shorts"]
            if boy
            else ["skirt", "skirt", "skirt", "skirt", "pants", "shorts"]
        )
    )
    over = lots.choice(["", "", "jacket", "blazer", "cardigan", "coat", "vest"])
    if top == "dress" and over == "coat":
        over = ""
    collar = {"collared": "folded", "blouse": lots.choice(["folded", "sailor"])}.get(
        top,
        lots.choice(["", "", "v", "turtleneck", "sailor"] if not boy else ["", "v", "turtleneck"]),
    )
    sleeves = lots.choice(
        ["short", "long", "long", "puffy", "wide"] if not boy else ["short", "long"]
    )
    if top in ("dress", "shirt") and collar in ("", "v") and not boy and lots.random() < 0.4:
        sleeves = lots.choice(["straps", "none", "strapless"])
        over = "" if sleeves == "strapless" else over
    neck = ""
    if lots.random() < 0.55 or collar in ("sailor", "folded") and lots.random() < 0.7:
        neck = lots.choice(["necktie", "bowtie", "neck_ribbon", "neckerchief", "scarf", "ascot"])
        if boy and neck in ("neck_ribbon", "neckerchief"):
            neck = "necktie"
    elif collar != "turtleneck" and lots.random() < 0.3:
        neck = lots.choice(["choker", "necklace"])
    skirted = bottom == "skirt" or top == "dress"
    legs = (
        ""
        if bottom == "pants" or lots.random() < 0.25
        else lots.choice(
            ["pantyhose", "thighhighs", "thighhighs", "kneehighs", "socks"]
            if skirted
            else ["socks", "kneehighs"]
        )
    )
    feet = lots.choice(["shoes", "boots", "loafers", "sneakers", "sneakers", "knee_boots"])
    if skirted:
        feet = lots.choice(
            ["shoes", "loafers", "boots", "knee_boots", "thigh_boots", "high_heels", ""]
        )
    if bottom == "pants" and "boots" in feet:
        feet = "shoes"
    head = lots.choice(HATS) if lots.random() < 0.28 else ""
    if boy and head in ("mob_cap", "witch_hat"):
        head = "baseball_cap"
    pattern = lots.choice(["", "", "pleated", "plaid", "striped_legwear", "ribbed", "laced"])
    return Outfit(
        top=top,
        sleeves=sleeves,
        collar=collar,
        bottom=bottom,
        length=lots.choice(
            [lots.uniform(0.55, 0.8), lots.uniform(0.8, 1.2), lots.uniform(1.2, 2.0)]
        ),
        over=over,
        neck=neck,
        legs=legs,
        feet=feet,
        gloves=_gloves(lots, sleeves, over),
        head=head,
        ornaments=_ornaments(lots, boy, head),
        eyewear=lots.choice(["round", "square", "under-rim"]) if lots.random() < 0.14 else "",
        pattern=pattern,
        frilled=skirted and lots.random() < 0.25,
        belt=bottom != "" and lots.random() < 0.25,
        apron=skirted and over == "" and lots.random() < 0.12,
    )


def _gloves(lots: random.Random, sleeves: str, over: str) -> str:
    if lots.random() > 0.32:
        return ""
    covered = sleeves in ("long", "wide") or over not in ("", "vest")
    return lots.choice(
        ["short", "short", "fingerless"] if covered else ["short", "elbow", "elbow", "fingerless"]
    )


def _ornaments(lots: random.Random, boy: bool, head: str) -> tuple[str, ...]:
    chosen = []
    if lots.random() < 0.14 and head == "":
        chosen.append(lots.choice(EARS))
    if lots.random() < 0.1:
        chosen.append(lots.choice(BEHIND))
    if not boy and lots.random() < 0.75:
        others = [kind for kind in ORNAMENTS if not (head and kind in CROWNING)]
        first = lots.choice(others)
        chosen.append(first)
        second = lots.choice(others)
        if lots.random() < 0.35 and not ({first, second} <= CROWNING) and first != second:
            chosen.append(second)
    elif lots.random() < 0.08 and not head:
        chosen.append("headphones")
    return tuple(chosen)


def choose_manner(lots: random.Random) -> Manner:
    """How the picture is inked and shaded."""
    light = lots.choice([(-0.6, -0.8), (0.6, -0.8), (-0.8, -0.4), (0.8, -0.4), (0.1, -1.0)])
    lines = [canvas.PLAIN] * 4 + [canvas.WEIGHTED] * 3 + [canvas.BROKEN, canvas.DOUBLED]
    return Manner(
        line=lots.uniform(1.3, 3.2),
        lines=lots.choice(lines),
        colored=lots.random() < 0.35,
        shading=lots.choice([canvas.CEL, canvas.CEL, canvas.SOFT, canvas.FLAT]),
        light=light,
        hatched=lots.random() < 0.12,
    )


def brush_manner(lots: random.Random) -> Manner:
    """The manner of the style kept for measuring, which no other figure has."""
    return Manner(
        line=lots.uniform(2.6, 4),
        lines=canvas.BRUSH,
        shading=canvas.FLAT,
        light=lots.choice([(-0.6, -0.8), (0.6, -0.8)]),
        hatched=True,
    )


def grown(lots: random.Random, person: Person) -> Person:
    """The person with a smaller head and smaller eyes."""
    face = replace(
        person.face,
        eye_height=person.face.eye_height * lots.uniform(0.66, 0.8),
        eye_width=person.face.eye_width * lots.uniform(0.84, 0.94),
    )
    return replace(person, face=face, head=lots.uniform(0.8, 0.94), legs=lots.uniform(1.1, 1.3))


# Parts whose color no tag says, as they are worn with anything.
_FIXED: dict[str, palette.RGB] = {
    "sclera": (255, 255, 255), "shine": (255, 255, 255), "blush": (246, 150, 142),
    "throat": (150, 50, 70), "tongue": (234, 134, 158), "teeth": (255, 255, 255),
    "stripe": (250, 250, 250), "collar": (250, 250, 250), "freckle": (178, 108, 78),
    "button": (240, 238, 230), "frill": (252, 252, 252), "belt": (96, 62, 40),
    "buckle": (224, 194, 84), "apron": (250, 250, 252), "gem": (80, 200, 220),
    "inner_ear": (246, 190, 190), "animal": (250, 250, 250), "horn": (86, 76, 90),
    "gold": (240, 205, 90), "visor": (40, 40, 46), "wing": (250, 250, 252),
    "dark_wing": (66, 54, 78), "flower_heart": (250, 220, 90), "plaid": (30, 30, 54),
}  # fmt: skip

# Parts whose color no tag says, and of which any may be chosen.
_FREE = ("vest", "hairband", "clip", "flower", "device", "hat_band", "sailor")


def choose_colors(
    lots: random.Random, outfit: Outfit
) -> tuple[dict[str, palette.RGB], dict[str, int]]:
    """The color of every part, and the tag that says it where there is one."""
    rgb, tags = dict(_FIXED), {}

    def take(part: str, colors: dict[int, palette.RGB]) -> None:
        tags[part] = lots.choice(list(colors))
        rgb[part] = colors[tags[part]]

    take("hair", palette.HAIR)
    take("iris", palette.EYES)
    for kind in (*palette.GARMENTS, *palette.TRIMMINGS):
        take(kind, palette.garment_colors(kind))
    if outfit.gloves and lots.random() < 0.25:
        tags["gloves"], rgb["gloves"] = palette.WHITE_GLOVES, palette.GARMENT_COLORS["white"]
    rgb["skin"] = palette.PLAIN_SKIN
    if lots.random() < 0.35:
        take("skin", palette.SKIN)
    take("frame", palette.FRAMES)
    free = list(palette.GARMENT_COLORS.values())
    for part in _FREE:
        rgb[part] = lots.choice(free)
    if lots.random() < 0.2:
        rgb["jacket"] = lots.choice(free)
        tags.pop("jacket")
    if lots.random() < 0.2:
        rgb["hat"] = lots.choice(free)
        tags.pop("hat")
    rgb["pants"] = palette.DENIM[palette.DENIM_TAG]
    tags["pants"] = palette.DENIM_TAG
    if lots.random() < 0.4:
        tags.pop("pants")
        rgb["pants"] = palette.GARMENT_COLORS[lots.choice(["black", "brown", "grey", "white"])]
    if outfit.bottom == "skirt" and outfit.pattern == "" and lots.random() < 0.06:
        tags["skirt"], rgb["skirt"] = palette.DENIM_TAG, palette.DENIM[palette.DENIM_TAG]
    return rgb, tags
