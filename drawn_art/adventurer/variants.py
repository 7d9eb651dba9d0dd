"""What each variant of each part of an Adventurer drawing shows, as tags: written by eye.

Names are those of `loader/tags.tsv`. Variants that are missing here are not drawn: shaved or
nearly bald heads (short12, short13, short19), pupils too thin to carry a color (eyes variant06,
variant07, variant08), and slime in the mouth (mouth variant13).
"""


def _tags(table: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {variant: tuple(names.split()) for variant, names in table.items()}


# long… are drawn as 1girl, short… as 1boy; the length in the tags is the length that is seen.
HAIR = _tags(
    {
        "long01": "short_hair bob_cut swept_bangs",
        "long02": "short_hair bangs ahoge",
        "long03": "short_hair bangs hair_flower flower hair_ornament rose",
        "long04": "long_hair hair_between_eyes parted_bangs",
        "long05": "long_hair swept_bangs",
        "long06": "long_hair very_long_hair wavy_hair",
        "long07": "long_hair bangs blunt_bangs",
        "long08": "long_hair bangs blunt_bangs hair_flower flower hair_ornament head_wreath",
        "long09": "long_hair wavy_hair swept_bangs",
        "long10": "hair_bun",
        "long11": "hair_bun bangs blunt_bangs",
        "long12": "hair_bun long_hair",
        "long13": "hair_bun double_bun ahoge",
        "long14": "twintails low_twintails swept_bangs",
        "long15": "twintails short_twintails bangs blunt_bangs",
        "long16": "long_hair braid single_braid bangs",
        "long17": "long_hair wavy_hair curly_hair",
        "long18": "long_hair wavy_hair curly_hair hair_flower flower hair_ornament",
        "long19": "long_hair ponytail high_ponytail",
        "long20": "long_hair hair_over_one_eye",
        "long21": "short_hair bangs",
        "long22": "long_hair wavy_hair curly_hair messy_hair",
        "long23": "hair_bun double_bun",
        "long24": "short_hair wavy_hair parted_bangs",
        "long25": "short_hair swept_bangs",
        "long26": "short_hair bob_cut bangs hair_between_eyes",
        "short01": "short_hair swept_bangs",
        "short02": "short_hair bangs ahoge",
        "short03": "short_hair curly_hair",
        "short04": "short_hair",
        "short05": "short_hair hair_bun",
        "short06": "short_hair bangs hair_between_eyes",
        "short07": "short_hair wavy_hair parted_bangs",
        "short08": "short_hair messy_hair",
        "short09": "short_hair bangs hair_between_eyes",
        "short10": "short_hair swept_bangs",
        "short11": "short_hair",
        "short14": "short_hair",
        "short15": "short_hair spiked_hair",
        "short16": "short_hair spiked_hair messy_hair bangs hair_between_eyes",
        "short17": "short_hair curly_hair",
        "short18": "short_hair curly_hair",
    }
)

# Hair in front of the ear: earrings are not drawn.
EAR_COVERED = {"long01", "long04", "long05", "long06", "long20", "long22", "long24", "long26"}

OPEN_EYES = _tags(
    {
        "variant01": "",
        "variant02": "",
        "variant03": "",
        "variant04": "half-closed_eyes",
        "variant05": "half-closed_eyes jitome",
        "variant09": "",
        "variant10": "",
        "variant11": "half-closed_eyes jitome",
        "variant12": "",
        "variant13": "half-closed_eyes",
        "variant14": "half-closed_eyes",
        "variant15": "",
        "variant16": "half-closed_eyes tareme",
        "variant17": "half-closed_eyes jitome",
        "variant18": "half-closed_eyes jitome",
        "variant21": "one_eye_closed",
        "variant22": "one_eye_closed",
        "variant23": "sparkling_eyes",
        "variant24": "",
        "variant25": "",
        "variant26": "",
    }
)

CLOSED_EYES = _tags({"variant19": "closed_eyes ^_^", "variant20": "closed_eyes"})

EYEBROWS = _tags(
    {
        "variant01": "v-shaped_eyebrows thick_eyebrows",
        "variant02": "v-shaped_eyebrows",
        "variant03": "",
        "variant04": "thick_eyebrows",
        "variant05": "short_eyebrows thick_eyebrows",
        "variant06": "short_eyebrows",
        "variant07": "",
        "variant08": "raised_eyebrows",
        "variant09": "",
        "variant10": "",
        "variant11": "",
        "variant12": "",
        "variant13": "",
        "variant14": "",
        "variant15": "short_eyebrows thick_eyebrows",
    }
)

MOUTH = _tags(
    {
        "variant01": "smile open_mouth :d",
        "variant02": "smile closed_mouth",
        "variant03": "open_mouth",
        "variant04": "frown closed_mouth",
        "variant05": "smile grin teeth lips lipstick",
        "variant06": "smile closed_mouth lips lipstick",
        "variant07": "open_mouth teeth lips lipstick",
        "variant08": "closed_mouth lips lipstick",
        "variant09": "closed_mouth expressionless",
        "variant10": "closed_mouth",
        "variant11": "teeth clenched_teeth",
        "variant12": "smile tongue tongue_out",
        "variant14": "open_mouth teeth",
        "variant15": "open_mouth teeth tongue",
        "variant16": "smile tongue tongue_out",
        "variant17": "closed_mouth",
        "variant18": "open_mouth :o",
        "variant19": "closed_mouth wavy_mouth",
        "variant20": "smile open_mouth",
        "variant21": "open_mouth",
        "variant22": "smile grin teeth",
        "variant23": "smile grin teeth",
        "variant24": "smile open_mouth tongue",
        "variant25": "smile open_mouth teeth",
        "variant26": "smile open_mouth teeth tongue",
        "variant27": "smile open_mouth :d tongue",
        "variant28": "smile open_mouth :d teeth",
        "variant29": "smile closed_mouth",
        "variant30": "smile open_mouth",
    }
)

GLASSES = _tags(
    {
        "variant02": "glasses",
        "variant03": "glasses",
        "variant04": "glasses",
        "variant05": "glasses semi-rimless_eyewear",
    }
)

# Frames broad enough to show a color of their own.
BROAD_FRAMES = {"variant02", "variant05"}

# They hide the eyes.
SUNGLASSES = _tags({"variant01": "sunglasses"})

EARRINGS = _tags(
    {
        "variant01": "earrings jewelry",
        "variant02": "earrings jewelry hoop_earrings",
        "variant03": "earrings jewelry stud_earrings",
        "variant04": "earrings jewelry",
        "variant05": "earrings jewelry",
        "variant06": "earrings jewelry stud_earrings",
    }
)

DETAILS = _tags(
    {
        "blush": "blush",
        "freckles": "freckles",
        "birthmark": "mole",
        "mustache": "mustache",
    }
)

# Hair in front of the mole that "birthmark" is.
MOLE_COVERED = {"long20"}

# Eyes that the hair hides too much of to carry their color, or their expression.
IRIS_HIDDEN: dict[str, tuple[str, ...]] = {
    "long20": ("variant14", "variant17", "variant21", "variant22"),
    "long24": ("variant14",),
    "long25": ("variant14",),
}
