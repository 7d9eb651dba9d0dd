#!/usr/bin/env python3
"""The whole way once: draw art, build a data set of it, train the weights that come with Tag2Pix.

    python train_demo.py             # as they were trained, in hours on a CPU
    python train_demo.py --quick     # a small network in ten minutes, which colors roughly
    python train_demo.py --gpu       # larger ones, on a GPU: 256 px, all layers, the tag
                                     # extractor's features, the discriminator

Everything goes to demo/. A second run goes on where the first one stopped. With --minutes, which
is 9 with --gpu, a run ends itself after that time, with exit code 75 while there is more to do:

    until python train_demo.py --gpu; do [ $? = 75 ] || break; done
"""

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch

from checkpoints.checkpoint import Checkpoint
from checkpoints.tag_extractor import ExtractorFile
from command_line import console
from command_line.flag import MINUTES
from command_line.parser import Parser
from errors import InputError
from files.atomic import atomic_path
from loader.tag_lines import format_tag_line, read_tag_lines
from training.results import checkpoints

PROJECT = Path(__file__).parent
DEMO = PROJECT / "demo"

DATASET, FIGURES, MIXED, LARGER = "dataset", "figures", "mixed", "larger"
DRAWN, FACES, ALL = "tags_drawings.txt", "tags_faces.txt", "tags_all.txt"
GPU_MINUTES, SAVING_SECONDS = 9.0, 30.0
COMMON, GRIDS = ["--seed", "1", "--cache"], ["--test_image_count", "16"]
GENERATOR = [*COMMON, "--no_cit", *GRIDS]
EXTRACTOR = [*COMMON, "--pretrain"]


class Drawings(NamedTuple):
    """Which drawings are in a data set, the flags they are drawn with, whether their faces become
    samples of their own, whether they have maps of their parts, and the side of its images in
    pixels."""

    seed: int
    count: int
    flags: str = ""
    faces: bool = False
    parts: bool = False
    size: int = 256


HEADS = "--styles adventurer"
MOSTLY_FIGURES = f"--styles {'figures ' * 8}adventurer adventurer lorelei open-peeps big-ears"
DRAWINGS = {
    DATASET: Drawings(1, 4000, HEADS, faces=True),
    FIGURES: Drawings(4, 8000, f"--size 256 {MOSTLY_FIGURES}", parts=True),
    MIXED: Drawings(5, 6000, "--size 256", parts=True),
    LARGER: Drawings(6, 5000, f"--size 320 {MOSTLY_FIGURES}", parts=True, size=320),
}
QUICK_DRAWINGS = {DATASET: Drawings(1, 1200, HEADS)}
# Larger ones of all styles.
GPU_DRAWINGS = {DATASET: Drawings(1, 12_000, faces=True)}


class Training(NamedTuple):
    """One training of a recipe: where its results go, its flags, and its data set.

    One with a new folder for its results starts from the weights of the one before; one with the
    same goes on with it.
    """

    results: str
    flags: str
    data: str = DATASET


