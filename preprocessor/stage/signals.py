"""What ends a stage from outside: Ctrl-C, `kill`, a terminal that is closed."""

import os
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

# SIGHUP is unknown on Windows.
_LIKE_CTRL_C = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def end_like_ctrl_c() -> Iterator[None]:
    """SIGTERM and SIGHUP raise KeyboardInterrupt in the block, as SIGINT does.

    A further one of them ends the process at once: what is unfinished has no name yet. Signals that
    are ignored, by nohup for example, stay so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}

    def interrupt(*_) -> NoReturn:
        for number in before:
            signal.signal(number, _end_at_once)
        # joblib warns of the work that is being taken from it, and loky's thread stumbles over it.
        warnings.simplefilter("ignore")
        threading.excepthook = _say_nothing
        raise KeyboardInterrupt

    for number in (signal.SIGINT, *_LIKE_CTRL_C):
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say_nothing(_: threading.ExceptHookArgs) -> None:
    """What fails in other threads while the stage ends is no news to the user."""


def _end_at_once(*_) -> NoReturn:
    os._exit(130)


@contextmanager
def ctrl_c_not_for_children() -> Iterator[None]:
    """Processes started in the block do not hear Ctrl-C: this one does, and ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
