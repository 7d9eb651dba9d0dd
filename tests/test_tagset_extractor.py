"""Tag extraction: the filter, every metadata layout, broken input, and what is written."""

import itertools
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from loader.errors import InputError
from loader.tags import TAG_DUMP, load_vocabulary
from preprocessor import tagset_extractor
from preprocessor.utils import metadata, place, stage
from preprocessor.utils.metadata import ByteRange, read_lines
from preprocessor.utils.resolutions import read_resolutions, write_resolutions
from preprocessor.utils.tag_filter import size_problem, sort_by_tags

PROJECT = Path(__file__).resolve().parents[1]
GOLDEN = json.loads((PROJECT / "tests/golden/tagset_extractor.json").read_text())
# simple_background, 1girl, blonde_hair, blue_eyes, and shape tags.
GOOD_TAGS = (412368, 470575, 87788, 10959, 13197, 464575)
NAMES = load_vocabulary().names


def string_record(file_id, tags=GOOD_TAGS, width=900, height=1000):
    """A record as of 2017 and 2018."""
    tag_list = [{"id": str(tag), "name": NAMES[tag], "category": "0"} for tag in tags]
    size = {"image_width": str(width), "image_height": str(height)}
    return {"id": str(file_id), "rating": "s", **size, "tags": tag_list}


def write_dump(root, records, images=None, name="2018000000000000", folder="metadata"):
    """Write records (dicts, or bytes as they are) and an image for every id in `images`."""
    (root / folder).mkdir(parents=True, exist_ok=True)
    lines = (r if isinstance(r, bytes) else json.dumps(r).encode() for r in records)
    (root / folder / name).write_bytes(b"".join(line + b"\n" for line in lines))
    if images is None:
        images = [int(r["id"]) for r in records if isinstance(r, dict) and r.get("id") is not None]
    for file_id in images:
        add_image(root, file_id)


def add_image(root, file_id):
    path = root / "512px" / f"{file_id % 1000:04d}" / f"{file_id}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"picture %d" % file_id)
    os.utime(path, (1_500_000_000, 1_500_000_000))


def extract(root, *flags, jobs=1):
    return tagset_extractor.main(["--dataset_path", str(root), "--jobs", str(jobs), *flags])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def tag_ids(root):
    return [int(line.split()[0]) for line in (root / "tags.txt").read_text().splitlines()]


def snapshot(root):
    """Content of every file under `root`, by its relative name."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def golden_dump(tmp_path):
    """The golden's dump up to its broken line, where the reference gives up on that file."""
    for name, lines in GOLDEN["metadata_files"].items():
        whole = list(itertools.takewhile(lambda line: '"broken"' not in line, lines))
        write_dump(tmp_path, [line.encode() for line in whole], name=name, images=[])
    for file_id in GOLDEN["existing_jpg_ids"]:
        add_image(tmp_path, file_id)
    return tmp_path


