#!/usr/bin/env python3
"""The whole way once: draw art, build a data set, train a small network, color testset/.

    python demo.py

Everything goes to demo/. A second run goes on where the first one stopped.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from coloring.colorist import Colorist, load_colorist
from coloring.sheet import contact_sheet
from loader.dataset import BenchmarkPairs
from loader.images import read_gray
from loader.samples import select
from loader.tags import read_tag_lines
from options import parse
from training.results import checkpoints

PROJECT = Path(__file__).parent
DATASET = PROJECT / "demo" / "dataset"
RESULTS = PROJECT / "demo" / "results"
SHEET = PROJECT / "demo" / "sheet.png"

DRAWINGS = 1200
IMAGE_SIZE = 256
CPU_RECIPE = [
    *("--input_size", "48", "--layers", "1", "1", "1", "1", "--batch_size", "8", "--epoch", "6"),
    *("--no_bn", "--lrG", "0.0008", "--two_step_epoch", "6", "--thread", "1", "--save_freq", "0"),
]
GPU_RECIPE = [
    *("--input_size", "256", "--batch_size", "32", "--epoch", "60"),
    *("--two_step_epoch", "20", "--cit_cvt_weight", "40", "40"),
]

ENLARGED = 4
SHOWN = (2, 49, 65, 99, 136, 137)
CHOICES = (
    ("blonde_hair", "blue_eyes", "white_background"),
    ("blue_hair", "red_eyes", "yellow_background"),
    ("pink_hair", "green_eyes", "purple_background"),
    ("black_hair", "purple_eyes", "red_background"),
    ("green_hair", "brown_eyes", "blue_background"),
)


def main() -> int:
    """Run all stages; returns the exit code of the first one that fails."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    on_gpu = torch.cuda.is_available()
    dataset = ["--dataset_path", str(DATASET)]
    size = ["--size", str(IMAGE_SIZE), "--upscaler", "lanczos"]
    steps = [
        ("drawing", "preprocessor/demo_dataset.py", [*dataset, "--count", str(DRAWINGS)]),
        ("filtering by tags", "preprocessor/tagset_extractor.py", dataset),
        ("cropping", "preprocessor/crop_and_upscale.py", [*dataset, *size]),
        ("line art", "preprocessor/sketch_extractor.py", [*dataset, *size, "--xdog_only"]),
        ("training", "main.py", _training_flags(GPU_RECIPE if on_gpu else CPU_RECIPE)),
    ]
    for number, (title, script, flags) in enumerate(steps, 1):
        print(
            f"\n[{number}/{len(steps) + 1}] {title}: python {script} {' '.join(flags)}", flush=True
        )
        code = subprocess.run([sys.executable, str(PROJECT / script), *flags]).returncode
        if code:
            return code
    print(f"\n[{len(steps) + 1}/{len(steps) + 1}] coloring testset/", flush=True)
    options, given = parse(["--test", "--load", str(_newest_checkpoint())])
    colorist = load_colorist(options, given)
    _compare(colorist)
    _write_sheet(colorist)
    print(f"the contact sheet is {SHEET}")
    return 0


def _newest_checkpoint() -> Path | None:
    runs = [path for run in RESULTS.glob("*/") for path in checkpoints(run)]
    return max(runs, key=lambda path: path.stat().st_mtime_ns, default=None)


def _training_flags(recipe: Sequence[str]) -> list[str]:
    flags = ["--data_dir", str(DATASET), "--result_dir", str(RESULTS), "--no_cit"]
    flags += ["--test_image_count", "32", "--seed", "1", *recipe]
    return [*flags, "--resume"] if _newest_checkpoint() else flags


def _compare(colorist: Colorist) -> None:
    """Print how far from the truth the held-out benchmark drawings are, in levels of 255."""
    vocabulary = colorist.vocabulary
    folder = DATASET / "benchmark"
    chosen = select(
        read_tag_lines(DATASET / "tags.txt"), folder, vocabulary, training=False
    ).samples
    pairs = BenchmarkPairs(chosen, DATASET, vocabulary, input_size=colorist.size)
    originals = np.stack([pair.original.numpy() for pair in pairs]).transpose(0, 2, 3, 1)
    originals = (originals + 1) * 127.5
    sketches = torch.stack([pair.sketch for pair in pairs])
    cvt = torch.stack([pair.cvt for pair in pairs])
    painted = np.abs(colorist.paint(sketches, cvt) - originals).mean()
    line_art = np.abs(sketches.numpy().transpose(0, 2, 3, 1) * 255 - originals).mean()
    print(
        f"mean difference from the true picture on {len(pairs)} held-out drawings: "
        f"colored {painted:.1f}, plain line art {line_art:.1f} (of 255)"
    )


def _write_sheet(colorist: Colorist) -> None:
    """Rows of test drawings: the line art, then one picture for every choice of tags."""
    pictures, captions = [], []
    for number in SHOWN:
        gray = read_gray(PROJECT / "testset" / "liner_test" / f"{number}.png")
        side = (ENLARGED * colorist.size, ENLARGED * colorist.size)
        choices = [colorist.vocabulary.parse(choice) for choice in CHOICES]
        painted = colorist.paint_picture(gray, choices)
        pictures += [picture.convert("RGB").resize(side) for picture in (gray, *painted)]
        captions += ["line art", *(_caption(choice) for choice in CHOICES)]
    contact_sheet(pictures, captions, columns=1 + len(CHOICES)).save(SHEET, optimize=True)


def _caption(choice: Sequence[str]) -> str:
    return ", ".join(name.removesuffix("_background").replace("_", " ") for name in choice)


if __name__ == "__main__":
    sys.exit(main())
