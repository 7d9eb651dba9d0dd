"""What a training run keeps an eye on: its losses, the signals to stop, time and memory."""

import math
import os
import re
import signal
import sys
import time
from pathlib import Path

import torch
from tqdm import tqdm

from hardware.processes import Processes
from network.loss import Terms

try:
    import resource
except ImportError:  # Windows
    resource = None

FLUSH_EVERY = 50
AGREE_EVERY = 8
EXPLODED = 1e4


class DivergedError(Exception):
    """A loss term stopped being a usable number; `str()` names the step and the term."""


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


class StopSignal:
    """Turns SIGINT and SIGTERM into a request that the loop answers after its current step.

    A second signal interrupts at once. Also tells when `minutes` (0: never) have passed since the
    last save. Several processes agree every few steps, so that all leave at the same one.
    """

    def __init__(self, processes: Processes, minutes: float):
        self.processes, self.minutes = processes, minutes
        self.received = False
        self.saved_at = time.monotonic()

    def __enter__(self) -> "StopSignal":
        self.previous = {
            number: signal.signal(number, self._receive)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _frame) -> None:
        if self.received:
            raise KeyboardInterrupt
        self.received = True
        if self.processes.is_main:
            # print() may be what the signal interrupted, and does not survive being entered twice.
            os.write(2, b"\nstopping: saving after this step\n")

    def check(self, step: int = 0) -> tuple[bool, bool]:
        """Whether to stop now, and whether to save now."""
        if self.processes.world > 1 and step % AGREE_EVERY:
            return False, False
        waited = time.monotonic() - self.saved_at
        due = 0 < self.minutes * 60 <= waited
        stop, save = self.processes.any([self.received, due])
        return stop, save

    def saved(self) -> None:
        self.saved_at = time.monotonic()


def peak_memory(device: torch.device) -> int:
    """The most bytes in use at once: on the GPU, or of this process on the CPU; 0 where the
    system does not tell (Windows)."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return _process_memory("VmHWM")


def used_memory(device: torch.device) -> int:
    """The bytes in use now; on the CPU where that cannot be told, the most so far."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return _process_memory("VmRSS")


def _process_memory(field: str) -> int:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        if resource is None:
            return 0
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return 1024 * int(re.search(rf"{field}:\s*(\d+) kB", status)[1])
