"""The published training iteration, written plainly: what our step is measured against.

Float32, default memory layout, unfused Adam; the generator runs twice, the discriminator's step
backpropagates into it, and the generator's step computes the discriminator's gradients, too.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.plain_operations import plain_operations
from loader.dataset import Pair
from network import Discriminator, Generator
from network.architecture import Architecture
from network.tag_extractor import TagExtractor


class PlainTraining:
    """Networks and optimizers on `device`; `training_step` is one iteration."""

    def __init__(
        self, architecture: Architecture, extractor: TagExtractor | None, device: torch.device
    ):
        self.generator = Generator(architecture).to(device)
        self.discriminator = Discriminator(architecture.cvt_classes, architecture.cit_classes).to(
            device
        )
        self.extractor = extractor.to(device).train() if extractor else None
        adam = {"lr": 0.0002, "betas": (0.5, 0.999), "foreach": False, "fused": False}
        self.optimizer_g = torch.optim.Adam(self.generator.parameters(), **adam)
        self.optimizer_d = torch.optim.Adam(self.discriminator.parameters(), **adam)
        self.real = self.fake = torch.empty(0)

    @plain_operations()
    def training_step(self, batch: Pair) -> tuple[float, float]:
        if len(self.real) != len(batch.sketch):
            self.real = torch.ones(len(batch.sketch), 1, device=batch.sketch.device)
            self.fake = torch.zeros_like(self.real)
        self.optimizer_d.zero_grad()
        features = self._features(batch.sketch)
        judged_real = self._judge(batch.original)
        final, _ = self.generator(batch.sketch, features, batch.cvt)
        judged_fake = self._judge(final)
        d_loss = F.binary_cross_entropy(judged_real[0], self.real)
        d_loss = d_loss + F.binary_cross_entropy(judged_fake[0], self.fake)
        d_loss = d_loss + self._classification(judged_real, batch)
        d_loss = d_loss + self._classification(judged_fake, batch)
        d_loss.backward()
        self.optimizer_d.step()

        self.optimizer_g.zero_grad()
        final, guide = self.generator(batch.sketch, features, batch.cvt)
        judged = self._judge(final)
        g_loss = F.binary_cross_entropy(judged[0], self.real) + self._classification(judged, batch)
        l1 = F.l1_loss(final, batch.original) + 0.9 * F.l1_loss(guide, batch.original)
        (g_loss + 1000 * l1).backward()
        self.optimizer_g.step()
        return d_loss.item(), g_loss.item()

    def _features(self, sketch: Tensor) -> Tensor | None:
        if self.extractor is None:
            return None
        with torch.no_grad():
            return self.extractor(sketch)

    def _judge(self, image: Tensor) -> list[Tensor]:
        return [torch.sigmoid(logits) for logits in self.discriminator(image)]

    def _classification(self, judged: list[Tensor], batch: Pair) -> Tensor:
        loss = F.binary_cross_entropy(judged[2], batch.cvt)
        if self.extractor is not None:
            loss = loss + F.binary_cross_entropy(judged[1], batch.cit)
        return loss
