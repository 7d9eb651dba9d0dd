"""Batches made ahead by worker processes."""

import signal
import threading
import traceback
from collections.abc import Iterable, Iterator

import cv2
import torch
from torch.utils.data import DataLoader, Dataset

from errors import InputError
from loader.dataset import Batch, collate

SECONDS_AFTER_SIGTERM = 60
OPEN_FILES = 128


def stream(
    dataset: Dataset, batches: Iterable[list], *, workers: int, pin_memory: bool = False
) -> Iterator[Batch]:
    """Yield the dataset's batches of these keys in order, loaded by `workers` processes (0: by
    this one), which go on across the ends of epochs.

    Raises InputError for data that cannot be used, ChildProcessError when a worker dies.
    """
    if workers:
        _check_open_files()
    loader = DataLoader(
        dataset,
        batch_sampler=batches,
        num_workers=workers,
        collate_fn=collate,
        pin_memory=pin_memory,
        worker_init_fn=_start_worker,
        generator=torch.Generator(),  # else it draws from the state that checkpoints hold
    )
    try:
        yield from _without_alarm(loader)
    except InputError as error:
        # A worker's error arrives with the worker's traceback around it. The frames in its own
        # would keep the workers alive.
        traceback.clear_frames(error.__traceback__)
        raise InputError(str(error).strip().rpartition("InputError: ")[2]) from None
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        first_line = str(error).partition("\n")[0]
        raise ChildProcessError(
            "a process that loads images died, perhaps for want of memory or of shared memory: "
            f"lower --thread ({first_line})"
        ) from error


def _without_alarm(loader: DataLoader) -> Iterator[Batch]:
    """Its iterator, without the handler of torch that raises the death of a worker anywhere, in the
    middle of a training step: it is noticed when a batch is missing, within seconds."""
    before = signal.getsignal(signal.SIGCHLD) if hasattr(signal, "SIGCHLD") else None
    batches = iter(loader)
    if before is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCHLD, before)
    return batches


def _check_open_files() -> None:
    """Processes that cannot pass batches on, for want of open files, would be waited for."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= limit < OPEN_FILES:
        raise InputError(
            f"at most {limit} files may be open, too few to load images in other processes: raise "
            f"it (ulimit -n {OPEN_FILES}), or give --thread 0"
        )


def _start_worker(_number: int) -> None:
    """Workers leave signals to the main process, which lets the current step finish."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: signal.alarm(SECONDS_AFTER_SIGTERM))
    cv2.setNumThreads(0)
