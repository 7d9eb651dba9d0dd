"""Colored pictures as files that say how they were made."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, PngImagePlugin

from files.atomic import atomic_path


def write_png(picture: Image.Image, path: Path, tags: Sequence[str], **entries: str) -> None:
    """Write a PNG with the text entries `tags` (names, separated by spaces) and `entries`."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Software", "Tag2Pix")
    text.add_text("tags", " ".join(tags))
    for name, value in entries.items():
        text.add_text(name, value)
    with atomic_path(path) as temporary:
        picture.save(temporary, pnginfo=text)
