"""Rate and peak memory of the data stages, beside plain implementations in the same run.

Makes metadata and images, runs every stage as a user would (its own command, start included)
in turns with what it is compared with, and prints for both sizes: records or images per second,
processor time, the largest memory of all processes together, and the ratio of the best times,
with that of each turn in parentheses. On a busy machine the processor time says more.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks import plain_stages
from benchmarks.made_data import drawing, make_metadata, make_parquet
from benchmarks.measuring import Measured, measure, report
from command_line import console
from command_line.parser import Parser
from line_art.xdog import xdog
from preprocessor.metadata.resolutions import write_resolutions

PROJECT = Path(__file__).resolve().parents[1]


def build_parser() -> Parser:
    parser = Parser(
        description=__doc__,
        epilog="example: python benchmarks/preprocess.py --records 10000 100000 --images 50 100",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--records", type=int, nargs=2, default=(100_000, 1_000_000), metavar="N")
    parser.add_argument("--images", type=int, nargs=2, default=(100, 300), metavar="N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--turns", type=int, default=2, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--only",
        choices=("tags", "parquet", "images"),
        help="measure only tag extraction from JSON, from parquet, or the rest",
    )
    parser.add_argument(
        "--cascade", metavar="FILE", help="lbpcascade_animeface.xml; without it no face stage"
    )
    parser.add_argument(
        "--work_dir", default=None, metavar="DIR", help="where the data is made (2.7 GB)"
    )
    return parser


def stage(script: str, dataset: Path, *flags: str) -> Measured:
    path = PROJECT / "preprocessor" / script
    return measure(path, "--dataset_path", str(dataset), *flags)


def tag_extraction(work: Path, count: int, args: argparse.Namespace) -> float:
    """Returns the largest memory, in MB."""
    dataset = work / f"records_{count}"
    make_metadata(dataset / "metadata" / "2018000000000000", count)
    ours, plain = [], []
    for _ in range(args.turns):
        ours.append(stage("tagset_extractor.py", dataset, "--jobs", str(args.jobs)))
        plain.append(measure(PROJECT / "benchmarks" / "plain_stages.py", str(dataset)))
    found, expected = (
        sorted((dataset / name).read_text().splitlines())
        for name in ("tagset_missing.txt", "plain_missing.txt")
    )
    if found != expected or not found:
        raise RuntimeError("the plain implementation has chosen other drawings")
    report("tag extraction (records)", count, ours, plain, "plain")
    return max(run.megabytes for run in ours)


def parquet_extraction(work: Path, count: int, args: argparse.Namespace) -> None:
    dataset = work / f"parquet_{count}"
    make_parquet(dataset / "metadata", count)
    ours, plain = [], []
    for _ in range(args.turns):
        ours.append(stage("tagset_extractor.py", dataset, "--jobs", str(args.jobs)))
        plain.append(measure(PROJECT / "benchmarks" / "plain_parquet.py", str(dataset)))
    if not (dataset / "tagset_missing.txt").read_text():
        raise RuntimeError("nothing was chosen")
    report("from parquet (records)", count, ours, plain, "pyarrow")


def xdog_function(count: int) -> None:
    grays = [cv2.cvtColor(drawing(seed, 768), cv2.COLOR_BGR2GRAY) for seed in range(count)]
    xdog(grays[0], 0.4, 2.5)
    start = time.perf_counter()
    ours = [xdog(gray, 0.4, 2.5) for gray in grays for _ in range(20)][::20]
    seconds = (time.perf_counter() - start) / 20
    start = time.perf_counter()
    theirs = [plain_stages.xdog(gray, 0.4, 2.5) for gray in grays]
    plain = time.perf_counter() - start
    if any(not np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True)):
        raise RuntimeError("XDoG differs from the plain implementation")
    print(
        f"{'XDoG itself (768 px)':<26} {count:>9,} {count / seconds:>9,.0f}/s"
        f" | double loop: {count / plain:.1f}/s | {plain / seconds:.0f} x"
    )


def image_stages(work: Path, count: int, args: argparse.Namespace) -> None:
    """Every stage with one process and with several, in turns, each on a data set of its own."""
    stages = {
        "crop, scale": ("crop_and_upscale.py", "--upscaler", "lanczos", "--benchmark_count", "0"),
        "XDoG sketches": ("sketch_extractor.py", "--xdog_only"),
    }
    if args.cascade:
        stages["face search"] = ("face_extractor.py", "--cascade", args.cascade)
    originals = work / f"originals_{count}"
    originals.mkdir()
    for number in range(1, count + 1):
        cv2.imwrite(str(originals / f"{number}.jpg"), drawing(number, 512))
    runs = {what: ([], []) for what in stages}
    for turn in range(args.turns):
        datasets = [
            make_dataset(work / f"images_{count}_{turn}_{jobs}", originals)
            for jobs in (args.jobs, 1)
        ]
        for what, (script, *flags) in stages.items():
            for dataset, jobs, measured in zip(datasets, (args.jobs, 1), runs[what], strict=True):
                measured.append(stage(script, dataset, "--jobs", str(jobs), *flags))
    for what, (several, one) in runs.items():
        report(f"{what} (images)", count, several, one, "one process")


def make_dataset(dataset: Path, originals: Path) -> Path:
    """What the stages behind tag extraction begin with."""
    (dataset / "train_image_base").mkdir(parents=True)
    names = [path.name for path in originals.iterdir()]
    for name in names:
        (dataset / "train_image_base" / name).hardlink_to(originals / name)
    sizes = {int(name.removesuffix(".jpg")): (900, 1000) for name in names}
    write_resolutions(sizes, dataset / "resolutions.pkl")
    (dataset / "tags.txt").touch()
    return dataset


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    print(f"{args.jobs} processes; load average before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(dir=args.work_dir) as folder:
        work = Path(folder)
        if args.only in (None, "parquet"):
            for count in sorted(set(args.records)):
                parquet_extraction(work, count, args)
        if args.only in (None, "tags"):
            counts = sorted(set(args.records))
            memory = [tag_extraction(work, count, args) for count in counts]
            print(f"memory of tag extraction, largest / smallest: {memory[-1] / memory[0]:.2f}")
        if args.only in (None, "images"):
            xdog_function(3)
            for count in sorted(set(args.images)):
                image_stages(work, count, args)
    return 0


if __name__ == "__main__":
    console.end(console.exit_code(main))
