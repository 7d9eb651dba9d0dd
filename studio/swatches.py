"""The color tags as an artist looks for them: by part, then by garment, each with its color."""

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from html import escape

from drawn_art.palette import BACKGROUND, EYES, FRAMES, GRADIENT_BACKGROUND, HAIR, SKIN
from loader.tags import Vocabulary

SECTIONS = {
    "Hair": "hair",
    "Eyes": "eyes",
    "Skin": "skin",
    "Face": "face",
    "Upper body": "body_upper",
    "Lower body": "body_lower",
    "Whole body": "body_whole",
    "Background": "background",
}
OWN_SECTION = ("eyes", "skin")
SINGLES = "more"

PAINTED = HAIR | EYES | BACKGROUND | SKIN | FRAMES
NAMED_COLORS = {
    "black": "#26242b",
    "white": "#fdfdfd",
    "grey": "#8a8d94",
    "red": "#cc2936",
    "blue": "#2f6fde",
    "green": "#3c9d55",
    "yellow": "#f3d23b",
    "pink": "#f59ac0",
    "purple": "#8148b8",
    "brown": "#7a4a2a",
    "orange": "#f08a2c",
    "aqua": "#4cd4d4",
    "silver": "#c8d2e0",
    "beige": "#ecdcba",
}
FREE_COLORS = {
    "denim": "#5277a3",
    "blush": "#f7a1a1",
    "shiny_skin": "linear-gradient(135deg, #f6caa4 35%, #fff8ef 50%, #f6caa4 65%)",
}
# What artists type for the words of the tags.
SYNONYMS = {
    "grey": "gray silver",
    "silver": "gray grey",
    "blonde": "yellow blond gold golden",
    "aqua": "cyan turquoise teal",
    "purple": "violet lilac",
    "lavender": "violet lilac purple",
    "pink": "rose",
    "brown": "brunette",
    "red": "scarlet ginger",
    "beige": "cream",
    "legwear": "stockings socks tights",
    "footwear": "shoes boots",
    "eyewear": "glasses spectacles",
    "neckwear": "tie necktie scarf",
    "denim": "jeans",
    "background": "backdrop",
    "bikini": "swimsuit swimwear",
}
PRIVATE = frozenset({"bra", "panties", "bikini", "swimsuit", "underwear", "lingerie"})
# The rows whose parts can be given an exact color, see finishing.parts.
OF_PART = {"hair": "hair", "eyes": "eyes", "skin": "skin", "background": "background"}
UNKNOWN_COLOR = "repeating-linear-gradient(45deg, #ddd 0 4px, #fff 4px 8px)"
GRADIENT = "linear-gradient(#5c94e8, #fab2d0)"


@dataclass(frozen=True)
class Swatch:
    """One tag. `color` is CSS; of a row's `exclusive` tags a picture normally has one."""

    tag: int
    name: str
    color: str
    exclusive: bool


@dataclass(frozen=True)
class Row:
    """The tags of one thing: hair, eyes, skirt, …"""

    name: str
    swatches: tuple[Swatch, ...]


@dataclass(frozen=True)
class Section:
    """The rows of one part of the picture."""

    name: str
    rows: tuple[Row, ...]


def sections(vocabulary: Vocabulary) -> list[Section]:
    """Every color tag of the vocabulary, once."""
    found: dict[str, dict[str, list[Swatch]]] = defaultdict(lambda: defaultdict(list))
    for part, tags in vocabulary.cvt_parts.items():
        for tag in tags:
            swatch = _swatch(tag, vocabulary.names[tag])
            thing = swatch.name.rpartition("_")[2]
            found[thing if thing in OWN_SECTION else part][thing].append(swatch)
    return [Section(title, _rows(found[part])) for title, part in SECTIONS.items() if found[part]]


