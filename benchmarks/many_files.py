"""What a data set of very many images costs before the first step, and to go on with.

Makes data sets of empty files and measures, each in a process of its own, for both sizes:

* samples: reading tags.txt, listing and selecting the pairs, as training does; and how much memory
  of its own a loading process needs beside that
* cache: finding out what copies there are
* crop_and_upscale, sketch_extractor: finding out that nothing is left to do

`growth` is how many times longer the larger size takes, per file: 1.0 is linear.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
import pickle
import random
import tempfile
from pathlib import Path

from benchmarks.measuring import Measured, measure
from command_line import console
from command_line.parser import Parser
from loader.augment import shrunk_size
from loader.tags import EYE_COLORS, HAIR_COLORS, PERSON_TAGS, load_vocabulary

PROJECT = Path(__file__).resolve().parents[1]
INPUT_SIZE = 64
# What ext4 allows is 65,000.
MOST_LINKS = 60_000
FOLDERS = ("train_image_base", "rgb_cropped", "rgb_train", "keras_train", "xdog_train")
COPIED = ("rgb_train", "keras_train", "xdog_train")


def build_parser() -> Parser:
    parser = Parser(
        description=__doc__,
        epilog="example: python benchmarks/many_files.py --images 10000 100000",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--images", type=int, nargs=2, default=(100_000, 1_000_000), metavar="N")
    parser.add_argument("--work_dir", metavar="DIR", help="where the files are made")
    parser.add_argument("--part", choices=("samples", "cache"), help=argparse.SUPPRESS)
    parser.add_argument("--dataset", type=Path, help=argparse.SUPPRESS)
    return parser


def make_dataset(root: Path, count: int) -> None:
    """A finished data set of `count` images: one folder of empty files, under all the names."""
    make_files(root / FOLDERS[0], count, ".png")
    for folder in FOLDERS[1:]:
        (root / folder).symlink_to(root / FOLDERS[0], target_is_directory=True)
    copies = root / "cache" / f"{shrunk_size(INPUT_SIZE)}px"
    make_files(copies / COPIED[0], count, ".npy")
    for folder in COPIED[1:]:
        (copies / folder).symlink_to(copies / COPIED[0], target_is_directory=True)
    sizes = dict.fromkeys(range(1, count + 1), (900, 1000))
    (root / "resolutions.pkl").write_bytes(pickle.dumps(sizes))
    (root / "benchmark").mkdir()
    rng = random.Random(0)
    kinds = [_some_tags(rng, load_vocabulary().cit) for _ in range(4000)]
    with (root / "tags.txt").open("w") as file:
        file.writelines(f"{number} {kinds[number % 4000]}\n" for number in range(1, count + 1))


def _some_tags(rng: random.Random, shapes: tuple[int, ...]) -> str:
    """About 26 tags of a sample that training takes, as in tags.txt."""
    clear = [rng.choice(group) for group in (PERSON_TAGS, HAIR_COLORS, EYE_COLORS)]
    more = {*rng.choices(shapes, k=14), *rng.choices(range(600_000, 10**6), k=9)}
    return " ".join(map(str, [*clear, *(more - {*PERSON_TAGS, *HAIR_COLORS, *EYE_COLORS})]))


def make_files(folder: Path, count: int, suffix: str) -> None:
    """Files named 1 to `count`, most of them hard links, which take less time and memory."""
    folder.mkdir(parents=True)
    for number in range(1, count + 1):
        path = f"{folder}/{number}{suffix}"
        if number % MOST_LINKS == 1:
            source = path
            Path(path).touch()
        else:
            os.link(source, path)


def samples(root: Path) -> None:
    """What training does with a data directory before the first step."""
    import resource

    from loader.dataset import TrainingPairs
    from loader.layout import DataDir
    from loader.samples import select
    from loader.tag_lines import read_tag_lines

    vocabulary = load_vocabulary()
    data_dir = DataDir(root)
    lines = read_tag_lines(data_dir.tags)
    chosen = select(lines, data_dir.rgb, vocabulary, training=True, but=data_dir.benchmark_ids())
    pairs = TrainingPairs(chosen.samples, data_dir, vocabulary, input_size=INPUT_SIZE)
    print(chosen.summary(), len(pairs), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    (root / "peak.txt").write_text(f"{peak:.0f}")
    if os.fork() == 0:
        before = _own_memory()
        for index in random.Random(0).choices(range(len(pairs)), k=20_000):
            sample = pairs.samples[index]
            if not (sample.cit and sample.cvt and pairs.has_sketch[index].any()):
                raise RuntimeError(f"sample {index} is empty")
        grown = _own_memory() - before
        (root / "own_memory.txt").write_text(f"{grown / 1e6:.0f}")
        os._exit(0)
    os.wait()


def _own_memory() -> int:
    """Bytes of this process that it shares with no other."""
    rollup = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))


def cache(root: Path) -> None:
    from loader.cache import ImageCache

    ImageCache(root / "cache", INPUT_SIZE).check(0, 0)


def measured(root: Path) -> dict[str, Measured]:
    """Every part in a process of its own, as a user starts it."""
    this = Path(__file__)
    lanczos = ("--upscaler", "lanczos", "--jobs", "2", "--dataset_path", str(root))
    crop = ("--benchmark_count", "0", *lanczos)
    stages = PROJECT / "preprocessor"
    return {
        "samples": measure(this, "--part", "samples", "--dataset", str(root)),
        "cache": measure(this, "--part", "cache", "--dataset", str(root)),
        "crop_and_upscale": measure(stages / "crop_and_upscale.py", *crop),
        "sketch_extractor": measure(stages / "sketch_extractor.py", "--xdog_only", *lanczos),
    }


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    if args.part:
        {"samples": samples, "cache": cache}[args.part](args.dataset)
        return 0
    found = []
    for count in sorted(args.images):
        with tempfile.TemporaryDirectory(dir=args.work_dir) as folder:
            root = Path(folder) / "dataset"
            make_dataset(root, count)
            found.append(measured(root))
            for what, run in found[-1].items():
                growth = ""
                if len(found) > 1:
                    factor = run.seconds / found[0][what].seconds
                    growth = f"  growth {factor * min(args.images) / max(args.images):.2f}"
                print(
                    f"{what:<18} {count:>9,} {run.seconds:>6.1f} s {run.cpu_seconds:>6.1f} s CPU "
                    f"{run.megabytes:>6.0f} MB{growth}",
                    flush=True,
                )
            peak, own = ((root / name).read_text() for name in ("peak.txt", "own_memory.txt"))
            print(
                f"{'':<18} samples: {peak} MB at most; a loading process took {own} MB of its own"
            )
    return 0


if __name__ == "__main__":
    console.end(console.exit_code(main))
