"""Fetch the chosen images, and only those, out of the tars of a data set on the Hugging Face hub.

Reads DATASET/tagset_missing.txt, which tagset_extractor.py writes; makes DATASET/512px. Each image
is one Range request; it is checked, fitted into a square, and written as the later stages expect.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
import shutil
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

from command_line import console
from command_line.parser import Parser
from errors import InputError
from files.atomic import atomic_path
from files.regular import check_regular
from preprocessor.hub.layouts import PRESETS, Layout, parse_layout
from preprocessor.metadata.place import IMAGE_SUFFIXES, MISSING
from preprocessor.stage.stage import (
    Summary,
    absolute_path,
    add_dataset_arguments,
    clear_leftovers,
    existing_stems,
    run,
    writing,
)
from progress import Progress

PROBLEMS = "fetch_problems.txt"
REPO = "deepghs/danbooru2024-sfw"
MOST_CONNECTIONS = 16
MOST_DIGITS = 18  # of an id
# Of originals: 1.2 MB on average; an index is about 1 MB.
MEGABYTES_PER_IMAGE, MEGABYTES_PER_INDEX = 1.2, 1.0

WHOSE = """\
These drawings belong to the artists who made them. A host's label, such as "MIT" or "other", is
about its packing and gives no rights to them: keep them to yourself, and ask before you publish
them, or a network trained on them, where the law or an artist may object."""

_EXAMPLE = f"""\
example:
  python preprocessor/tagset_extractor.py --dataset_path ./dataset
  python preprocessor/fetch_images.py --dataset_path ./dataset
  python preprocessor/tagset_extractor.py --dataset_path ./dataset --link

expects   DATASET/{MISSING}   "0167/263167.jpg", or only the id, per line
makes     DATASET/512px/0167/263167.jpg
          DATASET/{PROBLEMS}   what is missing or broken at the source, and why, if any

