"""Sheets to look at: the drawings of every style with their line art, masks and tags.

python -m drawn_art.sheets --out sheets              # one PNG per style
python -m drawn_art.sheets --out sheets --styles figures --count 40
"""

import argparse
import colorsys
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from drawn_art.palette import hex_color
from drawn_art.picture import DrawnPicture
from drawn_art.render import letterbox, render_color, render_line_art, render_parts
from drawn_art.styles import STYLES
from files.atomic import atomic_path
from loader.tags import load_vocabulary
from progress import Progress

SIDE, TEXT = 256, 300  # width of a picture and of the column of its tags, in pixels
COLUMNS = 2


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m drawn_art.sheets",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("sheets"), help="folder (default: sheets)")
    parser.add_argument("--styles", nargs="+", choices=STYLES, default=list(STYLES))
    parser.add_argument("--count", type=int, default=12, help="drawings (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Write the sheets; returns the exit code, 130 after Ctrl-C."""
    args = build_parser().parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    try:
        for style in args.styles:
            choose = STYLES[style].choose
            pictures = [choose(args.seed, index, outside=False) for index in range(args.count)]
            with atomic_path(args.out / f"{style}.png") as temporary:
                style_sheet(pictures, style).save(temporary, "PNG")
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    print(f"{len(args.styles)} sheets of {args.count} drawings are in {args.out}")
    return 0


def style_sheet(pictures: Sequence[DrawnPicture], title: str) -> Image.Image:
    """Rows of drawing, line art, parts, and names of the tags."""
    rows = -(-len(pictures) // COLUMNS)
    width = 3 * SIDE + TEXT
    sheet = Image.new("RGB", (COLUMNS * width, rows * SIDE), "white")
    for number, picture in enumerate(Progress(pictures, desc=title, unit="img")):
        left, top = number % COLUMNS * width, number // COLUMNS * SIDE
        for column, image in enumerate(
            (render_color(picture, SIDE), render_line_art(picture, SIDE), parts_image(picture))
        ):
            sheet.paste(Image.fromarray(letterbox(image)), (left + column * SIDE, top))
        _write_tags(sheet, picture, left + 3 * SIDE + 6, top + 4)
    return sheet


def part_colors(parts: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """A color for each part, far from those of the others."""
    hues = np.linspace(0, 1, len(parts), endpoint=False)
    turned = [colorsys.hsv_to_rgb(hue, 0.75, 1 - 0.35 * (k % 2)) for k, hue in enumerate(hues)]
    return {
        part: tuple(round(255 * value) for value in rgb)
        for part, rgb in zip(parts, turned, strict=True)
    }


def parts_image(picture: DrawnPicture) -> np.ndarray:
    """All masks in one picture (H, W, 3) uint8, each part in a color of its own."""
    colors = {part: hex_color(rgb) for part, rgb in part_colors(picture.parts).items()}
    return render_parts(picture, SIDE, colors)


def _write_tags(sheet: Image.Image, picture: DrawnPicture, x: int, y: int) -> None:
    draw, names = ImageDraw.Draw(sheet), load_vocabulary().names
    colors = part_colors(picture.parts)
    draw.text((x, y), f"{picture.style} {picture.file_id}", fill="black")
    for part in picture.parts:
        y += 12
        tag = picture.colors.get(part)
        draw.rectangle((x, y + 2, x + 8, y + 10), fill=colors[part])
        draw.text((x + 12, y), f"{part}: {names[tag] if tag else '-'}", fill="black")
    others = [names[tag] for tag in picture.tags if tag not in picture.colors.values()]
    for line in textwrap.wrap(", ".join(others), 48):
        y += 12
        draw.text((x, y), line, fill="#555555")


if __name__ == "__main__":
    sys.exit(main())
