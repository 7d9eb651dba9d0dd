"""What stands behind the studio's page, without a browser and without gradio."""

import argparse
import dataclasses
import os
import socket
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from command_line.options import parse
from errors import InputError
from finishing.finish import Sketch as Lines
from finishing.parts import PARTS
from images.reader import read_gray
from loader.tags import load_vocabulary
from studio import painting, serve
from studio.actions import Studio
from studio.background import Background, Job
from studio.cleanup import Cleanup
from studio.saved import read_saved
from studio.session import Session
from studio.sessions import KEPT_SECONDS, Sessions
from studio.sketch import Limits
from studio.swatches import as_json, learned_line, rows, sections
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


KEY = "5a" * 32


@pytest.fixture
def session(studio) -> Session:
    opened = studio.sessions.get(KEY)
    studio.load(opened, TESTSET / "85.png")
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
    (found,) = [tag for tag in _shown_tags(hostile, set()) if tag["name"] == "<img src=x>"]
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
    choices = painting.variations(rows(vocabulary), tags, "hair", 0, 0)
    assert [choice[1] for choice in choices] == list(rows(vocabulary)["hair"])
    assert {choice[0] for choice in choices} == {vocabulary.ids["red_eyes"]}


def test_random_palettes_repeat_with_their_seed_and_have_one_color_of_each_thing(vocabulary):
    first = painting.variations(rows(vocabulary), [], painting.RANDOM, 5, seed=3)
    assert first == painting.variations(rows(vocabulary), [], painting.RANDOM, 5, seed=3)
    assert first != painting.variations(rows(vocabulary), [], painting.RANDOM, 5, seed=4)
    assert len(first) == 5
    for palette in first:
        for tags in rows(vocabulary).values():
            assert len(set(palette) & set(tags)) <= 1
        assert len(set(palette) & set(rows(vocabulary)["hair"])) == 1


def test_unknown_thing_to_vary_is_refused(vocabulary):
    with pytest.raises(InputError, match="cannot vary 'nose': choose from random palettes, hair"):
        painting.variations(rows(vocabulary), [], "nose", 3, 0)


@pytest.mark.parametrize(
    ("size", "method", "expected"),
    [
        ("as painted", "LANCZOS", (60, 27)),
        ("2x", "LANCZOS", (120, 54)),
        ("2x", "waifu2x", (120, 54)),
        ("as large as the sketch", "LANCZOS", (997, 451)),
        ("as large as the sketch", "waifu2x", (397, 181)),
    ],
)
def test_enlarges_to_exactly_what_was_asked_for(size, method, expected):
    picture = Image.linear_gradient("L").resize((60, 27)).convert("RGB")
    threads, shares = torch.get_num_threads(), []
    wanted = painting.target_size((60, 27), size, expected)
    large = painting.enlarge(picture, wanted, method, torch.device("cpu"), shares.append)
    assert large.size == expected
    assert torch.get_num_threads() == threads
    back = np.asarray(large.resize((60, 27)), int)
    assert abs(back - np.asarray(picture, int)).mean() < 6
    assert shares == sorted(shares)
    assert (len(shares) > 0) is (method == "waifu2x")


def test_enlarging_can_be_ended_in_the_middle():
    def stop(share: float) -> None:
        if share > 0.3:
            raise InputError("cancelled")

    with pytest.raises(InputError, match="cancelled"):
        painting.enlarge(
            Image.new("RGB", (300, 300)), (600, 600), "waifu2x", torch.device("cpu"), stop
        )


# --- sessions ---


def test_history_is_bounded_in_memory_and_on_disk(studio, session, monkeypatch):
    monkeypatch.setattr("studio.session.HISTORY", 3)
    monkeypatch.setattr("studio.session.STEPS", 2)
    results = [studio.color(session, [f"{hair}_hair"], "") for hair in ("red", "blue") * 4]
    assert session.history == results[:-4:-1]
    # Two files for each result, and the sketch.
    assert len(list(session.folder.glob("*.png"))) == 2 * 3 + 1


