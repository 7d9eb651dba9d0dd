"""PyTorch as an engine."""

import numpy as np
import torch

from engines.painter import merge_narrow_groups, painter
from hardware.device import autocast
from network.generator import Generator
from network.tag_extractor import TagExtractor


class TorchEngine:
    """Runs a generator and its tag extractor on `device`; dtype: autocast to it, None: float32."""

    name = "torch"

    def __init__(
        self,
        generator: Generator,
        extractor: TagExtractor | None,
        device: torch.device,
        dtype: torch.dtype | None = None,
    ):
        self.device, self.dtype = device, dtype
        self.painter = painter(generator, extractor)
        if device.type == "cpu":
            merge_narrow_groups(self.painter, 4 if dtype is None else 8)
        self.painter.to(device, memory_format=torch.channels_last)

    @torch.inference_mode()
    def __call__(self, sketch: np.ndarray, cvt: np.ndarray) -> np.ndarray:
        sketches, tags = (torch.from_numpy(array).to(self.device) for array in (sketch, cvt))
        with autocast(self.device, self.dtype):
            final = self.painter(sketches.to(memory_format=torch.channels_last), tags)
        return final.float().cpu().numpy()
