"""Records passed over undecoded: the result must be that of decoding every line."""

import json
import random
from functools import partial

import pytest
from metadata_dumps import (
    GOOD_TAGS,
    NAMES,
    extract,
    joined,
    numbers,
    string_record,
    tag_ids,
    write_dump,
)

from loader.tags import TAG_TABLE, load_vocabulary, write_tag_dump
from preprocessor.metadata import skimming as skim
from preprocessor.metadata.json_lines import byte_ranges
from preprocessor.metadata.moved_tags import names_as_they_are
from preprocessor.metadata.sift_json import BACKGROUND_IDS, searchable_names
from preprocessor.metadata.sources import sift
from preprocessor.metadata.tag_filter import NO_BACKGROUND, SIMPLE_BACKGROUND

TAG_NAMES = names_as_they_are(load_vocabulary())
BACKGROUND_NAMES = searchable_names(TAG_NAMES)
# Comic, sketch, white background, greyscale, brown hair, red eyes, 1boy, and shape tags.
OTHER_TAGS = (63, 1931, 515193, 513837, 16867, 8526, 540830, 212816, 1815)
SECOND_KEY = b'"created_at":'
COMPACT = (",", ":")


def some_tags(rng):
    """General tags of which about half have a background tag, and a quarter are fit."""
    tags = list(GOOD_TAGS[rng.randrange(2) :])
    return tags + rng.sample(OTHER_TAGS, rng.choice((0, 0, 1, 2)))


def some_record(rng, file_id):
    return {
        "id": file_id,
        "created_at": "2017-11-05 09:14:22.77831 UTC",
        "source": rng.choice(("https://a.b/c?d=e&f='g'", 'C:\\x\t"y"', "水着", "412368", "x}{]")),
        "image_width": rng.choice((300, 700, 900, 1000)),
        "image_height": rng.choice((300, 800, 900, 1000)),
        "parent_id": rng.choice((None, 5)),
    }


def year_2018(rng, file_id):
    record = {k: v if v is None else str(v) for k, v in some_record(rng, file_id).items()}
    tags = [{"id": str(t), "name": NAMES[t], "category": "0"} for t in some_tags(rng)]
    return record | {"tags": tags, "pools": [], "favs": ["5", "412368"][: rng.randrange(3)]}


def year_2020(rng, file_id):
    tags = [{"id": tag, "name": NAMES[tag], "category": 0} for tag in some_tags(rng)]
    return some_record(rng, file_id) | {"tags": tags, "pools": [{"id": 3}], "favs": [1]}


def year_2021(rng, file_id):
    names = " ".join(NAMES[tag] for tag in some_tags(rng))
    strings = {"tag_string": names + " someone", "tag_string_general": names}
    return some_record(rng, file_id) | strings | {"tag_string_meta": "", "pixiv_id": None}


def list_of_names(rng, file_id):
    return some_record(rng, file_id) | {"tags": [NAMES[tag] for tag in some_tags(rng)]}


LAYOUTS = (year_2018, year_2020, year_2021, list_of_names)


def line_of(rng, layout, file_id):
    text = json.dumps(
        layout(rng, file_id),
        separators=rng.choice((COMPACT, None)),
        ensure_ascii=rng.random() < 0.5,
    )
    for sign in "&'<=>":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.encode()


def cut(rng, line):
    return line[: rng.randrange(1, len(line))]


def swap(rng, line):
    at = rng.randrange(len(line) - 1)
    return line[:at] + line[at + 1 : at + 2] + line[at : at + 1] + line[at + 2 :]


def overwrite(rng, line):
    at = rng.randrange(len(line))
    byte = rng.choice((b'"', b"{", b"}", b"[", b",", b"\\", b"\xff", b"\0", b"7", b"\n"))
    return line[:at] + byte + line[at + 1 :]


def delete(rng, line):
    at = rng.randrange(len(line))
    return line[:at] + line[at + rng.choice((1, 1, 30)) :]


def reorder(rng, line):
    pairs = list(json.loads(line).items())
    rng.shuffle(pairs)
    return json.dumps(dict(pairs)).encode()


def escape(rng, line):
    """The same record, with letters, digits or underscores of the strings written as escapes."""
    sign = rng.choice("_4128agst")
    strings = line.split(b'"')
    strings[1::2] = (s.replace(sign.encode(), b"\\u%04x" % ord(sign)) for s in strings[1::2])
    return line if b'\\"' in line else b'"'.join(strings)


def glue(rng, line):
    return cut(rng, line) + line


def surround(rng, line):
    return rng.choice((b"%s\r", b" %s", b"\n%s", b"%s\n  ", b"\xef\xbb\xbf%s")) % line


MUTATIONS = (cut, swap, overwrite, delete, reorder, escape, glue, surround)


def sift_file(path, size, **options):
    """Everything that is in a file, read in ranges of `size` bytes."""
    return [sift(piece, TAG_NAMES, (), **options) for piece in byte_ranges(path, size)]


def totals(sifted):
    drawings = [post for part in sifted for post in part.posts]
    rejects = [reject for part in sifted for reject in part.rejects]
    return drawings, rejects, sum((part.unfit for part in sifted), type(sifted[0].unfit)())


@pytest.fixture(params=["stringzilla", "python"])
def searching(request, monkeypatch):
    if request.param == "python":
        monkeypatch.setattr(skim, "count", bytes.count)
        monkeypatch.setattr(skim, "find", bytes.find)


