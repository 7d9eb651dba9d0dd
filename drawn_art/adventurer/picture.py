"""One Adventurer picture, decided part by part from (seed, index): what is seen is tagged."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from drawn_art import palette
from drawn_art.adventurer import painting, variants
from drawn_art.picture import REJECTED, SKETCH, TRAIN
from loader.tags import load_vocabulary

# Why a drawing shall not become a training pair, and how many of all drawings are of that kind.
OUTSIDE = {
    "sketch": 0.015,
    "sketch with color tags": 0.004,
    "two hair colors": 0.008,
    "closed eyes": 0.008,
    "sunglasses": 0.005,
    "blacklisted tag": 0.008,
    "proportions": 0.006,
    "too small": 0.004,
    "no simple background": 0.006,
}

# Eyes, mouth and the fringe, in units of the style: left, top, and the side of the square.
FACE = (125.0, 290.0, 330.0)

BLACKLIST = ("comic", "photo", "english", "black_border", "multiple_views")


@dataclass(frozen=True)
class AdventurerPicture:
    """All that decides the pixels and the tags of one drawing.

    Parts are names of Adventurer variants (None: not drawn). `hair` and `background` are tag ids
    of one color, or of two that run into each other; `eyes` is None when no iris is visible,
    `skin` when it is of the color that nobody tags. `view` is the visible window (x, y, width,
    height) in units of the style, whose face is about 450 units high. `width` and `height` are
    those of the imagined original in pixels. `tags` are the Danbooru tag ids, `expected` is what
    the filter must make of them ("train", "sketch" or "rejected"), for the `reason` given.
    """

    file_id: int
    hair_variant: str
    eyes_variant: str
    eyebrows_variant: str
    mouth_variant: str
    glasses_variant: str | None
    earrings_variant: str | None
    details_variant: str | None
    hair: tuple[int, ...]
    eyes: int | None
    background: tuple[int, ...]
    skin: int | None
    frame: int
    view: tuple[float, float, float, float]
    width: int
    height: int
    line_only: bool
    expected: str
    reason: str
    tags: tuple[int, ...] = ()

    style = "adventurer"
    parts = ("hair", "iris", "background", "skin")

    @property
    def colors(self) -> dict[str, int]:
        tags = {"hair": self.hair[0], "iris": self.eyes, "skin": self.skin}
        if len(self.background) == 1:
            tags["background"] = self.background[0]
        return {part: tag for part, tag in tags.items() if tag is not None}

    @property
    def face(self) -> tuple[float, float, float] | None:
        left, top, width, height = self.view
        longer = max(width, height)
        return (FACE[0] - left) / longer, (FACE[1] - top) / longer, FACE[2] / longer

    def color_svg(self, width: int, height: int) -> str:
        return painting.color_svg(self, width, height)

    def line_svg(self, width: int, height: int) -> str:
        return painting.line_svg(self, width, height)

    def part_svg(self, width: int, height: int, colors: Mapping[str, str]) -> str:
        return painting.part_svg(self, width, height, colors)

    @property
    def background_tag(self) -> int:
        return palette.GRADIENT_BACKGROUND if len(self.background) > 1 else self.background[0]


def choose(seed: int, index: int, *, outside: bool = True) -> AdventurerPicture:
    """Decide drawing number `index` of the data set `seed`; its file id is index + 1.

    With `outside` about 6 % of the drawings must not pass the filter, for the reasons and in the
    shares of OUTSIDE; without it all of them must.
    """
    lots = random.Random(f"tag2pix demo {seed} {index}")
    reason = _reason(lots) if outside else ""
    picture = _decide(lots, index + 1, reason)
    return replace(picture, tags=tuple(_ids(_tag_names(picture)) + _color_tags(picture)))


def _reason(lots: random.Random) -> str:
    reasons = ("", *OUTSIDE)
    return lots.choices(reasons, (1 - sum(OUTSIDE.values()), *OUTSIDE.values()))[0]


def _decide(lots: random.Random, file_id: int, reason: str) -> AdventurerPicture:
    hair_variant = lots.choice(list(variants.HAIR))
    width, height = _original_size(lots, reason)
    line_only = reason.startswith("sketch")
    eyes_table = variants.CLOSED_EYES if reason == "closed eyes" else _eyes_beside(hair_variant)
    no_iris = reason in ("closed eyes", "sunglasses")
    hair_colors = lots.sample(list(palette.HAIR), 2)
    glasses = _maybe(lots, 0.15, variants.GLASSES)
    frame = lots.choice(list(palette.FRAMES))
    background = (515193,) if line_only else _background(lots)
    if reason == "sunglasses":
        glasses = "variant01"
    return AdventurerPicture(
        file_id=file_id,
        hair_variant=hair_variant,
        eyes_variant=lots.choice(list(eyes_table)),
        eyebrows_variant=lots.choice(list(variants.EYEBROWS)),
        mouth_variant=lots.choice(list(variants.MOUTH)),
        glasses_variant=glasses,
        earrings_variant=_earrings(lots, hair_variant),
        details_variant=None if line_only else _details(lots, hair_variant),
        hair=tuple(hair_colors if reason == "two hair colors" else hair_colors[:1]),
        eyes=None if no_iris else lots.choice(list(palette.EYES)),
        background=background,
        skin=lots.choice([None, None, *palette.SKIN]),
        frame=frame if glasses in variants.BROAD_FRAMES else 1373029,
        view=_view(lots, width / height),
        width=width,
        height=height,
        line_only=line_only,
        expected={"": TRAIN, "sketch": SKETCH}.get(reason, REJECTED),
        reason=reason,
    )


def _maybe(lots: random.Random, share: float, table: dict) -> str | None:
    chosen = lots.choice(list(table))
    return chosen if lots.random() < share else None


def _eyes_beside(hair_variant: str) -> list[str]:
    hidden = variants.IRIS_HIDDEN.get(hair_variant, ())
    return [eyes for eyes in variants.OPEN_EYES if eyes not in hidden]


def _earrings(lots: random.Random, hair_variant: str) -> str | None:
    chosen = _maybe(lots, 0.25, variants.EARRINGS)
    return None if hair_variant in variants.EAR_COVERED else chosen


def _details(lots: random.Random, hair_variant: str) -> str | None:
    unfit = set() if _is_boy(hair_variant) else {"mustache"}
    if hair_variant in variants.MOLE_COVERED:
        unfit.add("birthmark")
    table = [name for name in variants.DETAILS if name not in unfit]
    chosen = lots.choices(table, [3 if name == "blush" else 1 for name in table])[0]
    return chosen if lots.random() < 0.4 else None


def _is_boy(hair_variant: str) -> bool:
    return hair_variant.startswith("short")


def _background(lots: random.Random) -> tuple[int, ...]:
    both = tuple(lots.sample(list(palette.BACKGROUND), 2))
    return both if lots.randrange(len(palette.BACKGROUND) + 1) == 0 else both[:1]


def _original_size(lots: random.Random, reason: str) -> tuple[int, int]:
    """The filter lets pass what lies strictly between 3:4 and 4:3 and has a side of 512 or more."""
    if reason == "too small":
        return lots.randint(400, 511), lots.randint(400, 511)
    longer = 4 * lots.randint(150, 600)
    if reason == "proportions":
        shorter = lots.choice([longer * 3 // 4, round(longer * lots.uniform(0.5, 0.74))])
    else:
        shorter = lots.choice([longer, round(longer * lots.uniform(0.76, 0.99))])
    return (longer, shorter) if lots.random() < 0.5 else (shorter, longer)


def _view(lots: random.Random, aspect: float) -> tuple[float, float, float, float]:
    """A window around the face, its shorter side 580 to 780 units long."""
    shorter = lots.uniform(580, 780)
    width, height = shorter * max(1, aspect), shorter / min(1, aspect)
    center_x, center_y = 385 + lots.uniform(-40, 40), 375 + lots.uniform(-40, 40)
    return center_x - width / 2, center_y - height / 2, width, height


def _tag_names(picture: AdventurerPicture) -> list[str]:
    """The names of all tags but the colors."""
    names = ["1boy" if _is_boy(picture.hair_variant) else "1girl", "solo"]
    if picture.reason != "no simple background":
        names.append("simple_background")
    if picture.line_only:
        names += ["monochrome", "greyscale" if picture.file_id % 2 else "sketch"]
    if picture.reason == "blacklisted tag":
        names.append(BLACKLIST[picture.file_id % len(BLACKLIST)])
    if picture.reason == "two hair colors":
        names += ["multicolored_hair", "gradient_hair"]
    names += variants.HAIR[picture.hair_variant]
    names += _face_names(picture)
    return list(dict.fromkeys(names))


def _face_names(picture: AdventurerPicture) -> list[str]:
    names = list(variants.MOUTH[picture.mouth_variant])
    if picture.line_only:
        names = [name for name in names if name != "lipstick"]
    if picture.glasses_variant not in variants.SUNGLASSES:
        eyes = variants.OPEN_EYES | variants.CLOSED_EYES
        names += eyes[picture.eyes_variant]
        names += variants.EYEBROWS[picture.eyebrows_variant]
    worn = (
        (picture.glasses_variant, variants.GLASSES | variants.SUNGLASSES),
        (picture.earrings_variant, variants.EARRINGS),
        (picture.details_variant, variants.DETAILS),
    )
    return names + [name for variant, table in worn if variant for name in table[variant]]


def _color_tags(picture: AdventurerPicture) -> list[int]:
    if picture.reason == "sketch":
        return [picture.background_tag]
    colors = [*picture.hair, picture.eyes, picture.background_tag]
    if not picture.line_only:
        colors.append(picture.skin)
    if picture.glasses_variant in variants.GLASSES and not picture.line_only:
        colors.append(picture.frame)
    return [tag for tag in colors if tag is not None]


@cache
def _vocabulary():
    return load_vocabulary()


def _ids(names: list[str]) -> list[int]:
    return [_vocabulary().ids[name] for name in names]