def test_returning_to_a_result_brings_back_its_sketch(studio, session):
    first = studio.color(session, ["blue_hair"], "")
    studio.load(session, TESTSET / "2.png", Cleanup("threshold"))
    second = studio.color(session, ["red_hair"], "")
    assert session.history == [second, first]
    session.return_to(first)
    assert session.history == [second, first]
    assert session.state.tags == ("blue_hair",)
    assert np.array_equal(_lines(session), read_gray(TESTSET / "85.png"))
    session.return_to(second)
    assert set(np.unique(_lines(session))) == {0, 255}


def _lines(session: Session) -> np.ndarray:
    return np.asarray(Image.open(session.drawing.lines))


def test_a_new_sketch_does_not_show_the_old_picture(studio, session):
    result = studio.color(session, ["blue_hair"], "")
    assert session.current == result
    studio.load(session, TESTSET / "2.png")
    assert session.current is None
    assert session.state.tags == ("blue_hair",)
    session.unload()
    assert session.current is None
    assert session.history == [result]


def test_a_sketch_loaded_while_another_is_painted_keeps_both(studio, session, monkeypatch):
    paint = painting.paint

    def interrupted(*values):
        painted = paint(*values)
        studio.load(session, TESTSET / "2.png")
        return painted

    monkeypatch.setattr(painting, "paint", interrupted)
    studio.vary(session, [], "", "hat", 0, 0, lambda *step: None)
    assert all(r.picture.exists() and r.under.exists() for r in session.variations)
    assert all(r.drawing.gray.exists() for r in session.variations)
    assert session.drawing.name == "2"
    result = studio.color(session, ["blue_hair"], "")
    assert result.drawing.name == "2"
    assert session.current is None  # the sketch was loaded again before it was done
    assert result in session.history


def test_tags_chosen_while_a_picture_is_painted_stay_chosen(studio, session, monkeypatch):
    paint = painting.paint

    def interrupted(*values):
        session.choose(["green_hair"])
        return paint(*values)

    monkeypatch.setattr(painting, "paint", interrupted)
    result = studio.color(session, ["blue_hair"], "")
    assert session.current == result and result.tags == ("blue_hair",)
    assert session.state.tags == ("green_hair",)
    session.undo()
    assert session.state.tags == ("blue_hair",)


def test_undo_and_redo_go_through_tags_and_sketches(studio, session):
    studio.color(session, ["blue_hair"], "")
    session.choose(["red_hair"])
    session.choose([])
    studio.load(session, TESTSET / "2.png")
    session.undo()
    assert session.drawing.name == "85"
    assert session.state.tags == ()
    session.undo()
    session.undo()
    assert session.state.tags == ("blue_hair",)
    assert session.current.picture.exists()
    session.redo()
    assert session.state.tags == ("red_hair",)
    session.choose(["green_hair"])
    session.redo()
    assert session.state.tags == ("green_hair",)


def test_a_key_finds_its_session_again_and_no_other(studio, session):
    studio.color(session, ["blue_hair"], "")
    assert studio.sessions.get(KEY) is session
    other = studio.sessions.get("5b" * 32)
    assert other.history == [] and other.folder != session.folder
    assert KEY not in str(session.folder)
    for wrong in ("", "../../etc", "5a" * 31, None, ["5a" * 32]):
        with pytest.raises(InputError, match="not ready yet"):
            studio.sessions.get(wrong)


def test_sessions_that_nobody_uses_are_removed(tmp_path, monkeypatch):
    now = [0.0]
    sessions = Sessions(tmp_path, clock=lambda: now[0])
    idle, working = sessions.get("0" * 64), sessions.get("1" * 64)
    for opened in (idle, working):
        opened.load(Image.new("L", (4, 4)), "a.png")
    with working.at_work():
        now[0] = KEPT_SECONDS + 1
        sessions.sweep()
        assert not idle.folder.exists() and working.folder.exists()
        assert sessions.get("0" * 64) is not idle
    monkeypatch.setattr("studio.sessions.MAX_BYTES", 1)
    sessions.sweep()
    assert not working.folder.exists()


