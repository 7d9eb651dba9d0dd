"""Metadata of today, in the form of every source: chosen as from the 2018 form of the same."""

import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from metadata_dumps import GOOD_TAGS, NAMES, extract, string_record, tag_ids, write_dump
from modern_dumps import ALL, WITH_FILES, deepghs, json_array, post, tar_of_posts

from loader.tags import load_vocabulary
from preprocessor.metadata import parquet
from preprocessor.metadata.moved_tags import SEVERAL_COLORS, names_of_today
from preprocessor.metadata.resolutions import read_resolutions

VOCABULARY = load_vocabulary()
GOOD = [NAMES[tag] for tag in GOOD_TAGS]
# Today's name and the tag of 2018 that it is read as.
MOVED = {
    "black_thighhighs": "black_legwear",
    "white_pantyhose": "white_legwear",
    "red_bowtie": "red_neckwear",
    "rabbit_ears": "bunny_ears",
    "hand_on_own_hip": "hand_on_hip",
}
OTHER_TAGS = (63, 1931, 515193, 513837, 16867, 8526, 540830, 212816, 1815)
TODAY = {old: new for new, old in MOVED.items()}


def dataset(tmp_path, write, posts, images=()):
    (tmp_path / "metadata").mkdir(parents=True)
    write(tmp_path / "metadata", posts)
    write_dump(tmp_path, [], images=images, folder="metadata/2017")
    return tmp_path


def same_records(count):
    """(2018 form, today's form) of records of which about a quarter fits."""
    rng = random.Random(5)
    for number in range(1, count + 1):
        tags = [*GOOD_TAGS[rng.randrange(2) :], *rng.sample(OTHER_TAGS, rng.choice((0, 0, 1, 2)))]
        tags += [VOCABULARY.ids[name] for name in rng.sample(list(MOVED.values()), 2)]
        size = {"width": rng.choice((300, 700, 900)), "height": rng.choice((300, 800, 900))}
        old = string_record(number, tags, **size) | {"rating": rng.choice("sssqe")}
        names = [TODAY.get(NAMES[tag], NAMES[tag]) for tag in tags]
        today = {"s": "g", "q": "q", "e": "e"}[old["rating"]]
        yield old, post(number, names, rating=today, **size)


@pytest.mark.parametrize(
    ("source", "jobs"), [*((source, 1) for source in ALL), ("p1atdev", 2), ("tar.gz", 2)]
)
def test_the_same_drawings_as_from_2018(tmp_path, always_all_jobs, monkeypatch, source, jobs):
    monkeypatch.setattr(parquet, "ROWS", 70)
    old, today = zip(*same_records(400), strict=True)
    images = range(1, 401)
    write_dump(tmp_path / "old", old, images=images)
    assert extract(tmp_path / "old", "--link") == 0
    root = dataset(tmp_path / "new", ALL[source], list(today), images)
    assert extract(root, "--link", jobs=jobs) == 0
    lines = (root / "tags.txt").read_text().splitlines()
    assert sorted(lines) == sorted((tmp_path / "old" / "tags.txt").read_text().splitlines())
    assert len(lines) > 30
    sizes = read_resolutions(tmp_path / "old" / "resolutions.pkl")
    assert read_resolutions(root / "resolutions.pkl") == sizes
    assert not (root / "tagset_rejects.txt").exists()


@pytest.mark.parametrize("source", WITH_FILES)
def test_posts_without_a_usable_image_are_counted(tmp_path, source, capsys):
    posts = [
        post(1, GOOD),
        post(2, GOOD, is_deleted=True),
        post(3, GOOD, is_banned=True),
        post(4, GOOD, duration=2.5),
        post(5, GOOD, file_ext="mp4"),
        post(6, [*GOOD, "animated_gif"]),
        post(7, GOOD, rating="s"),
        post(8, GOOD, rating="q"),
        post(9, GOOD, rating=None),
    ]
    root = dataset(tmp_path, WITH_FILES[source], posts, range(1, 10))
    assert extract(root) == 0
    assert tag_ids(root) == [1]
    said = capsys.readouterr().out
    for reason, count in {
        "deleted at Danbooru": 1,
        "banned at Danbooru": 1,
        "animated": 2,
        "other than an image": 1,
        "rated s, sensitive since 2022": 1,
        "rated q": 1,
        "without a rating": 1,
    }.items():
        assert f"skipped, {reason}: {count}\n" in said


@pytest.mark.parametrize("source", ["json lines", "trojblue", "deepghs"])
def test_ratings_that_are_asked_for(tmp_path, source):
    posts = [post(n, GOOD, rating=rating) for n, rating in enumerate("gsqe", 1)]
    for wanted, ids in (("g s", [1, 2]), ("safe q", [1, 3]), ("all", [1, 2, 3, 4])):
        root = dataset(tmp_path / wanted, ALL[source], posts, range(1, 5))
        assert extract(root, "--ratings", *wanted.split()) == 0
        assert sorted(tag_ids(root)) == ids


