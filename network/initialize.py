"""The initial weights that all networks share."""

import math

from torch import nn


def initialize(network: nn.Module) -> None:
    """Kaiming normal for convolutions (fan-out, not divided by groups) and linear layers (fan-in),
    zero biases, unit batch normalization; transposed convolutions keep torch's default weights."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.out_channels * math.prod(module.kernel_size)
            nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=math.sqrt(2 / module.in_features))
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
        elif not isinstance(module, nn.ConvTranspose2d):
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
