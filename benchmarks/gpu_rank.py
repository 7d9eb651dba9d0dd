"""Run by torchrun as the only process: what its group is, and whether it changes anything.

torchrun --standalone --nproc_per_node=1 benchmarks/gpu_rank.py TOLD.json
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from hardware.processes import SYNC_BUFFERS, process_group
from network import Generator
from network.architecture import Architecture

SIZE = 32


def gradients(network: nn.Module, device: torch.device) -> list[torch.Tensor]:
    torch.manual_seed(1)
    cvt = (torch.rand(2, 115, device=device) < 0.1).float()
    images = network(torch.rand(2, 1, SIZE, SIZE, device=device), None, cvt)
    sum(image.square().mean() for image in images).backward()
    return [p.grad.clone() for p in network.parameters() if p.grad is not None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("told", type=Path)
    parser.add_argument("--cpu", action="store_true")
    args = parser.parse_args()
    with process_group(args.cpu) as processes:
        device = processes.device
        summed = torch.arange(4.0, device=device)
        distributed.all_reduce(summed)
        torch.manual_seed(0)
        architecture = Architecture(input_size=SIZE, layers=(1, 1, 1, 1), bn=False, cit=False)
        network = Generator(architecture).to(device)
        alone = gradients(network, device)
        network.zero_grad()
        devices = [device.index] if device.type == "cuda" else None
        parallel = DistributedDataParallel(network, device_ids=devices, **{SYNC_BUFFERS: False})
        pairs = zip(alone, gradients(parallel, device), strict=True)
        told = {
            "backend": distributed.get_backend(),
            "processes": processes.world,
            "all_reduce": summed.tolist(),
            "gradient_difference": max((a - b).abs().max().item() for a, b in pairs),
        }
        args.told.write_text(json.dumps(told))


if __name__ == "__main__":
    main()
