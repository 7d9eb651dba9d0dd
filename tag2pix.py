"""Tag2Pix in training: the three networks, their optimizers, one step, and their state.

The loop around the step is in `training/loop.py`.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from checkpoints.checkpoint import Checkpoint, OptimizerState, record_entry
from checkpoints.optimizer import load_optimizer
from checkpoints.reading import add_prefix, load_state
from errors import CheckpointError
from hardware.device import autocast
from hardware.processes import Processes, without_sync
from loader.dataset import Pair
from network.architecture import Architecture
from network.color_channels import ColorChannels
from network.discriminator import Discriminator
from network.generator import Generator
from network.loss import ChangingLoss, Judgement, Terms
from network.tag_extractor import TagExtractor


class Tag2Pix:
    """The generator, the discriminator and the frozen tag extractor in training.

    extractor: a truncated TagExtractor, or None without CIT. lr_g, lr_d, betas: of Adam. dtype:
    autocast to it, None for float32. cit_norm: "running" freezes the extractor's batch
    normalization, "batch" normalizes with the statistics of the batch as the public code does.
    generator_passes: 1, or 2 to run the generator again for its own step, as the public code does
    (only the pace of the running statistics of its BN differs). grad_accum: parts that a batch is
    split into; more than 1 needs less memory and runs the generator twice. With
    `color_channels` batches are of PartPairs, and the generator learns through these channels what
    their maps say.
    """

    def __init__(
        self,
        architecture: Architecture,
        loss: ChangingLoss,
        extractor: TagExtractor | None = None,
        *,
        lr_g: float = 0.0002,
        lr_d: float = 0.0002,
        betas: tuple[float, float] = (0.5, 0.999),
        dtype: torch.dtype | None = None,
        cit_norm: str = "running",
        generator_passes: int = 1,
        grad_accum: int = 1,
        compiled: bool = False,
        sync_bn: bool = False,
        processes: Processes | None = None,
    ):
        self.processes = processes or Processes()
        self.device = self.processes.device
        self.architecture, self.loss, self.dtype = architecture, loss, dtype
        self.keep_graph = generator_passes == 1 and grad_accum == 1
        self.grad_accum = grad_accum

        self.generator = Generator(architecture)
        self.discriminator = Discriminator(architecture.cvt_classes, architecture.cit_classes)
        if sync_bn and self.processes.world > 1:
            self.generator = nn.SyncBatchNorm.convert_sync_batchnorm(self.generator)
            self.discriminator = nn.SyncBatchNorm.convert_sync_batchnorm(self.discriminator)
        self.extractor = extractor
        for network in filter(None, (self.generator, self.discriminator, self.extractor)):
            network.to(self.device, memory_format=torch.channels_last)
            if compiled:
                network.compile()
        if extractor is not None:
            extractor.requires_grad_(False).train(cit_norm == "batch")

        adam = {"betas": betas, "fused": True}
        self.optimizer_g = torch.optim.Adam(self.generator.parameters(), lr=lr_g, **adam)
        self.optimizer_d = torch.optim.Adam(self.discriminator.parameters(), lr=lr_d, **adam)
        scaler = {"device": self.device.type, "enabled": dtype is torch.float16}
        self.scaler_g, self.scaler_d = (
            torch.amp.GradScaler(**scaler),
            torch.amp.GradScaler(**scaler),
        )
        self.classifies = True
        self.color_channels: ColorChannels | None = None
        self.discriminator.cit_judge.requires_grad_(architecture.cit)
        self.parallel_generator = self.processes.parallel(self.generator)
        self.parallel_discriminator = self.processes.parallel(self.discriminator)

    def training_step(self, batch: Pair, classify: bool = True) -> Terms:
        """Update the discriminator, then the generator, on a batch of tensors on the device.

        Returns every loss term by name, before weighting, and the sums D_loss and G_loss.
        `classify` is the second step of the changing loss (paper, section 4.2).
        """
        self._set_classification(classify)
        parts = _split(batch, self.grad_accum)
        with self._autocast():
            features = [self._features(part.sketch) for part, *_ in parts]

        self.optimizer_d.zero_grad()
        d_terms, images = [], []
        for (part, share, last), part_features in zip(parts, features, strict=True):
            real = self._learn_real(part, share, classify)
            with without_sync(self.parallel_discriminator, last), self._autocast():
                with torch.set_grad_enabled(self.keep_graph):
                    colored = self.parallel_generator(part.sketch, part_features, part.cvt)
                images.append(colored)
                fake = self.parallel_discriminator(colored[0].detach())
                terms = self.loss.discriminator(real, fake, part.cit, part.cvt, classify)
                self.scaler_d.scale(terms["D_loss"] * share).backward()
            d_terms.append(terms)
        self.scaler_d.step(self.optimizer_d)
        self.scaler_d.update()

        self.optimizer_g.zero_grad()
        g_terms = []
        for number, (part, share, last) in enumerate(parts):
            with without_sync(self.parallel_generator, last), self._autocast():
                if self.keep_graph:
                    final, guide = images[number]
                else:
                    final, guide = self.parallel_generator(part.sketch, features[number], part.cvt)
                with _frozen(self.discriminator):
                    judged = self.discriminator(final)
                terms = self.loss.generator(
                    judged,
                    final,
                    guide,
                    part.original,
                    part.cit,
                    part.cvt,
                    classify,
                    **self._of_parts(part),
                )
                self.scaler_g.scale(terms["G_loss"] * share).backward()
            g_terms.append(terms)
        self.scaler_g.step(self.optimizer_g)
        self.scaler_g.update()
        return _average(d_terms, parts) | _average(g_terms, parts)

    def reconstruction_step(self, batch: Pair) -> Terms:
        """Update the generator alone, on the L1 terms: what it can learn without a discriminator
        it learns two to three times faster. Returns the terms as `training_step` does."""
        self.optimizer_g.zero_grad()
        parts, found = _split(batch, self.grad_accum), []
        for part, share, last in parts:
            with without_sync(self.parallel_generator, last), self._autocast():
                features = self._features(part.sketch)
                final, guide = self.parallel_generator(part.sketch, features, part.cvt)
                terms = self.loss.reconstruction(
                    final, guide, part.original, **self._of_parts(part)
                )
                self.scaler_g.scale(terms["G_loss"] * share).backward()
            found.append(terms | {"D_loss": torch.zeros_like(terms["G_loss"])})
        self.scaler_g.step(self.optimizer_g)
        self.scaler_g.update()
        return _average(found, parts)

    def _of_parts(self, batch: Pair) -> dict[str, Tensor]:
        """What the loss of the generator is told of the parts in a batch of PartPairs."""
        if self.color_channels is None:
            return {}
        return {"weights": batch.weights, "parts": self.color_channels.loss(batch.parts, batch.cvt)}

    def _learn_real(self, part: Pair, share: float, classify: bool) -> Judgement:
        """Give the discriminator its gradients from real images, before any others are colored, so
        that both activations are never in memory together; returns its judgement, detached."""
        with without_sync(self.parallel_discriminator, last=False), self._autocast():
            real = self.parallel_discriminator(part.original)
            detached = tuple(logits.detach() for logits in real)
            terms = self.loss.discriminator(real, detached, part.cit, part.cvt, classify)
            self.scaler_d.scale(terms["D_loss"] * share).backward()
        return detached

    def _autocast(self) -> contextlib.AbstractContextManager:
        return autocast(self.device, self.dtype)

    def _features(self, sketch: Tensor) -> Tensor | None:
        if self.extractor is None:
            return None
        with torch.no_grad():
            return self.extractor(sketch)

    def _set_classification(self, classify: bool) -> None:
        """Parallel training expects a gradient for everything that can have one, so the heads of
        the discriminator take part only while they are trained."""
        if self.processes.world == 1 or classify == self.classifies:
            return
        self.classifies = classify
        self.discriminator.cit_judge.requires_grad_(classify and self.architecture.cit)
        self.discriminator.cvt_judge.requires_grad_(classify)
        self.parallel_discriminator = self.processes.parallel(self.discriminator)

    def training_memory(self) -> int:
        """Bytes that the gradients and Adam's two moments take, whatever the batch."""
        networks = (self.generator, self.discriminator)
        return 3 * sum(p.numel() * p.element_size() for n in networks for p in n.parameters())

    @torch.no_grad()
    def color(self, sketch: Tensor, cvt: Tensor) -> tuple[Tensor, Tensor]:
        """Final and guide image (B, 3, S, S) in [-1, 1] of line art on the device, in float32 and
        with the generator in evaluation mode."""
        was_training = self.generator.training
        self.generator.eval()
        colored = self.generator(sketch, self._features(sketch), cvt)
        self.generator.train(was_training)
        return colored

    def state(self) -> dict[str, Any]:
        """Everything that training goes on from, in the public format plus the entry `tag2pix`, but
        for what its loop knows."""
        return {
            "G": add_prefix(self.generator.state_dict()),
            "D": add_prefix(self.discriminator.state_dict()),
            "G_optimizer": self.optimizer_g.state_dict(),
            "D_optimizer": self.optimizer_d.state_dict(),
            "tag2pix": record_entry(
                self.architecture,
                scalers=[self.scaler_g.state_dict(), self.scaler_d.state_dict()],
            ),
        }

    def load_weights(self, checkpoint: Checkpoint) -> None:
        """Take over the networks of a checkpoint and nothing else. Raises CheckpointError."""
        load_state(self.generator, checkpoint.generator, checkpoint.path)
        load_state(self.discriminator, checkpoint.discriminator, checkpoint.path)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint, also a public one.

        Learning rates and betas stay those that this object was made with. Raises CheckpointError.
        """
        self.load_weights(checkpoint)
        states = (checkpoint.optimizer_g, checkpoint.optimizer_d)
        scalers = checkpoint.record.scalers or [{}, {}]
        try:
            for optimizer, state in zip((self.optimizer_g, self.optimizer_d), states, strict=True):
                restore_optimizer(optimizer, state)
            for scaler, state in zip((self.scaler_g, self.scaler_d), scalers, strict=True):
                if scaler.is_enabled() and state:
                    scaler.load_state_dict(state)
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise CheckpointError(f"{checkpoint.path} cannot be resumed from: {error}") from error


def restore_optimizer(optimizer: torch.optim.Optimizer, state: OptimizerState) -> None:
    """Load the moments; how the update is computed stays this optimizer's choice."""
    own = {key: value for key, value in optimizer.param_groups[0].items() if key != "params"}
    groups = [{"params": state.settings.params, **own}]
    load_optimizer(optimizer, {"state": state.state, "param_groups": groups})


def _split(batch: Pair, count: int) -> list[tuple[Pair, float, bool]]:
    """At most `count` parts of a batch, each with its share of it and whether it is the last."""
    chunks = [torch.chunk(tensor, count) for tensor in batch[:-1]]
    parts = [type(batch)(*tensors, broken="") for tensors in zip(*chunks, strict=True)]
    total = len(batch.sketch)
    return [
        (part, len(part.sketch) / total, number == len(parts))
        for number, part in enumerate(parts, 1)
    ]


def _average(terms: Sequence[Terms], parts: Sequence[tuple[Pair, float, bool]]) -> Terms:
    return {
        name: sum(t[name].detach() * share for t, (_, share, _) in zip(terms, parts, strict=True))
        for name in terms[0]
    }


@contextlib.contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """Gradients flow through the network, but not into its weights."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)
