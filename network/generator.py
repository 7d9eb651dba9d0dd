"""The generator: a U-Net from line art to color, steered by CIT features and color tags.

Paper, section 4.1. Attribute names are the keys of the weight files that people have.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from network import blocks
from network.architecture import Architecture
from network.blocks import STYLE
from network.initialize import initialize
from network.models import MODELS
from network.operations import TransposedConv2d, concatenate, pixel_shuffle

GUIDE_CHANNELS = 256


def _encoder_stage(channels: int, out_channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out_channels, 3, stride, padding=1),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(out_channels, out_channels, 3, padding=1),
        nn.LeakyReLU(0.2, inplace=True),
    )


def _color_fc(cvt_classes: int, relu: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Linear(cvt_classes, STYLE)]
    for _ in range(3):
        if relu:
            layers.append(nn.ReLU(inplace=True))
        layers.append(nn.Linear(STYLE, STYLE))
    return nn.Sequential(*layers)


class FeatureConv(nn.Module):
    """Brings CIT features (B, 512, H/8, W/8) to the bottom of the U-Net (B, 256, H/16, W/16)."""

    def __init__(self, bn: bool):
        super().__init__()

        def conv(channels: int, stride: int) -> nn.Module:
            return nn.Conv2d(channels, 256, 3, stride, padding=1, bias=False)

        def norm() -> list[nn.Module]:
            return [nn.BatchNorm2d(256)] if bn else []

        self.network = nn.Sequential(
            *(conv(512, 2), *norm(), nn.ReLU(inplace=True)),
            *(conv(256, 1), *norm(), nn.ReLU(inplace=True)),
            *(conv(256, 1), nn.ReLU(inplace=True)),
        )

    def forward(self, features: Tensor) -> Tensor:
        return self.network(features)


class DecoderStage(nn.Module):
    """Blocks that all see the same style, then a pixel shuffle: 4P channels become P at twice the
    size. `key` is the name of the block list in the state dict."""

    def __init__(self, blocks: Sequence[nn.Module], key: str):
        super().__init__()
        self.key = key
        self.add_module(key, nn.ModuleList(blocks))

    def forward(self, x: Tensor, style: Tensor | None) -> Tensor:
        for block in self.get_submodule(self.key):
            x = block(x, style)
        return pixel_shuffle(x)


def _guide_decoder() -> nn.Sequential:
    def up(channels: int, out_channels: int) -> list[nn.Module]:
        conv = TransposedConv2d(channels, out_channels, 3, 2, padding=1, output_padding=1)
        return [conv, nn.LeakyReLU(0.2, inplace=True)]

    return nn.Sequential(
        *up(GUIDE_CHANNELS, 128),
        *up(128, 64),
        *up(64, 32),
        TransposedConv2d(32, 3, 3, 1, padding=1),
        nn.Tanh(),
    )


class Generator(nn.Module):
    """Line art, CIT features and color tags to a colored image; see `build_generator`."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        model, bn = MODELS[architecture.model], architecture.bn
        self.bottom = architecture.input_size // 16
        self.Linear = nn.Linear(architecture.cvt_classes, 32 * self.bottom**2)
        if model.style_layers:
            self.colorFC = _color_fc(architecture.cvt_classes, architecture.relu)
            # Where nothing reads them, they must load, and not train.
            self.colorFC.requires_grad_(model.styled)
        self.uses_style = model.styled

        self.conv1 = _encoder_stage(1, 16, stride=1)
        self.conv2 = _encoder_stage(16, 32, stride=2)
        self.conv3 = _encoder_stage(32, 64, stride=2)
        self.conv4 = _encoder_stage(64, 128, stride=2)
        self.conv5 = _encoder_stage(128, 256, stride=2)

        def decoder(channels: int, planes: int, count: int) -> DecoderStage:
            widths = [channels] + [4 * planes] * (count - 1)
            block = getattr(blocks, model.block)
            stage = [block(width, planes, bn, **model.options) for width in widths]
            return DecoderStage(stage, model.stage_key)

        layers = architecture.layers
        self.deconv1 = decoder(576 if architecture.cit else 320, 256, layers[0])
        self.deconv2 = decoder(256 + 128, 128, layers[1])
        self.deconv3 = decoder(128 + 64, 64, layers[2])
        self.deconv4 = decoder(64 + 32, 32, layers[3])
        self.deconv5 = nn.Sequential(
            nn.Conv2d(32 + 16, 32, 3, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(32, 3, 3, padding=1),
            nn.Tanh(),
        )
        self.featureConv = FeatureConv(bn) if architecture.cit else None
        self.colorConv = nn.Sequential(
            nn.Conv2d(32, 64, 3, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.Tanh(),
        )
        self.deconv_for_decoder = _guide_decoder() if architecture.guide else None
        initialize(self)

    def forward(
        self, sketch: Tensor, features: Tensor | None, cvt: Tensor
    ) -> tuple[Tensor, Tensor]:
        """sketch (B, 1, S, S) in [0, 1], features (B, 512, S/8, S/8) or None without CIT, cvt
        (B, cvt_classes) multi-hot; returns the final and the guide image, (B, 3, S, S) in [-1, 1].
        Without a guide decoder both are the same tensor."""
        color = self.Linear(cvt).unflatten(1, (32, self.bottom, self.bottom))
        style = self.colorFC(cvt) if self.uses_style else None

        e1 = self.conv1(sketch)  # (B, 16, S, S)
        e2 = self.conv2(e1)  # (B, 32, S/2, S/2)
        e3 = self.conv3(e2)  # (B, 64, S/4, S/4)
        e4 = self.conv4(e3)  # (B, 128, S/8, S/8)
        e5 = self.conv5(e4)  # (B, 256, S/16, S/16)

        bottom = [e5] if self.featureConv is None else [e5, self.featureConv(features)]
        d4 = self.deconv1(concatenate(*bottom, self.colorConv(color)), style)  # (B, 256, S/8)
        d3 = self.deconv2(concatenate(d4, e4), style)  # (B, 128, S/4, S/4)
        d2 = self.deconv3(concatenate(d3, e3), style)  # (B, 64, S/2, S/2)
        d1 = self.deconv4(concatenate(d2, e2), style)  # (B, 32, S, S)
        final = self.deconv5(concatenate(d1, e1))
        guide = final if self.deconv_for_decoder is None else self.deconv_for_decoder(d4)
        return final, guide


def build_generator(model: str = "tag2pix", **options) -> Generator:
    """Build one of the seven generators of the paper; `options` are the fields of Architecture,
    whose defaults are the paper's. Raises ValueError for what cannot be built."""
    architecture = Architecture(model, **options)
    architecture.check()
    return Generator(architecture)
