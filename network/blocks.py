"""Bottleneck blocks: SECat, the paper's ablations of it, and what they are made of.

Every block maps (B, channels, H, W) and a style vector (B, STYLE) to (B, 4 * planes, H, W); blocks
that use no style ignore it.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from network.operations import GroupedConv2d, channel_means, concatenate, gated_relu

CARDINALITY = 16
EXPANSION = 4
REDUCTION = 16
STYLE = 64


class SE(nn.Module):
    """Squeeze-and-excitation gate (Hu et al., 2018), optionally told a style: then it is SECat.

    SECat concatenates the style vector to the squeezed channel means, so that the color tags
    decide which channels pass (paper, section 4.1).
    """

    def __init__(self, channels: int, style: int = 0):
        super().__init__()
        self.style = style
        self.fc = nn.Sequential(
            nn.Linear(channels + style, channels // REDUCTION, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(channels // REDUCTION, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor, style: Tensor | None = None) -> Tensor:
        """The gate (B, C) of x (B, C, H, W)."""
        squeezed = channel_means(x)
        if self.style:
            squeezed = torch.cat([squeezed, style.to(squeezed.dtype)], 1)
        return self.fc(squeezed)


def cat_style(x: Tensor, style: Tensor) -> Tensor:
    """Concatenate a style vector (B, STYLE) to every pixel of (B, C, H, W)."""
    tiled = style.to(x.dtype)[:, :, None, None].expand(-1, -1, *x.shape[2:])
    return concatenate(x, tiled)


def norm(channels: int, bn: bool) -> nn.Module:
    """A batch normalization, or the identity, which leaves no keys in the state dict."""
    return nn.BatchNorm2d(channels) if bn else nn.Identity()


def projection(channels: int, out_channels: int, bn: bool) -> nn.Module:
    """The shortcut around a block: a 1x1 convolution where the width changes, else the identity."""
    if channels == out_channels:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(channels, out_channels, 1, bias=False), norm(out_channels, bn))


class Bottleneck(nn.Module):
    """ResNeXt bottleneck (1x1, grouped 3x3, 1x1), with a gate and with style where asked.

    gate: "secat", "se" or None. styled_convs: how many of the three convolutions, from the first,
    get the style vector concatenated to their input.
    """

    def __init__(
        self,
        channels: int,
        planes: int,
        bn: bool = True,
        *,
        gate: str | None = "se",
        styled_convs: int = 0,
    ):
        super().__init__()
        self.styled_convs = styled_convs
        extra = [STYLE if i < styled_convs else 0 for i in range(3)]
        out = planes * EXPANSION
        self.conv1 = nn.Conv2d(channels + extra[0], planes, 1, bias=False)
        self.bn1 = norm(planes, bn)
        self.conv2 = GroupedConv2d(
            planes + extra[1], planes, 3, padding=1, groups=CARDINALITY, bias=False
        )
        self.bn2 = norm(planes, bn)
        self.conv3 = nn.Conv2d(planes + extra[2], out, 1, bias=False)
        self.bn3 = norm(out, bn)
        self.selayer = SE(out, STYLE if gate == "secat" else 0) if gate else None
        self.downsample = projection(channels, out, bn)

    def forward(self, x: Tensor, style: Tensor | None = None) -> Tensor:
        y = F.relu(self.bn1(self.conv1(self._styled(1, x, style))), inplace=True)
        y = F.relu(self.bn2(self.conv2(self._styled(2, y, style))), inplace=True)
        y = self.bn3(self.conv3(self._styled(3, y, style)))
        if self.selayer is None:
            return F.relu(y + self.downsample(x), inplace=True)
        return gated_relu(y, self.selayer(y, style), self.downsample(x))

    def _styled(self, conv: int, x: Tensor, style: Tensor | None) -> Tensor:
        return cat_style(x, style) if conv <= self.styled_convs else x


class EqualizedLinear(nn.Module):
    """Linear map with an equalized learning rate (Karras et al., 2018): the stored weight is
    standard normal and scaled by sqrt(2 / inputs) when used."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.weight_orig = nn.Parameter(torch.randn(outputs, inputs))
        self.scale = math.sqrt(2 / inputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_orig * self.scale, self.bias)


class Style(nn.Module):
    """The affine map from a style vector to the scale and shift of AdaIN (scale first)."""

    def __init__(self, channels: int):
        super().__init__()
        self.linear = EqualizedLinear(STYLE, 2 * channels)
        with torch.no_grad():
            self.linear.bias[:channels] = 1

    def forward(self, style: Tensor) -> tuple[Tensor, Tensor]:
        return self.linear(style)[:, :, None, None].chunk(2, 1)


class AdaIN(nn.Module):
    """Adaptive instance normalization (Huang & Belongie, 2017)."""

    def __init__(self, channels: int):
        super().__init__()
        self.style = Style(channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scale, shift = self.style(style)
        return scale * F.instance_norm(x) + shift


class AdaINBottleneck(nn.Module):
    """Bottleneck whose normalizations are AdaIN, with or without a shortcut around it."""

    def __init__(self, channels: int, planes: int, bn: bool = True, *, shortcut: bool):
        super().__init__()
        out = planes * EXPANSION
        self.shortcut = shortcut
        self.conv1 = nn.Conv2d(channels, planes, 1, bias=False)
        self.adain1 = AdaIN(planes)
        self.conv2 = GroupedConv2d(planes, planes, 3, padding=1, groups=CARDINALITY, bias=False)
        self.adain2 = AdaIN(planes)
        self.conv3 = nn.Conv2d(planes, out, 1, bias=False)
        self.adain3 = AdaIN(out)
        if shortcut:
            self.downsample = projection(channels, out, bn)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        y = F.relu(self.adain1(self.conv1(x), style), inplace=True)
        y = F.relu(self.adain2(self.conv2(y), style), inplace=True)
        y = self.adain3(self.conv3(y), style)
        if self.shortcut:
            y = y + self.downsample(x)
        return F.relu(y, inplace=True)
