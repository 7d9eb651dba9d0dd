"""How well a classifier finds the tags of line art, tag by tag and in all."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torchmetrics.functional.classification import (
    binary_average_precision,
    multilabel_f1_score,
    multilabel_precision,
    multilabel_recall,
)

from files.atomic import atomic_path
from loader.tags import Vocabulary

THRESHOLD = 0.5
EPOCH_COLUMNS = ("epoch", "loss", "held_out_loss", "macro_ap", "macro_f1", "micro_f1", "tags")
COLUMNS = ("id", "name", "training", "held_out", "AP", "precision", "recall", "F1")


@dataclass(frozen=True)
class TagMetrics:
    """Average precision, and precision, recall and F1 at a probability of 0.5: tensors (classes,)
    in [0, 1], not a number for tags that do not occur. `tags` is how many occur, and the macro
    averages are over those; micro_f1 is that of all decisions together, about all tags."""

    average_precision: Tensor
    precision: Tensor
    recall: Tensor
    f1: Tensor
    tags: int
    macro_ap: float
    macro_f1: float
    micro_f1: float

    def summary(self) -> dict[str, float]:
        names = ("macro_ap", "macro_f1", "micro_f1", "tags")
        return {name: getattr(self, name) for name in names}


def measure(scores: Tensor, labels: Tensor) -> TagMetrics:
    """The metrics of probabilities (N, classes) in [0, 1] against multi-hot labels (N, classes)."""
    labels = labels.int()
    occurs = labels.any(dim=0)

    def per_tag(metric) -> Tensor:
        values = metric(scores, labels, labels.shape[1], THRESHOLD, average=None)
        return values.where(occurs, torch.nan)

    ap = torch.full((labels.shape[1],), torch.nan, dtype=scores.dtype)
    for tag in occurs.nonzero()[:, 0]:
        ap[tag] = binary_average_precision(scores[:, tag], labels[:, tag])
    f1 = per_tag(multilabel_f1_score)
    micro_f1 = multilabel_f1_score(scores, labels, labels.shape[1], THRESHOLD, average="micro")
    return TagMetrics(
        average_precision=ap,
        precision=per_tag(multilabel_precision),
        recall=per_tag(multilabel_recall),
        f1=f1,
        tags=int(occurs.sum()),
        macro_ap=float(ap.nanmean()),
        macro_f1=float(f1.nanmean()),
        micro_f1=float(micro_f1),
    )


def write_table(
    path: Path, metrics: TagMetrics, vocabulary: Vocabulary, training: Tensor, held_out: Tensor
) -> None:
    """Write one line per CIT tag that occurs; `training` and `held_out` (classes,) count the images
    that have it. Cells that are not a number stay empty."""
    values = (metrics.average_precision, metrics.precision, metrics.recall, metrics.f1)
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for index, tag in enumerate(vocabulary.cit):
            counts = int(training[index]), int(held_out[index])
            if any(counts):
                cells = (_cell(value[index].item()) for value in values)
                writer.writerow((tag, vocabulary.names.get(tag, ""), *counts, *cells))


def write_epochs(path: Path, epochs: Sequence[Mapping[str, float]]) -> None:
    """Write one line per epoch, from mappings with EPOCH_COLUMNS as keys."""
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, EPOCH_COLUMNS)
        writer.writeheader()
        writer.writerows(epochs)


def _cell(value: float) -> str:
    return "" if value != value else f"{value:.4f}"
