"""A Keras convolutional network in torch, built from the layer description in its own HDF5 file.

Only the layers named here are built, and nothing in the file is executed. Keras writes such files
as `model.save("x.h5")`: the attribute `model_config` describes the graph, the group
`model_weights` holds the arrays. Layouts of Keras 2 and 3 are read.
"""

import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator

import h5py
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from errors import InputError


class KerasGraph(nn.Module):
    """Layers with one output each, wired by name: (B, C, H, W) float32 → (B, C', H', W')."""

    def __init__(self, graph: dict[str, tuple[nn.Module, list[str]]], source: str, result: str):
        super().__init__()
        self.names = list(graph)
        self.inputs = [inputs for _, inputs in graph.values()]
        self.layers = nn.ModuleList(module for module, _ in graph.values())
        self.source, self.result = source, result

    def forward(self, x: Tensor) -> Tensor:
        values = {self.source: x}
        uses = Counter(name for inputs in self.inputs for name in inputs)
        uses[self.result] += 1
        for name, inputs, layer in zip(self.names, self.inputs, self.layers, strict=True):
            values[name] = layer(*(values[item] for item in inputs))
            for item in inputs:
                uses[item] -= 1
                if not uses[item]:
                    del values[item]
        return values[self.result]


def read_keras_file(path: str | os.PathLike) -> KerasGraph:
    """Build the network of a Keras HDF5 file, in evaluation mode.

    Raises InputError when the file is no HDF5, holds no model, or a model with other layers.
    """
    try:
        with h5py.File(path, "r") as file:
            description = json.loads(file.attrs["model_config"])
            return _graph(description, file["model_weights"]).eval().requires_grad_(False)
    except OSError as error:
        raise InputError(f"{path} is not a Keras model in HDF5: {error}") from error
    except KeyError as error:
        raise InputError(f"{path} holds no complete Keras model: {error} is missing") from error
    except (ValueError, TypeError, IndexError, AttributeError, RuntimeError) as error:
        raise InputError(f"{path} holds no network that can be run: {error}") from error


def _graph(description: dict, weights: h5py.Group) -> KerasGraph:
    if description["class_name"] not in ("Model", "Functional"):
        raise ValueError(f"it is a {description['class_name']}, not a functional model")
    config = description["config"]
    source, result = _only(config["input_layers"]), _only(config["output_layers"])
    known, graph = {source}, {}
    for layer in config["layers"]:
        name, kind = layer["name"], layer["class_name"]
        if kind == "InputLayer":
            continue
        inputs = list(_inbound(layer["inbound_nodes"]))
        if len(layer["inbound_nodes"]) != 1 or not known.issuperset(inputs):
            raise ValueError(f"the layer {name} is shared or comes before its inputs")
        if kind not in _BUILDERS:
            raise ValueError(f"the layer {name} is a {kind}, which is not supported")
        if layer["config"].get("data_format", "channels_last") != "channels_last":
            raise ValueError(f"the layer {name} is not channels_last")
        graph[name] = _BUILDERS[kind](layer["config"], _arrays(weights, name)), inputs
        known.add(name)
    if result not in graph:
        raise ValueError(f"its output layer {result} is not described")
    return KerasGraph(graph, source, result)


def _only(ends: list) -> str:
    """Name of the one input or output: ["name", 0, 0], or [["name", 0, 0]] in Keras 2."""
    if isinstance(ends[0], str):
        return ends[0]
    if len(ends) != 1:
        raise ValueError(f"it has {len(ends)} inputs or outputs")
    return ends[0][0]


def _inbound(node) -> Iterator[str]:
    """Names of the layers a node takes from, in order, in the layouts of Keras 2 and 3."""
    if isinstance(node, dict):
        if "keras_history" in node.get("config", {}):
            yield node["config"]["keras_history"][0]
        else:
            yield from _inbound(node.get("args", []))
    elif isinstance(node, list) and node and isinstance(node[0], str):
        yield node[0]
    elif isinstance(node, list):
        for item in node:
            yield from _inbound(item)


def _arrays(weights: h5py.Group, name: str) -> list[Tensor]:
    if name not in weights:
        return []
    group = weights[name]
    names = (n.decode() if isinstance(n, bytes) else str(n) for n in group.attrs["weight_names"])
    return [torch.from_numpy(np.asarray(group[n], dtype=np.float32)) for n in names]


