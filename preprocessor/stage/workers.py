"""The worker processes of a stage, which live no longer than it does."""

import multiprocessing.resource_tracker
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import joblib
from joblib.externals.loky.backend import resource_tracker

from preprocessor.stage.signals import ctrl_c_not_for_children

LOOKING_SECONDS = 0.5
# More than one process per core helps where files come slowly.
PROCESSES_PER_CORE = 4


def most_that_help() -> int:
    """How many processes are of use here at most."""
    return PROCESSES_PER_CORE * joblib.cpu_count()


def map_on_processes(
    function: Callable[[Any], Any], items: Iterable[Any], jobs: int, batch_size: int | str
) -> Iterator[Any]:
    """Apply `function` to every item on `jobs` processes of one thread each, `batch_size` items at
    a time; yields the results in any order."""
    _hush_resource_tracker()
    with joblib.parallel_config(
        "loky",
        n_jobs=jobs,
        inner_max_num_threads=1,
        initializer=end_with_parent,
        initargs=(os.getpid(),),
    ):
        parallel = joblib.Parallel(return_as="generator_unordered", batch_size=batch_size)
        # Otherwise their start, among that of the workers, would let these hear Ctrl-C again.
        resource_tracker.ensure_running()
        multiprocessing.resource_tracker.ensure_running()
        try:
            with ctrl_c_not_for_children():
                results = parallel(joblib.delayed(function)(item) for item in items)
        except UnboundLocalError as error:
            # loky's own, in its handling of an error that it hides so.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise
        yield from results


def end_with_parent(parent: int) -> None:
    """Let this process end soon after its parent has, however that ended."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOKING_SECONDS)
    os._exit(1)


def _hush_resource_tracker() -> None:
    """After Ctrl-C, joblib's process for leftovers may find that a semaphore is gone already, and
    would warn of it below the line that says how to go on."""
    quiet = "ignore:resource_tracker:UserWarning"
    before = os.environ.get("PYTHONWARNINGS", "")
    if quiet not in before:
        os.environ["PYTHONWARNINGS"] = f"{before},{quiet}".lstrip(",")
