"""Operations that save passes over memory: values and gradients are those of the plain ones."""

import pytest
import torch
from torch import Tensor, nn

from network.operations import (
    GroupedConv2d,
    TransposedConv2d,
    channel_means,
    concatenate,
    gated_relu,
    merge_groups,
    pixel_shuffle,
)

LAYOUTS = [torch.contiguous_format, torch.channels_last]
BF16 = {"rtol": 2**-6, "atol": 2**-6}


def plain_means(x: Tensor) -> Tensor:
    return x.mean((2, 3))


def plain_concatenation(*parts: Tensor) -> Tensor:
    return torch.cat(parts, 1)


def plain_gate(x: Tensor, gate: Tensor, shortcut: Tensor) -> Tensor:
    return torch.relu(x * gate[:, :, None, None] + shortcut)


def plain_shuffle(x: Tensor) -> Tensor:
    return nn.functional.pixel_shuffle(x, 2)


OPERATIONS = {
    "means": (channel_means, plain_means, [(2, 3, 4, 5)]),
    "concatenation": (concatenate, plain_concatenation, [(2, 3, 4, 5), (2, 1, 4, 5), (2, 4, 4, 5)]),
    "gate": (gated_relu, plain_gate, [(2, 3, 4, 5), (2, 3), (2, 3, 4, 5)]),
    "shuffle": (pixel_shuffle, plain_shuffle, [(2, 12, 3, 4)]),
}


def noise(shapes, dtype=torch.float64, layout=torch.contiguous_format) -> list[Tensor]:
    torch.manual_seed(2)
    tensors = []
    for shape in shapes:
        value = torch.randn(shape).to(dtype)
        value = value.to(memory_format=layout) if len(shape) == 4 else value
        tensors.append(value.requires_grad_())
    return tensors


def results(operation, given: list[Tensor]) -> list[Tensor]:
    """The values, then the gradient of each input for a gradient that differs at every place."""
    value = operation(*given)
    torch.manual_seed(3)
    return [value, *torch.autograd.grad(value, given, torch.randn_like(value))]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_gradients_are_those_of_finite_differences(name, layout):
    operation, _, shapes = OPERATIONS[name]
    assert torch.autograd.gradcheck(operation, noise(shapes, layout=layout))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [(torch.float64, {"rtol": 1e-12, "atol": 1e-12}), (torch.bfloat16, BF16)],
)
@pytest.mark.parametrize("name", OPERATIONS)
def test_values_and_gradients_are_those_of_autograd(name, dtype, tolerance, layout):
    operation, plain, shapes = OPERATIONS[name]
    ours = results(operation, noise(shapes, dtype, layout))
    wanted = results(plain, noise(shapes, dtype, layout))
    for one, other in zip(ours, wanted, strict=True):
        assert one.dtype == dtype
        torch.testing.assert_close(one, other, **tolerance)


def test_the_gate_brings_its_inputs_to_one_number_format():
    """In autocast the gate comes from a matrix product and the shortcut may be float32."""
    x, gate, shortcut = noise(OPERATIONS["gate"][2], torch.float32)
    half = x.detach().bfloat16().requires_grad_()
    value = gated_relu(half, gate, shortcut)
    assert value.dtype == torch.bfloat16
    value.float().sum().backward()
    wanted = torch.autograd.grad(plain_gate(x, gate, shortcut).sum(), (x, gate, shortcut))
    for given, gradient in zip((half, gate, shortcut), wanted, strict=True):
        assert given.grad.dtype == given.dtype
        torch.testing.assert_close(given.grad.float(), gradient, rtol=0.05, atol=0.1)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("own", [1, 2, 3, 4, 8])
def test_grouped_convolutions_are_plain_ones(own, dtype):
    """`own` channels in each of eight groups."""
    torch.manual_seed(4)
    options = {"kernel_size": 3, "stride": 2, "padding": 1, "groups": 8}
    ours = GroupedConv2d(8 * own, 16 * own, **options).to(dtype)
    plain = nn.Conv2d(8 * own, 16 * own, **options).to(dtype)
    plain.load_state_dict(ours.state_dict())
    wanted = noise([(2, 8 * own, 7, 6)], dtype)
    given = [wanted[0].detach().clone().requires_grad_()]
    tolerance = BF16 if dtype is torch.bfloat16 else {"rtol": 1e-4, "atol": 1e-5}
    for network, inputs in ((ours, given), (plain, wanted)):
        value = network(*inputs)
        torch.manual_seed(5)
        value.backward(torch.randn_like(value))
    torch.testing.assert_close(ours(*given), plain(*wanted), **tolerance)
    torch.testing.assert_close(given[0].grad, wanted[0].grad, **tolerance)
    torch.testing.assert_close(
        ours.weight.grad, plain.weight.grad, rtol=0.05, atol=tolerance["atol"]
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("stride", [1, 2])
def test_transposed_convolutions_are_plain_ones(stride, dtype):
    torch.manual_seed(6)
    options = {"stride": stride, "padding": 1, "output_padding": stride - 1}
    ours = TransposedConv2d(5, 4, 3, **options).to(dtype)
    plain = nn.ConvTranspose2d(5, 4, 3, **options).to(dtype)
    plain.load_state_dict(ours.state_dict())
    tolerance = BF16 if dtype is torch.bfloat16 else {"rtol": 1e-4, "atol": 1e-5}
    found = []
    for network in (ours, plain):
        value, *gradients = results(network, noise([(2, 5, 7, 6)], dtype, torch.channels_last))
        weights = torch.autograd.grad(
            network(*noise([(2, 5, 7, 6)], dtype)).sum(), network.parameters()
        )
        found.append([value, *gradients, *weights])
    for one, other in zip(*found, strict=True):
        assert one.dtype == dtype
        torch.testing.assert_close(one, other, **tolerance)


def test_merged_groups_see_nothing_of_each_other():
    weight = torch.arange(1.0, 1 + 8 * 2 * 9).view(8, 2, 3, 3)
    merged = merge_groups(weight, groups=4, count=2)
    assert merged.shape == (8, 4, 3, 3)
    for output in range(8):
        place = output // 2 % 2  # the second old group of a new one has the second pair of inputs
        assert merged[output, 2 * place : 2 * place + 2].equal(weight[output])
        assert not merged[output, 2 - 2 * place : 4 - 2 * place].any()
