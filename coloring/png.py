"""Colored pictures as files that say how they were made."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path

from PIL import Image, PngImagePlugin

from checkpoints.checkpoint import Checkpoint
from files.atomic import atomic_path, write_new
from files.folders import make_folder

SHORT_HASH = 8


def save_png(
    picture: Image.Image,
    path: Path,
    tags: Iterable[str],
    *,
    dpi: tuple[float, float] | None = None,
    **entries: str,
) -> None:
    """Save a PNG with the text entries `tags` (names, separated by spaces) and `entries`."""
    text = PngImagePlugin.PngInfo()
    for name, value in {"Software": "Tag2Pix", "tags": " ".join(tags), **entries}.items():
        text.add_text(name, value)
    picture.save(path, pnginfo=text, **({"dpi": dpi} if dpi else {}))


def write_png(
    picture: Image.Image,
    path: Path,
    tags: Iterable[str],
    *,
    dpi: tuple[float, float] | None = None,
    **entries: str,
) -> None:
    """The same under a name that is taken over if it is taken, all or nothing."""
    with atomic_path(path) as temporary:
        save_png(picture, temporary, tags, dpi=dpi, **entries)


def write_new_png(
    picture: Image.Image, folder: Path, stem: str, tags: Iterable[str], entries: Mapping[str, str]
) -> Path:
    """The same under a name that is free, `<stem>.png` or `<stem>_<number>.png`; returns it."""
    return write_new(
        (folder / f"{name}.png" for name in numbered(stem)),
        lambda path: save_png(picture, path, tags, **entries),
    )


def numbered(stem: str) -> Iterator[str]:
    """The stem, and then with numbers from 0 on."""
    yield stem
    yield from (f"{stem}_{number}" for number in count())


def weights_name(checkpoint: Checkpoint) -> str:
    """What a picture says of its weights: the file's name and the start of its SHA-256, and the
    size it was painted at where that is not theirs."""
    name = f"{checkpoint.path.name} {checkpoint.sha256[:SHORT_HASH]}"
    if checkpoint.trained_size:
        name += f" at {checkpoint.architecture.input_size} px"
    return name


def result_folder(parent: Path, checkpoint: Checkpoint) -> Path:
    """Make the folder of the pictures of these weights, and return it.

    It is `<parent>/<stem of the weights>`, or with the start of their SHA-256 appended where that
    holds pictures of others: every run has files of the same names.
    """
    stem = checkpoint.path.stem.strip(".") or "weights"
    folder = parent / stem
    if _weights_in(folder) not in (None, weights_name(checkpoint)):
        folder = parent / f"{stem}-{checkpoint.sha256[:SHORT_HASH]}"
    return make_folder(folder)


def _weights_in(folder: Path) -> str | None:
    """What a picture in a folder says of its weights; None where there is none that says it."""
    for path in folder.glob("*.png"):
        with contextlib.suppress(OSError, ValueError, SyntaxError), Image.open(path) as image:
            return image.info.get("weights")
    return None