class _Activated(nn.Module):
    """A convolution with TensorFlow's padding, and its activation."""

    def __init__(self, convolution: nn.Conv2d, same: bool, activation: nn.Module):
        super().__init__()
        self.convolution, self.same, self.activation = convolution, same, activation

    def forward(self, x: Tensor) -> Tensor:
        if self.same:
            vertical, horizontal = (self._padding(x.shape[2 + axis], axis) for axis in (0, 1))
            x = F.pad(x, (*horizontal, *vertical))
        return self.activation(self.convolution(x))

    def _padding(self, size: int, axis: int) -> tuple[int, int]:
        """Zeros before and after: the odd one comes after, so 4x4 at stride 1 has (1, 2)."""
        conv = self.convolution
        stride, reach = conv.stride[axis], conv.dilation[axis] * (conv.kernel_size[axis] - 1)
        total = max((math.ceil(size / stride) - 1) * stride + reach + 1 - size, 0)
        return total // 2, total - total // 2


def _convolution(config: dict, arrays: list[Tensor]) -> nn.Module:
    kernel, *bias = arrays
    kernel = kernel.permute(3, 2, 0, 1).contiguous()
    if config.get("groups", 1) != 1 or config["padding"] not in ("same", "valid"):
        raise ValueError(f"its layer {config['name']} has groups or unusual padding")
    layer = nn.Conv2d(
        in_channels=kernel.shape[1],
        out_channels=kernel.shape[0],
        kernel_size=tuple(kernel.shape[2:]),
        stride=tuple(config["strides"]),
        dilation=tuple(config["dilation_rate"]),
        bias=bool(bias),
    )
    layer.weight.data = kernel
    if bias:
        layer.bias.data = bias[0]
    return _Activated(layer, config["padding"] == "same", _activation(config, []))


def _batch_norm(config: dict, arrays: list[Tensor]) -> nn.Module:
    if _axis(config["axis"]) not in (-1, 3):
        raise ValueError(f"its layer {config['name']} does not normalize channels")
    *affine, mean, variance = arrays
    layer = nn.BatchNorm2d(len(mean), eps=config["epsilon"])
    layer.running_mean.data, layer.running_var.data = mean, variance
    if config["scale"]:
        layer.weight.data = affine.pop(0)
    if config["center"]:
        layer.bias.data = affine.pop(0)
    return layer


def _axis(axis) -> int:
    return axis[0] if isinstance(axis, list) else axis


_ACTIVATIONS = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}


def _activation(config: dict, _arrays: list[Tensor]) -> nn.Module:
    name = config.get("activation") or "linear"
    if name not in _ACTIVATIONS:
        raise ValueError(f"the activation {name} is not supported")
    return _ACTIVATIONS[name]()


def _leaky_relu(config: dict, _arrays: list[Tensor]) -> nn.Module:
    return nn.LeakyReLU(float(config.get("negative_slope", config.get("alpha", 0.3))))


def _up_sampling(config: dict, _arrays: list[Tensor]) -> nn.Module:
    if config.get("interpolation", "nearest") != "nearest":
        raise ValueError(f"the interpolation {config['interpolation']} is not supported")
    return nn.Upsample(scale_factor=tuple(float(factor) for factor in config["size"]))


class _Concatenation(nn.Module):
    def forward(self, *parts: Tensor) -> Tensor:
        return torch.cat(parts, dim=1)


def _concatenate(config: dict, _arrays: list[Tensor]) -> nn.Module:
    axis = config.get("axis", config.get("concat_axis", -1))
    if config.get("mode", "concat") != "concat" or axis not in (-1, 3):
        raise ValueError(f"its layer {config['name']} merges otherwise than by channels")
    return _Concatenation()


_BUILDERS: dict[str, Callable[[dict, list[Tensor]], nn.Module]] = {
    "Conv2D": _convolution,
    "BatchNormalization": _batch_norm,
    "Activation": _activation,
    "LeakyReLU": _leaky_relu,
    "UpSampling2D": _up_sampling,
    "Concatenate": _concatenate,
    "Merge": _concatenate,
}
