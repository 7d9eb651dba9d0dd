"""What could not be measured: an error where it was asked for by a flag, otherwise a note."""

import sys
from collections.abc import Callable
from typing import TypeVar

from errors import InputError

T = TypeVar("T")


class Notes:
    """What could not be measured and why: one line each, printed at once."""

    def __init__(self):
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        if line not in self.lines:
            self.lines.append(line)
            print(line, file=sys.stderr)

    def attempt(
        self, what: str, asked_for: bool, make: Callable[..., T], *args, **options
    ) -> T | None:
        """What `make` returns. Where it raises InputError or CheckpointError: an InputError if it
        was asked for, otherwise None, and a note that there is no `what`."""
        try:
            return make(*args, **options)
        except InputError as error:
            if asked_for:
                raise InputError(str(error)) from error
            self.add(f"no {what}: {error}")
            return None
