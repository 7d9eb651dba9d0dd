"""kill -9 in the middle of every stage from the dump to the training set, then the same again.

The result must be that of a run without interruption, file for file.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest
from metadata_dumps import GOOD_TAGS, string_record, write_dump
from test_face_extractor import CASCADE, bright_squares

PROJECT = Path(__file__).resolve().parents[2]
COUNT = 40
LANCZOS = ("--upscaler", "lanczos", "--size", "512")

# Stage, its flags, and the files whose appearance shows that it is in the middle of its work.
STAGES = (
    ("tagset_extractor", (), "train_image_base/*"),
    ("crop_and_upscale", ("--crop_only", "--benchmark_count", "4", *LANCZOS), "rgb_cropped/*"),
    ("crop_and_upscale", ("--upscale_only", "--benchmark_count", "4", *LANCZOS), "rgb_train/*"),
    ("sketch_extractor", ("--xdog_only",), "xdog_train/*"),
    ("face_extractor", ("--cascade", "cascade.xml"), "temp_faces/*.png"),
    ("face_extractor", ("--add_all",), "xdog_train/-*"),
)


@pytest.fixture
def dump(tmp_path):
    """A dump of drawings and line drawings, each with one bright square that counts as a face."""
    root = tmp_path / "dataset"
    line_art = (1931, 515193, 412368)
    records = [string_record(n, GOOD_TAGS if n % 10 else line_art) for n in range(1, COUNT + 1)]
    write_dump(root, [*records, b"broken", string_record(77_777)])
    for number in range(1, COUNT + 1):
        image = bright_squares((150 + number, 230 - number), side=110, size=512)
        path = root / "512px" / f"{number:04d}" / f"{number}.jpg"
        cv2.imwrite(str(path), image)
        os.utime(path, (1_500_000_000, 1_500_000_000))
    (root / "512px" / "0777" / "77777.jpg").unlink()
    (root / "cascade.xml").write_text(CASCADE)
    return root


def command(stage, flags, root):
    flags = [str(root / flag) if flag == "cascade.xml" else flag for flag in flags]
    script = PROJECT / "preprocessor" / f"{stage}.py"
    return [sys.executable, str(script), "--dataset_path", str(root), "--jobs", "2", *flags]


def finish(stage, flags, root):
    result = subprocess.run(command(stage, flags, root), capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def kill_in_the_middle(stage, flags, root, pattern, after=2):
    """Start a stage, and kill it and its workers when `after` files more match the pattern."""
    before = len(list(root.glob(pattern)))
    process = subprocess.Popen(
        command(stage, flags, root),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while process.poll() is None and len(list(root.glob(pattern))) < before + after:
        time.sleep(0.001)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def contents(root):
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_tag_extraction_killed_while_copying(dump, tmp_path):
    whole = tmp_path / "whole"
    shutil.copytree(dump, whole)
    finish(*STAGES[0][:2], whole)
    assert kill_in_the_middle(*STAGES[0][:2], dump, STAGES[0][2])
    assert not (dump / "tags.txt").exists()
    finish(*STAGES[0][:2], dump)
    assert contents(dump) == contents(whole)


@pytest.mark.slow
def test_every_stage_killed_once(dump, tmp_path):
    whole = tmp_path / "whole"
    shutil.copytree(dump, whole)
    killed = []
    for stage, flags, pattern in STAGES:
        finish(stage, flags, whole)
        killed.append(kill_in_the_middle(stage, flags, dump, pattern))
        finish(stage, flags, dump)
        assert contents(dump).keys() == contents(whole).keys(), (stage, flags)
        assert contents(dump) == contents(whole), (stage, flags)
    assert all(killed)
    faces = [line for line in (whole / "tags.txt").read_text().splitlines() if line[0] == "-"]
    assert len(faces) == len(list((whole / "rgb_train").glob("-*.png"))) > 20
    assert len(list((whole / "benchmark").glob("*.png"))) == 4


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0])
def test_tag_extraction_killed_at_any_time(dump, tmp_path, delay):
    whole = tmp_path / "whole"
    shutil.copytree(dump, whole)
    finish("tagset_extractor", ("--link",), whole)
    line = command("tagset_extractor", ("--link",), dump)
    process = subprocess.Popen(line, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(delay)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    finish("tagset_extractor", ("--link",), dump)
    assert contents(dump) == contents(whole)
