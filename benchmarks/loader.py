"""Training pairs per second on one core, beside the plain Pillow loader.

Makes images (smooth color, thin lines) or uses a data directory, and loads the same pairs in turn:
with Pillow step by step, as the files lie there, while the cache is made, and from the cache.
pairs/s are of the best turn, ratios the median of those within each turn.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
import random
import tempfile
import time
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import torch

from benchmarks.plain_loader import load_pair
from command_line import console
from command_line.parser import Parser
from loader.dataset import TrainingPairs
from loader.layout import DataDir
from loader.samples import Sample, file_ids
from loader.tags import load_vocabulary
from progress import Progress

EXAMPLE = "example: python benchmarks/loader.py --size 256 512 --pairs 60 --png 768"


def build_parser() -> Parser:
    parser = Parser(description=__doc__, epilog=EXAMPLE)
    add = parser.add_argument
    add("--size", type=int, nargs="+", default=[256, 512], metavar="PX", help="of the networks")
    add("--png", type=int, default=768, metavar="PX", help="of the images that are made")
    add("--pairs", type=int, default=60, metavar="N")
    add("--rounds", type=int, default=5, metavar="N", help="turns of all ways")
    add("--data_dir", type=Path, metavar="DIR", help="use its rgb_train and sketches instead")
    return parser


def make_images(folder: Path, count: int, side: int) -> None:
    """Flat areas with soft shades and ink, which compress about as much as drawings do."""
    generator = np.random.default_rng(0)
    for number in Progress(range(1, count + 1), desc="making images", unit="pair", leave=False):
        coarse = generator.integers(0, 256, (6, 6, 3), np.uint8)
        color = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
        grain = generator.integers(0, 4, (side, side, 1), np.uint8)
        color = cv2.add(color, np.repeat(grain, 3, 2))
        lines = np.full((side, side), 255, np.uint8)
        for points in generator.integers(0, side, (25, 3, 2)):
            for canvas, ink in ((color, (20, 20, 30)), (lines, 0)):
                cv2.polylines(canvas, [points.astype(np.int32)], False, ink, 2, cv2.LINE_AA)
        for name, image in (("rgb_train", color), ("xdog_train", lines)):
            (folder / name).mkdir(exist_ok=True)
            cv2.imwrite(str(folder / name / f"{number}.png"), image)


def rate(load, count: int) -> float:
    started = time.perf_counter()
    for index in range(count):
        load(index)
    return count / (time.perf_counter() - started)


def compare(data: Path, size: int, args: argparse.Namespace) -> None:
    ids = sorted(file_ids(data / "rgb_train").tolist())[: args.pairs]
    samples = [Sample(number, (1,), (1,)) for number in ids]
    vocabulary = load_vocabulary()
    with tempfile.TemporaryDirectory() as copies:
        ours = {
            "as the files lie": TrainingPairs(samples, DataDir(data), vocabulary, input_size=size),
            "with --cache": TrainingPairs(
                samples, DataDir(data), vocabulary, input_size=size, cache=Path(copies)
            ),
        }
        chance = random.Random(0)

        def plain(index: int) -> None:
            name = f"{ids[index]}.png"
            pairs = ours["as the files lie"]
            folders = [pairs.folders[kind] for kind in np.flatnonzero(pairs.has_sketch[index])]
            load_pair(data / "rgb_train" / name, chance.choice(folders) / name, chance, size)

        # The first time makes the copies; the same epoch reads them again.
        first = rate(lambda index: ours["with --cache"][1, index], len(ids))
        rates = {name: [] for name in ("plain", *ours)}
        for _ in range(args.rounds):
            rates["plain"].append(rate(plain, len(ids)))
            for name, pairs in ours.items():
                rates[name].append(rate(lambda index, pairs=pairs: pairs[1, index], len(ids)))
        size_on_disk = sum(path.stat().st_size for path in Path(copies).rglob("*.npy"))
    rates["making the copies"] = [first]
    for name, found in rates.items():
        ratio = median(one / other for one, other in zip(found, rates["plain"], strict=False))
        print(f"{size:5} {name:>18} {max(found):8.1f} {ratio:6.2f}x", flush=True)
    print(f"      copies: {size_on_disk / len(ids) / 2**10:.0f} KiB per pair")


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        data = args.data_dir or Path(folder)
        if not args.data_dir:
            make_images(data, args.pairs, args.png)
        print(" size                way  pairs/s  faster   (one core)")
        for size in args.size:
            compare(data, size, args)
    return 0


if __name__ == "__main__":
    console.end(console.exit_code(main))