def test_variations_are_saved_as_zip_and_as_sheet(studio, session):
    steps = []
    studio.vary(session, ["blue_eyes"], "", "skirt", 0, 0, lambda *step: steps.append(step))
    count = len(rows(load_vocabulary())["skirt"])
    assert len(session.variations) == count
    painting_steps = [share for share, what in steps if what.endswith(": painting")]
    assert painting_steps == [number / count for number in range(count)]
    path = studio.saving.save_zip(session, "as large as the sketch", painting.OWN_LINES)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        with archive.open(names[0]) as file:
            picture = Image.open(file)
            assert picture.text["tags"] == "blue_eyes black_skirt"
            assert picture.size == session.drawing.size
    assert names[0] == "01_85-blue_eyes-black_skirt.png"
    assert len(names) == count
    sheet = Image.open(studio.saving.save_sheet(session))
    assert sheet.width > 4 * 32
    assert sheet.text["tags"] == "blue_eyes"


def test_what_is_saved_has_the_pixels_the_dpi_and_the_name_of_the_sketch(studio, tmp_path):
    page = Image.open(TESTSET / "85.png").convert("L").resize((333, 477))
    page.save(tmp_path / "page.png", dpi=(350, 350))
    session = studio.sessions.get(KEY)
    studio.load(session, tmp_path / "page.png")
    studio.color(session, ["blue_hair", "hair=#3355cc"], "")
    path = studio.saving.save(session, "as large as the sketch", painting.OWN_LINES)
    assert Image.open(path).text["exact"] == "hair=#3355cc"
    studio.color(session, ["blue_hair"], "")
    for method in painting.methods():
        path = studio.saving.save(session, "as large as the sketch", method)
        assert path.name == "page-blue_hair.png"
        saved = Image.open(path)
        assert saved.size == (333, 477)
        assert saved.info["dpi"] == pytest.approx((350, 350), abs=0.1)
        assert saved.text["tags"] == "blue_hair"
        assert "exact" not in saved.text


def test_exact_colors_are_in_pictures_of_every_size_or_refused(studio, session, monkeypatch):
    """The whole drawing is hair, so that all of it has the exact color."""
    monkeypatch.setattr(painting, "part_changes", _all_hair)
    studio.color(session, ["blue_hair", "hair=#33cc55"], "")
    for size in painting.SIZES:
        saved = Image.open(studio.saving.save(session, size, painting.OWN_LINES)).convert("RGB")
        paper = np.asarray(saved)[read_gray_at(saved.size) == 255]
        assert np.abs(np.median(paper, axis=0) - (0x33, 0xCC, 0x55)).max() <= 16
    for method in painting.methods():
        if method != painting.OWN_LINES:
            with pytest.raises(InputError, match=f"made with 'own lines', not by {method}"):
                studio.saving.save(session, "2x", method)


def _all_hair(colorist, gray, tags) -> np.ndarray:
    changes = np.zeros((colorist.size, colorist.size, len(PARTS)), np.float32)
    changes[..., PARTS.index("hair")] = 1
    return changes


def read_gray_at(size: tuple[int, int]) -> np.ndarray:
    """The sketch of the session at another size."""
    return np.asarray(Image.fromarray(read_gray(TESTSET / "85.png")).resize(size))


