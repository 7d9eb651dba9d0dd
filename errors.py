"""What is wrong with what a user gave, said in one line."""

import os


class InputError(Exception):
    """A user's mistake; `str()` is the single line to show, starting with what is wrong."""


class CheckpointError(InputError):
    """A weight file that cannot be used."""


class BrokenImageError(InputError):
    """A picture file that cannot be used; `str()` names it, `reason` says why."""

    def __init__(self, path: str | os.PathLike, reason: str):
        super().__init__(path, reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.reason}"


class DivergedError(Exception):
    """A training ran into values that are not usable numbers; `str()` names the step and what."""
