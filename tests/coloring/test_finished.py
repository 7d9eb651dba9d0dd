"""Pictures of --image at the sketch's size: files, flags, bad input; parts from a real network."""

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import Resource

import main
from coloring.colorist import Colorist
from coloring.finished import color_sketch
from coloring.parts import part_changes
from drawn_art.adventurer.picture import choose
from drawn_art.render import render_line_art, render_masks
from drawn_art.reserved import RESERVED_SEED
from finishing.finish import Sketch
from finishing.parts import PARTS
from finishing.saving import read_saved_entries

WEIGHTS = "weights/tag2pix_320.pkl"


@pytest.fixture
def run(small_checkpoint, tmp_path, capsys, monkeypatch):
    """Run main.py on --image; returns its exit code and errors."""
    monkeypatch.chdir(tmp_path)

    def call(*flags):
        arguments = ["--test", "--load", small_checkpoint, "--cpu", *flags]
        try:
            code = main.main([*map(str, arguments)])
        except SystemExit as stop:
            code = stop.code
        return code, capsys.readouterr().err

    return call


@pytest.fixture
def results(tmp_path):
    return tmp_path / "results" / "small"


def sketch(path, size=(120, 200)):
    picture = np.full(size[::-1], 255, np.uint8)
    picture[40:44, 10:-10] = picture[40:150, 10:14] = picture[40:150, -14:-10] = 0
    picture[146:150, 10:-10] = 60
    Image.fromarray(picture).save(path)
    return picture


def test_the_sketch_s_size_and_lines(run, tmp_path, results):
    drawn = sketch(tmp_path / "a.png")
    assert run("--image", "a.png", "--tags", "blue_hair")[0] == 0
    with Image.open(results / "a.png") as image:
        assert image.size == (120, 200) and image.text["tags"] == "blue_hair"
        picture = np.asarray(image)
    assert (picture[drawn == 0] == 0).all()
    assert (picture[drawn == 60] <= 60).all()


def test_files_have_the_dpi_of_the_sketch_unless_they_are_scaled(run, tmp_path, results):
    sketch(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        image.save(tmp_path / "b.png", dpi=(350, 350))
    flags = ("--image", "b.png", "--tags", "blue_hair", "--save_as", "png", "psd")
    assert run(*flags)[0] == 0
    with Image.open(results / "b.png") as image:
        assert image.info["dpi"] == pytest.approx((350, 350), abs=0.1)
    resolution = PSDImage.open(results / "b.psd").image_resources.get_data(Resource.RESOLUTION_INFO)
    assert resolution.horizontal / 65536 == pytest.approx(350, abs=0.1)
    assert run(*flags, "--longest", "100")[0] == 0
    with Image.open(results / "b_0.png") as image:
        assert "dpi" not in image.info


def test_another_size_and_all_files(run, tmp_path, results):
    sketch(tmp_path / "a.png")
    flags = ("--image", "a.png", "--tags", "blue_hair", "--longest", "300")
    more = ("--save_as", "png", "ora", "psd", "--transparent", "--exact", "background=#102030")
    for _ in range(2):
        assert run(*flags, *more)[0] == 0
    assert {path.name for path in results.iterdir()} == {
        f"a{number}.{suffix}" for number in ("", "_0") for suffix in ("png", "ora", "psd")
    }
    for suffix in ("png", "ora", "psd"):
        entries = read_saved_entries(results / f"a.{suffix}")
        assert entries["tags"] == "blue_hair" and entries["exact"] == "background=#102030"
    with Image.open(results / "a.png") as image:
        assert image.size == (180, 300) and image.mode == "RGBA"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--exact hair=blue", "'hair=blue' is no exact color"),
        ("--exact nose=#112233", "unknown part 'nose'"),
        ("--exact hair=#112233 --finish none", "--exact needs --finish shaded or flat"),
        ("--save_as psd --finish none", "--save_as needs --finish"),
        ("--longest 100 --tags_grid hair", "--longest does not go with --tags_grid"),
        ("--longest 40000", "--longest"),
        ("--save_as gif", "--save_as"),
        ("--finish pretty", "--finish"),
    ],
)
def test_wrong_flags_are_one_line(run, tmp_path, flags, message):
    sketch(tmp_path / "a.png")
    code, errors = run("--image", "a.png", "--tags", "blue_hair", *flags.split())
    assert code == 2 and message in errors and len(errors.strip().splitlines()) == 1


