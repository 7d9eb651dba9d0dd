"""Progress of long work: a bar in a terminal, and a line a minute in a log."""

import sys
import time
from collections.abc import Iterator

from tqdm import tqdm

INTERVAL = 60.0


class Progress(tqdm):
    """tqdm's bar, with its options. Where standard error is no terminal, there is no bar, but after
    every minute a line says how far the work is. `disable=True` silences both."""

    def __init__(self, *arguments, disable: bool | None = None, **options):
        self._done = options.get("initial", 0)
        self._described = options.get("desc") or (arguments[1] if len(arguments) > 1 else "done")
        self._unit = options.get("unit", "it")
        self._next_line = time.monotonic() + INTERVAL
        super().__init__(*arguments, disable=disable, **options)
        self._in_lines = self.disable and not disable
        self._goal = options.get("total")
        if self._goal is None and hasattr(self.iterable, "__len__"):
            self._goal = len(self.iterable)

    def __iter__(self) -> Iterator:
        if not self._in_lines:
            yield from super().__iter__()
            return
        for item in self.iterable:
            yield item
            self.update()

    def update(self, n: float = 1) -> bool | None:
        if not self._in_lines:
            return super().update(n)
        self._done += n
        if time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + INTERVAL
            goal = "" if self._goal is None else f" of {self._goal:g}"
            line = f"{self._described}: {self._done:g}{goal} {self._unit}"
            print(line, file=sys.stderr, flush=True)
        return None
