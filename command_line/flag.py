"""What a flag is: its value, which modes use it, and what becomes of it in a run."""

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

LARGEST = 10**9


@dataclass(frozen=True)
class Flag:
    """A flag of the command line.

    `modes` are those that use it, the others refuse it. A training records it in its checkpoints
    if `recorded`; one that is resumed goes on with the recorded value, unless the flag is given
    again or names a `path`, for a file never decides what is read or written. `fixed` is why a
    resumed run may not change it, empty if it may. `network` says that it describes the network:
    then the checkpoint decides, and a flag that contradicts it is refused.
    """

    name: str
    default: Any
    text: str
    modes: set[str]
    metavar: str | tuple[str, ...] | None = None
    type: Callable[[str], Any] | None = None
    choices: Sequence[str] | None = None
    nargs: int | str | None = None
    const: Any = None
    recorded: bool = True
    path: bool = False
    fixed: str = ""
    network: bool = False

    @property
    def is_switch(self) -> bool:
        return self.default is False

    @property
    def help(self) -> str:
        if self.is_switch or self.default in (None, ""):
            return self.text
        several = isinstance(self.default, list)
        shown = " ".join(map(str, self.default)) if several else self.default
        return f"{self.text} (default: {shown})"

    def parser_options(self) -> dict[str, Any]:
        """The keyword arguments of `ArgumentParser.add_argument`."""
        if self.is_switch:
            return {"action": "store_true"}
        names = ("metavar", "type", "choices", "nargs", "const")
        options = {name: getattr(self, name) for name in names}
        return {name: value for name, value in options.items() if value is not None}

    def check(self, value: Any) -> None:
        """Raise ValueError unless `value`, read from a file, is one that could have been given."""
        if self.is_switch:
            if not isinstance(value, bool):
                raise ValueError(f"{self.name} is {value!r}, not true or false")
            return
        if value is None and self.default is None:
            return
        if self.path:
            if not isinstance(value, (str, bool)):
                raise ValueError(f"{self.name} is {value!r}, not a path")
            return
        values = value if isinstance(value, (list, tuple)) else [value]
        several = isinstance(self.default, list)
        if several != isinstance(value, (list, tuple)) or (
            several and isinstance(self.nargs, int) and len(values) != self.nargs
        ):
            raise ValueError(f"{self.name} is {value!r}")
        for single in values:
            if isinstance(single, bool) or not isinstance(single, (int, float, str)):
                raise ValueError(f"{self.name} is {value!r}")
            try:
                known = (self.type or str)(str(single))
            except (ValueError, argparse.ArgumentTypeError) as error:
                raise ValueError(f"{self.name} is {value!r}: {error}") from error
            if self.choices and known not in self.choices:
                raise ValueError(f"{self.name} is {value!r}, not one of {', '.join(self.choices)}")


def number(kind: type, low: float, high: float) -> Callable[[str], Any]:
    """A parser of numbers from `low` to `high`; what is not a number is refused, too."""

    def parse(text: str):
        try:
            value = kind(text[:400])
        except OverflowError:
            value = math.inf
        shown = text if len(text) <= 20 else f"{text[:20]}…"
        if value < low:
            raise argparse.ArgumentTypeError(f"{shown} is less than {low}")
        if not value <= high:
            raise argparse.ArgumentTypeError(f"{shown} is more than {high:g}, or no number")
        return value

    parse.__name__ = kind.__name__
    return parse


COUNT, POSITIVE = number(int, 0, LARGEST), number(int, 1, LARGEST)
RATE = number(float, 0, 1e6)
MINUTES = number(float, 0.001, 1e5)
BETA = number(float, 0, math.nextafter(1, 0))
