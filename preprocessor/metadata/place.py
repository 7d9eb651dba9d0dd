"""Finding the 512 px images of the chosen drawings, and putting them into their folders."""

import argparse
import errno
import os
import shutil
from functools import partial
from pathlib import Path

from files.atomic import atomic_path
from loader.tag_lines import TagLine
from preprocessor.metadata.tag_filter import FOLDERS, ChosenPost
from preprocessor.stage.stage import Summary, existing_stems, map_files, worthwhile

MISSING = "tagset_missing.txt"
IMAGE_SUFFIXES = (".jpg", ".png", ".jpeg", ".webp")
# One process copies so many images in the time that it takes to start another.
WORTH_A_PROCESS = 2000


def place_all(
    args: argparse.Namespace, chosen: list[ChosenPost], earlier: list[TagLine], summary: Summary
) -> set[int]:
    """Copy or link what is not in its folder yet; returns the ids of the drawings to be listed.

    `earlier` are the lines of tags.txt as it was, `args` those of tagset_extractor.py.
    """
    dataset: Path = args.dataset_path
    present = {name: existing_stems(dataset / name, IMAGE_SUFFIXES) for name in FOLDERS}
    placed = {drawing.id for drawing in chosen if str(drawing.id) in present[drawing.folder]}
    summary.skip("already there", len(placed))
    if args.keep_removed:
        removed = {line.file_id for line in earlier}.intersection(d.id for d in chosen) - placed
        summary.skip("removed by hand", len(removed))
        placed |= removed
    if not args.dry_run:
        for name in FOLDERS:
            (dataset / name).mkdir(parents=True, exist_ok=True)
    items = [(drawing.id, drawing.folder) for drawing in chosen if drawing.id not in placed]
    outcomes = map_files(
        partial(place, dataset=dataset, link=args.link, dry_run=args.dry_run),
        items,
        jobs=worthwhile(args.jobs, len(items), WORTH_A_PROCESS),
        dask=args.dask,
        description="linking" if args.link else "copying",
    )
    missing = []
    for outcome in outcomes:
        file_id = outcome.item[0]
        if outcome.error:
            summary.fail(outcome.error)
        elif outcome.value:
            summary.done += 1
            placed.add(file_id)
        else:
            missing.append(file_id)
    summary.skip(f"image not in 512px (see {MISSING})", len(missing))
    if not args.dry_run:
        _write_missing(dataset / MISSING, sorted(missing))
    return placed


def _write_missing(path: Path, file_ids: list[int]) -> None:
    if not file_ids:
        path.unlink(missing_ok=True)
        return
    with atomic_path(path) as temporary, temporary.open("w") as file:
        file.writelines(f"{file_id % 1000:04d}/{file_id}.jpg\n" for file_id in file_ids)


def place(item: tuple[int, str], *, dataset: Path, link: bool, dry_run: bool) -> bool:
    """Copy or hard-link the 512 px image of (id, folder) into the folder; False if there is none.

    Copies keep the time of the image. Where the file system cannot link, a copy is made.
    """
    file_id, folder = item
    source = find_image(dataset / "512px", file_id)
    if source is None or dry_run:
        return source is not None
    target = dataset / folder / f"{file_id}{source.suffix}"
    if link and _link(source, target):
        return True
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
        status = source.stat()
        os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
    return True


def find_image(folder: Path, file_id: int) -> Path | None:
    """The image of an id in `folder`: 0123/45123.jpg, 45123.jpg, or another suffix of an image."""
    for place in (f"{folder}/{file_id % 1000:04d}", folder):
        for suffix in IMAGE_SUFFIXES:
            path = f"{place}/{file_id}{suffix}"
            if os.path.isfile(path):  # noqa: PTH113 (a dump has millions; Path is slower)
                return Path(path)
    return None


def _link(source: Path, target: Path) -> bool:
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        return False
    return True
