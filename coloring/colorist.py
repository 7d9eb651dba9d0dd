"""A trained generator ready to paint, from a checkpoint to pictures."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from command_line.agreement import agree, load_extractor, vocabulary_of
from errors import InputError
from hardware.device import autocast, autocast_dtype, default_device
from images.color_space import to_image
from loader.tags import EYE_COLORS, HAIR_COLORS, Vocabulary
from network import checkpoint
from network.checkpoint import load_state
from network.generator import Generator
from network.tag_extractor import TagExtractor

PAPER = 255


@dataclass
class Colorist:
    """Paints line art with the generator's final image; `size` is the side it works at."""

    generator: Generator
    extractor: TagExtractor | None
    vocabulary: Vocabulary
    size: int
    color_space: str
    device: torch.device
    dtype: torch.dtype | None

    @torch.inference_mode()
    def paint(self, sketches: Tensor, cvt: Tensor) -> np.ndarray:
        """Line art (B, 1, S, S) in [0, 1] and multi-hot tags (B, cvt_classes) to RGB uint8
        (B, S, S, 3)."""
        sketches = sketches.to(self.device, memory_format=torch.channels_last)
        with autocast(self.device, self.dtype):
            features = None if self.extractor is None else self.extractor(sketches)
            final, _ = self.generator(sketches, features, cvt.to(self.device))
        return to_image(final.float().cpu().numpy(), self.color_space)

    def paint_picture(self, gray: Image.Image, tags: Sequence[Sequence[int]]) -> list[Image.Image]:
        """An 8-bit gray picture of any size, once for every list of tag ids: padded with paper to
        a square, painted, and cropped back. The longer side becomes `size`."""
        square, box = pad_to_square(gray, self.size)
        sketch = torch.from_numpy(np.asarray(square, np.float32) / 255)[None, None]
        pictures = []
        for choice in tags:
            cvt = torch.from_numpy(self.vocabulary.cvt_vector(choice))[None]
            pictures.append(Image.fromarray(self.paint(sketch, cvt)[0]).crop(box))
        return pictures

    def part_colors(self, part: str) -> list[int]:
        """The color tags of one part of the picture, those that the vocabulary knows."""
        parts = self.vocabulary.cvt_parts
        groups = {
            "hair": HAIR_COLORS,
            "eyes": EYE_COLORS,
            "skin": [tag for tag in self.vocabulary.cvt if self._is_skin(tag)],
        } | {name: tags for name, tags in parts.items() if name != "hair"}
        if part not in groups:
            raise InputError(f"unknown part '{part}': choose from {', '.join(groups)}")
        return [tag for tag in groups[part] if tag in self.vocabulary.cvt_index]

    def _is_skin(self, tag: int) -> bool:
        return self.vocabulary.names[tag].endswith("_skin")


def pad_to_square(gray: Image.Image, size: int) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """Scale the longer side to `size` and center on a square of paper; also where it lies there,
    as (left, top, right, bottom)."""
    scale = size / max(gray.size)
    width, height = (max(1, round(side * scale)) for side in gray.size)
    left, top = (size - width) // 2, (size - height) // 2
    square = Image.new("L", (size, size), PAPER)
    square.paste(gray.resize((width, height), Image.Resampling.LANCZOS), (left, top))
    return square, (left, top, left + width, top + height)


def load_colorist(options: argparse.Namespace, given: set[str]) -> Colorist:
    """The colorist of --load. Raises InputError or CheckpointError."""
    if not options.load:
        raise InputError("--test needs --load FILE, the checkpoint to color with")
    path = Path(options.load)
    content = checkpoint.read(path)
    options, found = agree(options, given, content, path)
    device = default_device(options.cpu)
    generator = found.generator()
    load_state(generator, content["G"], path)
    extractor = load_extractor(options.pretrain_dump) if found.cit else None
    if extractor is not None:
        extractor.to(device, memory_format=torch.channels_last)
        extractor.train(options.cit_norm == "batch")
    return Colorist(
        generator.eval().to(device, memory_format=torch.channels_last),
        extractor,
        vocabulary_of(options, given, content, path),
        found.input_size,
        options.color_space,
        device,
        _dtype(options, given, device),
    )


def _dtype(
    options: argparse.Namespace, given: set[str], device: torch.device
) -> torch.dtype | None:
    """Pictures are made in float32 unless --amp is given: then they are the same everywhere."""
    return autocast_dtype(options.amp, device) if "amp" in given else None
