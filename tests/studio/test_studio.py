"""What stands behind the studio's page, without a browser and without gradio."""

import argparse
import gc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from command_line.options import parse
from errors import InputError
from images.reader import read_gray
from loader.tags import load_vocabulary
from studio import painting, serve
from studio.actions import Studio
from studio.session import Session
from studio.sketch import Cleanup, Limits
from studio.swatches import as_json, rows, sections
from studio.weights import IN_MEMORY, Weights

TESTSET = Path(__file__).parents[2] / "testset" / "liner_test"


def _options(*flags: str) -> tuple[argparse.Namespace, set[str]]:
    return parse(["--gui", "--cpu", *flags])


@pytest.fixture(scope="module")
def vocabulary():
    return load_vocabulary()


@pytest.fixture
def studio(small_checkpoint, tmp_path) -> Studio:
    weights = Weights(_options("--load", str(small_checkpoint)))
    return Studio(weights, Limits(), tmp_path)


@pytest.fixture
def session(studio, tmp_path) -> Session:
    opened = Session(tmp_path)
    studio.load(opened, str(TESTSET / "85.png"), Cleanup())
    return opened


# --- tags as swatches ---


def test_every_color_tag_has_one_swatch(vocabulary):
    shown = [s.tag for section in sections(vocabulary) for r in section.rows for s in r.swatches]
    assert sorted(shown) == sorted(vocabulary.cvt)


def test_parts_stand_in_the_order_of_a_figure(vocabulary):
    names = [section.name for section in sections(vocabulary)]
    assert names == [
        "Hair", "Eyes", "Skin", "Face", "Upper body", "Lower body", "Whole body", "Background",
    ]  # fmt: skip
    assert sections(vocabulary)[0].rows[0].name == "hair"


def test_colors_of_one_thing_exclude_each_other_and_others_do_not(vocabulary):
    swatches = {
        s.name: s for section in sections(vocabulary) for r in section.rows for s in r.swatches
    }
    assert swatches["blue_hair"].exclusive
    assert swatches["gradient_background"].exclusive
    assert not swatches["shiny_skin"].exclusive
    assert not swatches["denim"].exclusive
    assert swatches["red_skirt"].color == "#cc2936"
    assert swatches["blonde_hair"].color == "rgb(243, 214, 98)"


def test_names_from_a_checkpoint_are_escaped_for_the_page(vocabulary):
    tag = vocabulary.ids["denim"]
    ids = {name: t for name, t in vocabulary.ids.items() if t != tag} | {"<img src=x>": tag}
    hostile = type(vocabulary).from_dump(vocabulary.dump() | {"tag_dict": ids})
    shown = [
        tag
        for section in as_json(sections(hostile))
        for row in section["rows"]
        for tag in row["tags"]
    ]
    (found,) = [tag for tag in shown if tag["name"] == "<img src=x>"]
    assert "<" not in found["html"] + found["label"]


# --- painting ---


def test_paints_what_the_command_line_paints(studio, session):
    result = studio.color(session, ["blue_hair", "red_eyes"], "")
    colorist = studio.weights.colorist("")
    tags = colorist.vocabulary.parse(["blue_hair", "red_eyes"])
    (expected,) = colorist.paint_picture(Image.fromarray(read_gray(TESTSET / "85.png")), [tags])
    painted = Image.open(result.picture)
    assert np.array_equal(np.asarray(painted), np.asarray(expected))
    assert painted.text["tags"] == "blue_hair red_eyes"
    assert Image.open(result.under).size == painted.size


def test_shape_tags_are_refused(vocabulary):
    with pytest.raises(InputError, match="'long_hair' is not a color tag"):
        painting.color_tags(vocabulary, ["long_hair"])


def test_variations_of_one_thing_keep_the_other_tags(vocabulary):
    tags = vocabulary.parse(["blue_hair", "red_eyes"])
    choices = painting.variations(vocabulary, tags, "hair", 0, 0)
    assert [choice[1] for choice in choices] == list(rows(vocabulary)["hair"])
    assert {choice[0] for choice in choices} == {vocabulary.ids["red_eyes"]}


