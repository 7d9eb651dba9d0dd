"""Images per second and memory of a training step, beside the published iteration done plainly.

Each lives in a process of its own, and all take turns in one run, on the same batch of noise. On
CPUs ours keep freed memory, as `main.py` does. Memory is the most that networks, optimizers and all
steps together take. A CUDA GPU is used when there is one.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
import contextlib
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.plain_training import PlainTraining
from command_line import console
from command_line.parser import Parser
from errors import InputError
from hardware import PRECISIONS
from hardware.device import autocast_dtype, default_device
from hardware.memory import keep_freed_memory, peak_memory, used_memory
from hardware.processes import Processes
from loader.dataset import Pair
from network import TagExtractor
from network.architecture import Architecture
from network.loss import ChangingLoss
from progress import Progress
from tag2pix import Tag2Pix

EXAMPLE = "example: python benchmarks/train_step.py --size 256 --batch 2 --precision off bf16"
UNTIMED = 2  # steps, in which kernels and memory are prepared


def build_parser() -> Parser:
    parser = Parser(description=__doc__, epilog=EXAMPLE)
    add = parser.add_argument
    add("--size", type=int, nargs="+", default=[256], metavar="PX")
    add("--batch", type=int, nargs="+", default=[2], metavar="N")
    add("--precision", nargs="+", default=["off", "auto"], metavar="KIND", choices=PRECISIONS,
        help="of our step: off, bf16, fp16, auto; the plain one is float32")  # fmt: skip
    add("--layers", type=int, nargs=4, default=[12, 8, 5, 5], metavar="N")
    add("--steps", type=int, default=5, metavar="N", help="timed steps of each; the median counts")
    add("--grad_accum", type=int, default=1, metavar="N", help="of our step")
    add("--no_bn", action="store_true", help="as the 512 px networks are trained")
    add("--no_cit", action="store_true")
    add("--compile", action="store_true", help="of our step")
    add("--contiguous", action="store_true", help="also our step in float32 without channels-last")
    add("--cpu", action="store_true", help="use no GPU")
    return parser


def build(kind: str, size: int, args: argparse.Namespace):
    """The networks in training: "plain", ours in the precision `kind`, or ours "contiguous"."""
    torch.manual_seed(0)
    device = default_device(args.cpu)
    architecture = Architecture(
        input_size=size, layers=tuple(args.layers), bn=not args.no_bn, cit=not args.no_cit
    )
    extractor = None if args.no_cit else TagExtractor(truncated=True)
    if kind == "plain":
        return PlainTraining(architecture, extractor, device)
    torch.set_float32_matmul_precision("high" if device.type == "cuda" else "highest")
    training = Tag2Pix(
        architecture,
        ChangingLoss(cit=architecture.cit),
        extractor,
        dtype=precision(kind, device),
        grad_accum=args.grad_accum,
        compiled=args.compile,
        processes=Processes(device=device),
    )
    if kind == "contiguous":
        for network in filter(None, (training.generator, training.discriminator, extractor)):
            network.to(memory_format=torch.contiguous_format)
    return training


def precision(kind: str, device: torch.device) -> torch.dtype | None:
    """What a step of `kind` computes in; None for float32."""
    return autocast_dtype("off" if kind in ("plain", "contiguous") else kind, device)


def noise(size: int, batch: int, device: torch.device) -> Pair:
    original = torch.rand(batch, 3, size, size) * 2 - 1
    tags = [(torch.rand(batch, classes) < 0.05).float() for classes in (370, 115)]
    tensors = (original, torch.rand(batch, 1, size, size), *tags)
    return Pair(*(tensor.to(device) for tensor in tensors), broken="")


def seconds_per_step(training, batch: Pair, device: torch.device) -> float:
    started = time.perf_counter()
    training.training_step(batch)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started


def peak_arithmetic(kind: str, device: torch.device) -> float:
    """TFLOP/s of one large matrix product in the number format of `kind`."""
    side = 8192 if device.type == "cuda" else 2048
    dtype = precision(kind, device) or torch.float32
    left, right = (torch.rand(side, side, device=device, dtype=dtype) for _ in range(2))
    times = []
    for _ in range(5):
        started = time.perf_counter()
        left @ right
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - started)
    return 2 * side**3 / min(times) / 1e12


class Turns:
    """A training in the process that makes this, which takes a step when it is its turn."""

    def __init__(self, kind: str, size: int, count: int, args: argparse.Namespace):
        self.kind, self.device = kind, default_device(args.cpu)
        torch.backends.cudnn.benchmark = True
        if kind != "plain" and self.device.type == "cpu":
            keep_freed_memory()
        self.before = used_memory(self.device)
        self.training = build(kind, size, args)
        self.batch = noise(size, count, self.device)

    def step(self) -> float:
        """The seconds of one step."""
        return seconds_per_step(self.training, self.batch, self.device)

    def end(self) -> tuple[float, float, float]:
        """MiB that everything took at most, TFLOP in a step, and TFLOP/s of a matrix product."""
        megabytes = (peak_memory(self.device) - self.before) / 2**20
        with FlopCounterMode(display=False) as counter:
            self.step()
        return megabytes, counter.get_total_flops() / 1e12, peak_arithmetic(self.kind, self.device)


def begin(*arguments) -> None:
    """Keep a training for later calls in this process, which is one of a pool."""
    global turns
    turns = Turns(*arguments)


def take_turn() -> float:
    return turns.step()


def end_turns() -> tuple[float, float, float]:
    return turns.end()


def compare(size: int, count: int, args: argparse.Namespace) -> None:
    kinds = ["plain", *args.precision, *["contiguous"] * args.contiguous]
    times = {kind: [] for kind in kinds}
    with contextlib.ExitStack() as stack:
        pools = {}
        for kind in kinds:
            pools[kind] = stack.enter_context(ProcessPoolExecutor(1, get_context("spawn")))
            pools[kind].submit(begin, kind, size, count, args).result()
        rounds = range(UNTIMED + args.steps)
        for number in Progress(rounds, f"{size} px, {count}", unit="step", leave=False):
            for kind, pool in pools.items():
                seconds = pool.submit(take_turn).result()
                if number >= UNTIMED:
                    times[kind].append(seconds)
        ends = {kind: pool.submit(end_turns).result() for kind, pool in pools.items()}
    for kind in kinds:
        seconds = statistics.median(times[kind])
        megabytes, work, peak = ends[kind]
        # Each turn's own ratio: what else the machine does then slows both.
        faster = statistics.median(a / b for a, b in zip(times["plain"], times[kind], strict=True))
        print(
            f"{size:5} {count:5} {kind:>9} {seconds:8.3f} {count / seconds:9.2f} {faster:6.2f}x "
            f"{megabytes:9.0f} {megabytes / ends['plain'][0]:7.0%} {work / seconds / peak:7.0%}",
            flush=True,
        )


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    device = default_device(args.cpu)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    print(f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(" size batch precision   s/step  images/s   faster       MiB  of plain  of peak")
    for size in args.size:
        if size % 16:
            raise InputError(f"--size {size} is not a multiple of 16")
        for count in args.batch:
            compare(size, count, args)
    return 0


if __name__ == "__main__":
    console.end(console.exit_code(main))
