"""What is written about drawings: Danbooru2018 metadata, the ground truth, the credits."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from drawn_art.picture import DrawnPicture
from drawn_art.styles import STYLES
from errors import InputError
from files.atomic import atomic_path
from files.regular import check_regular
from loader.tags import load_vocabulary

GROUND_TRUTH = "ground_truth.jsonl"

# An artist tag: of another category than 0, which is what the filter and the networks look at.
ARTIST_IDS = {style: str(9000001 + number) for number, style in enumerate(sorted(STYLES))}


class GroundTruth(msgspec.Struct, frozen=True):
    """What the filter must make of a drawing and why, the color tags of its parts, and how it was
    made."""

    id: int
    style: str
    width: int
    height: int
    expected: str
    reason: str
    colors: dict[str, int]
    tags: list[int]
    styles: list[str]
    seed: int
    size: int


def ground_truth(picture: DrawnPicture, styles: Sequence[str], seed: int, size: int) -> GroundTruth:
    """Of a picture that is drawn `size` pixels large, of the data set of these styles and seed."""
    return GroundTruth(
        id=picture.file_id,
        style=picture.style,
        width=picture.width,
        height=picture.height,
        expected=picture.expected,
        reason=picture.reason,
        colors=dict(picture.colors),
        tags=list(picture.tags),
        styles=list(styles),
        seed=seed,
        size=size,
    )


def read_ground_truths(root: Path) -> list[GroundTruth]:
    """What is recorded of the drawings in `root`, in the order of the file; nothing if it is not
    there. Raises InputError if the file is not one of these."""
    path = root / GROUND_TRUTH
    try:
        check_regular(path)
        return msgspec.json.Decoder(GroundTruth).decode_lines(path.read_bytes())
    except FileNotFoundError:
        return []
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path} is not of this program ({error}): choose another --dataset_path"
        ) from error


def metadata(truths: Iterable[GroundTruth]) -> Iterable[dict]:
    """The metadata of drawings as Danbooru2018 writes it: every value a string."""
    names = load_vocabulary().names
    for truth in truths:
        tags = [{"id": str(tag), "name": names[tag], "category": "0"} for tag in truth.tags]
        artist = {"id": ARTIST_IDS[truth.style], "name": truth.style, "category": "1"}
        yield {
            "id": str(truth.id),
            "created_at": "2018-12-31 00:00:00 UTC",
            "rating": "s",
            "image_width": str(truth.width),
            "image_height": str(truth.height),
            "file_ext": "jpg",
            "is_deleted": "0",
            "tags": [*tags, artist],
        }


def credits(styles: Sequence[str]) -> str:
    """To whom drawings of these styles are owed."""
    owed = [STYLES[style].credit for style in styles if STYLES[style].credit]
    lines = [
        f'* "{one.title}" by {one.creator} ({one.url}), licensed under {one.license}.'
        for one in owed
    ]
    own = "Figures are drawn by tag2pix itself.\n" if "figures" in styles else ""
    if not owed:
        return own
    listed = "\n".join(lines)
    return f"""\
The drawings in this folder are made with

{listed}

CC BY 4.0: https://creativecommons.org/licenses/by/4.0/
CC0 1.0: https://creativecommons.org/publicdomain/zero/1.0/

Changes: parts and colors are combined at random by tag2pix (preprocessor/demo_dataset.py) with
the DiceBear libraries (https://www.dicebear.com); irises, colored spectacle frames and parts
without an outline are given one; the line art is the same drawing without its fills.
{own}"""


def drawn_with(root: Path) -> tuple[tuple[str, ...], int]:
    """The styles and the seed that the data set in `root` was drawn with; InputError if it was not
    drawn."""
    truths = read_ground_truths(root)
    if not truths:
        raise InputError(
            f"{root / GROUND_TRUTH} does not say how {root} was drawn: make it with demo_dataset.py"
        )
    return tuple(truths[0].styles), truths[0].seed


def write_lines(path: Path, objects: Iterable[dict | GroundTruth]) -> None:
    """Write one JSON object per line, all or nothing."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(msgspec.json.Encoder().encode_lines(objects))


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file, all or nothing."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
