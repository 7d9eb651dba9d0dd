"""A checkpoint: both networks, what they are, and how far their training is.

The public format is a dict with state dicts `G` and `D` (keys prefixed "module."), the Adam states
`G_optimizer` and `D_optimizer`, `finish_epoch` and `result_path`. Ours adds one entry, `tag2pix`:
a `Record` in plain containers.
"""

import os
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import msgspec
from torch.nn import functional as F

from checkpoints.reading import State, load, load_state, network_state
from errors import CheckpointError
from files.checksum import sha256_of
from loader.tags import Vocabulary
from network.architecture import Architecture, infer_architecture
from network.discriminator import Discriminator
from network.generator import Generator

WANTED = "a Tag2Pix checkpoint such as tag2pix_512.pkl"
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


@dataclass(frozen=True)
class Position:
    """How far a run is: epochs finished, batches done of the next one, steps in all."""

    epoch: Count = 0
    batch: Count = 0
    step: Count = 0


class Origin(msgspec.Struct):
    """The weights that a run began with, and whether their discriminator had learned anything."""

    file: str
    sha256: str
    discriminator_trained: bool = False


class Record(msgspec.Struct, kw_only=True):
    """What our checkpoints say beside the public format; of a file without it nothing is known.

    `seen` counts by tag id the training pictures that had it. `scalers` and `random` are the states
    of the loss scalers and of the random generators, one per process.
    """

    architecture: Architecture | None = None
    color_space: str = "rgb"
    vocabulary: Any = None
    options: dict[str, Any] = {}
    position: Position | None = None
    seed: Count | None = None
    pairs: Count | None = None
    epoch_seconds: list[float] = []
    initial: Origin | None = None
    discriminator_trained: bool | None = None
    seen: dict[int, Count] | None = None
    scalers: list[dict[str, Any]] = []
    random: list[dict[str, Any]] = []

    def pictures_with(self, tag: int) -> int | None:
        """How many training pictures had a color tag; None where the file does not say."""
        return None if self.seen is None else self.seen.get(tag, 0)


class ParameterGroup(msgspec.Struct):
    """The settings of Adam; `params` are the positions of its parameters."""

    params: list[Count]
    lr: float
    betas: tuple[float, float]


class OptimizerState(msgspec.Struct):
    """The state dict of an optimizer: the moments by position, and its one group of settings."""

    state: dict[int, dict[str, Any]]
    param_groups: Annotated[list[ParameterGroup], msgspec.Meta(min_length=1, max_length=1)]

    @property
    def settings(self) -> ParameterGroup:
        return self.param_groups[0]


