"""The networks computed as they were published, without the operations that are faster here."""

import contextlib
from collections.abc import Iterator
from unittest import mock

import torch
from torch import Tensor, nn

from network.operations import GroupedConv2d


@contextlib.contextmanager
def plain_operations() -> Iterator[None]:
    """Inside, networks mean, join, gate and convolve by torch's operations alone."""
    with contextlib.ExitStack() as stack:
        for target, plain in (
            ("network.blocks.channel_means", _channel_means),
            ("network.blocks.gated_relu", _gated_relu),
            ("network.blocks.concatenate", _concatenate),
            ("network.generator.concatenate", _concatenate),
        ):
            stack.enter_context(mock.patch(target, plain))
        stack.enter_context(mock.patch.object(GroupedConv2d, "forward", nn.Conv2d.forward))
        yield


def _channel_means(x: Tensor) -> Tensor:
    return x.mean(dim=(2, 3))


def _gated_relu(x: Tensor, gate: Tensor, shortcut: Tensor) -> Tensor:
    return torch.relu_(x * gate[:, :, None, None] + shortcut)


def _concatenate(*parts: Tensor) -> Tensor:
    return torch.cat(parts, 1)
