"""Rate and peak memory of the data stages, beside plain implementations in the same run.

Makes synthetic metadata and images, runs every stage as a user would (its own command, start
included), and prints records or images per second and the largest memory of all its processes.
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np

from benchmarks import plain_stages
from loader.tags import EYE_COLORS, HAIR_COLORS, TAG_TABLE
from preprocessor.utils.resolutions import write_resolutions
from preprocessor.utils.xdog import xdog

PROJECT = Path(__file__).resolve().parents[1]


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: python benchmarks/preprocess.py --records 10000 100000 --images 50 100",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--records", type=int, nargs=2, default=(100_000, 1_000_000), metavar="N")
    parser.add_argument("--images", type=int, nargs=2, default=(100, 400), metavar="N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument(
        "--cascade", metavar="FILE", help="lbpcascade_animeface.xml; without it no face stage"
    )
    parser.add_argument(
        "--work_dir", default=None, metavar="DIR", help="where the data is made (2.3 GB)"
    )
    return parser


class Measured(NamedTuple):
    seconds: float
    megabytes: float


def measure(script: str, dataset: Path, *flags: str) -> Measured:
    """Run a stage; its time, and the largest resident memory of all its processes together."""
    line = [sys.executable, str(PROJECT / "preprocessor" / script), "--dataset_path", str(dataset)]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*line, *flags], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    largest = 0
    while process.poll() is None:
        largest = max(largest, _resident(process.pid))
        time.sleep(0.05)
    if process.returncode:
        raise RuntimeError(f"{script} failed: {process.stdout.read().decode()[-1000:]}")
    return Measured(time.perf_counter() - start, largest / 1e6)


def _resident(session: int) -> int:
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return total


def report(what: str, count: int, measured: Measured, plain_seconds: float, plain: str) -> None:
    """One line: rate, memory, and how many times faster than the plain way."""
    print(
        f"{what:<28} {count:>9,} {count / measured.seconds:>10,.0f}/s {measured.megabytes:>7.0f} MB"
        f" {plain_seconds / measured.seconds:>7.1f} x {plain} ({count / plain_seconds:,.0f}/s)",
        flush=True,
    )


def make_metadata(path: Path, count: int) -> None:
    """Write `count` records of about 2 kB, of which about one in fifty is chosen."""
    rng = random.Random(0)
    with TAG_TABLE.open(newline="") as file:
        table = {int(row["id"]): row["name"] for row in csv.DictReader(file, delimiter="\t")}
    common = list(table)
    tails = [_record_tail(rng, table, common) for _ in range(2000)]
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        for number in range(count):
            file.write(b'{"id":"%d",' % (number + 1) + tails[number % len(tails)])


def _record_tail(rng: random.Random, table: dict[int, str], common: list[int]) -> bytes:
    tags = rng.sample(common[:600], 24)
    tags += [412368] * (rng.random() < 0.08) + [470575] * (rng.random() < 0.45)
    if rng.random() < 0.3:
        color_tags = {*HAIR_COLORS, *EYE_COLORS, 63, 172609, 540830, 470575}
        tags = [tag for tag in tags if tag not in color_tags]
        tags += [470575, rng.choice(HAIR_COLORS), rng.choice(EYE_COLORS)]
    record = {
        "created_at": "2017-11-05 09:14:22.77831 UTC",
        "uploader_id": str(rng.randrange(500_000)),
        "score": str(rng.randrange(100)),
        "source": f"https://i.pximg.net/img-original/img/{rng.randrange(10**8)}_p0.jpg",
        "md5": f"{rng.getrandbits(128):032x}",
        "rating": "s",
        "image_width": str(rng.choice((600, 850, 1000, 1200, 2000))),
        "image_height": str(rng.choice((600, 850, 1000, 1200, 2000))),
        "is_pending": False,
        "file_ext": "jpg",
        "tags": [{"id": str(tag), "name": table[tag], "category": "0"} for tag in tags],
        "pools": [],
        "favs": [str(rng.randrange(500_000)) for _ in range(12)],
    }
    return json.dumps(record, separators=(",", ":")).encode()[1:] + b"\n"


def drawing(seed: int, size: int) -> np.ndarray:
    """A (size, size, 3) uint8 picture of outlined shapes in flat colors."""
    rng = np.random.default_rng(seed)
    image = np.full((size, size, 3), 240, np.uint8)
    for _ in range(25):
        center = tuple(map(int, rng.integers(0, size, 2)))
        axes = tuple(map(int, rng.integers(size // 40, size // 5, 2)))
        color = tuple(map(int, rng.integers(0, 256, 3)))
        angle = float(rng.integers(0, 180))
        cv2.ellipse(image, center, axes, angle, 0, 360, color, -1, cv2.LINE_AA)
        cv2.ellipse(image, center, axes, angle, 0, 360, (20, 20, 20), 2, cv2.LINE_AA)
    return image


def tag_extraction(work: Path, count: int, jobs: int) -> Measured:
    dataset = work / f"records_{count}"
    make_metadata(dataset / "metadata" / "2018000000000000", count)
    measured = measure("tagset_extractor.py", dataset, "--jobs", str(jobs))
    start = time.perf_counter()
    _, missing = plain_stages.extract(dataset / "metadata", dataset / "512px")
    seconds = time.perf_counter() - start
    found = len((dataset / "tagset_missing.txt").read_text().splitlines())
    if found != missing:
        raise RuntimeError(f"{found} drawings chosen, {missing} by the plain implementation")
    report("tag extraction (records)", count, measured, seconds, "plain")
    return measured


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
    report("XDoG itself (768 px)", count, Measured(seconds, 0), plain, "double loop")


def image_stages(work: Path, count: int, jobs: int, cascade: str | None) -> None:
    stages = [
        ("crop_and_upscale.py", ("--upscaler", "lanczos", "--benchmark_count", "0"), "crop, scale"),
        ("sketch_extractor.py", ("--xdog_only",), "XDoG sketches"),
    ]
    if cascade:
        stages.append(("face_extractor.py", ("--cascade", cascade), "face search"))
    datasets = {}
    for workers in (1, jobs):
        dataset = datasets[workers] = work / f"images_{count}_{workers}"
        (dataset / "train_image_base").mkdir(parents=True)
        for number in range(1, count + 1):
            path = dataset / "train_image_base" / f"{number}.jpg"
            cv2.imwrite(str(path), drawing(number, 512))
        sizes = dict.fromkeys(range(1, count + 1), (900, 1000))
        write_resolutions(sizes, dataset / "resolutions.pkl")
        (dataset / "tags.txt").touch()
    for script, flags, what in stages:
        one = measure(script, datasets[1], "--jobs", "1", *flags)
        several = measure(script, datasets[jobs], "--jobs", str(jobs), *flags)
        report(f"{what} (images)", count, several, one.seconds, "one process")


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    print(f"{args.jobs} processes; load average before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(dir=args.work_dir) as folder:
        work = Path(folder)
        memory = [
            tag_extraction(work, count, args.jobs).megabytes for count in sorted(set(args.records))
        ]
        print(f"memory of tag extraction, largest / smallest: {memory[-1] / memory[0]:.2f}")
        xdog_function(3)
        for count in sorted(set(args.images)):
            image_stages(work, count, args.jobs, args.cascade)
    return 0


if __name__ == "__main__":
    sys.exit(main())
