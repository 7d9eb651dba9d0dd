"""Choose the drawings fit for training from Danbooru's metadata, and write their tags.

Reads DATASET/metadata and DATASET/512px; makes train_image_base/, liner_test/, tags.txt and
resolutions.pkl in DATASET.
"""

import argparse
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TextIO

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from errors import InputError
from files.atomic import atomic_path
from loader.tags import (
    TAG_DUMP,
    TAG_TABLE,
    TagLine,
    format_tag_line,
    load_vocabulary,
    read_tag_lines,
    write_tag_dump,
)
from preprocessor.metadata.place import place_all
from preprocessor.metadata.reading import ByteRange, Tag, byte_ranges, count_tags, metadata_files
from preprocessor.metadata.resolutions import write_resolutions
from preprocessor.metadata.tag_filter import FOLDERS, NAMES_BEYOND_VOCABULARY, Drawing, sift
from preprocessor.stage.stage import (
    Outcome,
    Summary,
    add_common_arguments,
    clear_leftovers,
    map_files,
    run,
    worthwhile,
)

REJECTS = "tagset_rejects.txt"
TAG_COUNTS = "tags_count.txt"
SMALLEST_RANGE, LARGEST_RANGE = 1 << 20, 32 << 20
# One process reads so many bytes in the time that it takes to start another.
WORTH_A_PROCESS = 200 << 20