@pytest.mark.parametrize("source", ["json lines", "deepghs"])
def test_s_is_safe_in_a_dump_where_nothing_is_of_today(tmp_path, source):
    """One record rated g, whatever it shows, makes s mean sensitive."""
    posts = [post(n, GOOD, rating="s") for n in (1, 2)]
    for one in posts:
        del one["media_asset"]
    root = dataset(tmp_path / "old", ALL[source], posts, [1, 2])
    assert extract(root) == 0
    assert sorted(tag_ids(root)) == [1, 2]
    other = post(3, ["nothing"], rating="g")
    del other["media_asset"]
    root = dataset(tmp_path / "new", ALL[source], [*posts, other], [1, 2])
    assert extract(root) == 0
    assert tag_ids(root) == []


def test_moved_tags_are_read_as_one_vocabulary_and_counted(tmp_path, capsys):
    posts = [
        post(1, [*GOOD, "black_thighhighs", "black_pantyhose"]),
        post(2, [*GOOD, "black_socks"]),
        post(3, [*GOOD, "multicolored_hair"]),
        post(4, [*GOOD, "heterochromia"]),
        post(5, [*GOOD, "colored_inner_hair"]),
        post(6, [*GOOD[:2], "silver_hair", "grey_hair", GOOD[3]]),
    ]
    root = dataset(tmp_path, json_array, posts, range(1, 7))
    write_dump(root, [string_record(7, (*GOOD_TAGS[:2], 15425, 10959))], images=[7], name="2018")
    assert extract(root) == 0
    lines = dict(line.split(" ", 1) for line in (root / "tags.txt").read_text().splitlines())
    black_legwear, grey_hair = VOCABULARY.ids["black_legwear"], VOCABULARY.ids["grey_hair"]
    good = " ".join(map(str, GOOD_TAGS))
    assert lines.pop("1") == lines.pop("2") == f"{good} {black_legwear}"
    # The record of 2018 beside them has silver hair, which is grey today.
    assert lines.pop("6") == lines.pop("7") == f"412368 470575 {grey_hair} 10959"
    assert not lines
    said = capsys.readouterr().out
    assert "several hair or eye colors: 3" in said
    assert "tag black_thighhighs read as black_legwear: 1\n" in said
    assert "tag silver_hair read as grey_hair: 2\n" in said
    assert "tags that no record of today has: beige_background, uniform, plaid" in said


def test_as_of_2018_reads_names_as_they_are(tmp_path):
    posts = [post(1, [*GOOD, "black_thighhighs", "multicolored_hair"])]
    posts += [post(2, [*GOOD[:2], "silver_hair", GOOD[3]])]
    root = dataset(tmp_path, json_array, posts, [1, 2])
    assert extract(root, "--as_of", "2018") == 0
    lines = (root / "tags.txt").read_text().splitlines()
    multicolored = VOCABULARY.ids["multicolored_hair"]
    assert lines[0] == f"1 {' '.join(map(str, GOOD_TAGS))} {multicolored}"
    assert lines[1] == "2 412368 470575 15425 10959"


def test_records_of_2018_alone_are_read_as_they_are(tmp_path):
    write_dump(tmp_path, [string_record(7, (*GOOD_TAGS[:2], 15425, 10959))])
    assert extract(tmp_path) == 0
    assert "15425" in (tmp_path / "tags.txt").read_text()
    assert extract(tmp_path, "--as_of", "2024") == 0
    assert "15425" not in (tmp_path / "tags.txt").read_text()


def test_every_lost_color_tag_has_an_heir_or_is_named():
    names = names_of_today(VOCABULARY)
    lost = [
        *(
            f"{c}_legwear"
            for c in ["black", "white", "brown", "blue", "red", "purple", "grey", "pink"]
        ),
        *(f"{c}_neckwear" for c in ["red", "black", "blue", "green", "yellow"]),
    ]
    for name in lost:
        assert name in VOCABULARY.ids and name in names.moved.values()
    for name in ("silver_hair", "light_brown_hair", "lavender_hair", "silver_eyes"):
        assert names.ids[name] == VOCABULARY.ids[names.moved[name]]
    assert names.ids["two-tone_hair"] == SEVERAL_COLORS
    assert set(names.without_heir) <= VOCABULARY.ids.keys()


def bad_rows(folder):
    good = {"image_width": "900", "image_height": "1000", "rating": "g"}
    rows = [
        good | {"id": "1", "tag_string_general": "  ".join(GOOD)},
        good | {"id": "two", "tag_string_general": " ".join(GOOD)},
        good | {"id": None, "tag_string_general": " ".join(GOOD)},
        good | {"id": "-4", "tag_string_general": " ".join(GOOD)},
        good | {"id": "5", "tag_string_general": None},
        good | {"id": "6", "tag_string_general": " ".join(GOOD), "image_width": "1" * 30},
        good | {"id": "7", "tag_string_general": " ".join(GOOD), "image_height": "0"},
        good | {"id": "8", "tag_string_general": f" {'  '.join(GOOD)} "},
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "posts.parquet")


