"""ONNX Runtime as an engine."""

import numpy as np
import onnxruntime

from errors import CheckpointError


class OnnxEngine:
    """Runs a model, the bytes of an ONNX file that `engines.portable` has checked."""

    name = "onnx"

    def __init__(self, model: bytes, source: str, *, gpu: bool = False):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # what fails is raised as well
        available = onnxruntime.get_available_providers()
        providers = ["CPUExecutionProvider"]
        if gpu and "CUDAExecutionProvider" in available:
            providers.insert(0, "CUDAExecutionProvider")
        try:
            self.session = onnxruntime.InferenceSession(model, options, providers=providers)
        except Exception as error:
            # The runtime's exceptions have no common base of their own.
            raise CheckpointError(f"ONNX Runtime cannot run {source}: {_line(error)}") from error

    def __call__(self, sketch: np.ndarray, cvt: np.ndarray) -> np.ndarray:
        (image,) = self.session.run(None, {"sketch": sketch, "cvt": cvt})
        return image


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
