"""Draw a small art data set in the shape of Danbooru2018, with line art that is truly drawn.

The drawings are of several styles: figures of this project's own, and heads made with DiceBear,
whose artists CREDITS.txt names. Every part and color is chosen, so the tags are exact, and the
line art is the drawing without its fills.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
from collections import Counter
from functools import partial
from pathlib import Path

from command_line import console
from command_line.parser import Parser
from drawn_art.artist import Artist, missing, paths, png, write_bytes
from drawn_art.picture import REJECTED, SKETCH, TRAIN
from drawn_art.records import (
    GROUND_TRUTH,
    GroundTruth,
    credits,
    metadata,
    read_ground_truths,
    write_lines,
    write_text,
)
from drawn_art.render import render_line_art
from drawn_art.reserved import RESERVED_SEED
from drawn_art.styles import RESERVED_FOR_MEASURING, STYLES, TRAINING_STYLES
from errors import InputError
from loader.tag_lines import format_tag_line
from preprocessor.stage.stage import (
    Summary,
    absolute_path,
    add_common_arguments,
    clear_leftovers,
    map_files,
    run,
    writing,
)

METADATA = "metadata/2018_drawn"  # no name of Danbooru's own files

# Heads with hair and expressions of all kinds, dressed figures, and styles that no training uses.
TESTSET = {
    "adventurer": (2, 49, 57, 65, 67, 85, 99, 102, 111, 129, 136, 137),
    "figures": (201, 214, 220),
    "micah": (305,),
    "figures-inked": (307,),
}
TESTSET_PIXELS = 512


def build_parser() -> Parser:
    parser = Parser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""\
example: 2,000 drawings, then the ordinary stages

  python preprocessor/demo_dataset.py --dataset_path dataset --count 2000 --seed 1
  python preprocessor/tagset_extractor.py --dataset_path dataset
  python preprocessor/crop_and_upscale.py --dataset_path dataset

written: metadata/2018…, 512px/0NNN/ID.jpg, simpl_train/ID.png (line art that fits what the crop
stage makes of the color image), ground_truth.jsonl (what the filter must do with each drawing,
and why), CREDITS.txt. Run it again, also with a larger --count, to continue.
""",
    )
    add_common_arguments(parser)
    parser.add_argument(
        "--count", type=int, default=1000, metavar="N", help="drawings (default: %(default)s)"
    )
    parser.add_argument(
        "--styles",
        nargs="+",
        default=list(TRAINING_STYLES),
        metavar="STYLE",
        help="in which styles, mixed: any of "
        + ", ".join(TRAINING_STYLES)
        + "; one that is named three times has three times as many drawings (default: all)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="S",
        help="which drawings; another seed, another data set (default: %(default)s)",
    )
    parser.add_argument(
        "--size",
        type=int,
        default=512,
        metavar="PX",
        help="side of the letterboxed images; Danbooru2018 has 512 (default: %(default)s)",
    )
    parser.add_argument(
        "--testset",
        type=absolute_path,
        metavar="DIR",
        help=f"instead write {sum(map(len, TESTSET.values()))} line arts that no seed draws, with "
        "their tags, to DIR (liner_test/ID.png and tags.txt)",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    return run(partial(_stage, args))


def _stage(args: argparse.Namespace) -> int:
    _check(args)
    if args.testset:
        return write_testset(args.testset, dry_run=args.dry_run)
    if not args.dry_run:
        args.dataset_path.mkdir(parents=True, exist_ok=True)
    with writing(args, "512px", "metadata", "simpl_train"):
        return write_dataset(args)


def _check(args: argparse.Namespace) -> None:
    if args.count < 1:
        raise InputError(f"--count {args.count}: at least one drawing, please")
    if not 64 <= args.size <= 4096:
        raise InputError(f"--size {args.size}: from 64 to 4096 pixels, please")
    for style in args.styles:
        if style in RESERVED_FOR_MEASURING:
            raise InputError(f"--styles {style}: kept for measuring, no training may use it")
        if style not in STYLES:
            raise InputError(f"--styles {style}: there are {', '.join(TRAINING_STYLES)}")
    args.styles = sorted(args.styles)
    if args.seed == RESERVED_SEED:
        raise InputError(f"--seed {args.seed} is reserved for the test set: choose another one")


def write_dataset(args: argparse.Namespace) -> int:
    """Write the whole data set, or what is missing of it; returns the exit code."""
    root = args.dataset_path
    recorded = _recorded_before(root, args)
    wanted = range(1, args.count + 1)
    expected = {file_id: recorded[file_id].expected for file_id in wanted if file_id in recorded}
    todo = sorted({*wanted} - {*expected} | {*missing(root, expected)})
    summary = Summary("drawings", dry_run=args.dry_run)
    summary.skip("already there", args.count - len(todo))
    if args.dry_run:
        summary.done = len(todo)
        return summary.close(root)
    _prepare(root, args)
    artist = Artist(root, args.styles, args.seed, args.size)
    try:
        for outcome in map_files(
            artist, todo, jobs=args.jobs, description="drawing", dask=args.dask
        ):
            summary.add(outcome)
            if outcome.error is None:
                recorded[outcome.item] = outcome.value
    finally:
        truths = [recorded[file_id] for file_id in sorted(recorded)]
        write_lines(root / GROUND_TRUTH, truths)
        write_lines(root / METADATA, metadata(truths))
    code = summary.close(root)
    kinds = Counter(recorded[number].expected for number in wanted if number in recorded)
    print(
        f"  of {kinds.total():,} in all, for training: {kinds[TRAIN]:,}, "
        f"as sketches: {kinds[SKETCH]:,}, outside the filter: {kinds[REJECTED]:,}"
    )
    return code


def _recorded_before(root: Path, args: argparse.Namespace) -> dict[int, GroundTruth]:
    """What is recorded of the drawings that are there, by file id."""
    if not (root / GROUND_TRUTH).exists():
        _refuse_other_metadata(root / "metadata")
        return {}
    truths = read_ground_truths(root)
    before = {(tuple(truth.styles), truth.seed, truth.size) for truth in truths}
    for styles, seed, size in before - {(tuple(args.styles), args.seed, args.size)}:
        raise InputError(
            f"{root} holds drawings of --seed {seed} --size {size} --styles {' '.join(styles)}: "
            "use these, or another --dataset_path"
        )
    return {truth.id: truth for truth in truths}


def _refuse_other_metadata(folder: Path) -> None:
    others = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if others:
        raise InputError(
            f"{folder} holds other metadata ({others[0]}): choose another --dataset_path"
        )


def _prepare(root: Path, args: argparse.Namespace) -> None:
    folders = {path.parent for number in range(1, args.count + 1) for path in paths(root, number)}
    for folder in sorted(folders | {(root / METADATA).parent}):
        folder.mkdir(parents=True, exist_ok=True)
        clear_leftovers(folder)
    write_text(root / "CREDITS.txt", credits(sorted(set(args.styles))))


def write_testset(root: Path, *, dry_run: bool = False) -> int:
    """Write the line arts of TESTSET and their tags; returns the exit code."""
    drawings = [
        STYLES[style].choose(RESERVED_SEED, number - 1, outside=False)
        for style, numbers in TESTSET.items()
        for number in numbers
    ]
    summary = Summary("test drawings", dry_run=dry_run)
    summary.done = len(drawings)
    if not dry_run:
        (root / "liner_test").mkdir(parents=True, exist_ok=True)
        for drawing in drawings:
            line_art = render_line_art(drawing, TESTSET_PIXELS)
            path = root / "liner_test" / f"{drawing.file_id}.png"
            write_bytes(path, png(line_art, compression=9))
        lines = [format_tag_line(drawing.file_id, drawing.tags) for drawing in drawings]
        write_text(root / "tags.txt", "".join(line + "\n" for line in lines))
        write_text(root / "CREDITS.txt", credits(list(TESTSET)))
    return summary.close(root)


if __name__ == "__main__":
    console.end(main())
