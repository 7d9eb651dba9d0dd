"""Blocks whose gates are known before their last convolution.

The channel means of a 1x1 convolution are the convolution of the channel means. So a gate can be
told the means of what goes into that convolution, of which there are four times fewer, and both
matrices become one.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from network.blocks import Bottleneck, cat_style
from network.operations import channel_means, gated_relu
from network.tag_extractor import SEResNeXtBlock


class EarlyGateBottleneck(nn.Module):
    """A `Bottleneck` with a gate, or an `SEResNeXtBlock`; its normalizations must be folded."""

    def __init__(self, block: Bottleneck | SEResNeXtBlock):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = block.conv1, block.conv2, block.conv3
        self.downsample = nn.Identity() if block.downsample is None else block.downsample
        if isinstance(block, Bottleneck):
            squeeze, excite = block.selayer.fc[0], block.selayer.fc[2]
            self.styled_convs, self.styled_gate = block.styled_convs, bool(block.selayer.style)
        else:
            squeeze, excite = _linear(block.selayer.conv1), _linear(block.selayer.conv2)
            self.styled_convs, self.styled_gate = 0, False
        self.gate = nn.Sequential(
            _after(_linear(self.conv3), squeeze), nn.ReLU(inplace=True), excite, nn.Sigmoid()
        )

    def forward(self, x: Tensor, style: Tensor | None = None) -> Tensor:
        y = F.relu(self.conv1(self._styled(1, x, style)), inplace=True)
        y = F.relu(self.conv2(self._styled(2, y, style)), inplace=True)
        y = self._styled(3, y, style)
        means = channel_means(y)
        if self.styled_gate:
            means = torch.cat([means, style.to(means.dtype)], 1)
        return gated_relu(self.conv3(y), self.gate(means), self.downsample(x))

    def _styled(self, conv: int, x: Tensor, style: Tensor | None) -> Tensor:
        return cat_style(x, style) if conv <= self.styled_convs else x


def gate_early(module: nn.Module) -> None:
    """Replace every gated block whose normalizations are folded, in place."""
    for name, child in list(module.named_children()):
        if not isinstance(child, Bottleneck | SEResNeXtBlock):
            gate_early(child)
        elif child.selayer is not None and isinstance(child.bn3, nn.Identity):
            setattr(module, name, EarlyGateBottleneck(child))


def _linear(conv: nn.Conv2d) -> nn.Linear:
    """A 1x1 convolution as a linear map of channels."""
    linear = nn.Linear(conv.in_channels, conv.out_channels, bias=conv.bias is not None)
    linear.weight.data = conv.weight.flatten(1)
    if conv.bias is not None:
        linear.bias.data = conv.bias
    return linear


@torch.no_grad()
def _after(first: nn.Linear, second: nn.Linear) -> nn.Linear:
    """Both maps as one; what the second reads beside the first's output comes after the input."""
    count = first.out_features
    seen, beyond = second.weight.double()[:, :count], second.weight[:, count:]
    weight = torch.cat([(seen @ first.weight.double()).to(beyond.dtype), beyond], 1)
    bias = weight.new_zeros(len(weight)) if second.bias is None else second.bias
    if first.bias is not None:
        bias = bias + (seen @ first.bias.double()).to(bias.dtype)
    joined = nn.Linear(weight.shape[1], second.out_features)
    joined.weight.data, joined.bias.data = weight, bias
    return joined.requires_grad_(False)
