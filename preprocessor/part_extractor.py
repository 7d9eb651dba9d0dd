"""After the crop stage, for data sets of demo_dataset.py: maps of the parts of the drawings.

Writes part_train/ID.png for each drawing in rgb_train: which of its pixels are hair, iris, skirt
and so on. With `main.py --parts` a network learns where parts are along with their colors.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from command_line import console
from command_line.parser import Parser
from drawn_art.part_map import render_part_map
from drawn_art.records import drawn_with
from drawn_art.styles import choose_picture
from images.png import write_png
from images.reader import read_rgb
from loader.layout import DataDir
from loader.samples import file_ids
from preprocessor.stage.stage import (
    Summary,
    add_common_arguments,
    clear_leftovers,
    existing_stems,
    map_files,
    run,
    writing,
)


def build_parser() -> Parser:
    parser = Parser(
        description=__doc__,
        epilog="example: python preprocessor/part_extractor.py --dataset_path ./dataset\n\n"
        "Run it again to continue: maps that are there are not made again.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common_arguments(parser)
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    return run(partial(_stage, args))


def _stage(args: argparse.Namespace) -> int:
    with writing(args, DataDir(args.dataset_path).parts.name):
        return write_maps(args)


def write_maps(args: argparse.Namespace) -> int:
    """Write the maps that are missing; returns the exit code."""
    data_dir = DataDir(args.dataset_path)
    rgb, folder = data_dir.rgb, data_dir.parts
    maker = MapMaker(rgb, folder, *drawn_with(args.dataset_path))
    summary = Summary("part maps", dry_run=args.dry_run)
    drawings = [number for number in map(int, file_ids(rgb)) if number > 0]
    there = existing_stems(folder)
    todo = [number for number in drawings if str(number) not in there]
    summary.skip("already there", len(drawings) - len(todo))
    if args.dry_run:
        summary.done = len(todo)
        return summary.close(folder)
    folder.mkdir(exist_ok=True)
    clear_leftovers(folder)
    for outcome in map_files(maker, todo, jobs=args.jobs, description="part maps", dask=args.dask):
        summary.add(outcome)
    return summary.close(folder)


@dataclass(frozen=True)
class MapMaker:
    """Writes the map of one drawing of the data set `seed`, drawn in `styles`, to `folder`, as
    large as its image in `rgb`."""

    rgb: Path
    folder: Path
    styles: tuple[str, ...]
    seed: int

    def __call__(self, file_id: int) -> None:
        name = f"{file_id}.png"
        size = len(read_rgb(self.rgb / name))
        picture = choose_picture(self.styles, self.seed, file_id - 1)
        write_png(self.folder / name, render_part_map(picture, size))


if __name__ == "__main__":
    console.end(main())
