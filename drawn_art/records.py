"""What is written about drawings: Danbooru2018 metadata, the ground truth, the credits."""

import json
from collections.abc import Iterable
from pathlib import Path

from drawn_art.drawing import Drawing
from errors import InputError
from files.atomic import atomic_path
from loader.tags import load_vocabulary

GROUND_TRUTH = "ground_truth.jsonl"

# An artist tag: of another category than 0, which is what the filter and the networks look at.
ARTIST = {"id": "9000001", "name": "lisa_wischofsky", "category": "1"}

CREDITS = """\
The drawings in this folder are made with "Adventurer" by Lisa Wischofsky
(https://www.figma.com/community/file/1184595184137881796), licensed under CC BY 4.0
(https://creativecommons.org/licenses/by/4.0/).

Changes: parts and colors are combined at random by tag2pix (preprocessor/demo_dataset.py) with
the DiceBear libraries (https://www.dicebear.com); irises and colored spectacle frames are given
an outline; the line art is the same drawing without its fills.
"""


def metadata(drawings: Iterable[Drawing]) -> Iterable[dict]:
    """Objects of the metadata as Danbooru2018 writes them: every value a string."""
    names = load_vocabulary().names
    for drawing in drawings:
        tags = [{"id": str(tag), "name": names[tag], "category": "0"} for tag in drawing.tags]
        yield {
            "id": str(drawing.file_id),
            "created_at": "2018-12-31 00:00:00 UTC",
            "rating": "s",
            "image_width": str(drawing.width),
            "image_height": str(drawing.height),
            "file_ext": "jpg",
            "is_deleted": "0",
            "tags": [*tags, ARTIST],
        }


def ground_truth(drawings: Iterable[Drawing], seed: int, size: int) -> Iterable[dict]:
    """What the filter must make of each drawing and why, its color tags, and how it was made."""
    for drawing in drawings:
        yield {
            "id": drawing.file_id,
            "expected": drawing.expected,
            "reason": drawing.reason,
            "hair": list(drawing.hair),
            "eyes": drawing.eyes,
            "background": drawing.background_tag,
            "skin": drawing.skin,
            "tags": list(drawing.tags),
            "seed": seed,
            "size": size,
        }


def drawn_seed(root: Path) -> int:
    """The seed that the data set in `root` was drawn with; InputError if it was not drawn."""
    path = root / GROUND_TRUTH
    try:
        with path.open(encoding="utf-8") as lines:
            return int(json.loads(next(lines))["seed"])
    except (OSError, StopIteration, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} does not say how {root} was drawn: make it with demo_dataset.py"
        ) from error


def write_lines(path: Path, objects: Iterable[dict]) -> None:
    """Write one JSON object per line, all or nothing."""
    write_text(path, "".join(json.dumps(entry) + "\n" for entry in objects))


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file, all or nothing."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
