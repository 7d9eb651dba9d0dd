"""The changing loss: adversarial and L1 terms always, tag classification from the second step on.

Paper, section 4.2. `terms` map a name to a scalar tensor before weighting; "D_loss" and "G_loss"
are the weighted sums to minimize.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

Judgement = tuple[Tensor, Tensor, Tensor]  # adv, cit, cvt logits, as the discriminator returns them
Terms = dict[str, Tensor]


def _bce(logits: Tensor, target: Tensor | float) -> Tensor:
    """Mean binary cross entropy of logits, in float32 at least."""
    if logits.dtype in (torch.bfloat16, torch.float16):
        logits = logits.float()
    if isinstance(target, float):
        target = torch.full_like(logits, target)
    return F.binary_cross_entropy_with_logits(logits, target.to(logits.dtype))


def _l1(image: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    image = image.to(target.dtype)
    if weights is None:
        return F.l1_loss(image, target)
    return (weights * (image - target).abs()).mean()


@dataclass(frozen=True)
class ChangingLoss:
    """Weights of the terms, and which of them exist.

    l1_lambda weighs the L1 terms, guide_beta the guide decoder's L1 inside them, adv_lambda the
    discriminator's adversarial terms, cit_weight and cvt_weight the classification terms, and
    part_lambda the term of the color channels where parts are learned. Without `cit` there are no
    CIT terms, without `guide` no guide term.
    """

    l1_lambda: float = 1000.0
    guide_beta: float = 0.9
    adv_lambda: float = 1.0
    cit_weight: float = 1.0
    cvt_weight: float = 1.0
    part_lambda: float = 90.0
    cit: bool = True
    guide: bool = True

    def discriminator(
        self, real: Judgement, fake: Judgement, cit: Tensor, cvt: Tensor, classify: bool
    ) -> Terms:
        """Terms of D for its judgement of real and colored images with the same tag targets
        cit (B, cit_classes) and cvt (B, cvt_classes); `classify` is the second step."""
        terms = {"D_adv_real": _bce(real[0], 1.0), "D_adv_fake": _bce(fake[0], 0.0)}
        loss = self.adv_lambda * (terms["D_adv_real"] + terms["D_adv_fake"])
        if classify:
            for name, judged in (("real", real), ("fake", fake)):
                classification = self._classification("D", judged, cit, cvt, f"_{name}")
                terms |= classification
                loss = loss + self._weighted(classification)
        return terms | {"D_loss": loss}

    def generator(
        self,
        judged: Judgement,
        final: Tensor,
        guide: Tensor,
        original: Tensor,
        cit: Tensor,
        cvt: Tensor,
        classify: bool,
        weights: Tensor | None = None,
        parts: Tensor | None = None,
    ) -> Terms:
        """Terms of G for D's judgement of its image `final`; `guide` is the guide decoder's image
        and `original` the true one, all (B, 3, S, S) in [-1, 1]. weights (B, 1, S, S) are those of
        the pixels in the L1 terms, and `parts` is the term of the color channels."""
        terms = self.reconstruction(final, guide, original, weights, parts)
        terms["G_adv"] = _bce(judged[0], 1.0)
        loss = terms["G_adv"] + terms.pop("G_loss")
        if classify:
            classification = self._classification("G", judged, cit, cvt)
            terms |= classification
            loss = loss + self._weighted(classification)
        return terms | {"G_loss": loss}

    def reconstruction(
        self,
        final: Tensor,
        guide: Tensor,
        original: Tensor,
        weights: Tensor | None = None,
        parts: Tensor | None = None,
    ) -> Terms:
        """The L1 terms of G alone, and that of the color channels; arguments as for `generator`."""
        terms = {"G_l1_full": _l1(final, original, weights)}
        loss = terms["G_l1_full"]
        if self.guide:
            terms["G_l1_guide"] = _l1(guide, original, weights)
            loss = loss + self.guide_beta * terms["G_l1_guide"]
        loss = self.l1_lambda * loss
        if parts is not None:
            terms["G_parts"] = parts
            loss = loss + self.part_lambda * parts
        return terms | {"G_loss": loss}

    def _classification(
        self, network: str, judged: Judgement, cit: Tensor, cvt: Tensor, suffix: str = ""
    ) -> Terms:
        terms = {f"{network}_cvt{suffix}": _bce(judged[2], cvt)}
        if self.cit:
            terms[f"{network}_cit{suffix}"] = _bce(judged[1], cit)
        return terms

    def _weighted(self, classification: Terms) -> Tensor:
        return sum(
            (self.cit_weight if "_cit" in name else self.cvt_weight) * term
            for name, term in classification.items()
        )
