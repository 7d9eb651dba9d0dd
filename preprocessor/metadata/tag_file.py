"""tags.txt and resolutions.pkl of a data set: written so that nothing good is lost."""

import shutil
from collections.abc import Collection
from pathlib import Path

from files.atomic import atomic_path
from loader.tag_lines import TagLine, format_tag_line, read_tag_lines
from preprocessor.metadata.resolutions import write_resolutions
from preprocessor.metadata.tag_filter import ChosenPost
from preprocessor.stage.stage import Summary

TAGS, RESOLUTIONS = "tags.txt", "resolutions.pkl"
# More lines than these, and more than this share, do not leave tags.txt without --force.
FEW_LINES, SMALL_SHARE = 2, 0.25


class WouldBeLost(Exception):
    """Writing would lose work; `str()` says in one line what."""


def earlier_lines(dataset: Path) -> list[TagLine]:
    """The lines of tags.txt as it is; none where there is no such file."""
    path = dataset / TAGS
    return read_tag_lines(path) if path.exists() else []


def check_loss(dataset: Path, ids: Collection[int], earlier: list[TagLine]) -> None:
    """Raise WouldBeLost when a large part of the earlier images is not among the ids to be written:
    then the metadata or the images are more likely incomplete than the earlier lines wrong."""
    there = {line.file_id for line in earlier if line.file_id >= 0}
    lost = len(there.difference(ids))
    if lost and (lost == len(there) or (lost > FEW_LINES and lost > SMALL_SHARE * len(there))):
        raise WouldBeLost(
            f"{lost:,} of the {len(there):,} drawings of {dataset / TAGS} would be lost: is the "
            f"metadata, or {dataset / '512px'}, complete? --force writes it all the same"
        )


def write_tag_files(
    dataset: Path, kept: list[ChosenPost], earlier: list[TagLine], summary: Summary
) -> None:
    """Write both files, keeping the lines that face_extractor.py has added to the earlier tags.txt.

    Where other lines leave tags.txt or change, both files are kept under new names first.
    """
    faces = [line for line in earlier if line.file_id < 0]
    lines = {post.id: f"{post.id} {post.tags}" for post in kept}
    before = {line.file_id: format_tag_line(line.file_id, line.tags) for line in earlier}
    dropped = sum(1 for number in before if number >= 0 and number not in lines)
    changed = sum(1 for number in before.keys() & lines.keys() if before[number] != lines[number])
    if dropped or changed:
        copies = [_back_up(dataset / name) for name in (TAGS, RESOLUTIONS)]
        left = f"{dropped:,} lines of other images left tags.txt"
        summary.note(f"{left}, {changed:,} changed; it was kept as {copies[0]}")
    write_resolutions({post.id: (post.width, post.height) for post in kept}, dataset / RESOLUTIONS)
    with atomic_path(dataset / TAGS) as temporary, temporary.open("w") as file:
        file.writelines(line + "\n" for line in lines.values())
        file.writelines(format_tag_line(line.file_id, line.tags) + "\n" for line in faces)
    summary.note(f"tags.txt: {len(kept):,} drawings, {len(faces):,} faces of earlier runs")


def _back_up(path: Path) -> Path:
    """Copy a file that is there to the first free of NAME.bak, NAME.bak.2, NAME.bak.3, …"""
    target, number = path.with_name(f"{path.name}.bak"), 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.bak.{number}")
    if path.exists():
        with atomic_path(target) as temporary:
            shutil.copyfile(path, temporary)
    return target