def test_finishing_a_data_directory_is_refused(run):
    code, errors = run("--data_dir", "x", "--finish", "flat")
    assert code == 2 and "--finish goes with --image" in errors


def test_pictures_that_are_no_line_art(run, tmp_path, results):
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    pictures = {
        "white": Image.new("L", (60, 80), 255),
        "black": Image.new("RGB", (60, 80)),
        "pixel": Image.new("L", (1, 1), 0),
        "row": Image.new("L", (20_000, 1), 255),
        "noise": Image.fromarray(noise),
        "clear": Image.new("RGBA", (50, 50), (0, 0, 0, 0)),
    }
    for name, picture in pictures.items():
        picture.save(tmp_path / f"{name}.png")
    (tmp_path / "broken.png").write_bytes(b"nothing")
    flags = ("--tags", "blue_hair", "--save_as", "png", "ora", "--exact", "hair=#112233")
    code, errors = run("--image", tmp_path, *flags)
    assert code == 0 and "broken.png: truncated, or not a picture" in errors
    assert "Traceback" not in errors
    for name, picture in pictures.items():
        with Image.open(results / f"{name}.png") as image:
            assert image.size == picture.size


def test_white_lines_on_transparency_are_colored_as_black_ones(run, tmp_path, results):
    drawn = sketch(tmp_path / "black.png")
    rgba = np.full((*drawn.shape, 4), 255, np.uint8)
    rgba[..., 3] = 255 - drawn
    Image.fromarray(rgba).save(tmp_path / "white.png")
    assert run("--image", "black.png", "white.png", "--tags", "blue_hair")[0] == 0
    with Image.open(results / "black.png") as black, Image.open(results / "white.png") as white:
        black, white = np.asarray(black), np.asarray(white)
    paper = drawn == 255
    assert np.array_equal(black[paper], white[paper])
    assert (white[drawn == 0] == 255).all() and (black[drawn == 0] == 0).all()


@pytest.fixture(scope="module")
def colorist(request):
    return Colorist.load(request.config.rootpath / WEIGHTS, device="cpu")


@pytest.mark.parametrize("index", [1, 5])
def test_parts_of_drawn_art(colorist, index):
    drawing = choose(RESERVED_SEED, index, outside=False)
    lines, masks = render_line_art(drawing, 512), render_masks(drawing, 512)
    finished = color_sketch(colorist, Sketch(lines), drawing.tags, with_parts=True)
    paper = lines > 128
    for part, mask, least in (("hair", "hair", 0.97), ("background", "background", 0.98)):
        found, true = finished.inside(part) & paper, masks[mask] > 128
        assert (found & true).sum() / (found | true).sum() > least, part


def test_changes_are_where_the_part_is(colorist):
    drawing = choose(RESERVED_SEED, 5, outside=False)
    gray = Image.fromarray(render_line_art(drawing, 256))
    changes = part_changes(colorist, gray, drawing.tags)
    (painted,) = colorist.paint_picture(gray, [drawing.tags])
    assert changes.shape == (painted.height, painted.width, len(PARTS))
    assert changes.min() >= 0 and changes.max() <= 1
    masks = render_masks(drawing, 256)
    for index, name in enumerate(("background", "skin", "hair", "iris")):
        small = Image.fromarray(masks[name]).resize(painted.size, Image.Resampling.BOX)
        inside, outside = np.asarray(small) == 255, np.asarray(small) == 0
        assert np.median(changes[inside, index]) > 3 * np.median(changes[outside, index]) + 0.2
