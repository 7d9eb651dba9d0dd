"""Where a run begins: anew, from the weights of another run, or where a run stopped."""

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from command_line.agreement import agree
from errors import CheckpointError, InputError
from files.download import sha256_of
from hardware.processes import Processes
from network import checkpoint
from network.checkpoint import Architecture
from training.results import checkpoints


def origin_of(path: str | os.PathLike) -> dict[str, str]:
    """Which weights a run began with: the file's name and its SHA-256."""
    return {"file": Path(path).name, "sha256": sha256_of(path)}


def origin_line(initial: Mapping[str, Any]) -> str:
    """The line of arguments.txt that says which weights a run began with."""
    return f"* init = {initial['file']!r} (SHA-256 {initial['sha256']})\n"


def start_from(
    options: argparse.Namespace, given: set[str]
) -> tuple[dict[str, Any], argparse.Namespace, Architecture]:
    """The weights of --init, for the input size that was asked for; and the options and the
    architecture that follow from them. The entry `initial` says which weights they are."""
    if options.load or options.resume is not None:
        raise InputError("--init starts a new run: give it without --load and --resume")
    content = checkpoint.read(options.init)
    content["initial"] = origin_of(options.init) | {
        "discriminator_trained": checkpoint.discriminator_trained(content)
    }
    size = options.input_size if "input_size" in given else None
    options, architecture = agree(options, given - {"input_size"}, content, Path(options.init))
    if size and size != architecture.input_size:
        architecture = replace(architecture, input_size=size)
        try:
            architecture.check()
        except ValueError as error:
            raise InputError(str(error)) from error
        options.input_size = size
        content = content | {"G": checkpoint.resize(content["G"], size)}
    return content, options, architecture


def resume_from(
    options: argparse.Namespace, processes: Processes
) -> tuple[Path | None, dict[str, Any] | None]:
    """The checkpoint to go on from; with --resume the newest of its directory that is whole."""
    if options.load and options.resume is not None:
        raise InputError("give --load or --resume, not both")
    if options.load:
        return Path(options.load), checkpoint.read(options.load)
    if options.resume is None:
        return None, None
    directory = Path(options.resume) if options.resume else _newest_run(Path(options.result_dir))
    if directory.is_file():
        return directory, checkpoint.read(directory)
    for path in checkpoints(directory):
        try:
            return path, checkpoint.read(path)
        except CheckpointError as error:
            if processes.is_main:
                print(f"{error}; using the one before it", file=sys.stderr)
    raise InputError(f"{directory} holds no checkpoint to resume from")


def check_resumable(
    options: argparse.Namespace, given: set[str], content: Mapping[str, Any], path: Path
) -> None:
    """InputError where a flag would make of a resumed run something that it cannot be."""
    own = content.get("tag2pix", {})
    before = own.get("options", {})
    if "seed" in given and options.seed >= 0 and own.get("seed", options.seed) != options.seed:
        raise InputError(
            f"--seed {options.seed} contradicts {path}: its run has seed {own['seed']}"
        )
    batches = own.get("position", {}).get("batch", 0)
    if batches and before.get("batch_size", options.batch_size) != options.batch_size:
        raise InputError(
            f"--batch_size {options.batch_size}: {path} is inside an epoch, {batches} batches of "
            f"{before['batch_size']} are done; go on with these until the epoch ends"
        )


def _newest_run(result_dir: Path) -> Path:
    runs = [path for path in result_dir.glob("*/") if checkpoints(path)]
    if not runs:
        raise InputError(f"{result_dir} holds no run to resume")
    return max(runs, key=lambda path: checkpoints(path)[0].stat().st_mtime_ns)
