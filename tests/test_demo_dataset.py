"""The drawn data set: its tags, its masks and its line art against its pixels."""

import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy import ndimage
from skimage.color import rgb2lab

from loader.tags import EYE_COLORS, HAIR_COLORS, PERSON_TAGS, load_vocabulary, read_tag_lines
from preprocessor import crop_and_upscale, demo_dataset, tagset_extractor
from preprocessor.demo import palette, variants
from preprocessor.demo.drawing import OUTSIDE, draw_lots
from preprocessor.demo.render import (
    content_size,
    frame_as_cropped,
    render_color,
    render_line_art,
    render_masks,
)

TESTSET = Path(__file__).parents[1] / "testset"
DRAWINGS = [draw_lots(11, index, outside=False) for index in range(40)]
SIZE = 256
COUNT = 48
SEED = 4


def run_demo(folder, *flags):
    return demo_dataset.main(
        ["--dataset_path", str(folder), "--count", str(COUNT), "--seed", str(SEED), *flags]
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


def nearest(color, colors):
    tags = list(colors)
    lab = rgb2lab(np.array([color, *colors.values()], float)[None] / 255)[0]
    return tags[int(np.linalg.norm(lab[1:] - lab[0], axis=1).argmin())]


def mean_inside(image, mask, erosion):
    core = ndimage.binary_erosion(mask == 255, iterations=erosion)
    assert core.any()
    return image[core].mean(0)


@pytest.mark.parametrize("drawing", DRAWINGS[:40:2], ids=lambda drawing: str(drawing.file_id))
def test_parts_have_the_color_of_their_tags(drawing):
    color, masks = render_color(drawing, 2 * SIZE), render_masks(drawing, 2 * SIZE)
    (hair,) = set(drawing.tags) & set(HAIR_COLORS)
    (eyes,) = set(drawing.tags) & set(EYE_COLORS)
    assert nearest(mean_inside(color, masks["hair"], 3), palette.HAIR) == hair
    assert nearest(mean_inside(color, masks["iris"], 1), palette.EYES) == eyes
    skin = set(drawing.tags) & set(palette.SKIN)
    shown = nearest(mean_inside(color, masks["skin"], 3), palette.SKIN | {0: palette.PLAIN_SKIN})
    assert ({shown} if shown else set()) == skin
    if palette.GRADIENT_BACKGROUND not in drawing.tags:
        (background,) = set(drawing.tags) & set(palette.BACKGROUND)
        shown = nearest(mean_inside(color, masks["background"], 3), palette.BACKGROUND)
        assert shown == background


def test_a_gradient_background_runs_between_two_palette_colors():
    lots = (draw_lots(11, index, outside=False) for index in range(200))
    drawing = next(one for one in lots if palette.GRADIENT_BACKGROUND in one.tags)
    assert not set(drawing.tags) & set(palette.BACKGROUND)
    color = render_color(drawing, SIZE)
    inside = render_masks(drawing, SIZE)["background"] == 255
    ends = [color[rows][inside[rows]].mean(0) for rows in (slice(0, 4), slice(-4, None))]
    found = tuple(nearest(end, palette.BACKGROUND) for end in ends)
    assert found == drawing.background


@pytest.mark.parametrize("drawing", DRAWINGS[:12], ids=lambda drawing: str(drawing.file_id))
def test_masks_part_the_drawing(drawing):
    masks = render_masks(drawing, SIZE)
    width, height = content_size(drawing, SIZE)
    assert set(masks) == {"hair", "iris", "background", "skin"}
    assert all(mask.shape == (height, width) and mask.dtype == np.uint8 for mask in masks.values())
    assert sum(mask.astype(int) for mask in masks.values()).max() <= 257
    # Beside the outlines only eyes, mouths and ornaments belong to no part.
    covered = sum((mask > 127).sum() for mask in masks.values())
    assert 0.8 < covered / (width * height) < 1


@pytest.mark.parametrize("drawing", DRAWINGS[::3], ids=lambda drawing: str(drawing.file_id))
def test_irises_are_white_inside_an_inked_outline(drawing):
    line_art, iris = render_line_art(drawing, 2 * SIZE), render_masks(drawing, 2 * SIZE)["iris"]
    assert iris.max() == 255, "an eye color is tagged but no iris is seen"
    inside = ndimage.binary_erosion(iris == 255, iterations=2)
    assert (line_art[inside] > 250).all()
    seen = ndimage.binary_fill_holes(iris > 0)  # without the highlights of sparkling eyes
    ring = ndimage.binary_dilation(seen, iterations=2) & ~seen
    assert (line_art[ring] < 128).mean() > 0.9


@pytest.mark.parametrize("drawing", DRAWINGS[1::3], ids=lambda drawing: str(drawing.file_id))
def test_line_art_has_no_fills(drawing):
    line_art, masks = render_line_art(drawing, SIZE), render_masks(drawing, SIZE)
    for mask in masks.values():
        assert (line_art[ndimage.binary_erosion(mask == 255)] == 255).all()
    assert line_art.min() < 10
    assert 0.02 < (line_art < 128).mean() < 0.2


def test_drawings_are_the_same_at_any_size():
    drawing = DRAWINGS[0]
    small = render_line_art(drawing, 128).astype(float)
    large = render_line_art(drawing, 512).astype(float)
    large = cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(large - small).mean() < 2


def test_every_variant_exists_and_every_tag_is_known():
    from preprocessor.demo.render import _style

    names = load_vocabulary().ids
    tables = {
        "hair": [variants.HAIR],
        "eyes": [variants.OPEN_EYES, variants.CLOSED_EYES],
        "eyebrows": [variants.EYEBROWS],
        "mouth": [variants.MOUTH],
        "glasses": [variants.GLASSES, variants.SUNGLASSES],
        "earrings": [variants.EARRINGS],
        "details": [variants.DETAILS],
    }
    for part, some in tables.items():
        exist = set(_style().components()[part].variants())
        for table in some:
            assert set(table) <= exist
            assert {name for tags in table.values() for name in tags} <= set(names)


def test_palettes_are_the_tags_of_the_vocabulary():
    vocabulary = load_vocabulary()
    assert set(palette.HAIR) == set(HAIR_COLORS)
    assert set(palette.EYES) == set(EYE_COLORS)
    backgrounds = {*palette.BACKGROUND, palette.GRADIENT_BACKGROUND}
    assert backgrounds == set(vocabulary.cvt_parts["background"])
    assert {*palette.SKIN, *palette.FRAMES} <= set(vocabulary.cvt)
    for colors in (palette.HAIR, palette.EYES, palette.BACKGROUND):
        lab = rgb2lab(np.array(list(colors.values()), float)[None] / 255)[0]
        distances = np.linalg.norm(lab[:, None] - lab, axis=2) + 1000 * np.eye(len(lab))
        assert distances.min() > 12


def cramers_v(first, second):
    table = np.zeros((len(set(first)), len(set(second))))
    rows, columns = sorted(set(first), key=str), sorted(set(second), key=str)
    for (one, other), number in Counter(zip(first, second, strict=True)).items():
        table[rows.index(one), columns.index(other)] = number
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    return np.sqrt(
        ((table - expected) ** 2 / expected).sum() / table.sum() / (min(table.shape) - 1)
    )


def test_colors_are_balanced_and_independent():
    drawings = [draw_lots(2, index, outside=False) for index in range(4000)]
    colors = [
        [drawing.hair[0] for drawing in drawings],
        [drawing.eyes for drawing in drawings],
        [drawing.background_tag for drawing in drawings],
        [drawing.skin for drawing in drawings],
    ]
    for kind, values in zip((15, 12, 13), colors[:3], strict=True):
        numbers = Counter(values)
        assert len(numbers) == kind
        assert min(numbers.values()) * kind / 4000 > 0.75
        assert max(numbers.values()) * kind / 4000 < 1.25
    for number, first in enumerate(colors):
        for second in colors[number + 1 :]:
            assert cramers_v(first, second) < 0.09


def filter_rule(width, height, tags, names):
    """What the published filter does with an image, written down once more."""
    hair, eyes, people = (tags & set(kind) for kind in (HAIR_COLORS, EYE_COLORS, PERSON_TAGS))
    names = {names[tag] for tag in tags}
    if max(width, height) < 512 or not 3 * height < 4 * width or not 3 * width < 4 * height:
        return "rejected"
    if {"comic", "photo", "english", "black_border", "multiple_views"} & names:
        return "rejected"
    if {"greyscale", "sketch"} & names and "white_background" in names:
        return "rejected" if hair or eyes else "sketch"
    single = len(hair) == len(eyes) == len(people) == 1
    return "train" if single and "simple_background" in names else "rejected"


def test_the_filter_decides_as_expected():
    names = load_vocabulary().names
    drawings = [draw_lots(9, index) for index in range(4000)]
    for one in drawings:
        found = filter_rule(one.width, one.height, set(one.tags), names)
        assert found == one.expected, one
    reasons = Counter(drawing.reason for drawing in drawings)
    assert set(reasons) == {"", *OUTSIDE}
    assert 0.04 < 1 - reasons[""] / len(drawings) < 0.09


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
    for entry in json_lines(dataset / "metadata" / "2018000000000000"):
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


def test_masks_can_be_framed_like_the_cropped_image(dataset):
    entry = next(e for e in json_lines(dataset / "ground_truth.jsonl") if e["expected"] == "train")
    drawing = draw_lots(SEED, entry["id"] - 1)
    color = cv2.imread(str(dataset / "rgb_cropped" / f"{entry['id']}.png"))[..., ::-1]
    mask = frame_as_cropped(drawing, render_masks(drawing, 512)["hair"], "mirror", paper=0)
    assert mask.shape == (512, 512)
    assert nearest(mean_inside(color, mask, 3), palette.HAIR) == entry["hair"][0]


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
            assert images[1].shape == (512, 512)
            assert np.abs(images[0].astype(int) - images[1]).max() <= 8
    lines = read_tag_lines(TESTSET / "tags.txt")
    assert {line.file_id for line in lines} == set(demo_dataset.TESTSET)
    assert all(sum(tag in HAIR_COLORS for tag in line.tags) == 1 for line in lines)
    assert "Lisa Wischofsky" in kept["CREDITS.txt"].decode()
    assert "CC BY 4.0" in kept["CREDITS.txt"].decode()
