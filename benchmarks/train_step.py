"""Images per second and memory of a training step, beside the published iteration done plainly.

Both take turns in one run, on the same batch of noise, on CPUs with the memory that training keeps;
so the plain one has fewer page faults than by itself. Memory is measured in a process of its own
for each. A CUDA GPU is used when there is one.
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
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.plain_training import PlainTraining
from command_line import console
from command_line.parser import Parser
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


def build_parser() -> Parser:
    parser = Parser(description=__doc__, epilog=EXAMPLE)
    add = parser.add_argument
    add("--size", type=int, nargs="+", default=[256], metavar="PX")
    add("--batch", type=int, nargs="+", default=[2], metavar="N")
    add("--precision", nargs="+", default=["off", "auto"], metavar="KIND",
        help="of our step: off, bf16, fp16, auto; the plain one is float32")  # fmt: skip
    add("--layers", type=int, nargs=4, default=[12, 8, 5, 5], metavar="N")
    add("--steps", type=int, default=5, metavar="N", help="timed steps of each; the median counts")
    add("--grad_accum", type=int, default=1, metavar="N", help="of our step")
    add("--no_bn", action="store_true", help="as the 512 px networks are trained")
    add("--no_cit", action="store_true")
    add("--no_memory", action="store_true", help="measure time alone")
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
    return autocast_dtype("off" if kind == "contiguous" else kind, device)


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


def memory(kind: str, size: int, count: int, args: argparse.Namespace) -> float:
    """MiB that networks and two steps take at most; runs in a process of its own."""
    device = default_device(args.cpu)
    if kind != "plain" and device.type == "cpu":
        keep_freed_memory()
    before = used_memory(device)
    training = build(kind, size, args)
    batch = noise(size, count, device)
    for _ in range(2):
        seconds_per_step(training, batch, device)
    return (peak_memory(device) - before) / 2**20


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


def compare(size: int, count: int, args: argparse.Namespace) -> None:
    device = default_device(args.cpu)
    kinds = ["plain", *args.precision, *["contiguous"] * args.contiguous]
    trainings = {kind: build(kind, size, args) for kind in kinds}
    batch = noise(size, count, device)
    times = {kind: [] for kind in kinds}
    for step in Progress(range(args.steps + 1), f"{size} px, {count}", unit="step", leave=False):
        for kind, training in trainings.items():
            seconds = seconds_per_step(training, batch, device)
            if step:  # the first prepares kernels
                times[kind].append(seconds)
    with FlopCounterMode(display=False) as counter:
        trainings[kinds[1]].training_step(batch)
    del trainings
    megabytes = dict.fromkeys(kinds, float("nan"))
    if not args.no_memory:
        for kind in kinds:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                megabytes[kind] = pool.apply(memory, (kind, size, count, args))
    plain = statistics.median(times["plain"])
    for kind in kinds:
        seconds = statistics.median(times[kind])
        reached = counter.get_total_flops() / seconds / 1e12
        share = "" if kind == "plain" else f"{reached / peak_arithmetic(kind, device):7.0%}"
        print(
            f"{size:5} {count:5} {kind:>9} {seconds:8.3f} {count / seconds:9.2f} "
            f"{plain / seconds:6.2f}x {megabytes[kind]:9.0f} "
            f"{megabytes[kind] / megabytes['plain']:7.0%} {share}",
            flush=True,
        )


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    device = default_device(args.cpu)
    torch.backends.cudnn.benchmark = True
    if device.type == "cpu":
        keep_freed_memory()
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    print(f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(" size batch precision   s/step  images/s   faster       MiB  of plain  of peak")
    for size in args.size:
        for count in args.batch:
            compare(size, count, args)
    return 0


if __name__ == "__main__":
    console.end(console.exit_code(main))
