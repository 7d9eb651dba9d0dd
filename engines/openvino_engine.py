"""OpenVINO as an engine."""

import numpy as np
import openvino

from errors import CheckpointError


class OpenvinoEngine:
    """Runs a model, the bytes of an ONNX file that `engines.portable` has checked, on the CPU.

    bf16: compute in it, where the processor does, instead of float32.
    """

    name = "openvino"

    def __init__(self, model: bytes, source: str, *, bf16: bool = False):
        core = openvino.Core()
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
            "PERFORMANCE_HINT": "LATENCY",
        }
        try:
            self.model = core.compile_model(core.read_model(model), "CPU", settings)
        except RuntimeError as error:
            line = " ".join(str(error).split())[:300]
            raise CheckpointError(f"OpenVINO cannot run {source}: {line}") from error

    def __call__(self, sketch: np.ndarray, cvt: np.ndarray) -> np.ndarray:
        return self.model([sketch, cvt])[0].copy()
