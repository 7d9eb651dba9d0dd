"""Reproducible weights and inputs: every tensor is noise seeded with the CRC-32 of its name.

The golden files hold what the reference networks answer for them.
"""

import json
import zlib
from pathlib import Path

import numpy as np
import torch

GOLDEN = Path(__file__).parents[1] / "golden"


def noise(name: str, shape) -> np.ndarray:
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    return generator.standard_normal(tuple(shape), dtype=np.float32)


def _gain(key: str) -> float:
    if key.endswith(".conv3.weight"):
        return 0.25
    if ".downsample." in key or key.startswith(("deconv5.2.", "colorConv.4.")):
        return 1.0
    if key.startswith("deconv_for_decoder.6."):
        return 0.1
    if "_judge." in key or key.startswith("fc."):
        return 4.0
    return 2.0


def weight(key: str, shape) -> np.ndarray:
    """The float32 values (int64 for counters) of one state-dict entry."""
    tenth = np.float32(0.1)
    if key.endswith("num_batches_tracked"):
        return np.zeros(tuple(shape), np.int64)
    n = noise(key, shape)
    if key.endswith("running_var"):
        return 1 + tenth * np.abs(n)
    if key.endswith("running_mean"):
        return tenth * n
    if ".style.linear." in key:
        damping = np.float32(0.25 if ".adain3." in key else 1)
        return damping * (np.float32(0.3) * n if n.ndim == 2 else 1 + tenth * n)
    if n.ndim == 1:
        return 1 + tenth * n if key.endswith("weight") else np.float32(0.05) * n
    return np.float32(np.sqrt(_gain(key) / np.prod(n.shape[1:]))) * n


@torch.no_grad()
def fill(module: torch.nn.Module) -> torch.nn.Module:
    """Overwrite every entry of the state dict in place."""
    for key, value in module.state_dict().items():
        value.copy_(torch.from_numpy(np.asarray(weight(key, value.shape))))
    return module


def tensor(name: str, shape, kind: str) -> torch.Tensor:
    """An input: kind is sketch ([0, 1]), original ([-1, 1]), feature (>= 0) or tags (0 or 1)."""
    n = noise(name, shape)
    if kind == "tags":
        return torch.from_numpy((n > 1.5).astype(np.float32))
    if kind == "feature":
        return torch.from_numpy(np.maximum(n, np.float32(0)))
    height, width = shape[2:]
    coarse = noise(name + "/coarse", (*shape[:2], 4, 4))
    coarse = coarse.repeat(height // 4, axis=2).repeat(width // 4, axis=3)
    image = np.clip(np.float32(0.5) + np.float32(0.1) * n + np.float32(0.3) * coarse, 0, 1)
    return torch.from_numpy(image if kind == "sketch" else image * np.float32(2) - np.float32(1))


def manifest(name: str) -> dict:
    return json.loads((GOLDEN / "manifests" / f"{name}.json").read_text())


def golden_arrays(name: str) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays of a golden forward pass, and the description of how it was made."""
    with np.load(GOLDEN / f"{name}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    return arrays, json.loads(str(arrays.pop("meta")))
