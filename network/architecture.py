"""What a network looks like: everything that its shapes and the meaning of its output depend on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from images.color_space import COLOR_SPACES
from network.models import MODELS

MAX_INPUT_SIZE = 4096
MAX_BLOCKS = 128
MAX_CLASSES = 100_000


@dataclass(frozen=True)
class Architecture:
    """The generator and its discriminator.

    model: a key of `network.models.MODELS`. input_size: side of the square input, a multiple of 16.
    cvt_classes, cit_classes: lengths of the two tag vectors. layers: blocks per decoder stage,
    bottom first. bn, guide, relu, cit: batch normalization, guide decoder, ReLU between the style
    layers, CIT features. color_space: what the three output channels mean.
    """

    model: str = "tag2pix"
    input_size: int = 256
    cvt_classes: int = 115
    cit_classes: int = 370
    layers: tuple[int, ...] = (12, 8, 5, 5)
    bn: bool = True
    guide: bool = True
    relu: bool = False
    cit: bool = True
    color_space: str = "rgb"

    def check(self) -> None:
        """Raises ValueError when there is no such network."""
        if self.model not in MODELS:
            raise ValueError(f"unknown model '{self.model}': choose from {', '.join(MODELS)}")
        if not 16 <= self.input_size <= MAX_INPUT_SIZE or self.input_size % 16:
            raise ValueError(
                f"input size {self.input_size} is not a positive multiple of 16, or over "
                f"{MAX_INPUT_SIZE}"
            )
        if len(self.layers) != 4 or not all(1 <= count <= MAX_BLOCKS for count in self.layers):
            raise ValueError(
                f"layers must be four positive numbers up to {MAX_BLOCKS}, not {list(self.layers)}"
            )
        for classes in (self.cvt_classes, self.cit_classes):
            if not 1 <= classes <= MAX_CLASSES:
                raise ValueError(f"{classes} tags are not between 1 and {MAX_CLASSES}")
        if self.relu and not MODELS[self.model].styled:
            raise ValueError(
                f"{self.model} uses no style layers, so ReLU between them has no effect"
            )
        if self.color_space not in COLOR_SPACES:
            raise ValueError(
                f"unknown color space '{self.color_space}': choose from {', '.join(COLOR_SPACES)}"
            )


def infer_architecture(
    generator: Mapping[str, Tensor], discriminator: Mapping[str, Tensor]
) -> Architecture:
    """Read the architecture off the keys and shapes of state dicts without prefix; the color space
    is not in them.

    Raises ValueError when they are not those of a Tag2Pix generator and discriminator.
    """
    try:
        return _inferred(generator, discriminator)
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"its networks are not Tag2Pix's ({error} is missing)") from error


def _inferred(generator: Mapping[str, Tensor], discriminator: Mapping[str, Tensor]) -> Architecture:
    return Architecture(
        model=_model(generator),
        input_size=16 * round((generator["Linear.weight"].shape[0] / 32) ** 0.5),
        cvt_classes=generator["Linear.weight"].shape[1],
        cit_classes=discriminator["cit_judge.0.weight"].shape[0],
        layers=tuple(_block_count(generator, stage) for stage in range(1, 5)),
        bn=_has_bn(generator),
        guide="deconv_for_decoder.0.weight" in generator,
        relu="colorFC.6.weight" in generator,
        cit="featureConv.network.0.weight" in generator,
    )


def _model(state: Mapping[str, Tensor]) -> str:
    if "deconv1.0.0.conv1.weight" in state:
        return "senet"
    block = "deconv1.secat_layer.0."
    if block + "adain1.style.linear.weight_orig" in state:
        return "seadain" if block + "downsample.0.weight" in state else "adain"
    gate = state.get(block + "selayer.fc.0.weight")
    if gate is None:
        return "resnext"
    if gate.shape[1] != state[block + "conv3.weight"].shape[0]:
        return "tag2pix"
    styled = state[block + "conv3.weight"].shape[1] != state[block + "conv1.weight"].shape[0]
    return "catall" if styled else "catconv"


def _block_count(state: Mapping[str, Tensor], stage: int) -> int:
    pattern = re.compile(rf"deconv{stage}\.(?:secat_layer|0)\.(\d{{1,6}})\.")
    return 1 + max(int(match[1]) for key in state if (match := pattern.match(key)))


def _has_bn(state: Mapping[str, Tensor]) -> bool:
    """Also for adain, whose blocks have none: with BN the second convolution of `featureConv` is
    its fourth module. Without CIT nothing of adain depends on it."""
    if any(".bn1." in key for key in state) or "featureConv.network.3.weight" in state:
        return True
    return _model(state) == "adain" and "featureConv.network.0.weight" not in state
