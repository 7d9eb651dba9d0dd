"""The tag extractor in training: one step, epochs, what is reported, save and resume."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from errors import InputError
from hardware.device import autocast
from hardware.processes import Processes
from loader.dataset import EpochBatches
from loader.line_art import AugmentedSketches, LabeledSketch, PlainSketches
from loader.stream import stream
from loader.tags import Vocabulary
from network.checkpoint import add_prefix, load_state, save
from network.loss import Terms
from network.tag_extractor import TagExtractor
from network.tag_metrics import TagMetrics, measure, write_epochs, write_table
from tag2pix import Position
from training.predicting import predict
from training.recipe import (
    Recipe,
    positive_weights,
    prepare,
    rate_factor,
    tag_counts,
    warm_up_steps,
)
from training.results import ResultDirectory
from training.watch import DivergedError, LossWatch, StopSignal, UnreadableFiles

BEST, LAST = "model", "last"  # each has its weights, .pth, and its table of tags, .csv
WEIGHT_DECAY = 0.05


class ClassifierTraining:
    """A run: the network, its training and held-out line art, and the result directory (None but in
    the main process). `record` is kept in every weight file."""

    def __init__(
        self,
        network: TagExtractor,
        sketches: AugmentedSketches,
        held_out: PlainSketches,
        vocabulary: Vocabulary,
        recipe: Recipe,
        results: ResultDirectory | None = None,
        *,
        dtype: torch.dtype | None = None,
        processes: Processes | None = None,
        record: Mapping[str, Any] | None = None,
    ):
        self.processes = processes or Processes()
        self.device, self.dtype = self.processes.device, dtype
        self.sketches, self.held_out, self.vocabulary = sketches, held_out, vocabulary
        self.recipe, self.results, self.record = recipe, results, dict(record or {})
        self.counts, self.held_out_counts = tag_counts(sketches), tag_counts(held_out)
        weights = positive_weights(self.counts, len(sketches), recipe.max_pos_weight)
        self.pos_weight = weights.to(self.device)
        prepare(network, self.counts, len(sketches), weights)

        self.network = network.to(self.device, memory_format=torch.channels_last)
        self.parallel_network = self.processes.parallel(self.network)
        self.optimizer = torch.optim.AdamW(
            [{"params": list(self.network.parameters()), "initial_lr": recipe.lr}],
            lr=recipe.lr,
            weight_decay=WEIGHT_DECAY,
            fused=True,
        )
        scaled = dtype is torch.float16
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=scaled)
        self.position, self.epochs = Position(), []
        self.schedule = self._schedule()
        self.watch, self.unreadable = LossWatch(self.processes), UnreadableFiles()

    def _schedule(self) -> LambdaLR:
        """The schedule from the present place in the epochs on; its state follows from that alone.

        It counts epochs as long as they are now, not the steps made: they are others where the data
        or the batch size was.
        """
        per_epoch, recipe = self.batches().batches_per_epoch, self.recipe
        done = self.position.epoch * per_epoch + self.position.batch
        warm_up = warm_up_steps(per_epoch)

        def factor(step: int) -> float:
            steps = recipe.epochs * per_epoch
            return rate_factor(step, warm_up=warm_up, steps=steps, schedule=recipe.schedule)

        return LambdaLR(self.optimizer, factor, last_epoch=done - 1)

    def batches(self) -> EpochBatches:
        """The batches from where the network is to the last epoch."""
        return EpochBatches(
            len(self.sketches),
            self.recipe.batch_size,
            seed=self.sketches.seed,
            start_epoch=self.position.epoch + 1,
            start_batch=self.position.batch,
            last_epoch=self.recipe.epochs,
            rank=self.processes.rank,
            world=self.processes.world,
        )

    @property
    def best(self) -> dict[str, float] | None:
        """The row of the epoch with the highest macro AP, the first of them; None before any."""
        return max(self.epochs, key=lambda row: row["macro_ap"], default=None)

    def run(self) -> bool:
        """Train from wherever the network is to the last epoch; False if a signal stopped it.

        Raises DivergedError, leaving the weights as they are, and InputError where the data cannot
        be read, or has shrunk below where the network is in its epoch.
        """
        batches = self.batches()
        if self.position.batch >= batches.batches_per_epoch:
            raise InputError(
                f"{self.position.batch} batches of epoch {self.position.epoch + 1} are done, and "
                f"it now has {batches.batches_per_epoch}: go on with the data and the --batch_size "
                "of before"
            )
        pin_memory = self.device.type == "cuda"
        source = stream(self.sketches, batches, workers=self.recipe.workers, pin_memory=pin_memory)
        with StopSignal(self.processes, self.recipe.minutes) as stop:
            for epoch in range(self.position.epoch + 1, self.recipe.epochs + 1):
                if not self._train_epoch(epoch, source, batches.batches_per_epoch, stop):
                    return False
                stop.saved()
                if epoch < self.recipe.epochs and stop.check()[0]:
                    return False
        return True

    def _train_epoch(
        self, epoch: int, source: Iterator[LabeledSketch], batches: int, stop: StopSignal
    ) -> bool:
        """The rest of an epoch; False if it was stopped, and saved, before its end."""
        self.network.train()
        first, seen, started = self.position.batch, 0, time.monotonic()
        with tqdm(
            total=batches,
            initial=first,
            desc=f"epoch {epoch}/{self.recipe.epochs}",
            unit="batch",
            leave=False,
            disable=not self.processes.is_main,
        ) as bar:
            for number in range(first + 1, batches + 1):
                batch = next(source)
                terms = self.training_step(batch)
                step = self.position.step + 1
                self.position = Position(epoch - 1, number, step)
                seen += len(batch.sketch)

                bar.update()
                self._report(self.watch.add(step, epoch, terms), bar)
                stop_now, save_now = stop.check(step)
                if (stop_now or save_now) and number < batches:
                    self._save()
                    stop.saved()
                if stop_now and number < batches:
                    return False
            self._report(self.watch.flush(), bar)
        self.position = replace(self.position, epoch=epoch, batch=0)
        seconds = time.monotonic() - started
        self._finish_epoch(epoch, batches, seen * self.processes.world / seconds)
        return True

    def training_step(self, batch: LabeledSketch) -> Terms:
        """One update on a batch; returns the loss and the learning rate that it was made with."""
        self.unreadable.report(batch.broken)
        self.optimizer.zero_grad()
        rate = torch.tensor(self.schedule.get_last_lr()[0], device=self.device)
        sketch, cit = batch.sketch.to(self.device), batch.cit.to(self.device)
        with autocast(self.device, self.dtype):
            logits = self.parallel_network(sketch)
        loss = self._loss(logits, cit)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.schedule.step()
        return {"loss": loss.detach(), "lr": rate}

    def _loss(self, logits: Tensor, cit: Tensor) -> Tensor:
        weights = self.pos_weight.to(logits.device)
        return F.binary_cross_entropy_with_logits(logits.float(), cit, pos_weight=weights)

    def _report(self, rows: list[dict[str, float]], bar: tqdm) -> None:
        if rows and self.results:
            self.results.add_losses(rows)
            bar.set_postfix(loss=f"{rows[-1]['loss']:.4f}")

    def _finish_epoch(self, epoch: int, steps: int, rate: float) -> None:
        """Measure the network on the held-out line art, report and save."""
        logits, labels = predict(
            self.network,
            self.held_out,
            self.recipe,
            dtype=self.dtype,
            processes=self.processes,
            unreadable=self.unreadable,
        )
        if not self.results:
            self._save()
            return
        metrics = measure(logits.double().sigmoid(), labels)
        losses = self.results.history["loss"][-steps:]
        row = {
            "epoch": epoch,
            "loss": sum(losses) / len(losses),
            "held_out_loss": self._loss(logits, labels).item(),
            **metrics.summary(),
        }
        self.epochs.append(row)
        is_best = self.best is row
        print(
            f"epoch {epoch}/{self.recipe.epochs}: loss {row['loss']:.4f}, held out "
            f"{row['held_out_loss']:.4f}, macro AP {metrics.macro_ap:.4f} of {metrics.tags} tags, "
            f"F1 macro {metrics.macro_f1:.4f} micro {metrics.micro_f1:.4f}, {rate:.1f} images/s"
            f"{', the best so far' if is_best else ''}",
            flush=True,
        )
        self._write_tables(metrics, is_best)
        self.results.write_loss_plot(epoch)
        self._save(is_best)

    def _write_tables(self, metrics: TagMetrics, is_best: bool) -> None:
        counts = self.counts, self.held_out_counts
        for name in (LAST, BEST) if is_best else (LAST,):
            write_table(self.results.path / f"{name}.csv", metrics, self.vocabulary, *counts)
        write_epochs(self.results.path / "metrics.csv", self.epochs)

    def _save(self, is_best: bool = False) -> None:
        """Write last.pth, to go on from, and before it model.pth if the network is the best so far.

        Raises DivergedError, in all processes, rather than save weights that are not finite.
        """
        if self.position.batch:
            self._report(self.watch.flush(), tqdm(disable=True))
        weight = add_prefix(self.network.state_dict())
        if self.processes.any([not all(value.isfinite().all() for value in weight.values())])[0]:
            raise DivergedError(
                f"training diverged before step {self.position.step}: the network holds values "
                "that are not finite"
            )
        random = self.processes.gather(torch.get_rng_state())
        if not self.results:
            return
        record = self.record | {"epochs": self.epochs, "position": asdict(self.position)}
        if is_best:
            save({"weight": weight, "pretraining": record}, self.results.path / f"{BEST}.pth")
        state = {"scaler": self.scaler.state_dict(), "random": random}
        content = {"optimizer": self.optimizer.state_dict(), "pretraining": record | state}
        save({"weight": weight, **content}, self.results.path / f"{LAST}.pth")

    def restore(self, content: Mapping[str, Any], path: Path) -> None:
        """Go on from a last.pth as `network.checkpoint.read_pretraining` returns it."""
        load_state(self.network, content["weight"], path)
        own = {
            key: value for key, value in self.optimizer.param_groups[0].items() if key != "params"
        }
        groups = [{**group, **own} for group in content["optimizer"]["param_groups"]]
        self.optimizer.load_state_dict({**content["optimizer"], "param_groups": groups})
        state = content["pretraining"]
        self.position, self.epochs = Position(**state["position"]), list(state["epochs"])
        self.schedule = self._schedule()
        if self.scaler.is_enabled() and state["scaler"]:
            self.scaler.load_state_dict(state["scaler"])
        if len(state["random"]) == self.processes.world:
            torch.set_rng_state(state["random"][self.processes.rank])
