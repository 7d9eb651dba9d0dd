"""Coloring as people do it: a data directory, pictures, sheets, and mistakes."""

import numpy as np
import pytest
import torch
from PIL import Image
from reference import GOLDEN, fill, manifest, weight

import main
from loader.tags import load_vocabulary
from network import Discriminator, TagExtractor


@pytest.fixture
def run(small_checkpoint, tmp_path, capsys, monkeypatch):
    """Run main.py; returns its exit code, its output and its errors."""
    monkeypatch.chdir(tmp_path)

    def call(*flags, load=small_checkpoint):
        arguments = ["--load", str(load)] if load else []
        try:
            code = main.main([*arguments, *map(str, flags), "--cpu"])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image).astype(int)


@pytest.mark.parametrize("norm, folder", [("running", "eval"), ("batch", "train")])
def test_the_reference_pictures(run, tmp_path, norm, folder):
    def state(name):
        return {
            "module." + entry["key"]: torch.as_tensor(weight(entry["key"], entry["shape"]))
            for entry in manifest(name)["state_dict"]
        }

    checkpoint = {"G": state("tag2pix__256_bn"), "D": state("discriminator__any")}
    torch.save(checkpoint, tmp_path / "tag2pix_256.pkl")
    extractor = {"weight": state("cit_half__34")}
    torch.save(extractor, tmp_path / "model.pth")
    code, out, _ = run(
        *("--test", "--thread=0", "--batch=1", "--data_dir", GOLDEN / "cli" / "data"),
        *("--pretrain_dump", tmp_path / "model.pth", "--result_dir", tmp_path / "R"),
        *("--cit_norm", norm),
        load=tmp_path / "tag2pix_256.pkl",
    )
    assert code == 0 and "colored 2" in out
    for name in ("201.png", "202.png"):
        expected = pixels(GOLDEN / "cli" / f"256_cit_{folder}_b1" / name)
        difference = np.abs(pixels(tmp_path / "R" / "tag2pix_256" / name) - expected)
        assert difference.max() <= 2 and difference.mean() < 0.1


def test_a_data_directory(run, drawn_data, tmp_path):
    flags = ("--test", "--data_dir", drawn_data, "--result_dir", tmp_path / "R")
    assert run(*flags)[0] == 0
    folder = tmp_path / "R" / "small"
    assert sorted(p.name for p in folder.iterdir()) == [f"{n}.png" for n in (10, 11, 12, 9)]
    first = pixels(folder / "9.png")
    assert first.shape == (32, 32, 3)
    assert run(*flags, "--batch_size", "1")[0] == 0
    assert len(list(folder.iterdir())) == 8
    assert np.abs(pixels(folder / "9_0.png") - first).max() <= 1


def test_another_size_than_that_of_the_weights(run, small_checkpoint, tmp_path):
    image = Image.new("L", (90, 60), 255)
    image.paste(0, (20, 10, 24, 50))
    image.save(tmp_path / "a.png")
    asked = ("--test", "--image", "a.png", "--tags", "blue_hair", "--finish", "none")
    code, out, _ = run(*asked, "--input_size", "64")
    assert code == 0 and "painting at 64 px; trained at 32 px" in out
    picture = tmp_path / "results" / "small" / "a.png"
    with Image.open(picture) as painted:
        assert painted.size == (64, 43) and painted.text["weights"].endswith(" at 64 px")
    for suffix in ("pkl", "onnx"):
        exported = tmp_path / f"exported_{suffix}.{suffix}"
        assert run("--input_size", "64", "--export", exported)[0] == 0
        code, out, _ = run(*asked, load=exported)
        assert code == 0 and "trained at" not in out
        again = pixels(tmp_path / "results" / exported.stem / "a.png")
        assert np.abs(again - pixels(picture)).max() <= 2
    code, _, err = run(*asked, "--input_size", "32", load=exported)
    assert code == 2 and "export its checkpoint with that --input_size" in err
    assert run(*asked)[0] == 0  # at 32 px: in a folder of its own
    assert len(list((tmp_path / "results").glob("small-*/a.png"))) == 1


