"""What coloring needs of the networks, as one module, prepared for inference."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from network.generator import Generator
from network.operations import GroupedConv2d
from network.tag_extractor import TagExtractor


class Painter(nn.Module):
    """Line art (B, 1, S, S) in [0, 1] and multi-hot tags (B, cvt_classes) to the final image
    (B, 3, S, S) in [-1, 1]: the truncated tag extractor, where there is one, and the generator
    without its guide decoder."""

    def __init__(self, generator: Generator, extractor: TagExtractor | None):
        super().__init__()
        self.generator, self.extractor = generator, extractor

    def forward(self, sketch: Tensor, cvt: Tensor) -> Tensor:
        features = None if self.extractor is None else self.extractor(sketch)
        final, _ = self.generator(sketch, features, cvt)
        return final


def painter(generator: Generator, extractor: TagExtractor | None) -> Painter:
    """A copy for inference: no guide decoder, batch normalization that uses its running statistics
    folded into the convolutions, narrow groups merged where that is faster."""
    generator = copy.copy(generator)
    generator._modules = generator._modules | {"deconv_for_decoder": None}
    copied = copy.deepcopy(Painter(generator, extractor)).requires_grad_(False)
    fold_batch_norm(copied)
    return copied


def fold_batch_norm(module: nn.Module) -> None:
    """Fold every batch normalization in evaluation mode into the convolution before it.

    The networks name or order them so that each follows its convolution: `conv1` and `bn1`, or
    neighbors in a Sequential.
    """
    previous = None
    for name, child in list(module.named_children()):
        is_norm = isinstance(child, nn.BatchNorm2d) and not child.training
        if is_norm and previous is not None:
            conv_name, conv = previous
            folded = fuse_conv_bn_eval(conv.eval(), child)
            setattr(module, conv_name, folded)
            setattr(module, name, nn.Identity())
        else:
            fold_batch_norm(child)
        previous = (name, child) if isinstance(child, nn.Conv2d) else None
