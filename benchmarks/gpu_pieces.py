"""What `gpu.py` measures: each piece returns numbers that fit into JSON."""

import statistics
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import torch
from torch import nn

from benchmarks import gpu_convolutions, gpu_graphs, gpu_runs, infer, train_step
from benchmarks.gpu_scale import Scale
from command_line import console
from hardware.device import default_device
from hardware.memory import peak_memory, used_memory

PROJECT = Path(__file__).resolve().parents[1]


class Piece(NamedTuple):
    """What to measure, and about how many minutes it takes at most on a GPU for servers."""

    function: Callable[[], dict[str, Any]]
    minutes: float


def all_pieces(scale: Scale) -> dict[str, Piece]:
    """By name, in the order of the table."""
    small, large = scale.small, scale.large
    found = {
        "goldens": Piece(partial(goldens, scale), 3),
        "number formats": Piece(partial(number_formats, scale), 3),
        "exact resume": Piece(partial(gpu_runs.exact_resume, scale), 5),
        "grad_accum": Piece(partial(grad_accum, scale), 3),
        "torchrun": Piece(partial(gpu_runs.torchrun, scale), 4),
        "compile": Piece(partial(compiling, scale), 8),
    }
    for size, batches, bn in ((small, scale.train_small, True), (large, scale.train_large, False)):
        for batch in batches:
            name = f"train {size} px{'' if bn else ', no BN'}, batch {batch}"
            found[name] = Piece(partial(train, scale, size, batch, bn), 3)
    for size, batches in ((small, scale.color_small), (large, scale.color_large)):
        for batch in batches:
            found[f"color {size} px, batch {batch}"] = Piece(partial(color, scale, size, batch), 2)
            if not scale.cpu:
                name = f"graph {size} px, batch {batch}"
                found[name] = Piece(partial(graph, scale, size, batch), 2)
    for size in (small, large):
        name = f"loader {size} px"
        found[name] = Piece(partial(gpu_runs.loader, scale, size), 3)
    for size, batches, bn in ((small, scale.train_small, True), (large, scale.train_large, False)):
        batch = batches[len(batches) // 2]
        name = f"convolutions {size} px, batch {batch}"
        function = partial(gpu_convolutions.shares, scale.cpu, scale.layers, size, batch, bn)
        found[name] = Piece(function, 4)
    return found


def goldens(scale: Scale) -> dict[str, Any]:
    """The tests' golden values, in float32 without TF32, and of the iterations in float64, too."""
    sys.path.insert(0, str(PROJECT / "tests" / "support"))
    import goldens as golden

    device = default_device(scale.cpu)
    without_tf32()
    compared = {name: golden.forward(name, device) for name in golden.FORWARD}
    compared["first iteration"] = golden.first_iteration_in_single(device)
    for case in ("train_a", "train_b"):
        compared[f"{case} in float64"] = golden.iterations_in_double(case, device)
    return {
        f"{name}: {output}": one._asdict()
        for name, outputs in compared.items()
        for output, one in outputs.items()
    }


def number_formats(scale: Scale) -> dict[str, Any]:
    """The terms of a training step, and the direction of the gradients of the L1 terms, beside
    float32. Batch statistics would amplify any difference, so the generator has none."""
    device = default_device(scale.cpu)
    kinds = {"float32": "off", "tf32": "off", "bf16": "bf16"}
    if device.type == "cuda":
        kinds["fp16"] = "fp16"
    torch.manual_seed(1)
    batch = train_step.noise(scale.small, scale.checked_batch, device)
    found, wanted = {}, None
    for name, precision in kinds.items():
        trainings = [
            train_step.build(precision, scale.small, flags(scale, scale.small, "--no_bn"))
            for _ in range(2)
        ]
        without_tf32() if name == "float32" else with_tf32()
        for training in trainings:
            if training.scaler_g.is_enabled():  # it starts at 2 ** 16, which may overflow at first
                training.scaler_g.scale(torch.zeros(1, device=device))
                training.scaler_g.update(2.0**8)
        terms = trainings[0].training_step(batch)
        trainings[1].reconstruction_step(batch)
        parameters = trainings[1].generator.parameters()
        gradient = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None]).double()
        wanted = gradient if wanted is None else wanted
        found[name] = {
            "terms": {term: float(value) for term, value in terms.items()},
            "cosine": float(nn.functional.cosine_similarity(gradient, wanted, dim=0)),
        }
        del trainings
    return found


