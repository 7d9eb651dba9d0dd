"""Writing weight files so that an interruption leaves the old one or the new one, whole."""

import os
from collections.abc import Mapping
from typing import Any

import torch

from files.atomic import atomic_path


def save(content: Mapping[str, Any], path: str | os.PathLike) -> None:
    """Write a dict with tensors as a weight file. Raises OSError when there is no room for it."""
    try:
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            torch.save(dict(content), file)
    except RuntimeError as error:
        # torch's writer hides what the file said, the last error in the chain.
        raise OSError(f"cannot write {path}: {error.__context__ or error}") from error