def rows(
    vocabulary: Vocabulary, learned: Collection[str] | None = None
) -> dict[str, tuple[int, ...]]:
    """The tag ids of everything that comes in several colors, by its name; with `learned` only
    those of these names."""
    found = {
        row.name: tuple(
            swatch.tag
            for swatch in row.swatches
            if swatch.exclusive and (learned is None or swatch.name in learned)
        )
        for section in sections(vocabulary)
        for row in section.rows
        if row.name != SINGLES
    }
    return {name: tags for name, tags in found.items() if tags}


def as_json(listed: list[Section], learned: Collection[str] | None) -> list[dict]:
    """What the page's picker is given; `learned` are the tags that the weights know, None: all."""
    return [
        {
            "html": escape(section.name),
            "rows": [
                {
                    "html": escape(row.name),
                    "labelled": row.name == SINGLES,
                    "part": OF_PART.get(row.name, ""),
                    "tags": [_tag_json(s, learned) for s in row.swatches],
                }
                for row in section.rows
            ],
        }
        for section in listed
    ]


def learned_line(listed: list[Section], learned: Collection[str] | None) -> str:
    """What the page says of the weights: of which things they know how many colors."""
    if learned is None:
        return "These weights do not say which tags they have learned: some may do nothing."
    known, is_all = [], True
    for row in (row for section in listed for row in section.rows):
        names = [swatch.name for swatch in row.swatches if swatch.name in learned]
        is_all &= len(names) == len(row.swatches)
        if row.name == SINGLES:
            known += [escape(name.replace("_", " ")) for name in names]
        elif names:
            known.append(f"{escape(row.name)} ({len(names)} of {len(row.swatches)})")
    if is_all:
        return "These weights have learned every tag."
    if not known:
        return "These weights have learned no tag: what is chosen does hardly anything."
    return f"These weights have learned {', '.join(known)}. The others stand below, faded."


def _rows(things: dict[str, list[Swatch]]) -> tuple[Row, ...]:
    several = [Row(name, tuple(tags)) for name, tags in things.items() if len(tags) > 1]
    # The part's own name first: hair before hats and bows.
    several.sort(key=lambda row: row.name not in SECTIONS.values())
    singles = [_free(tags[0]) for tags in things.values() if len(tags) == 1]
    return (*several, Row(SINGLES, tuple(singles))) if singles else tuple(several)


def _free(swatch: Swatch) -> Swatch:
    return Swatch(swatch.tag, swatch.name, swatch.color, exclusive=False)


def _swatch(tag: int, name: str) -> Swatch:
    if name in FREE_COLORS:
        return Swatch(tag, name, FREE_COLORS[name], exclusive=False)
    if tag == GRADIENT_BACKGROUND:
        return Swatch(tag, name, GRADIENT, exclusive=True)
    if tag in PAINTED:
        return Swatch(tag, name, "rgb({}, {}, {})".format(*PAINTED[tag]), exclusive=True)
    color = next((NAMED_COLORS[w] for w in re.split("[_-]", name) if w in NAMED_COLORS), None)
    return Swatch(tag, name, color or UNKNOWN_COLOR, exclusive=color is not None)


def _tag_json(swatch: Swatch, learned: Collection[str] | None) -> dict:
    return {
        "known": learned is None or swatch.name in learned,
        "private": not PRIVATE.isdisjoint(swatch.name.split("_")),
        "find": _search_words(swatch.name),
        "name": swatch.name,
        "html": escape(swatch.name),
        "label": escape(swatch.name.replace("_", " ")),
        "color": swatch.color,
        "hex": _hex(swatch.color),
        "exclusive": swatch.exclusive,
    }


def _search_words(name: str) -> str:
    """What the tag is found by: its words, and others for them."""
    words = re.split("[_-]", name)
    others = [other for word in words for other in SYNONYMS.get(word, "").split()]
    return escape(" ".join([*words, *others]))


def _hex(color: str) -> str:
    """What a color input begins with: #rrggbb, gray where the swatch is no single color."""
    if found := re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", color):
        return "#" + bytes(map(int, found.groups())).hex()
    return color if re.fullmatch("#[0-9a-f]{6}", color) else "#888888"
