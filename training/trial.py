"""--dry_run: whether a run would work here, how fast, and in how much memory."""

import time

import torch

from training.loop import Training
from training.watch import peak_memory

STEPS = 2  # the first one also prepares kernels, so the last one is timed


def trial(training: Training) -> None:
    """Train two steps as in the last epoch, write one checkpoint and the grids into the result
    directory, and print what they cost. Several processes must all call it."""
    tag2pix = training.tag2pix
    stream = training.stream()
    seconds = 0.0
    for _ in range(STEPS):
        batch = next(stream, None)
        if batch is None:
            break
        started = time.monotonic()
        training.step(training.epochs, training.to_device(batch))
        if tag2pix.device.type == "cuda":
            torch.cuda.synchronize(tag2pix.device)
        seconds = time.monotonic() - started
        images = len(batch.sketch) * training.processes.world
    stream.close()
    path = training.save(named=False)
    training.write_grids(tag2pix.position.epoch)
    if path is None:
        return
    print(
        f"dry run: {images} images per step, {seconds:.2f} s per step ({images / seconds:.1f} "
        f"images/s), {training.memory_use()}, checkpoints of {path.stat().st_size / 2**20:.0f} MiB"
    )
    print(f"dry run: device {_device_name(tag2pix.device)}; everything works; nothing was kept")


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        total = torch.cuda.get_device_properties(device).total_memory
        return f"{name} with {peak_memory(device) / total:.0%} of its memory used"
    return f"cpu ({torch.get_num_threads()} threads)"
