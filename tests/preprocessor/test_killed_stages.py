"""kill -9 in the middle of an image stage, and the same command again: as if nothing had been."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_face_extractor import CASCADE, bright_squares

from images.png import write_png

ROOT = Path(__file__).parents[2]
COUNT = 60


@pytest.fixture
def dataset(tmp_path):
    """A data set at the entrance of every stage."""
    folder = tmp_path / "dataset"
    rng = np.random.default_rng(0)
    for number in range(1, COUNT + 1):
        image = rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)
        write_png(folder / "train_image_base" / f"{number}.png", image)
        face = bright_squares((190 + number, 200 - number))
        write_png(folder / "rgb_train" / f"{1000 + number}.png", face)
    sizes = dict.fromkeys(range(1, COUNT + 1), (600, 800))
    (folder / "resolutions.pkl").write_bytes(pickle.dumps(sizes))
    (folder / "cascade.xml").write_text(CASCADE)
    return folder


def command(stage, dataset, *more):
    script = str(ROOT / "preprocessor" / f"{stage}.py")
    return [sys.executable, script, "--dataset_path", str(dataset), "--jobs", "2", *more]


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def kill_in_the_middle(arguments, target):
    """Start a stage and kill it with all its workers as soon as it has written a few files."""
    process = subprocess.Popen(
        arguments, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None:
        if target.is_dir() and len(list(target.glob("*.png"))) > 3:
            os.killpg(process.pid, signal.SIGKILL)
            break
        time.sleep(0.002)
    assert process.wait() == -signal.SIGKILL
    made = len(list(target.glob("*.png")))
    assert 3 < made < COUNT


@pytest.mark.parametrize(
    ("stage", "target", "options"),
    [
        ("crop_and_upscale", "rgb_cropped", ["--upscaler", "lanczos", "--size", "160"]),
        ("sketch_extractor", "xdog_train", ["--xdog_only", "--upscaler", "lanczos"]),
        ("face_extractor", "temp_faces", ["--cascade", "cascade.xml"]),
    ],
)
def test_killed_and_run_again(dataset, tmp_path, stage, target, options):
    options = [str(dataset / part) if part == "cascade.xml" else part for part in options]
    complete = tmp_path / "complete"
    shutil.copytree(dataset, complete)
    subprocess.run(command(stage, complete, *options), check=True, capture_output=True)
    kill_in_the_middle(command(stage, dataset, *options), dataset / target)
    subprocess.run(command(stage, dataset, *options), check=True, capture_output=True)
    assert files(dataset) == files(complete)
