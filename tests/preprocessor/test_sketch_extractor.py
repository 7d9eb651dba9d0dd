"""Sketch stage: XDoG and sketchKeras against the published numbers, engines against each other."""

import json
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from errors import InputError
from files.checksum import sha256_of
from images.png import write_png
from images.reader import read_gray, read_rgb
from line_art import sketch_keras
from line_art.keras_file import read_keras_file
from line_art.xdog import adjust_intensity, random_parameters, xdog
from preprocessor import sketch_extractor
from upscaling.upscaler import Upscaler

GOLDEN = Path(__file__).parents[1] / "golden"
XDOG = np.load(GOLDEN / "xdog.npz")
LIGHT = np.load(GOLDEN / "light_map.npz")
XDOG_PARAMETERS = json.loads(str(XDOG["meta"]))["params"]
LIGHT_CASES = json.loads(str(LIGHT["meta"]))["cases"]


@pytest.mark.parametrize("image", [0, 1])
@pytest.mark.parametrize("parameters", [0, 1, 2])
def test_xdog_is_the_published_one(image, parameters):
    result = xdog(XDOG[f"in{image}"], **XDOG_PARAMETERS[parameters])
    assert (result != XDOG[f"xdog{image}_{parameters}"]).mean() <= 0.001


def test_xdog_has_three_values_and_paper_is_254():
    page = np.full((64, 64), 255, np.uint8)
    page[20:44, 30:32] = 0
    page[:8, :8] = 0
    assert set(np.unique(xdog(page))) == {0, 254, 255}
    assert xdog(page)[60, 60] == 254
    assert xdog(page)[1, 1] == 255


def test_integer_gamma_does_not_wrap_around():
    gray = XDOG["in0"]
    assert np.array_equal(xdog(gray, gamma=1), xdog(gray, gamma=1.0))
    assert (xdog(gray, gamma=1) == 0).any()


@pytest.mark.parametrize(("key", "exponent"), [("1.4000", 1.4), ("1.7000", 1.7), ("0.6667", 2 / 3)])
def test_the_intensity_curve_is_the_published_one(key, exponent):
    assert np.array_equal(adjust_intensity(XDOG["lut_in"], exponent), XDOG[f"lut_{key}"])
    assert np.array_equal(adjust_intensity(XDOG["lut_in"], 1), XDOG["lut_in"])


def test_parameters_follow_from_id_and_seed():
    drawn = np.array([random_parameters(file_id, 10) for file_id in range(500)])
    assert (drawn >= (0.35, 2)).all() and (drawn < (0.45, 3)).all()
    assert np.abs(drawn.mean(axis=0) - (0.4, 2.5)).max() < 0.05
    assert len({tuple(row) for row in drawn}) == 500
    assert random_parameters(7, 10) == tuple(drawn[7])
    assert random_parameters(7, 11) != tuple(drawn[7])


@pytest.mark.parametrize("image", [0, 1, 2])
def test_the_light_map_is_the_published_one(image):
    planes, size = sketch_keras.light_map(LIGHT[f"in{image}"])
    case = LIGHT_CASES[image]
    assert size == (case["new_height"], case["new_width"])
    assert np.abs(planes[:, 0, 3::11, 3::11] - LIGHT[f"light{image}"]).max() < 1e-6
    assert abs(planes.max() - case["max"]) < 1e-6 and abs(planes.min() - case["min"]) < 1e-6


def test_line_art_of_strengths_is_the_published_one():
    difference = sketch_keras.line_art(LIGHT["enh_in"]).astype(int) - LIGHT["enh_out"]
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("image", [0, 1])
def test_a_drawing_by_a_stub_is_the_published_one(image):
    drawn = sketch_keras.draw(LIGHT[f"batch_in{image}"], lambda planes: 4 * np.abs(planes))
    assert list(drawn.shape) == LIGHT_CASES[3 + image]["out_shape"]
    difference = drawn[2::9, 2::9].astype(int) - LIGHT[f"batch_out{image}"]
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("shape", [(40, 40, 3), (1, 1, 3), (2, 3000, 3)])
def test_an_image_of_one_color_has_no_lines(shape):
    planes, _ = sketch_keras.light_map(np.full(shape, 77, np.uint8))
    assert not planes.any()
    drawn = sketch_keras.draw(np.full(shape, 77, np.uint8), lambda planes: planes)
    assert (drawn == 255).all() and max(drawn.shape) == 512