def test_color_comes_between_the_variations_of_somebody_else(studio, session, monkeypatch):
    """In the order of asking: at most two of 32 pictures, of which one was begun before."""
    artist, paint, order = studio.sessions.get("5b" * 32), painting.paint, []
    studio.load(artist, TESTSET / "2.png")
    (blue,) = load_vocabulary().parse(["blue_hair"])
    asked = threading.Event()
    ask = studio.paint

    def asking(colorist, gray, tags, *job):
        if tags == [blue]:
            asked.set()
        return ask(colorist, gray, tags, *job)

    def painted_in_order(colorist, gray, tags):
        assert asked.wait(60)  # the first variation is under way until Color was asked for
        order.append("color" if tags == [blue] else "variation")
        return paint(colorist, gray, tags)

    monkeypatch.setattr(studio, "paint", asking)
    monkeypatch.setattr(painting, "paint", painted_in_order)
    begun = threading.Event()
    with ThreadPoolExecutor(2) as people:
        several = people.submit(
            studio.vary, session, [], "", painting.RANDOM, 32, 0, lambda *step: begun.set()
        )
        assert begun.wait(60)
        one = people.submit(studio.color, artist, ["blue_hair"], "")
        one.result(60), several.result(60)
    assert len(order) == 33 and order.index("color") <= 2


def test_cancelling_variations_does_not_wait_for_the_picture_under_way(
    studio, session, monkeypatch
):
    release, painted = threading.Event(), []
    paint = painting.paint

    def long(*values):
        painted.append(1)
        session.cancel()
        assert release.wait(60)
        return paint(*values)

    monkeypatch.setattr(painting, "paint", long)
    with pytest.raises(InputError, match="^cancelled$"):
        studio.vary(session, [], "", "hair", 0, 0, lambda *step: None)
    release.set()
    monkeypatch.setattr(painting, "paint", paint)
    assert studio.color(session, ["blue_hair"], "").tags == ("blue_hair",)
    assert len(painted) == 1 and session.variations == []


def test_variations_keep_the_exact_colors_of_the_other_parts(studio, session):
    words = ["blue_eyes", "eyes=#aa2200"]
    assert painting.exact_words([*words, "hair=#33cc55"], besides="hair") == ["eyes=#aa2200"]
    assert painting.exact_words(words, besides=painting.RANDOM) == []
    studio.vary(session, words, "", "hat", 0, 0, lambda *step: None)
    assert {result.tags[-1] for result in session.variations} == {"eyes=#aa2200"}
    path = studio.saving.save_zip(session, "as painted", painting.OWN_LINES)
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
        assert Image.open(file).text["exact"] == "eyes=#aa2200"
    with pytest.raises(InputError, match="not by LANCZOS"):
        studio.saving.save_zip(session, "as painted", "LANCZOS")
    # The sheet shows what was painted, without exact colors, and says so.
    assert "exact" not in Image.open(studio.saving.save_sheet(session)).text


def test_a_cancelled_batch_ends_before_its_next_step(studio, monkeypatch):
    session, said, filled = studio.sessions.get(KEY), [], []
    session.take_batch([TESTSET / "2.png", TESTSET / "85.png"])
    finish = Lines.finish
    monkeypatch.setattr(Lines, "finish", lambda *v, **n: filled.append(1) or finish(*v, **n))

    def progress(share: float, what: str) -> None:
        said.append((round(share, 2), what))
        if what == "1 of 2: finding regions":
            session.cancel()

    with pytest.raises(InputError, match="^cancelled$"):
        studio.saving.color_batch(session, ["blue_hair"], "", progress)
    studio.saving.packer.run(Job(), list)  # when what was under way has ended
    assert said[-1] == (0, "1 of 2: finding regions")
    assert not filled
    assert not session.workers
    assert not list(session.folder.rglob("*.zip"))


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_work_in_the_background_is_nicer_than_the_rest(studio):
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    saving, own = studio.saving, niceness()
    assert saving.finisher.run(Job(), niceness) == min(own + 5, 19)
    assert saving.saver.run(Job(), niceness) == min(own + 15, 19)
    assert Background(niceness=40).run(Job(), niceness) == 19
    assert niceness() == own


