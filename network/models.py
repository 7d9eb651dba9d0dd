"""The generators to choose from: the decoder block of each, by its class in `network.blocks`.

This module imports nothing heavy, so that the command line can list them at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Model:
    """A U-Net whose decoder consists of blocks `block(channels, planes, bn, **options)`.

    `styled`: whether the blocks read the style vector. `style_layers`: whether its files hold the
    layers that make one. `stage_key`: the name of the block list in its state dict.
    """

    block: str
    options: Mapping[str, Any] = field(default_factory=dict)
    styled: bool = True
    style_layers: bool = True
    stage_key: str = "secat_layer"


MODELS = {
    "tag2pix": Model("Bottleneck", {"gate": "secat"}),
    "senet": Model("Bottleneck", {"gate": "se"}, False, style_layers=False, stage_key="0"),
    "resnext": Model("Bottleneck", {"gate": None}, styled=False),
    "catconv": Model("Bottleneck", {"gate": "se", "styled_convs": 1}),
    "catall": Model("Bottleneck", {"gate": "se", "styled_convs": 3}),
    "adain": Model("AdaINBottleneck", {"shortcut": False}),
    "seadain": Model("AdaINBottleneck", {"shortcut": True}),
}
