"""Photoshop files (.psd) with layers, which Clip Studio, Krita and GIMP open, too."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

from finishing.layers import Layer

NAMESPACE = "https://github.com/blandocs/Tag2Pix"
LONGEST = 30_000
# Of the resource for the resolution: 16.16 fixed point, and the units to show it in.
FIXED_POINT = 1 << 16
PER_INCH, INCHES = 1, 1
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def save_photoshop(
    path: Path,
    layers: Iterable[Layer],
    flat: Image.Image,
    entries: Mapping[str, str],
    dpi: tuple[float, float] | None = None,
) -> None:
    """Write layers, from the bottom up, and `flat`, what they look like together; `entries` go
    into the XMP packet. dpi: dots per inch, below 65,536. Raises ValueError for a side of more
    than 30,000 pixels."""
    from psd_tools import PSDImage
    from psd_tools.constants import ColorMode, Compression, Resource
    from psd_tools.psd import PSD
    from psd_tools.psd.header import FileHeader
    from psd_tools.psd.image_data import ImageData
    from psd_tools.psd.image_resources import ImageResource, ImageResources, ResoulutionInfo

    if max(flat.size) > LONGEST:
        raise ValueError(f"a PSD has at most {LONGEST:,} pixels on a side")
    # With a fourth channel layers have transparency instead of masks.
    header = FileHeader(
        channels=4, width=flat.width, height=flat.height, depth=8, color_mode=ColorMode.RGB
    )
    merged = ImageData(compression=Compression.RLE)
    merged.set_data([channel.tobytes() for channel in _on_white(flat).split()], header)
    record = PSD(header=header, image_resources=ImageResources.new(), image_data=merged)
    document = PSDImage(record)
    for layer in layers:
        pixels = document.create_pixel_layer(layer.picture, layer.name, layer.top, layer.left)
        pixels.visible = layer.visible
    document.image_resources[Resource.XMP_METADATA] = ImageResource(
        key=Resource.XMP_METADATA, data=_packet(entries)
    )
    if dpi:
        across, down = (round(value * FIXED_POINT) for value in dpi)
        document.image_resources[Resource.RESOLUTION_INFO] = ImageResource(
            key=Resource.RESOLUTION_INFO,
            data=ResoulutionInfo(across, PER_INCH, INCHES, down, PER_INCH, INCHES),
        )
    # PSDImage.save would lay the layers on each other again, in floating point and much memory.
    with path.open("wb") as file:
        record.write(file)


def _on_white(picture: Image.Image) -> Image.Image:
    """RGBA whose colors lie on white already, as those of a merged picture in a PSD do."""
    picture = picture.convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture)
    paper.putalpha(picture.getchannel("A"))
    return paper


def read_photoshop_entries(path: str | os.PathLike) -> dict[str, str]:
    """The entries of a file that `save_photoshop` wrote; none of others. Raises OSError or
    ValueError for what is no PSD."""
    from psd_tools import PSDImage
    from psd_tools.constants import Resource

    packet = PSDImage.open(path).image_resources.get_data(Resource.XMP_METADATA)
    if not packet:
        return {}
    about = ElementTree.fromstring(packet).find(f".//{{{_RDF}}}Description")
    prefix = f"{{{NAMESPACE}}}"
    return {
        name.removeprefix(prefix): value
        for name, value in (about.attrib if about is not None else {}).items()
        if name.startswith(prefix)
    }


def _packet(entries: Mapping[str, str]) -> bytes:
    packet = ElementTree.Element("{adobe:ns:meta/}xmpmeta")
    ElementTree.SubElement(
        ElementTree.SubElement(packet, f"{{{_RDF}}}RDF"),
        f"{{{_RDF}}}Description",
        {f"{{{_RDF}}}about": ""} | {f"{{{NAMESPACE}}}{name}": entries[name] for name in entries},
    )
    return ElementTree.tostring(packet, encoding="UTF-8")
