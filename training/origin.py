"""Where a run begins: anew, from the weights of another run, or where a run stopped."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agreement import agree
from loader.errors import InputError
from network import checkpoint
from network.checkpoint import Architecture, CheckpointError
from training.processes import Processes
from training.results import checkpoints


def start_from(
    options: argparse.Namespace, given: set[str]
) -> tuple[Mapping[str, Any], argparse.Namespace, Architecture]:
    """The weights of --init, for the input size that was asked for; and the options and the
    architecture that follow from them."""
    if options.load or options.resume is not None:
        raise InputError("--init starts a new run: give it without --load and --resume")
    content = checkpoint.read(options.init)
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


def _newest_run(result_dir: Path) -> Path:
    runs = [path for path in result_dir.glob("*/") if checkpoints(path)]
    if not runs:
        raise InputError(f"{result_dir} holds no run to resume")
    return max(runs, key=lambda path: checkpoints(path)[0].stat().st_mtime_ns)
