#!/usr/bin/env python3
"""Color line art with the weights that come with Tag2Pix, and put it all on one sheet.

python demo.py                              # the drawings in testset/
python demo.py sketch.png more/*.jpg        # your own
"""

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
import shlex
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from coloring.colorist import Colorist
from coloring.sheet import contact_sheet
from command_line import console
from command_line.options import refuse_input
from command_line.parser import Parser, path
from errors import BrokenImageError, InputError
from files.atomic import atomic_path
from files.folders import make_folder
from finishing.finish import Sketch
from images.reader import read_gray
from loader.tag_lines import read_tag_lines
from loader.tags import Vocabulary
from progress import Progress

PROJECT = Path(__file__).parent
WEIGHTS = PROJECT / "weights" / "tag2pix_320.pkl"
SHEET = PROJECT / "demo" / "sheet.png"
TESTSET = PROJECT / "testset"
SHOWN = (49, 136, 201, 214, 220, 305, 307)
SIDE = 192
CHOICES = (
    ("blonde_hair", "blue_eyes", "white_background"),
    ("blue_hair", "red_eyes", "yellow_background"),
    ("pink_hair", "green_eyes", "purple_background"),
    ("black_hair", "purple_eyes", "red_background"),
    ("green_hair", "brown_eyes", "blue_background"),
)
# Of each choice, for the drawings of testset/ whose tags say that they wear such a thing.
CLOTHES = (
    ("white_shirt", "red_skirt", "blue_dress"),
    ("black_shirt", "pink_skirt", "red_dress"),
    ("red_shirt", "white_skirt", "black_dress"),
    ("blue_shirt", "green_skirt", "pink_dress"),
    ("pink_shirt", "blue_skirt", "white_dress"),
)


def build_parser() -> Parser:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "pictures", nargs="*", type=path, help="line art to color (default: some of testset/)"
    )
    parser.add_argument(
        "--weights", type=path, default=WEIGHTS, metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument(
        "--pretrain_dump",
        type=path,
        metavar="FILE",
        help="the tag extractor's weights, for --weights with its features",
    )
    parser.add_argument(
        "--sheet", type=path, default=SHEET, metavar="FILE", help="default: %(default)s"
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Color and write the sheet; returns 0, 1 where it cannot be written, 2 when there is nothing
    to color."""
    args = build_parser().parse_args(argv)
    return console.exit_code(lambda: _demo(args))


def _demo(args: argparse.Namespace) -> int:
    if args.sheet.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise InputError(f"--sheet {args.sheet}: its name must end in .png, .jpg or .webp")
    sources = args.pictures or [_drawing(number) for number in SHOWN]
    refuse_input("--sheet", args.sheet, [args.weights, *sources])
    colorist = Colorist.load(args.weights, extractor=args.pretrain_dump)
    grays = read_line_art(sources)
    worn = {} if args.pictures else worn_by(colorist.vocabulary)
    rows = [(gray, choices_for(worn.get(source, ()))) for source, gray in grays.items()]
    make_folder(args.sheet.parent)
    with atomic_path(args.sheet) as temporary:
        color(colorist, rows).save(temporary)
    print(f"the contact sheet is {args.sheet}")
    command = ["python", "main.py", "--test", "--load", args.weights, "--image", next(iter(grays))]
    tags = ["--tags", "blue_hair", "red_eyes", "pink_background"]
    print(f"more colors: {shlex.join(map(str, command + tags))}")
    return 0


def read_line_art(sources: Sequence[Path]) -> dict[Path, Image.Image]:
    """The pictures in gray; one that cannot be read is named and left out. InputError if none is
    left."""
    grays = {}
    for source in sources:
        try:
            grays[source] = Image.fromarray(read_gray(source, first_frame=True))
        except BrokenImageError as error:
            print(f"left out: {error}", file=sys.stderr)
    if not grays:
        raise InputError("there is no picture to color")
    return grays


def _drawing(number: int) -> Path:
    return TESTSET / "liner_test" / f"{number}.png"


def worn_by(vocabulary: Vocabulary) -> dict[Path, set[str]]:
    """Which kinds of clothes, such as `skirt`, the drawings of testset/ wear, by their files."""
    return {
        _drawing(line.file_id): {vocabulary.names[tag].split("_")[-1] for tag in line.tags}
        for line in read_tag_lines(TESTSET / "tags.txt")
    }


def choices_for(worn: Collection[str]) -> list[list[str]]:
    """The choices of tags for a drawing that wears such clothes."""
    return [
        [*choice, *(tag for tag in clothes if tag.split("_")[-1] in worn)]
        for choice, clothes in zip(CHOICES, CLOTHES, strict=True)
    ]


def color(
    colorist: Colorist, rows: Sequence[tuple[Image.Image, Sequence[Sequence[str]]]]
) -> Image.Image:
    """A sheet with a row for each picture: the line art, then a painting for each of its choices
    of tags."""
    pictures, captions = [], []
    for gray, choices in Progress(rows, "coloring", unit="picture", leave=False):
        sketch = Sketch(np.asarray(gray))
        painted = colorist.paint_picture(
            gray, [colorist.vocabulary.parse(tags) for tags in choices]
        )
        finished = [sketch.finish(np.asarray(picture)).picture() for picture in painted]
        pictures += [_tile(picture) for picture in (gray, *map(Image.fromarray, finished))]
        captions += ["line art", *map(_caption, choices)]
    return contact_sheet(pictures, captions, columns=1 + len(CHOICES))


def _tile(picture: Image.Image) -> Image.Image:
    """On a white square, with SIDE as its longer side."""
    tile = Image.new("RGB", (SIDE, SIDE), "white")
    scale = SIDE / max(picture.size)
    picture = picture.convert("RGB").resize(
        [max(1, round(side * scale)) for side in picture.size], Image.Resampling.LANCZOS
    )
    tile.paste(picture, ((SIDE - picture.width) // 2, (SIDE - picture.height) // 2))
    return tile


def _caption(choice: Sequence[str]) -> str:
    """What a figure wears, and else the colors of hair, eyes and background."""
    said = choice[len(CHOICES[0]) :] or choice
    return ", ".join(name.removesuffix("_background").replace("_", " ") for name in said)


if __name__ == "__main__":
    console.end(main())
