"""The tag extractor: SE-ResNeXt-50 that predicts CIT tags from line art, or its features."""

import math

from torch import Tensor, nn
from torch.nn import functional as F

CARDINALITY = 32


class ConvSE(nn.Module):
    """Squeeze-and-excitation gate made of 1x1 convolutions with bias."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels // 16, 1)
        self.conv2 = nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        squeezed = x.mean(dim=(2, 3), keepdim=True)
        return x * self.conv2(F.relu(self.conv1(squeezed))).sigmoid()


class SEResNeXtBlock(nn.Module):
    """SE-ResNeXt bottleneck of width 2 * planes with 4 * planes output channels."""

    def __init__(self, channels: int, planes: int, stride: int):
        super().__init__()
        width, out = 2 * planes, 4 * planes
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, groups=CARDINALITY, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.selayer = ConvSE(out)
        self.downsample = None
        if channels != out:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.selayer(self.bn3(self.conv3(y)))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def _layer(channels: int, planes: int, count: int, stride: int) -> nn.Sequential:
    first = SEResNeXtBlock(channels, planes, stride)
    return nn.Sequential(first, *(SEResNeXtBlock(4 * planes, planes, 1) for _ in range(count - 1)))


class TagExtractor(nn.Module):
    """SE-ResNeXt-50 on line art (B, 1, S, S) in [0, 1].

    Full: class logits (B, cit_classes). Truncated after its second layer: the features
    (B, 512, S/8, S/8), not negative, that the generator is given.
    """

    def __init__(self, cit_classes: int = 370, *, truncated: bool = False):
        super().__init__()
        self.truncated = truncated
        self.conv1 = nn.Conv2d(1, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = _layer(64, 64, 3, stride=1)
        self.layer2 = _layer(256, 128, 4, stride=2)
        if not truncated:
            self.layer3 = _layer(512, 256, 6, stride=2)
            self.layer4 = _layer(1024, 512, 3, stride=2)
            self.fc = nn.Linear(2048, cit_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                fan_out = module.out_channels * math.prod(module.kernel_size)
                nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, sketch: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(sketch)))
        x = F.max_pool2d(x, 3, 2, padding=1)
        x = self.layer2(self.layer1(x))
        if self.truncated:
            return x
        return self.fc(self.layer4(self.layer3(x)).mean(dim=(2, 3)))
