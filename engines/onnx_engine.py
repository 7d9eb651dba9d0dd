"""ONNX Runtime as an engine."""

import numpy as np
import onnxruntime

from engines.engine import one_line, same_count
from errors import CheckpointError


class OnnxEngine:
    """Runs the bytes of an ONNX model, which came from `source`, on a GPU if it can and `gpu`."""

    name = "onnx"

    def __init__(self, model: bytes, source: str, *, gpu: bool = False):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # what fails is raised as well
        providers = ["CPUExecutionProvider"]
        if gpu and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            providers.insert(0, "CUDAExecutionProvider")
        self.source = source
        try:
            self.session = onnxruntime.InferenceSession(model, options, providers=providers)
        except Exception as error:  # the runtime's exceptions have no base of their own
            raise CheckpointError(f"ONNX Runtime cannot run {source}: {one_line(error)}") from error

    def __call__(self, sketch: np.ndarray, cvt: np.ndarray) -> np.ndarray:
        try:
            (image,) = self.session.run(None, {"sketch": same_count(sketch, cvt), "cvt": cvt})
        except Exception as error:
            raise CheckpointError(f"{self.source} fails: {one_line(error)}") from error
        return image
