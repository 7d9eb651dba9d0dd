"""Making folders."""

import os
from pathlib import Path

from errors import InputError


def make_folder(path: str | os.PathLike) -> Path:
    """Make a folder, with those that it is in, unless it is there. Raises InputError where a file
    is in its place."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{path} cannot be a folder: a file has this name, or is above") from error
    return path
