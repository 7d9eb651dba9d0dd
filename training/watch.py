"""What a training run keeps an eye on: its losses, unreadable files, and the signals to stop."""

import contextlib
import math
import os
import signal
import sys
import time

import torch
from tqdm import tqdm

from errors import DivergedError
from hardware.processes import Processes
from network.loss import Terms

FLUSH_EVERY = 50
AGREE_SECONDS = 1.0
SECOND_SIGNAL_SECONDS = 2.0  # a launcher passes on what the terminal has sent already
EXPLODED = 1e4


class LossWatch:
    """Collects the terms of every step on the device, and brings them to the host in batches.

    Steps never wait for the device; a bad value is noticed at the next flush, before anything is
    saved.
    """

    def __init__(self, processes: Processes):
        self.processes = processes
        self.pending: list[tuple[int, int, Terms]] = []

    def add(self, step: int, epoch: int, terms: Terms) -> list[dict[str, float]]:
        """Add a step's terms; returns rows (step, epoch, terms) whenever enough have gathered."""
        self.pending.append((step, epoch, terms))
        return self.flush() if len(self.pending) >= FLUSH_EVERY else []

    def flush(self) -> list[dict[str, float]]:
        """The rows since the last flush, averaged over the processes; raises DivergedError."""
        if not self.pending:
            return []
        flat = torch.stack([value for *_, terms in self.pending for value in terms.values()])
        values = iter(self.processes.mean(flat.double()).tolist())
        rows = []
        for step, epoch, terms in self.pending:
            row = {"step": step, "epoch": epoch} | {name: next(values) for name in terms}
            self._check(row)
            rows.append(row)
        self.pending = []
        return rows

    def _check(self, row: dict[str, float]) -> None:
        for name, value in row.items():
            is_sum = name in ("D_loss", "G_loss", "step", "epoch")
            if not math.isfinite(value) or (abs(value) > EXPLODED and not is_sum):
                raise DivergedError(
                    f"training diverged in epoch {row['epoch']}, step {row['step']}: "
                    f"{name} is {value:g}"
                )


class UnreadableFiles:
    """The files that were passed over since the start, each named once."""

    def __init__(self):
        self.reasons: dict[str, str] = {}

    def report(self, broken: str) -> None:
        """Name new files on stderr; `broken` has one "path: reason" per line."""
        for line in broken.splitlines():
            path, _, reason = line.partition(": ")
            if path not in self.reasons:
                tqdm.write(f"skipped: {line}", file=sys.stderr)
            self.reasons[path] = reason

    def summary(self, processes: Processes) -> str:
        """How many there are in all processes, and the first names; empty if there are none."""
        paths = sorted(set().union(*processes.gather(list(self.reasons))))
        if not paths:
            return ""
        names = ", ".join(paths[:3]) + (", ..." if len(paths) > 3 else "")
        return f"passed over: {len(paths)} unreadable files ({names})"


SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class StopSignal:
    """Turns SIGINT, SIGTERM and SIGHUP into a request that the loop answers after its step.

    A second signal interrupts at once. Also tells when `minutes` (0: never) have passed since the
    last save. Several processes agree about once a second, so that all leave at the same step.
    """

    def __init__(self, processes: Processes, minutes: float):
        self.processes, self.minutes = processes, minutes
        self.received_at: float | None = None
        self.saved_at = self.agreed_at = time.monotonic()
        self.steps, self.agree_after = 0, 1

    def __enter__(self) -> "StopSignal":
        self.previous = {number: signal.signal(number, self._receive) for number in SIGNALS}
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)

    def _receive(self, _number: int, _frame) -> None:
        now = time.monotonic()
        if self.received_at is None:
            self.received_at = now
            if self.processes.is_main:
                # print() may be what the signal interrupted, and cannot be entered twice.
                with contextlib.suppress(OSError):  # the terminal may be gone
                    os.write(2, b"\nstopping: saving after this step\n")
        elif now - self.received_at > SECOND_SIGNAL_SECONDS:
            raise KeyboardInterrupt

    def check(self) -> tuple[bool, bool]:
        """Whether to stop now, and whether to save now. Called after every step."""
        self.steps += 1
        if self.processes.world > 1 and self.steps < self.agree_after:
            return False, False
        now = time.monotonic()
        seconds_per_step = (now - self.agreed_at) / self.steps
        due = 0 < self.minutes * 60 <= now - self.saved_at
        flags = [float(self.received_at is not None), float(due), seconds_per_step]
        stop, save, slowest = self.processes.highest(flags)
        self.steps, self.agreed_at = 0, now
        self.agree_after = max(1, int(AGREE_SECONDS / max(slowest, 1e-3)))
        return bool(stop), bool(save)

    def saved(self) -> None:
        self.saved_at = time.monotonic()
