"""Painting, enlarging and saving: what the page and the API do with a colorist."""

import random
import re
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from coloring.colorist import Colorist, pad_to_square
from coloring.finished import entries_of
from coloring.parts import part_changes
from coloring.png import write_png
from errors import BrokenImageError, InputError
from files.atomic import atomic_path
from finishing.exact import RGB, format_exact, parse_exact
from finishing.finish import Finished, Sketch
from finishing.saving import FORMATS, LAYERED, save_finished
from loader.tags import Vocabulary
from studio.background import Progress, nobody
from upscaling.models import waifu2x_models

RANDOM = "random palettes"
MAX_VARIATIONS = 32
MAX_SIDE = 4096
AS_THE_SKETCH = "as large as the sketch"
SIZES = {AS_THE_SKETCH: 0, "as painted": 1, "2x": 2, "4x": 4}
OWN_LINES = "own lines"
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
    things: Mapping[str, tuple[int, ...]], tags: Sequence[int], what: str, count: int, seed: int
) -> list[list[int]]:
    """Tag lists for a grid: every color of one thing, see `swatches.rows`, instead of those in
    `tags`, or `count` palettes drawn at random. Raises InputError for an unknown thing."""
    if what == RANDOM:
        draw = random.Random(seed)
        count = max(1, min(int(count), MAX_VARIATIONS))
        return [_random_palette(things, draw) for _ in range(count)]
    if what not in things:
        raise InputError(f"cannot vary '{what}': choose from {RANDOM}, {', '.join(things)}")
    fixed = [tag for tag in tags if tag not in things[what]]
    return [[*fixed, tag] for tag in things[what][:MAX_VARIATIONS]]


def _random_palette(things: Mapping[str, tuple[int, ...]], draw: random.Random) -> list[int]:
    clothes = [name for name in things if name not in RANDOM_PARTS]
    worn = draw.sample(clothes, min(CLOTHES_IN_PALETTE, len(clothes)))
    parts = [name for name in RANDOM_PARTS if name in things]
    return [draw.choice(things[name]) for name in (*parts, *worn) if things[name]]


def methods() -> list[str]:
    """The ways of enlarging that are installed, the best first."""
    return [OWN_LINES, "waifu2x", "LANCZOS"] if waifu2x_models() else [OWN_LINES, "LANCZOS"]


def target_size(picture: tuple[int, int], size: str, sketch: tuple[int, int]) -> tuple[int, int]:
    """Width and height that one of SIZES asks for; the sketch's own exactly. Raises InputError."""
    if size not in SIZES:
        raise InputError(f"unknown size '{size}': choose from {', '.join(SIZES)}")
    factor = SIZES[size]
    return (picture[0] * factor, picture[1] * factor) if factor else sketch


def check_method(
    method: str, exact: Mapping[str, RGB], suffix: str = "png", transparent: bool = False
) -> None:
    """Raises InputError for one that is not installed, or cannot make what is asked for."""
    if suffix not in FORMATS:
        raise InputError(f"cannot save '{suffix}': choose from {', '.join(FORMATS)}")
    if method not in methods():
        raise InputError(f"cannot enlarge by '{method}': choose from {', '.join(methods())}")
    for wanted, asked in (
        ("exact colors are", bool(exact)),
        ("layers are", suffix in LAYERED),
        ("transparent backgrounds are", transparent),
    ):
        if asked and method != OWN_LINES:
            raise InputError(f"{wanted} made with '{OWN_LINES}', not by {method}")


