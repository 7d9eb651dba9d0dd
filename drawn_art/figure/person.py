"""What is decided about one person before it is drawn."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Hair:
    """`bangs`, `sides`, `back` name shapes of figure/hair.py; `length` of the back and `volume`
    are relative to the style's own."""

    bangs: str
    sides: str
    back: str
    length: float = 1
    volume: float = 1
    tails: str = ""
    ahoge: bool = False
    sweep: float = 0
    locks: int = 6
    depth: float = 1
    wave: float = 0


@dataclass(frozen=True)
class Face:
    """`eyes` is one of open, half, closed, happy, wink; `slant` of the eyes from -1 (tareme) to 1
    (tsurime); sizes are factors."""

    eyes: str
    slant: float
    eye_width: float
    eye_height: float
    brows: str
    mouth: str
    chin: float
    width: float
    blush: bool = False
    mole: bool = False
    freckles: bool = False
    pointed_ears: bool = False


@dataclass(frozen=True)
class Pose:
    """`turn` of the head from -1 to 1 (to the right of the picture), `tilt` in degrees; arms are
    (angle of the upper arm, angle of the forearm) in degrees from hanging, outwards positive."""

    turn: float
    tilt: float
    left: tuple[float, float]
    right: tuple[float, float]
    spread: float
    lean: float = 0


@dataclass(frozen=True)
class Outfit:
    """The garments, by name of their cut; an empty one is not worn.

    `colors` gives the tag id of the color of each part (`skirt`, `ribbon`), or None where no tag
    says what color it has.
    """

    top: str = ""
    sleeves: str = "long"
    collar: str = ""
    bottom: str = ""
    length: float = 1
    over: str = ""
    neck: str = ""
    legs: str = ""
    feet: str = ""
    gloves: str = ""
    head: str = ""
    ornaments: tuple[str, ...] = ()
    eyewear: str = ""
    pattern: str = ""
    frilled: bool = False
    belt: bool = False
    apron: bool = False
    rgb: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    """One person; `legs` is the length of legs and `build` the width of the body, as factors."""

    boy: bool
    hair: Hair
    face: Face
    pose: Pose
    outfit: Outfit
    legs: float
    build: float
    head: float