_EXAMPLE = """\
example:
  python preprocessor/tagset_extractor.py --dataset_path ./dataset --link

expects   DATASET/metadata/20*           one JSON object per line (posts* is read too)
          DATASET/512px/0167/263167.jpg  the folder is the id modulo 1000, four digits
makes     DATASET/train_image_base       the drawings to train on
          DATASET/liner_test             line drawings to test on
          DATASET/tags.txt               "<id> <tag id> <tag id> ..." per drawing
          DATASET/resolutions.pkl        their original sizes, for crop_and_upscale.py
          DATASET/tagset_rejects.txt     lines of the metadata that cannot be read, if any
          DATASET/tagset_missing.txt     chosen drawings that 512px lacks, if any
"""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_common_arguments(parser)
    parser.add_argument(
        "--use_2017", action="store_true", help="read the metadata in metadata/2017 instead"
    )
    parser.add_argument(
        "--link", action="store_true", help="make hard links instead of copies, to save space"
    )
    parser.add_argument(
        "--keep_removed",
        action="store_true",
        help="images that you removed by hand after an earlier run stay removed",
    )
    parser.add_argument(
        "--check_all",
        action="store_true",
        help="decode also the records that are seen not to fit without decoding them: lists every "
        "mistake in the metadata, and takes several times as long",
    )
    parser.add_argument(
        "--tag_dump",
        type=Path,
        default=TAG_DUMP,
        metavar="FILE",
        help="vocabulary that gives ids to tag names, for metadata without tag ids (2021)",
    )
    parser.add_argument(
        "--make_tag_dict",
        action="store_true",
        help=f"only count the general tags, into DATASET_PATH/{TAG_COUNTS}: '<id> <name> <count>'",
    )
    parser.add_argument(
        "--make_tag_dump",
        type=Path,
        metavar="FILE",
        help="only build a vocabulary for main.py --tag_dump FILE from --tag_table",
    )
    parser.add_argument(
        "--tag_table",
        type=Path,
        default=TAG_TABLE,
        metavar="FILE",
        help="table with the columns id, name, kind, index, part, count (default: loader/tags.tsv)",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    return run(partial(_stage, args))


def _stage(args: argparse.Namespace) -> int:
    if args.make_tag_dump:
        return make_tag_dump(args)
    if args.make_tag_dict:
        return make_tag_dict(args)
    return extract(args)


def extract(args: argparse.Namespace) -> int:
    """Choose drawings by their metadata, place them, and write the files about them."""
    dataset: Path = args.dataset_path
    earlier = read_tag_lines(dataset / "tags.txt") if (dataset / "tags.txt").exists() else []
    if not args.dry_run:
        _clear(dataset)
    summary = Summary("drawings", dry_run=args.dry_run)
    chosen = _choose(args, summary)
    placed = place_all(args, chosen, earlier, summary)
    if not args.dry_run:
        kept = [drawing for drawing in chosen if drawing.id in placed]
        sizes = {drawing.id: (drawing.width, drawing.height) for drawing in kept}
        write_resolutions(sizes, dataset / "resolutions.pkl")
        _write_tags(dataset / "tags.txt", kept, earlier, summary)
        _clear(dataset)
    return summary.close(dataset)


def _clear(dataset: Path) -> None:
    """Remove what a killed run, or a cluster's killed worker, has left unfinished."""
    for folder in (dataset, *(dataset / name for name in FOLDERS)):
        clear_leftovers(folder)


def _choose(args: argparse.Namespace, summary: Summary) -> list[Drawing]:
    """The drawings that pass, each id once, in the order of the metadata."""
    chosen: dict[int, Drawing] = {}
    rejected = 0
    with _rejects_file(args.dataset_path / REJECTS, args.dry_run) as file:
        ids = _ids_by_name(args.tag_dump)
        function = partial(sift, ids=ids, check_all=args.check_all)
        for piece, sifted in _each_range(args, function):
            for drawing in sifted.drawings:
                if chosen.setdefault(drawing.id, drawing) is not drawing:
                    summary.skip("id of an earlier record")
            for reason, count in sifted.unfit.items():
                summary.skip(reason, count)
            for position, reason in sifted.rejects:
                file.write(f"{piece.path.name}\tbyte {position}\t{reason}\n")
            rejected += len(sifted.rejects)
    summary.skip(f"unreadable record (see {REJECTS})", rejected)
    return list(chosen.values())


def _each_range(args: argparse.Namespace, function: Callable) -> Iterator[tuple[ByteRange, Any]]:
    """Apply `function` to all metadata, in ranges; yields (range, result) in the order read."""
    files = metadata_files(args.dataset_path / "metadata" / ("2017" if args.use_2017 else ""))
    total = sum(path.stat().st_size for path in files)
    jobs = worthwhile(args.jobs, total, WORTH_A_PROCESS)
    size = min(max(total // (8 * jobs), SMALLEST_RANGE), LARGEST_RANGE)
    outcomes = map_files(
        function,
        byte_ranges(files, size),
        jobs=jobs,
        dask=args.dask,
        description="metadata",
        unit="B",
        size=lambda piece: piece.end - piece.start,
        batch_size=1,
    )
    waiting: dict[int, Outcome] = {}
    position = 0
    for outcome in outcomes:
        if outcome.error:
            raise InputError(f"cannot read the metadata: {outcome.error}")
        waiting[outcome.item.index] = outcome
        while position in waiting:
            first = waiting.pop(position)
            yield first.item, first.value
            position += 1


def _ids_by_name(tag_dump: Path) -> dict[str, int]:
    return NAMES_BEYOND_VOCABULARY | load_vocabulary(tag_dump).ids


@contextmanager
def _rejects_file(path: Path, dry_run: bool) -> Iterator[TextIO]:
    if dry_run:
        with Path(os.devnull).open("w") as file:
            yield file
        return
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace") as file,
    ):
        yield file
    if not path.stat().st_size:
        path.unlink()


def _write_tags(path: Path, kept: list[Drawing], earlier: list[TagLine], summary: Summary) -> None:
    """Write tags.txt, keeping the lines that face_extractor.py has added to the earlier one."""
    faces = [line for line in earlier if line.file_id < 0]
    dropped = {line.file_id for line in earlier if line.file_id >= 0} - {d.id for d in kept}
    if dropped:
        backup = path.with_name("tags.txt.bak")
        with atomic_path(backup) as temporary:
            shutil.copyfile(path, temporary)
        summary.note(
            f"{len(dropped):,} lines of other images left tags.txt; it was kept as {backup}"
        )
    with atomic_path(path) as temporary, temporary.open("w") as file:
        file.writelines(f"{drawing.id} {drawing.tags}\n" for drawing in kept)
        file.writelines(format_tag_line(line.file_id, line.tags) + "\n" for line in faces)
    summary.note(f"tags.txt: {len(kept):,} drawings, {len(faces):,} faces of earlier runs")


def make_tag_dump(args: argparse.Namespace) -> int:
    """Build a vocabulary pickle from a table."""
    if not args.tag_table.is_file():
        raise InputError(f"there is no tag table {args.tag_table}")
    if not args.dry_run:
        write_tag_dump(args.tag_table, args.make_tag_dump)
        vocabulary = load_vocabulary(args.make_tag_dump)
        sizes = f"{len(vocabulary.cit)} CIT tags, {len(vocabulary.cvt)} CVT tags"
        print(f"{args.make_tag_dump}: {len(vocabulary.ids):,} tags, {sizes}")
    return 0


def make_tag_dict(args: argparse.Namespace) -> int:
    """Count the general tags of all records into tags_count.txt, the most frequent first."""
    counts: Counter[Tag] = Counter()
    rejected = 0
    function = partial(count_tags, ids=_ids_by_name(args.tag_dump))
    for _, (found, bad_lines) in _each_range(args, function):
        counts.update(found)
        rejected += bad_lines
    target = args.dataset_path / TAG_COUNTS
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0].id or 0, row[0].name))
    if not args.dry_run:
        with atomic_path(target) as temporary, temporary.open("w", encoding="utf-8") as file:
            file.writelines(
                f"{'-' if tag.id is None else tag.id} {tag.name} {count}\n" for tag, count in rows
            )
    summary = Summary("tags", dry_run=args.dry_run)
    summary.done = len(rows)
    summary.skip("unreadable record", rejected)
    return summary.close(target)


if __name__ == "__main__":
    sys.exit(main())
