"""Portable networks: every engine paints what the networks paint, and bad files are refused."""

import itertools
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from settled import settle

import main
from checkpoints.checkpoint import Checkpoint, Position, Record
from checkpoints.tag_extractor import read_tag_extractor
from checkpoints.writing import save
from coloring.colorist import Colorist
from coloring.load import load_colorist
from command_line.options import parse
from engines.engine import choose
from engines.onnx_engine import OnnxEngine
from engines.openvino_engine import OpenvinoEngine
from engines.portable import ENTRY, read_portable, write_portable
from engines.torch_engine import TorchEngine
from errors import CheckpointError, InputError
from images.color_space import to_image
from loader.tags import load_vocabulary
from network import Generator, TagExtractor
from network.architecture import Architecture
from network.models import MODELS

SIZE = 32
ATOL = 2e-3  # a quarter of one of 256 levels
CPU = torch.device("cpu")
# The blocks of a model meet batch normalization, not what the tag extractor adds below them.
CASES = [
    *itertools.product(MODELS, (True, False), (False,)),
    *(("tag2pix", bn, True) for bn in (True, False)),
]


def make(model="tag2pix", bn=True, cit=False):
    torch.manual_seed(3)
    architecture = Architecture(model, SIZE, layers=(1, 1, 2, 1), bn=bn, cit=cit)
    extractor = settle(TagExtractor(truncated=True)) if cit else None
    return architecture, settle(Generator(architecture)), extractor


def write(path: Path, architecture, generator, extractor, *, half=False) -> Path:
    checkpoint = Checkpoint(
        Path("tag2pix.pkl"),
        generator.state_dict(),
        {},
        architecture,
        Position(epoch=7),
        Record(seen={87788: 5}),
        *(None, None, None),
        is_public=False,
    )
    write_portable(checkpoint, extractor, load_vocabulary(), path, half=half)
    return path


def inputs(count=3):
    generator = np.random.default_rng(1)
    sketch = generator.random((count, 1, SIZE, SIZE), np.float32)
    return sketch, (generator.random((count, 115)) < 0.05).astype(np.float32)


def plain(generator, extractor, sketch, cvt) -> np.ndarray:
    with torch.inference_mode():
        sketch, cvt = torch.from_numpy(sketch), torch.from_numpy(cvt)
        features = extractor(sketch) if extractor else None
        return generator(sketch, features, cvt)[0].numpy()


def levels(image: np.ndarray) -> np.ndarray:
    return to_image(image, "rgb").astype(int)


@pytest.mark.parametrize(("model", "bn", "cit"), CASES)
def test_all_engines_paint_what_the_networks_paint(model, bn, cit, tmp_path):
    architecture, generator, extractor = make(model, bn, cit)
    path = write(tmp_path / "network.onnx", architecture, generator, extractor)
    content = read_portable(path).model
    engines = [
        TorchEngine(generator, extractor, CPU),
        OnnxEngine(content, str(path)),
        OpenvinoEngine(content, str(path)),
    ]
    sketch, cvt = inputs()
    expected = plain(generator, extractor, sketch, cvt)
    assert expected.std() > 0.01
    for engine in engines:
        painted = engine(sketch, cvt)
        assert painted.shape == (3, 3, SIZE, SIZE) and painted.dtype == np.float32
        np.testing.assert_allclose(painted, expected, atol=ATOL)
        assert np.abs(levels(painted) - levels(expected)).max() <= 1
        one = engine(sketch[:1], cvt)  # one piece of line art for all tags
        np.testing.assert_allclose(one[0], painted[0], atol=ATOL)
        assert np.abs(one[1] - painted[1]).max() > 1e-3


@pytest.mark.parametrize("engine", [OnnxEngine, OpenvinoEngine])
def test_half_files_are_half_as_large_and_paint_nearly_the_same(engine, tmp_path):
    networks = make(cit=True)
    whole = write(tmp_path / "whole.onnx", *networks)
    half = write(tmp_path / "half.onnx", *networks, half=True)
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    painted = engine(read_portable(half).model, "half")(*inputs())
    difference = levels(painted) - levels(plain(*networks[1:], *inputs()))
    assert np.abs(difference).max() <= 4


