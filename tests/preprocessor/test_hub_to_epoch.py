"""From a hub on loopback to a trained epoch, as a newcomer goes: on drawn art, with metadata of
today."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from loopback_hub import LoopbackHub
from modern_dumps import p1atdev, post
from PIL import Image
from training_runs import TINY, checkpoint, run_in, train

from drawn_art.adventurer.picture import choose
from drawn_art.picture import SKETCH, TRAIN
from drawn_art.render import render_color
from loader.tags import load_vocabulary
from preprocessor import crop_and_upscale, sketch_extractor, tagset_extractor

PROJECT = Path(__file__).resolve().parents[2]
REPO = "somebody/drawings"
COUNT = 40
# What the demo draws with, by its name of 2018 and of today.
TODAY = {
    "light_brown_hair": "brown_hair",
    "silver_hair": "grey_hair",
    "lavender_hair": "purple_hair",
}
TODAY |= {"silver_eyes": "grey_eyes"}


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def hub():
    hub = LoopbackHub()
    yield hub
    hub.close()


def test_from_a_hub_to_an_epoch(hub, tmp_path):
    names = load_vocabulary().names
    drawings = [choose(8, index) for index in range(COUNT)]
    posts, tars = [], {}
    for drawing in drawings:
        tags = [TODAY.get(names[tag], names[tag]) for tag in drawing.tags]
        posts.append(post(drawing.file_id, tags, drawing.width, drawing.height))
        original = png(render_color(drawing, 160))
        tars.setdefault(drawing.file_id % 1000, []).append((f"{drawing.file_id}.png", original))
    for remainder, members in tars.items():
        hub.add_tar(f"images/{remainder:04d}.tar", members)
    root = tmp_path / "dataset"
    (root / "metadata").mkdir(parents=True)
    p1atdev(root / "metadata", posts)

    dataset = ["--dataset_path", str(root)]
    assert tagset_extractor.main([*dataset, "--jobs", "1"]) == 0
    listed = (root / "tagset_missing.txt").read_text().splitlines()
    fit = {drawing.file_id for drawing in drawings if drawing.expected == TRAIN}
    fit |= {drawing.file_id for drawing in drawings if drawing.expected == SKETCH}
    assert {int(Path(line).stem) for line in listed} == fit and len(fit) > 10

    script = str(PROJECT / "preprocessor" / "fetch_images.py")
    fetched = subprocess.run(
        [sys.executable, script, *dataset, "--repo", REPO, "--size", "128"],
        env=os.environ | hub.environment(tmp_path / "hub_cache"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert fetched.returncode == 0, fetched.stderr
    assert sum(1 for _ in (root / "512px").rglob("*.jpg")) == len(fit)

    scale = ["--size", "64", "--upscaler", "lanczos", "--jobs", "1"]
    assert tagset_extractor.main([*dataset, "--link", "--jobs", "1"]) == 0
    assert not (root / "tagset_missing.txt").exists()
    assert crop_and_upscale.main([*dataset, *scale, "--benchmark_count", "2"]) == 0
    assert sketch_extractor.main([*dataset, *scale, "--xdog_only"]) == 0
    results = tmp_path / "results"
    options = (*TINY, "--no_cit", f"--data_dir={root}", "--epoch=1", f"--result_dir={results}")
    assert train(*options) == 0
    trained = checkpoint(run_in(results) / "tag2pix_1_epoch.pkl")
    assert all(value.isfinite().all() for value in trained["G"].values())
