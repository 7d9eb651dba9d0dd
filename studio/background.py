"""Long work that leaves the processor to whoever is painting, and can be cancelled."""

import contextvars
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import ParamSpec, TypeVar

from errors import InputError

NICEST = 19
POLL_SECONDS = 0.1
P = ParamSpec("P")
R = TypeVar("R")
Progress = Callable[[float, str], None]


def nobody(share: float, what: str) -> None:
    """A Progress that nobody looks at."""


class Job:
    """Work that somebody waits for, with its progress."""

    def __init__(self, progress: Progress = nobody, cancelled: threading.Event | None = None):
        self._progress = progress
        self._cancelled = cancelled or threading.Event()

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def cancel(self) -> None:
        self._cancelled.set()

    def report(self, share: float, what: str) -> None:
        """Say how much is done, from 0 to 1, and what comes next. Raises InputError if the job was
        cancelled."""
        if self.is_cancelled:
            raise InputError("cancelled")
        self._progress(share, what)

    def one_of(self, number: int, count: int) -> "Job":
        """One of several pieces of the work, counted from 0; it is cancelled with the whole."""

        def progress(share: float, what: str) -> None:
            self._progress((number + share) / count, f"{number + 1} of {count}: {what}")

        return Job(progress, self._cancelled)


class Background:
    """A thread for one piece of work at a time, in the order of asking. It is nicer than the others
    by so much where the system has that by thread (Linux); those that torch starts for it inherit
    it."""

    def __init__(self, niceness: int):
        self._thread = ThreadPoolExecutor(1, initializer=_be_nice, initargs=(niceness,))

    def run(self, job: Job, function: Callable[P, R], *values: P.args, **named: P.kwargs) -> R:
        """What the function returns. Raises InputError as soon as the job is cancelled: what waits
        then never begins, and what is under way ends when it reports the next time."""
        job.report(0, "waiting for other work")
        context = contextvars.copy_context()
        future = self._thread.submit(context.run, function, *values, **named)
        while not wait([future], POLL_SECONDS).done:
            if job.is_cancelled:
                future.cancel()
                job.report(0, "")
        return future.result()


def _be_nice(niceness: int) -> None:
    if sys.platform == "linux":
        thread = threading.get_native_id()
        now = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, min(now + niceness, NICEST))
