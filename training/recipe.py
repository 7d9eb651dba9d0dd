"""How the tag extractor learns: its loss weights, its learning rate, its initial values."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from loader.line_art import AugmentedSketches, PlainSketches
from network.tag_extractor import SEResNeXtBlock, TagExtractor

WARM_UP_STEPS = 500


@dataclass(frozen=True)
class Recipe:
    """How the classifier learns, and how many processes load what it learns from."""

    epochs: int
    batch_size: int
    lr: float = 0.002
    schedule: str = "cosine"
    max_pos_weight: float = 10
    workers: int = 0


def tag_counts(sketches: AugmentedSketches | PlainSketches) -> Tensor:
    """How many samples have each CIT tag (classes,), float32."""
    tags = torch.from_numpy(sketches.samples.cit.values.astype("int64"))
    return torch.bincount(tags, minlength=sketches.classes[0]).float()


def positive_weights(counts: Tensor, samples: int, highest: float) -> Tensor:
    """The weight of a tag's positives (classes,): sqrt(negatives / positives), from 1 to `highest`.

    The root is between no weight, with which rare tags are never predicted, and equal weight of
    both sides, with which far too many are.
    """
    positives = counts.clamp(min=1)
    return ((samples - counts) / positives).sqrt().clamp(1, highest)


def warm_up_steps(per_epoch: int) -> int:
    """Half an epoch, at most WARM_UP_STEPS."""
    return min(WARM_UP_STEPS, max(1, per_epoch // 2))


def rate_factor(step: int, *, warm_up: int, steps: int, schedule: str) -> float:
    """The learning rate of a step, counted from 0, as a share of the highest one."""
    if step < warm_up:
        return (step + 1) / warm_up
    if schedule == "constant":
        return 1.0
    progress = min(1.0, (step - warm_up) / max(1, steps - warm_up))
    return (1 + math.cos(math.pi * progress)) / 2


def prepare(network: TagExtractor, counts: Tensor, samples: int, weights: Tensor) -> None:
    """Initial values with which a new network learns from fewer steps.

    Blocks begin as their shortcuts, and the classes' biases such that each tag is as likely as it
    is frequent: without them the first epochs are spent learning that most tags are rare.
    """
    for module in network.modules():
        if isinstance(module, SEResNeXtBlock):
            nn.init.zeros_(module.bn3.weight)
    share = (counts + 1) / (samples + 2)
    with torch.no_grad():
        network.fc.bias.copy_((weights * share / (1 - share)).log())