@pytest.fixture(scope="session")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    return keras


@pytest.fixture(scope="session")
def model_file(keras, tmp_path_factory):
    """A small network with every layer of sketchKeras, trained by nobody."""
    layers = keras.layers
    keras.utils.set_random_seed(3)
    source = keras.Input((None, None, 1))
    fine = layers.Conv2D(6, 3, padding="same")(source)
    fine = layers.BatchNormalization()(fine)
    fine = layers.Activation("relu")(fine)
    coarse = layers.Conv2D(8, 4, strides=2, padding="same", use_bias=False)(fine)
    coarse = layers.BatchNormalization(scale=False, epsilon=0.01)(coarse)
    coarse = layers.LeakyReLU()(coarse)
    coarse = layers.Conv2D(8, 3, dilation_rate=2, padding="same", activation="tanh")(coarse)
    coarse = layers.UpSampling2D()(coarse)
    both = layers.Concatenate()([fine, coarse])
    model = keras.Model(source, layers.Conv2D(1, 4, padding="same")(both))
    rng = np.random.default_rng(0)
    noise = (w + rng.uniform(0, 0.3, w.shape) for w in model.get_weights())
    model.set_weights(list(noise))
    path = tmp_path_factory.mktemp("model") / "mod.h5"
    model.save(path)
    return path


def as_keras_2(path, target):
    """Rewrite a model file in the layout that Keras 2.0 wrote, with its Merge layer."""
    shutil.copy(path, target)
    with h5py.File(target, "r+") as file:
        model = json.loads(file.attrs["model_config"])
        model["class_name"] = "Model"
        config = model["config"]
        for layer in config["layers"]:
            tensors = _tensors(layer["inbound_nodes"])
            layer["inbound_nodes"] = [[[name, 0, 0, {}] for name in tensors]] if tensors else []
            if layer["class_name"] == "Concatenate":
                layer["class_name"] = "Merge"
                layer["config"] = {"name": layer["name"], "mode": "concat", "concat_axis": -1}
        config["input_layers"] = [config["input_layers"]]
        config["output_layers"] = [config["output_layers"]]
        file.attrs["model_config"] = json.dumps(model).encode()
        for group in file["model_weights"].values():
            names = [str(name) for name in group.attrs["weight_names"]]
            for name in names:
                group.move(name, f"{name}:0")
            group.attrs["weight_names"] = [f"{name}:0".encode() for name in names]


def _tensors(node):
    if isinstance(node, dict):
        history = node.get("config", {}).get("keras_history")
        return history[:1] if history else _tensors(node.get("args", []))
    return [name for item in node for name in _tensors(item)] if isinstance(node, list) else []


def test_torch_and_keras_agree(model_file):
    planes = np.random.default_rng(1).normal(size=(3, 1, 512, 512)).astype(np.float32)
    by_torch = sketch_keras.load(model_file)(planes)
    by_keras = sketch_keras.load(model_file, "keras")(planes)
    assert by_keras.std() > 0.1
    assert np.abs(by_torch - by_keras).max() < 1e-5


def test_files_of_keras_2_give_the_same(model_file, tmp_path):
    as_keras_2(model_file, tmp_path / "old.h5")
    planes = np.random.default_rng(1).normal(size=(3, 1, 512, 512)).astype(np.float32)
    old, new = (sketch_keras.load(path)(planes) for path in (tmp_path / "old.h5", model_file))
    assert np.array_equal(old, new)