def test_cancelling_is_answered_at_once_and_what_waits_never_begins():
    background, begun = Background(niceness=1), []
    started, release = threading.Event(), threading.Event()
    running, waiting = Job(), Job()

    def work() -> None:
        started.set()
        release.wait()

    with ThreadPoolExecutor(2) as people:
        first = people.submit(background.run, running, work)
        started.wait()
        second = people.submit(background.run, waiting, begun.append, 1)
        for job, asked in ((running, first), (waiting, second)):
            job.cancel()
            with pytest.raises(InputError, match="cancelled"):
                asked.result(60)
        release.set()
    assert background.run(Job(), lambda: "next") == "next"
    assert not begun


def test_what_waits_to_be_saved_is_kept(studio, session, monkeypatch):
    monkeypatch.setattr("studio.session.HISTORY", 1)
    monkeypatch.setattr("studio.session.STEPS", 1)
    started, release, waiting = threading.Event(), threading.Event(), threading.Event()
    result = studio.color(session, ["blue_hair"], "")

    def work() -> None:
        started.set()
        release.wait()

    with ThreadPoolExecutor(2) as people:
        people.submit(studio.saving.saver.run, Job(), work)
        started.wait()
        saved = people.submit(
            studio.saving.save, session, "2x", "LANCZOS", progress=lambda *step: waiting.set()
        )
        waiting.wait()
        for tag in ("red_hair", "green_hair", "pink_hair"):
            studio.color(session, [tag], "")
        assert result not in session.history
        release.set()
        assert Image.open(saved.result()).text["tags"] == "blue_hair"
    assert not result.picture.exists()


def test_a_batch_replaced_while_it_is_colored_is_packed_as_it_was(studio, monkeypatch):
    session, paint = studio.sessions.get(KEY), painting.paint
    session.take_batch([TESTSET / "2.png", TESTSET / "85.png"])

    def interrupted(*values):
        session.take_batch([TESTSET / "49.png", TESTSET / "57.png"])
        return paint(*values)

    monkeypatch.setattr(painting, "paint", interrupted)
    archive, failed = studio.saving.color_batch(session, ["blue_hair"], "")
    assert not failed
    with zipfile.ZipFile(archive) as packed:
        assert packed.namelist() == ["01_2-blue_hair.png", "02_85-blue_hair.png"]
    assert [path.name for path in session.batch] == ["49.png", "57.png"]
    kept = {path.name for path in session.folder.rglob("*.png")}
    assert {"49.png", "57.png"} <= kept and "2.png" not in kept


def test_own_lines_are_as_sharp_as_those_of_the_sketch(studio, session):
    studio.color(session, ["blue_hair"], "")
    saved = Image.open(studio.saving.save(session, "as large as the sketch", painting.OWN_LINES))
    lines = read_gray(TESTSET / "85.png")
    assert np.asarray(saved.convert("L"))[lines < 30].max() < 40


@pytest.mark.parametrize("suffix", ["ora", "psd"])
def test_layers_have_the_dpi_of_the_sketch_and_give_it_back(studio, tmp_path, suffix):
    page = Image.open(TESTSET / "85.png").convert("L").resize((333, 477))
    page.save(tmp_path / "page.png", dpi=(350, 300.5))
    session = studio.sessions.get(KEY)
    studio.load(session, tmp_path / "page.png")
    studio.color(session, ["blue_hair"], "")
    path = studio.saving.save(session, "as large as the sketch", painting.OWN_LINES, suffix)
    again = studio.sessions.get("5c" * 32)
    studio.load(again, path)
    assert again.drawing.dpi == pytest.approx((350, 300.5), abs=0.1)
    assert again.drawing.size == (333, 477)


@pytest.mark.parametrize("suffix", ["ora", "psd"])
def test_layers_that_were_saved_can_be_loaded_again(studio, session, suffix):
    studio.color(session, ["blue_hair", "hair=#3355cc"], "")
    path = studio.saving.save(session, "as large as the sketch", painting.OWN_LINES, suffix)
    assert path.name == f"85-blue_hair.{suffix}"
    again = studio.sessions.get("5c" * 32)
    studio.load(again, path)
    assert again.state.tags == ("blue_hair", "hair=#3355cc")
    before, after = _lines(session).astype(int), _lines(again).astype(int)
    assert abs(before - after).max() <= 2


