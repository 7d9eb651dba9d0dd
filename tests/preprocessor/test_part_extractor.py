"""Maps of the parts of a drawn data set."""

import numpy as np
import pytest

from drawn_art.part_map import render_part_map
from drawn_art.render import render_cropped
from drawn_art.styles import choose_picture
from images.png import write_png
from images.reader import read_gray
from preprocessor import demo_dataset, part_extractor

STYLES = ("adventurer", "figures")


def run(dataset, *flags):
    return part_extractor.main(["--dataset_path", str(dataset), "--jobs", "1", *flags])


@pytest.fixture
def dataset(tmp_path):
    flags = ["--dataset_path", str(tmp_path), "--count", "3", "--size", "128", "--jobs", "1"]
    assert demo_dataset.main([*flags, "--styles", *STYLES]) == 0
    for index in range(3):
        color = render_cropped(choose_picture(STYLES, 1, index), 96)["color"]
        write_png(tmp_path / "rgb_train" / f"{index + 1}.png", color)
    write_png(tmp_path / "rgb_train" / "-1.png", color)
    return tmp_path


def test_every_drawing_gets_a_map_of_its_size(dataset, capsys):
    assert run(dataset, "--dry_run") == 0
    assert "part maps: 3 would be made" in capsys.readouterr().out
    assert not (dataset / "part_train").exists()
    assert run(dataset) == 0
    assert "part maps: 3 made" in capsys.readouterr().out
    maps = sorted(path.name for path in (dataset / "part_train").iterdir())
    assert maps == ["1.png", "2.png", "3.png"]
    for index in range(3):
        found = read_gray(dataset / "part_train" / f"{index + 1}.png")
        assert np.array_equal(found, render_part_map(choose_picture(STYLES, 1, index), 96))


def test_a_second_run_makes_what_is_missing(dataset, capsys):
    assert run(dataset) == 0
    second = dataset / "part_train" / "2.png"
    content, kept = second.read_bytes(), (dataset / "part_train" / "1.png").stat().st_mtime_ns
    second.unlink()
    (dataset / "rgb_train" / "3.png").write_bytes(b"no picture")
    (dataset / "part_train" / "3.png").unlink()
    capsys.readouterr()
    assert run(dataset) == 0
    said = capsys.readouterr()
    assert "part maps: 1 made" in said.out and "already there: 1" in said.out
    assert "3.png" in said.err and "failed: 1" in said.out
    assert second.read_bytes() == content
    assert (dataset / "part_train" / "1.png").stat().st_mtime_ns == kept


def test_other_data_sets_have_no_known_parts(tmp_path, capsys):
    write_png(tmp_path / "rgb_train" / "1.png", np.zeros((64, 64, 3), np.uint8))
    assert run(tmp_path) == 2
    assert "ground_truth.jsonl" in capsys.readouterr().err
