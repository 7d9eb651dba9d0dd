"""Choose the drawings fit for training from Danbooru's metadata, and write their tags.

Reads DATASET/metadata and DATASET/512px; makes train_image_base/, liner_test/, tags.txt and
resolutions.pkl in DATASET.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

from command_line import console
from command_line.parser import Parser
from errors import InputError
from files.atomic import atomic_path
from loader.tags import TAG_DUMP, TAG_TABLE, load_vocabulary, write_tag_dump
from preprocessor.metadata.each_piece import each_piece
from preprocessor.metadata.moved_tags import (
    FIRST_YEAR_OF_TODAY,
    TagNames,
    names_as_they_are,
    names_of_today,
)
from preprocessor.metadata.place import MISSING, place_all
from preprocessor.metadata.records import Tag
from preprocessor.metadata.sources import (
    DUMP_OF_2017,
    count_piece,
    have_tag_ids,
    sift,
)
from preprocessor.metadata.standing import RATINGS, SAFE
from preprocessor.metadata.tag_file import (
    RESOLUTIONS,
    TAGS,
    WouldBeLost,
    check_loss,
    earlier_lines,
    write_tag_files,
)
from preprocessor.metadata.tag_filter import FOLDERS, ChosenPost
from preprocessor.stage.stage import (
    Summary,
    absolute_path,
    add_common_arguments,
    clear_leftovers,
    run,
    writing,
)

REJECTS = "tagset_rejects.txt"
TAG_COUNTS = "tags_count.txt"

_EXAMPLE = """\
example:
  python preprocessor/tagset_extractor.py --dataset_path ./dataset --link

expects   DATASET/metadata               parquet, or JSON: one object per line, an array, one file
                                         per post; also in tars, and packed by gzip, xz or bzip2
          DATASET/512px/0167/263167.jpg  the folder is the id modulo 1000, four digits
makes     DATASET/train_image_base       the drawings to train on
          DATASET/liner_test             line drawings to test on
          DATASET/tags.txt               "<id> <tag id> <tag id> ..." per drawing
          DATASET/resolutions.pkl        their original sizes, for crop_and_upscale.py
          DATASET/tagset_rejects.txt     records of the metadata that cannot be read, if any
          DATASET/tagset_missing.txt     chosen drawings that 512px lacks, for fetch_images.py
"""


def build_parser() -> Parser:
    parser = Parser(
        description=__doc__, epilog=_EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_common_arguments(parser)
    parser.add_argument(
        "--ratings",
        nargs="+",
        choices=(SAFE, *RATINGS, "all"),
        default=[SAFE],
        help="posts to choose from: safe is s until 2021 and g since, when s became sensitive; "
        "letters are taken as the records have them (default: safe)",
    )
    parser.add_argument(
        "--as_of",
        type=int,
        metavar="YEAR",
        help="read tag names as of this year; until 2021 as they are, later through the table of "
        "moved tags (default: as they are if all records have tag ids, else as of today)",
    )
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
        "--force",
        action="store_true",
        help="write tags.txt and resolutions.pkl even if many drawings leave them",
    )
    parser.add_argument(
        "--check_all",
        action="store_true",
        help="decode also the JSON that is seen not to fit without decoding: lists every mistake "
        "in the metadata, and takes several times as long",
    )
    parser.add_argument(
        "--tag_dump",
        type=absolute_path,
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
        type=absolute_path,
        metavar="FILE",
        help="only build a vocabulary for main.py --tag_dump FILE from --tag_table",
    )
    parser.add_argument(
        "--tag_table",
        type=absolute_path,
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
        with writing(args, TAG_COUNTS):
            return make_tag_dict(args)
    try:
        with writing(args, TAGS, *FOLDERS):
            return extract(args)
    except WouldBeLost as error:
        print(error, file=sys.stderr)
        return 1


def extract(args: argparse.Namespace) -> int:
    """Choose drawings by their metadata, place them, and write the files about them.

    Raises WouldBeLost, with tags.txt and resolutions.pkl as they were.
    """
    dataset: Path = args.dataset_path
    earlier = earlier_lines(dataset)
    if not args.dry_run:
        _clear(dataset)
    summary = Summary("drawings", dry_run=args.dry_run)
    chosen = _choose(args, summary)
    if not args.force:
        check_loss(dataset, {post.id for post in chosen}, earlier)
    placed = place_all(args, chosen, earlier, summary)
    if not args.dry_run:
        if not args.force:
            check_loss(dataset, placed, earlier)
        kept = [post for post in chosen if post.id in placed]
        write_tag_files(dataset, kept, earlier, summary)
        _clear(dataset)
    return summary.close(dataset)


def _clear(dataset: Path) -> None:
    """Remove what a killed run, or a cluster's killed worker, has left unfinished."""
    clear_leftovers(dataset, (TAGS, RESOLUTIONS, REJECTS, MISSING))
    for name in FOLDERS:
        clear_leftovers(dataset / name)