class _Content(msgspec.Struct):
    """The entries of the public format besides the networks."""

    finish_epoch: Count = 0
    G_optimizer: OptimizerState | None = None
    D_optimizer: OptimizerState | None = None
    tag2pix: Record | None = None


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read: checked, and without the prefixes of its keys.

    `is_public` says that the file is not ours: it tells of the networks and the epochs alone.
    `vocabulary` is None where the file records none, the optimizers where they were left out.
    `trained_size` is the input size of the file where `resized` has changed it.
    """

    path: Path
    generator: State
    discriminator: State
    architecture: Architecture
    position: Position
    record: Record
    vocabulary: Vocabulary | None
    optimizer_g: OptimizerState | None
    optimizer_d: OptimizerState | None
    is_public: bool
    trained_size: int | None = None

    @classmethod
    def read(cls, path: str | os.PathLike) -> "Checkpoint":
        """Read a file onto the CPU; raises CheckpointError naming what is wrong with it."""
        content = load(path, WANTED)
        if "weight" in content and "G" not in content:
            raise CheckpointError(
                f"{path} holds a tag extractor (give it as --pretrain_dump); wanted is {WANTED}"
            )
        generator, discriminator = (network_state(content, key, path) for key in "GD")
        rest = {name: content[name] for name in _Content.__struct_fields__ if name in content}
        try:
            known = msgspec.convert(rest, _Content, strict=False)
            record = known.tag2pix or Record()
            vocabulary = None
            if record.vocabulary is not None:
                vocabulary = Vocabulary.from_dump(record.vocabulary)
            architecture = _architecture(record, generator, discriminator)
            _check_vocabulary(architecture, vocabulary)
        # msgspec takes a tensor in the place of a dict for one.
        except (AttributeError, IndexError, ValueError) as error:
            raise CheckpointError(f"{path} cannot be used: {error}") from error
        return cls(
            path=Path(path),
            generator=generator,
            discriminator=discriminator,
            architecture=architecture,
            position=record.position or Position(epoch=known.finish_epoch),
            record=record,
            vocabulary=vocabulary,
            optimizer_g=known.G_optimizer,
            optimizer_d=known.D_optimizer,
            is_public=known.tag2pix is None,
        )

    @cached_property
    def sha256(self) -> str:
        return sha256_of(self.path)

    @property
    def discriminator_trained(self) -> bool:
        """Whether the discriminator has learned anything; public files do not say."""
        if self.record.discriminator_trained is not None:
            return self.record.discriminator_trained
        before = self.record.initial and self.record.initial.discriminator_trained
        return self.optimizer_d is None or bool(self.optimizer_d.state) or bool(before)

    def build_generator(self) -> Generator:
        """The generator with its weights. Raises CheckpointError where they do not fit."""
        return load_state(Generator(self.architecture), self.generator, self.path)

    def build_discriminator(self) -> Discriminator:
        """The discriminator with its weights. Raises CheckpointError where they do not fit."""
        network = Discriminator(self.architecture.cvt_classes, self.architecture.cit_classes)
        return load_state(network, self.discriminator, self.path)

    def resized(self, input_size: int) -> "Checkpoint":
        """The same weights for an input size. Raises CheckpointError where there is none.

        Only the map of the colors at the bottom depends on it; it is interpolated.
        """
        trained_size = self.architecture.input_size
        if input_size == trained_size:
            return self
        architecture = replace(self.architecture, input_size=input_size)
        try:
            architecture.check()
        except ValueError as error:
            raise CheckpointError(str(error)) from error
        old, new = trained_size // 16, input_size // 16
        state = dict(self.generator)
        for key in ("Linear.weight", "Linear.bias"):
            maps = state[key].float().reshape(32, old, old, -1).permute(3, 0, 1, 2)
            maps = F.interpolate(maps, (new, new), mode="bilinear", align_corners=False)
            shape = (32 * new * new, *state[key].shape[1:])
            state[key] = maps.permute(1, 2, 3, 0).reshape(shape)
        return replace(self, architecture=architecture, generator=state, trained_size=trained_size)


def record_entry(architecture: Architecture, **fields: Any) -> dict[str, Any]:
    """The entry `tag2pix` of a checkpoint, from fields of Record in plain containers."""
    space = architecture.color_space
    return {"architecture": asdict(architecture), "color_space": space} | fields


def _architecture(record: Record, generator: State, discriminator: State) -> Architecture:
    """The recorded architecture, else the one that the keys tell of."""
    found = record.architecture or infer_architecture(generator, discriminator)
    # Files from before the color space was part of it have it beside the architecture.
    found = replace(found, color_space=record.color_space)
    found.check()
    colors = generator.get("Linear.weight")
    wanted = (32 * (found.input_size // 16) ** 2, found.cvt_classes)
    if colors is None or tuple(colors.shape) != wanted:
        raise ValueError("its architecture is not that of its generator")
    return found


def _check_vocabulary(architecture: Architecture, vocabulary: Vocabulary | None) -> None:
    if vocabulary is None:
        return
    found = len(vocabulary.cit), len(vocabulary.cvt)
    wanted = architecture.cit_classes, architecture.cvt_classes
    if found != wanted:
        raise ValueError(
            f"its vocabulary has {found[0]} CIT and {found[1]} CVT tags, its networks "
            f"{wanted[0]} and {wanted[1]}"
        )