def test_random_palettes_repeat_with_their_seed_and_have_one_color_of_each_thing(vocabulary):
    first = painting.variations(vocabulary, [], painting.RANDOM, 5, seed=3)
    assert first == painting.variations(vocabulary, [], painting.RANDOM, 5, seed=3)
    assert first != painting.variations(vocabulary, [], painting.RANDOM, 5, seed=4)
    assert len(first) == 5
    for palette in first:
        for tags in rows(vocabulary).values():
            assert len(set(palette) & set(tags)) <= 1
        assert len(set(palette) & set(rows(vocabulary)["hair"])) == 1


def test_unknown_thing_to_vary_is_refused(vocabulary):
    with pytest.raises(InputError, match="cannot vary 'nose': choose from random palettes, hair"):
        painting.variations(vocabulary, [], "nose", 3, 0)


@pytest.mark.parametrize(
    ("size", "method", "expected"),
    [
        ("as painted", "LANCZOS", (60, 30)),
        ("2x", "LANCZOS", (120, 60)),
        ("2x", "waifu2x", (120, 60)),
        ("as large as the sketch", "LANCZOS", (1000, 500)),
    ],
)
def test_enlarges_in_proportion(size, method, expected):
    picture = Image.linear_gradient("L").resize((60, 30)).convert("RGB")
    threads = torch.get_num_threads()
    enlarged = painting.enlarge(picture, size, method, (1000, 500), torch.device("cpu"))
    assert enlarged.size == expected
    assert torch.get_num_threads() == threads
    back = np.asarray(enlarged.resize((60, 30)), int)
    assert abs(back - np.asarray(picture, int)).mean() < 6


