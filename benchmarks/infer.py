"""Milliseconds per image and memory of coloring, beside the plain forward pass.

All kinds take turns in one run on the same line art of noise; memory is measured in a process of
its own for each. A CUDA GPU is used when there is one.
"""

import argparse
import multiprocessing
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from command_line import console

if __name__ == "__main__":
    console.prepare()

import torch
from tqdm import tqdm

from hardware.device import autocast, autocast_dtype, default_device
from hardware.memory import peak_memory, used_memory
from network import Generator, TagExtractor
from network.architecture import Architecture

EXAMPLE = "example: python benchmarks/infer.py --size 256 512 --batch 1 --precision off bf16"


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    add = parser.add_argument
    add("--size", type=int, nargs="+", default=[256, 512], metavar="PX")
    add("--batch", type=int, nargs="+", default=[1], metavar="N")
    add("--precision", nargs="+", default=["off", "bf16"], metavar="KIND",
        help="of our pass: off, bf16, fp16, auto; the plain one is float32")  # fmt: skip
    add("--runs", type=int, default=10, metavar="N", help="timed passes; the median counts")
    add("--no_memory", action="store_true", help="measure time alone")
    add("--cpu", action="store_true", help="use no GPU")
    return parser


class Coloring:
    """Tag extractor and generator: "plain" in the default layout, else channels-last in the
    precision `kind`."""

    def __init__(self, kind: str, size: int, device: torch.device):
        torch.manual_seed(0)
        layout = torch.contiguous_format if kind == "plain" else torch.channels_last
        # 512 px networks have no batch normalization.
        networks = (
            Generator(Architecture(input_size=size, bn=size < 512)),
            TagExtractor(truncated=True),
        )
        self.generator, self.extractor = (
            network.eval().to(device, memory_format=layout) for network in networks
        )
        self.device = device
        self.dtype = None if kind == "plain" else autocast_dtype(kind, device)

    @torch.inference_mode()
    def seconds(self, sketch: torch.Tensor, cvt: torch.Tensor) -> float:
        started = time.perf_counter()
        with autocast(self.device, self.dtype):
            final, _ = self.generator(sketch, self.extractor(sketch), cvt)
        final.float().cpu()
        return time.perf_counter() - started


def inputs(size: int, batch: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    sketch = torch.rand(batch, 1, size, size)
    return sketch.to(device), (torch.rand(batch, 115) < 0.05).float().to(device)


def memory(kind: str, size: int, batch: int, cpu: bool) -> float:
    """MiB that the networks and two passes take at most; runs in a process of its own."""
    device = default_device(cpu)
    before = used_memory(device)
    coloring, given = Coloring(kind, size, device), inputs(size, batch, device)
    for _ in range(2):
        coloring.seconds(*given)
    return (peak_memory(device) - before) / 2**20


def compare(size: int, batch: int, args: argparse.Namespace) -> None:
    device = default_device(args.cpu)
    kinds = ["plain", *args.precision]
    colorings = {kind: Coloring(kind, size, device) for kind in kinds}
    given = inputs(size, batch, device)
    times = {kind: [] for kind in kinds}
    for run in tqdm(range(args.runs + 1), f"{size} px, {batch}", unit="pass", leave=False):
        for kind, coloring in colorings.items():
            seconds = coloring.seconds(*given)
            if run:  # the first prepares kernels
                times[kind].append(seconds)
    del colorings
    for kind in kinds:
        megabytes = float("nan")
        if not args.no_memory:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                megabytes = pool.apply(memory, (kind, size, batch, args.cpu))
        seconds = statistics.median(times[kind])
        print(
            f"{size:5} {batch:5} {kind:>9} {1000 * seconds / batch:9.1f} "
            f"{statistics.median(times['plain']) / seconds:6.2f}x {megabytes:8.0f}",
            flush=True,
        )


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    torch.backends.cudnn.benchmark = True
    device = default_device(args.cpu)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    print(f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(" size batch precision  ms/image  faster      MiB")
    for size in args.size:
        for batch in args.batch:
            compare(size, batch, args)
    return 0


if __name__ == "__main__":
    console.end(console.exit_code(main))
