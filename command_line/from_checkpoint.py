"""Where flags and a file of weights meet: the file says what the network is, the flags the rest."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from checkpoints.checkpoint import Checkpoint
from checkpoints.tag_extractor import read_tag_extractor
from command_line.flags import FLAGS
from command_line.options import Options
from errors import CheckpointError, InputError
from loader.tags import Vocabulary, load_vocabulary
from network.architecture import Architecture
from network.tag_extractor import TagExtractor

# What the options that are switched off by default say of a network, with and without them.
DESCRIPTIONS = {
    "no_bn": ("no batch normalization", "batch normalization"),
    "no_guide": ("no guide decoder", "a guide decoder"),
    "no_cit": ("no CIT features", "CIT features"),
    "use_relu": ("ReLU between its style layers", "no ReLU between its style layers"),
}


def described_architecture(options: Options) -> Architecture:
    """The architecture that the flags describe. Raises InputError when there is no such network."""
    vocabulary = load_vocabulary(options.tag_dump)
    described = Architecture(
        model=options.model,
        input_size=options.input_size,
        cvt_classes=len(vocabulary.cvt),
        cit_classes=len(vocabulary.cit),
        layers=tuple(options.layers),
        bn=not options.no_bn,
        guide=not options.no_guide,
        relu=options.use_relu,
        cit=not options.no_cit,
        color_space=options.color_space,
    )
    try:
        described.check()
    except ValueError as error:
        raise InputError(str(error)) from error
    return described


def network_options(found: Architecture) -> dict[str, Any]:
    """The options that describe an architecture."""
    return {
        "model": found.model,
        "input_size": found.input_size,
        "layers": list(found.layers),
        "color_space": found.color_space,
        "no_bn": not found.bn,
        "no_guide": not found.guide,
        "use_relu": found.relu,
        "no_cit": not found.cit,
    }


def with_network_of(
    options: Options, checkpoint: Checkpoint, *, but: str = ""
) -> tuple[Options, Checkpoint]:
    """The options with those of the network as the checkpoint has it, but for the one that may
    differ; and the checkpoint, with --color_space where the file does not say what its channels
    mean.

    Raises InputError where a flag that was given contradicts the file.
    """
    if checkpoint.is_public:
        architecture = replace(checkpoint.architecture, color_space=options.color_space)
        checkpoint = replace(checkpoint, architecture=architecture)
    network = network_options(checkpoint.architecture)
    for name in sorted(options.given & network.keys() - {but}):
        if getattr(options, name) != network[name]:
            says = _says(name, network)
            raise InputError(f"{_flag(name, options)} contradicts {checkpoint.path}: {says}")
    recorded = checkpoint.record.options
    if "cit_norm" in recorded and "cit_norm" not in options.given:
        check_recorded({"cit_norm": recorded["cit_norm"]}, checkpoint.path)
        network["cit_norm"] = recorded["cit_norm"]
    if but in options.given:
        del network[but]
    return options.replaced(**network), checkpoint


def with_record_of(
    options: Options,
    recorded: Mapping[str, Any],
    path: Path,
    *,
    seed: int | None,
    inside_epoch: bool,
    known_paths: Mapping[str, Any],
) -> Options:
    """The options of a run that goes on: what was recorded, unless a flag says otherwise.

    `seed` is the one that the run has, whatever was asked for; `known_paths` are those that the
    user gave at its start. Raises InputError where a recorded value could not have been given,
    where a flag would make of the run something that it cannot be, or where the run's files are not
    named: a file never decides what is read or written.
    """
    own = {
        name: value
        for name, value in recorded.items()
        if name in FLAGS and FLAGS[name].recorded and options.mode in FLAGS[name].modes
    }
    check_recorded(own, path)
    kept, unnamed = {}, []
    for name, value in own.items():
        if name in options.given:
            before = seed if name == "seed" else value
            _check_unchanged(options, name, before, path, inside_epoch)
        elif not FLAGS[name].path:
            kept[name] = value
        elif name in known_paths:
            kept[name] = known_paths[name]
        elif name != "cache" and value != getattr(options, name):
            unnamed.append(f"--{name} {value}")
    if unnamed:
        raise InputError(
            f"{path} was trained with {' '.join(unnamed)}: give that again (a file does not decide "
            "what is read)"
        )
    return options.replaced(**kept)


def check_recorded(recorded: Mapping[str, Any], path: Path) -> None:
    """Raises CheckpointError for a recorded option that no command line could have given."""
    try:
        for name, value in recorded.items():
            FLAGS[name].check(value)
    except ValueError as error:
        raise CheckpointError(f"{path} cannot be used: its option {error}") from error


def _check_unchanged(
    options: Options, name: str, before: Any, path: Path, inside_epoch: bool
) -> None:
    now = getattr(options, name)
    if now == before or (name == "seed" and now == FLAGS[name].default):
        return
    if FLAGS[name].fixed:
        reason = FLAGS[name].fixed.format(before)
        raise InputError(f"--{name} {now} contradicts {path}: {reason}")
    if name == "batch_size" and inside_epoch:
        raise InputError(
            f"--batch_size {now} contradicts {path}: it is inside an epoch, of which other batches "
            f"would repeat or omit images; go on with --batch_size {before} until the epoch's end"
        )


def _flag(name: str, options: Options) -> str:
    if name in DESCRIPTIONS:
        return f"--{name}"
    value = getattr(options, name)
    return f"--{name} {' '.join(map(str, value)) if isinstance(value, list) else value}"


def _says(name: str, network: dict[str, Any]) -> str:
    if name in DESCRIPTIONS:
        yes, no = DESCRIPTIONS[name]
        return f"its generator has {yes if network[name] else no}"
    return f"its generator has {name} {network[name]}"


def vocabulary_of(options: Options, checkpoint: Checkpoint) -> Vocabulary:
    """The vocabulary that the checkpoint records, or that of --tag_dump where it records none.

    Raises InputError when its number of tags is not the network's.
    """
    if checkpoint.vocabulary is not None and "tag_dump" not in options.given:
        return checkpoint.vocabulary
    vocabulary = load_vocabulary(options.tag_dump)
    architecture = checkpoint.architecture
    wanted = architecture.cit_classes, architecture.cvt_classes
    offered = len(vocabulary.cit), len(vocabulary.cvt)
    if wanted != offered:
        raise InputError(
            f"{checkpoint.path} was trained with {wanted[0]} CIT and {wanted[1]} CVT tags, "
            f"{options.tag_dump} has {offered[0]} and {offered[1]}"
        )
    return vocabulary


def load_extractor(path: str) -> TagExtractor:
    """The truncated tag extractor of --pretrain_dump."""
    if not Path(path).exists():
        raise InputError(
            f"{path} does not exist: the tag extractor's weights, which networks with CIT features "
            "need; name them with --pretrain_dump (a training can do without: --no_cit)"
        )
    return read_tag_extractor(path, truncated=True)
