"""Whether networks that know tags find the right ones in the colored pictures."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coloring.colorist import Colorist
from evaluation.dataset_metrics import Colored
from images.color_space import to_network
from loader.tags import Vocabulary
from network.discriminator import Discriminator
from network.tag_extractor import TagExtractor
from network.tag_metrics import measure

SHOWN = ("colored", "true")


class DiscriminatorTags:
    """The tags that the discriminator judges to be in the colored and in the true pictures.

    For hair, eyes and background: `accuracy`, the share of pictures whose tag has the highest logit
    among those of its part, over the `pictures` that have exactly one of them. `cvt_map` and, where
    `cit` says that it was trained, `cit_map`: mean average precision over the tags that occur.
    """

    def __init__(self, discriminator: Discriminator, colorist: Colorist, *, cit: bool):
        self.discriminator = discriminator.to(colorist.device).eval()
        self.device, self.color_space, self.cit = colorist.device, colorist.color_space, cit
        self.parts = part_indices(colorist.vocabulary)
        self.logits: dict[str, list[tuple[Tensor, Tensor]]] = {name: [] for name in SHOWN}
        self.targets: list[tuple[Tensor, Tensor]] = []

    @torch.inference_mode()
    def update(self, batch: Colored) -> None:
        for name in SHOWN:
            pictures = getattr(batch, name)
            network = np.stack([to_network(picture, self.color_space) for picture in pictures])
            _, cit, cvt = self.discriminator(torch.from_numpy(network).to(self.device))
            self.logits[name].append((cit.cpu(), cvt.cpu()))
        self.targets.append((batch.cit, batch.cvt))

    def result(self) -> dict[str, dict[str, Any]]:
        cit_target, cvt_target = (torch.cat(tags) for tags in zip(*self.targets, strict=True))
        found = {}
        for name in SHOWN:
            cit, cvt = (torch.cat(logits) for logits in zip(*self.logits[name], strict=True))
            found[name] = {
                part: first_rank(cvt[:, tags], cvt_target[:, tags])
                for part, tags in self.parts.items()
            }
            found[name]["cvt_map"] = mean_average_precision(cvt, cvt_target)
            found[name]["cit_map"] = mean_average_precision(cit, cit_target) if self.cit else None
        return found


class ExtractorTags:
    """Mean average precision of a full tag extractor's CIT tags of the line art."""

    def __init__(self, extractor: TagExtractor, device: torch.device):
        self.extractor, self.device = extractor.to(device).eval(), device
        self.logits: list[Tensor] = []
        self.targets: list[Tensor] = []

    @torch.inference_mode()
    def update(self, batch: Colored) -> None:
        self.logits.append(self.extractor(batch.sketches.to(self.device)).cpu())
        self.targets.append(batch.cit)

    def result(self) -> dict[str, float | None]:
        logits, targets = torch.cat(self.logits), torch.cat(self.targets)
        return {"cit_map": mean_average_precision(logits, targets)}


def part_indices(vocabulary: Vocabulary) -> dict[str, list[int]]:
    """Where the colors of hair, eyes and background are in the CVT vector; a vocabulary may have
    none of a part."""
    parts = vocabulary.color_parts()
    return {
        part: [vocabulary.cvt_index[tag] for tag in parts[part]]
        for part in ("hair", "eyes", "background")
    }


def first_rank(logits: Tensor, target: Tensor) -> Mapping[str, float | int | None]:
    """How often the only tag that a picture has, target (B, N) multi-hot, has the highest of the
    logits (B, N); pictures with no tag or several are left out. None where N is 0."""
    if not target.shape[1]:
        return {"accuracy": None, "pictures": 0, "left_out": len(target)}
    single = target.sum(dim=1) == 1
    right = logits[single].argmax(dim=1) == target[single].argmax(dim=1)
    accuracy = right.double().mean().item() if len(right) else None
    return {"accuracy": accuracy, "pictures": len(right), "left_out": int((~single).sum())}


def mean_average_precision(logits: Tensor, target: Tensor) -> float | None:
    """Mean over the tags that occur of the average precision of logits (B, N) for target (B, N)
    multi-hot; None when no tag occurs."""
    if not target.any():
        return None
    return measure(logits.double().sigmoid(), target).macro_ap
