"""A trained generator ready to paint, from a checkpoint to pictures."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from checkpoints.checkpoint import Checkpoint
from checkpoints.tag_extractor import read_tag_extractor
from engines.engine import Engine
from engines.load import engine_of_file, engine_of_networks
from engines.portable import SUFFIX, PortableNetwork, read_portable
from errors import InputError
from hardware.device import autocast_dtype, default_device
from images.color_space import to_image
from loader.tags import Vocabulary, load_vocabulary
from network.tag_extractor import TagExtractor

PAPER = 255
BATCH = 8


@dataclass
class Colorist:
    """Paints line art with the generator's final image; `size` is the side it works at.

    checkpoint: the file that the generator is from. vocabulary: which tag each place in the tag
    vectors is. dtype: what the arithmetic is brought to, None for float32. cit_norm: that of the
    tag extractor, None where there is none.
    """

    checkpoint: Checkpoint | PortableNetwork
    engine: Engine
    vocabulary: Vocabulary
    device: torch.device
    dtype: torch.dtype | None = None
    cit_norm: str | None = None

    @classmethod
    def load(
        cls,
        path: str | os.PathLike | Checkpoint | PortableNetwork,
        *,
        extractor: str | os.PathLike | TagExtractor | None = None,
        vocabulary: Vocabulary | None = None,
        cit_norm: str | None = None,
        color_space: str | None = None,
        device: str | torch.device = "auto",
        precision: str = "off",
        engine: str = "auto",
    ) -> "Colorist":
        """From a checkpoint or a portable network (*.onnx), a file or one that was read.

        extractor: the tag extractor's weights, which networks with CIT features need. vocabulary:
        for files that record none, by default the project's. cit_norm: "running", or "batch" to
        normalize as the public code does. color_space: for files that do not say. device: "auto"
        is the GPU if there is one. precision: one of hardware.PRECISIONS, "off" being float32.
        engine: one of engines.ENGINES.

        Raises InputError for what cannot be used, CheckpointError where it is a file of weights.
        """
        checkpoint = read_weights(path) if isinstance(path, str | os.PathLike) else path
        if checkpoint.is_public and color_space:
            architecture = replace(checkpoint.architecture, color_space=color_space)
            checkpoint = replace(checkpoint, architecture=architecture)
        vocabulary = vocabulary or checkpoint.vocabulary or load_vocabulary()
        if len(vocabulary.cvt) != checkpoint.architecture.cvt_classes:
            raise InputError(
                f"{checkpoint.path} knows {checkpoint.architecture.cvt_classes} color tags, the "
                f"vocabulary has {len(vocabulary.cvt)}"
            )
        device = default_device() if device == "auto" else torch.device(device)
        dtype = autocast_dtype(precision, device)
        if isinstance(checkpoint, PortableNetwork):
            running = "running" if checkpoint.architecture.cit else None
            made = engine_of_file(engine, checkpoint, device, dtype)
            return cls(checkpoint, made, vocabulary, device, dtype, running)
        if not checkpoint.architecture.cit:
            extractor = None
        elif extractor is None:
            raise InputError(f"{checkpoint.path} needs the tag extractor's weights, too: model.pth")
        elif not isinstance(extractor, TagExtractor):
            extractor = read_tag_extractor(extractor, truncated=True)
        cit_norm = cit_norm or checkpoint.record.options.get("cit_norm", "running")
        if extractor is not None:
            extractor.train(cit_norm == "batch")
        generator = checkpoint.build_generator()
        made = engine_of_networks(
            engine, checkpoint.architecture, generator, extractor, device, dtype
        )
        cit_norm = cit_norm if extractor is not None else None
        return cls(checkpoint, made, vocabulary, device, dtype, cit_norm)

    @property
    def size(self) -> int:
        return self.checkpoint.architecture.input_size

    @property
    def color_space(self) -> str:
        return self.checkpoint.architecture.color_space

    def paint(self, sketches: Tensor, cvt: Tensor) -> np.ndarray:
        """Line art (B, 1, S, S) in [0, 1], or one piece for all, and multi-hot tags
        (B, cvt_classes) to RGB uint8 (B, S, S, 3)."""
        return to_image(self.engine(sketches.numpy(), cvt.numpy()), self.color_space)

    def paint_choices(self, sketch: Tensor, choices: Sequence[Sequence[int]]) -> np.ndarray:
        """Line art (1, S, S) in [0, 1] once for each list of tag ids: RGB uint8 (N, S, S, 3)."""
        cvt = torch.from_numpy(np.stack([self.vocabulary.cvt_vector(tags) for tags in choices]))
        painted = [self.paint(sketch[None], batch) for batch in cvt.split(BATCH)]
        return np.concatenate(painted)

    def paint_picture(self, gray: Image.Image, tags: Sequence[Sequence[int]]) -> list[Image.Image]:
        """An 8-bit gray picture of any size, once for every list of tag ids: padded with paper to
        a square, painted, and cropped back. The longer side becomes `size`."""
        square, box = pad_to_square(gray, self.size)
        sketch = torch.from_numpy(np.asarray(square, np.float32) / 255)[None]
        return [Image.fromarray(picture).crop(box) for picture in self.paint_choices(sketch, tags)]

    def part_colors(self, part: str) -> tuple[int, ...]:
        """The color tags of one part of the picture. Raises InputError for an unknown part."""
        parts = self.vocabulary.color_parts()
        if part not in parts:
            raise InputError(f"unknown part '{part}': choose from {', '.join(parts)}")
        return parts[part]


def read_weights(path: str | os.PathLike) -> Checkpoint | PortableNetwork:
    """Read a file to color with, by its suffix. Raises CheckpointError."""
    is_portable = os.fspath(path).lower().endswith(SUFFIX)
    return read_portable(path) if is_portable else Checkpoint.read(path)


def pad_to_square(gray: Image.Image, size: int) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """Scale the longer side to `size` and center on a square of paper; also where it lies there,
    as (left, top, right, bottom)."""
    scale = size / max(gray.size)
    width, height = (max(1, round(side * scale)) for side in gray.size)
    left, top = (size - width) // 2, (size - height) // 2
    square = Image.new("L", (size, size), PAPER)
    square.paste(gray.resize((width, height), Image.Resampling.LANCZOS), (left, top))
    return square, (left, top, left + width, top + height)
