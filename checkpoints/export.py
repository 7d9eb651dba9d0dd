"""Weights to give away: what coloring needs of a checkpoint, in half precision."""

import os
from typing import Any

import torch

from checkpoints.checkpoint import Checkpoint, record_entry
from checkpoints.reading import State, add_prefix
from checkpoints.tag_extractor import read_tag_extractor
from checkpoints.writing import save
from errors import CheckpointError

# What coloring, and a new run with --init, go by; the rest tells of the machine it was trained on.
KEPT_OPTIONS = ("cit_norm",)


def export_checkpoint(checkpoint: Checkpoint, target: str | os.PathLike) -> None:
    """Write generator and discriminator of a checkpoint as float16.

    The file has the public format without the optimizers: it colors, and `--init` starts from it,
    but it cannot be resumed from. Raises CheckpointError when it has values that float16 cannot
    hold.
    """
    networks = {"G": checkpoint.build_generator(), "D": checkpoint.build_discriminator()}
    exported: dict[str, Any] = {
        key: add_prefix(_half(network.state_dict(), checkpoint.path))
        for key, network in networks.items()
    }
    exported["finish_epoch"] = checkpoint.position.epoch
    if not checkpoint.is_public:
        record = checkpoint.record
        exported["tag2pix"] = record_entry(
            checkpoint.architecture,
            vocabulary=record.vocabulary,
            discriminator_trained=checkpoint.discriminator_trained,
            options={key: record.options[key] for key in KEPT_OPTIONS if key in record.options},
        )
        if record.seen is not None:
            exported["tag2pix"]["seen"] = record.seen
    save(exported, target)


def export_tag_extractor(source: str | os.PathLike, target: str | os.PathLike) -> None:
    """Write the truncated part of a tag extractor, which yields the features, as float16; errors
    as above."""
    state = read_tag_extractor(source, truncated=True).state_dict()
    save({"weight": add_prefix(_half(state, source))}, target)


def _half(state: State, source: str | os.PathLike) -> State:
    halved = {}
    for key, value in state.items():
        halved[key] = value.half() if value.is_floating_point() else value
        if not torch.isfinite(halved[key]).all():
            raise CheckpointError(f"{source}: {key} has values that half precision cannot hold")
    return halved
