"""--dry_run: whether a run would work here, how fast, and in how much memory."""

import time

import torch

from hardware.memory import peak_memory
from training.colorization import Colorization
from training.loop import Loop

STEPS = 2  # the first one also prepares kernels, so the last one is timed


def dry_run(loop: Loop, task: Colorization) -> None:
    """Train two steps as in the last epoch, write one checkpoint and the grids into the result
    directory, and print what they cost. Several processes must all call it."""
    device = task.tag2pix.device
    source = loop.stream()
    seconds = 0.0
    for _ in range(STEPS):
        batch = next(source, None)
        if batch is None:
            break
        started = time.monotonic()
        task.step(loop.epochs, loop.to_device(batch))
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds = time.monotonic() - started
        images = len(batch.sketch) * loop.processes.world
    source.close()
    loop.save()
    task.write_grids(loop.position.epoch)
    if not loop.results:
        return
    size = task.newest_checkpoint().stat().st_size
    print(
        f"dry run: {images} images per step, {seconds:.2f} s per step ({images / seconds:.1f} "
        f"images/s), {task.memory_use()}, checkpoints of {size / 2**20:.0f} MiB"
    )
    print(f"dry run: device {_device_name(device)}; everything works; nothing was kept")


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        total = torch.cuda.get_device_properties(device).total_memory
        return f"{name} with {peak_memory(device) / total:.0%} of its memory used"
    return f"cpu ({torch.get_num_threads()} threads)"
