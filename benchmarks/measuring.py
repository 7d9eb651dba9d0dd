"""Running a command for its time, processor time and memory."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil


class Measured(NamedTuple):
    """What a command took; the memory is the largest of all its processes together, resident."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def measure(script: Path, *arguments: str) -> Measured:
    """Run a Python script to its end; raises RuntimeError with what it said if it fails."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            stdout=said,
            stderr=said,
        )
        largest, pid = 0, 0
        while not pid:
            largest = max(largest, _resident(process.pid))
            time.sleep(0.05)
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{script} failed: {said.read().decode()[-1000:]}")
    return Measured(seconds, usage.ru_utime + usage.ru_stime, largest / 1e6)


def _resident(pid: int) -> int:
    """Bytes in memory of a process and all those it has started."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
    return total


def report(what: str, count: int, ours: list[Measured], others: list[Measured], name: str) -> None:
    """Print rate and memory, and how many times faster than the others: at best, and each time."""
    best, other = min(ours), min(others)
    ratios = " ".join(f"{b.seconds / a.seconds:.1f}" for a, b in zip(ours, others, strict=True))
    print(
        f"{what:<26} {count:>9,} {count / best.seconds:>9,.0f}/s {best.cpu_seconds:>6.1f} s CPU"
        f" {max(run.megabytes for run in ours):>6.0f} MB"
        f" | {name}: {count / other.seconds:,.0f}/s {other.cpu_seconds:.1f} s CPU"
        f" | {other.seconds / best.seconds:.1f} x ({ratios}),"
        f" by CPU {other.cpu_seconds / best.cpu_seconds:.1f} x",
        flush=True,
    )
