"""What coloring needs of the networks, as one module, prepared for inference."""

import copy

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engines.early_gates import gate_early
from network.generator import Generator
from network.operations import merge_groups
from network.tag_extractor import TagExtractor


class Painter(nn.Module):
    """Line art (B, 1, S, S) in [0, 1], or one piece for all, and multi-hot tags (B, cvt_classes)
    to the final image (B, 3, S, S) in [-1, 1]: the truncated tag extractor, where there is one, and
    the generator without its guide decoder."""

    def __init__(self, generator: Generator, extractor: TagExtractor | None):
        super().__init__()
        self.generator, self.extractor = generator, extractor

    def forward(self, sketch: Tensor, cvt: Tensor) -> Tensor:
        features = None if self.extractor is None else self.extractor(sketch)
        if len(sketch) != len(cvt):
            sketch = sketch.expand(len(cvt), -1, -1, -1)
            features = None if features is None else features.expand(len(cvt), -1, -1, -1)
        final, _ = self.generator(sketch, features, cvt)
        return final


def painter(generator: Generator, extractor: TagExtractor | None) -> Painter:
    """A copy for inference: batch normalization is folded into the convolutions, and gates are
    computed before the convolution that they gate.

    The extractor's stays where it is in training mode and uses the statistics of the batch.
    """
    guide, generator.deconv_for_decoder = generator.deconv_for_decoder, None
    try:
        copied = copy.deepcopy(Painter(generator, extractor)).requires_grad_(False)
    finally:
        generator.deconv_for_decoder = guide
    copied.generator.eval()
    fold_batch_norm(copied)
    gate_early(copied)
    return copied


def fold_batch_norm(module: nn.Module) -> None:
    """Fold every batch normalization in evaluation mode into the convolution before it, in place.

    In all networks here a normalization is registered right after its convolution.
    """
    previous = None
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and not child.training and previous is not None:
            conv_name, conv = previous
            setattr(module, conv_name, fuse_conv_bn_eval(conv.eval(), child))
            setattr(module, name, nn.Identity())
        else:
            fold_batch_norm(child)
        previous = (name, child) if isinstance(child, nn.Conv2d) else None


def merge_narrow_groups(module: nn.Module, width: int) -> None:
    """Merge the groups of convolutions until they have up to `width` input channels, in place.

    CPU kernels are slow at narrower ones; see `network.operations.GroupedConv2d`.
    """
    for name, child in list(module.named_children()):
        own = child.in_channels // child.groups if isinstance(child, nn.Conv2d) else width
        if own <= width // 2 and child.groups % (width // own) == 0:
            setattr(module, name, _merged(child, width // own))
        else:
            merge_narrow_groups(child, width)


def _merged(conv: nn.Conv2d, count: int) -> nn.Conv2d:
    merged = copy.copy(conv)
    merged._parameters = dict(conv._parameters)
    merged.groups = conv.groups // count
    weight = merge_groups(conv.weight.detach(), conv.groups, count)
    merged.weight = nn.Parameter(weight, requires_grad=False)
    return merged
