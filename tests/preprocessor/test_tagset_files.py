"""Tag extraction: the files it copies and writes, again and again, and when it cannot."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from metadata_dumps import (
    GOOD_TAGS,
    PROJECT,
    extract,
    names,
    numbers,
    snapshot,
    string_record,
    tag_ids,
    write_dump,
)

from errors import InputError
from loader.tags import TAG_DUMP
from preprocessor import tagset_extractor
from preprocessor.metadata.resolutions import read_resolutions, write_resolutions
from preprocessor.stage import stage


def test_duplicate_ids_keep_the_first(tmp_path, capsys):
    write_dump(tmp_path, [string_record(5), string_record(5, width=1000)])
    write_dump(tmp_path, [string_record(5, width=1100)], name="2018000000000001")
    extract(tmp_path)
    assert read_resolutions(tmp_path / "resolutions.pkl") == {5: (900, 1000)}
    assert tag_ids(tmp_path) == [5]
    assert "id of an earlier record: 2" in capsys.readouterr().out


def test_missing_images_are_listed(tmp_path, capsys):
    write_dump(tmp_path, [string_record(5), string_record(1234567)], images=[5, 8])
    assert extract(tmp_path) == 0
    assert tag_ids(tmp_path) == [5]
    assert list(read_resolutions(tmp_path / "resolutions.pkl")) == [5]
    assert (tmp_path / "tagset_missing.txt").read_text() == "0567/1234567.jpg\n"
    assert "image not in 512px (see tagset_missing.txt): 1" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["0005/5.png", "0005/5.jpeg", "5.jpg", "5.webp"])
def test_other_places_for_images(tmp_path, place):
    write_dump(tmp_path, [string_record(5)], images=[])
    path = tmp_path / "512px" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"picture")
    extract(tmp_path)
    assert (tmp_path / "train_image_base" / path.name).read_bytes() == b"picture"


def test_copies_keep_times_and_links_share_the_file(tmp_path):
    for name, flags in (("copy", ()), ("link", ("--link",))):
        root = tmp_path / name
        write_dump(root, [string_record(5)])
        extract(root, *flags)
        source = (root / "512px/0005/5.jpg").stat()
        target = (root / "train_image_base/5.jpg").stat()
        assert target.st_mtime == source.st_mtime == 1_500_000_000
        assert (target.st_ino == source.st_ino) == (name == "link")


def test_second_run_changes_nothing(tmp_path):
    write_dump(tmp_path, [string_record(i) for i in range(5, 9)])
    extract(tmp_path)
    before = snapshot(tmp_path)
    marked = tmp_path / "train_image_base" / "5.jpg"
    inode = marked.stat().st_ino
    extract(tmp_path)
    assert snapshot(tmp_path) == before
    assert marked.stat().st_ino == inode


def test_line_art_that_is_cropped_already_stays(tmp_path):
    write_dump(tmp_path, [string_record(5, (1931, 515193)), string_record(6)])
    extract(tmp_path)
    (tmp_path / "liner_test" / "5.jpg").rename(tmp_path / "liner_test" / "5.png")
    extract(tmp_path)
    assert names(tmp_path / "liner_test") == ["5.png"]


def test_removed_images_come_back_unless_told(tmp_path):
    write_dump(tmp_path, [string_record(5), string_record(6)])
    extract(tmp_path)
    before = snapshot(tmp_path)
    (tmp_path / "train_image_base" / "5.jpg").unlink()
    extract(tmp_path, "--keep_removed")
    assert names(tmp_path / "train_image_base") == ["6.jpg"]
    assert tag_ids(tmp_path) == [5, 6]
    extract(tmp_path)
    assert snapshot(tmp_path) == before


def test_face_lines_survive_and_other_lines_are_backed_up(tmp_path):
    write_dump(tmp_path, [string_record(5)])
    earlier = "5 412368\n77 470575\n-5 470575 87788\n-77 10959\n"
    (tmp_path / "tags.txt").write_text(earlier)
    extract(tmp_path)
    lines = (tmp_path / "tags.txt").read_text().splitlines()
    assert lines == [f"5 {' '.join(map(str, GOOD_TAGS))}", "-5 470575 87788", "-77 10959"]
    assert (tmp_path / "tags.txt.bak").read_text() == earlier


def test_dry_run_writes_nothing(tmp_path, capsys):
    write_dump(tmp_path, [string_record(5), b"broken", string_record(6)], images=[5])
    before = snapshot(tmp_path)
    assert extract(tmp_path, "--dry_run") == 0
    assert snapshot(tmp_path) == before
    assert not (tmp_path / "train_image_base").exists()
    out = capsys.readouterr().out
    assert "drawings: 1 would be made" in out
    assert "unreadable record (see tagset_rejects.txt): 1" in out


def test_missing_and_packed_metadata(tmp_path, capsys):
    metadata_folder = tmp_path / "metadata"
    assert extract(tmp_path) == 2
    assert f"cannot read the folder {metadata_folder}" in capsys.readouterr().err
    metadata_folder.mkdir()
    assert extract(tmp_path) == 2
    assert "has no metadata" in capsys.readouterr().err
    (metadata_folder / "2018.json.tar.xz").write_bytes(b"x")
    assert extract(tmp_path) == 2
    assert "is not the archive that its name says" in capsys.readouterr().err
    (metadata_folder / "2018.json.tar.xz").rename(metadata_folder / "2018.json.zst")
    assert extract(tmp_path) == 2
    assert "is packed" in capsys.readouterr().err


def test_tag_dump_from_table(tmp_path, capsys):
    target = tmp_path / "own.pkl"
    assert tagset_extractor.main(["--make_tag_dump", str(target)]) == 0
    assert target.read_bytes() == TAG_DUMP.read_bytes()
    missing = ["--make_tag_dump", str(target), "--tag_table", "/nowhere.tsv"]
    assert tagset_extractor.main(missing) == 2
    assert "there is no tag table /nowhere.tsv" in capsys.readouterr().err


def test_tag_counts_of_names_without_id(tmp_path):
    records = [numbers(i) | {"tag_string_general": "1girl nobody_knows"} for i in (1, 2)]
    write_dump(tmp_path, [*records, b"broken"])
    extract(tmp_path, "--make_tag_dict")
    assert (tmp_path / "tags_count.txt").read_text() == "- nobody_knows 2\n470575 1girl 2\n"


class _Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/tag2pix_was_here",)


@pytest.mark.parametrize(
    "content",
    [
        _Evil(),
        [1, 2],
        {"x": (1, 2)},
        {5: (1,)},
        {5: None},
        {5: (0, 10)},
    ],
)
def test_resolutions_refuse_other_content(tmp_path, content):
    path = tmp_path / "resolutions.pkl"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(InputError, match=r"resolutions\.pkl"):
        read_resolutions(path)
    assert not Path("/tmp/tag2pix_was_here").exists()


def test_resolutions_round_trip(tmp_path):
    sizes = {7: (900, 1000), 3: (512, 500)}
    write_resolutions(sizes, tmp_path / "r.pkl")
    assert list(read_resolutions(tmp_path / "r.pkl").items()) == list(sizes.items())
    with (tmp_path / "r.pkl").open("rb") as file:
        assert pickle.load(file) == sizes
    with pytest.raises(InputError, match="cannot read"):
        read_resolutions(tmp_path / "missing.pkl")


def command(root, *flags, **options):
    script = PROJECT / "preprocessor" / "tagset_extractor.py"
    line = [sys.executable, str(script), "--dataset_path", str(root), *flags]
    return subprocess.run(line, capture_output=True, text=True, **options)


def last_error(result):
    assert "Traceback" not in result.stderr
    return result.stderr.strip().splitlines()[-1]


def test_command_line_errors(tmp_path):
    result = command(tmp_path)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "metadata" in result.stderr
    assert command(tmp_path, "--jobs", "0").returncode == 2
    assert "example:" in command(tmp_path, "--help").stdout


def test_output_that_cannot_be_written(tmp_path):
    write_dump(tmp_path, [string_record(5)])
    (tmp_path / "train_image_base").write_text("in the way")
    result = command(tmp_path, "--jobs", "1")
    assert result.returncode == 1
    assert "train_image_base" in last_error(result)
    assert not (tmp_path / "tags.txt").exists()


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of 256 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("jobs", [1, 2])
def test_full_disk(small_disk, always_all_jobs, jobs, capsys):
    write_dump(small_disk, [string_record(i) for i in range(20)])
    for path in (small_disk / "512px").rglob("*.jpg"):
        path.write_bytes(b"x" * 8000)
    filler = small_disk / "filler"
    with filler.open("wb") as file, pytest.raises(OSError, match="No space"):
        file.write(b"x" * (1 << 20))
    filler.write_bytes(filler.read_bytes()[:-40_000])
    assert extract(small_disk, jobs=jobs) == 1
    assert "No space left" in capsys.readouterr().err
    assert not (small_disk / "tags.txt").exists()
    filler.unlink()
    assert all(path.stat().st_size == 8000 for path in small_disk.rglob("*_base/[0-9]*.jpg"))
    assert extract(small_disk, "--link", jobs=jobs) == 0
    assert tag_ids(small_disk) == list(range(20))
    assert not list(small_disk.rglob(".*.tmp*"))


def test_read_only_disk(small_disk):
    write_dump(small_disk, [string_record(5)])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    result = command(small_disk, "--jobs", "1")
    assert result.returncode == 1
    assert "Read-only file system" in last_error(result)


def test_one_reject_file_per_run(tmp_path):
    write_dump(tmp_path, [string_record(5), b"broken"])
    extract(tmp_path)
    assert (tmp_path / "tagset_rejects.txt").exists()
    write_dump(tmp_path, [string_record(5)])
    extract(tmp_path)
    assert not (tmp_path / "tagset_rejects.txt").exists()


def test_leftovers_of_a_killed_run_disappear(tmp_path):
    write_dump(tmp_path, [string_record(5)])
    (tmp_path / "train_image_base").mkdir()
    left = tmp_path / "train_image_base" / ".5.4711.tmp.jpg"
    left.write_bytes(b"half")
    extract(tmp_path)
    assert names(tmp_path / "train_image_base") == ["5.jpg"]
    assert stage.clear_leftovers(tmp_path / "nowhere") == 0
