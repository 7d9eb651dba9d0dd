"""PNGs that say how they were made."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from PIL import Image, PngImagePlugin


def save_png(
    picture: Image.Image,
    file: Path | IO[bytes],
    entries: Mapping[str, str] | None = None,
    dpi: tuple[float, float] | None = None,
) -> None:
    """Write a PNG with text entries, and how many dots per inch it has."""
    text = PngImagePlugin.PngInfo()
    for name, value in (entries or {}).items():
        text.add_text(name, value)
    picture.save(file, "PNG", pnginfo=text, **({"dpi": dpi} if dpi else {}))


def read_entries(file: str | os.PathLike | IO[bytes]) -> dict[str, str]:
    """The text entries of a PNG. Raises OSError or ValueError for what is none."""
    with Image.open(file, formats=["PNG"]) as image:
        return {name: value for name, value in image.info.items() if isinstance(value, str)}