def edited(model_file, target, edit):
    shutil.copy(model_file, target)
    with h5py.File(target, "r+") as file:
        model = json.loads(file.attrs["model_config"])
        edit({layer["class_name"]: layer for layer in model["config"]["layers"]}, model)
        file.attrs["model_config"] = json.dumps(model)
    return target


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda layers, _: layers["Activation"].update(class_name="Lambda"), "Lambda"),
        (lambda layers, _: layers["Activation"]["config"].update(activation="exec"), "exec"),
        (lambda layers, _: layers["UpSampling2D"]["config"].update(interpolation="cubic"), "cubic"),
        (lambda layers, _: layers["Concatenate"]["config"].update(axis=1), "channels"),
        (lambda layers, _: layers["Conv2D"]["config"].update(groups=2), "groups"),
        (lambda _, model: model.update(class_name="Sequential"), "Sequential"),
        (lambda _, model: model["config"].update(output_layers=["gone", 0, 0]), "gone"),
        (lambda _, model: model["config"]["layers"].reverse(), "before its inputs"),
        (lambda _, model: model["config"].pop("layers"), "layers"),
    ],
)
def test_other_networks_are_refused_by_both_engines(model_file, tmp_path, edit, reason):
    path = edited(model_file, tmp_path / "other.h5", edit)
    for engine in ("torch", "keras"):
        with pytest.raises(InputError, match=reason):
            sketch_keras.load(path, engine)


def test_a_network_for_other_pictures_is_refused(model_file, tmp_path):
    def halve(layers, _):
        layers["UpSampling2D"]["config"].update(size=[1, 1])

    path = edited(model_file, tmp_path / "halved.h5", halve)
    with pytest.raises(InputError, match="line art"):
        sketch_keras.load(path)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "page.h5").write_text("<html>Not found</html>")
    with pytest.raises(InputError, match="not a Keras model in HDF5"):
        read_keras_file(tmp_path / "page.h5")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["values"] = [1, 2, 3]
    with pytest.raises(InputError, match="no complete Keras model"):
        read_keras_file(tmp_path / "data.h5")


def drawing(number, size=96):
    rng = np.random.default_rng(number)
    image = np.full((size, size, 3), 255, np.uint8)
    for _ in range(4):
        x, y = rng.integers(0, size - 30, 2)
        image[y : y + 30, x : x + 30] = rng.integers(0, 256, 3)
    return image


