"""How every script begins and ends: what it prints cannot fail, Ctrl-C at any moment ends it in one
line, and so does every mistake.

It imports nothing that takes time, for it comes before everything that does.
"""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from errors import DivergedError, InputError

INTERRUPTED = 130  # what shells expect after Ctrl-C
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


class LastingStream(io.TextIOWrapper):
    """A text stream that takes all text and goes on, unheard, when nobody can read it any more: the
    work may be worth more than what is printed of it. `lost` is the error that ended it."""

    lost: OSError | None = None

    def write(self, text: str) -> int:
        with self._unheard():
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with self._unheard():
            super().flush()

    @contextlib.contextmanager
    def _unheard(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.lost = error
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


def prepare() -> None:
    """Call this before the imports that take time.

    The standard streams last, with escapes for characters that they cannot hold; Ctrl-C ends the
    process at once; an import that fails says so in one line. Ends the process, too, where the
    working directory is gone.
    """
    _open_closed()
    for name in ("stdout", "stderr"):
        old = getattr(sys, name)
        settings = {
            "encoding": old.encoding,
            "line_buffering": old.line_buffering,
            "write_through": old.write_through,
        }
        new = LastingStream(old.detach(), errors="backslashreplace", **settings)
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end_at_once)
    sys.excepthook = _cannot_start
    try:
        Path.cwd()
    except OSError:
        print("the working directory is gone: change to one that exists", file=sys.stderr)
        sys.exit(2)


def _open_closed() -> None:
    """Have the three standard files open: the next one opened would take the place of one that is
    closed, and be written into."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w", closefd=False))  # noqa: SIM115, PTH123


def _end_at_once(_number: int, _frame) -> NoReturn:
    os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)


def _cannot_start(kind: type[BaseException], error: BaseException, trace) -> None:
    if issubclass(kind, (ImportError, MemoryError, OSError)):
        print(f"cannot start: {str(error).strip() or 'out of memory'}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt in the block: there is work to be ended properly."""
    prepared = signal.getsignal(signal.SIGINT) is _end_at_once
    if prepared:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if prepared:
            signal.signal(signal.SIGINT, _end_at_once)


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
