"""Three training iterations against the reference's, term by term."""

import pytest
import torch
from goldens import (
    DOUBLE,
    build_training,
    first_iteration_in_single,
    training_batch,
    training_golden,
)


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
    data = training_golden(case)
    config, expected = data["config"], data["float64"]
    tag2pix = build_training(config, torch.float64, generator_passes=passes)
    networks = {"G": tag2pix.generator, "D": tag2pix.discriminator}
    before = {name: parameters_of(network) for name, network in networks.items()}
    classify = config["epoch"] >= config["two_step_epoch"]
    gradients = {}
    for iteration, terms in enumerate(expected["iterations"]):
        actual = tag2pix.training_step(training_batch(iteration, torch.float64, config), classify)
        assert actual.keys() == terms.keys()
        for name, value in terms.items():
            tolerance = DOUBLE.get(name, 1e-5)
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
    for name, compared in first_iteration_in_single().items():
        assert compared.is_near, name