def _choose(args: argparse.Namespace, summary: Summary) -> list[ChosenPost]:
    """The posts that pass, each id once, in the order of the metadata."""
    names = _tag_names(args)
    ratings = frozenset() if "all" in args.ratings else frozenset(args.ratings)
    function = partial(sift, names=names, ratings=ratings, check_all=args.check_all)
    chosen: dict[int, ChosenPost] = {}
    moved: Counter[tuple[str, str]] = Counter()
    of_today, rejected = False, 0
    with _rejects_file(args.dataset_path / REJECTS, args.dry_run) as file:
        for piece, sifted in each_piece(_metadata(args), function, args.jobs, args.dask):
            for post in sifted.posts:
                if chosen.setdefault(post.id, post) is not post:
                    summary.skip("id of an earlier record")
            for reason, count in sifted.unfit.items():
                summary.skip(reason, count)
            for place, reason in sifted.rejects:
                file.write(f"{piece.path.name}\t{place}\t{reason}\n")
            rejected += len(sifted.rejects)
            moved += sifted.moved
            of_today = of_today or sifted.of_today
    summary.skip(f"unreadable record (see {REJECTS})", rejected)
    if rejected and not (chosen or summary.skipped.total() > rejected):
        raise InputError(f"no record of {_metadata(args)} can be read; see {REJECTS}")
    posts = list(chosen.values())
    if of_today:
        summary.skipped.update(Counter(post.doubt for post in posts if post.doubt))
        posts = [post for post in posts if not post.doubt]
    _note_moved(names, moved, of_today, summary)
    return posts


def _note_moved(
    names: TagNames, moved: Counter[tuple[str, str]], of_today: bool, summary: Summary
) -> None:
    counts: Counter[str] = Counter()
    for (doubt, name), count in moved.items():
        counts[name] += 0 if doubt and of_today else count
    for name, count in (+counts).most_common():
        summary.note(f"tag {name} read as {names.moved[name]}: {count:,}")
    if names.without_heir:
        summary.note(f"tags that no record of today has: {', '.join(names.without_heir)}")


def _tag_names(args: argparse.Namespace) -> TagNames:
    vocabulary = load_vocabulary(args.tag_dump)
    if args.as_of is None:
        as_they_are = have_tag_ids(_metadata(args))
    else:
        as_they_are = args.as_of < FIRST_YEAR_OF_TODAY
    return names_as_they_are(vocabulary) if as_they_are else names_of_today(vocabulary)


def _metadata(args: argparse.Namespace) -> Path:
    return args.dataset_path / "metadata" / (DUMP_OF_2017 if args.use_2017 else "")


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
    function = partial(count_piece, names=names_as_they_are(load_vocabulary(args.tag_dump)))
    for _, (found, bad_records) in each_piece(_metadata(args), function, args.jobs, args.dask):
        counts.update(found)
        rejected += bad_records
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
    console.end(main())
