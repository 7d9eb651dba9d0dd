"""Files of drawing programs by the merged picture that they hold: PSD, OpenRaster and Krita."""

import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

from errors import InputError
from finishing.photoshop import FIXED_POINT
from images.reader import MAX_PIXELS

MERGED, STACK = "mergedimage.png", "stack.xml"
MAX_MERGED_BYTES = 200 << 20
MAX_STACK_BYTES = 1 << 20
UNREADABLE = {
    ".clip": "Clip Studio",
    ".sai": "SAI",
    ".sai2": "SAI",
    ".xcf": "GIMP",
    ".mdp": "FireAlpaca",
}


def read_layered(path: Path, name: str, max_pixels: float = MAX_PIXELS) -> Image.Image | None:
    """The merged picture, RGBA, with its dots per inch as `info["dpi"]` if the file says them; None
    where it is no such file. Raises InputError naming `name`."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"8BPS":
        return _read_psd(path, name, max_pixels)
    if start == b"PK\3\4":
        return _read_zip(path, name, max_pixels)
    program = UNREADABLE.get(Path(name).suffix.lower())
    if program:
        raise InputError(f"{name}: files of {program} cannot be opened: export it as PNG or PSD")
    return None


def _read_psd(path: Path, name: str, max_pixels: float) -> Image.Image:
    try:
        from psd_tools import PSDImage
        from psd_tools.constants import Resource
    except ImportError as error:
        raise InputError(f"{name}: PSD files need psd-tools: pip install psd-tools") from error
    try:
        document = PSDImage.open(path)
        _check_size(document.size, name, max_pixels)
        merged = document.topil() if document.has_preview() else document.composite()
        if merged is None:
            raise InputError(f"{name}: it holds no merged picture: save it with one, or as PNG")
        picture = merged.convert("RGBA")
        if resolution := document.image_resources.get_data(Resource.RESOLUTION_INFO):
            inch = resolution.horizontal / FIXED_POINT, resolution.vertical / FIXED_POINT
            picture.info["dpi"] = inch
        return picture
    except InputError:
        raise
    except Exception as error:  # its parser raises anything about a damaged file
        raise InputError(f"{name}: damaged, or not a PSD: {error}") from error


def _read_zip(path: Path, name: str, max_pixels: float) -> Image.Image:
    try:
        with zipfile.ZipFile(path) as archive:
            if MERGED not in archive.namelist():
                raise InputError(
                    f"{name}: a ZIP without {MERGED}: give pictures, or ORA and KRA files"
                )
            if archive.getinfo(MERGED).file_size > MAX_MERGED_BYTES:
                raise InputError(f"{name}: its {MERGED} is over {MAX_MERGED_BYTES >> 20} MB")
            content = archive.read(MERGED)
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            _check_size(image.size, name, max_pixels)
            picture = image.convert("RGBA")
            if "dpi" not in picture.info:
                picture.info |= _stack_dpi(path)
            return picture
    except InputError:
        raise
    except Exception as error:  # zipfile and Pillow raise anything about a damaged file
        raise InputError(f"{name}: damaged: {error}") from error


def _stack_dpi(path: Path) -> dict[str, tuple[float, float]]:
    """What the stack.xml of an OpenRaster file says, as Pillow's `info` has it."""
    with zipfile.ZipFile(path) as archive:
        if STACK not in archive.namelist() or archive.getinfo(STACK).file_size > MAX_STACK_BYTES:
            return {}
        image = ElementTree.fromstring(archive.read(STACK))
    if "xres" not in image.attrib:
        return {}
    across = float(image.get("xres"))
    return {"dpi": (across, float(image.get("yres", across)))}


def _check_size(size: tuple[int, int], name: str, max_pixels: float) -> None:
    if size[0] * size[1] > max_pixels:
        limit = f"{max_pixels / 1e6:g} megapixels"
        raise InputError(f"{name}: {size[0]}x{size[1]} px is over the limit of {limit}")
