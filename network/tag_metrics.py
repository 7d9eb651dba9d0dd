"""How well a classifier finds the tags of line art, tag by tag and in all."""

import warnings
from dataclasses import dataclass

import torch
from torch import Tensor
from torchmetrics.functional.classification import (
    multilabel_average_precision,
    multilabel_f1_score,
    multilabel_precision,
    multilabel_recall,
)

THRESHOLD = 0.5


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

    def per_tag(metric, **threshold: float) -> Tensor:
        values = metric(scores, labels, labels.shape[1], average=None, **threshold)
        return values.where(occurs, torch.nan)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the tags that do not occur
        ap = per_tag(multilabel_average_precision)
    f1 = per_tag(multilabel_f1_score, threshold=THRESHOLD)
    micro_f1 = multilabel_f1_score(scores, labels, labels.shape[1], THRESHOLD, average="micro")
    return TagMetrics(
        average_precision=ap,
        precision=per_tag(multilabel_precision, threshold=THRESHOLD),
        recall=per_tag(multilabel_recall, threshold=THRESHOLD),
        f1=f1,
        tags=int(occurs.sum()),
        macro_ap=float(ap.nanmean()),
        macro_f1=float(f1.nanmean()),
        micro_f1=float(micro_f1),
    )
