"""Painting, enlarging and saving: what the page and the API do with a colorist."""

import random
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from coloring.colorist import Colorist, pad_to_square
from coloring.png import write_png
from errors import InputError
from files.atomic import atomic_path
from loader.tags import Vocabulary
from studio.swatches import rows
from upscaling.models import waifu2x_models

RANDOM = "random palettes"
MAX_VARIATIONS = 32
MAX_SIDE = 4096
SIZES = {"as painted": 1, "2x": 2, "4x": 4, "as large as the sketch": 0}
RANDOM_PARTS = ("hair", "eyes", "skin", "background")
CLOTHES_IN_PALETTE = 3


@dataclass(frozen=True)
class Painted:
    """A colored picture, the line art under it (of the same size), and how long it took."""

    picture: Image.Image
    line_art: Image.Image
    tags: tuple[str, ...]
    seconds: float


def color_tags(vocabulary: Vocabulary, words: Sequence[str]) -> list[int]:
    """Tag ids for names or ids; raises InputError for those that are unknown or no color tags."""
    tags = vocabulary.parse(words)
    for tag in tags:
        if tag not in vocabulary.cvt_index:
            raise InputError(f"'{vocabulary.names[tag]}' is not a color tag of these weights")
    return list(dict.fromkeys(tags))


def paint(colorist: Colorist, gray: Image.Image, tags: Sequence[int]) -> Painted:
    """Color 8-bit gray line art of any size; the result's longer side is `colorist.size`."""
    start = time.perf_counter()
    (picture,) = colorist.paint_picture(gray, [tags])
    seconds = time.perf_counter() - start
    square, box = pad_to_square(gray, colorist.size)
    names = tuple(colorist.vocabulary.names[tag] for tag in tags)
    return Painted(picture, square.crop(box), names, seconds)


def variations(
    vocabulary: Vocabulary, tags: Sequence[int], what: str, count: int, seed: int
) -> list[list[int]]:
    """Tag lists for a grid: every color of one row of the picker instead of those in `tags`, or
    `count` palettes drawn at random. Raises InputError for an unknown row."""
    things = rows(vocabulary)
    if what == RANDOM:
        draw = random.Random(seed)
        count = max(1, min(int(count), MAX_VARIATIONS))
        return [_random_palette(things, draw) for _ in range(count)]
    if what not in things:
        raise InputError(f"cannot vary '{what}': choose from {RANDOM}, {', '.join(things)}")
    fixed = [tag for tag in tags if tag not in things[what]]
    return [[*fixed, tag] for tag in things[what][:MAX_VARIATIONS]]


def _random_palette(things: dict[str, tuple[int, ...]], draw: random.Random) -> list[int]:
    clothes = [name for name in things if name not in RANDOM_PARTS]
    worn = draw.sample(clothes, min(CLOTHES_IN_PALETTE, len(clothes)))
    parts = [name for name in RANDOM_PARTS if name in things]
    return [draw.choice(things[name]) for name in (*parts, *worn) if things[name]]


def methods() -> list[str]:
    """The ways of enlarging that are installed, the best first."""
    return ["waifu2x", "LANCZOS"] if waifu2x_models() else ["LANCZOS"]


def enlarge(
    picture: Image.Image,
    size: str,
    method: str,
    sketch_size: tuple[int, int],
    device: torch.device,
) -> Image.Image:
    """Enlarge RGB by one of SIZES, at most to MAX_SIDE. Raises InputError for unknown choices."""
    if size not in SIZES:
        raise InputError(f"unknown size '{size}': choose from {', '.join(SIZES)}")
    if method not in methods():
        raise InputError(f"cannot enlarge by '{method}': choose from {', '.join(methods())}")
    longer = max(picture.size)
    side = min(SIZES[size] * longer or max(sketch_size), MAX_SIDE)
    if side == longer:
        return picture
    width, height = (max(1, round(length * side / longer)) for length in picture.size)
    if method == "LANCZOS" or side < longer:
        return picture.resize((width, height), Image.Resampling.LANCZOS)
    return _waifu2x(picture, side, device).crop((0, 0, width, height))


def _waifu2x(picture: Image.Image, side: int, device: torch.device) -> Image.Image:
    """On a square whose missing part repeats the last row or column; the picture is top left."""
    from upscaling import waifu2x

    pixels = np.asarray(picture)
    below, beside = (max(pixels.shape[:2]) - length for length in pixels.shape[:2])
    square = np.pad(pixels, ((0, below), (0, beside), (0, 0)), mode="edge")
    return Image.fromarray(waifu2x.upscale(square, side, waifu2x.load(device=device.type)))


def save_png(picture: Image.Image, path: Path, tags: Sequence[str], weights: str) -> Path:
    """Write a PNG whose text entries say how it was made: `tags`, as in those that `--test` writes,
    and `weights`."""
    write_png(picture, path, tags, weights=weights)
    return path


def write_zip(pictures: Sequence[Path], names: Sequence[str], path: Path) -> Path:
    """Write PNG files into one ZIP, numbered and named by what differs; they stay as they are."""
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for number, (picture, name) in enumerate(zip(pictures, names, strict=True), 1):
            archive.write(picture, f"{number:02d}_{name}.png")
    return path


def read_rgb(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size
