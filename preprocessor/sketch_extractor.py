"""Third stage: line art from the training images.

    rgb_train/<id>.png  ->  xdog_train/<id>.png   by XDoG
                        ->  keras_train/<id>.png  by sketchKeras
    benchmark/<id>.png  ->  keras_test/<id>.png   by sketchKeras, without its weights by XDoG

Simplified sketches of your own in `simpl_train` are used by the training as they are.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2

from command_line import console
from command_line.parser import Parser
from errors import InputError
from files.checksum import sha256_of
from files.download import check_sha256, fetch
from images.png import write_png
from images.reader import read_gray, read_rgb
from line_art.xdog import adjust_intensity, random_parameters, xdog
from preprocessor.stage.batch import ALL_FILES, numbered_images, process, skip_file, without
from preprocessor.stage.stage import (
    Summary,
    absolute_path,
    add_common_arguments,
    clear_leftovers,
    existing_stems,
    list_files,
    run,
    writing,
)
from upscaling.upscaler import (
    Upscaler,
    add_upscaler_arguments,
    best_device,
    make_upscaler,
    network_jobs,
)

MODEL_URL = "https://github.com/lllyasviel/sketchKeras/releases/download/0.1/mod.h5"
MODEL_PATH = Path(__file__).parent / "utils" / "sketchKeras.h5"


def build_parser() -> Parser:
    parser = Parser(
        description=__doc__,
        epilog="example: python preprocessor/sketch_extractor.py --dataset_path ./dataset "
        "--keras_model ~/mod.h5\n\nFinished sketches are skipped when the command is run again.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common_arguments(parser)
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--xdog_only", action="store_true", help="no sketchKeras")
    part.add_argument("--keras_only", action="store_true", help="no XDoG")
    parser.add_argument(
        "--seed",
        type=int,
        default=10,
        help="of the XDoG parameters, which vary from image to image (default: %(default)s)",
    )
    model = parser.add_argument_group("sketchKeras")
    model.add_argument(
        "--keras_model",
        type=absolute_path,
        metavar="FILE",
        help=f"its weights (default: {MODEL_PATH}, downloaded if it is not there)",
    )
    model.add_argument(
        "--keras_sha256", metavar="HEX", help="refuse weights with any other SHA-256"
    )
    model.add_argument(
        "--engine",
        choices=("torch", "keras"),
        default="torch",
        help="what runs them: torch, or Keras itself with the backend KERAS_BACKEND names "
        "(default: %(default)s)",
    )
    model.add_argument(
        "--bf16",
        action="store_true",
        help="compute in bfloat16: for GPUs and processors with AMX; slower on others",
    )
    model.add_argument(
        "--no_upscale",
        action="store_true",
        help="leave its sketches at 512 px instead of scaling them to --size",
    )
    add_upscaler_arguments(parser)
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    return run(partial(_stage, args))


def _stage(args: argparse.Namespace) -> int:
    with writing(args, "xdog_train", "keras_train", "keras_test"):
        return _all_parts(args)


def _all_parts(args: argparse.Namespace) -> int:
    dataset, codes = args.dataset_path, []
    for_testing = (dataset / "benchmark").is_dir()
    # Loading waifu2x takes seconds, and XDoG of the training images needs no scaling.
    upscaler = make_upscaler(args) if for_testing or not args.xdog_only else None
    sketcher = None if args.xdog_only else _sketcher(args, upscaler)
    if not args.keras_only:
        draw = XdogOf(args.seed)
        codes.append(_extract(args, draw, dataset / "rgb_train", dataset / "xdog_train", args.jobs))
    if sketcher:
        jobs = sketcher.jobs(args.jobs)
        codes.append(_extract(args, sketcher, dataset / "rgb_train", dataset / "keras_train", jobs))
    if for_testing:
        draw = sketcher or XdogOf(args.seed, upscaler)
        if not sketcher:
            print("keras_test is drawn by XDoG; delete it to have it drawn by sketchKeras later")
        jobs = draw.jobs(args.jobs)
        codes.append(_extract(args, draw, dataset / "benchmark", dataset / "keras_test", jobs))
    if (dataset / "simpl_train").is_dir():
        count = len(existing_stems(dataset / "simpl_train"))
        print(f"simpl_train: {count:,} sketches of your own, used by the training as they are")
    return max(codes)


@dataclass(frozen=True)
class Sketch:
    """One image file and the sketch file to be made of it."""

    source: Path
    target: Path

    def __str__(self) -> str:
        return str(self.source)


@dataclass(frozen=True)
class XdogOf:
    """Draws by XDoG with parameters that follow from the image's id; scales the image up first."""

    seed: int
    upscaler: Upscaler | None = None

    def __call__(self, sketch: Sketch) -> None:
        if self.upscaler:
            gray = cv2.cvtColor(self.upscaler(read_rgb(sketch.source)), cv2.COLOR_RGB2GRAY)
        else:
            gray = read_gray(sketch.source)
        sigma, k = random_parameters(int(sketch.source.stem), self.seed)
        write_png(sketch.target, xdog(gray, sigma, k))

    def jobs(self, jobs: int) -> int:
        return self.upscaler.jobs(jobs) if self.upscaler else jobs