def test_broken_line_art_is_named_and_the_rest_goes_on(run, tmp_path):
    data = tmp_path / "data"
    (data / "liner_test").mkdir(parents=True)
    (data / "tags.txt").write_text("1 10953\n2 10953\n3 10953\n")
    Image.new("L", (40, 40), 255).save(data / "liner_test" / "1.png")
    (data / "liner_test" / "2.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    code, out, err = run("--test", "--data_dir", data)
    assert code == 0 and "colored 1, 1 unreadable skipped" in out
    # Of each only a hair color is known, which is enough to color it.
    assert "2 of 3 tag lines used; 1 without image\n" in out and "2.png" in err
    (data / "liner_test" / "1.png").unlink()
    code, out, err = run("--test", "--data_dir", data)
    assert code == 1 and "colored 0, 1 unreadable skipped" in out


def test_pictures_of_any_shape(run, tmp_path):
    for name, size in (("wide", (100, 50)), ("tall", (30, 90))):
        image = Image.new("LA", size, (0, 0))
        image.save(tmp_path / f"{name}.png")
    tags = ("--tags", "blue_hair", "red eyes")
    code, _, _ = run("--test", "--image", tmp_path, *tags, "--finish", "none")
    assert code == 0
    folder = tmp_path / "results" / "small"
    with Image.open(folder / "wide.png") as wide, Image.open(folder / "tall.png") as tall:
        assert wide.size == (32, 16) and tall.size == (11, 32)
        assert wide.text["tags"] == "blue_hair red_eyes"
    tags = ("--tags", "10953", "8526")
    again = run("--test", "--image", tmp_path / "wide.png", *tags, "--finish", "none")
    assert again[0] == 0
    assert np.array_equal(pixels(folder / "wide.png"), pixels(folder / "wide_0.png"))


def test_tags_that_the_weights_hardly_know_are_named(run, small_checkpoint, tmp_path):
    Image.new("L", (40, 40), 255).save(tmp_path / "a.png")
    flags = ("--test", "--image", "a.png", "--tags", "blue_hair", "red_skirt", "red_hair")
    content = torch.load(small_checkpoint, weights_only=True)
    ids = load_vocabulary().ids
    content["tag2pix"]["seen"] = {ids["blue_hair"]: 10, ids["red_hair"]: 1}
    torch.save(content, tmp_path / "knowing.pkl")
    code, _, err = run(*flags, load=tmp_path / "knowing.pkl")
    assert code == 0 and "blue_hair:" not in err
    assert "red_skirt: these weights have seen it in 0 pictures\n" in err
    assert "red_hair: these weights have seen it in 1 picture\n" in err
    del content["tag2pix"]["seen"]
    torch.save(content, tmp_path / "silent.pkl")
    assert "have seen" not in run(*flags, load=tmp_path / "silent.pkl")[2]


def test_tags_change_the_picture(run, tmp_path):
    Image.new("L", (32, 32), 255).save(tmp_path / "a.png")
    for tags in (["blue_hair"], ["red_hair"]):
        assert run("--test", "--image", tmp_path / "a.png", "--tags", *tags)[0] == 0
    folder = tmp_path / "results" / "small"
    assert not np.array_equal(pixels(folder / "a.png"), pixels(folder / "a_0.png"))


def test_sheets(run, tmp_path):
    Image.new("L", (32, 32), 255).save(tmp_path / "a.png")
    assert run("--test", "--image", "a.png", "--tags_grid", "hair")[0] == 0
    assert run("--test", "--image", "a.png", "--tags_grid", "hair", "eyes")[0] == 0
    folder = tmp_path / "results" / "small"
    one, two = pixels(folder / "a_hair.png"), pixels(folder / "a_hair_eyes.png")
    assert two.shape[1] > 12 * 32 and two.shape[0] > 15 * 32 > one.shape[0]


def test_the_aspect_of_a_data_directory(run, tmp_path):
    data = tmp_path / "data"
    (data / "liner_test").mkdir(parents=True)
    (data / "tags.txt").write_text("1 10953")
    image = Image.new("L", (64, 32), 255)
    image.paste(0, (0, 0, 64, 8))
    image.save(data / "liner_test" / "1.png")
    assert run("--test", "--data_dir", data)[0] == 0
    assert run("--test", "--data_dir", data, "--keep_aspect")[0] == 0
    folder = tmp_path / "results" / "small"
    stretched, kept = pixels(folder / "1.png"), pixels(folder / "1_0.png")
    assert kept.shape == stretched.shape and not np.array_equal(kept, stretched)


def test_listing_tags(run):
    code, out, _ = run("--list_tags", load=None)
    assert code == 0 and "hair (24): blonde_hair" in out and "115 color tags" in out
    code, out, _ = run("--list_tags", "twintail", load=None)
    assert code == 0 and "twintails" in out and "shape, hair" in out


MISTAKES = [
    (["--test"], "--test needs --load"),
    (["--test", "--image", "none.png", "--tags", "blue_hair"], "none.png does not exist"),
    (["--test", "--image", "a.png"], "--image needs --tags"),
    (["--test", "--image", "a.png", "--tags", "blu_hair"], "did you mean blue_hair"),
    (["--test", "--image", "a.png", "--tags_grid", "nose"], "unknown part 'nose'"),
    (["--test", "--tags", "blue_hair"], "--tags goes with --image"),
    (["--test", "--data_dir", "nowhere"], "nowhere does not exist"),
    (["--test", "--data_dir", "."], "liner_test does not exist"),
    (["--test", "--input_size", "72", "--image", "a.png", "--tags", "blue_hair"], "multiple of 16"),
    (["--test", "--no_bn", "--image", "a.png", "--tags", "blue_hair"], "--no_bn contradicts"),
    (["--test", "--amp", "fp16", "--image", "a.png", "--tags", "blue_hair"], "needs a GPU"),
    (["--data_dir", "nowhere"], "nowhere does not exist"),
    (["--data_dir", "empty"], "tags.txt does not exist"),
    (["--data_dir", "malformed"], "malformed/tags.txt, line 2: '12x'"),
    (["--data_dir", "malformed", "--tag_txt", "good.txt"], "nothing to train on"),
    (["--resume", "empty"], "holds no checkpoint"),
    (["--resume"], "holds no run to resume"),
    (["--layers", "1", "2"], "expected 4 arguments"),
    (["--cit_cvt_weight", "1"], "expected 2 arguments"),
    (["--epoch", "0"], "0 is less than 1"),
    (["--input_size", "72"], "not a positive multiple of 16"),
    (["--model", "senet", "--use_relu"], "senet uses no style layers"),
    (["--model", "unet"], "invalid choice"),
    (["--tag_dump", "a.png"], "a.png is not a tag dump"),
]


@pytest.mark.parametrize("flags, words", MISTAKES, ids=[" ".join(case[0]) for case in MISTAKES])
def test_a_mistake_gets_one_line_and_exit_code_2(
    run, tmp_path, small_checkpoint, monkeypatch, flags, words
):
    Image.new("L", (32, 32), 255).save(tmp_path / "a.png")
    (tmp_path / "empty").mkdir()
    for folder in ("rgb_train", "xdog_train"):
        (tmp_path / "malformed" / folder).mkdir(parents=True)
    (tmp_path / "malformed" / "tags.txt").write_text("1 2 3\n4 12x\n")
    (tmp_path / "malformed" / "good.txt").write_text("1 2 3\n")
    needs_weights = "--test" in flags and flags != ["--test"]
    before = sorted(tmp_path.rglob("*"))
    code, _, err = run(*flags, *([] if "--test" in flags else ["--no_cit"]),
                       load=small_checkpoint if needs_weights else None)  # fmt: skip
    assert code == 2
    assert words in err and len(err.strip().splitlines()) == 1, err
    assert sorted(tmp_path.rglob("*")) == before


def test_the_wrong_kind_of_file(run, tmp_path):
    torch.save({"weight": fill(TagExtractor(5)).state_dict()}, tmp_path / "model.pth")
    torch.save({"G": {}, "D": Discriminator().state_dict()}, tmp_path / "odd.pkl")
    Image.new("L", (32, 32), 255).save(tmp_path / "a.png")
    for name, words in (
        ("model.pth", "holds a tag extractor"),
        ("odd.pkl", "its network G is empty"),
    ):
        code, _, err = run(
            "--test", "--image", "a.png", "--tags", "blue_hair", load=tmp_path / name
        )
        assert code == 2 and words in err and len(err.strip().splitlines()) == 1, err
