"""The discriminator: an ACGAN judge of genuineness and of the CIT and CVT tags."""

from torch import Tensor, nn

from network.blocks import Bottleneck
from network.initialize import initialize


def _stage(channels: int, planes: int) -> nn.Sequential:
    out = 4 * planes
    return nn.Sequential(
        nn.Sequential(Bottleneck(channels, planes), Bottleneck(out, planes)),
        nn.Conv2d(out, out, 3, 2, padding=1),
        nn.LeakyReLU(0.2, inplace=True),
    )


class Discriminator(nn.Module):
    """Judges images (B, 3, S, S) in [-1, 1], S >= 16.

    Returns logits in the order adv (B, 1), cit (B, cit_classes), cvt (B, cvt_classes): a positive
    adv means genuine.
    """

    def __init__(self, cvt_classes: int = 115, cit_classes: int = 370):
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, 32, 3, 1, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(32, 32, 3, 2),
            nn.LeakyReLU(0.2, inplace=True),
        )
        self.conv2 = _stage(32, 16)
        self.conv3 = _stage(64, 32)
        self.conv4 = _stage(128, 64)
        self.conv5 = _stage(256, 128)
        self.conv6 = nn.Sequential(nn.Sequential(Bottleneck(512, 128)))
        self.conv7 = nn.Sequential(nn.Sequential(Bottleneck(512, 128)))
        self.conv8 = nn.Sequential(nn.Sequential(Bottleneck(512, 128)))
        self.cit_judge = nn.Sequential(nn.Linear(512, cit_classes))
        self.cvt_judge = nn.Sequential(nn.Linear(512, cvt_classes))
        self.adv_judge = nn.Sequential(nn.Linear(512, 1))
        initialize(self)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.conv5(self.conv4(self.conv3(self.conv2(self.conv1(image)))))
        x = self.conv8(self.conv7(self.conv6(x))).mean(dim=(2, 3))  # (B, 512)
        return self.adv_judge(x), self.cit_judge(x), self.cvt_judge(x)
