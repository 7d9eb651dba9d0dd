"""The generator and the discriminator as a task of the training loop."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from checkpoints.checkpoint import Position
from checkpoints.reading import State
from checkpoints.writing import save
from hardware.memory import peak_memory, used_memory
from images.color_space import to_image
from loader.dataset import BenchmarkPairs, Pair, collate
from network.loss import Terms
from tag2pix import Tag2Pix
from training.loop import EpochDone, random_state
from training.results import LOSSES, ResultDirectory
from training.watch import UnreadableFiles

GRID_BATCH = 8


@dataclass(frozen=True)
class Schedule:
    """What changes with the epochs: before `l1_epoch` the generator learns alone, from
    `two_step_epoch` on tags are classified, and `last` is the last epoch."""

    last: int
    l1_epoch: int = 0
    two_step_epoch: int = 0


@dataclass(frozen=True)
class Saving:
    """Which checkpoints stay: every `freq` epochs (0: only the last), every epoch from `all_from`
    on (0: none), and besides those the newest `keep`."""

    freq: int = 10
    all_from: int = 0
    keep: int = 2

    def is_named(self, epoch: int, last_epoch: int) -> bool:
        if epoch == last_epoch or 0 < self.all_from <= epoch:
            return True
        return self.freq > 0 and epoch % self.freq == 0


class Colorization:
    """The networks in training, the benchmark samples, and the result directory (None but in the
    main process). `record` is kept in every checkpoint; `images` is the batch of one process."""

    title_terms = LOSSES

    def __init__(
        self,
        tag2pix: Tag2Pix,
        benchmark: BenchmarkPairs,
        results: ResultDirectory | None,
        schedule: Schedule,
        saving: Saving,
        *,
        images: float,
        record: Mapping[str, Any],
    ):
        self.tag2pix, self.benchmark, self.results = tag2pix, benchmark, results
        self.schedule, self.saving = schedule, saving
        self.images, self.record = images, dict(record)
        self.base_memory = used_memory(tag2pix.device) + tag2pix.training_memory()
        self.memory_told = False
        self.unreadable = UnreadableFiles()

    def begin(self, position: Position) -> None:
        """Write the grids of untrained networks."""
        if position.step == 0:
            self.write_grids(position.epoch)

    def train_mode(self) -> None:
        self.tag2pix.generator.train()
        self.tag2pix.discriminator.train()

    def step(self, epoch: int, batch: Pair) -> Terms:
        """One update as this epoch's place in the schedule demands."""
        if epoch < self.schedule.l1_epoch:
            return self.tag2pix.reconstruction_step(batch)
        return self.tag2pix.training_step(batch, classify=epoch >= self.schedule.two_step_epoch)

    def measure(self, done: EpochDone) -> bool:
        """Print the means of the epoch, plot the losses, and color the benchmark samples."""
        if not self.results:
            return False
        self.results.epoch_seconds.append(done.seconds)
        means = [sum(self.results.history[name][-done.steps :]) / done.steps for name in LOSSES]
        line = (
            f"epoch {done.number}/{self.schedule.last}: D_loss {means[0]:.4f}, G_loss "
            f"{means[1]:.4f}, {done.rate:.1f} images/s, {done.seconds:.0f} s"
        )
        if not self.memory_told:
            line += f", {self.memory_use()}"
            self.memory_told = True
        print(line, flush=True)
        self.results.write_loss_plot(done.number)
        self.write_grids(done.number)
        return False

    def memory_use(self) -> str:
        """The peak so far, and how much of it each image of a process's batch costs."""
        peak = peak_memory(self.tag2pix.device)
        if not peak:
            return "peak memory unknown on this system"
        per_image = max(0, peak - self.base_memory) / self.images
        return f"peak memory {peak / 2**20:.0f} MiB, of that {per_image / 2**20:.0f} MiB per image"

    def write_grids(self, epoch: int) -> None:
        """Color the benchmark samples and write the grids of the epoch."""
        if not self.results or not len(self.benchmark):
            return
        finals, guides = [], []
        loader = DataLoader(
            self.benchmark, GRID_BATCH, collate_fn=collate, generator=torch.Generator()
        )
        device, space = self.tag2pix.device, self.tag2pix.architecture.color_space
        for batch in loader:
            colored = self.tag2pix.color(batch.sketch.to(device), batch.cvt.to(device))
            for pictures, images in zip((finals, guides), colored, strict=True):
                pictures.extend(to_image(images.float().cpu().numpy(), space))
        self.results.write_grid("G_f", finals, epoch)
        self.results.write_grid("G_g", guides, epoch)

    def networks(self) -> dict[str, State]:
        return {
            "the generator": self.tag2pix.generator.state_dict(),
            "the discriminator": self.tag2pix.discriminator.state_dict(),
        }

    def save(self, position: Position, *, is_best: bool = False) -> None:
        """Write a checkpoint: under its epoch's name if it has one, else as a resume point."""
        content = self.tag2pix.state()
        random = random_state(self.tag2pix.processes)
        if not self.results:
            return
        last = self.schedule.last
        named = position.batch == 0 and self.saving.is_named(position.epoch, last)
        content["finish_epoch"] = position.epoch
        content["result_path"] = str(self.results.path)
        content["tag2pix"] |= self.record | {
            "position": asdict(position),
            "random": random,
            "epoch_seconds": self.results.epoch_seconds,
        }
        save(content, self.results.checkpoint_path(position.epoch, position.batch, named))
        if named:
            self.results.write_history(position.epoch)
        self.results.remove_old_resume_points(self.saving.keep)

    def newest_checkpoint(self) -> Path:
        return self.results.checkpoints()[0]
