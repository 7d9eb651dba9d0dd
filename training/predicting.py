"""What the tag extractor makes of the held-out line art."""

import torch
from torch import Tensor

from errors import InputError
from hardware.device import autocast
from hardware.processes import Processes
from loader.line_art import UNLABELED, PlainSketches
from loader.stream import stream
from network.tag_extractor import TagExtractor
from progress import Progress
from training.recipe import Recipe
from training.watch import UnreadableFiles


@torch.no_grad()
def predict(
    network: TagExtractor,
    held_out: PlainSketches,
    recipe: Recipe,
    *,
    dtype: torch.dtype | None,
    processes: Processes,
    unreadable: UnreadableFiles,
) -> tuple[Tensor, Tensor]:
    """Logits and labels (N, classes), float32, of all readable held-out line art, on the CPU.

    All processes must call it: they share the work, and their running statistics are averaged
    first. Leaves the network in evaluation mode. Raises InputError when nothing can be read.
    """
    _average_statistics(network, processes)
    network.eval()
    own = range(len(held_out))[processes.rank :: processes.world]
    size = max(1, recipe.batch_size // processes.world)
    chunks = [own[start : start + size] for start in range(0, len(own), size)]
    found = [(torch.zeros(0, held_out.classes[0]),) * 2]
    batches = Progress(
        stream(held_out, chunks, workers=recipe.workers),
        total=len(chunks),
        desc="held out",
        unit="batch",
        leave=False,
        disable=None if processes.is_main else True,
    )
    for batch in batches:
        unreadable.report(batch.broken)
        with autocast(processes.device, dtype):
            logits = network(batch.sketch.to(processes.device))
        found.append((logits.float().cpu(), batch.cit))
    own_share = [torch.cat(tensors) for tensors in zip(*found, strict=True)]
    shares = zip(*processes.gather(own_share), strict=True)
    logits, labels = (torch.cat(tensors) for tensors in shares)
    readable = labels[:, 0] != UNLABELED
    if not readable.any():
        raise InputError("none of the held-out line art can be read")
    return logits[readable], labels[readable]


def _average_statistics(network: TagExtractor, processes: Processes) -> None:
    """Each process has gathered running statistics of its own."""
    for buffer in network.buffers():
        if buffer.is_floating_point():
            processes.mean(buffer)