# By size, one epoch each.
DATA_AND_RATES = {
    192: (
        *((FIGURES, 0.0006), (MIXED, 0.0006), (FIGURES, 0.0005), (MIXED, 0.0004)),
        *((FIGURES, 0.0004), (MIXED, 0.0003), (FIGURES, 0.00015), (FIGURES, 0.00005)),
        (FIGURES, 0.0005),
    ),
    256: ((MIXED, 0.0004), (FIGURES, 0.0003), (MIXED, 0.0003), (FIGURES, 0.0001)),
    320: ((LARGER, 0.00025), (LARGER, 0.0001)),
}
CPU_RECIPE = [
    Training(
        "128px_parts",
        "--parts --layers 3 2 2 1 --input_size 128 --batch_size 32 --lrG 0.001 --l1_epoch 99 "
        "--epoch 12",
        FIGURES,
    ),
    Training(
        "128px_parts_mixed",
        "--parts --input_size 128 --batch_size 32 --lrG 0.0006 --l1_epoch 99 --epoch 2",
        MIXED,
    ),
    *(
        Training(
            f"{size}px_parts_{number}",
            f"--parts --input_size {size} --batch_size 16 --lrG {rate} --l1_epoch 99 --epoch 1",
            data,
        )
        for size, epochs in DATA_AND_RATES.items()
        for number, (data, rate) in enumerate(epochs, start=1)
    ),
    Training(
        "320px_larger",
        "--input_size 320 --batch_size 16 --lrG 0.00006 --l1_epoch 99 --data_size 2500 --epoch 1",
        LARGER,
    ),
]
# On a GPU nothing asks for algorithms that are exact but slow.
GPU_COMMON = ["--cache", "--save_minutes", "3"]
GPU_RECIPE = [
    Training(
        "256px",
        f"--tag_txt {ALL} --input_size 256 --batch_size 32 --epoch 30 --two_step_epoch 10 "
        "--cit_cvt_weight 40 40",
    ),
]
CPU_EXTRACTOR = [
    Training("cit_64px", f"--tag_txt {DRAWN} --input_size 64 --batch_size 32 --epoch 6"),
    Training(
        "cit_64px_faces",
        f"--tag_txt {FACES} --input_size 64 --batch_size 32 --pretrain_lr 0.0015 --epoch 5",
    ),
    Training(
        "cit_128px",
        f"--tag_txt {DRAWN} --input_size 128 --batch_size 32 --pretrain_lr 0.001 --epoch 5",
    ),
]
GPU_EXTRACTOR = [
    Training("cit_256px", f"--tag_txt {DRAWN} --input_size 256 --batch_size 64 --epoch 15"),
]
QUICK_RECIPE = [
    Training(
        "48px",
        "--no_bn --input_size 48 --layers 1 1 1 1 --batch_size 8 --lrG 0.0008 --two_step_epoch 6 "
        "--epoch 6",
    ),
]


