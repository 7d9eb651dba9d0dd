"""Reading files of weights as data: no code in them is run, and nothing absurd is believed."""

import math
import os
import re
import stat
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from errors import CheckpointError

PREFIX = "module."
_REFUSED = re.compile(r"[Uu]nsupported (?:global|class): (?:GLOBAL )?([\w.]+)")
State = dict[str, Tensor]
Network = TypeVar("Network", bound=nn.Module)


def load(path: str | os.PathLike, wanted: str) -> dict[str, Any]:
    """The dict that a weight file holds, on the CPU.

    `wanted` is what the file should be. Raises CheckpointError, naming what the file is when it is
    another of the project's files.
    """
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise CheckpointError(f"{path} is not a regular file; wanted is {wanted}")
        with warnings.catch_warnings():
            # Files that are no weights make torch wonder aloud before it fails.
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} does not exist; wanted is {wanted}") from error
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error
    except MemoryError as error:
        raise CheckpointError(f"{path} asks for more memory than there is") from error
    except Exception as error:  # damage shows as nearly any of them
        what = _describe(path, error)
        raise CheckpointError(f"{path} {what}; wanted is {wanted}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds a {type(content).__name__}; wanted is {wanted}")
    if "iv_tag_list" in content:
        raise CheckpointError(f"{path} is a tag dump (give it as --tag_dump); wanted is {wanted}")
    return content


def _describe(path: str | os.PathLike, error: Exception) -> str:
    """What a file that torch cannot load looks like."""
    if found := _REFUSED.search(str(error)):
        return f"holds more than numbers and text: {found[1]}"
    with Path(path).open("rb") as file:
        start = file.read(4096)
    if b"iv_tag_list" in start:
        return "is a tag dump (give it as --tag_dump)"
    if b"D_loss" in start:
        return "is a loss history"
    if start.startswith(b"PK"):
        return "is cut short or damaged"
    if start.startswith((b"<", b"version https://git-lfs")):
        return "is a web page or a pointer to the file, not the file: download it again"
    return "is not a PyTorch weight file" if start else "is empty"


def network_state(content: Mapping[str, Any], key: str, path: str | os.PathLike) -> State:
    """A state dict of a file, without the "module." that data-parallel training puts before keys.

    Raises CheckpointError when the entry is missing, empty, or no mapping of names to tensors whose
    values are really in the file.
    """
    state = content.get(key)
    if not isinstance(state, Mapping):
        raise CheckpointError(f"{path} cannot be used: it has no network {key}")
    if not state:
        raise CheckpointError(f"{path} cannot be used: its network {key} is empty")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise CheckpointError(f"{path} cannot be used: {key} holds more than named tensors")
        if value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise CheckpointError(f"{path} cannot be used: {name} claims values that it lacks")
    return {name.removeprefix(PREFIX): value for name, value in state.items()}


def add_prefix(state: Mapping[str, Tensor]) -> State:
    return {PREFIX + key: value for key, value in state.items()}


def load_state(network: Network, state: State, path: str | os.PathLike) -> Network:
    """Load weights, all of them, into a network, and return it.

    Raises CheckpointError naming the first that is missing, left over, of another shape, no
    floating-point number where the network has one, or not finite.
    """
    wanted = network.state_dict()
    for key, own in wanted.items():
        if key not in state:
            raise CheckpointError(f"{path} does not fit the network: {key} is missing")
        value = state[key]
        if value.shape != own.shape:
            found, shape = (tuple(tensor.shape) for tensor in (value, own))
            raise CheckpointError(f"{path} does not fit the network: {key} is {found}, not {shape}")
        if value.is_floating_point() != own.is_floating_point():
            raise CheckpointError(f"{path} does not fit the network: {key} is {value.dtype}")
        if not is_finite(value):
            raise CheckpointError(f"{path} is spoilt: {key} holds values that are not finite")
    if extra := sorted(state.keys() - wanted.keys()):
        raise CheckpointError(f"{path} does not fit the network: it has no {extra[0]}")
    network.load_state_dict(state)
    return network


def is_finite(value: Tensor) -> bool:
    """Whether no value is infinite or not a number: then neither the least nor the largest is."""
    if not value.is_floating_point() or not value.numel():
        return True
    return all(math.isfinite(bound) for bound in value.aminmax())
