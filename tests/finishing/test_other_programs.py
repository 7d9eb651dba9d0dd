"""Layers as programs for painting see them: GIMP opens the PSD, Krita the OpenRaster file.

Run by `make test-programs`; `apt-get install gimp krita xvfb` brings the programs.
"""

import os
import shutil
import subprocess

import numpy as np
import pytest
import shapes
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import Resource

from finishing.finish import Sketch
from finishing.saving import save_finished

pytestmark = pytest.mark.programs

NAMES = ["paper", "background", "skin", "hair", "eyes", "lines"]
GIMP = """
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{psd}" "")))
       (layers (gimp-image-get-layers image))
       (i (- (car layers) 1)))
  (gimp-message (string-append "dpi=" (number->string (car (gimp-image-get-resolution image)))))
  (while (>= i 0)
    (gimp-message (string-append "layer=" (car (gimp-item-get-name (aref (cadr layers) i)))))
    (set! i (- i 1)))
  (file-png-save RUN-NONINTERACTIVE image (car (gimp-image-flatten image)) "{png}" "" 0 6 0 0 0 0 0)
  (gimp-quit 0))
"""


@pytest.fixture(scope="module")
def finished():
    lines, colors, masks = shapes.head(256)
    return Sketch(lines).finish(shapes.painted(colors, lines), changes=shapes.changes(masks))


def test_gimp_opens_the_psd(finished, tmp_path):
    psd, png = tmp_path / "a.psd", tmp_path / "a.png"
    save_finished(finished, psd, {"tags": "blue_hair"}, dpi=(350, 350))
    script = GIMP.format(psd=psd, png=png)
    gimp = shutil.which("gimp-console")
    assert gimp, "install GIMP: apt-get install gimp"
    said = subprocess.run(
        [gimp, "-i", "-d", "-f", "-b", script], capture_output=True, text=True, timeout=120
    )
    output = said.stdout + said.stderr
    assert [line.split("layer=")[1] for line in output.splitlines() if "layer=" in line] == NAMES
    assert float(output.split("dpi=")[1].split()[0]) == 350
    with Image.open(png) as image:
        flat = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(flat - finished.picture()).max() <= 1


def test_krita_opens_the_openraster(finished, tmp_path):
    ora, psd = tmp_path / "a.ora", tmp_path / "krita.psd"
    save_finished(finished, ora, {"tags": "blue_hair"}, dpi=(350, 350))
    krita, xvfb = shutil.which("krita"), shutil.which("xvfb-run")
    assert krita and xvfb, "install Krita and Xvfb: apt-get install krita xvfb xauth"
    subprocess.run(
        [xvfb, "-a", krita, str(ora), "--export", "--export-filename", str(psd)],
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        timeout=120,
        check=True,
    )
    document = PSDImage.open(psd)
    resolution = document.image_resources.get_data(Resource.RESOLUTION_INFO)
    assert round(resolution.horizontal / (1 << 16)) == 350
    assert [layer.name.rstrip("\0") for layer in document] == NAMES
    flat = np.asarray(document.topil().convert("RGB")).astype(int)
    assert np.abs(flat - finished.picture()).max() <= 1
