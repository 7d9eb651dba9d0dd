"""Tag extraction: the filter, every metadata layout, and broken input."""

import itertools
import json

import pytest
from metadata_dumps import (
    GOLDEN,
    GOOD_TAGS,
    NAMES,
    add_image,
    extract,
    joined,
    names,
    numbers,
    snapshot,
    string_record,
    tag_ids,
    write_dump,
)

from preprocessor.metadata import each_piece, json_lines, records
from preprocessor.metadata.json_lines import ByteRange, byte_ranges, read_lines
from preprocessor.metadata.resolutions import read_resolutions
from preprocessor.metadata.tag_filter import size_problem, sort_by_tags


@pytest.fixture
def golden_dump(tmp_path):
    """The golden's dump up to its broken line, where the reference gives up on that file."""
    for name, lines in GOLDEN["metadata_files"].items():
        whole = list(itertools.takewhile(lambda line: '"broken"' not in line, lines))
        write_dump(tmp_path, [line.encode() for line in whole], name=name, images=[])
    for file_id in GOLDEN["existing_jpg_ids"]:
        add_image(tmp_path, file_id)
    return tmp_path


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
    for module in (json_lines, records):
        monkeypatch.setattr(module, "MAX_LINE", 5000)
    monkeypatch.setattr(each_piece, "SMALLEST_RANGE", 700)
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
        read = [item for piece in byte_ranges(path, size) for item in read_lines(piece)]
        assert [line for _, line in read] == lines
        assert all(content[position:].startswith(line) for position, line in read)
    assert list(read_lines(ByteRange(path, 5, 5))) == []


def test_result_does_not_depend_on_jobs_and_ranges(tmp_path, always_all_jobs, monkeypatch):
    records = [string_record(i % 70, width=900 + i % 3) for i in range(200)]
    results = []
    for jobs, size in ((1, 1 << 20), (2, 1500), (1, 333)):
        root = tmp_path / f"{jobs}-{size}"
        monkeypatch.setattr(each_piece, "SMALLEST_RANGE", size)
        monkeypatch.setattr(each_piece, "LARGEST_RANGE", size)
        write_dump(root, [*records, b"broken"], name="2018000000000000")
        write_dump(root, records, name="2018000000000001")
        assert extract(root, jobs=jobs) == 0
        results.append(snapshot(root))
    assert results[0] == results[1] == results[2]
