"""Where colored pictures go: nowhere else, never over others, and they say whose they are."""

import multiprocessing
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import main
from coloring.png import result_folder, write_new_png

PROCESSES, PICTURES = 4, 25


def weights(name, sha256="0123456789abcdef"):
    path = SimpleNamespace(name=name, stem=name[:-4])
    return SimpleNamespace(path=path, sha256=sha256, trained_size=None)


@pytest.mark.parametrize("stem", ["", ".", "..", "...", "....x"])
def test_no_name_of_weights_leads_elsewhere(stem, tmp_path):
    assert result_folder(tmp_path, weights(f"{stem}.pkl")).parent == tmp_path
    assert len(list(tmp_path.iterdir())) == 1


def test_pictures_of_other_weights_of_the_same_name_are_apart(
    small_checkpoint, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Image.new("L", (32, 32), 255).save("a.png")
    flags = ["--test", "--image", "a.png", "--tags", "blue_hair", "--cpu", "--load"]
    assert main.main([*flags, str(small_checkpoint)]) == 0
    own = tmp_path / "results" / "small"
    with Image.open(own / "a.png") as picture:
        name, sha256 = picture.text["weights"].split()
    assert name == "small.pkl" and len(sha256) == 8
    again = SimpleNamespace(path=small_checkpoint, sha256=f"{sha256}…", trained_size=None)
    assert result_folder(tmp_path / "results", again) == own
    other = weights("small.pkl")
    assert result_folder(tmp_path / "results", other) == tmp_path / "results" / "small-01234567"


def write_some(folder, value):
    picture = Image.fromarray(np.full((8, 8, 3), value, np.uint8))
    for number in range(PICTURES):
        write_new_png(picture, folder, str(number), ["blue_hair"], {})


def test_several_at_once_lose_no_picture(tmp_path):
    context = multiprocessing.get_context("fork")
    writers = [
        context.Process(target=write_some, args=(tmp_path, value)) for value in range(PROCESSES)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * PROCESSES
    values = [np.asarray(Image.open(path))[0, 0, 0] for path in tmp_path.iterdir()]
    assert np.bincount(values).tolist() == [PICTURES] * PROCESSES


def test_a_name_without_room_does_not_stop_the_rest(
    small_checkpoint, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "sketches"
    folder.mkdir()
    for stem in ("a" * 251, "b"):
        Image.new("L", (32, 32), 255).save(folder / f"{stem}.png")
    flags = ["--test", "--load", str(small_checkpoint), "--tags", "blue_hair", "--cpu"]
    for _ in range(2):
        assert main.main([*flags, "--image", str(folder), "--finish", "none"]) == 0
    out, error = capsys.readouterr()
    assert "no room in its name for that of the result" in error
    assert out.count("colored 2;") == 1 and out.count("colored 1, 1 unreadable skipped") == 1
    assert (tmp_path / "results" / "small" / "b_0.png").exists()
