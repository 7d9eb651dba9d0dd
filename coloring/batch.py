"""`--test`: coloring a data directory, or pictures given one by one, and sheets of variants."""

import errno
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from coloring.colorist import BATCH, Colorist, pad_to_square
from coloring.finished import color_sketch, write_finished
from coloring.load import load_colorist
from coloring.png import result_folder, weights_name, write_new_png
from coloring.sheet import color_sheet
from command_line.options import Options, require
from errors import BrokenImageError, InputError
from finishing.exact import RGB, parse_exact
from finishing.finish import METHODS, Sketch, fit
from finishing.saving import LAYERED
from images.line_art import read_sketch
from images.reader import read_dpi, read_gray, read_rgba
from loader.samples import Sample, select
from loader.tag_lines import read_tag_lines
from progress import Progress

RARE = 10  # training pictures, below which a tag is said to be hardly known
IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


def color(options: Options) -> int:
    """Color what the options name; returns 0, or 1 when nothing could be colored."""
    _check(options)
    colorist = load_colorist(options)
    return _color_pictures(colorist, options) if options.image else _color_folder(colorist, options)


def _check(options: Options) -> None:
    """Raise InputError for flags that have no effect beside the others."""
    if not options.image:
        for name in ("tags", "tags_grid"):
            if name in options.given:
                raise InputError(f"--{name} goes with --image; a data directory has a tag file")
    for name in options.given & {"finish", "longest", "exact", "transparent", "save_as"}:
        if not options.image:
            raise InputError(f"--{name} goes with --image")
        if options.tags_grid:
            raise InputError(f"--{name} does not go with --tags_grid, whose sheets are small")
        if options.finish == "none" and name != "finish":
            raise InputError(f"--{name} needs --finish {' or '.join(METHODS)}")


def _color_folder(colorist: Colorist, options: Options) -> int:
    """One PNG per tag line of the tag file whose line art exists, named by its id."""
    data_dir = require(options.data_dir, "the data directory", "--data_dir", folder=True)
    test_dir = require(data_dir / options.test_dir, "the line art", "--test_dir", folder=True)
    lines = read_tag_lines(require(data_dir / options.tag_txt, "the tag file", "--tag_txt"))
    selection = select(
        lines, test_dir, colorist.vocabulary, training=False, limit=options.data_size
    )
    print(f"line art: {selection.summary()}")
    if not selection.samples:
        raise InputError(f"nothing to color: no line of {options.tag_txt} has a PNG in {test_dir}")
    output = result_folder(Path(options.result_dir), colorist.checkpoint)
    batch_size = options.batch_size if "batch_size" in options.given else BATCH
    done, broken = 0, 0
    with Progress(total=len(selection.samples), desc="coloring", unit="img") as bar:
        for batch in _batches(selection.samples, batch_size):
            readable, sketches = [], []
            for sample in batch:
                try:
                    path = test_dir / f"{sample.file_id}.png"
                    sketches.append(_sketch(path, colorist.size, options.keep_aspect))
                    readable.append(sample)
                except BrokenImageError as error:
                    bar.write(f"skipped: {error}", file=sys.stderr)
                    broken += 1
            if readable:
                done += _paint_batch(colorist, readable, torch.stack(sketches), output)
            bar.update(len(batch))
    return _summarize(done, broken, output)


def _sketch(path: Path, size: int, keep_aspect: bool) -> torch.Tensor:
    if not keep_aspect:
        return read_sketch(path, size)
    square, _ = pad_to_square(Image.fromarray(read_gray(path)), size)
    return torch.from_numpy(np.asarray(square, np.float32) / 255)[None]


def _paint_batch(
    colorist: Colorist, samples: Sequence[Sample], sketches: torch.Tensor, output: Path
) -> int:
    cvt = torch.zeros(len(samples), len(colorist.vocabulary.cvt))
    for row, sample in enumerate(samples):
        cvt[row, list(sample.cvt)] = 1
    for sample, picture in zip(samples, colorist.paint(sketches, cvt), strict=True):
        tags = [colorist.vocabulary.cvt[index] for index in sample.cvt]
        _write(Image.fromarray(picture), output, str(sample.file_id), colorist, tags)
    return len(samples)