def enlarge(
    picture: Image.Image,
    size: tuple[int, int],
    method: str,
    device: torch.device,
    report: Callable[[float], None] = lambda share: None,
) -> Image.Image:
    """Bring RGB to exactly this size by waifu2x or LANCZOS. `report` is told the share that is done
    and may raise. waifu2x goes up to MAX_SIDE, LANCZOS does the rest."""
    if size == picture.size:
        return picture
    side = min(max(size), MAX_SIDE)
    if method == "waifu2x" and side > max(picture.size):
        width, height = (max(1, round(n * side / max(picture.size))) for n in picture.size)
        picture = _waifu2x(picture, side, device, report).crop((0, 0, width, height))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _waifu2x(
    picture: Image.Image, side: int, device: torch.device, report: Callable[[float], None]
) -> Image.Image:
    """On a square whose missing part repeats the last row or column; the picture is top left."""
    from upscaling import waifu2x

    pixels = np.asarray(picture)
    below, beside = (max(pixels.shape[:2]) - length for length in pixels.shape[:2])
    square = np.pad(pixels, ((0, below), (0, beside), (0, 0)), mode="edge")
    network = waifu2x.load(device=device.type)
    return Image.fromarray(waifu2x.upscale(square, side, network, report=report))


def split_words(words: Sequence[str]) -> tuple[list[str], dict[str, RGB]]:
    """Tags, and exact colors by part, from words like `blue_hair` and `hair=#3355cc`."""
    exact = parse_exact([word for word in words if "=" in word])
    return [word for word in words if "=" not in word], exact


def exact_words(words: Sequence[str], besides: str = "") -> list[str]:
    """Those of the words that are exact colors, but not of the part that is varied."""
    return (
        []
        if besides == RANDOM
        else [word for word in words if "=" in word and not word.startswith(f"{besides}=")]
    )


def finish(
    colorist: Callable[[], Colorist],
    sketch: Sketch,
    picture: Image.Image,
    names: Sequence[str],
    exact: Mapping[str, RGB],
    *,
    with_parts: bool = False,
    report: Progress = nobody,
) -> Finished:
    """The painted picture under the sketch's own lines, at its size; see finishing.finish.

    names: the tags that it was painted with. The colorist is asked for only where parts or exact
    colors need it: the rest is done without weights. `report` may raise to end the work.
    """
    report(0, "finding regions")
    regions = sketch.regions
    changes = None
    if with_parts or exact:
        report(0.3, "finding parts")
        painter = colorist()
        tags = color_tags(painter.vocabulary, names)
        changes = part_changes(painter, Image.fromarray(sketch.lines.gray), tags)
    report(0.6, f"filling {regions.count} regions")
    return sketch.finish(np.asarray(picture), changes=changes, exact=exact)


def save_png(
    picture: Image.Image,
    path: Path,
    words: Sequence[str],
    weights: str,
    dpi: tuple[float, float] | None = None,
) -> Path:
    """Write a PNG whose text entries say how it was made: `tags`, as in those that `--test` writes,
    `exact` where there are exact colors, and `weights`."""
    names, exact = split_words(words)
    entries = {"exact": format_exact(exact)} if exact else {}
    write_png(picture, path, names, dpi=dpi, weights=weights, **entries)
    return path


def save_parts(
    finished: Finished,
    path: Path,
    colorist: Colorist,
    words: Sequence[str],
    weights: str,
    transparent: bool,
    dpi: tuple[float, float] | None,
) -> Path:
    """Write a picture that was finished with its parts: a PNG without its background, or layers.

    Raises InputError for what the format cannot hold.
    """
    names, exact = split_words(words)
    if path.suffix == ".png":
        picture = Image.fromarray(finished.picture(transparent=transparent))
        return save_png(picture, path, words, weights, dpi)
    entries = entries_of(colorist, color_tags(colorist.vocabulary, names), exact)
    try:
        with atomic_path(path) as temporary:
            save_finished(finished, temporary, entries, transparent=transparent, dpi=dpi)
    except (ValueError, BrokenImageError) as error:
        raise InputError(str(error)) from error
    return path


def write_zip(pictures: Sequence[Path], names: Sequence[str], path: Path) -> Path:
    """Write PNG files into one ZIP by these names; they stay as they are."""
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for picture, name in zip(pictures, names, strict=True):
            archive.write(picture, name)
    return path


def file_stem(name: str, words: Sequence[str]) -> str:
    """`sketch-blue_hair` for a sketch and what it is colored with."""
    names, _ = split_words(words)
    return re.sub(r"[^\w.-]+", "_", f"{name}-{'-'.join(names)}" if names else name)[:120]


def read_rgb(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")
