"""Portable networks: ONNX files that alone are enough to color with.

The graph takes `sketch` (B, 1, S, S) in [0, 1] and `cvt` (B, cvt_classes), multi-hot, and gives
`image` (B, 3, S, S) in [-1, 1], all float32. The metadata entry `tag2pix` is a `Description` in
JSON.
"""

import io
import stat
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import torch
from torch import Tensor, nn

from checkpoints.checkpoint import Checkpoint, Position, Record
from engines.engine import one_line
from engines.painter import Painter, merge_narrow_groups, painter
from errors import CheckpointError, InputError
from files.atomic import atomic_path
from files.checksum import sha256_of
from loader.tags import Vocabulary
from network.architecture import Architecture
from network.tag_extractor import TagExtractor

SUFFIX = ".onnx"
ENTRY = "tag2pix"
OPSET = 17
WANTED = "a file that main.py --export W.onnx wrote"
# All that the networks consist of: a graph with anything else, such as loops, is none of them.
OPERATORS = {
    *("Add", "Cast", "Concat", "Constant", "ConstantOfShape", "Conv", "DepthToSpace", "Div"),
    *("Equal", "Expand", "Gather", "Gemm", "Identity", "InstanceNormalization", "LeakyRelu"),
    *("MatMul", "MaxPool", "Mod", "Mul", "ReduceMean", "Relu", "Reshape", "Shape", "Sigmoid"),
    *("Slice", "Tanh", "Transpose", "Unsqueeze", "Where"),
}


class Description(msgspec.Struct):
    """What a portable network says of itself.

    `color_tags` are the names of the places in `cvt`; `seen` counts by tag id the training pictures
    that had it, where that is known.
    """

    architecture: Architecture
    vocabulary: Any
    color_tags: list[str]
    epochs: int = 0
    seen: dict[int, int] | None = None


@dataclass(frozen=True)
class PortableNetwork:
    """A portable network that was read and checked; `model` is the file's content.

    It describes itself as a `Checkpoint` does.
    """

    path: Path
    model: bytes
    architecture: Architecture
    vocabulary: Vocabulary
    position: Position
    record: Record
    is_public: bool = False
    trained_size: int | None = None

    @cached_property
    def sha256(self) -> str:
        return sha256_of(self.path)

    def resized(self, input_size: int) -> "PortableNetwork":
        """The same network, where that is its size. Raises CheckpointError for another."""
        if input_size != self.architecture.input_size:
            raise CheckpointError(
                f"{self.path} colors at {self.architecture.input_size} px; for {input_size} px "
                "export its checkpoint with that --input_size"
            )
        return self


class _HalfPainter(nn.Module):
    """Computes in float16 between float32 on both sides."""

    def __init__(self, inner: Painter):
        super().__init__()
        self.inner = inner.half()

    def forward(self, sketch: Tensor, cvt: Tensor) -> Tensor:
        return self.inner(sketch.half(), cvt.half()).float()


def onnx_bytes(
    architecture: Architecture, network: Painter, *, half: bool = False, **metadata: str
) -> bytes:
    """The ONNX model of a painter (in float16 if `half`), with entries of metadata; the painter is
    changed for it.

    Raises InputError where the package onnx is missing.
    """
    onnx = _onnx("writing ONNX files")
    size, classes = architecture.input_size, architecture.cvt_classes
    merge_narrow_groups(network, 8)
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.inference_mode():
        # The exporter that traces is called old, but takes seconds where the new one takes minutes.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _HalfPainter(network) if half else network,
            (torch.rand(1, 1, size, size), torch.zeros(1, classes)),
            buffer,
            input_names=["sketch", "cvt"],
            output_names=["image"],
            dynamic_axes={name: {0: "batch"} for name in ("sketch", "cvt", "image")},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    onnx.helper.set_model_props(model, metadata)
    return model.SerializeToString()


