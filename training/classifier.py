"""The tag extractor as a task of the training loop."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR

from checkpoints.checkpoint import Position
from checkpoints.optimizer import load_optimizer
from checkpoints.reading import State, add_prefix, load_state
from checkpoints.tag_extractor import ExtractorFile
from checkpoints.writing import save
from errors import CheckpointError
from hardware.device import autocast
from hardware.processes import Processes
from loader.line_art import AugmentedSketches, LabeledSketch, PlainSketches
from loader.tags import Vocabulary
from network.loss import Terms
from network.tag_extractor import TagExtractor
from network.tag_metrics import TagMetrics, measure
from training.loop import EpochDone, random_state, restore_random
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
from training.tag_tables import write_epochs, write_table
from training.watch import UnreadableFiles

BEST, LAST = "model", "last"  # each has its weights, .pth, and its table of tags, .csv
WEIGHT_DECAY = 0.05


class Classification:
    """The network in training, its held-out line art, and the result directory (None but in the
    main process). `record` is kept in every weight file; `per_epoch` is the steps of an epoch."""

    title_terms = ("loss",)

    def __init__(
        self,
        network: TagExtractor,
        sketches: AugmentedSketches,
        held_out: PlainSketches,
        vocabulary: Vocabulary,
        recipe: Recipe,
        results: ResultDirectory | None,
        *,
        per_epoch: int,
        dtype: torch.dtype | None,
        processes: Processes,
        record: Mapping[str, Any],
    ):
        self.processes, self.device, self.dtype = processes, processes.device, dtype
        self.held_out, self.vocabulary = held_out, vocabulary
        self.recipe, self.results, self.record = recipe, results, dict(record)
        self.per_epoch = per_epoch
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
        self.epochs: list[dict[str, float]] = []
        self.unreadable = UnreadableFiles()
        self.schedule = self._schedule(Position())

    def _schedule(self, position: Position) -> LambdaLR:
        """The schedule from a place in the epochs on; its state follows from that alone.

        It counts epochs as long as they are now, not the steps made: they are others where the data
        or the batch size was.
        """
        per_epoch, recipe = self.per_epoch, self.recipe
        done = position.epoch * per_epoch + position.batch
        warm_up = warm_up_steps(per_epoch)

        def factor(step: int) -> float:
            steps = recipe.epochs * per_epoch
            return rate_factor(step, warm_up=warm_up, steps=steps, schedule=recipe.schedule)

        return LambdaLR(self.optimizer, factor, last_epoch=done - 1)

    @property
    def best(self) -> dict[str, float] | None:
        """The row of the epoch with the highest macro AP, the first of them; None before any."""
        return max(self.epochs, key=lambda row: row["macro_ap"], default=None)

    def begin(self, position: Position) -> None:
        """Nothing is shown of an untrained classifier."""

    def train_mode(self) -> None:
        self.network.train()

    def step(self, epoch: int, batch: LabeledSketch) -> Terms:
        """One update on a batch; returns the loss and the learning rate that it was made with."""
        self.optimizer.zero_grad()
        rate = torch.tensor(self.schedule.get_last_lr()[0], device=self.device)
        with autocast(self.device, self.dtype):
            logits = self.parallel_network(batch.sketch)
        loss = self._loss(logits, batch.cit)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.schedule.step()
        return {"loss": loss.detach(), "lr": rate}

    def _loss(self, logits: Tensor, cit: Tensor) -> Tensor:
        weights = self.pos_weight.to(logits.device)
        return F.binary_cross_entropy_with_logits(logits.float(), cit, pos_weight=weights)

    def measure(self, done: EpochDone) -> bool:
        """Measure the network on the held-out line art, and report."""
        logits, labels = predict(
            self.network,
            self.held_out,
            self.recipe,
            dtype=self.dtype,
            processes=self.processes,
            unreadable=self.unreadable,
        )
        if not self.results:
            return False
        metrics = measure(logits.double().sigmoid(), labels)
        losses = self.results.history["loss"][-done.batches :]
        row = {
            "epoch": done.number,
            "loss": sum(losses) / len(losses),
            "held_out_loss": self._loss(logits, labels).item(),
            **metrics.summary(),
        }
        self.epochs.append(row)
        is_best = self.best is row
        print(
            f"epoch {done.number}/{self.recipe.epochs}: loss {row['loss']:.4f}, held out "
            f"{row['held_out_loss']:.4f}, macro AP {metrics.macro_ap:.4f} of {metrics.tags} tags, "
            f"F1 macro {metrics.macro_f1:.4f} micro {metrics.micro_f1:.4f}, {done.rate:.1f} "
            f"images/s{', the best so far' if is_best else ''}",
            flush=True,
        )
        self._write_tables(metrics, is_best)
        self.results.write_loss_plot(done.number)
        return is_best

    def _write_tables(self, metrics: TagMetrics, is_best: bool) -> None:
        counts = self.counts, self.held_out_counts
        for name in (LAST, BEST) if is_best else (LAST,):
            write_table(self.results.path / f"{name}.csv", metrics, self.vocabulary, *counts)
        write_epochs(self.results.path / "metrics.csv", self.epochs)

    def networks(self) -> dict[str, State]:
        return {"the network": self.network.state_dict()}

    def save(self, position: Position, *, is_best: bool = False) -> None:
        """Write last.pth, to go on from, and before it model.pth if the network is the best so
        far."""
        random = random_state(self.processes)
        if not self.results:
            return
        weight = add_prefix(self.network.state_dict())
        record = self.record | {"epochs": self.epochs, "position": asdict(position)}
        if is_best:
            save({"weight": weight, "pretraining": record}, self.results.path / f"{BEST}.pth")
        state = {"scaler": self.scaler.state_dict(), "random": random}
        content = {"optimizer": self.optimizer.state_dict(), "pretraining": record | state}
        save({"weight": weight, **content}, self.results.path / f"{LAST}.pth")

    def restore(self, file: ExtractorFile) -> None:
        """Go on from a last.pth. Raises CheckpointError."""
        load_state(self.network, file.weight, file.path)
        settings = self.optimizer.param_groups[0].items()
        own = {key: value for key, value in settings if key != "params"}
        record = file.record
        try:
            groups = [{**group, **own} for group in file.optimizer["param_groups"]]
            load_optimizer(self.optimizer, {**file.optimizer, "param_groups": groups})
            if self.scaler.is_enabled() and record.scaler:
                self.scaler.load_state_dict(record.scaler)
            # Files of before hold the bare state of the CPU.
            states = [
                state if isinstance(state, dict) else {"cpu": state} for state in record.random
            ]
            restore_random(states, self.processes)
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise CheckpointError(f"{file.path} cannot be gone on from: {error}") from error
        self.epochs = msgspec.to_builtins(record.epochs)
        self.schedule = self._schedule(record.position)
