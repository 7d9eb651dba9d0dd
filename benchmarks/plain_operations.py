"""The networks computed as they were published, without the operations that are faster here."""

import contextlib
from collections.abc import Iterator
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from network.operations import GroupedConv2d, TransposedConv2d


@contextlib.contextmanager
def plain_operations() -> Iterator[None]:
    """Inside, networks mean, join, gate, shuffle and convolve by torch's operations alone."""
    with contextlib.ExitStack() as stack:
        for target, plain in (
            ("network.blocks.channel_means", _channel_means),
            ("network.blocks.gated_relu", _gated_relu),
            ("network.blocks.concatenate", _concatenate),
            ("network.generator.concatenate", _concatenate),
            ("network.generator.pixel_shuffle", _pixel_shuffle),
        ):
            stack.enter_context(mock.patch(target, plain))
        for ours, plain in ((GroupedConv2d, nn.Conv2d), (TransposedConv2d, nn.ConvTranspose2d)):
            stack.enter_context(mock.patch.object(ours, "forward", plain.forward))
        yield


def _channel_means(x: Tensor) -> Tensor:
    return x.mean(dim=(2, 3))


def _gated_relu(x: Tensor, gate: Tensor, shortcut: Tensor) -> Tensor:
    return torch.relu_(x * gate[:, :, None, None] + shortcut)


def _concatenate(*parts: Tensor) -> Tensor:
    return torch.cat(parts, 1)


def _pixel_shuffle(x: Tensor) -> Tensor:
    return F.pixel_shuffle(x, 2)
