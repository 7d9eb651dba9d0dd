"""What every kind of training run settles before it starts."""

import math
import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

import joblib
import torch
from torch import nn

from command_line.options import Options
from errors import InputError
from hardware.memory import keep_freed_memory
from hardware.processes import Processes
from loader.layout import DataDir

MOST_WITHOUT_CORES, THREADS_PER_CORE = 16, 4


def check_batch_size(options: Options, processes: Processes) -> None:
    if options.batch_size % processes.world:
        raise InputError(
            f"--batch_size {options.batch_size} is the total: it must be a multiple of the "
            f"{processes.world} processes"
        )


def check_sync_bn(options: Options, processes: Processes) -> None:
    if options.sync_bn and processes.world > 1 and processes.device.type == "cpu":
        raise InputError("--sync_bn needs GPUs: torch has no synchronized normalization on CPUs")


def check_smallest_part(
    input_size: int, pairs: int, batch_size: int, parts: int, world: int
) -> None:
    """Refuse what leaves a process no image, or one alone for batch normalization.

    `batch_size` is that of all `world` processes together; each splits its share into `parts`
    (--grad_accum). At 32 px and below one pixel is left where the networks normalize last, and
    batch normalization needs more than one value. Raises InputError.
    """
    if pairs < world:
        raise InputError(
            f"training images: {pairs}, too few for {world} processes, which need one each"
        )
    if input_size > 32:
        return
    usable = pairs - pairs % world
    for batch in (min(batch_size, usable), usable % batch_size or batch_size):
        own = batch // world
        part = math.ceil(own / parts)
        if (own % part or part) == 1:
            flags = "--batch_size, --grad_accum" if parts > 1 else "--batch_size"
            raise InputError(
                f"at --input_size {input_size} batch normalization cannot learn from one image "
                f"alone, and {pairs} images in batches of {batch_size} leave one: change {flags} "
                "or --data_size"
            )


def loading_processes(options: Options) -> int:
    """How many processes load images: no more than there are cores, or if asked for, than are of
    use beside slow disks."""
    processes_here = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    cores = max(1, joblib.cpu_count() // processes_here)
    if "thread" not in options.given:
        return min(options.thread, cores)
    most = max(MOST_WITHOUT_CORES, THREADS_PER_CORE * cores)
    if options.thread > most:
        print(f"--thread {options.thread}: {most} load, more are of no use on {cores} cores")
    return min(options.thread, most)


def cache_directory(options: Options, data_dir: DataDir) -> Path | None:
    if options.cache is None or options.dry_run:
        return None
    return data_dir.cache if options.cache is True else Path(options.cache)


def check_room(folder: Path, networks: Iterable[nn.Module]) -> None:
    """Refuse to train where not even one checkpoint fits, whether the folder is there yet or not:
    weights of the networks, and two moments of Adam for each. Raises InputError."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    weights = (weight for network in networks for weight in network.parameters())
    needed = 3 * sum(weight.numel() * weight.element_size() for weight in weights)
    if free < needed:
        raise InputError(
            f"{folder} has room for {free / 2**20:.0f} MiB, and one checkpoint takes "
            f"{needed / 2**20:.0f}: free some, or name another --result_dir"
        )


def choose_seed(options: Options, recorded: int | None, processes: Processes) -> int:
    """The seed of the run's data order and augmentation: a resumed run keeps its own."""
    if recorded is not None:
        return recorded
    return options.seed if options.seed >= 0 else processes.share(secrets.randbelow(2**31))


def prepare_torch(options: Options, seed: int, processes: Processes) -> None:
    """Seed the initial weights, and make the GPU exact where --seed was given, else fast. On CPUs
    memory stays with this process from step to step."""
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = options.seed >= 0
    torch.backends.cudnn.benchmark = options.seed < 0
    torch.set_float32_matmul_precision("high" if processes.device.type == "cuda" else "highest")
    if processes.device.type == "cpu":
        keep_freed_memory()
