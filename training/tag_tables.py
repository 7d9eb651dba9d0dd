"""What pretraining reports as tables: every tag, and every epoch."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from files.atomic import atomic_path
from loader.tags import Vocabulary
from network.tag_metrics import TagMetrics

EPOCH_COLUMNS = ("epoch", "loss", "held_out_loss", "macro_ap", "macro_f1", "micro_f1", "tags")
COLUMNS = ("id", "name", "training", "held_out", "AP", "precision", "recall", "F1")


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
