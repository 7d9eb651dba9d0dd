"""What is wrong with what a user gave, said in one line."""


class InputError(Exception):
    """A user's mistake; `str()` is the single line to show, starting with what is wrong."""


class CheckpointError(InputError):
    """A weight file that cannot be used."""


class DivergedError(Exception):
    """A training ran into values that are not usable numbers; `str()` names the step and what."""