def test_bad_rows_are_listed_and_the_rest_goes_on(tmp_path):
    root = dataset(tmp_path, lambda folder, _: bad_rows(folder), [], range(1, 9))
    assert extract(root) == 0
    assert tag_ids(root) == [1, 8]
    assert (root / "tagset_rejects.txt").read_text().splitlines() == [
        "posts.parquet\trow 1\tid two",
        "posts.parquet\trow 2\tid None",
        "posts.parquet\trow 3\tid -4",
        "posts.parquet\trow 4\tno tags",
        f"posts.parquet\trow 5\tsize {'1' * 30}x1000",
        "posts.parquet\trow 6\tsize 900x0",
    ]


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def truncated_parquet(folder):
    deepghs(folder, [post(n, GOOD) for n in range(1, 200)])
    cut(folder / "metadata.parquet")
    return "metadata.parquet cannot be read as parquet"


def missing_column(folder):
    pq.write_table(pa.table({"id": [1], "general": ["x"], "width": [5]}), folder / "a.parquet")
    return "a.parquet has no column image_height or height"


def truncated_tar(folder):
    tar_of_posts("gz")(folder, [post(n, GOOD) for n in range(1, 400)])
    cut(folder / "danbooru.tar.gz")
    return "danbooru.tar.gz is damaged"


def web_page(folder):
    (folder / "posts.json").write_text("<!DOCTYPE html><title>Log in</title>")
    return "posts.json is a web page"


def other_encoding(folder):
    (folder / "posts.json").write_text(json.dumps([post(1, GOOD)]), encoding="utf-16")
    return "posts.json is UTF-16"


def nothing_but_nuls(folder):
    (folder / "2024").write_bytes(b"\0" * 5000)
    return "no record of"


@pytest.mark.parametrize(
    "damage",
    [truncated_parquet, missing_column, truncated_tar, web_page, other_encoding, nothing_but_nuls],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_damaged_file_is_one_line_and_nothing_is_lost(tmp_path, damage, jobs, capsys):
    root = dataset(tmp_path, json_array, [post(1, GOOD), post(2, GOOD)], [1, 2])
    assert extract(root) == 0
    names = ("tags.txt", "resolutions.pkl")
    before = [(root / name).read_bytes() for name in names]
    (root / "metadata" / "posts.json").unlink()
    message = damage(root / "metadata")
    capsys.readouterr()
    assert extract(root, jobs=jobs) == 2
    error = capsys.readouterr().err.replace("\r", "\n").strip().splitlines()
    assert [line for line in error if message in line]
    assert not any("Traceback" in line for line in error)
    assert [(root / name).read_bytes() for name in names] == before


def test_a_broken_record_in_an_array_costs_only_itself(tmp_path):
    posts = [json.dumps(post(n, GOOD), indent=1) for n in range(1, 6)]
    posts[1] = posts[1].replace('"score": 3', '"score": 3 3')
    posts[3] = posts[3][:200]
    root = tmp_path
    (root / "metadata").mkdir()
    (root / "metadata" / "posts.json").write_text("[" + ",\n".join(posts) + "]")
    write_dump(root, [], images=range(1, 6), folder="metadata/2017")
    assert extract(root) == 0
    assert tag_ids(root) == [1, 3, 5]
    rejects = (root / "tagset_rejects.txt").read_text().splitlines()
    assert [line.split("\t")[1] for line in rejects] == ["object 2", "object 4"]


def test_general_tags_of_parquet_are_counted(tmp_path):
    posts = [post(1, ["1girl", "nobody_knows"]), post(2, ["1girl"])]
    root = dataset(tmp_path, deepghs, posts)
    assert extract(root, "--make_tag_dict") == 0
    counted = (root / "tags_count.txt").read_text().splitlines()
    assert counted == ["470575 1girl 2", "- nobody_knows 1"]


def test_a_half_dump_does_not_replace_a_whole_one(tmp_path, capsys):
    root = dataset(tmp_path, json_array, [post(n, GOOD) for n in range(1, 21)], range(1, 21))
    assert extract(root) == 0
    whole = [(root / name).read_bytes() for name in ("tags.txt", "resolutions.pkl")]
    for left in (10, 0):
        posts = [post(n, GOOD) for n in range(1, left + 1)] + [post(99, ["nothing"])]
        json_array(root / "metadata", posts)
        capsys.readouterr()
        assert extract(root) == 1
        assert f"{20 - left} of the 20 drawings" in capsys.readouterr().err
        assert [(root / n).read_bytes() for n in ("tags.txt", "resolutions.pkl")] == whole
    for number in range(3):
        json_array(root / "metadata", [post(n, GOOD) for n in range(1, 15 - number)])
        assert extract(root, "--force") == 0
    assert len(tag_ids(root)) == 12
    backups = ["tags.txt.bak", "tags.txt.bak.2", "tags.txt.bak.3"]
    lengths = [len((root / name).read_text().splitlines()) for name in backups]
    assert lengths == [20, 14, 13]
    sizes = ["resolutions.pkl.bak", "resolutions.pkl.bak.2", "resolutions.pkl.bak.3"]
    assert [len(read_resolutions(root / name)) for name in sizes] == lengths
