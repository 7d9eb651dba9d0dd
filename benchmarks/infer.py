"""Milliseconds per image and memory of every engine, beside the published forward pass.

The difference is the largest of all values to the published way, in 256 levels. All take turns in
one run on the same line art of noise. Memory is the most that reading the networks, preparing them
and two passes take in a process of its own, in which there were only the packages of PyTorch before
(ONNX Runtime and OpenVINO, and the exported file, count); on a GPU, what PyTorch takes there. A
CUDA GPU is used when there is one.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.plain_operations import plain_operations
from checkpoints.checkpoint import Position, Record
from command_line import console
from command_line.parser import Parser
from engines import ENGINES
from engines.engine import Engine
from engines.load import engine_of_file, engine_of_networks
from engines.painter import painter
from engines.portable import PortableNetwork, onnx_bytes
from hardware.device import autocast_dtype, default_device
from hardware.memory import peak_memory, used_memory
from loader.tags import load_vocabulary
from network import Generator, TagExtractor
from network.architecture import Architecture
from progress import Progress

EXAMPLE = "example: python benchmarks/infer.py --size 256 512 --engine all --precision off bf16"


def build_parser() -> Parser:
    parser = Parser(description=__doc__, epilog=EXAMPLE)
    add = parser.add_argument
    add("--size", type=int, nargs="+", default=[256, 512], metavar="PX")
    add("--batch", type=int, nargs="+", default=[1], metavar="N")
    add("--engine", nargs="+", default=["torch"], choices=(*ENGINES[1:], "all"), metavar="NAME",
        help=f"{', '.join(ENGINES[1:])}, or all")  # fmt: skip
    add("--precision", nargs="+", default=["off", "bf16"], metavar="KIND",
        help="of ours: off, bf16, fp16, auto; the published one is float32")  # fmt: skip
    add("--runs", type=int, default=10, metavar="N", help="timed passes; the median counts")
    add("--no_memory", action="store_true", help="measure time alone")
    add("--cpu", action="store_true", help="use no GPU")
    return parser


class Plain:
    """The published way: both networks in the default layout, in float32, with the guide image."""

    def __init__(self, generator: Generator, extractor: TagExtractor, device: torch.device):
        self.networks = generator.to(device), extractor.to(device)
        self.device = device

    @plain_operations()
    @torch.inference_mode()
    def __call__(self, sketch: np.ndarray, cvt: np.ndarray) -> np.ndarray:
        generator, extractor = self.networks
        sketches, tags = (torch.from_numpy(array).to(self.device) for array in (sketch, cvt))
        return generator(sketches, extractor(sketches), tags)[0].cpu().numpy()


def architecture_of(size: int) -> Architecture:
    """As the published networks: those of 512 px have no batch normalization."""
    return Architecture(input_size=size, bn=size < 512)


def networks_of(size: int) -> tuple[Generator, TagExtractor]:
    torch.manual_seed(0)
    return Generator(architecture_of(size)).eval(), TagExtractor(truncated=True).eval()


def build(kind: str, size: int, device: torch.device, model: Path | None = None) -> Plain | Engine:
    """ "plain", or an engine and a precision with a space between. Engines other than torch read
    the networks from the file `model`."""
    if kind == "plain":
        return Plain(*networks_of(size), device)
    name, precision = kind.split()
    dtype, architecture = autocast_dtype(precision, device), architecture_of(size)
    if name == "torch":
        return engine_of_networks(name, architecture, *networks_of(size), device, dtype)
    description = architecture, load_vocabulary(), Position(), Record()
    return engine_of_file(
        name, PortableNetwork(model, model.read_bytes(), *description), device, dtype
    )


def is_portable(kind: str) -> bool:
    return kind != "plain" and not kind.startswith("torch ")


def kinds_of(args: argparse.Namespace) -> list[str]:
    """All that are compared: ONNX Runtime computes in float32 alone."""
    engines = [name for name in ENGINES if name != "auto"] if "all" in args.engine else args.engine
    kinds = [f"{engine} {precision}" for precision in args.precision for engine in engines]
    return ["plain", *(kind for kind in kinds if "onnx" not in kind or kind == "onnx off")]


def seconds(coloring: Plain | Engine, given: tuple[np.ndarray, np.ndarray]) -> float:
    started = time.perf_counter()
    coloring(*given)
    return time.perf_counter() - started


def inputs(size: int, batch: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    sketch = generator.random((batch, 1, size, size), np.float32)
    return sketch, (generator.random((batch, 115)) < 0.05).astype(np.float32)


def memory(kind: str, size: int, batch: int, cpu: bool, model: Path) -> float:
    """MiB that the networks and two passes take at most, NaN where torch does not know; runs in a
    process of its own."""
    device = default_device(cpu)
    if device.type == "cuda" and is_portable(kind):
        return float("nan")
    before = used_memory(device)
    coloring, given = build(kind, size, device, model), inputs(size, batch)
    for _ in range(2):
        coloring(*given)
    return (peak_memory(device) - before) / 2**20


def compare(size: int, batch: int, args: argparse.Namespace, model: Path) -> None:
    device, kinds = default_device(args.cpu), kinds_of(args)
    if any(map(is_portable, kinds)):
        model.write_bytes(onnx_bytes(architecture_of(size), painter(*networks_of(size))))
    colorings = {kind: build(kind, size, device, model) for kind in kinds}
    given = inputs(size, batch)
    first = {kind: coloring(*given) for kind, coloring in colorings.items()}  # prepares kernels
    times = {kind: [] for kind in kinds}
    for _ in Progress(range(args.runs), f"{size} px, {batch}", unit="pass", leave=False):
        for kind, coloring in colorings.items():
            times[kind].append(seconds(coloring, given))
    del colorings
    for kind in kinds:
        megabytes = float("nan")
        if not args.no_memory:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                megabytes = pool.apply(memory, (kind, size, batch, args.cpu, model))
        # Each turn's own ratio: what else the machine does then slows both.
        faster = statistics.median(a / b for a, b in zip(times["plain"], times[kind], strict=True))
        levels = 127.5 * np.abs(first[kind] - first["plain"]).max()
        milliseconds = 1000 * statistics.median(times[kind]) / batch
        print(
            f"{size:5} {batch:5} {kind:>13} {milliseconds:9.1f} {faster:6.2f}x "
            f"{megabytes:8.0f} {levels:10.3f}",
            flush=True,
        )


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    torch.backends.cudnn.benchmark = True
    device = default_device(args.cpu)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    print(f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(" size batch        engine  ms/image  faster      MiB  difference")
    with tempfile.TemporaryDirectory() as folder:
        for size in args.size:
            for batch in args.batch:
                compare(size, batch, args, Path(folder) / "networks.onnx")
    return 0


if __name__ == "__main__":
    console.end(console.exit_code(main))
