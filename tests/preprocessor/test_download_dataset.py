"""download_dataset.sh: help, wrong use, and real transfers from a folder standing for a mirror."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "download_dataset.sh"


def download(*arguments):
    line = ["sh", str(SCRIPT), *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True)


@pytest.fixture
def mirror(tmp_path):
    """A mirror with two images and packed metadata."""
    folder = tmp_path / "mirror"
    for file_id in (5, 1234567):
        path = folder / "512px" / f"{file_id % 1000:04d}" / f"{file_id}.jpg"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"picture %d" % file_id)
    metadata = tmp_path / "metadata"
    metadata.mkdir()
    (metadata / "2018000000000000").write_text("{}\n")
    with tarfile.open(folder / "metadata.json.tar.xz", "w:xz") as archive:
        archive.add(metadata, "metadata")
    return folder


def fetched(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


ALL = {
    "metadata/2018000000000000": b"{}\n",
    "512px/0005/5.jpg": b"picture 5",
    "512px/0567/1234567.jpg": b"picture 1234567",
}

needs_rsync = pytest.mark.skipif(not shutil.which("rsync"), reason="rsync is not installed")


def test_help_and_wrong_use():
    result = download("--help")
    assert result.returncode == 0
    assert all(word in result.stdout for word in ("--mirror", "--target", "512px/0167/263167.jpg"))
    # What works today comes first.
    assert result.stdout.index("fetch_images.py") < result.stdout.index("rsync")
    for arguments in (["--nonsense"], ["--target"], ["--files", "/nowhere.txt"]):
        result = download(*arguments)
        assert result.returncode == 2
        assert result.stderr.count("\n") == 1


@needs_rsync
def test_everything_and_again(mirror, tmp_path):
    target = tmp_path / "data set"
    assert download("--mirror", mirror, "--target", target).returncode == 0
    assert fetched(target) == ALL
    (target / "512px/0005/5.jpg").unlink()
    result = download(f"--mirror={mirror}", f"--target={target}")
    assert "already in" in result.stdout
    assert fetched(target) == ALL


@needs_rsync
def test_parts_and_lists(mirror, tmp_path):
    target, chosen = tmp_path / "dataset", tmp_path / "tagset_missing.txt"
    chosen.write_text("0567/1234567.jpg\n")
    options = ("--mirror", mirror, "--target", target)
    assert download(*options, "--metadata_only").returncode == 0
    assert set(fetched(target)) == {"metadata/2018000000000000"}
    assert download(*options, "--images_only", "--files", chosen).returncode == 0
    assert set(fetched(target)) == {"metadata/2018000000000000", "512px/0567/1234567.jpg"}
    chosen.write_text("0567/1234567.jpg\n0005/5.jpg\n0008/8.jpg\n")
    result = download(*options, "--images_only", "--files", chosen)
    assert result.returncode == 1
    assert "some files are not at" in result.stderr.splitlines()[-1]
    assert fetched(target) == ALL


@needs_rsync
def test_dry_run_writes_nothing(mirror, tmp_path):
    target = tmp_path / "dataset"
    target.mkdir()
    result = download("--mirror", mirror, "--target", target, "--dry_run")
    assert result.returncode == 0
    assert fetched(target) == {}


@needs_rsync
def test_interrupted_unpacking_is_repeated(mirror, tmp_path):
    target = tmp_path / "dataset"
    (target / "metadata").mkdir(parents=True)
    (target / "metadata/2018000000000000").write_text("{")
    (target / "metadata.json.tar.xz").write_bytes(b"half")
    assert download("--mirror", mirror, "--target", target).returncode == 0
    assert fetched(target) == ALL


@needs_rsync
def test_an_empty_metadata_folder_is_not_complete(mirror, tmp_path):
    target = tmp_path / "dataset"
    (target / "metadata").mkdir(parents=True)
    result = download("--mirror", mirror, "--target", target)
    assert result.returncode == 0 and "already in" not in result.stdout
    assert fetched(target) == ALL


@needs_rsync
def test_mirror_that_does_not_answer(tmp_path):
    result = download("--mirror", "rsync://127.0.0.1:9/nothing", "--target", tmp_path / "dataset")
    assert result.returncode == 1
    assert "another --mirror" in result.stderr.splitlines()[-1]
