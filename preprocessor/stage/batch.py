"""Which files a stage works on, and the work on all of them, as every image stage does it."""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tqdm import tqdm

from preprocessor.stage.stage import IMAGE_SUFFIXES, Summary, map_files

ALL_FILES = ("",)
"""The suffixes to give to `list_files` so that nothing is left out unseen."""

_INTEGER = re.compile(r"-?[0-9]+")


def numbered_images(paths: Iterable[Path], summary: Summary) -> dict[int, Path]:
    """Return the images among `paths` by the integer that is their name, in the order given.

    Everything else is named on stderr and counted in `summary` as skipped: files that are no
    images, names that are no integers, and all but the first of several files of one id.
    """
    images: dict[int, Path] = {}
    for path in paths:
        # There may be millions; the properties of Path would take most of the time.
        stem, _, suffix = path.name.rpartition(".")
        reason = _reason_to_skip(stem, f".{suffix}", images)
        if reason is None:
            images[int(stem)] = path
        else:
            skip_file(summary, path, reason)
    return images


def skip_file(summary: Summary, path: Path, reason: str) -> None:
    """Name a file that is left alone on stderr, and count it."""
    tqdm.write(f"{path}: skipped, {reason}", file=sys.stderr)
    summary.skip(reason)


def _reason_to_skip(stem: str, suffix: str, images: dict[int, Path]) -> str | None:
    if suffix.lower() not in IMAGE_SUFFIXES:
        return "not an image file"
    if not _INTEGER.fullmatch(stem):
        return "the name is not an integer"
    if int(stem) in images:
        return "another file has this id"
    return None


def without(
    images: dict[int, Path], stems: set[str], reason: str, summary: Summary
) -> dict[int, Path]:
    """Drop the images whose ids are among `stems`, and count them as skipped for `reason`."""
    kept = {file_id: path for file_id, path in images.items() if str(file_id) not in stems}
    summary.skip(reason, len(images) - len(kept))
    return kept


def process(
    function: Callable,
    items: Sequence,
    description: str,
    args: argparse.Namespace,
    summary: Summary,
    jobs: int | None = None,
) -> None:
    """Apply `function` to all items as the common arguments say, and count what came of each.

    In a dry run they are only counted. `jobs` overrides `args.jobs`.
    """
    if args.dry_run or not items:
        summary.done += len(items)
        return
    outcomes = map_files(
        function, items, jobs=jobs or args.jobs, description=description, dask=args.dask
    )
    for outcome in outcomes:
        summary.add(outcome)
