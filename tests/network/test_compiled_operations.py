"""Operations written out by hand compute what the plain ones do, compiled or not."""

import pytest
import torch

from network.operations import channel_means, concatenate, gated_relu


def by_hand(x, y):
    joined = concatenate(x, y)
    return gated_relu(joined, channel_means(joined), concatenate(y, x))


def plain(x, y):
    joined = torch.cat([x, y], 1)
    return (joined * joined.mean((2, 3), keepdim=True) + torch.cat([y, x], 1)).relu()


def values_and_gradients(function):
    generator = torch.Generator().manual_seed(1)
    x, y = (torch.randn(2, 3, 4, 5, generator=generator).requires_grad_() for _ in "xy")
    result = function(x, y)
    return result, *torch.autograd.grad(result.square().sum(), (x, y))


# The compiler's tracing is what may go wrong; that of its code takes a minute.
@pytest.mark.parametrize("function", [by_hand, torch.compile(by_hand, backend="aot_eager")])
def test_values_and_gradients(function):
    torch.testing.assert_close(values_and_gradients(function), values_and_gradients(plain))
    with torch.inference_mode():
        x, y = torch.ones(2, 2, 3, 4, 5)
        torch.testing.assert_close(function(x, y), plain(x, y))
