"""Line art by sketchKeras (github.com/lllyasviel/sketchKeras): what surrounds its network.

The network sees the high-pass of one color channel at a time, on a 512 px canvas.
"""

import os
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import torch

from errors import InputError
from line_art.keras_file import read_keras_file

CANVAS = 512
BLUR_SIGMA = 3
FAINT = 0.1

Network = Callable[[np.ndarray], np.ndarray]
"""(3, 1, 512, 512) float32 light maps → as many float32 line strengths, 1 = line."""


def draw(image: np.ndarray, network: Network) -> np.ndarray:
    """Extract line art from an (H, W, 3) uint8 image: (h, w) uint8 with the longer side 512."""
    planes, (height, width) = light_map(image)
    strength = network(planes)[:, 0, :height, :width].max(axis=0)
    return line_art(strength)


def light_map(image: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """High-pass of every channel of an (H, W, 3) uint8 image, scaled to a longer side of 512.

    Returns:
        (3, 1, 512, 512) float32, at most 1, the image at the top left and zeros elsewhere, and
        the height and width of the scaled image. An image of one color gives zeros.
    """
    image = _fit(image)
    height, width = image.shape[:2]
    blurred = cv2.GaussianBlur(image, (0, 0), BLUR_SIGMA)
    high_pass = (image.astype(np.float64) - blurred) / 128
    highest = high_pass.max()
    planes = np.zeros((3, 1, CANVAS, CANVAS), np.float32)
    if highest > 0:
        planes[:, 0, :height, :width] = (high_pass / highest).transpose(2, 0, 1)
    return planes, (height, width)


def _fit(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    if height >= width:
        size = (max(1, int(CANVAS / height * width)), CANVAS)
    else:
        size = (CANVAS, max(1, int(CANVAS / width * height)))
    if max(height, width) == CANVAS:
        return image
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def line_art(strength: np.ndarray) -> np.ndarray:
    """Turn line strengths (any floats, 1 = line) into uint8 line art; those under 0.1 are paper."""
    strength = np.where(strength < FAINT, 0, strength.astype(np.float64))
    return np.clip(255 * (1 - strength), 0, 255).astype(np.uint8)


@lru_cache(maxsize=1)
def load(path: Path, engine: str = "torch", device: str = "cpu", bf16: bool = False) -> Network:
    """Load the weights file of sketchKeras as a function.

    Args:
        path: Keras model in HDF5 with layers that `keras_file` knows, whatever runs it.
        engine: "torch", or "keras" with the backend that KERAS_BACKEND names.
        device, bf16: where torch computes, and whether in bfloat16. On "cpu" torch is set to one
            thread: the processes of a stage share the cores.

    Raises InputError when the file is unusable or Keras is not installed.
    """
    graph = read_keras_file(path)
    _check_shapes(graph, path)
    if engine == "keras":
        return _with_keras(path)
    if device == "cpu":
        torch.set_num_threads(1)
    graph = graph.to(device, memory_format=torch.channels_last)
    batch = 1 if device == "cpu" else 3

    @torch.inference_mode()
    def network(planes: np.ndarray) -> np.ndarray:
        parts = []
        for part in torch.from_numpy(planes).to(device).split(batch):
            part = part.contiguous(memory_format=torch.channels_last)
            with torch.autocast(device, torch.bfloat16, enabled=bf16):
                parts.append(graph(part).float().cpu())
        return torch.cat(parts).numpy()

    return network


@torch.inference_mode()
def _check_shapes(graph: torch.nn.Module, path: Path) -> None:
    try:
        shape = tuple(graph(torch.zeros(1, 1, 64, 64)).shape)
    except RuntimeError as error:
        raise InputError(f"{path} is no network for line art: {error}") from error
    if shape != (1, 1, 64, 64):
        raise InputError(f"{path} is no network for line art: it makes {shape} of (1, 1, 64, 64)")


def _with_keras(path: Path) -> Network:
    backend = "tensorflow" if find_spec("tensorflow") else "torch"
    os.environ.setdefault("KERAS_BACKEND", backend)
    try:
        import keras
    except ImportError as error:
        raise InputError(f"--engine keras needs Keras: pip install keras ({error})") from error
    try:
        model = keras.models.load_model(path, compile=False)
    except (ValueError, TypeError) as error:
        raise InputError(f"Keras cannot load {path}: {error}") from error

    def network(planes: np.ndarray) -> np.ndarray:
        return model.predict_on_batch(planes.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)

    return network
