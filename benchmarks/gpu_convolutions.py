"""How much of the generator's time its convolutions alone take."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from engines.painter import painter
from hardware.device import autocast, default_device
from network import Generator
from network.architecture import Architecture

RUNS = 5
FEATURES = 512


def shares(
    cpu: bool, layers: tuple[int, ...], size: int, batch: int, bn: bool
) -> dict[str, dict[str, Any]]:
    """Seconds of the generator and of its convolutions alone, on the same inputs: coloring as
    `TorchEngine` does it, and forward and backward as in training."""
    device = default_device(cpu)
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high" if device.type == "cuda" else "highest")
    formats = {"float32" if cpu else "tf32": None, "bf16": torch.bfloat16}
    found = {}
    for name, dtype in formats.items():
        torch.manual_seed(0)
        generator = Generator(Architecture(input_size=size, layers=layers, bn=bn))
        given = (
            torch.rand(batch, 1, size, size),
            torch.rand(batch, FEATURES, size // 8, size // 8),
            torch.zeros(batch, 115),
        )
        given = [value.to(device) for value in given]
        colors = painter(generator, None).generator.to(device, memory_format=torch.channels_last)
        with torch.inference_mode():
            found[f"coloring, {name}"] = _share(colors, given, device, dtype, backward=False)
        del colors
        generator.to(device, memory_format=torch.channels_last).train()
        found[f"training, {name}"] = _share(generator, given, device, dtype, backward=True)
    return found


def _share(
    network: nn.Module,
    given: list[Tensor],
    device: torch.device,
    dtype: torch.dtype | None,
    *,
    backward: bool,
) -> dict[str, float]:
    def work(module: nn.Module, inputs: list[Tensor]) -> Callable[[], None]:
        return partial(_pass, module, inputs, device, dtype, backward)

    whole = work(network, given)
    seen: list[tuple[nn.Module, Tensor]] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append((module, inputs[0].detach()))

    hooks = [
        module.register_forward_pre_hook(note)
        for module in network.modules()
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)
    ]
    whole()
    for hook in hooks:
        hook.remove()
    parts = [work(module, [value.clone().requires_grad_(backward)]) for module, value in seen]
    seconds = _seconds(whole, device)
    alone = _seconds(lambda: [part() for part in parts], device)
    return {
        "seconds": seconds,
        "convolutions": alone,
        "share": alone / seconds,
        "count": len(parts),
    }


def _pass(
    module: nn.Module,
    given: list[Tensor],
    device: torch.device,
    dtype: torch.dtype | None,
    backward: bool,
) -> None:
    """Through a module, and back where that is wanted."""
    with autocast(device, dtype):
        value = module(*given)
    if not backward:
        return
    values = [one for one in (value if isinstance(value, tuple) else (value,)) if one is not None]
    module.zero_grad()
    torch.autograd.backward(values, [torch.ones_like(one) for one in values])


def _seconds(run: Callable[[], Any], device: torch.device) -> float:
    times = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])  # the first chooses kernels
