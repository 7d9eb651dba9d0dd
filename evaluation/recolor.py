"""Color control of a network: held-out drawings, colored once with every color of every part."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from coloring.colorist import Colorist
from evaluation.color_control import Area, Painting, area, judge, means, summarize
from evaluation.dataset_metrics import DEFAULT_BATCH
from evaluation.drawings import KINDS, PARTS, HeldOut
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
    batch_size: int = DEFAULT_BATCH,
    show: Show | None = None,
) -> dict[str, Any]:
    """Color every drawing with every hair, eye and background color, its other tags its own.

    The drawings must be of the colorist's size. Returns, by kind of line art and part, what
    `summarize` returns, and `drawings`, in which the part is seen, `not_seen`, and `true_pictures`:
    the same numbers of the true pictures, which are the best that can be reached at this size.
    A batch holds pictures of one drawing only. `show` is called with every picture.
    """
    vocabulary = colorist.vocabulary
    results = {kind: {part: _Result(part) for part in PARTS} for kind in KINDS}
    total = len(drawings) * len(KINDS) * sum(len(_tags(part, vocabulary)) for part in PARTS)
    with Progress(total=total, desc="color control", unit="img") as bar:
        for number, drawing in enumerate(drawings):
            areas = {part: area(drawing.masks[PARTS[part].mask]) for part in PARTS}
            choices = _choices(drawing, areas, vocabulary)
            for kind in KINDS:
                for part, where in areas.items():
                    results[kind][part].see(drawing, where)
                    if where is None:
                        bar.total -= len(_tags(part, vocabulary))
                painted = _paint(colorist, drawing, kind, choices, batch_size)
                for choice, picture, own in painted:
                    results[kind][choice.part].paintings.append(
                        _judge(choice, picture, own, areas[choice.part])
                    )
                    if show:
                        show(kind, choice.part, number, choice.tag, picture)
                    bar.update()
    return {
        kind: {part: result.summary(vocabulary) for part, result in parts.items()}
        for kind, parts in results.items()
    }


class _Result:
    """The paintings of one part, those of the true pictures, and in how many drawings it is."""

    def __init__(self, part: str):
        self.part = part
        self.seen, self.not_seen = 0, 0
        self.paintings: list[Painting] = []
        self.true: list[Painting] = []

    def see(self, drawing: HeldOut, where: Area | None) -> None:
        self.seen += where is not None
        self.not_seen += where is None
        colors = PARTS[self.part].colors
        own = [tag for tag in drawing.tags if tag in colors]
        if where is not None and own:
            self.true.append(judge(drawing.color, own[0], colors, where))

    def summary(self, vocabulary: Vocabulary) -> dict[str, Any]:
        names = {tag: vocabulary.names.get(tag, str(tag)) for tag in PARTS[self.part].colors}
        return {
            "drawings": self.seen,
            "not_seen": self.not_seen,
            "true_pictures": means(self.true),
            **summarize(self.paintings, names),
        }


def _tags(part: str, vocabulary: Vocabulary) -> list[int]:
    return [tag for tag in PARTS[part].colors if tag in vocabulary.cvt_index]


def _choices(
    drawing: HeldOut, areas: Mapping[str, Area | None], vocabulary: Vocabulary
) -> list[Choice]:
    return [
        Choice(part, tag, (frozenset(drawing.tags) - PARTS[part].replaces) | {tag})
        for part, where in areas.items()
        if where is not None
        for tag in _tags(part, vocabulary)
    ]


def _judge(choice: Choice, picture: np.ndarray, own: np.ndarray, where: Area) -> Painting:
    reference = None if picture is own else own
    return judge(picture, choice.tag, PARTS[choice.part].colors, where, reference)


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
