"""The interface of all engines, and which of them runs a file."""

import importlib.util
from typing import Protocol

import numpy as np

from errors import InputError

ENGINES = ("auto", "torch", "onnx", "openvino")
# The module that an engine needs; it is also the name that pip knows.
_PACKAGES = {"onnx": "onnxruntime", "openvino": "openvino"}


class Engine(Protocol):
    """A generator ready to run, with its tag extractor where it has one."""

    name: str

    def __call__(self, sketch: np.ndarray, cvt: np.ndarray) -> np.ndarray:
        """Line art (B, 1, S, S) in [0, 1] and multi-hot tags (B, cvt_classes), float32, to the
        final image (B, 3, S, S) float32 in [-1, 1]."""


def choose(wanted: str, *, portable: bool, gpu: bool) -> str:
    """The engine for one of ENGINES.

    auto is the one whose first picture is there soonest: a checkpoint runs in torch, because
    converting it takes longer than many pictures, and a `portable` (ONNX) file in OpenVINO, which
    is the fastest on CPUs, or else in ONNX Runtime. With a `gpu`, ONNX Runtime comes first.
    Raises InputError where the engine is not installed or cannot run the file.
    """
    if wanted == "auto":
        if not portable:
            return "torch"
        order = ("onnx", "openvino") if gpu else ("openvino", "onnx")
        for name in order:
            if _is_installed(name):
                return name
        raise InputError(
            "coloring with an ONNX file needs ONNX Runtime or OpenVINO: pip install onnxruntime"
        )
    if wanted == "torch":
        if portable:
            raise InputError("--engine torch runs checkpoints, not ONNX files")
    elif not _is_installed(wanted):
        package = _PACKAGES[wanted]
        raise InputError(f"--engine {wanted} needs {package}: pip install {package}")
    return wanted


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(_PACKAGES[name]) is not None