@dataclass(frozen=True)
class KerasSketchOf:
    """Draws by sketchKeras; the network is loaded by the process that uses it."""

    model: Path
    engine: str
    bf16: bool
    upscaler: Upscaler | None

    def __call__(self, sketch: Sketch) -> None:
        from line_art import sketch_keras

        network = sketch_keras.load(self.model, self.engine, best_device(), self.bf16)
        line_art = adjust_intensity(sketch_keras.draw(read_rgb(sketch.source), network))
        write_png(sketch.target, self.upscaler(line_art) if self.upscaler else line_art)

    def jobs(self, jobs: int) -> int:
        """How many of `jobs` processes make sense here: Keras uses all cores by itself."""
        return 1 if self.engine == "keras" else network_jobs(jobs)


def _sketcher(args: argparse.Namespace, upscaler: Upscaler) -> KerasSketchOf | None:
    """Prepare sketchKeras; None, said in one line, when its weights cannot be had."""
    try:
        model = _model_file(args)
    except InputError as error:
        if args.keras_only or args.keras_model or args.keras_sha256:
            raise
        print(f"no sketchKeras sketches: {error}", file=sys.stderr)
        return None
    from line_art import sketch_keras

    print(f"sketchKeras weights: {model}, SHA-256 {sha256_of(model)}")
    sketch_keras.load(model, args.engine)
    upscaler = None if args.no_upscale else upscaler
    return KerasSketchOf(model, args.engine, args.bf16, upscaler)


def _model_file(args: argparse.Namespace) -> Path:
    model = args.keras_model or MODEL_PATH.absolute()
    if args.keras_model and not model.is_file():
        raise InputError(f"there is no file {model} (--keras_model)")
    if not model.is_file():
        if args.dry_run:
            raise InputError(f"{model} is not there, and a dry run downloads nothing")
        fetch(MODEL_URL, model, args.keras_sha256)
    if args.keras_sha256:
        check_sha256(model, args.keras_sha256)
    return model


def _extract(
    args: argparse.Namespace, draw: Callable[[Sketch], None], source: Path, target: Path, jobs: int
) -> int:
    """Draw the sketches of a folder of images that are not there yet."""
    if not args.dry_run:
        clear_leftovers(target)
    summary = Summary(f"sketches for {target.name}", dry_run=args.dry_run)
    images = numbered_images(list_files(source, ALL_FILES), summary)
    images = _drawable(images, summary)
    images = without(images, existing_stems(target), "already drawn", summary)
    sketches = [Sketch(path, target / f"{file_id}.png") for file_id, path in images.items()]
    process(draw, sketches, target.name, args, summary, jobs)
    return summary.close(target)


def _drawable(images: dict[int, Path], summary: Summary) -> dict[int, Path]:
    """Keep the PNGs of whole images: face crops get their sketches from face_extractor.py."""
    kept = {}
    for file_id, path in images.items():
        if file_id < 0:
            summary.skip("a face crop")
        elif path.suffix != ".png":
            skip_file(summary, path, "not a PNG")
        else:
            kept[file_id] = path
    return kept


if __name__ == "__main__":
    console.end(main())
