#!/usr/bin/env python3
"""The whole way once: draw art, build a data set of it, train the weights that come with Tag2Pix.

    python train_demo.py             # as they were trained, in hours on a CPU; with a GPU
                                     # instead at 256 px, with all layers
    python train_demo.py --quick     # a small network in ten minutes, which colors roughly

Everything goes to demo/. A second run goes on where the first one stopped.
"""

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

import torch

from loader.files import atomic_path
from loader.tags import format_tag_line, read_tag_lines
from network import checkpoint
from training.results import checkpoints

PROJECT = Path(__file__).parent
DEMO = PROJECT / "demo"

DRAWINGS, QUICK_DRAWINGS = 4000, 1200
FACES, ALL = "tags_faces.txt", "tags_all.txt"
COMMON = ["--no_cit", "--no_bn", "--seed", "1", "--test_image_count", "16", "--cache"]

# Where each training of a recipe puts its results, and its flags. One of a new name starts from the
# weights of the one before; one of the same name goes on with it.
CPU_RECIPE = [
    (
        "64px",
        "--input_size 64 --layers 3 2 2 1 --batch_size 4 --lrG 0.0005 --l1_epoch 99 --epoch 5",
    ),
    ("128px", "--input_size 128 --batch_size 8 --lrG 0.0005 --l1_epoch 99 --epoch 2"),
    ("128px", "--lrG 0.0001 --epoch 3"),
    (
        "64px_faces",
        f"--tag_txt {FACES} --input_size 64 --batch_size 4 --lrG 0.0005 --l1_epoch 99 --epoch 10",
    ),
    (
        "128px_eyes",
        f"--tag_txt {ALL} --input_size 128 --batch_size 8 --lrG 0.0005 --l1_epoch 99 --epoch 3",
    ),
    ("128px_eyes", "--lrG 0.0001 --epoch 5"),
]
GPU_RECIPE = [
    (
        "256px",
        f"--tag_txt {ALL} --input_size 256 --batch_size 32 --epoch 60 --two_step_epoch 20 "
        "--cit_cvt_weight 40 40",
    ),
]
QUICK_RECIPE = [
    (
        "48px",
        "--input_size 48 --layers 1 1 1 1 --batch_size 8 --lrG 0.0008 --two_step_epoch 6 --epoch 6",
    ),
]


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small, rough, in ten minutes")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run all steps; returns the exit code of the first one that fails, 130 after Ctrl-C."""
    args = build_parser().parse_args(argv)
    try:
        return _all_steps(args.quick)
    except KeyboardInterrupt:
        print("interrupted; run it again to go on", file=sys.stderr)
        return 130


def _all_steps(quick: bool) -> int:
    root = DEMO / ("quick" if quick else "full")
    drawings = QUICK_DRAWINGS if quick else DRAWINGS
    for title, script, *flags in _data_steps(root, drawings, faces=not quick):
        if code := _run(title, script, *flags):
            return code
    if not quick:
        _write_tag_files(root / "dataset")
    weights = None
    for name, recipe in _recipe(quick):
        results = root / name
        flags = ["--data_dir", root / "dataset", "--result_dir", results, *COMMON, *recipe.split()]
        if _newest(results):
            flags.append("--resume")
        elif weights:
            flags += ["--init", weights]
        if code := _run(f"training at {name}", "main.py", *flags):
            return code
        weights = _newest(results)
        if checkpoint.read(weights)["finish_epoch"] < _epochs(recipe):
            print("the training was stopped; run this again to go on", file=sys.stderr)
            return 1
    exported = root / "tag2pix.pkl"
    steps = (
        ("exporting", "main.py", "--load", weights, "--export", exported),
        ("coloring", "demo.py", "--weights", exported, "--sheet", root / "sheet.png"),
    )
    return next((code for title, *command in steps if (code := _run(title, *command))), 0)


def _recipe(quick: bool) -> list[tuple[str, str]]:
    if quick:
        return QUICK_RECIPE
    return GPU_RECIPE if torch.cuda.is_available() else CPU_RECIPE


def _epochs(flags: str) -> int:
    return int(re.search(r"--epoch (\d+)", flags)[1])


def _data_steps(root: Path, drawings: int, *, faces: bool) -> list[tuple]:
    path = ("--dataset_path", root / "dataset")
    size = ("--size", "256", "--upscaler", "lanczos")
    steps = [
        ("drawing", "preprocessor/demo_dataset.py", *path, "--count", drawings),
        ("filtering by tags", "preprocessor/tagset_extractor.py", *path),
        ("cropping", "preprocessor/crop_and_upscale.py", *path, *size),
        ("line art", "preprocessor/sketch_extractor.py", *path, *size, "--xdog_only"),
    ]
    if faces:
        steps += [
            ("finding faces", "preprocessor/face_extractor.py", *path, "--drawn"),
            ("adding faces", "preprocessor/face_extractor.py", *path, "--add_all"),
        ]
    return steps


def _write_tag_files(dataset: Path) -> None:
    """Two more tag files, in which faces have all tags of their images, of skin and background too:
    one of the faces alone, and one of everything."""
    tags = {line.file_id: line.tags for line in read_tag_lines(dataset / "tags.txt")}
    wholes = [format_tag_line(number, tags[number]) for number in tags if number > 0]
    faces = [format_tag_line(number, tags[-number]) for number in tags if number < 0]
    for name, lines in ((FACES, faces), (ALL, wholes + faces)):
        with atomic_path(dataset / name) as temporary:
            temporary.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def _run(title: str, script: str, *flags) -> int:
    command = [str(PROJECT / script), *map(str, flags)]
    print(f"\n{title}: python {shlex.join(command)}", flush=True)
    with subprocess.Popen([sys.executable, *command]) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()  # it has been interrupted, too, and saves what it has
            raise


def _newest(results: Path) -> Path | None:
    found = [path for run in results.glob("*/") for path in checkpoints(run)]
    return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)


if __name__ == "__main__":
    sys.exit(main())