def build_parser() -> Parser:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small, rough, in ten minutes")
    size.add_argument("--gpu", action="store_true", help="large, on a GPU")
    parser.add_argument(
        "--minutes",
        type=MINUTES,
        metavar="N",
        help="end after so many; run it again to go on (default: 9 with --gpu, else never)",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run all steps; returns the exit code of the first one that fails, 130 after Ctrl-C, 75 where
    the time was over."""
    args = build_parser().parse_args(argv)
    said = "interrupted; run it again to go on"
    return console.exit_code(lambda: _main(args), interrupted=said)


def _main(args: argparse.Namespace) -> int:
    if args.gpu and not torch.cuda.is_available():
        raise InputError("--gpu: there is no CUDA GPU")
    minutes = args.minutes or (GPU_MINUTES if args.gpu else None)
    seconds = minutes and 60 * minutes - min(SAVING_SECONDS, 30 * minutes)
    run = partial(_run, until=seconds and time.monotonic() + seconds)
    code = _all_steps(args.quick, args.gpu, run)
    if code == console.MORE_TO_DO:
        print(f"\n{minutes:g} minutes are over; run it again to go on")
    return code


def _all_steps(quick: bool, gpu: bool, run: Callable[..., int]) -> int:
    root = DEMO / ("quick" if quick else "gpu" if gpu else "full")
    generator, extractor = _recipes(quick, gpu)
    drawings = QUICK_DRAWINGS if quick else GPU_DRAWINGS if gpu else DRAWINGS
    for folder in dict.fromkeys(training.data for training in [*generator, *extractor]):
        for title, script, *flags in _data_steps(root / folder, drawings[folder]):
            if code := run(title, script, *flags):
                return code
        if drawings[folder].faces:
            _write_tag_files(root / folder)
    exported, features = root / "tag2pix.pkl", root / "model.pth"
    with_features = ["--pretrain_dump", features] if gpu else []
    common = [*GPU_COMMON, *with_features, *GRIDS] if gpu else GENERATOR
    recipes = [
        (generator, common, "--load", exported),
        (extractor, [*GPU_COMMON, "--pretrain"] if gpu else EXTRACTOR, "--pretrain_dump", features),
    ]
    for recipe, flags, flag, path in reversed(recipes) if gpu else recipes:
        if not recipe:
            continue
        code, weights = _train(root, recipe, flags, run)
        if code := code or run("exporting", "main.py", flag, weights, "--export", path):
            return code
    sheet = ["--sheet", root / "sheet.png"]
    return run("coloring", "demo.py", "--weights", exported, *with_features, *sheet)


def _train(
    root: Path, recipe: list[Training], common: list, run: Callable[..., int]
) -> tuple[int, Path | None]:
    """Train as a recipe says: the exit code, and the weights after its last training."""
    weights = None
    for training in recipe:
        results = root / training.results
        folders = ["--data_dir", root / training.data, "--result_dir", results]
        flags = [*folders, *common, *training.flags.split()]
        if _newest(results):
            flags.append("--resume")
        elif weights:
            flags += ["--init", weights]
        if code := run(f"training at {training.results}", "main.py", *flags):
            return code, None
        last = _newest(results)
        if _finished_epochs(last) < int(re.search(r"--epoch (\d+)", training.flags)[1]):
            print("the training was stopped; run this again to go on", file=sys.stderr)
            return 1, None
        weights = last.with_name("model.pth") if last.suffix == ".pth" else last
    return 0, weights


def _finished_epochs(path: Path) -> int:
    if path.suffix == ".pth":
        return ExtractorFile.read(path).record.position.epoch
    return Checkpoint.read(path).position.epoch


def _recipes(quick: bool, gpu: bool) -> tuple[list[Training], list[Training]]:
    """Of the generator, and of the tag extractor."""
    if quick:
        return QUICK_RECIPE, []
    return (GPU_RECIPE, GPU_EXTRACTOR) if gpu else (CPU_RECIPE, CPU_EXTRACTOR)


def _data_steps(dataset: Path, drawings: Drawings) -> list[tuple]:
    path = ("--dataset_path", dataset)
    size = ("--size", drawings.size, "--upscaler", "lanczos")
    drawn = ("--seed", drawings.seed, "--count", drawings.count, *drawings.flags.split())
    steps = [
        ("drawing", "preprocessor/demo_dataset.py", *path, *drawn),
        ("filtering by tags", "preprocessor/tagset_extractor.py", *path),
        ("cropping", "preprocessor/crop_and_upscale.py", *path, *size),
        ("line art", "preprocessor/sketch_extractor.py", *path, *size, "--xdog_only"),
    ]
    if drawings.faces:
        steps += [
            ("finding faces", "preprocessor/face_extractor.py", *path, "--drawn"),
            ("adding faces", "preprocessor/face_extractor.py", *path, "--add_all"),
        ]
    if drawings.parts:
        steps.append(("finding parts", "preprocessor/part_extractor.py", *path))
    return steps


def _write_tag_files(dataset: Path) -> None:
    """Tag files of the drawings alone, of the faces alone, and of everything, in which faces have
    all tags of their images, of skin and background too."""
    tags = {line.file_id: line.tags for line in read_tag_lines(dataset / "tags.txt")}
    wholes = [format_tag_line(number, tags[number]) for number in tags if number > 0]
    faces = [format_tag_line(number, tags[-number]) for number in tags if number < 0]
    for name, lines in ((DRAWN, wholes), (FACES, faces), (ALL, wholes + faces)):
        with atomic_path(dataset / name) as temporary:
            temporary.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def _run(title: str, script: str, *flags, until: float | None) -> int:
    """Run a script; returns its exit code, or MORE_TO_DO if it was stopped, or not started, because
    the time was over."""
    if until is not None and time.monotonic() >= until:
        return console.MORE_TO_DO
    command = [str(PROJECT / script), *map(str, flags)]
    print(f"\n{title}: python {shlex.join(command)}", flush=True)
    with subprocess.Popen([sys.executable, *command]) as process:
        try:
            return _wait(process, until)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # it saves what it has
            process.wait()
            return console.MORE_TO_DO
        except KeyboardInterrupt:
            process.wait()  # it has been interrupted, too, and saves what it has
            raise


def _wait(process: subprocess.Popen, until: float | None) -> int:
    """Its exit code; raises TimeoutExpired."""
    return process.wait(None if until is None else max(0.0, until - time.monotonic()))


def _newest(results: Path) -> Path | None:
    runs = list(results.glob("*/"))
    found = [path for run in runs for path in [*checkpoints(run), *run.glob("last.pth")]]
    return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)


if __name__ == "__main__":
    console.end(main())
