"""resolutions.pkl: the sizes the images had before they were letterboxed into squares."""

import os
import pickle
from typing import Annotated

import msgspec

from errors import InputError
from files.atomic import atomic_path
from files.plain_pickle import read_plain_pickle

Side = Annotated[int, msgspec.Meta(ge=1)]


def write_resolutions(resolutions: dict[int, tuple[int, int]], path: os.PathLike | str) -> None:
    """Write {image id: (width, height)}, in the order given."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        pickle.dump(resolutions, file, protocol=4)


def read_resolutions(path: os.PathLike | str) -> dict[int, tuple[int, int]]:
    """Read {image id: (width, height)}, in pixels of the original; nothing in the file is executed.

    Raises InputError when the file is missing or holds anything else.
    """
    what = "a table of resolutions"
    advice = "make it with `python preprocessor/tagset_extractor.py`"
    content = read_plain_pickle(path, what, advice)
    try:
        return msgspec.convert(content, dict[int, tuple[Side, Side]], strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{path} is not {what} ({error}); {advice}") from error
