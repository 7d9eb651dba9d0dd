"""The interface of all engines, and which of them runs a file."""

import importlib.util
from typing import Protocol

import numpy as np

from errors import InputError

# The module that an engine needs; it is also the name that pip knows.
_PACKAGES = {"onnx": "onnxruntime", "openvino": "openvino"}


class Engine(Protocol):
    """A generator ready to run, with its tag extractor where it has one."""

    name: str

    def __call__(self, sketch: np.ndarray, cvt: np.ndarray) -> np.ndarray:
        """Line art (B, 1, S, S) in [0, 1], or one piece for all, and multi-hot tags
        (B, cvt_classes), both float32, to the final image (B, 3, S, S) float32 in [-1, 1]."""


def choose(wanted: str, *, portable: bool) -> str:
    """The engine for one of ENGINES.

    auto is the one whose first pictures are there soonest: a checkpoint runs in torch, because
    converting it takes longer than many pictures do, and a `portable` (ONNX) file in OpenVINO, the
    fastest, or else in ONNX Runtime. Raises InputError where the engine is not installed or cannot
    run the file.
    """
    if wanted == "auto" and not portable:
        return "torch"
    if wanted == "auto":
        for name in ("openvino", "onnx"):
            if _is_installed(name):
                return name
        raise InputError(
            "coloring with an ONNX file needs OpenVINO or ONNX Runtime: pip install openvino"
        )
    if wanted == "torch" and portable:
        raise InputError("--engine torch runs checkpoints (*.pkl), not ONNX files")
    if wanted != "torch" and not _is_installed(wanted):
        package = _PACKAGES[wanted]
        raise InputError(f"--engine {wanted} needs {package}: pip install {package}")
    return wanted


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(_PACKAGES[name]) is not None


def one_line(error: Exception) -> str:
    """What an engine says of a model that it cannot run, short enough for one line."""
    return " ".join(str(error).split())[:300]


def same_count(sketch: np.ndarray, cvt: np.ndarray) -> np.ndarray:
    """The line art as often as there are tag vectors."""
    return np.ascontiguousarray(np.broadcast_to(sketch, (len(cvt), *sketch.shape[1:])))