def grad_accum(scale: Scale) -> dict[str, Any]:
    """Batches in parts: the gradients beside those of the whole batch, without batch statistics in
    either network; memory and seconds of a step."""
    device, wanted, found = default_device(scale.cpu), None, {}
    without_tf32()
    for parts in (1, 2, 4):
        given = flags(scale, scale.small, "--no_bn", "--grad_accum", parts)
        training = train_step.build("off", scale.small, given)
        without_tf32()
        training.discriminator.eval()
        torch.manual_seed(1)
        batch = train_step.noise(scale.small, scale.checked_batch, device)
        training.training_step(batch)
        networks = (training.generator, training.discriminator)
        gradients = [
            torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
            for network in networks
        ]
        wanted = wanted or gradients
        found[str(parts)] = {
            name: float((one - other).norm() / other.norm())
            for name, one, other in zip(
                ("generator", "discriminator"), gradients, wanted, strict=True
            )
        }
        del training
        found[str(parts)] |= in_own_process(_steps, "off", scale.small, scale.checked_batch, given)
    return found


def compiling(scale: Scale) -> dict[str, Any]:
    """Seconds of a step, and until the first one is done, with `--compile` and without."""
    device = default_device(scale.cpu)
    batch = train_step.noise(scale.small, scale.checked_batch, device)
    found = {}
    for name, words in (("plain", ()), ("compiled", ("--compile",))):
        compiled = partial(nn.Module.compile, backend=scale.compiler)
        given = flags(scale, scale.small, *words)
        with mock.patch.object(nn.Module, "compile", lambda self, call=compiled: call(self)):
            training = train_step.build("bf16", scale.small, given)
        first = train_step.seconds_per_step(training, batch, device)
        times = [
            train_step.seconds_per_step(training, batch, device) for _ in range(scale.steps + 1)
        ]
        found[name] = {"first": first, "seconds": statistics.median(times[1:])}
        del training
    return found


def train(scale: Scale, size: int, batch: int, bn: bool) -> dict[str, Any]:
    """Seconds and memory of a training step, beside the plain iteration, each in its process."""
    given = flags(scale, size, *([] if bn else ["--no_bn"]))
    kinds = ["plain", "off", "bf16"] + ["fp16"] * (not scale.cpu)
    return {kind: in_own_process(_steps, kind, size, batch, given) for kind in kinds}


def color(scale: Scale, size: int, batch: int) -> dict[str, Any]:
    """Seconds and memory of coloring, beside the published way."""
    kinds = ["plain", "torch off", "torch bf16"] + ["torch fp16"] * (not scale.cpu)
    return {kind: in_own_process(_passes, kind, size, batch, scale) for kind in kinds}


def graph(scale: Scale, size: int, batch: int) -> dict[str, Any]:
    """The same in bf16 as one CUDA graph, beside "plain" without."""
    kinds = {"plain": "torch bf16", "graph": "graph bf16"}
    return {name: in_own_process(_passes, kind, size, batch, scale) for name, kind in kinds.items()}


def _steps(kind: str, size: int, batch: int, given) -> dict[str, float]:
    turns = train_step.Turns(kind, size, batch, given)
    times = [turns.step() for _ in range(train_step.UNTIMED + given.steps)]
    return _measured(times[train_step.UNTIMED :], turns.device, turns.before)


def _passes(kind: str, size: int, batch: int, scale: Scale) -> dict[str, float]:
    device = default_device(scale.cpu)
    torch.backends.cudnn.benchmark = True
    before = used_memory(device)
    given = infer.inputs(size, batch)
    if kind.startswith("graph "):
        engine = infer.build(kind.replace("graph", "torch"), size, device)
        coloring = gpu_graphs.GraphedEngine(engine, *given)
    else:
        coloring = infer.build(kind, size, device)
    times = [infer.seconds(coloring, given) for _ in range(scale.steps + 2)]
    return _measured(times[2:], device, before)


def _measured(times: list[float], device: torch.device, before: int) -> dict[str, float]:
    megabytes = (peak_memory(device) - before) / 2**20
    return {"seconds": statistics.median(times), "megabytes": megabytes}


def in_own_process(function: Callable[..., dict], *arguments) -> dict[str, Any]:
    """What it returns; `{"out_of_memory": True}` where there was not enough."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(function, *arguments).result()
        except Exception as error:
            if not console.is_out_of_memory(error):
                raise
            return {"out_of_memory": True}


def flags(scale: Scale, size: int, *more):
    """Those of train_step.py."""
    words = ["--size", size, "--steps", scale.steps, "--layers", *scale.layers, *more]
    return train_step.build_parser().parse_args([*map(str, words), *["--cpu"] * scale.cpu])


def without_tf32() -> None:
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False


def with_tf32() -> None:
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