@pytest.fixture
def always_all_jobs(monkeypatch):
    """Processes are started for any amount of work."""
    monkeypatch.setattr(tagset_extractor, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(place, "WORTH_A_PROCESS", 1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_golden(golden_dump, always_all_jobs, jobs):
    assert extract(golden_dump, jobs=jobs) == 0
    assert (golden_dump / "tags.txt").read_text().splitlines() == GOLDEN["tags_txt"]
    assert names(golden_dump / "train_image_base") == sorted(GOLDEN["train_image_base"])
    assert names(golden_dump / "liner_test") == sorted(GOLDEN["liner_test"])
    expected = {int(key): tuple(size) for key, size in GOLDEN["resolutions"].items()}
    resolutions = read_resolutions(golden_dump / "resolutions.pkl")
    assert resolutions == expected
    assert list(resolutions) == tag_ids(golden_dump)
    assert not (golden_dump / "tagset_rejects.txt").exists()


def test_golden_tag_counts(golden_dump):
    assert extract(golden_dump, "--make_tag_dict") == 0
    rows = [line.split() for line in (golden_dump / "tags_count.txt").read_text().splitlines()]
    assert {row[0]: [row[1], int(row[2])] for row in rows} == GOLDEN["tag_dict_counts"]
    assert [int(row[2]) for row in rows] == sorted((int(row[2]) for row in rows), reverse=True)
    assert not (golden_dump / "tags.txt").exists()


def test_lines_behind_a_broken_one_are_read(tmp_path):
    for name, lines in GOLDEN["metadata_files"].items():
        write_dump(tmp_path, [line.encode() for line in lines], name=name, images=[])
    for line in GOLDEN["metadata_files"]["20180001"]:
        if "broken" not in line:
            add_image(tmp_path, int(json.loads(line)["id"]))
    extract(tmp_path)
    assert {101850, 102109} <= set(tag_ids(tmp_path))
    name, position, _ = (tmp_path / "tagset_rejects.txt").read_text().split("\t")
    content = (tmp_path / "metadata" / name).read_bytes()
    assert content[int(position.removeprefix("byte ")) :].startswith(b'{"id": "broken"')


@pytest.mark.parametrize(
    ("width", "height", "fits"),
    [
        (511, 511, False),
        (512, 400, True),
        (400, 512, True),
        (384, 512, False),
        (385, 512, True),
        (1200, 900, False),
        (1199, 900, True),
        (900, 1200, False),
        (3000, 1000, False),
    ],
)
def test_size_limits(width, height, fits):
    assert (size_problem(width, height) is None) == fits


@pytest.mark.parametrize(
    ("tags", "verdict"),
    [
        (GOOD_TAGS, "train_image_base"),
        ((*GOOD_TAGS, 412368, 470575), "train_image_base"),
        (GOOD_TAGS[1:], None),
        ((*GOOD_TAGS, 540830), None),
        ((412368, 87788, 10959), None),
        ((*GOOD_TAGS, 16867), None),
        ((*GOOD_TAGS, 8526), None),
        *(((*GOOD_TAGS, unwanted), None) for unwanted in (63, 4751, 12650, 172609, 555246, 513475)),
        ((513837, 515193, 470575), "liner_test"),
        ((1931, 515193), "liner_test"),
        ((1931, 515193, 63), None),
        ((1931, 515193, 87788), None),
        ((*GOOD_TAGS, 1931, 515193), None),
        ((*GOOD_TAGS, 1931), "train_image_base"),
        ((1931, 470575), None),
    ],
)
def test_tag_rules(tags, verdict):
    sorted_into = sort_by_tags(tags)
    assert (
        sorted_into == verdict if verdict else sorted_into not in ("train_image_base", "liner_test")
    )


def joined(tags):
    return " ".join(NAMES[tag] for tag in tags)


def numbers(file_id):
    return {"id": file_id, "image_width": 900, "image_height": 1000}


LAYOUTS = {
    "numbers": lambda i: (
        numbers(i) | {"tags": [{"id": t, "name": NAMES[t], "category": 0} for t in GOOD_TAGS]}
    ),
    "tag_string": lambda i: numbers(i) | {"tag_string": joined(GOOD_TAGS), "file_ext": "jpg"},
    "tag_string_general": lambda i: (
        numbers(i)
        | {
            "tag_string": joined(GOOD_TAGS) + " comic somebody",
            "tag_string_general": joined(GOOD_TAGS) + " a_tag_nobody_knows",
            "tag_string_character": "comic",
            "tag_string_meta": "",
        }
    ),
    "names": lambda i: numbers(i) | {"tags": [NAMES[tag] for tag in GOOD_TAGS]},
    "one string": lambda i: numbers(i) | {"tags": joined(GOOD_TAGS)},
    "names with categories": lambda i: (
        numbers(i)
        | {
            "tags": [
                *({"name": NAMES[tag], "category": 0} for tag in GOOD_TAGS),
                {"name": "comic", "category": 4},
            ]
        }
    ),
    "escaped": lambda i: json.dumps(LAYOUTS["names"](i)).replace("_", "\\u005f").encode(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_beside_each_other(tmp_path, layout):
    records = [string_record(5), LAYOUTS[layout](1005)]
    write_dump(tmp_path, records, images=[5, 1005])
    extract(tmp_path)
    tags = " ".join(map(str, GOOD_TAGS))
    assert (tmp_path / "tags.txt").read_text() == f"5 {tags}\n1005 {tags}\n"
    assert read_resolutions(tmp_path / "resolutions.pkl") == dict.fromkeys((5, 1005), (900, 1000))


@pytest.mark.parametrize("name", ["subtitled", "english_text", "photo_(medium)", "comic"])
def test_unwanted_names(tmp_path, name):
    bad = numbers(6) | {
        "tag_string_general": f"{joined(GOOD_TAGS)} {name}",
        "tag_string_meta": "",
    }
    moved = numbers(7) | {"tag_string_general": joined(GOOD_TAGS), "tag_string_meta": name}
    write_dump(tmp_path, [string_record(5), bad, moved], images=[5, 6, 7], name="posts.json")
    extract(tmp_path)
    assert tag_ids(tmp_path) == [5]


def test_other_categories_do_not_count(tmp_path):
    record = string_record(5)
    record["tags"] += [{"id": "63", "name": "comic", "category": "4"}]
    record["tags"] += [{"id": "16867", "name": "brown_hair", "category": "3"}]
    write_dump(tmp_path, [record])
    extract(tmp_path)
    assert (tmp_path / "tags.txt").read_text() == "5 " + " ".join(map(str, GOOD_TAGS)) + "\n"


def test_2017_layout(tmp_path):
    write_dump(tmp_path, [string_record(5)], folder="metadata/2017", name="2017000000000000.json")
    write_dump(tmp_path, [string_record(6)])
    extract(tmp_path, "--use_2017")
    assert tag_ids(tmp_path) == [5]


BAD_LINES = {
    "not json": b"hello",
    "truncated": json.dumps(string_record(9)).encode()[:-40],
    "empty object": b"{}",
    "array": b"[1, 2]",
    "no id": json.dumps({k: v for k, v in string_record(9).items() if k != "id"}).encode(),
    "no width": json.dumps(
        {k: v for k, v in string_record(9).items() if k != "image_width"}
    ).encode(),
    "no tags": json.dumps({k: v for k, v in string_record(9).items() if k != "tags"}).encode(),
    "null id": json.dumps(string_record(9) | {"id": None}).encode(),
    "null width": json.dumps(string_record(9) | {"image_width": None}).encode(),
    "null tags": json.dumps(string_record(9) | {"tags": None}).encode(),
    "null in tags": json.dumps(string_record(9) | {"tags": [None]}).encode(),
    "null tag id": json.dumps(
        string_record(9) | {"tags": [{"id": None, "category": "0"}]}
    ).encode(),
    "tags a number": json.dumps(string_record(9) | {"tags": 5}).encode(),
    "words for numbers": json.dumps(string_record(9) | {"image_width": "wide"}).encode(),
    "zero height": json.dumps(string_record(9, height=0)).encode(),
    "negative id": json.dumps(string_record(-9)).encode(),
    "path as id": json.dumps(string_record(9) | {"id": "../../etc/passwd"}).encode(),
    "invalid UTF-8": json.dumps(string_record(9)).encode().replace(b"rating", b"rat\xff\xfe"),
    "NUL bytes": b"\0" * 100,
    "nested too deep": b'{"id": 1, "x": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("kind", BAD_LINES)
def test_bad_line_is_listed_and_the_rest_goes_on(tmp_path, kind, capsys):
    write_dump(tmp_path, [string_record(5), BAD_LINES[kind], string_record(6)])
    add_image(tmp_path, 9)
    assert extract(tmp_path) == 0
    assert tag_ids(tmp_path) == [5, 6]
    (reject,) = (tmp_path / "tagset_rejects.txt").read_text().splitlines()
    name, position, reason = reject.split("\t")
    first = len(json.dumps(string_record(5))) + 1
    assert (name, position) == ("2018000000000000", f"byte {first}")
    assert reason
    assert "unreadable record (see tagset_rejects.txt): 1" in capsys.readouterr().out


def test_huge_line(tmp_path, monkeypatch):
    monkeypatch.setattr(metadata, "MAX_LINE", 5000)
    monkeypatch.setattr(tagset_extractor, "SMALLEST_RANGE", 700)
    huge = json.dumps(string_record(9) | {"source": "x" * 50_000}).encode()
    write_dump(tmp_path, [string_record(5), huge, string_record(6)])
    add_image(tmp_path, 9)
    extract(tmp_path)
    assert tag_ids(tmp_path) == [5, 6]
    assert len((tmp_path / "tagset_rejects.txt").read_text().splitlines()) == 1


def test_blank_lines_crlf_bom_and_no_final_newline(tmp_path):
    write_dump(tmp_path, [], images=[5, 6])
    lines = [json.dumps(string_record(i)).encode() for i in (5, 6)]
    content = b"\xef\xbb\xbf" + lines[0] + b"\r\n\r\n  \n" + lines[1]
    (tmp_path / "metadata" / "2018000000000000").write_bytes(content)
    extract(tmp_path)
    assert tag_ids(tmp_path) == [5, 6]
    assert not (tmp_path / "tagset_rejects.txt").exists()


def test_ranges_hold_every_line_once(tmp_path):
    content = b"".join(b"%d" % n + b"x" * (n * 7 % 23) + b"\n" for n in range(300)) + b"last"
    path = tmp_path / "20"
    path.write_bytes(content)
    lines = content.split(b"\n")
    for size in (1, 2, 7, 64, 1000, len(content)):
        read = [item for piece in metadata.byte_ranges([path], size) for item in read_lines(piece)]
        assert [line for _, line in read] == lines
        assert all(content[position:].startswith(line) for position, line in read)
    assert list(read_lines(ByteRange(0, path, 5, 5))) == []


def test_result_does_not_depend_on_jobs_and_ranges(tmp_path, always_all_jobs, monkeypatch):
    records = [string_record(i % 70, width=900 + i % 3) for i in range(200)]
    results = []
    for jobs, size in ((1, 1 << 20), (2, 1500), (1, 333)):
        root = tmp_path / f"{jobs}-{size}"
        monkeypatch.setattr(tagset_extractor, "SMALLEST_RANGE", size)
        monkeypatch.setattr(tagset_extractor, "LARGEST_RANGE", size)
        write_dump(root, [*records, b"broken"], name="2018000000000000")
        write_dump(root, records, name="2018000000000001")
        assert extract(root, jobs=jobs) == 0
        results.append(snapshot(root))
    assert results[0] == results[1] == results[2]


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
