"""OpenRaster files (.ora), which Krita, GIMP and MyPaint open: https://www.openraster.org."""

import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

from finishing.layers import Layer
from finishing.png import read_entries, save_png

MERGED = "mergedimage.png"
THUMBNAIL_SIDE = 256


def save_openraster(
    path: Path,
    layers: Iterable[Layer],
    flat: Image.Image,
    entries: Mapping[str, str],
    dpi: tuple[float, float] | None = None,
) -> None:
    """Write layers, from the bottom up, and `flat`, what they look like together; `entries` go
    into the flat picture. dpi: dots per inch, whole numbers in what the format itself says."""
    image = ElementTree.Element("image", version="0.0.3", w=str(flat.width), h=str(flat.height))
    if dpi:
        image.attrib |= {"xres": str(round(dpi[0])), "yres": str(round(dpi[1]))}
    stack = ElementTree.SubElement(image, "stack")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("mimetype", "image/openraster")
        for number, layer in enumerate(layers):
            source = f"data/layer{number}.png"
            stack.insert(0, _element(layer, source))
            with archive.open(source, "w", force_zip64=True) as file:
                save_png(layer.picture, file)
        archive.writestr(
            "stack.xml", ElementTree.tostring(image, encoding="UTF-8", xml_declaration=True)
        )
        with archive.open(MERGED, "w", force_zip64=True) as file:
            save_png(flat, file, entries, dpi)
        small = flat.copy()
        small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        with archive.open("Thumbnails/thumbnail.png", "w") as file:
            save_png(small, file)


def read_openraster_entries(path: str | os.PathLike) -> dict[str, str]:
    """The entries of a file that `save_openraster` wrote. Raises OSError, ValueError, KeyError or
    zipfile.BadZipFile for others."""
    with zipfile.ZipFile(path) as archive, archive.open(MERGED) as file:
        return read_entries(file)


def _element(layer: Layer, source: str) -> ElementTree.Element:
    return ElementTree.Element(
        "layer",
        {
            "name": layer.name,
            "src": source,
            "x": str(layer.left),
            "y": str(layer.top),
            "opacity": "1.0",
            "visibility": "visible" if layer.visible else "hidden",
            "composite-op": "svg:src-over",
        },
    )
