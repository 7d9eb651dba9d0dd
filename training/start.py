"""Where a run begins: anew, from the weights of another run, or where a run stopped."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from checkpoints.checkpoint import Checkpoint, Origin
from command_line.options import Options
from errors import CheckpointError, InputError
from files.lock import free
from hardware.processes import Processes
from training.results import checkpoints, lock_run


def origin_of(path: str | os.PathLike, sha256: str, **more: Any) -> Origin:
    """Which weights a run began with."""
    return Origin(Path(path).name, sha256, **more)


def origin_line(initial: Origin) -> str:
    """The line of arguments.txt that says which weights a run began with."""
    return f"* init = {initial.file!r} (SHA-256 {initial.sha256})\n"


def checkpoint_to_resume(options: Options, processes: Processes) -> Checkpoint | None:
    """The checkpoint to go on from, None to begin anew; with --resume the newest of its directory
    that is whole."""
    if options.load and options.resume is not None:
        raise InputError("give --load or --resume, not both")
    if options.load:
        return Checkpoint.read(options.load)
    if options.resume is None:
        return None
    if options.resume is True:
        directory = newest(Path(options.result_dir), checkpoints)
    else:
        directory = Path(options.resume)
    if directory.is_file():
        return Checkpoint.read(directory)
    if processes.is_main:
        check_not_trained(directory)
    for path in checkpoints(directory):
        try:
            return Checkpoint.read(path)
        except CheckpointError as error:
            if processes.is_main:
                print(f"{error}; using the one before it", file=sys.stderr)
    raise InputError(f"{directory} holds no checkpoint to resume from")


def directory_to_go_on_in(options: Options, resumed: Checkpoint | None) -> Path | None:
    """That of the run that goes on, unless it goes back to before what is there already; None where
    a new one begins."""
    if options.dry_run or losses_before(resumed) is None:
        return None
    chosen_file = options.load or (options.resume is not True and Path(options.resume).is_file())
    return None if chosen_file and not _is_newest(resumed.path) else resumed.path.parent


def losses_before(resumed: Checkpoint | None) -> Path | None:
    """The losses.csv of the run of ours that goes on."""
    if resumed is None or resumed.is_public:
        return None
    path = resumed.path.with_name("losses.csv")
    return path if path.exists() else None


def _is_newest(path: Path) -> bool:
    there = checkpoints(path.parent)
    return bool(there) and path.samefile(there[0])


def check_not_trained(directory: Path) -> None:
    """Raises InputError while another process trains in a result directory."""
    if directory.is_dir():
        free(lock_run(directory))


def newest(
    result_dir: Path, weights_of: Callable[[Path], Sequence[Path]], what: str = "run"
) -> Path:
    """The result directory whose weights, the best first, are the newest; InputError if none has
    any."""
    found = {path: weights_of(path) for path in result_dir.glob("*/")}
    runs = {path: weights[0].lstat().st_mtime_ns for path, weights in found.items() if weights}
    if not runs:
        raise InputError(f"{result_dir} holds no {what} to resume")
    return max(runs, key=runs.get)
