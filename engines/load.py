"""From networks or a portable file to an engine."""

import torch

from engines.engine import Engine, choose
from engines.painter import painter
from engines.portable import PortableNetwork, onnx_bytes
from errors import InputError
from network.architecture import Architecture
from network.generator import Generator
from network.tag_extractor import TagExtractor


def engine_of_networks(
    wanted: str,
    architecture: Architecture,
    generator: Generator,
    extractor: TagExtractor | None,
    device: torch.device,
    dtype: torch.dtype | None,
) -> Engine:
    """The engine, one of ENGINES, for networks in torch; dtype: what to compute in, None for
    float32. Raises InputError for what an engine cannot do."""
    name = choose(wanted, portable=False)
    if name == "torch":
        from engines.torch_engine import TorchEngine

        return TorchEngine(generator, extractor, device, dtype)
    if extractor is not None and extractor.training:
        raise InputError(f"--engine {name} has no --cit_norm batch; give --cit_norm running")
    model = onnx_bytes(architecture, painter(generator, extractor))
    return _engine_of_model(name, model, "the exported network", device, dtype)


def engine_of_file(
    wanted: str, network: PortableNetwork, device: torch.device, dtype: torch.dtype | None
) -> Engine:
    """The same for a portable network."""
    name = choose(wanted, portable=True)
    return _engine_of_model(name, network.model, str(network.path), device, dtype)


def _engine_of_model(
    name: str, model: bytes, source: str, device: torch.device, dtype: torch.dtype | None
) -> Engine:
    gpu = device.type == "cuda"
    if name == "openvino":
        from engines.openvino_engine import OpenvinoEngine

        return OpenvinoEngine(model, source, bf16=dtype is torch.bfloat16)
    if dtype is not None:
        raise InputError("--engine onnx computes as its file says: give --amp off, or openvino")
    from engines.onnx_engine import OnnxEngine

    return OnnxEngine(model, source, gpu=gpu)
