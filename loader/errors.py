"""The one exception that means: the user's input is wrong, and here is what to do."""


class InputError(Exception):
    """A user's mistake; `str()` is the single line to show, starting with what is wrong."""
