"""How every script begins: Ctrl-C ends it in one line, and what it prints cannot fail.

This is the first import of every script. It imports only what Python has loaded by then: Ctrl-C
before `prepare` is a traceback.
"""

import io
import os
import sys

INTERRUPTED = 130  # what shells expect after Ctrl-C


class LastingStream(io.TextIOWrapper):
    """A text stream that takes all text and goes on, unheard, when nobody can read it any more: the
    work may be worth more than what is printed of it. `lost` is the error that ended it."""

    lost: OSError | None = None

    def write(self, text: str) -> int:
        try:
            super().write(text)
        except OSError as error:
            self._lose(error)
        return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        self.lost = error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def prepare() -> None:
    """Call this before all other imports.

    Ctrl-C ends the process at once; an import that fails says so in one line; the standard streams
    last, with escapes for characters that they cannot hold. Ends the process, too, where the
    working directory is gone.
    """
    _open_closed()
    sys.excepthook = _cannot_start
    import signal  # takes a few milliseconds, in which Ctrl-C is an exception

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end_at_once)
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
    try:
        os.getcwd()  # noqa: PTH109
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


def end_at_once(*_) -> None:
    """The handler of Ctrl-C while there is no work to be ended properly."""
    os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)


def _cannot_start(kind: type[BaseException], error: BaseException, trace) -> None:
    if issubclass(kind, KeyboardInterrupt):
        end_at_once()
    if issubclass(kind, (ImportError, MemoryError, OSError)):
        print(f"cannot start: {str(error).strip() or 'out of memory'}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)