def test_enlarging_ends_at_the_limit():
    picture = Image.new("RGB", (60, 30))
    cpu = torch.device("cpu")
    large = painting.enlarge(picture, "as large as the sketch", "LANCZOS", (90000, 100), cpu)
    assert large.size == (painting.MAX_SIDE, painting.MAX_SIDE // 2)


# --- sessions ---


def test_history_is_bounded_in_memory_and_on_disk(studio, session, monkeypatch):
    monkeypatch.setattr("studio.session.HISTORY", 3)
    results = [studio.color(session, [f"{hair}_hair"], "") for hair in ("red", "blue") * 3]
    assert session.history == results[:-4:-1]
    # Two files for each result, and the sketch.
    assert len(list(session.folder.glob("*.png"))) == 2 * 3 + 1


def test_returning_to_a_result_brings_back_its_sketch(studio, session):
    first = studio.color(session, ["blue_hair"], "")
    studio.load(session, str(TESTSET / "2.png"), Cleanup("threshold"))
    second = studio.color(session, ["red_hair"], "")
    assert session.history == [second, first]
    session.show(first)
    assert session.history == [second, first]
    assert np.array_equal(session.read_line_art(), read_gray(TESTSET / "85.png"))
    session.show(second)
    assert set(np.unique(session.read_line_art())) == {0, 255}


def test_sessions_do_not_share_pictures(studio, session, tmp_path):
    other = Session(tmp_path)
    studio.load(other, str(TESTSET / "2.png"), Cleanup())
    studio.color(session, ["blue_hair"], "")
    assert other.history == []
    assert other.folder != session.folder
    folder = other.folder
    assert folder.exists()
    del other
    gc.collect()
    assert not folder.exists()
    assert session.current.picture.exists()


def test_variations_are_saved_as_zip_and_as_sheet(studio, session):
    steps = []
    studio.vary(session, ["blue_eyes"], "", "skirt", 0, 0, lambda *step: steps.append(step))
    count = len(rows(load_vocabulary())["skirt"])
    assert len(session.variations) == count == len(steps)
    with zipfile.ZipFile(studio.save_zip(session)) as archive:
        names = archive.namelist()
        with archive.open(names[0]) as file:
            assert Image.open(file).text["tags"] == "blue_eyes black_skirt"
    assert names[0] == "01_blue_eyes_black_skirt.png"
    assert len(names) == count
    sheet = Image.open(studio.save_sheet(session))
    assert sheet.width > 4 * 32
    assert sheet.text["tags"] == "blue_eyes"


def test_saved_picture_is_named_after_the_sketch(studio, session):
    studio.color(session, ["blue_hair"], "")
    path = studio.save(session, "2x", "LANCZOS")
    assert path.name == "85_colored.png"
    assert max(Image.open(path).size) == 64


def test_nothing_to_color_or_save_is_said(studio, tmp_path):
    empty = Session(tmp_path)
    with pytest.raises(InputError, match="load a sketch first"):
        studio.color(empty, ["blue_hair"], "")
    with pytest.raises(InputError, match="color the sketch first"):
        studio.save(empty, "2x", "LANCZOS")
    with pytest.raises(InputError, match="make variations first"):
        studio.save_zip(empty)


# --- weights, and starting ---


@pytest.fixture
def weights_dir(small_checkpoint, tmp_path) -> Path:
    folder = tmp_path / "weights"
    (folder / "run").mkdir(parents=True)
    for name in ("a.pkl", "b.pkl", "run/c.pkl", "run/tag2pix_1_history.pkl"):
        (folder / name).write_bytes(small_checkpoint.read_bytes())
    return folder


def test_weights_are_listed_by_name_and_few_stay_in_memory(weights_dir, small_checkpoint):
    weights = Weights(_options("--load", str(small_checkpoint), "--weights_dir", str(weights_dir)))
    assert list(weights.paths) == ["small", "a", "b", "run/c"]
    first = weights.colorist("")
    assert weights.colorist("small") is first
    for name in ("a", "b"):
        weights.colorist(name)
    assert len(weights._loaded) == IN_MEMORY
    assert weights.colorist("small") is not first


@pytest.mark.parametrize("name", ["/etc/passwd", "../weights/a", "run/tag2pix_1_history"])
def test_only_listed_weights_are_opened(weights_dir, name):
    weights = Weights(_options("--weights_dir", str(weights_dir)))
    with pytest.raises(InputError, match="there are no weights"):
        weights.colorist(name)


def test_own_results_are_offered_beside_the_weights_that_come_along(weights_dir):
    names = list(Weights(_options("--result_dir", str(weights_dir))).paths)
    assert names[0] == "tag2pix_128" and [Path(name).stem for name in names[1:]] == ["a", "b", "c"]


def test_new_checkpoints_appear(weights_dir):
    weights = Weights(_options("--weights_dir", str(weights_dir)))
    (weights_dir / "new.pkl").write_bytes((weights_dir / "a.pkl").read_bytes())
    assert "new" in weights.refresh()


def test_without_weights_it_says_what_to_give(tmp_path):
    with pytest.raises(InputError, match="give --load FILE"):
        Weights(_options("--weights_dir", str(tmp_path), "--result_dir", str(tmp_path)))
    with pytest.raises(InputError, match="missing is not a folder"):
        Weights(_options("--weights_dir", str(tmp_path / "missing")))


def test_without_gradio_it_names_what_to_install(monkeypatch):
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install -r requirements-extra.txt"):
        serve.gui(_options())


def test_login_must_have_both_parts(monkeypatch):
    monkeypatch.setattr(serve, "find_spec", lambda name: True)
    for wrong in ("user", "user:", ":password"):
        with pytest.raises(InputError, match="user:password"):
            serve.gui(_options("--auth", wrong))


def test_listening_to_others_without_a_login_brings_a_warning(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(serve, "find_spec", lambda name: True)
    empty = ("--weights_dir", str(tmp_path), "--result_dir", str(tmp_path))
    for flags, warned in (
        (["--host", "0.0.0.0"], True),
        (["--host", "0.0.0.0", "--auth", "a:b"], False),
        (["--host", "localhost"], False),
        (["--host", "::1"], False),
    ):
        with pytest.raises(InputError, match="no weights"):
            serve.gui(_options(*flags, *empty))
        assert ("without --auth" in capsys.readouterr().err) is warned
