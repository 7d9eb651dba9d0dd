"""Finished pictures as files, and what such files say of themselves."""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import ParseError

from PIL import Image

from errors import BrokenImageError
from finishing.finish import Finished
from finishing.layers import layers_of
from finishing.openraster import read_openraster_entries, save_openraster
from finishing.photoshop import read_photoshop_entries, save_photoshop
from finishing.png import read_entries, save_png

FORMATS = ("png", "ora", "psd")
LAYERED = ("ora", "psd")
WRITERS = {".ora": save_openraster, ".psd": save_photoshop}
READERS = {".png": read_entries, ".ora": read_openraster_entries, ".psd": read_photoshop_entries}


def save_finished(
    finished: Finished,
    path: Path,
    entries: Mapping[str, str],
    *,
    transparent: bool = False,
    dpi: tuple[float, float] | None = None,
) -> None:
    """Write a finished picture in the format of its suffix, one of FORMATS.

    entries: what the file says of itself, see `read_saved_entries`. transparent: without the
    background, which layers still have, only not visible. Layers and transparency need the parts.
    dpi: dots per inch across and down, below 65,536.
    Raises ValueError for what the format cannot hold.
    """
    flat = Image.fromarray(finished.picture(transparent=transparent))
    if path.suffix == ".png":
        save_png(flat, path, entries, dpi)
    elif save_layers := WRITERS.get(path.suffix):
        save_layers(path, layers_of(finished, transparent=transparent), flat, entries, dpi)
    else:
        raise ValueError(f"{path.suffix} is none of {', '.join(FORMATS)}")


def read_saved_entries(path: str | os.PathLike) -> dict[str, str]:
    """What a file that `save_finished` wrote says of itself; empty if it says nothing.

    Raises BrokenImageError for a file of another kind.
    """
    read = READERS.get(Path(path).suffix.lower())
    if read is None:
        raise BrokenImageError(path, f"none of {', '.join(READERS)}")
    try:
        return read(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, ParseError) as error:
        raise BrokenImageError(path, f"damaged, or not of Tag2Pix: {error}") from error
