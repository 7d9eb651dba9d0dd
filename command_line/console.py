"""How every script ends: Ctrl-C at any moment ends it in one line, and so does every mistake."""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from typing import NoReturn

from command_line.start import INTERRUPTED, end_at_once
from errors import DivergedError, InputError

MORE_TO_DO = 75  # EX_TEMPFAIL of sysexits.h: nothing is wrong, call it again
# How torch, OpenCV and Python say that there was no memory, or no room for a thread's.
_NO_MEMORY = (
    "out of memory",
    "allocate memory",
    "failed to allocate",
    "insufficient memory",
    "not enough memory",
    "status_alloc_failed",
    "bad_alloc",
    "start new thread",
)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt in the block: there is work to be ended properly."""
    prepared = signal.getsignal(signal.SIGINT) is end_at_once
    if prepared:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if prepared:
            signal.signal(signal.SIGINT, end_at_once)


def exit_code(work: Callable[[], int], *, interrupted: str = "interrupted") -> int:
    """Do the work of a script, and turn what ends it early into one line on stderr and a code.

    Returns what `work` returns; 2: the user's input is wrong; 1: the work failed, for want of
    memory or of room on the disk, for example; 130: Ctrl-C. What else is raised is a defect, and
    passes.
    """
    try:
        with interruptible():
            return work()
    except InputError as error:
        return _said(str(error), 2)
    except DivergedError as error:
        return _said(str(error), 1)
    except KeyboardInterrupt:
        return _said(interrupted, INTERRUPTED)
    except Exception as error:
        if is_out_of_memory(error):
            reason = str(error).partition("\n")[0] or "no more"
            return _said(f"out of memory: lower --batch_size or raise --grad_accum ({reason})", 1)
        if isinstance(error, OSError):
            return _said(describe(error), 1)
        raise


def is_out_of_memory(error: Exception) -> bool:
    """Whether there was no memory, on a GPU or on the CPU."""
    return isinstance(error, MemoryError) or any(
        words in str(error).lower() for words in _NO_MEMORY
    )


def describe(error: OSError) -> str:
    """What the system says, and of which file."""
    if not error.strerror:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def _said(line: str, code: int) -> int:
    print(line, file=sys.stderr)
    return code


def end(code: int) -> NoReturn:
    """End the process with this code, or with 1 where what was printed has not arrived; a reader
    that has left, as `head` does, has seen what it wanted."""
    sys.stdout.flush()
    lost = getattr(sys.stdout, "lost", None)
    if lost and not isinstance(lost, BrokenPipeError):
        code = code or _said(f"the output is not complete: {describe(lost)}", 1)
    sys.exit(code)
