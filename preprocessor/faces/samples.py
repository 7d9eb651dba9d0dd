"""Faces become training samples: color crop, sketch crops and tag line."""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from errors import InputError
from files.atomic import atomic_path
from images.png import write_png
from images.reader import read_gray
from loader.layout import DataDir
from loader.tag_lines import TagLine, format_tag_line, read_tag_lines
from loader.tags import HAIR_COLORS, PERSON_TAGS, Vocabulary, load_vocabulary
from preprocessor.faces.positions import FacePosition, read_positions
from preprocessor.stage.stage import Summary, clear_leftovers, existing_stems, map_files


def face_tags(tags: Iterable[int], vocabulary: Vocabulary) -> list[int]:
    """Keep the tags that a face can show (person, hair, eyes, face), each once, in their order."""
    shown = {
        *PERSON_TAGS,
        *HAIR_COLORS,
        *vocabulary.cit_parts["hair"],
        *vocabulary.cit_parts["face"],
        *vocabulary.cvt_parts["face"],
    }
    return [tag for tag in dict.fromkeys(tags) if tag in shown]


def add_faces(args: argparse.Namespace) -> int:
    """Add the faces left in `temp_faces` to the training set; what is added already stays so.

    The sketches come first, then all tag lines in one replacement of `tags.txt`, then the faces:
    a run killed anywhere is completed by the next, and no image is ever there without its line.
    """
    dataset = args.dataset_path
    folders = DataDir(dataset).line_art
    lines = read_tag_lines(dataset / "tags.txt")
    positions = read_positions(dataset / "temp_faces" / "face_position.txt")
    summary = Summary("faces added", dry_run=args.dry_run)
    faces = _addable(positions, lines, args, summary)
    drawn = _cut_sketches(faces, folders, args, summary)
    faces = [face for face in faces if face.file_id in drawn]
    _add_tag_lines(faces, lines, args)
    _move(faces, args, summary)
    return summary.close(dataset / "rgb_train")


def _addable(
    positions: list[FacePosition],
    lines: list[TagLine],
    args: argparse.Namespace,
    summary: Summary,
) -> list[FacePosition]:
    """The faces that have a tag line and were not deleted by hand."""
    tagged = {line.file_id for line in lines}
    there = existing_stems(args.dataset_path / "temp_faces")
    added = existing_stems(args.dataset_path / "rgb_train")
    addable = []
    for face in positions:
        name = f"-{face.file_id}"
        if face.file_id not in tagged:
            summary.skip("the image has no tag line")
        elif name in there or name in added or args.keep_deleted_faces:
            addable.append(face)
        else:
            summary.skip("deleted from temp_faces")
    return addable


@dataclass(frozen=True)
class SketchCut:
    """The part of one sketch that shows a face, and the file it goes to."""

    source: Path
    target: Path
    face: FacePosition

    def __str__(self) -> str:
        return str(self.source)


def cut_sketch(cut: SketchCut) -> None:
    sketch = read_gray(cut.source)
    part = sketch[cut.face.pixels(*sketch.shape)]
    if not part.size:
        raise InputError("the face is less than a pixel of this sketch")
    write_png(cut.target, part)


def _cut_sketches(
    faces: list[FacePosition], folders: list[Path], args: argparse.Namespace, summary: Summary
) -> set[int]:
    """Cut what is not cut yet; returns the ids of the faces that have at least one sketch."""
    cuts, drawn = [], set()
    for folder in folders:
        if not args.dry_run:
            clear_leftovers(folder)
        stems = existing_stems(folder)
        for face in faces:
            if f"-{face.file_id}" in stems:
                drawn.add(face.file_id)
            elif str(face.file_id) in stems:
                source, target = folder / f"{face.file_id}.png", folder / f"-{face.file_id}.png"
                cuts.append(SketchCut(source, target, face))
    if args.dry_run:
        return drawn | {cut.face.file_id for cut in cuts}
    outcomes = map_files(cut_sketch, cuts, jobs=args.jobs, description="sketches", dask=args.dask)
    for outcome in outcomes:
        if outcome.error:
            summary.fail(outcome.error)
        else:
            drawn.add(outcome.item.face.file_id)
    summary.skip("the image has no sketch", len({face.file_id for face in faces} - drawn))
    return drawn


def _add_tag_lines(
    faces: list[FacePosition], lines: list[TagLine], args: argparse.Namespace
) -> None:
    path = args.dataset_path / "tags.txt"
    tags = {line.file_id: line.tags for line in lines}
    new = [face for face in faces if -face.file_id not in tags]
    if args.dry_run or not new:
        return
    kept = {face.file_id: tags[face.file_id] for face in new}
    if not args.all_tags:
        vocabulary = load_vocabulary(args.tag_dump)
        kept = {file_id: face_tags(found, vocabulary) for file_id, found in kept.items()}
    new_lines = [format_tag_line(-file_id, found) for file_id, found in kept.items()]
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        content += b"\n"
    with atomic_path(path) as temporary:
        temporary.write_bytes(content + "".join(f"{line}\n" for line in new_lines).encode("ascii"))


def _move(faces: list[FacePosition], args: argparse.Namespace, summary: Summary) -> None:
    """Move the color crops last; where one is missing, it is there already or was deleted."""
    for face in faces:
        source = args.dataset_path / "temp_faces" / f"-{face.file_id}.png"
        target = args.dataset_path / "rgb_train" / source.name
        if source.exists():
            summary.done += 1
            if not args.dry_run:
                target.parent.mkdir(exist_ok=True)
                source.replace(target)
        elif target.exists():
            summary.skip("added before")
        else:
            summary.skip("deleted from temp_faces, sketches and tag line added")
