"""Coloring as one CUDA graph: all kernels of a pass are started at once."""

import contextlib

import numpy as np
import torch

from engines.torch_engine import TorchEngine

WARM_UP = 3


class GraphedEngine:
    """The same as the engine it is made from, for inputs of the same shape as these."""

    def __init__(self, engine: TorchEngine, sketch: np.ndarray, cvt: np.ndarray):
        self.device = engine.device
        self.sketch, self.cvt = self._to_device(sketch), self._to_device(cvt)
        self.graph = torch.cuda.CUDAGraph()
        half = contextlib.nullcontext()
        if engine.dtype is not None:
            # Copies of the weights that autocast keeps would be freed under the graph.
            half = torch.autocast("cuda", engine.dtype, cache_enabled=False)
        with torch.inference_mode(), half:
            aside = torch.cuda.Stream()
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(WARM_UP):
                    engine.painter(self.sketch, self.cvt)
            torch.cuda.current_stream().wait_stream(aside)
            with torch.cuda.graph(self.graph):
                self.image = engine.painter(self.sketch, self.cvt).float()

    def _to_device(self, array: np.ndarray) -> torch.Tensor:
        value = torch.from_numpy(array).to(self.device)
        return value.to(memory_format=torch.channels_last) if value.ndim == 4 else value

    @torch.inference_mode()
    def __call__(self, sketch: np.ndarray, cvt: np.ndarray) -> np.ndarray:
        self.sketch.copy_(torch.from_numpy(sketch))
        self.cvt.copy_(torch.from_numpy(cvt))
        self.graph.replay()
        return self.image.cpu().numpy()
