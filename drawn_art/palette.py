"""The color that each color tag stands for: what drawings are painted with.

To measure how well a network follows a color tag, compare what it painted with these: the tag
whose RGB is nearest in CIELAB should be the one that was asked for.
"""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from loader.tags import load_vocabulary

RGB = tuple[int, int, int]

HAIR: dict[int, RGB] = {
    87788: (243, 214, 98),  # blonde_hair
    16867: (98, 56, 32),  # brown_hair
    13200: (38, 35, 44),  # black_hair
    10953: (44, 90, 205),  # blue_hair
    16442: (120, 48, 176),  # purple_hair
    11429: (246, 138, 186),  # pink_hair
    15425: (200, 210, 224),  # silver_hair
    8388: (56, 158, 70),  # green_hair
    5403: (200, 34, 42),  # red_hair
    16581: (250, 250, 250),  # white_hair
    87676: (243, 132, 36),  # orange_hair
    16580: (128, 130, 136),  # grey_hair
    94007: (76, 212, 212),  # aqua_hair
    403081: (190, 164, 236),  # lavender_hair
    468534: (178, 132, 86),  # light_brown_hair
}

EYES: dict[int, RGB] = {
    10959: (38, 96, 220),  # blue_eyes
    8526: (206, 26, 40),  # red_eyes
    16578: (112, 64, 30),  # brown_eyes
    10960: (40, 156, 70),  # green_eyes
    15654: (124, 46, 184),  # purple_eyes
    89189: (244, 214, 40),  # yellow_eyes
    16750: (246, 120, 178),  # pink_eyes
    13199: (30, 28, 34),  # black_eyes
    89368: (60, 214, 212),  # aqua_eyes
    95405: (244, 134, 34),  # orange_eyes
    89228: (122, 126, 132),  # grey_eyes
    390186: (196, 206, 220),  # silver_eyes
}

BACKGROUND: dict[int, RGB] = {
    515193: (255, 255, 255),  # white_background
    632214: (160, 162, 166),  # grey_background
    580545: (92, 148, 232),  # blue_background
    584749: (250, 178, 208),  # pink_background
    593298: (250, 226, 96),  # yellow_background
    569748: (22, 22, 26),  # black_background
    593296: (206, 52, 52),  # red_background
    593297: (108, 190, 108),  # green_background
    643898: (146, 92, 196),  # purple_background
    645753: (246, 156, 66),  # orange_background
    646879: (130, 90, 58),  # brown_background
    684986: (236, 220, 186),  # beige_background
}

# Runs from one color of BACKGROUND at the top to another at the bottom.
GRADIENT_BACKGROUND = 531371

SKIN: dict[int, RGB] = {
    71730: (132, 78, 44),  # dark_skin
    446647: (254, 234, 222),  # pale_skin
    391297: (248, 249, 255),  # white_skin
    378561: (146, 182, 238),  # blue_skin
}

# The skin that nobody tags.
PLAIN_SKIN: RGB = (246, 202, 164)

# The color of a garment's color tag, `red` of `red_skirt`; of hats, bows and ribbons, too.
GARMENT_COLORS: dict[str, RGB] = {
    "black": (40, 38, 46),
    "white": (248, 248, 250),
    "red": (206, 40, 46),
    "blue": (52, 96, 200),
    "pink": (246, 150, 190),
    "brown": (122, 76, 44),
    "green": (58, 150, 82),
    "grey": (140, 142, 150),
    "purple": (132, 70, 178),
    "yellow": (246, 214, 80),
    "orange": (244, 140, 48),
}

GARMENTS = ("legwear", "footwear", "skirt", "shirt", "gloves", "neckwear", "jacket", "dress")
TRIMMINGS = ("ribbon", "hat", "bow")
DENIM_TAG = 219401
DENIM: dict[int, RGB] = {DENIM_TAG: (70, 104, 156)}
WHITE_GLOVES = 474821  # the only color of gloves among the CIT tags


@cache
def garment_colors(kind: str) -> dict[int, RGB]:
    """The color tags of a kind of garment, `skirt` for instance, each with its color."""
    vocabulary = load_vocabulary()
    tags = {vocabulary.ids.get(f"{word}_{kind}"): rgb for word, rgb in GARMENT_COLORS.items()}
    return {tag: rgb for tag, rgb in tags.items() if tag in vocabulary.cvt_index}


FRAMES: dict[int, RGB] = {
    1373022: (204, 24, 34),  # red-framed_eyewear
    1373029: (0, 0, 0),  # black-framed_eyewear
}


def nearest_tag(rgb: Sequence[float], colors: Mapping[int, RGB]) -> int:
    """The tag of `colors` whose color is nearest to `rgb` (0 to 255) in CIELAB (CIE 1976)."""
    from skimage.color import rgb2lab

    lab = rgb2lab(np.array([rgb, *colors.values()], float) / 255)
    return list(colors)[int(np.linalg.norm(lab[1:] - lab[0], axis=1).argmin())]


def mixed(first: RGB, second: RGB, share: float) -> RGB:
    """`first` with a `share` (0 to 1) of `second` in it."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


def hex_color(rgb: RGB) -> str:
    """The color as in `#ff8000`."""
    return "#{:02x}{:02x}{:02x}".format(*rgb)
