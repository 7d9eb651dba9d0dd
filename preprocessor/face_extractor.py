"""Fourth stage: faces as further training images.

First run: finds the faces in `rgb_train` and puts those of at least 128 px into `temp_faces`;
with --drawn all of them, however small. --smallest chooses another size.
Then look through `temp_faces` and delete what is no face.
Second run, with --add_all: moves the faces that are left to `rgb_train`, cuts the same part out of
every sketch (`keras_train`, `xdog_train`, `simpl_train`) and adds their lines to `tags.txt`, with
the person, hair, eye and face tags of the whole image (--all_tags: with all of them). A face has
the negative id of its image.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
from functools import partial
from pathlib import Path

from command_line import console
from command_line.parser import Parser
from drawn_art.records import drawn_with
from errors import InputError
from files.download import check_sha256, fetch
from loader.layout import LINE_ART_FOLDERS
from loader.tags import TAG_DUMP
from preprocessor.faces.drawn import FaceCut
from preprocessor.faces.positions import FacePosition, SearchJournal
from preprocessor.faces.samples import add_faces
from preprocessor.faces.search import SMALLEST, FaceSearch, load_cascade
from preprocessor.stage.batch import ALL_FILES, numbered_images, skip_file
from preprocessor.stage.stage import (
    Summary,
    absolute_path,
    add_common_arguments,
    clear_leftovers,
    list_files,
    map_files,
    run,
    writing,
)

CASCADE_URL = (
    "https://raw.githubusercontent.com/nagadomi/lbpcascade_animeface/master/"
    "lbpcascade_animeface.xml"
)
CASCADE_SHA256 = "9376d30ac38db6bda2a68b88b3b76bbd7e6aa33af47f7f5c76bc88ca75f1ce30"
CASCADE_PATH = Path(__file__).with_name("lbpcascade_animeface.xml")

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")


def build_parser() -> Parser:
    parser = Parser(
        description=__doc__,
        epilog="example: python preprocessor/face_extractor.py --dataset_path ./dataset\n"
        "         (delete what is no face from dataset/temp_faces)\n"
        "         python preprocessor/face_extractor.py --dataset_path ./dataset --add_all\n\n"
        "Images that were searched are not searched again: what you deleted stays deleted.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common_arguments(parser)
    parser.add_argument(
        "--add_all", action="store_true", help="add the faces in temp_faces to the training set"
    )
    parser.add_argument(
        "--keep_deleted_faces",
        action="store_true",
        help="with --add_all: sketches and tag lines also for faces you deleted, as the "
        "original scripts made them",
    )
    parser.add_argument(
        "--all_tags",
        action="store_true",
        help="with --add_all: faces keep every tag of their image, of skin and background too, "
        "so that nothing they show has a color that no tag says",
    )
    parser.add_argument(
        "--tag_dump",
        type=absolute_path,
        default=TAG_DUMP,
        metavar="FILE",
        help="with --add_all: the vocabulary that says which tags are of hair and face "
        "(default: the one in loader/)",
    )
    parser.add_argument(
        "--cascade",
        type=absolute_path,
        metavar="FILE",
        help=f"OpenCV cascade that finds faces (default: {CASCADE_PATH.name} beside this script, "
        "downloaded if it is not there)",
    )
    parser.add_argument(
        "--drawn",
        action="store_true",
        help="the images are those of demo_dataset.py: their faces are known, need no cascade, and "
        "are taken at any size",
    )
    parser.add_argument(
        "--smallest",
        type=int,
        metavar="PX",
        help=f"side of the smallest faces to take (default: {SMALLEST}, with --drawn 1)",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    return run(partial(_stage, args))


def _stage(args: argparse.Namespace) -> int:
    if args.smallest is not None and args.smallest < 1:
        raise InputError(f"--smallest {args.smallest}: at least one pixel, please")
    if args.add_all:
        for flag in ("drawn", "cascade", "smallest"):
            if getattr(args, flag):
                raise InputError(f"--{flag} is for finding faces: it does not go with --add_all")
        with writing(args, "temp_faces", "rgb_train", "tags.txt", *LINE_ART_FOLDERS):
            return add_faces(args)
    if args.drawn and args.cascade:
        raise InputError("give --drawn or --cascade, not both")
    for flag in ("keep_deleted_faces", "all_tags"):
        if getattr(args, flag):
            raise InputError(f"--{flag} is for --add_all")
    with writing(args, "temp_faces"):
        return find_faces(args)


def find_faces(args: argparse.Namespace) -> int:
    """Search the images of `rgb_train` that were not searched yet."""
    faces = args.dataset_path / "temp_faces"
    summary = Summary("faces", dry_run=args.dry_run)
    images = _whole_images(args.dataset_path / "rgb_train", summary)
    journal = SearchJournal(faces)
    todo = [path for file_id, path in images.items() if file_id not in journal.entries]
    summary.skip("searched before", len(images) - len(todo))
    if args.dry_run:
        print(f"{len(todo):,} images would be searched for faces")
        return summary.close(faces)
    if args.drawn:
        search = FaceCut(faces, *drawn_with(args.dataset_path), args.smallest or 1)
    else:
        search = FaceSearch(faces, _cascade_file(args), args.smallest or SMALLEST)
    clear_leftovers(faces)
    journal.start()
    try:
        found = map_files(search, todo, jobs=args.jobs, description="faces", dask=args.dask)
        for outcome in found:
            _note(outcome, journal, summary)
    finally:
        journal.finish()
    code = summary.close(faces)
    print(f"now delete what is no face from {faces}, then run this again with --add_all")
    return code


def _note(outcome, journal: SearchJournal, summary: Summary) -> None:
    if outcome.error:
        summary.fail(outcome.error)
        return
    file_id = int(outcome.item.stem)
    if isinstance(outcome.value, FacePosition):
        journal.add(file_id, outcome.value.line())
        summary.done += 1
    else:
        journal.add(file_id, f"{file_id} {outcome.value}")
        summary.skip(outcome.value)


def _whole_images(folder: Path, summary: Summary) -> dict[int, Path]:
    """The images of `folder` that are not faces already."""
    images = {}
    for file_id, path in numbered_images(list_files(folder, ALL_FILES), summary).items():
        if file_id < 0:
            summary.skip("a face itself")
        elif path.suffix.lower() not in IMAGE_SUFFIXES:
            skip_file(summary, path, "neither PNG nor JPEG")
        else:
            images[file_id] = path
    return images


def _cascade_file(args: argparse.Namespace) -> Path:
    if args.cascade:
        path = args.cascade
    else:
        path = CASCADE_PATH
        if path.is_file():
            check_sha256(path, CASCADE_SHA256)
        else:
            fetch(CASCADE_URL, path, CASCADE_SHA256)
    load_cascade(path)
    return path


if __name__ == "__main__":
    console.end(main())
