"""Pictures with a few wrong bytes: read or refused in one line, never anything else."""

import io
import random

import numpy as np
import pytest
from PIL import Image

from errors import BrokenImageError
from images.reader import read_gray, read_rgb

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
KINDS = [
    *(("PNG", mode, {}) for mode in ("RGB", "RGBA", "P", "LA", "L", "1")),
    *(("JPEG", mode, {}) for mode in ("RGB", "CMYK", "L")),
    *(("WEBP", mode, {}) for mode in ("RGB", "RGBA")),
    *(("BMP", "RGB", {}), ("GIF", "P", {}), ("TIFF", "RGB", {})),
    *(("TIFF", "RGB", {"compression": name}) for name in ("tiff_lzw", "jpeg")),
]


def contents() -> list[bytes]:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = []
    for name, mode, options in KINDS:
        turned = {"exif": exif} if name not in ("BMP", "GIF") else {}
        buffer = io.BytesIO()
        Image.fromarray(PIXELS).convert(mode).save(buffer, name, **options, **turned)
        made.append(buffer.getvalue())
    return made


def damaged(content: bytes, chance: random.Random) -> bytes:
    """One to four changes, more often near the start, where the headers are."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place = min(int(chance.expovariate(1 / 200)), len(changed) - 1)
        kind = chance.choice(("byte", "byte", "byte", "cut", "insert"))
        if kind == "byte":
            changed[place] = chance.randrange(256)
        elif kind == "cut":
            del changed[chance.randrange(1, len(changed) + 1) :]
        else:
            changed[place:place] = chance.randbytes(chance.randint(1, 9))
    return bytes(changed)


@pytest.mark.parametrize("count", [150, pytest.param(4000, marks=pytest.mark.slow)])
def test_no_damage_is_more_than_one_line(tmp_path, count):
    chance, intact, path = random.Random(count), contents(), tmp_path / "1.png"
    read = refused = 0
    for number in range(count):
        path.write_bytes(damaged(intact[number % len(intact)], chance))
        try:
            pixels = chance.choice((read_rgb, read_gray))(path)
        except BrokenImageError as error:
            assert "\n" not in str(error) and str(error).startswith(str(path))
            refused += 1
        else:
            assert pixels.dtype == np.uint8 and pixels.size
            read += 1
    assert min(read, refused) > count / 10
