"""Files that the studio saved, loaded again."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from finishing.exact import parse_exact
from finishing.saving import FORMATS, read_saved_entries
from studio.layered import MAX_STACK_BYTES, STACK


@dataclass(frozen=True)
class Saved:
    """The tags and exact colors of a saved picture, and its line art (8-bit gray) if it has it."""

    words: Sequence[str]
    lines: Image.Image | None


def read_saved(path: Path, size: tuple[int, int]) -> Saved | None:
    """What a file says that the studio wrote; None for every other file.

    size: that of the picture, which `read_sketch_file` found within the limits; layers that are
    larger are not read.
    """
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        return None
    try:
        entries = read_saved_entries(path)
        if "tags" not in entries or "weights" not in entries:
            return None
        exact = entries.get("exact", "").split()
        parse_exact(exact)
        words = [*entries["tags"].split(), *exact]
        read = {"ora": _lines_of_openraster, "psd": _lines_of_photoshop}.get(suffix)
        return Saved(words, read(path, size) if read else None)
    except Exception:  # of a file that is damaged only where the picture is not
        return None


def _lines_of_openraster(path: Path, size: tuple[int, int]) -> Image.Image | None:
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(STACK).file_size > MAX_STACK_BYTES:
            return None
        stack = ElementTree.fromstring(archive.read(STACK))
        for layer in stack.iter("layer"):
            if layer.get("name") == "lines":
                with archive.open(layer.get("src")) as file, Image.open(file) as image:
                    if image.width > size[0] or image.height > size[1]:
                        return None
                    at = int(layer.get("x", 0)), int(layer.get("y", 0))
                    return _on_paper(image.convert("RGBA"), size, at)
    return None


def _lines_of_photoshop(path: Path, size: tuple[int, int]) -> Image.Image | None:
    from psd_tools import PSDImage

    document = PSDImage.open(path)
    for layer in document:
        if layer.name == "lines" and layer.width <= size[0] and layer.height <= size[1]:
            lines = layer.topil().convert("RGBA")
            if layer.mask is not None:
                cover = Image.new("L", size, layer.mask.background_color)
                cover.paste(layer.mask.topil(), (layer.mask.left, layer.mask.top))
                box = (layer.left, layer.top, layer.right, layer.bottom)
                lines.putalpha(cover.crop(box))
            return _on_paper(lines, size, layer.offset)
    return None


def _on_paper(lines: Image.Image, size: tuple[int, int], at: tuple[int, int]) -> Image.Image:
    paper = Image.new("RGB", size, "white")
    paper.paste(lines, at, lines)
    return Image.fromarray(np.asarray(paper.convert("L")))