def write_portable(
    checkpoint: Checkpoint,
    extractor: TagExtractor | None,
    vocabulary: Vocabulary,
    target: Path,
    *,
    half: bool = False,
) -> None:
    """Write a checkpoint's generator, with its tag extractor inside, as a portable network.

    Raises InputError where the package onnx is missing, CheckpointError for weights that do not
    fit or that float16 cannot hold.
    """
    network = painter(checkpoint.build_generator(), extractor)
    if half and not all(value.half().isfinite().all() for value in network.state_dict().values()):
        raise CheckpointError(f"{checkpoint.path} has values that half precision cannot hold")
    description = Description(
        checkpoint.architecture,
        vocabulary.dump(),
        [vocabulary.names[tag] for tag in vocabulary.cvt],
        checkpoint.position.epoch,
        checkpoint.record.seen,
    )
    text = msgspec.json.encode(description).decode()
    model = onnx_bytes(checkpoint.architecture, network, half=half, **{ENTRY: text})
    with atomic_path(target) as temporary:
        temporary.write_bytes(model)


def read_portable(path: str | Path) -> PortableNetwork:
    """Read a portable network as data: nothing in it can run code or name other files.

    Raises CheckpointError saying what is wrong with it, InputError where the package onnx is
    missing.
    """
    onnx = _onnx("reading ONNX files")
    path = Path(path)
    content = _content(path)
    try:
        model = onnx.load_from_string(content)
    except Exception as error:  # damage shows as nearly any of them
        raise CheckpointError(f"{path} is damaged or no ONNX file; wanted is {WANTED}") from error
    try:
        _check_graph(onnx, model)
        _check_validity(onnx, model)
        description = _description(model)
        vocabulary = Vocabulary.from_dump(description.vocabulary)
        _check_description(model, description, vocabulary)
    except ValueError as error:
        raise CheckpointError(f"{path} cannot be used: {error}; wanted is {WANTED}") from error
    return PortableNetwork(
        path,
        content,
        description.architecture,
        vocabulary,
        Position(epoch=description.epochs),
        Record(seen=description.seen),
    )


def _onnx(what: str) -> ModuleType:
    try:
        import onnx
    except ImportError as error:
        raise InputError(f"{what} needs onnx: pip install onnx") from error
    return onnx


def _content(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise CheckpointError(f"{path} is not a regular file; wanted is {WANTED}")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} does not exist; wanted is {WANTED}") from error
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error


def _check_graph(onnx: ModuleType, model: Any) -> None:
    """Raises ValueError for what could do more than compute, or read more than this file."""
    constants = list(model.graph.initializer)
    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:
            raise ValueError(f"it computes {node.op_type}, which Tag2Pix does not")
        constants += [entry.t for entry in node.attribute if entry.HasField("t")]
    outside = onnx.TensorProto.EXTERNAL
    if any(tensor.data_location == outside or tensor.external_data for tensor in constants):
        raise ValueError("it refers to other files")
    if model.functions or model.graph.sparse_initializer:
        raise ValueError("it has parts that Tag2Pix has not")


def _check_validity(onnx: ModuleType, model: Any) -> None:
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise ValueError(f"it is damaged ({one_line(error)})") from error


def _description(model: Any) -> Description:
    for entry in model.metadata_props:
        if entry.key == ENTRY:
            return msgspec.json.decode(entry.value, type=Description)
    raise ValueError("it does not say that it is Tag2Pix's")


def _check_description(model: Any, description: Description, vocabulary: Vocabulary) -> None:
    architecture = description.architecture
    architecture.check()
    size, classes = architecture.input_size, architecture.cvt_classes
    wanted = {"sketch": [1, size, size], "cvt": [classes], "image": [3, size, size]}
    found = {
        value.name: [side.dim_value for side in value.type.tensor_type.shape.dim[1:]]
        for value in [*model.graph.input, *model.graph.output]
    }
    if found != wanted or len(vocabulary.cvt) != classes:
        raise ValueError("its graph is not that of its architecture")
