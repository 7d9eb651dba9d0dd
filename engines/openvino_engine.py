"""OpenVINO as an engine."""

import numpy as np
import openvino

from engines.engine import one_line, same_count
from errors import CheckpointError


class OpenvinoEngine:
    """Runs the bytes of an ONNX model, which came from `source`, on the CPU.

    bf16: compute in it instead of float32.
    """

    name = "openvino"

    def __init__(self, model: bytes, source: str, *, bf16: bool = False):
        core, self.source = openvino.Core(), source
        settings = {"INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32"}
        try:
            self.model = core.compile_model(core.read_model(model), "CPU", settings)
        except RuntimeError as error:
            raise CheckpointError(f"OpenVINO cannot run {source}: {one_line(error)}") from error

    def __call__(self, sketch: np.ndarray, cvt: np.ndarray) -> np.ndarray:
        try:
            return self.model([same_count(sketch, cvt), cvt])[0].copy()
        except RuntimeError as error:
            raise CheckpointError(f"{self.source} fails: {one_line(error)}") from error
