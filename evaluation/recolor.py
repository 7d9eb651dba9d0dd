"""Color control of a network: held-out drawings, colored once with every color of every part."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from coloring.colorist import Colorist
from drawn_art.parts import PARTS, Part
from evaluation.color_control import Area, Painting, area, judge, means, summarize
from evaluation.dataset_metrics import DEFAULT_BATCH
from evaluation.drawings import KINDS, HeldOut
from loader.tags import Vocabulary
from progress import Progress

# Receives (kind of line art, part, number of the drawing, tag, picture).
Show = Callable[[str, str, int, int, np.ndarray], None]


class Choice(NamedTuple):
    """One color of one part of a drawing."""

    part: str
    tag: int
    tags: frozenset[int]  # all of the picture


def color_control(
    colorist: Colorist,
    drawings: Sequence[HeldOut],
    *,
    parts: Mapping[str, Part] = PARTS,
    kinds: Sequence[str] = KINDS,
    colors: int | None = None,
    batch_size: int = DEFAULT_BATCH,
    show: Show | None = None,
) -> dict[str, Any]:
    """Color every drawing with every color of its `parts`, its other tags its own.

    The drawings must be of the colorist's size. With `colors` each drawing gets but so many colors
    of each part, drawn by lot, the same in every call. Returns, by kind of line art and part, what
    `summarize` returns, and `drawings`, in which the part is seen, `not_seen`, and `true_pictures`:
    the same numbers of the true pictures, which are the best that can be reached at this size.
    A batch holds pictures of one drawing only. `show` is called with every picture.
    """
    vocabulary = colorist.vocabulary
    results = {kind: {part: _Result(parts[part]) for part in parts} for kind in kinds}
    with Progress(desc="color control", unit="img") as bar:
        for number, drawing in enumerate(drawings):
            areas = {part: area(*_masks(drawing, parts[part])) for part in parts}
            choices = _choices(drawing, number, parts, areas, vocabulary, colors)
            bar.total = (bar.total or 0) + len(choices) * len(kinds)
            for kind in kinds:
                for part, where in areas.items():
                    results[kind][part].see(drawing, where)
                painted = _paint(colorist, drawing, kind, choices, batch_size)
                for choice, picture, own in painted:
                    reference = None if picture is own else own
                    results[kind][choice.part].paintings.append(
                        judge(
                            picture,
                            choice.tag,
                            parts[choice.part].colors,
                            areas[choice.part],
                            reference,
                        )
                    )
                    if show:
                        show(kind, choice.part, number, choice.tag, picture)
                    bar.update()
    return {
        kind: {part: result.summary(vocabulary) for part, result in by_part.items()}
        for kind, by_part in results.items()
    }


class _Result:
    """The paintings of one part, those of the true pictures, and in how many drawings it is."""

    def __init__(self, part: Part):
        self.part = part
        self.seen, self.not_seen = 0, 0
        self.paintings: list[Painting] = []
        self.true: list[Painting] = []

    def see(self, drawing: HeldOut, where: Area | None) -> None:
        self.seen += where is not None
        self.not_seen += where is None
        own = [tag for tag in drawing.tags if tag in self.part.colors]
        if where is not None and own:
            self.true.append(judge(drawing.color, own[0], self.part.colors, where))

    def summary(self, vocabulary: Vocabulary) -> dict[str, Any]:
        names = {tag: vocabulary.names.get(tag, str(tag)) for tag in self.part.colors}
        return {
            "drawings": self.seen,
            "not_seen": self.not_seen,
            "true_pictures": means(self.true),
            **summarize(self.paintings, names),
        }


def _masks(drawing: HeldOut, part: Part) -> list[np.ndarray]:
    """The mask of the part, and that of what is tinted like it."""
    return [drawing.masks[name] for name in (part.mask, part.tinted) if name]


def _choices(
    drawing: HeldOut,
    number: int,
    parts: Mapping[str, Part],
    areas: Mapping[str, Area | None],
    vocabulary: Vocabulary,
    colors: int | None,
) -> list[Choice]:
    choices = []
    for name, part in parts.items():
        tags = [tag for tag in part.colors if tag in vocabulary.cvt_index]
        if colors is not None and colors < len(tags):
            tags = random.Random(f"tag2pix colors {number} {name}").sample(tags, colors)
        if areas[name] is not None:
            others = frozenset(drawing.tags) - part.replaces
            choices += [Choice(name, tag, others | {tag}) for tag in tags]
    return choices


def _paint(
    colorist: Colorist, drawing: HeldOut, kind: str, choices: Sequence[Choice], batch_size: int
) -> Iterator[tuple[Choice, np.ndarray, np.ndarray]]:
    """Every choice with its picture and the one with the drawing's own tags, which is painted once
    and is the same object where nothing else was chosen."""
    own_tags = frozenset(drawing.tags)
    sketch = drawing.sketches[kind]
    (own,) = colorist.paint(sketch[None], _vectors([own_tags], colorist.vocabulary))
    others = [choice for choice in choices if choice.tags != own_tags]
    yield from ((choice, own, own) for choice in choices if choice.tags == own_tags)
    for start in range(0, len(others), batch_size):
        batch = others[start : start + batch_size]
        cvt = _vectors([choice.tags for choice in batch], colorist.vocabulary)
        pictures = colorist.paint(sketch.expand(len(batch), 1, -1, -1), cvt)
        yield from ((choice, picture, own) for choice, picture in zip(batch, pictures, strict=True))


def _vectors(tag_sets: Sequence[frozenset[int]], vocabulary: Vocabulary) -> Tensor:
    return torch.from_numpy(np.stack([vocabulary.cvt_vector(tags) for tags in tag_sets]))
