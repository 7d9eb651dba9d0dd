"""Long work that leaves the processor to whoever is painting."""

import contextvars
import functools
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

NICENESS = 15
P = ParamSpec("P")
R = TypeVar("R")


def in_background(function: Callable[P, R]) -> Callable[P, R]:
    """Run every call in a thread of its own, of low priority where the system has that by thread
    (Linux); those that torch starts for it inherit it. The caller waits for the result."""

    @functools.wraps(function)
    def run(*values: P.args, **named: P.kwargs) -> R:
        context = contextvars.copy_context()
        with ThreadPoolExecutor(1, initializer=_lower_priority) as pool:
            return pool.submit(context.run, function, *values, **named).result()

    return run


def _lower_priority() -> None:
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