HF_TOKEN, HF_ENDPOINT and HF_HOME are heeded. Stop it at any time: the same command continues.
"""


def build_parser() -> Parser:
    parser = Parser(
        description=__doc__, epilog=_EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_dataset_arguments(parser)
    add = parser.add_argument
    add("--repo", default=REPO, help="data set on the hub (default: %(default)s)")
    add("--revision", default="main", help="branch, tag or commit (default: %(default)s)")
    add(
        "--layout",
        help=f"where posts lie: {', '.join(PRESETS)}, or a template such as "
        "images/{mod1000:04d}.tar (default: that of the owner of --repo)",
    )
    add("--index_repo", metavar="REPO", help="where the indexes are, if not in --repo")
    add(
        "--list",
        type=absolute_path,
        metavar="FILE",
        help=f"what to fetch (default: DATASET/{MISSING})",
    )
    add("--size", type=int, default=512, metavar="PX", help="side of the squares (default: 512)")
    add(
        "--connections",
        type=int,
        default=4,
        metavar="N",
        help=f"images fetched at the same time, at most {MOST_CONNECTIONS} (default: %(default)s)",
    )
    add("--tries", type=int, default=8, metavar="N", help="per request (default: %(default)s)")
    add(
        "--wait",
        type=float,
        default=1.0,
        metavar="SECONDS",
        help="after a first failure; doubles with each (default: %(default)s)",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    return run(partial(_stage, args))


def _stage(args: argparse.Namespace) -> int:
    _check(args)
    layout = parse_layout(args.layout, args.repo, args.index_repo)
    folder = args.dataset_path / "512px"
    listed = read_list(args.list or args.dataset_path / MISSING)
    missing = _missing(folder, listed)
    summary = Summary("images", dry_run=args.dry_run)
    summary.skip("already there", len(listed) - len(missing))
    _announce(args, layout, missing)
    if args.dry_run:
        summary.done = len(missing)
        return summary.close(folder)
    with writing(args, "512px"):
        _clear(folder, listed)
        problems = _fetch(args, layout, folder, missing, summary)
        _write_problems(args.dataset_path / PROBLEMS, problems)
    code = summary.close(folder)
    print(
        f"next: python preprocessor/tagset_extractor.py --dataset_path {args.dataset_path} --link"
    )
    return code


def _check(args: argparse.Namespace) -> None:
    if not 64 <= args.size <= 4096:
        raise InputError(f"--size {args.size}: from 64 to 4096 pixels, please")
    if not 1 <= args.connections <= MOST_CONNECTIONS:
        raise InputError(f"--connections {args.connections}: from 1 to {MOST_CONNECTIONS}, please")
    if args.tries < 1 or not 0 <= args.wait <= 600:
        raise InputError("--tries is at least 1, --wait from 0 to 600 seconds")
    if args.repo.count("/") != 1:
        raise InputError(f"--repo {args.repo}: OWNER/NAME, please")


def read_list(path: Path) -> list[int]:
    """The ids in a list of images, each once, in order; raises InputError naming the line."""
    ids: dict[int, None] = {}
    try:
        check_regular(path)
        with path.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                name = line.strip().rpartition("/")[2].partition(".")[0]
                if name.isascii() and name.isdigit() and len(name) <= MOST_DIGITS:
                    ids[int(name)] = None
                elif line.strip():
                    raise InputError(f"{path}, line {number}: {line.strip()[:60]} names no image")
    except OSError as error:
        raise InputError(
            f"cannot read the list {path}: {error.strerror}; tagset_extractor.py writes it, where "
            "images are missing"
        ) from error
    return list(ids)


def _missing(folder: Path, listed: Iterable[int]) -> list[int]:
    """Those of the listed ids of which there is no image, in order."""
    present: dict[str, set[str]] = {"": existing_stems(folder, IMAGE_SUFFIXES)}
    missing = []
    for post_id in listed:
        name = f"{post_id % 1000:04d}"
        if name not in present:
            present[name] = existing_stems(folder / name, IMAGE_SUFFIXES)
        if str(post_id) not in present[name] and str(post_id) not in present[""]:
            missing.append(post_id)
    return missing


def _clear(folder: Path, listed: Iterable[int]) -> None:
    for name in sorted({f"{post_id % 1000:04d}" for post_id in listed}):
        clear_leftovers(folder / name)


def _announce(args: argparse.Namespace, layout: Layout, missing: list[int]) -> None:
    """Say what is about to be fetched, and stop where there is no room for it."""
    tars = len({layout.places(post_id) for post_id in missing})
    traffic = len(missing) * MEGABYTES_PER_IMAGE + tars * MEGABYTES_PER_INDEX
    print(f"{len(missing):,} images to fetch from {args.repo}, in {tars:,} tars: about ", end="")
    print(f"{traffic / 1000:,.1f} GB, if originals have 1.2 MB on average and indexes 1 MB")
    print(WHOSE, flush=True)
    needed = len(missing) * args.size**2 * 0.4
    args.dataset_path.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(args.dataset_path).free
    if needed > free:
        raise InputError(
            f"they take about {needed / 1e9:.1f} GB at {args.size} px, and {args.dataset_path} has "
            f"{free / 1e9:.1f}: name another place, --dataset_path DIR"
        )


def _fetch(
    args: argparse.Namespace, layout: Layout, folder: Path, missing: list[int], summary: Summary
) -> dict[int, str]:
    """Fetch on several connections, tar by tar; returns what is wrong with those that failed."""
    from preprocessor.hub.client import HubClient
    from preprocessor.hub.fetching import Fetched, Fetcher

    client = HubClient(args.repo, args.revision, tries=args.tries, wait=args.wait)
    fetcher = Fetcher(client, layout, folder, args.size)
    groups: dict[tuple[str, ...], list[int]] = {}
    for post_id in missing:
        groups.setdefault(layout.places(post_id), []).append(post_id)
    problems: dict[int, str] = {}
    reasons: Counter[str] = Counter()
    received = 0
    with (
        Progress(total=len(missing), desc="fetching", unit="img") as bar,
        ThreadPoolExecutor(args.connections) as pool,
    ):

        def report(fetched: Fetched) -> None:
            nonlocal received
            with bar.get_lock():
                received += fetched.received
                bar.update()
                if not fetched.problem:
                    summary.done += 1
                    return
                problems[fetched.post_id] = fetched.problem
                if fetched.at_source:
                    reasons[fetched.problem.partition(":")[0]] += 1
                else:
                    summary.fail(f"{fetched.post_id}: {fetched.problem}")

        try:
            works = [pool.submit(fetcher.fetch_all, ids, report) for ids in groups.values()]
            for work in wait(works, return_when=FIRST_EXCEPTION).done:
                work.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            client.stop()
            raise
    for reason, count in reasons.items():
        summary.skip(f"at the source: {reason} (see {PROBLEMS})", count)
    summary.note(f"received: {received / 1e6:,.1f} MB of images")
    return problems


def _write_problems(path: Path, problems: dict[int, str]) -> None:
    if not problems:
        path.unlink(missing_ok=True)
        return
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for post_id, problem in sorted(problems.items()):
            file.write(f"{post_id % 1000:04d}/{post_id}.jpg\t{problem}\n")


if __name__ == "__main__":
    console.end(main())