@pytest.mark.parametrize("suffix", ["ora", "psd"])
def test_layers_have_the_size_that_was_asked_for_or_are_refused(studio, session, suffix):
    studio.color(session, ["blue_hair"], "")
    path = studio.saving.save(session, "4x", painting.OWN_LINES, suffix)
    again = studio.sessions.get("5c" * 32)
    studio.load(again, path)
    assert again.drawing.size == (128, 128)
    for method in painting.methods():
        if method != painting.OWN_LINES:
            with pytest.raises(
                InputError, match=f"layers are made with 'own lines', not by {method}"
            ):
                studio.saving.save(session, "4x", method, suffix)
            with pytest.raises(InputError, match="transparent backgrounds are made with"):
                studio.saving.save(session, "4x", method, transparent=True)


@pytest.mark.parametrize("suffix", ["ora", "psd"])
def test_layers_larger_than_their_picture_are_not_read(studio, session, suffix):
    studio.color(session, ["blue_hair"], "")
    path = studio.saving.save(session, "as large as the sketch", painting.OWN_LINES, suffix)
    assert read_saved(path, session.drawing.size).lines is not None
    assert read_saved(path, (64, 64)).lines is None


def test_a_picture_over_the_limits_is_refused_before_anything_of_it_is_read(studio, tmp_path):
    Image.new("1", (40000, 40000)).save(tmp_path / "bomb.png")
    with pytest.raises(InputError, match="bomb.png: over the limit of 24 megapixels"):
        studio.load(studio.sessions.get(KEY), tmp_path / "bomb.png")


def test_a_transparent_background_and_a_saved_png_give_tags(studio, session):
    studio.color(session, ["blue_hair"], "")
    path = studio.saving.save(session, "as large as the sketch", painting.OWN_LINES, "png", True)
    assert Image.open(path).mode == "RGBA"
    session.choose([])
    sketch = studio.load(session, path)
    assert "its tags were taken" in sketch.notices[0]
    assert session.state.tags == ("blue_hair",)
    assert session.drawing.name == "85"


def test_a_finished_picture_is_shown_and_saved_when_its_weights_are_gone(weights_dir, tmp_path):
    weights = Weights(_options("--weights_dir", str(weights_dir)))
    studio = Studio(weights, Limits(), tmp_path)
    session = studio.sessions.get(KEY)
    studio.load(session, TESTSET / "85.png")
    result = studio.color(session, ["blue_hair"], "run/c")
    for path in weights_dir.rglob("*.pkl"):
        path.unlink()
    weights._loaded.clear()
    session.return_to(result)
    for method in painting.methods():
        path = studio.saving.save(session, "as large as the sketch", method)
        assert Image.open(path).text["weights"] == "run/c"


