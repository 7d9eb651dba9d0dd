"""Run by two processes: three training steps, each on its share of every batch.

    RANK=0 WORLD_SIZE=2 … tests/support/two_processes.py OUT

Writes what came of them to OUT. `three_steps` is also what one process alone is compared with.
"""

import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from reference import fill, tensor  # noqa: E402

from hardware.processes import Processes, process_group  # noqa: E402
from loader.dataset import Pair  # noqa: E402
from network.architecture import Architecture  # noqa: E402
from network.loss import ChangingLoss  # noqa: E402
from tag2pix import Tag2Pix  # noqa: E402

BATCH = 4
# Classification is switched on between the steps, which changes what the discriminator trains.
CLASSIFY = (False, True, True)


def three_steps(processes: Processes) -> dict:
    """Losses, gradients of the last step, and weights, without batch statistics."""
    architecture = Architecture(input_size=32, layers=(1, 1, 1, 1), cit=False, bn=False)
    torch.set_default_dtype(torch.float64)
    tag2pix = Tag2Pix(architecture, ChangingLoss(cit=False), processes=processes)
    torch.set_default_dtype(torch.float32)
    networks = {"G": tag2pix.generator, "D": tag2pix.discriminator}
    for network in networks.values():
        fill(network)
    tag2pix.discriminator.eval()
    terms = []
    for number, classify in enumerate(CLASSIFY):
        share = slice(processes.rank, None, processes.world)
        batch = Pair(*(value[share] for value in _batch(number)), broken="")
        step = tag2pix.training_step(batch, classify)
        terms.append({name: processes.mean(value.clone()) for name, value in step.items()})
    return {
        "terms": terms,
        "gradients": {
            f"{key}.{name}": parameter.grad
            for key, network in networks.items()
            for name, parameter in network.named_parameters()
            if parameter.grad is not None
        },
        "weights": {key: network.state_dict() for key, network in networks.items()},
    }


def _batch(number: int) -> list[torch.Tensor]:
    kinds = {"original": (3, 32, 32), "sketch": (1, 32, 32), "cit": (370,), "cvt": (115,)}
    return [
        tensor(f"{number}/{name}", (BATCH, *shape), name if len(shape) > 1 else "tags").double()
        for name, shape in kinds.items()
    ]


if __name__ == "__main__":
    torch.set_num_threads(1)
    with process_group(cpu=True) as group:
        result = three_steps(group)
        if group.is_main:
            torch.save(result, sys.argv[1])
