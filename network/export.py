"""Weights to give away: what coloring needs of a checkpoint, in half precision."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from errors import CheckpointError
from network import checkpoint
from network.checkpoint import State, add_prefix, discriminator_trained, read_tag_extractor

# What coloring, and a new run with --init, go by; the rest tells of the machine it was trained on.
KEPT = ("architecture", "color_space", "vocabulary")
KEPT_OPTIONS = ("color_space", "cit_norm")


def export_checkpoint(source: Path, target: Path) -> None:
    """Write generator and discriminator of a checkpoint as float16.

    The file has the public format without the optimizers: it colors, and `--init` starts from it,
    but it cannot be resumed from. Raises CheckpointError when `source` is no checkpoint, or has
    values that float16 cannot hold.
    """
    content = checkpoint.read(source)
    exported: dict[str, Any] = {key: add_prefix(_half(content[key], source)) for key in ("G", "D")}
    exported["finish_epoch"] = content.get("finish_epoch", 0)
    if recorded := content.get("tag2pix"):
        exported["tag2pix"] = _chosen(recorded, KEPT)
        exported["tag2pix"]["discriminator_trained"] = discriminator_trained(content)
        exported["tag2pix"]["options"] = _chosen(recorded.get("options", {}), KEPT_OPTIONS)
    checkpoint.save(exported, target)


def export_tag_extractor(source: Path, target: Path) -> None:
    """Write the truncated part of a tag extractor, which yields the features, as float16; errors
    as above."""
    state = read_tag_extractor(source, truncated=True).state_dict()
    checkpoint.save({"weight": add_prefix(_half(state, source))}, target)


def _chosen(content: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: content[name] for name in names if name in content}


def _half(state: State, source: Path) -> dict[str, Tensor]:
    halved = {}
    for key, value in state.items():
        halved[key] = value.half() if value.is_floating_point() else value
        if not torch.isfinite(halved[key]).all():
            raise CheckpointError(f"{source}: {key} has values that half precision cannot hold")
    return halved
