"""Weight files of the tag extractor: `model.pth` to use, and `last.pth` to go on pretraining from.

Both are a dict with the state dict `weight` (keys prefixed "module."); ours add the entry
`pretraining`, a `PretrainingRecord`, and a `last.pth` has the optimizer's state, too.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from checkpoints.checkpoint import Count, Origin, Position
from checkpoints.reading import State, load, load_state, network_state
from errors import CheckpointError
from files.checksum import sha256_of
from loader.tags import Vocabulary
from network.tag_extractor import TagExtractor

WANTED = "a tag extractor such as model.pth"


class EpochRow(msgspec.Struct):
    """What an epoch of pretraining came to; the columns of metrics.csv."""

    epoch: Count
    loss: float
    held_out_loss: float
    macro_ap: float
    macro_f1: float
    micro_f1: float
    tags: Count


class PretrainingRecord(msgspec.Struct, kw_only=True):
    """What our files say of the training; `scaler` and `random` are in a `last.pth` alone."""

    vocabulary: Any
    options: dict[str, Any] = {}
    position: Position = Position()
    seed: Count
    epochs: list[EpochRow] = []
    initial: Origin | None = None
    scaler: dict[str, Any] = {}
    random: list[Any] = []


class _Optimizer(msgspec.Struct):
    state: dict[int, dict[str, Any]]
    param_groups: list[dict[str, Any]]


class _Content(msgspec.Struct):
    pretraining: PretrainingRecord | None = None
    optimizer: _Optimizer | None = None


@dataclass(frozen=True)
class ExtractorFile:
    """A tag extractor's file that was read and checked; `record` is None in public files, and
    `classes` 0 where the file holds the truncated network alone."""

    path: Path
    weight: State
    classes: int
    record: PretrainingRecord | None
    vocabulary: Vocabulary | None
    optimizer: dict[str, Any] | None

    @classmethod
    def read(cls, path: str | os.PathLike) -> "ExtractorFile":
        """Read a file onto the CPU; raises CheckpointError naming what is wrong with it."""
        content = load(path, WANTED)
        if "G" in content:
            raise CheckpointError(
                f"{path} is a Tag2Pix checkpoint (give it as --load); wanted is {WANTED}"
            )
        weight = network_state(content, "weight", path)
        rest = {name: content[name] for name in _Content.__struct_fields__ if name in content}
        try:
            known = msgspec.convert(rest, _Content, strict=False)
            vocabulary = None
            if known.pretraining:
                vocabulary = Vocabulary.from_dump(known.pretraining.vocabulary)
            classes = _classes(weight, vocabulary)
        # msgspec takes a tensor in the place of a dict for one.
        except (AttributeError, IndexError, ValueError) as error:
            raise CheckpointError(f"{path} cannot be used: {error}") from error
        optimizer = content["optimizer"] if known.optimizer else None
        return cls(Path(path), weight, classes, known.pretraining, vocabulary, optimizer)

    @cached_property
    def sha256(self) -> str:
        return sha256_of(self.path)

    def build(self, *, truncated: bool) -> TagExtractor:
        """The network, frozen and in evaluation mode: whole, or the part that yields features.

        Raises CheckpointError where the file does not hold it.
        """
        if not self.classes and not truncated:
            raise CheckpointError(
                f"{self.path} holds only the truncated tag extractor, without its classes"
            )
        extractor = TagExtractor(self.classes, truncated=truncated)
        wanted = extractor.state_dict()
        state = {key: value for key, value in self.weight.items() if key in wanted}
        return load_state(extractor, state, self.path).eval().requires_grad_(False)


def _classes(weight: State, vocabulary: Vocabulary | None) -> int:
    if "fc.weight" not in weight:
        return 0
    if weight["fc.weight"].ndim != 2:
        raise ValueError("fc.weight is no matrix")
    classes = weight["fc.weight"].shape[0]
    if vocabulary is not None and len(vocabulary.cit) != classes:
        raise ValueError(
            f"its vocabulary has {len(vocabulary.cit)} CIT tags, its network {classes}"
        )
    return classes


def read_tag_extractor(path: str | os.PathLike, *, truncated: bool) -> TagExtractor:
    """The tag extractor of a file, frozen and in evaluation mode: whole, or the part that yields
    features. Raises CheckpointError."""
    return ExtractorFile.read(path).build(truncated=truncated)