def test_bf16_of_openvino_is_near_float32(tmp_path):
    _, *networks = made = make(cit=True)
    content = read_portable(write(tmp_path / "network.onnx", *made)).model
    painted = OpenvinoEngine(content, "network", bf16=True)(*inputs())
    assert np.abs(painted - plain(*networks, *inputs())).mean() < 0.02


def test_a_portable_network_says_what_it_is(tmp_path):
    architecture, *_ = networks = make(cit=True)
    path = write(tmp_path / "network.onnx", *networks)
    read = read_portable(path)
    assert read.architecture == architecture
    assert read.vocabulary == load_vocabulary()
    assert (read.position.epoch, read.record.seen) == (7, {87788: 5})


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A checkpoint with CIT, its tag extractor beside it as model.pth, and both as network.onnx."""
    folder = tmp_path_factory.mktemp("weights")
    architecture, generator, extractor = make(cit=True)
    content = {"G": generator.state_dict(), "D": {"cit_judge.0.weight": torch.zeros(370, 512)}}
    record = {"architecture": architecture.__dict__, "vocabulary": load_vocabulary().dump()}
    save(content | {"tag2pix": record}, folder / "network.pkl")
    save({"weight": extractor.state_dict()}, folder / "model.pth")
    flags = ["--load", str(folder / "network.pkl"), "--pretrain_dump", str(folder / "model.pth")]
    assert main.main([*flags, "--export", str(folder / "network.onnx")]) == 0
    return folder


def colorist(folder: Path, name: str, *flags: str) -> Colorist:
    extractor = ["--pretrain_dump", str(folder / "model.pth")]
    return load_colorist(
        parse(["--test", "--cpu", "--load", str(folder / name), *extractor, *flags])
    )


@pytest.mark.parametrize("name", ["network.pkl", "network.onnx"])
@pytest.mark.parametrize("engine", ["auto", "torch", "onnx", "openvino"])
def test_a_colorist_takes_both_files_and_every_engine(weights, name, engine, capsys):
    if (name, engine) == ("network.onnx", "torch"):
        with pytest.raises(InputError, match="not ONNX files"):
            colorist(weights, name, "--engine", engine)
        return
    sketch, cvt = map(torch.from_numpy, inputs(2))
    painted = colorist(weights, name, "--engine", engine).paint(sketch, cvt)
    said = {"auto": "torch" if name.endswith("pkl") else "openvino"}.get(engine, engine)
    assert f"engine: {said}, in float32" in capsys.readouterr().out
    expected = colorist(weights, "network.pkl").paint(sketch, cvt)
    assert np.abs(painted.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("engine", ["torch", "onnx", "openvino"])
def test_every_engine_paints_at_another_size_with_features(weights, engine):
    large = colorist(weights, "network.pkl", "--input_size", "48", "--engine", engine)
    sketch, cvt = (torch.from_numpy(array[:1]) for array in inputs(1))
    sketch = torch.nn.functional.interpolate(sketch, 48)
    painted = large.paint(sketch, cvt)
    assert large.size == 48 and painted.shape == (1, 48, 48, 3)
    with torch.inference_mode():
        features = read_tag_extractor(weights / "model.pth", truncated=True).eval()(sketch)
        expected = large.checkpoint.build_generator().eval()(sketch, features, cvt)[0].numpy()
    assert np.abs(painted.astype(int) - levels(expected)).max() <= 1


def test_the_command_line_colors_alike_with_the_portable_file(weights, drawn_data, tmp_path):
    from PIL import Image

    pictures = {}
    for name in ("network.pkl", "network.onnx"):
        results = tmp_path / name
        flags = ["--test", "--cpu", f"--data_dir={drawn_data}", f"--result_dir={results}"]
        extractor = f"--pretrain_dump={weights / 'model.pth'}"
        assert main.main([*flags, f"--load={weights / name}", extractor]) == 0
        pictures[name] = {
            path.name: np.asarray(Image.open(path)).astype(int)
            for path in results.glob("network/*.png")
        }
    first, second = pictures.values()
    assert len(first) == 4 and first.keys() == second.keys()
    assert all(np.abs(first[name] - second[name]).max() <= 1 for name in first)


def with_external_data(model):
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, location="/etc/passwd")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL


def with_foreign_operator(model):
    model.opset_import.append(onnx.helper.make_opsetid("com.example", 1))
    model.graph.node.append(onnx.helper.make_node("Run", ["x"], ["y"], domain="com.example"))


def with_loop(model):
    body = onnx.helper.make_graph([], "body", [], [])
    model.graph.node.append(onnx.helper.make_node("Loop", ["a", "b"], ["c"], body=body))


def without_metadata(model):
    del model.metadata_props[:]


def with_broken_metadata(model):
    model.metadata_props[0].value = '{"architecture": {"input_size": 1000000000}}'


def of_another_size(model):
    entry = next(entry for entry in model.metadata_props if entry.key == ENTRY)
    entry.value = entry.value.replace('"input_size":32', '"input_size":64')


HOSTILE = {
    with_external_data: "refers to other files",
    with_foreign_operator: "computes Run",
    with_loop: "computes Loop",
    without_metadata: "does not say that it is Tag2Pix's",
    with_broken_metadata: "cannot be used",
    of_another_size: "not that of its architecture",
}


@pytest.mark.parametrize("change", HOSTILE)
def test_changed_files_are_refused_in_one_line(weights, change, tmp_path, capsys):
    model = onnx.load(weights / "network.onnx")
    change(model)
    path = tmp_path / "changed.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(CheckpointError, match=HOSTILE[change]):
        read_portable(path)
    picture = tmp_path / "no.png"
    assert main.main(["--test", "--load", str(path), "--image", str(picture), "--tags", "hat"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and str(path) in said


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.999])
def test_truncated_files_are_refused(weights, kept, tmp_path):
    content = (weights / "network.onnx").read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(CheckpointError, match="cut.onnx"):
        read_portable(path)


def test_other_files_are_refused(weights, tmp_path):
    path = tmp_path / "checkpoint.onnx"
    path.write_bytes((weights / "network.pkl").read_bytes())
    with pytest.raises(CheckpointError, match="no ONNX file"):
        read_portable(path)
    with pytest.raises(CheckpointError, match="does not exist"):
        read_portable(tmp_path / "missing.onnx")
    with pytest.raises(CheckpointError, match="not a regular file"):
        read_portable(tmp_path)


def test_an_engine_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install openvino"):
        choose("openvino", portable=False)
    with pytest.raises(InputError, match="OpenVINO or ONNX Runtime"):
        choose("auto", portable=True)
    assert choose("auto", portable=False) == "torch"


def test_what_an_engine_cannot_do_is_said(weights, tmp_path, capsys):
    source = ["--load", str(weights / "network.pkl"), f"--pretrain_dump={weights / 'model.pth'}"]
    target = str(tmp_path / "x.onnx")
    assert main.main([*source, "--export", target, "--cit_norm", "batch"]) == 2
    assert "--cit_norm running" in capsys.readouterr().err
    assert main.main([*source, "--export", str(tmp_path / "x.pkl"), "--half"]) == 2
    assert "--half goes with" in capsys.readouterr().err
    extractor = ["--pretrain_dump", str(weights / "model.pth"), "--input_size", "48"]
    assert main.main([*extractor, "--export", str(tmp_path / "model.pth")]) == 2
    assert "--input_size goes with --load" in capsys.readouterr().err
    with pytest.raises(InputError, match="--amp off"):
        colorist(weights, "network.onnx", "--engine", "onnx", "--amp", "bf16")
    with pytest.raises(InputError, match="--cit_norm running"):
        colorist(weights, "network.pkl", "--engine", "openvino", "--cit_norm", "batch")