def test_a_batch_is_colored_into_one_zip_and_says_what_it_could_not_open(studio, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    session = studio.sessions.get(KEY)
    session.take_batch([TESTSET / "2.png", broken, TESTSET / "85.png"])
    archive, failed = studio.saving.color_batch(session, ["blue_hair"], "", lambda *step: None)
    assert len(failed) == 1 and failed[0].startswith("broken.png: ")
    with zipfile.ZipFile(archive) as packed:
        assert packed.namelist() == ["01_2-blue_hair.png", "03_85-blue_hair.png"]
        with packed.open("03_85-blue_hair.png") as file:
            assert Image.open(file).size == Image.open(TESTSET / "85.png").size


def test_nothing_to_color_or_save_is_said(studio):
    empty = studio.sessions.get(KEY)
    with pytest.raises(InputError, match="load a sketch first"):
        studio.color(empty, ["blue_hair"], "")
    with pytest.raises(InputError, match="color the sketch first"):
        studio.saving.save(empty, "2x", "LANCZOS")
    with pytest.raises(InputError, match="make variations first"):
        studio.saving.save_zip(empty, "2x", "LANCZOS")
    with pytest.raises(InputError, match="choose several files"):
        studio.saving.color_batch(empty, [], "", lambda *step: None)


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


def test_all_weights_paint_at_the_size_that_was_given(weights_dir):
    weights = Weights(_options("--weights_dir", str(weights_dir), "--input_size", "48"))
    assert weights.colorist("").size == weights.colorist("b").size == 48
    assert weights.named("b") == "b at 48 px"


@pytest.mark.parametrize("name", ["/etc/passwd", "../weights/a", "run/tag2pix_1_history"])
def test_only_listed_weights_are_opened(weights_dir, name):
    weights = Weights(_options("--weights_dir", str(weights_dir)))
    with pytest.raises(InputError, match="there are no weights"):
        weights.colorist(name)


def test_own_results_are_offered_beside_the_weights_that_come_along(weights_dir):
    names = list(Weights(_options("--result_dir", str(weights_dir))).paths)
    assert names[0] == "tag2pix_320" and [Path(name).stem for name in names[1:]] == ["a", "b", "c"]


def test_new_checkpoints_appear(weights_dir):
    weights = Weights(_options("--weights_dir", str(weights_dir)))
    (weights_dir / "new.pkl").write_bytes((weights_dir / "a.pkl").read_bytes())
    assert "new" in weights.refresh()


def test_the_page_takes_weights_that_gradio_does_not_remember():
    pytest.importorskip("gradio")
    from studio.widgets import open_dropdown

    assert open_dropdown(["old"]).preprocess("new") == "new"


def test_tags_that_the_weights_never_saw_are_told_apart(studio, vocabulary):
    assert studio.weights.learned("") is None
    assert all(tag["known"] for tag in _shown_tags(vocabulary, None))
    assert "do not say" in learned_line(sections(vocabulary), None)
    seen = {vocabulary.ids["blue_hair"]: 7, vocabulary.ids["red_eyes"]: 0}
    colorist = studio.weights.colorist("")
    record = msgspec.structs.replace(colorist.checkpoint.record, seen=seen)
    colorist.checkpoint = dataclasses.replace(colorist.checkpoint, record=record)
    learned = studio.weights.learned("")
    assert learned == {"blue_hair"}
    known = [tag["name"] for tag in _shown_tags(vocabulary, learned) if tag["known"]]
    assert known == ["blue_hair"]
    assert studio.example_tags("") == []
    assert rows(vocabulary, learned) == {"hair": (vocabulary.ids["blue_hair"],)}
    assert studio.choices(colorist, ["red_eyes"], "hair", 0, 0) == [
        [vocabulary.ids["red_eyes"], vocabulary.ids["blue_hair"]]
    ]
    with pytest.raises(InputError, match="cannot vary 'skirt': choose from random palettes, hair$"):
        studio.choices(colorist, [], "skirt", 0, 0)
    listed = sections(vocabulary)
    assert "have learned hair (1 of 15). The others" in learned_line(listed, learned)
    assert "learned eyes (1 of 12), blush. The" in learned_line(listed, {"blush", "red_eyes"})
    assert "no tag" in learned_line(listed, set())
    every = {vocabulary.names[tag] for tag in vocabulary.cvt}
    assert learned_line(listed, every) == "These weights have learned every tag."


def _shown_tags(vocabulary, learned) -> list[dict]:
    return [
        tag
        for section in as_json(sections(vocabulary), learned)
        for row in section["rows"]
        for tag in row["tags"]
    ]


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


def test_why_it_cannot_listen_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} is taken"):
            serve.check_address("127.0.0.1", port)
    with pytest.raises(InputError, match="cannot listen on 203.0.113.7"):
        serve.check_address("203.0.113.7", port)
    serve.check_address("127.0.0.1", port)
