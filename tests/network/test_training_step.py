"""Three training iterations against the reference's, term by term."""

import json

import pytest
import torch
from reference import GOLDEN, fill, tensor

from loader.dataset import Pair
from network import TagExtractor
from network.architecture import Architecture
from network.loss import ChangingLoss
from tag2pix import Tag2Pix

ITERATION_TERMS = {"D_loss": 1e-6, "G_loss": 1e-6}
INPUT_KINDS = {"original": "original", "sketch": "sketch", "cit": "tags", "cvt": "tags"}


def golden(name: str) -> dict:
    return json.loads((GOLDEN / f"{name}.json").read_text())


def build(config: dict, dtype: torch.dtype, **options) -> Tag2Pix:
    architecture = Architecture(
        model=config["model"],
        input_size=config["input_size"],
        layers=tuple(config["layers"]),
        **{key: config[key] for key in ("bn", "guide", "cit", "relu")},
    )
    cit_weight, cvt_weight = config["cit_cvt_weight"]
    loss = ChangingLoss(
        *(config[key] for key in ("l1_lambda", "guide_beta", "adv_lambda")),
        *(cit_weight, cvt_weight, config["cit"], config["guide"]),
    )
    extractor = fill(TagExtractor(truncated=True)).to(dtype) if config["cit"] else None
    options = {"cit_norm": "batch", "generator_passes": 2} | options
    tag2pix = Tag2Pix(
        architecture,
        loss,
        extractor,
        lr_g=config["lrG"],
        lr_d=config["lrD"],
        betas=(config["beta1"], config["beta2"]),
        **options,
    )
    for network in (tag2pix.generator, tag2pix.discriminator):
        fill(network).to(dtype).train()
    return tag2pix


def batch(iteration: int, dtype: torch.dtype, config: dict) -> Pair:
    shapes = {
        "original": (3, config["input_size"], config["input_size"]),
        "sketch": (1, config["input_size"], config["input_size"]),
        "cit": (370,),
        "cvt": (115,),
    }
    tensors = {
        name: tensor(f"train/{iteration}/{name}", (config["batch_size"], *shapes[name]), kind)
        for name, kind in INPUT_KINDS.items()
    }
    return Pair(**{name: value.to(dtype) for name, value in tensors.items()}, broken="")


def norms(tensors) -> dict[str, float]:
    return {name: float(value.double().norm()) for name, value in tensors}


def parameters_of(network):
    return {name: p.detach().clone() for name, p in network.named_parameters()}


def assert_close(actual: dict, expected: dict, tolerance: float) -> None:
    assert actual.keys() >= expected.keys()
    for name, value in expected.items():
        assert actual[name] == pytest.approx(value, rel=tolerance, abs=1e-12), name


@pytest.mark.parametrize("case", ["train_a", "train_b"])
@pytest.mark.parametrize("passes", [1, 2])
def test_three_iterations_in_double(case, passes):
    data = golden(case)
    config, expected = data["config"], data["float64"]
    tag2pix = build(config, torch.float64, generator_passes=passes)
    networks = {"G": tag2pix.generator, "D": tag2pix.discriminator}
    before = {name: parameters_of(network) for name, network in networks.items()}
    classify = config["epoch"] >= config["two_step_epoch"]
    gradients = {}
    for iteration, terms in enumerate(expected["iterations"]):
        actual = tag2pix.training_step(batch(iteration, torch.float64, config), classify)
        assert actual.keys() == terms.keys()
        for name, value in terms.items():
            tolerance = ITERATION_TERMS.get(name, 1e-5)
            assert float(actual[name]) == pytest.approx(value, rel=tolerance), (iteration, name)
        if iteration == 0:
            gradients = {
                key: norms((n, p.grad) for n, p in network.named_parameters() if p.grad is not None)
                for key, network in networks.items()
            }
    for key, network in networks.items():
        goal = expected[key]
        assert set(before[key]) - set(gradients[key]) == set(goal["no_gradient"])
        assert_close(gradients[key], goal["iteration1_grad_norm"], 1e-8)
        after = parameters_of(network)
        assert_close(norms(after.items()), goal["param_norm"], 1e-7)
        changes = {name: after[name] - before[key][name] for name in after}
        assert_close(norms(changes.items()), goal["param_delta_norm"], 1e-4)
        assert_close(norms(network.named_buffers()), goal["buffer_norm"], 1e-6)
    buffers = norms(tag2pix.extractor.named_buffers())
    assert_close(buffers, expected["CIT_half"]["buffer_norm"], 1e-6)


def test_first_iteration_in_single():
    data = golden("train_a")
    tag2pix = build(data["config"], torch.float32)
    actual = tag2pix.training_step(batch(0, torch.float32, data["config"]))
    for name, value in data["float32"]["iterations"][0].items():
        if name.startswith("D_"):
            tolerance = 1e-4
        elif name.startswith("G_l1"):
            tolerance = 1e-5
        else:
            tolerance = 5e-2
        assert float(actual[name]) == pytest.approx(value, rel=tolerance), name
