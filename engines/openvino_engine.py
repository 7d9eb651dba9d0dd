"""OpenVINO as an engine."""

import numpy as np
import openvino

from engines.engine import one_line, same_count
from errors import CheckpointError


class OpenvinoEngine:
    """Runs the bytes of an ONNX model, which came from `source`, on the CPU.

    It paints one picture after the other: all cores work on one, and kernels for a shape that is
    known beforehand are a little faster at 256 px. bf16: compute in it instead of float32.
    """

    name = "openvino"

    def __init__(self, model: bytes, source: str, *, bf16: bool = False):
        core, self.source = openvino.Core(), source
        settings = {"INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32"}
        try:
            graph = core.read_model(model)
            graph.reshape({port: [1, *port.partial_shape[1:]] for port in graph.inputs})
            self.model = core.compile_model(graph, "CPU", settings)
        except RuntimeError as error:
            raise CheckpointError(f"OpenVINO cannot run {source}: {one_line(error)}") from error

    def __call__(self, sketch: np.ndarray, cvt: np.ndarray) -> np.ndarray:
        pairs = zip(same_count(sketch, cvt)[:, None], cvt[:, None], strict=True)
        try:
            return np.concatenate([self.model([*pair])[0] for pair in pairs])
        except RuntimeError as error:
            raise CheckpointError(f"{self.source} fails: {one_line(error)}") from error
