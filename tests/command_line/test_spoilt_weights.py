"""Weights in which nothing works are refused by everything that would use them."""

import math

import pytest
import torch
from training_runs import TINY

import demo
import main
from checkpoints.reading import add_prefix
from network import TagExtractor

IMAGE = ("--image", "{picture}", "--tags", "blue_hair", "--result_dir={out}", "--cpu")
TRAINING = (*TINY, "--epoch=1", "--data_dir={data}", "--result_dir={out}")
PRETRAINING = ("--pretrain", "--cpu", "--input_size=32", "--batch_size=4", *TRAINING[-3:])
USES = {
    "color": ("--test", "--load={file}", *IMAGE),
    "measure": ("--evaluate", "--load={file}", "--eval_drawings=1", "--result_dir={out}", "--cpu"),
    "export": ("--load={file}", "--export={out}.pkl"),
    "export a portable file": ("--load={file}", "--export={out}.onnx"),
    "begin with": (*TRAINING, "--no_cit", "--init={file}"),
    "go on with": ("--cpu", "--thread=0", "--load={file}", *TRAINING[-3:]),
}
EXTRACTOR_USES = {
    "export": ("--pretrain_dump={file}", "--export={out}.pth"),
    "features": (*TRAINING, "--pretrain_dump={file}"),
    "begin with": (*PRETRAINING, "--init={file}"),
}


@pytest.fixture(scope="module")
def content(small_checkpoint):
    return torch.load(small_checkpoint, weights_only=True)


@pytest.fixture
def refuse(tmp_path, drawn_data, capsys):
    """Call main.py, which must refuse in one line and write nothing; returns the line."""

    def call(flags, content) -> str:
        file, out = tmp_path / "weights.pkl", tmp_path / "out"
        torch.save(content, file)
        places = {"file": file, "out": out, "data": drawn_data}
        places["picture"] = drawn_data / "liner_test" / "9.png"
        assert main.main([flag.format(**places) for flag in flags]) == 2
        assert [path.name for path in tmp_path.iterdir()] == ["weights.pkl"]
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and str(file) in error
        return error

    return call


def with_value(state, value):
    """The state dict with one value of its last weights replaced."""
    name = [key for key, tensor in state.items() if tensor.is_floating_point()][-1]
    spoilt = state[name].clone()
    spoilt.view(-1)[-1] = value
    return state | {name: spoilt}


@pytest.mark.parametrize("use", USES)
def test_a_generator_with_values_that_are_not_finite(use, content, refuse):
    for value in (math.nan, -math.inf):
        error = refuse(USES[use], content | {"G": with_value(content["G"], value)})
        assert "holds values that are not finite" in error


@pytest.mark.parametrize("use", ["export", "begin with", "go on with"])
def test_a_discriminator_with_values_that_are_not_finite(use, content, refuse):
    error = refuse(USES[use], content | {"D": with_value(content["D"], math.inf)})
    assert "holds values that are not finite" in error


@pytest.mark.parametrize("use", USES)
def test_integers_are_no_weights(use, content, refuse):
    integers = {name: tensor.int() for name, tensor in content["G"].items()}
    assert "is torch.int32" in refuse(USES[use], content | {"G": integers})


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("network", "GD")
def test_an_empty_network(use, network, content, refuse):
    error = refuse(USES[use], content | {network: {}})
    assert f"its network {network} is empty" in error


@pytest.mark.parametrize("use", EXTRACTOR_USES)
def test_a_tag_extractor_with_values_that_are_not_finite(use, refuse):
    state = TagExtractor(370).state_dict()
    # The truncated part is what coloring uses: its first weights are in both.
    name = next(iter(state))
    spoilt = state | {name: torch.full_like(state[name], math.nan)}
    error = refuse(EXTRACTOR_USES[use], {"weight": add_prefix(spoilt)})
    assert "holds values that are not finite" in error
    assert "is empty" in refuse(EXTRACTOR_USES[use], {"weight": {}})


@pytest.mark.parametrize("use", [use for use in USES if not use.startswith("export")])
def test_a_color_space_that_is_not_that_of_the_file(use, content, refuse):
    error = refuse((*USES[use], "--color_space=lab"), content)
    assert error.startswith("--color_space lab contradicts ")
    assert error.endswith("its generator has color_space rgb\n")


def test_the_demo_refuses_them_too(content, drawn_data, tmp_path, capsys):
    file, sheet = tmp_path / "weights.pkl", tmp_path / "sheet.png"
    picture = str(drawn_data / "liner_test" / "9.png")
    torch.save(content | {"G": with_value(content["G"], math.nan)}, file)
    assert demo.main([picture, "--weights", str(file), "--sheet", str(sheet)]) == 2
    assert "holds values that are not finite" in capsys.readouterr().err
    assert not sheet.exists()