def _color_pictures(colorist: Colorist, options: Options) -> int:
    """Every picture of --image with --tags, or a sheet over the parts of --tags_grid."""
    tags = colorist.vocabulary.parse(options.tags or [])
    ignored = [tag for tag in tags if tag not in colorist.vocabulary.cvt_index]
    if ignored:
        names = ", ".join(colorist.vocabulary.names[tag] for tag in ignored)
        print(f"not color tags, without effect: {names}", file=sys.stderr)
    for tag in tags:
        count = colorist.checkpoint.record.pictures_with(tag)
        if tag not in ignored and count is not None:
            _tell_rare(colorist.vocabulary.names[tag], count)
    if not tags and not options.tags_grid:
        raise InputError("--image needs --tags (see --list_tags), or --tags_grid")
    exact = parse_exact(options.exact or [])
    parts = [(part, colorist.part_colors(part)) for part in options.tags_grid or []]
    if len(parts) > 2:
        raise InputError("--tags_grid takes one part or two")
    paths = _pictures(options.image)
    output = result_folder(Path(options.result_dir), colorist.checkpoint)
    done, broken = 0, 0
    for path in Progress(paths, desc="coloring", unit="img"):
        try:
            if parts:
                gray = _read(path)
                stem = f"{path.stem}_{'_'.join(options.tags_grid)}"
                _write(color_sheet(colorist, gray, tags, parts), output, stem, colorist, tags)
            elif options.finish == "none":
                (picture,) = colorist.paint_picture(_read(path), [tags])
                _write(picture, output, path.stem, colorist, tags)
            else:
                _finish(colorist, options, path, tags, exact, output)
            done += 1
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            tqdm.write(f"skipped: {path}: no room in its name for that of the result", sys.stderr)
            broken += 1
        except BrokenImageError as error:
            tqdm.write(f"skipped: {error}", file=sys.stderr)
            broken += 1
    return _summarize(done, broken, output)


def _tell_rare(name: str, count: int) -> None:
    if count < RARE:
        pictures = "1 picture" if count == 1 else f"{count} pictures"
        print(f"{name}: these weights have seen it in {pictures}", file=sys.stderr)


def _read(path: Path) -> Image.Image:
    return Image.fromarray(read_gray(path, first_frame=True))


def _read_sketch(path: Path, longest: int) -> Sketch:
    pixels = read_rgba(path, first_frame=True)
    return Sketch(fit(pixels, longest) if longest else pixels)


def _finish(
    colorist: Colorist,
    options: Options,
    path: Path,
    tags: Sequence[int],
    exact: Mapping[str, RGB],
    output: Path,
) -> None:
    """Write one picture at full size, in every format that was asked for."""
    with_parts = bool(options.transparent or set(options.save_as) & set(LAYERED))
    finished = color_sketch(
        colorist,
        _read_sketch(path, options.longest),
        tags,
        shaded=options.finish == "shaded",
        exact=exact,
        with_parts=with_parts,
    )
    dpi = None if options.longest else read_dpi(path)
    for part in exact:
        if not finished.inside(part).any():
            tqdm.write(f"{path}: no {part} found to color exactly", file=sys.stderr)
    for suffix in dict.fromkeys(options.save_as):
        try:
            write_finished(
                finished, output, path.stem, suffix, colorist, tags, exact, options.transparent, dpi
            )
        except ValueError as error:
            raise BrokenImageError(path, str(error)) from error


def _pictures(names: Iterable[str]) -> list[Path]:
    paths: list[Path] = []
    for path in map(Path, names):
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
            if not found:
                raise InputError(f"{path} holds no pictures ({', '.join(sorted(IMAGE_SUFFIXES))})")
            paths += found
        elif path.exists():
            paths.append(path)
        else:
            raise InputError(f"{path} does not exist: the picture to color, see --image")
    return paths


def _write(
    picture: Image.Image, output: Path, stem: str, colorist: Colorist, tags: Sequence[int]
) -> None:
    """Save under a name that is free, with the tags and the weights inside the file."""
    names = [colorist.vocabulary.names[tag] for tag in tags]
    entries = {"weights": weights_name(colorist.checkpoint)}
    write_new_png(picture, output, stem, names, entries)


def _batches(samples: Sequence[Sample], size: int) -> Iterator[Sequence[Sample]]:
    for start in range(0, len(samples), size):
        yield samples[start : start + size]


def _summarize(done: int, broken: int, output: Path) -> int:
    skipped = f", {broken} unreadable skipped" if broken else ""
    print(f"colored {done}{skipped}; the pictures are in {output}")
    return 0 if done else 1
