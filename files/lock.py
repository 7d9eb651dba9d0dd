"""One process at a time, where two would ruin each other's work."""

import contextlib
import os
from pathlib import Path

from filelock import FileLock, Timeout

from errors import InputError


def lock(path: str | os.PathLike, taken: str) -> FileLock:
    """Take the lock file `path` for this process, without waiting.

    The system frees it however the process ends, and `free` does before. Raises InputError, with
    the line `taken`, when another process has it.
    """
    held = FileLock(path)
    try:
        held.acquire(timeout=0)
    except Timeout:
        raise InputError(taken) from None
    return held


def free(held: FileLock) -> None:
    """Remove a lock file and let others take it."""
    with contextlib.suppress(PermissionError):  # on Windows, where open files cannot be removed
        Path(held.lock_file).unlink(missing_ok=True)
    held.release()
