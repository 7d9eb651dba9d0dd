"""Which posts are fit for training, by their size and general tags."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from loader.tags import EYE_COLORS, HAIR_COLORS, PERSON_TAGS
from preprocessor.metadata.moved_tags import SEVERAL_COLORS

TRAIN_FOLDER = "train_image_base"
LINE_ART_FOLDER = "liner_test"
FOLDERS = (TRAIN_FOLDER, LINE_ART_FOLDER)

SIMPLE_BACKGROUND = 412368
WHITE_BACKGROUND = 515193
GREYSCALE = 513837
SKETCH = 1931
# Without one of them no drawing passes.
BACKGROUNDS = (SIMPLE_BACKGROUND, WHITE_BACKGROUND)
# Comic, photo, subtitled, english, black border, multiple views.
UNWANTED = frozenset((63, 4751, 12650, 172609, 555246, 513475))

_PERSONS = frozenset(PERSON_TAGS)
_HAIR = frozenset(HAIR_COLORS)
_EYES = frozenset(EYE_COLORS)

NO_BACKGROUND = "neither a simple nor a white background"


TOO_SMALL, TOO_LONG = "both sides below 512 px", "not strictly between 3:4 and 4:3"


def size_problem(width: int, height: int) -> str | None:
    """Why an original of this size is unfit, or None: too small, or not within 3:4 and 4:3."""
    if width < 512 and height < 512:
        return TOO_SMALL
    if not (3 * height < 4 * width and 3 * width < 4 * height):
        return TOO_LONG
    return None


def sort_by_tags(general_tags: Collection[int]) -> str:
    """The folder (one of FOLDERS) a drawing with these tag ids belongs in, or why it is unfit.

    A drawing that breaks several rules is counted under the first, in the order below (its size
    comes after the background); whether it is accepted does not depend on that order.
    """
    tags = frozenset(general_tags)
    if SIMPLE_BACKGROUND not in tags and WHITE_BACKGROUND not in tags:
        return NO_BACKGROUND
    colorless = WHITE_BACKGROUND in tags and (GREYSCALE in tags or SKETCH in tags)
    if not colorless and SIMPLE_BACKGROUND not in tags:
        return "on white, but neither a sketch nor a simple background"
    if tags & UNWANTED:
        return "comic, photo, text, border or several views"
    hair, eyes = len(tags & _HAIR), len(tags & _EYES)
    several = SEVERAL_COLORS in tags
    if colorless:
        with_colors = hair or eyes or several
        return "sketch or greyscale with color tags" if with_colors else LINE_ART_FOLDER
    if several:
        return "several hair or eye colors"
    if len(tags & _PERSONS) != 1:
        return "not exactly one of 1girl and 1boy"
    if hair != 1:
        return "not exactly one hair color"
    if eyes != 1:
        return "not exactly one eye color"
    return TRAIN_FOLDER


class ChosenPost(NamedTuple):
    """A post that is fit: the folder it goes to, its original size in pixels, its general tag ids.

    The ids are kept as they go to tags.txt, separated by spaces: a tenth of the memory of numbers.
    `doubt` says why it is unfit if its dump turns out to be of 2022 or later.
    """

    id: int
    folder: str
    width: int
    height: int
    tags: str
    doubt: str = ""


class Sifted(NamedTuple):
    """What a piece of metadata holds.

    `posts` are those chosen; `unfit` counts the others by reason; `rejects` are (place, reason) of
    records that cannot be used. `of_today` tells whether a record shows that its dump is of 2022
    or later. `moved` counts the tags of the chosen that were read as others, by (doubt, name in
    the record).
    """

    posts: list[ChosenPost]
    unfit: Counter[str]
    rejects: list[tuple[str, str]]
    of_today: bool
    moved: Counter[tuple[str, str]]


def background_names(ids: Mapping[str, int]) -> list[str]:
    """All names that `ids` gives to the backgrounds."""
    return [name for name, tag in ids.items() if tag in BACKGROUNDS]


def listed(tags: Iterable[int], id_changes: Mapping[int, int]) -> list[int]:
    """Tag ids as they are read: today's instead of those merged into others, each once."""
    return list(dict.fromkeys(id_changes.get(tag, tag) for tag in tags))
