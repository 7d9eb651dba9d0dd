"""Where flags and a checkpoint meet: the file decides, a flag that contradicts it is an error."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from errors import InputError
from loader.tags import Vocabulary, load_vocabulary
from network.checkpoint import Architecture, architecture, read_tag_extractor
from network.tag_extractor import TagExtractor

Content = Mapping[str, Any]

# What each architecture option says of a network, when a file has it and when not.
DESCRIPTIONS = {
    "no_bn": ("no batch normalization", "batch normalization"),
    "no_guide": ("no guide decoder", "a guide decoder"),
    "no_cit": ("no CIT features", "CIT features"),
    "use_relu": ("ReLU between its style layers", "no ReLU between its style layers"),
}


def agree(
    options: argparse.Namespace,
    given: set[str],
    content: Content | None,
    path: Path | None,
    *,
    training: bool = False,
) -> tuple[argparse.Namespace, Architecture]:
    """The options and the architecture, completed by a checkpoint (None: there is none).

    The network's options and the color space come from the file; when `training` goes on, so do
    all others that were not given. Raises InputError where a given flag contradicts the file, or
    where the options describe a network that cannot be built.
    """
    if content is None:
        return options, _described(options)
    found = architecture(content, path)
    network = _options_of(found)
    for name in sorted(given & network.keys()):
        if getattr(options, name) != network[name]:
            raise InputError(f"{_flag(name, options)} contradicts {path}: {_says(name, network)}")
    recorded = content.get("tag2pix", {}).get("options", {})
    if not training:
        recorded = {key: recorded[key] for key in ("color_space", "cit_norm") if key in recorded}
    else:
        recorded = _adam_options(content) | recorded
    kept = {name: value for name, value in recorded.items() if name not in given}
    return argparse.Namespace(**(vars(options) | kept | network)), found


def _described(options: argparse.Namespace) -> Architecture:
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
    )
    try:
        described.check()
    except ValueError as error:
        raise InputError(str(error)) from error
    return described


def _options_of(found: Architecture) -> dict[str, Any]:
    return {
        "model": found.model,
        "input_size": found.input_size,
        "layers": list(found.layers),
        "no_bn": not found.bn,
        "no_guide": not found.guide,
        "use_relu": found.relu,
        "no_cit": not found.cit,
    }


def _flag(name: str, options: argparse.Namespace) -> str:
    if name in DESCRIPTIONS:
        return f"--{name}"
    value = getattr(options, name)
    return f"--{name} {' '.join(map(str, value)) if isinstance(value, list) else value}"


def _says(name: str, network: Mapping[str, Any]) -> str:
    if name in DESCRIPTIONS:
        yes, no = DESCRIPTIONS[name]
        return f"its generator has {yes if network[name] else no}"
    return f"its generator has {name} {network[name]}"


def _adam_options(content: Content) -> dict[str, Any]:
    """Learning rates and betas of a checkpoint that records no options."""
    try:
        (group_g,), (group_d,) = (
            content[key]["param_groups"] for key in ("G_optimizer", "D_optimizer")
        )
        beta1, beta2 = group_g["betas"]
        return {"lrG": group_g["lr"], "lrD": group_d["lr"], "beta1": beta1, "beta2": beta2}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            "the checkpoint has no optimizer state to go on from "
            f"({error}); --init starts a new run with its weights"
        ) from None


def vocabulary_of(
    options: argparse.Namespace, given: set[str], content: Content | None, path: Path | None
) -> Vocabulary:
    """The vocabulary that the checkpoint records, or that of --tag_dump where it records none.

    Raises InputError when its number of tags is not the network's.
    """
    recorded = (content or {}).get("tag2pix", {}).get("vocabulary")
    if recorded is not None and "tag_dump" not in given:
        return Vocabulary.from_dump(recorded)
    vocabulary = load_vocabulary(options.tag_dump)
    if content is not None:
        found = architecture(content, path)
        wanted, offered = (
            (found.cit_classes, found.cvt_classes),
            (len(vocabulary.cit), len(vocabulary.cvt)),
        )
        if wanted != offered:
            raise InputError(
                f"{path} was trained with {wanted[0]} CIT and {wanted[1]} CVT tags, "
                f"{options.tag_dump} has {offered[0]} and {offered[1]}"
            )
    return vocabulary


def load_extractor(path: str) -> TagExtractor:
    """The truncated tag extractor of --pretrain_dump."""
    if not Path(path).exists():
        raise InputError(
            f"{path} does not exist: the tag extractor's weights; name them with --pretrain_dump, "
            "or train without them with --no_cit"
        )
    return read_tag_extractor(path, truncated=True)
