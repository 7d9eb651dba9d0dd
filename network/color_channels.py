"""Decoder channels that carry the color of one part each, and how a network begins with them.

Learning from colors alone, a network must find out at the same time where a skirt is and which tag
says its color; for small or rare parts neither shows without the other. Where the parts of the
training pictures are known, three channels of a block's residual branch are made to show where the
part is (`ColorChannels.loss`), and their SECat gates begin as functions of lightness, a* and b* of
the color that the part's tag stands for. Behind the gates they then hold the part in its color, and
the blocks after them need only learn to paint it, which all parts teach them together.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from network.blocks import STYLE
from network.generator import Generator

Lab = tuple[float, float, float]

AXES = 3  # lightness, a*, b*
SLOT = 1 + AXES  # of the style, for each part: whether a tag says its color, and the color
ALWAYS = STYLE - 1  # the place in the style that is always 1
SHUFFLED = 4  # channels of a stage's blocks that become one where the stage ends

# A color in the style: (L - 50) / 25, a / 30, b / 30, which is within 3.
CENTER, SCALE = (50.0, 0.0, 0.0), (25.0, 30.0, 30.0)
BEYOND = 3.0
STEEPNESS = 1.2  # of the gates: from 0.03 to 0.97 over that range, 0.03 without a tag
HEIGHT = 2.0  # of a channel where its part is
WEIGHT = 4.0  # of these channels in the layers that read them, beside that of others


class ColoredPart(NamedTuple):
    """A part whose color is a tag: its number in the maps of training pictures, its color tags by
    their place in the CVT vector, each with its color in CIELAB, and how much it covers of the
    pictures that have one of them, between 0 and 1, both excluded."""

    number: int
    colors: Mapping[int, Lab]
    share: float

    @property
    def spread(self) -> float:
        """The standard deviation of a channel that is HEIGHT where the part is, and 0 elsewhere."""
        return HEIGHT * math.sqrt(self.share * (1 - self.share))


class Place(NamedTuple):
    """The block of a decoder stage that the channels of some parts are in: the stage from 1, the
    block from 0, the first of its channels, counted as they are after the pixel shuffle, and which
    parts."""

    stage: int
    block: int
    first: int
    parts: tuple[int, ...]


def places(layers: Sequence[int], parts: int) -> list[Place]:
    """Where the channels of `parts` parts are in a generator with so many blocks per stage.

    In each of the first three stages as many parts as the gates' hidden units can tell apart, from
    the last block to the first; parts that come first are in more of them.
    """
    found = []
    for stage, hidden in ((1, 64), (2, 32), (3, 16)):
        room, done = (hidden - 1) // AXES, 0
        for block in reversed(range(layers[stage - 1])):
            here = tuple(range(done, min(done + room, parts)))
            if here:
                found.append(Place(stage, block, AXES * done, here))
            done += len(here)
    return found


class ColorChannels:
    """Watches these channels of a generator with so many `layers` while it learns.

    The generator has batch normalization and SECat blocks, and no ReLU between its style layers.
    """

    def __init__(self, generator: Generator, layers: Sequence[int], parts: Sequence[ColoredPart]):
        self.generator, self.parts = generator, parts
        self.places = places(layers, len(parts))
        self.seen: dict[Place, Tensor] = {}
        for place in self.places:
            self._block(place).bn3.register_forward_hook(self._watch(place))

    def _watch(self, place: Place):
        def keep(_module: nn.Module, _inputs: tuple, output: Tensor) -> None:
            self.seen[place] = output
            if output.requires_grad:
                # What comes back through the slice is of another memory format, and slow from here.
                output.register_hook(
                    lambda grad: grad.contiguous(memory_format=torch.channels_last)
                )

        return keep

    def loss(self, part_maps: Tensor, cvt: Tensor) -> Tensor:
        """How far the channels of the last forward pass are from where the parts are: the squared
        error, as a share of that of knowing nothing, as a mean over parts, summed over places.

        part_maps (B, S, S) uint8 says which part each pixel belongs to, and cvt (B, cvt_classes)
        which tags a picture has. A part's channels answer for the pictures with a tag of it alone:
        in others their gates are closed, and a bare hand may show where a glove would be.
        """
        numbers = part_maps.new_tensor([part.number for part in self.parts])
        masks = (part_maps[:, None] == numbers[:, None, None]).float()
        tagged = [(cvt[:, list(part.colors)] > 0).any(1) for part in self.parts]
        tagged = torch.stack(tagged, 1).float()
        total = masks.new_zeros(())
        for place in self.places:
            first, count = place.first * SHUFFLED, AXES * len(place.parts)
            channels = self.seen[place][:, first : first + SHUFFLED * count].float()
            shown = F.pixel_shuffle(channels, 2).unflatten(1, (-1, AXES))
            wanted = F.adaptive_avg_pool2d(masks[:, list(place.parts)], shown.shape[-2:])
            errors = (shown - HEIGHT * wanted[:, :, None]).square().mean((2, 3, 4))
            counted = tagged[:, list(place.parts)]
            error = (errors * counted).sum(0) / counted.sum(0).clamp(min=1)
            spread = masks.new_tensor([self.parts[part].spread for part in place.parts])
            total = total + (error / spread.square()).mean()
        return total

    def _stage(self, stage: int) -> nn.ModuleList:
        module = getattr(self.generator, f"deconv{stage}")
        return module.get_submodule(module.key)

    def _block(self, place: Place) -> nn.Module:
        return self._stage(place.stage)[place.block]

    @torch.no_grad()
    def begin(self, sketch: Tensor, cvt: Tensor) -> None:
        """Give a generator with initial weights these channels, and its encoder outputs that vary
        by 1: by the paper's initial weights they vary by a hundredth of what the decoder adds.

        sketch (B, 1, S, S) and cvt (B, cvt_classes) are a batch of the training set, on the device
        of the generator.
        """
        self.generator.train()
        self._begin_style()
        for place in self.places:
            self._begin_place(place)
        for stage in sorted({place.stage for place in self.places}):
            self._begin_readers(stage)
        self._begin_encoder(sketch)
        self._begin_output(sketch, cvt)

    def _begin_style(self) -> None:
        first, *others = [m for m in self.generator.colorFC if isinstance(m, nn.Linear)]
        for layer in others:
            layer.weight.copy_(torch.eye(STYLE))
        slots = SLOT * len(self.parts)
        first.weight[:slots] = 0
        for number, part in enumerate(self.parts):
            for tag, color in part.colors.items():
                code = [(x - c) / s for x, c, s in zip(color, CENTER, SCALE, strict=True)]
                slot = first.weight[SLOT * number : SLOT * (number + 1), tag]
                slot.copy_(torch.tensor([1.0, *code]))
                first.weight[slots:, tag] = 0
        first.weight[ALWAYS] = 0
        first.bias[ALWAYS] = 1

    def _begin_place(self, place: Place) -> None:
        block, count = self._block(place), len(place.parts)
        first, last = place.first * SHUFFLED, (place.first + AXES * count) * SHUFFLED
        for other in self._stage(place.stage):
            if other is not block:
                other.bn3.weight[first:last] = 0
            if not isinstance(other.downsample, nn.Identity):
                other.downsample[1].weight[first:last] = 0

        # A hidden unit is BEYOND + its color where a tag says the color, else 0; one is always 1.
        squeeze, excite = block.selayer.fc[0].weight, block.selayer.fc[2].weight
        style, always = squeeze.shape[1] - STYLE, AXES * count
        squeeze[: always + 1] = 0
        squeeze[always, style + ALWAYS] = 1
        excite[:, :always] *= 0.1
        excite[:, always] = 0
        excite[first:last] = 0
        for number, part in enumerate(place.parts):
            for axis in range(AXES):
                unit = AXES * number + axis
                squeeze[unit, style + SLOT * part] = BEYOND
                squeeze[unit, style + SLOT * part + 1 + axis] = 1
                own = slice(first + SHUFFLED * unit, first + SHUFFLED * (unit + 1))
                excite[own, unit] = STEEPNESS
                excite[own, always] = -STEEPNESS * BEYOND
                same = first + SHUFFLED * AXES * number
                block.conv3.weight[own] = block.conv3.weight[same : same + SHUFFLED]
                block.bn3.weight[own] = self.parts[part].spread
                block.bn3.bias[own] = HEIGHT * self.parts[part].share

    def _begin_readers(self, stage: int) -> None:
        """What reads the channels of a stage begins with the same weights for all parts."""
        count = AXES * len({part for place in self._at(stage) for part in place.parts})
        following = self._stage(stage + 1)[0]
        readers = [following.conv1.weight, following.downsample[0].weight]
        if stage == 1 and self.generator.deconv_for_decoder is not None:
            readers.append(self.generator.deconv_for_decoder[0].weight.transpose(0, 1))
        for weight in readers:
            spread = weight[:, count:].std()
            shared = torch.randn(weight.shape[0], AXES, device=weight.device)
            own = torch.randn(weight.shape[0], count, device=weight.device)
            values = spread * (WEIGHT * shared.repeat(1, count // AXES) + own)
            weight[:, :count] = values.reshape(*values.shape, *[1] * (weight.ndim - 2))

    def _at(self, stage: int) -> list[Place]:
        return [place for place in self.places if place.stage == stage]

    def _begin_encoder(self, x: Tensor) -> None:
        for number in range(1, 6):
            for layer in getattr(self.generator, f"conv{number}"):
                if isinstance(layer, nn.Conv2d):
                    y = layer(x)
                    mean, spread = y.mean((0, 2, 3)), y.std((0, 2, 3)).clamp(min=1e-6)
                    layer.weight.div_(spread[:, None, None, None])
                    layer.bias.copy_((layer.bias - mean) / spread)
                x = layer(x)

    def _begin_output(self, sketch: Tensor, cvt: Tensor) -> None:
        """Colors that begin near the middle grey, not where tanh is flat."""
        first, last = (m for m in self.generator.deconv5 if isinstance(m, nn.Conv2d))
        for layer, wanted in ((first, 1.0), (last, 0.3)):
            outputs: list[Tensor] = []
            handle = layer.register_forward_hook(lambda _m, _i, y, into=outputs: into.append(y))
            self.generator(sketch, None, cvt)
            handle.remove()
            layer.weight.mul_(wanted / outputs[0].std())