@pytest.fixture
def dataset(tmp_path):
    folder = tmp_path / "dataset"
    for number in (1, 22, 305):
        write_png(folder / "rgb_train" / f"{number}.png", drawing(number))
    write_png(folder / "rgb_train" / "-22.png", drawing(22)[:40, :40])
    write_png(folder / "benchmark" / "8.png", drawing(8, size=64))
    return folder


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No weights beside the script, and no network to get them from."""

    def no_network(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr("requests.get", no_network)
    monkeypatch.setattr(sketch_extractor, "MODEL_PATH", tmp_path / "weights" / "sketchKeras.h5")
    return sketch_extractor.MODEL_PATH


def extract(dataset, *more, jobs=1):
    arguments = ["--dataset_path", dataset, "--upscaler", "lanczos", "--size", 96, "--jobs", jobs]
    return sketch_extractor.main([str(argument) for argument in [*arguments, *more]])


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_sketch_of_every_image(dataset, model_file, capsys):
    (dataset / "simpl_train").mkdir()
    write_png(dataset / "simpl_train" / "1.png", drawing(1))
    assert extract(dataset, "--keras_model", model_file) == 0
    names = {"1.png", "22.png", "305.png"}
    assert {path.name for path in (dataset / "xdog_train").iterdir()} == names
    assert {path.name for path in (dataset / "keras_train").iterdir()} == names
    gray = read_gray(dataset / "rgb_train" / "22.png")
    expected = xdog(gray, *random_parameters(22, 10))
    assert np.array_equal(read_gray(dataset / "xdog_train" / "22.png"), expected)

    network, upscale = sketch_keras.load(model_file), Upscaler(96, "lanczos")
    for source, target in (("rgb_train/22", "keras_train/22"), ("benchmark/8", "keras_test/8")):
        drawn = sketch_keras.draw(read_rgb(dataset / f"{source}.png"), network)
        expected = upscale(adjust_intensity(drawn, 1.4))
        assert np.array_equal(read_gray(dataset / f"{target}.png"), expected)
    out = capsys.readouterr().out
    assert sha256_of(model_file) in out
    assert "a face crop: 1" in out
    assert "simpl_train: 1 sketches" in out


def test_no_upscale_keeps_the_size_of_the_network(dataset, model_file):
    extract(dataset, "--keras_model", model_file, "--keras_only", "--no_upscale")
    assert read_gray(dataset / "keras_train" / "1.png").shape == (512, 512)
    assert not (dataset / "xdog_train").exists()


def test_keras_as_engine_draws_the_same(dataset, model_file):
    extract(dataset, "--keras_model", model_file, "--keras_only")
    by_torch = read_gray(dataset / "keras_train" / "305.png").astype(int)
    shutil.rmtree(dataset / "keras_train")
    extract(dataset, "--keras_model", model_file, "--keras_only", "--engine", "keras")
    assert np.abs(read_gray(dataset / "keras_train" / "305.png") - by_torch).max() <= 1


def test_the_result_depends_neither_on_jobs_nor_on_interruptions(dataset, model_file):
    extract(dataset, "--keras_model", model_file)
    expected = files(dataset)
    for name in ("xdog_train/1.png", "keras_train/22.png", "keras_test/8.png"):
        (dataset / name).unlink()
    shutil.rmtree(dataset / "keras_test")
    (dataset / "xdog_train" / ".1.99.tmp.png").write_bytes(b"half")
    untouched = (dataset / "xdog_train" / "22.png").stat().st_mtime_ns
    extract(dataset, "--keras_model", model_file, jobs=2)
    assert files(dataset) == expected
    assert (dataset / "xdog_train" / "22.png").stat().st_mtime_ns == untouched


def test_without_weights_xdog_goes_on(dataset, offline, capsys):
    assert extract(dataset) == 0
    out, err = capsys.readouterr()
    (line,) = [line for line in err.splitlines() if "no sketchKeras sketches" in line]
    assert "no route to host" in line and f"put it at {offline}" in line
    assert len(list((dataset / "xdog_train").glob("*.png"))) == 3
    assert not (dataset / "keras_train").exists()
    assert "keras_test is drawn by XDoG" in out
    sketch = read_gray(dataset / "keras_test" / "8.png")
    assert sketch.shape == (96, 96) and set(np.unique(sketch)) <= {0, 254, 255}


def test_without_weights_keras_only_is_refused(dataset, offline, capsys):
    assert extract(dataset, "--keras_only") == 2
    assert str(offline) in capsys.readouterr().err
    assert extract(dataset, "--keras_model", "/nowhere/mod.h5") == 2
    assert not (dataset / "keras_test").exists()


def test_weights_can_be_pinned(dataset, model_file, capsys):
    pinned = ["--keras_model", model_file, "--keras_only", "--keras_sha256"]
    assert extract(dataset, *pinned, "0" * 64) == 2
    assert "SHA-256" in capsys.readouterr().err
    assert not (dataset / "keras_train").exists()
    assert extract(dataset, *pinned, sha256_of(model_file)) == 0


def test_broken_images_are_counted_and_the_rest_goes_on(dataset, capsys):
    train = dataset / "rgb_train"
    (train / "2.png").write_bytes((train / "1.png").read_bytes()[:-30])
    (train / "3.png").write_bytes(b"")
    (train / "flower.png").write_bytes((train / "1.png").read_bytes())
    (train / "4.jpg").write_bytes(b"")
    assert extract(dataset, "--xdog_only") == 0
    out, err = capsys.readouterr()
    assert "xdog_train: 3 made" in out and "failed: 2" in out
    assert "the name is not an integer: 1" in out and "not a PNG: 1" in out
    assert "2.png: damaged or truncated" in err and "3.png: the file is empty" in err
    assert len(list((dataset / "xdog_train").iterdir())) == 3


def test_xdog_of_training_images_loads_no_upscaler(dataset, monkeypatch):
    monkeypatch.setattr(sketch_extractor, "make_upscaler", None)
    shutil.rmtree(dataset / "benchmark")
    assert extract(dataset, "--xdog_only") == 0
    assert files(dataset / "xdog_train").keys() == {"1.png", "22.png", "305.png"}


def test_dry_run_writes_nothing(dataset, model_file, capsys):
    before = files(dataset)
    assert extract(dataset, "--keras_model", model_file, "--dry_run") == 0
    assert files(dataset) == before
    assert "xdog_train: 3 would be made" in capsys.readouterr().out


def test_a_missing_data_set_is_named(tmp_path, capsys):
    assert extract(tmp_path / "nowhere", "--xdog_only") == 2
    assert "nowhere/rgb_train" in capsys.readouterr().err
