"""The training loop: epochs, what is reported, and when checkpoints are written.

    python main.py --epoch=60 --input_size=256 --batch_size=14        # the CPU, or every GPU here
    python main.py --resume results/261122-101500                     # go on where a run stopped
    torchrun --nnodes=2 --nproc_per_node=8 --rdzv_backend=c10d --rdzv_endpoint=HOST:29500 \\
        main.py --epoch=60 --batch_size=224                           # several machines
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from tqdm import tqdm

from errors import InputError
from images.color_space import to_image
from loader.dataset import BenchmarkPairs, EpochBatches, Pair, TrainingPairs, collate
from loader.stream import stream
from network.checkpoint import save
from network.loss import Terms
from tag2pix import Position, Tag2Pix
from training.results import LOSSES, ResultDirectory
from training.watch import (
    DivergedError,
    LossWatch,
    StopSignal,
    UnreadableFiles,
    peak_memory,
    used_memory,
)

GRID_BATCH = 8


@dataclass(frozen=True)
class Saving:
    """When checkpoints are written: every `freq` epochs (0: only after the last), every epoch from
    `all_from` on (0: never), every `minutes` (0: never). Besides those that `freq` and `all_from`
    name, the newest `keep` stay."""

    freq: int = 10
    all_from: int = 0
    minutes: float = 0
    keep: int = 2

    def is_named(self, epoch: int, last_epoch: int) -> bool:
        if epoch == last_epoch or 0 < self.all_from <= epoch:
            return True
        return self.freq > 0 and epoch % self.freq == 0


class Training:
    """A run: the networks, their data, and the result directory (None but in the main process).

    `record` is kept in every checkpoint beside the state of the networks.
    """

    def __init__(
        self,
        tag2pix: Tag2Pix,
        pairs: TrainingPairs,
        benchmark: BenchmarkPairs,
        results: ResultDirectory | None,
        *,
        epochs: int,
        batch_size: int,
        workers: int,
        l1_epoch: int = 0,
        two_step_epoch: int = 0,
        saving: Saving | None = None,
        record: Mapping[str, Any] | None = None,
    ):
        self.tag2pix, self.pairs, self.benchmark, self.results = tag2pix, pairs, benchmark, results
        self.epochs, self.batch_size, self.workers = epochs, batch_size, workers
        self.l1_epoch, self.two_step_epoch = l1_epoch, two_step_epoch
        self.saving, self.record = saving or Saving(), dict(record or {})
        self.processes = tag2pix.processes
        self.watch = LossWatch(self.processes)
        self.base_memory = used_memory(tag2pix.device) + tag2pix.training_memory()
        self.memory_told = False
        self.unreadable = UnreadableFiles()
        self.bar = tqdm(disable=True)

    def run(self) -> bool:
        """Train from wherever the networks are to the last epoch; False if a signal stopped it.

        Raises DivergedError, leaving the checkpoints as they are, and InputError where the data
        cannot be read, or has shrunk below where the networks are in their epoch.
        """
        position = self.tag2pix.position
        batches_per_epoch = self.batches().batches_per_epoch
        if position.batch >= batches_per_epoch:
            raise InputError(
                f"{position.batch} batches of epoch {position.epoch + 1} are done, and it now has "
                f"{batches_per_epoch}: the training set has changed; go on from a checkpoint at "
                "the end of an epoch"
            )
        stream = self.stream()
        if position.step == 0:
            self.write_grids(position.epoch)
        with StopSignal(self.processes, self.saving.minutes) as stop:
            for epoch in range(position.epoch + 1, self.epochs + 1):
                if not self._train_epoch(epoch, stream, batches_per_epoch, stop):
                    return False
                self.write_grids(epoch)
                self._save(stop)
                if epoch < self.epochs and stop.check()[0]:
                    return False
        return True

    def batches(self) -> EpochBatches:
        """The batches from where the networks are to the last epoch."""
        position = self.tag2pix.position
        return EpochBatches(
            len(self.pairs),
            self.batch_size,
            seed=self.pairs.seed,
            start_epoch=position.epoch + 1,
            start_batch=position.batch,
            last_epoch=self.epochs,
            rank=self.processes.rank,
            world=self.processes.world,
        )

    def _train_epoch(
        self, epoch: int, stream: Iterator[Pair], batches: int, stop: StopSignal
    ) -> bool:
        """The rest of an epoch; False if it was stopped, and saved, before its end."""
        tag2pix = self.tag2pix
        tag2pix.generator.train()
        tag2pix.discriminator.train()
        first, seen, started = tag2pix.position.batch, 0, time.monotonic()
        with self._progress_bar(epoch, first, batches) as self.bar:
            for number in range(first + 1, batches + 1):
                batch = next(stream)
                terms = self.step(epoch, self.to_device(batch))
                step = tag2pix.position.step + 1
                tag2pix.position = Position(epoch - 1, number, step)
                seen += len(batch.sketch)

                self.bar.update()
                self.unreadable.report(batch.broken)
                self._report_losses(self.watch.add(step, epoch, terms))
                stop_now, save_now = stop.check(step)
                if (stop_now or save_now) and number < batches:
                    self._save(stop)
                if stop_now and number < batches:
                    return False
            self._report_losses(self.watch.flush())
        tag2pix.position = replace(tag2pix.position, epoch=epoch, batch=0)
        if self.results:
            self._summarize(epoch, batches - first, seen, time.monotonic() - started)
        return True

    def step(self, epoch: int, batch: Pair) -> Terms:
        """One update as this epoch's place in the schedules demands, on a batch on the device."""
        if epoch < self.l1_epoch:
            return self.tag2pix.reconstruction_step(batch)
        return self.tag2pix.training_step(batch, classify=epoch >= self.two_step_epoch)

    def _progress_bar(self, epoch: int, first: int, batches: int) -> tqdm:
        return tqdm(
            total=batches,
            initial=first,
            desc=f"epoch {epoch}/{self.epochs}",
            unit="batch",
            disable=not self.processes.is_main,
            leave=False,
        )

    def stream(self) -> Iterator[Pair]:
        """All batches from where the networks are to the end of the run."""
        pin_memory = self.tag2pix.device.type == "cuda"
        return stream(self.pairs, self.batches(), workers=self.workers, pin_memory=pin_memory)

    def to_device(self, batch: Pair) -> Pair:
        tensors = (tensor.to(self.tag2pix.device, non_blocking=True) for tensor in batch[:4])
        return Pair(*tensors, broken=batch.broken)

    def _report_losses(self, rows: list[dict[str, float]]) -> None:
        if rows and self.results:
            self.results.add_losses(rows)
            last = rows[-1]
            self.bar.set_postfix(D_loss=f"{last['D_loss']:.3f}", G_loss=f"{last['G_loss']:.3f}")

    def _summarize(self, epoch: int, steps: int, seen: int, seconds: float) -> None:
        self.results.epoch_seconds.append(seconds)
        means = [sum(self.results.history[name][-steps:]) / steps for name in LOSSES]
        rate = seen * self.processes.world / seconds
        line = (
            f"epoch {epoch}/{self.epochs}: D_loss {means[0]:.4f}, G_loss {means[1]:.4f}, "
            f"{rate:.1f} images/s, {seconds:.0f} s"
        )
        if not self.memory_told:
            line += f", {self.memory_use()}"
            self.memory_told = True
        print(line, flush=True)
        self.results.write_loss_plot(epoch)

    def memory_use(self) -> str:
        """The peak so far, and how much of it each image of a process's batch costs."""
        peak = peak_memory(self.tag2pix.device)
        if not peak:
            return "peak memory unknown on this system"
        images = self.batch_size / self.processes.world
        per_image = max(0, peak - self.base_memory) / images
        return f"peak memory {peak / 2**20:.0f} MiB, of that {per_image / 2**20:.0f} MiB per image"

    def write_grids(self, epoch: int) -> None:
        """Color the benchmark samples and write the grids of the epoch."""
        if not self.results or not len(self.benchmark):
            return
        finals, guides = [], []
        loader = DataLoader(
            self.benchmark, GRID_BATCH, collate_fn=collate, generator=torch.Generator()
        )
        for batch in loader:
            batch = self.to_device(batch)
            final, guide = self.tag2pix.color(batch.sketch, batch.cvt)
            finals.extend(to_image(final.float().cpu().numpy(), self.pairs.color_space))
            guides.extend(to_image(guide.float().cpu().numpy(), self.pairs.color_space))
        self.results.write_grid("G_f", finals, epoch)
        self.results.write_grid("G_g", guides, epoch)

    def _save(self, stop: StopSignal) -> None:
        """Write a checkpoint: under its epoch's name if it has one, else as a resume point."""
        position = self.tag2pix.position
        named = position.batch == 0 and self.saving.is_named(position.epoch, self.epochs)
        self.save(named)
        stop.saved()
        if self.results and named:
            self.results.write_history(position.epoch)
        if self.results:
            self.results.remove_old_resume_points(self.saving.keep)

    def save(self, named: bool) -> Path | None:
        """Write the state of all processes; returns where, in the main process.

        Raises DivergedError, in all processes, rather than save weights that are not finite.
        """
        self._report_losses(self.watch.flush())
        content = self.tag2pix.state()
        broken = self.processes.any([not _is_finite(content[key]) for key in "GD"])
        if any(broken):
            name = "the generator" if broken[0] else "the discriminator"
            raise DivergedError(
                f"training diverged before step {self.tag2pix.position.step}: "
                f"{name} holds values that are not finite"
            )
        if not self.results:
            return None
        content["result_path"] = str(self.results.path)
        content["tag2pix"] |= self.record | {"epoch_seconds": self.results.epoch_seconds}
        position = self.tag2pix.position
        path = self.results.checkpoint_path(position.epoch, position.batch, named)
        save(content, path)
        return path


def _is_finite(state: Mapping[str, torch.Tensor]) -> bool:
    return all(bool(value.isfinite().all()) for value in state.values())
