"""The drawn data set: its files, and what the next stages make of them."""

import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy import ndimage

from drawn_art import palette
from drawn_art.adventurer.picture import choose
from drawn_art.palette import nearest_tag
from drawn_art.render import render_cropped
from loader.tag_lines import read_tag_lines
from loader.tags import HAIR_COLORS, load_vocabulary
from preprocessor import crop_and_upscale, demo_dataset, tagset_extractor

TESTSET = Path(__file__).parents[2] / "testset"
COUNT = 48
SEED = 4


def run_demo(folder, *flags):
    return demo_dataset.main(
        ["--dataset_path", str(folder), "--count", str(COUNT), "--seed", str(SEED)]
        + ["--styles", "adventurer", *flags]
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A data set of full size, taken through the next two stages."""
    folder = tmp_path_factory.mktemp("demo")
    assert run_demo(folder, "--jobs", "1") == 0
    common = ["--dataset_path", str(folder), "--jobs", "1"]
    assert tagset_extractor.main(common) == 0
    assert crop_and_upscale.main([*common, "--crop_only", "--benchmark_count", "0"]) == 0
    return folder


def json_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def mean_inside(image, mask, erosion):
    core = ndimage.binary_erosion(mask == 255, iterations=erosion)
    assert core.any()
    return image[core].mean(0)


def test_metadata_has_the_shape_of_danbooru2018(dataset):
    (path,) = (dataset / "metadata").iterdir()
    assert path.name.startswith("2018")
    entries = json_lines(path)
    assert [entry["id"] for entry in entries] == [str(number + 1) for number in range(COUNT)]
    names = load_vocabulary().names
    for entry in entries:
        assert {"id", "rating", "image_width", "image_height", "file_ext"} <= set(entry)
        assert all(isinstance(v, str) for key, v in entry.items() if key != "tags")
        assert all(set(tag) == {"id", "name", "category"} for tag in entry["tags"])
        assert all(isinstance(value, str) for tag in entry["tags"] for value in tag.values())
        assert {tag["category"] for tag in entry["tags"]} == {"0", "1"}
        general = [tag for tag in entry["tags"] if tag["category"] == "0"]
        assert all(names[int(tag["id"])] == tag["name"] for tag in general)


def test_images_are_letterboxed_in_black(dataset):
    shapes = Counter()
    for entry in json_lines(dataset / "metadata" / "2018_drawn"):
        number = int(entry["id"])
        image = cv2.imread(str(dataset / "512px" / f"{number % 1000:04d}" / f"{number}.jpg"))
        assert image.shape == (512, 512, 3)
        width, height = int(entry["image_width"]), int(entry["image_height"])
        shapes[np.sign(width - height)] += 1
        missing = round(512 * (1 - min(width, height) / max(width, height))) // 2
        if missing > 2:
            turned = image if width > height else image.transpose(1, 0, 2)
            assert turned[: missing - 1].max() < 24
            assert turned[-missing + 1 :].max() < 24
    assert len(shapes) == 3, "no tall, no wide or no square drawings"


def test_the_stages_accept_what_the_ground_truth_says(dataset):
    truth = json_lines(dataset / "ground_truth.jsonl")
    expected = {
        kind: {entry["id"] for entry in truth if entry["expected"] == kind}
        for kind in ("train", "sketch")
    }
    assert {int(path.stem) for path in (dataset / "rgb_cropped").iterdir()} == expected["train"]
    assert {int(path.stem) for path in (dataset / "simpl_train").iterdir()} == expected["train"]
    sketches = dataset / "liner_test"
    found = {int(path.stem) for path in sketches.iterdir()} if sketches.exists() else set()
    assert found == expected["sketch"]


def test_line_art_fits_the_cropped_color_image(dataset):
    freckles = load_vocabulary().ids["freckles"]  # dots of ink that are brown in color
    truth = {entry["id"]: entry for entry in json_lines(dataset / "ground_truth.jsonl")}
    for path in (dataset / "simpl_train").iterdir():
        line_art = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        dark = cv2.imread(str(dataset / "rgb_cropped" / path.name)).max(2) < 80
        assert line_art.shape == (512, 512)
        ink = line_art < 32
        assert dark[ink].mean() > (0.97 if freckles in truth[int(path.stem)]["tags"] else 0.995)
        # Moved by three pixels, the lines lie beside those of the color image.
        beside = np.roll(ink, 3, axis=(0, 1)) & ~ink
        assert dark[beside].mean() < dark[ink].mean() - 0.1


def test_what_is_rendered_for_evaluation_coincides_with_the_files(dataset):
    truth = [e for e in json_lines(dataset / "ground_truth.jsonl") if e["expected"] == "train"]
    for entry in truth[:12]:
        cropped = render_cropped(choose(SEED, entry["id"] - 1), 512)
        color = cv2.imread(str(dataset / "rgb_cropped" / f"{entry['id']}.png"))[..., ::-1]
        line_art = cv2.imread(str(dataset / "simpl_train" / f"{entry['id']}.png"), -1)
        assert np.abs(cropped["color"].astype(int) - color).mean() < 3  # JPEG
        assert (cropped["line_art"] == line_art).all()
        assert (
            nearest_tag(mean_inside(color, cropped["hair"], 3), palette.HAIR)
            == entry["colors"]["hair"]
        )
        assert (
            nearest_tag(mean_inside(color, cropped["iris"], 1), palette.EYES)
            == entry["colors"]["iris"]
        )


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_processes_and_interruptions_do_not_change_the_files(tmp_path, capsys):
    one, two = tmp_path / "one", tmp_path / "two"
    assert run_demo(one, "--size", "96", "--jobs", "1") == 0
    assert run_demo(two, "--size", "96", "--jobs", "2", "--count", "20") == 0
    removed = sorted((two / "simpl_train").iterdir())[0]
    removed.unlink()
    kept = {
        path: path.stat().st_mtime_ns for path in two.rglob("*.jpg") if path.stem != removed.stem
    }
    capsys.readouterr()
    assert run_demo(two, "--size", "96", "--jobs", "2") == 0
    assert "already there: 19" in capsys.readouterr().out
    assert files_of(one) == files_of(two)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_other_drawings_in_the_same_folder_are_refused(tmp_path, capsys):
    assert run_demo(tmp_path, "--size", "96", "--jobs", "1", "--count", "2") == 0
    before = files_of(tmp_path)
    assert run_demo(tmp_path, "--size", "96", "--seed", "5") == 2
    last_line = capsys.readouterr().err.splitlines()[-1]
    assert "holds drawings of --seed 4 --size 96" in last_line
    assert files_of(tmp_path) == before


def test_a_style_that_is_named_more_often_has_more_drawings(tmp_path):
    flags = ["--count", "24", "--size", "64", "--styles", *["big-ears"] * 5, "lorelei"]
    assert demo_dataset.main(["--dataset_path", str(tmp_path), *flags]) == 0
    styles = Counter(one["style"] for one in json_lines(tmp_path / "ground_truth.jsonl"))
    assert styles["big-ears"] > 2 * styles["lorelei"] > 0
    assert (tmp_path / "CREDITS.txt").read_text().count("Lorelei") == 1


def test_metadata_of_others_is_left_alone(tmp_path, capsys):
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "2018000000000000").write_text("{}")
    assert run_demo(tmp_path) == 2
    assert "holds other metadata (2018000000000000)" in capsys.readouterr().err
    assert files_of(tmp_path) == {"metadata/2018000000000000": b"{}"}


@pytest.mark.parametrize(
    "flags", [["--count", "0"], ["--size", "3"], ["--seed", str(demo_dataset.RESERVED_SEED)]]
)
def test_wrong_use_is_one_line(tmp_path, capsys, flags):
    assert run_demo(tmp_path, *flags) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_dry_run_writes_nothing(tmp_path, capsys):
    assert run_demo(tmp_path, "--dry_run") == 0
    assert f"{COUNT} would be made" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_the_test_set_is_what_the_program_draws(tmp_path):
    assert demo_dataset.main(["--testset", str(tmp_path)]) == 0
    drawn, kept = files_of(tmp_path), files_of(TESTSET)
    assert set(drawn) == set(kept)
    assert drawn["tags.txt"] == kept["tags.txt"]
    for name in drawn:
        if name.endswith(".png"):
            assert len(kept[name]) < 60_000
            images = [
                cv2.imdecode(np.frombuffer(data[name], np.uint8), cv2.IMREAD_UNCHANGED)
                for data in (drawn, kept)
            ]
            assert max(images[1].shape) == 512
            assert np.abs(images[0].astype(int) - images[1]).max() <= 8
    lines = read_tag_lines(TESTSET / "tags.txt")
    numbers = [number for style in demo_dataset.TESTSET.values() for number in style]
    assert [line.file_id for line in lines] == numbers
    assert all(sum(tag in HAIR_COLORS for tag in line.tags) == 1 for line in lines)
    assert "Lisa Wischofsky" in kept["CREDITS.txt"].decode()
    assert "CC BY 4.0" in kept["CREDITS.txt"].decode()
