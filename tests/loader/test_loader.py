"""Tag lines, sample selection, color spaces and pictures of every kind."""

import dataclasses
import json
import pickle
import random
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image
from reference import GOLDEN

from errors import BrokenImageError, InputError
from images.color_space import to_image, to_network
from images.line_art import read_sketch
from loader.augment import rotation_crop
from loader.dataset import BenchmarkPairs, EpochBatches, TrainingPairs, collate
from loader.layout import DataDir
from loader.samples import select
from loader.tag_lines import read_tag_lines
from loader.tags import TAG_DUMP, TAG_TABLE, load_vocabulary, write_tag_dump

VOCABULARY = load_vocabulary()
FACTS = json.loads((GOLDEN / "loader_facts.json").read_text())


def write_png(path, size=(40, 40), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(zlib.crc32(path.name.encode()))
    shape = (*size[::-1], 3) if mode == "RGB" else size[::-1]
    Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(path)


@pytest.mark.parametrize("case", FACTS["read_tagline_txt"]["results"])
def test_selection_golden(case, tmp_path):
    facts = FACTS["read_tagline_txt"]
    (tmp_path / "tags.txt").write_text("\n".join(facts["tags_txt"]))
    for file_id in facts["existing_png_ids"]:
        (tmp_path / f"{file_id}.png").touch()
    random.seed(3)
    state = random.getstate()
    selection = select(
        read_tag_lines(tmp_path / "tags.txt"),
        tmp_path,
        VOCABULARY,
        training=case["is_train"],
        limit=case["data_size"],
    )
    count = case["data_size"] or len(case["file_ids"])
    assert [sample.file_id for sample in selection.samples] == case["file_ids"][:count]
    assert [list(sample.cit) for sample in selection.samples] == case["cit"][:count]
    assert [list(sample.cvt) for sample in selection.samples] == case["cvt"][:count]
    if not case["data_size"]:
        assert selection.ambiguous == (7 if case["is_train"] else 0) and selection.lines == 13
    assert random.getstate() == state


def test_the_tag_dump_is_built_from_the_table(tmp_path):
    write_tag_dump(TAG_TABLE, tmp_path / "dump.pkl")
    assert pickle.loads((tmp_path / "dump.pkl").read_bytes()) == pickle.loads(TAG_DUMP.read_bytes())
    assert len(VOCABULARY.cit) == 370 and len(VOCABULARY.cvt) == 115
    assert VOCABULARY.names[10953] == "blue_hair" and len(VOCABULARY.ids) == 2502
    assert VOCABULARY.cvt_vector([10953, 212816]).nonzero()[0].tolist() == [81]


def test_a_tag_dump_runs_no_code(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (open, (str(tmp_path / "made"), "w"))

    (tmp_path / "dump.pkl").write_bytes(pickle.dumps({"iv_tag_list": Harmful()}))
    with pytest.raises(InputError, match="not a tag dump"):
        load_vocabulary(tmp_path / "dump.pkl")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "line, message",
    [
        ("12 34x 5", "line 2: '34x'"),
        ("a.png 1", "line 2: 'a.png'"),
        ("12 34, 5", "line 2: '34,'"),
        ("\ufeff12 34", "line 2: '\ufeff12'"),
    ],
)
def test_a_malformed_tag_line_is_named(tmp_path, line, message):
    (tmp_path / "tags.txt").write_text(f"1 2 3\n{line}\n")
    with pytest.raises(InputError, match=message):
        read_tag_lines(tmp_path / "tags.txt")


def test_untidy_tag_lines_are_read(tmp_path):
    # Windows' editors put a mark before the text.
    (tmp_path / "tags.txt").write_bytes(b"\xef\xbb\xbf1 2  3 \r\n\r\n-4\t5\n6")
    lines = read_tag_lines(tmp_path / "tags.txt")
    assert [(line.file_id, line.tags, line.line_number) for line in lines] == [
        *((1, (2, 3), 1), (-4, (5,), 3), (6, (), 4)),
    ]


def test_tag_names():
    assert VOCABULARY.parse(["blue_hair", "Red Eyes", "515193"]) == [10953, 8526, 515193]
    assert VOCABULARY.parse(["blue_hair,", "red eyes, 515193"]) == [10953, 8526, 515193]
    named = dataclasses.replace(VOCABULARY, ids={**VOCABULARY.ids, "black,white": 1})
    assert named.parse(["black,white"]) == [1]
    with pytest.raises(InputError, match="unknown tag 'blu_hair': did you mean blue_hair"):
        VOCABULARY.parse(["blu_hair"])
    for word in ("", ",", "9" * 5000):
        with pytest.raises(InputError) as caught:
            VOCABULARY.parse([word])
        assert len(str(caught.value)) < 100
    with pytest.raises(InputError, match="tag id 99999999 is not in the vocabulary"):
        VOCABULARY.parse(["99999999"])


@pytest.mark.parametrize("space", ["rgb", "lab", "hsv"])
def test_color_space_golden(space):
    with np.load(GOLDEN / "colorspace.npz") as golden:
        values = to_network(golden["in_u8"], space)
        np.testing.assert_allclose(values, golden[f"to_{space}"], rtol=0, atol=1e-5)
        given = golden["in_pm1"].copy()
        bytes_out = to_image(given, space)
        assert np.array_equal(given, golden["in_pm1"])
        assert np.abs(bytes_out.astype(int) - golden[f"from_{space}"]).max() <= 1
        back = to_image(values[None], space).astype(int)
        assert np.abs(back - golden["in_u8"]).max() <= 1


def test_rotation_crop_golden():
    golden = json.loads((GOLDEN / "rot_crop.json").read_text())
    np.testing.assert_allclose(
        [rotation_crop(angle) for angle in golden["x"]], golden["rot_crop"], rtol=0, atol=1e-12
    )


@pytest.fixture
def data_dir(tmp_path):
    lines = [
        "1 470575 87788 10959 13197 515193",
        "2 470575 16867 8526 1815 515193",
        "3 540830 10953 10960 13197 580545",
        "4 470575 10953 10960 13197 580545",
    ]
    (tmp_path / "tags.txt").write_text("\n".join(lines))
    for number in (1, 2, 3, 4):
        write_png(tmp_path / "rgb_train" / f"{number}.png")
    for number in (1, 2, 3):
        write_png(tmp_path / "xdog_train" / f"{number}.png", mode="L")
        write_png(tmp_path / "benchmark" / f"{number}.png")
        write_png(tmp_path / "keras_test" / f"{number}.png", mode="L")
    return tmp_path


def pairs_in(data_dir, **options):
    lines = read_tag_lines(data_dir / "tags.txt")
    samples = select(lines, data_dir / "rgb_train", VOCABULARY, training=True).samples
    return TrainingPairs(samples, DataDir(data_dir), VOCABULARY, input_size=32, **options)


def test_training_pairs(data_dir):
    pairs = pairs_in(data_dir, seed=1)
    assert len(pairs) == 3 and pairs.without_sketch == 1
    batch = collate([pairs[1, index] for index in range(3)])
    assert batch.original.shape == (3, 3, 32, 32) and batch.sketch.shape == (3, 1, 32, 32)
    assert batch.cit.shape == (3, 370) and batch.cvt.sum(1).tolist() == [3, 3, 3]
    assert batch.original.min() >= -1 and batch.sketch.min() >= 0 and batch.broken == ""
    again, later = pairs[1, 0], pairs[2, 0]
    assert again.sketch.equal(batch.sketch[0]) and not later.sketch.equal(batch.sketch[0])


def test_a_broken_training_image_is_named_and_passed_over(data_dir):
    path = data_dir / "rgb_train" / "2.png"
    path.write_bytes(path.read_bytes()[:600])
    pairs = pairs_in(data_dir, seed=1)
    index = next(i for i, sample in enumerate(pairs.samples) if sample.file_id == 2)
    pair, following = pairs[1, index], pairs[1, (index + 1) % 3]
    assert str(path) in pair.broken
    assert pair.original.equal(following.original) and pair.cvt.equal(following.cvt)


def test_strong_brightness_starts_with_its_epoch_and_stays(data_dir):
    def brightness(brightness_epoch, epoch):
        pairs = pairs_in(data_dir, seed=1, brightness_epoch=brightness_epoch)
        return float(np.mean([pairs[epoch, index].sketch.mean() for index in range(3)]))

    assert brightness(3, 2) == brightness(0, 2)
    assert brightness(3, 3) > brightness(0, 3) + 0.1
    assert brightness(3, 9) > brightness(0, 9) + 0.1


def test_benchmark_pairs_are_not_augmented(data_dir):
    lines = read_tag_lines(data_dir / "tags.txt")
    samples = select(lines, data_dir / "benchmark", VOCABULARY, training=False).samples
    pairs = BenchmarkPairs(samples, DataDir(data_dir), VOCABULARY, input_size=40)
    with Image.open(data_dir / "benchmark" / f"{samples[0].file_id}.png") as image:
        expected = np.asarray(image, np.float32) / 127.5 - 1
    np.testing.assert_allclose(pairs[0].original.permute(1, 2, 0), expected, atol=1e-6)


def test_epochs_visit_everything_once_and_resume_in_place():
    options = {"seed": 5, "last_epoch": 3}
    whole = list(EpochBatches(10, 4, start_epoch=1, **options))
    assert [len(batch) for batch in whole] == [4, 4, 2] * 3
    for epoch in (1, 2, 3):
        seen = [index for batch in whole for e, index in batch if e == epoch]
        assert sorted(seen) == list(range(10))
    assert whole[0] != [(1, index) for _, index in whole[3]]
    rest = EpochBatches(10, 4, start_epoch=2, start_batch=1, **options)
    assert list(rest) == whole[4:] and len(rest) == len(whole[4:])


def test_processes_share_a_batch_without_overlap():
    def batches(rank, world):
        sampler = EpochBatches(11, 4, seed=5, start_epoch=1, last_epoch=1, rank=rank, world=world)
        return list(sampler)

    one, two, alone = batches(0, 2), batches(1, 2), batches(0, 1)
    for first, second, whole in zip(one, two, alone, strict=True):
        assert len(first) == len(second)
        assert not set(first) & set(second) and set(first) | set(second) <= set(whole)


def test_pictures_of_every_kind(tmp_path):
    gray = np.tile(np.linspace(0, 255, 16).astype(np.uint8), (16, 1))
    image = Image.fromarray(gray)
    expected = gray / 255
    rgba = Image.merge("RGBA", [image] * 3 + [Image.new("L", image.size, 255)])
    rgba.save(tmp_path / "rgba.png")
    image.quantize(256).save(tmp_path / "palette.png")
    cv2.imwrite(str(tmp_path / "deep.png"), gray.astype(np.uint16) * 257)
    image.convert("CMYK").save(tmp_path / "cmyk.tif")
    for name in ("rgba.png", "palette.png", "deep.png", "cmyk.tif"):
        sketch = read_sketch(tmp_path / name, 16)[0]
        np.testing.assert_allclose(sketch, expected, atol=0.01, err_msg=name)
    rgba.putalpha(0)
    rgba.save(tmp_path / "clear.png")
    assert read_sketch(tmp_path / "clear.png", 16).eq(1).all()
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(BrokenImageError, match="text.png"):
        read_sketch(tmp_path / "text.png", 16)
