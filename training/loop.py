"""The training loop: epochs and steps, when a run stops and saves, and what it says meanwhile.

    python main.py --epoch=60 --input_size=256 --batch_size=14        # the CPU, or every GPU here
    python main.py --resume results/261122-101500                     # go on where a run stopped
    torchrun --nnodes=2 --nproc_per_node=8 --rdzv_backend=c10d --rdzv_endpoint=HOST:29500 \\
        main.py --epoch=60 --batch_size=224                           # several machines
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from checkpoints.checkpoint import Position
from checkpoints.reading import State, is_finite
from errors import CheckpointError, DivergedError, InputError
from hardware.processes import Processes
from loader.dataset import EpochBatches
from loader.line_art import AugmentedSketches, LabeledSketch
from loader.stream import stream
from network.loss import Terms
from progress import Progress
from training.results import ResultDirectory
from training.watch import LossWatch, StopSignal, UnreadableFiles


class EpochDone(NamedTuple):
    """An epoch that has ended: its number, its batches, how many steps this process made of it, the
    images per second of all processes, and how many seconds it took."""

    number: int
    batches: int
    steps: int
    rate: float
    seconds: float


class Task(Protocol):
    """What is trained: its networks and what they learn from."""

    title_terms: tuple[str, ...]  # of the progress bar
    unreadable: UnreadableFiles  # what it could not read so far

    def begin(self, position: Position) -> None:
        """Before the first step."""

    def train_mode(self) -> None:
        """At the start of every epoch."""

    def step(self, epoch: int, batch: LabeledSketch) -> Terms:
        """One update on a batch on the device; returns what it cost."""

    def measure(self, done: EpochDone) -> bool:
        """At the end of an epoch: report it; returns whether the networks are the best so far."""

    def networks(self) -> Mapping[str, State]:
        """The state dicts that must be finite before anything is saved."""

    def save(self, position: Position, *, is_best: bool) -> None:
        """Write a checkpoint. All processes call it."""


class Loop:
    """A run of a task over its data, from a position to the last epoch.

    results: where it reports to; None but in the main process. minutes: also save so often inside
    epochs, 0: never.
    """

    def __init__(
        self,
        task: Task,
        data: AugmentedSketches,
        results: ResultDirectory | None,
        *,
        epochs: int,
        batch_size: int,
        workers: int,
        minutes: float = 0,
        position: Position | None = None,
        processes: Processes | None = None,
    ):
        self.task, self.data, self.results = task, data, results
        self.epochs, self.batch_size, self.workers = epochs, batch_size, workers
        self.minutes = minutes
        self.position = position or Position()
        self.processes = processes or Processes()
        self.watch = LossWatch(self.processes)
        self.bar = Progress(disable=True)

    def run(self) -> bool:
        """Train to the last epoch; False if a signal stopped it.

        Raises DivergedError, leaving the checkpoints as they are, and InputError where the data
        cannot be read, or has shrunk below where the run is in its epoch.
        """
        batches = self.batches().batches_per_epoch
        if self.position.batch >= batches:
            raise InputError(
                f"{self.position.batch} batches of epoch {self.position.epoch + 1} are done, and "
                f"it now has {batches}: the training set has changed; go on with the data and the "
                "--batch_size of before, or from a checkpoint at the end of an epoch"
            )
        source = self.stream()
        self.task.begin(self.position)
        with StopSignal(self.processes, self.minutes) as stop:
            for epoch in range(self.position.epoch + 1, self.epochs + 1):
                done = self._train_epoch(epoch, source, batches, stop)
                if done is None:
                    return False
                self._save(stop, is_best=self.task.measure(done))
                if epoch < self.epochs and stop.check()[0]:
                    return False
        return True

    def batches(self) -> EpochBatches:
        """The batches from the position to the last epoch."""
        return EpochBatches(
            len(self.data),
            self.batch_size,
            seed=self.data.seed,
            start_epoch=self.position.epoch + 1,
            start_batch=self.position.batch,
            last_epoch=self.epochs,
            rank=self.processes.rank,
            world=self.processes.world,
        )

    def stream(self) -> Iterator[LabeledSketch]:
        """Those batches, loaded ahead."""
        pin_memory = self.processes.device.type == "cuda"
        return stream(self.data, self.batches(), workers=self.workers, pin_memory=pin_memory)

    def _train_epoch(
        self, epoch: int, source: Iterator[LabeledSketch], batches: int, stop: StopSignal
    ) -> EpochDone | None:
        """The rest of an epoch; None if it was stopped, and saved, before its end."""
        self.task.train_mode()
        first, seen, started = self.position.batch, 0, time.monotonic()
        with self._progress_bar(epoch, first, batches) as self.bar:
            for number in range(first + 1, batches + 1):
                batch = self._next(source, stop)
                terms = self.task.step(epoch, self.to_device(batch))
                step = self.position.step + 1
                self.position = Position(epoch - 1, number, step)
                seen += len(batch.sketch)

                self.bar.update()
                self.task.unreadable.report(batch.broken)
                self._report(self.watch.add(step, epoch, terms))
                stop_now, save_now = stop.check()
                if (stop_now or save_now) and number < batches:
                    self._save(stop)
                if stop_now and number < batches:
                    return None
            self._report(self.watch.flush())
        self.position = replace(self.position, epoch=epoch, batch=0)
        seconds = time.monotonic() - started
        rate = seen * self.processes.world / seconds
        return EpochDone(epoch, batches, batches - first, rate, seconds)

    def _next(self, source: Iterator[LabeledSketch], stop: StopSignal) -> LabeledSketch:
        """The next batch; what was done is saved before the error of a lost loading process."""
        try:
            return next(source)
        except ChildProcessError:
            if self.processes.world == 1:  # the others of several do not know, and cannot agree
                self._save(stop)
            raise

    def to_device(self, batch: LabeledSketch) -> LabeledSketch:
        """The same batch with its tensors on the device."""
        device = self.processes.device
        moved = (
            value.to(device, non_blocking=True) if isinstance(value, Tensor) else value
            for value in batch
        )
        return type(batch)(*moved)

    def _progress_bar(self, epoch: int, first: int, batches: int) -> Progress:
        return Progress(
            total=batches,
            initial=first,
            desc=f"epoch {epoch}/{self.epochs}",
            unit="batch",
            disable=None if self.processes.is_main else True,
            leave=False,
        )

    def _report(self, rows: list[dict[str, float]]) -> None:
        if rows and self.results:
            self.results.add_losses(rows)
            shown = {name: f"{rows[-1][name]:.4f}" for name in self.task.title_terms}
            self.bar.set_postfix(shown)

    def _save(self, stop: StopSignal, *, is_best: bool = False) -> None:
        self.save(is_best=is_best)
        stop.saved()

    def save(self, *, is_best: bool = False) -> None:
        """Write a checkpoint of the state of all processes.

        Raises DivergedError, in all processes, rather than save weights that are not finite.
        """
        self._report(self.watch.flush())
        networks = self.task.networks()
        broken = [not all(map(is_finite, state.values())) for state in networks.values()]
        for name, is_broken in zip(networks, self.processes.any(broken), strict=True):
            if is_broken:
                raise DivergedError(
                    f"training diverged before step {self.position.step}: {name} holds values that "
                    "are not finite"
                )
        self.task.save(self.position, is_best=is_best)

    def finish(self, finished: bool, go_on: str) -> None:
        """Say how the run ended; `go_on` is the flags with which it goes on. All processes call it,
        and the main one closes the result directory."""
        unreadable = self.task.unreadable.summary(self.processes)
        if not self.results:
            return
        state = "finished" if finished else f"stopped; go on with {go_on}"
        position = self.position
        print(f"{state}: {position.epoch} epochs, {position.step} steps, in {self.results.path}")
        if unreadable:
            print(unreadable)


def random_state(processes: Processes) -> list[dict[str, Any]]:
    """The state of the random generators of every process."""
    state = {"cpu": torch.get_rng_state()}
    if processes.device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(processes.device)
    return processes.gather(state)


def restore_random(states: list[dict[str, Any]], processes: Processes) -> None:
    """Go on with a recorded state; a run with another number of processes keeps its present one."""
    if len(states) != processes.world:
        return
    own = states[processes.rank]
    try:
        torch.set_rng_state(own["cpu"])
        if processes.device.type == "cuda" and "cuda" in own:
            torch.cuda.set_rng_state(own["cuda"], processes.device)
    except (AttributeError, KeyError, RuntimeError, TypeError) as error:
        raise CheckpointError(
            f"the recorded state of the random generators cannot be used: {error}"
        ) from error