@pytest.mark.parametrize("share", [0.02, 0.5])
@pytest.mark.parametrize("layouts", [*((layout,) for layout in LAYOUTS), LAYOUTS])
def test_mutated_lines_as_if_all_were_decoded(tmp_path, searching, share, layouts):
    rng = random.Random(f"{share} {len(layouts)} {layouts[0].__name__}")
    lines = []
    for file_id in range(1, 2001):
        line = line_of(rng, rng.choice(layouts), file_id)
        lines.append(rng.choice(MUTATIONS)(rng, line) if rng.random() < share else line)
    path = tmp_path / "2018"
    path.write_bytes(b"\n".join(lines) + b"\n" * rng.randrange(2))
    for size in (1 << 30, 40_000):
        drawings, rejects, unfit = totals(sift_file(path, size))
        all_drawings, all_rejects, all_unfit = totals(sift_file(path, size, check_all=True))
        assert len(all_drawings) > 200 and len(all_rejects) > 5
        assert drawings == all_drawings
        assert set(rejects) <= set(all_rejects)
        assert len(rejects) + unfit.total() == len(all_rejects) + all_unfit.total()
        assert len(all_rejects) - len(rejects) < 0.2 * len(all_rejects)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_reasons_are_those_of_decoding_every_line(tmp_path, layout):
    rng = random.Random(0)
    record = partial(layout, rng)
    lines = (json.dumps(record(n) | {"favs": [], "source": "x"}).encode() for n in range(1, 1501))
    path = tmp_path / "2018"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    drawings, rejects, unfit = totals(sift_file(path, 1 << 30))
    assert (drawings, rejects, unfit) == totals(sift_file(path, 1 << 30, check_all=True))
    assert not rejects and len(unfit) >= 8 and unfit[NO_BACKGROUND] > 300


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("separators", [COMPACT, None])
def test_every_cut_of_a_record_is_noticed(layout, separators):
    rng = random.Random(1)
    record = layout(rng, 7) | {"source": "https://a.b/c"}
    line = json.dumps(record, separators=separators).encode()
    for name in (*BACKGROUND_IDS, *BACKGROUND_NAMES):
        line = line.replace(name, b"1")
    good = b"".join(line.replace(b"7", b"%d" % n, 1) + b"\n" for n in range(10, 20))
    for length in range(1, len(line)):
        block = good + line[:length] + b"\n" + good
        unclear, clear = skim.skim(block, BACKGROUND_IDS, BACKGROUND_NAMES)
        assert skim.Line(len(good), line[:length].strip()) in unclear
        assert len(unclear) + clear == 21
        block = good + line[:length] + good
        unclear, _ = skim.skim(block, BACKGROUND_IDS, BACKGROUND_NAMES)
        positions = [line.position for line in unclear if not line.whole]
        assert len(good) in positions or length < line.index(SECOND_KEY) + len(SECOND_KEY)


@pytest.mark.parametrize("layout", LAYOUTS[:3])
@pytest.mark.parametrize("separators", [COMPACT, None])
def test_good_records_without_background_are_not_decoded(layout, separators):
    rng = random.Random(2)
    lines = []
    while len(lines) < 200:
        line = json.dumps(layout(rng, 1 + len(lines)), separators=separators).encode()
        if not any(needle in line for needle in (*BACKGROUND_IDS, *BACKGROUND_NAMES)):
            lines.append(line)
    block = b"".join(line + b"\n" for line in lines)
    unclear, clear = skim.skim(block, BACKGROUND_IDS, BACKGROUND_NAMES)
    assert (unclear, clear) == ([], 200)
    lines[100] = b"broken"
    block = b"".join(line + b"\n" for line in lines)
    unclear, clear = skim.skim(block, BACKGROUND_IDS, BACKGROUND_NAMES)
    assert b"broken" in [line.text for line in unclear]
    assert len(unclear) <= 4 and len(unclear) + clear == 200


def test_check_all_lists_what_is_passed_over(tmp_path, capsys):
    odd = string_record(9, GOOD_TAGS[1:]) | {"image_width": "wide"}
    write_dump(tmp_path, [string_record(5), odd, string_record(6)])
    assert extract(tmp_path) == 0
    assert f"skipped, {NO_BACKGROUND}: 1" in capsys.readouterr().out
    assert not (tmp_path / "tagset_rejects.txt").exists()
    assert extract(tmp_path, "--check_all") == 0
    assert "unreadable record (see tagset_rejects.txt): 1" in capsys.readouterr().out
    assert "wide" not in (tmp_path / "tags.txt").read_text()
    assert len((tmp_path / "tagset_rejects.txt").read_text().splitlines()) == 1


@pytest.mark.parametrize("name", ["plain_backdrop", "fond_uni_(été)", "artist's_backdrop"])
def test_backgrounds_by_the_names_of_the_vocabulary(tmp_path, name):
    """Also those that are escaped in the metadata: the last, for instance, by its apostrophe."""
    table = TAG_TABLE.read_text(encoding="utf-8").replace("\tsimple_background\t", f"\t{name}\t")
    (tmp_path / "own.tsv").write_text(table, encoding="utf-8")
    write_tag_dump(tmp_path / "own.tsv", tmp_path / "own.pkl")
    assert load_vocabulary(tmp_path / "own.pkl").names[SIMPLE_BACKGROUND] == name
    renamed = f"{name} {joined(GOOD_TAGS[1:])}"
    records = [
        numbers(number) | {"tag_string": tags, "tag_string_general": tags}
        for number, tags in enumerate((renamed, joined(GOOD_TAGS)) * 4, 1)
    ]
    lines = (json.dumps(record).replace("'", "\\u0027").encode() for record in records)
    write_dump(tmp_path, lines, images=range(1, 9))
    assert extract(tmp_path, f"--tag_dump={tmp_path / 'own.pkl'}") == 0
    assert tag_ids(tmp_path) == [1, 3, 5, 7]
