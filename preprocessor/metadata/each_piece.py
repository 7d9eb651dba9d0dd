"""All metadata in pieces, on several processes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from errors import InputError
from preprocessor.metadata.sources import Piece, metadata_files, pieces, total_size
from preprocessor.stage.stage import Outcome, map_files, worthwhile

SMALLEST_RANGE, LARGEST_RANGE = 1 << 20, 32 << 20
# One process reads so many bytes in the time that it takes to start another.
WORTH_A_PROCESS = 200 << 20


class _Numbered(NamedTuple):
    number: int
    piece: Piece

    def __str__(self) -> str:
        return str(self.piece)


def each_piece(
    folder: Path, function: Callable[[Piece], Any], jobs: int, dask: str | None = None
) -> Iterator[tuple[Piece, Any]]:
    """Apply `function` to all metadata in `folder`, in pieces, on so many processes or on a Dask
    cluster; yields (piece, result) in the order read. Raises InputError where there is none, or
    where some cannot be read."""
    files, folders = metadata_files(folder)
    size = total_size(files)
    jobs = jobs if folders else worthwhile(jobs, size, WORTH_A_PROCESS)
    range_size = min(max(size // (8 * jobs), SMALLEST_RANGE), LARGEST_RANGE)
    outcomes = map_files(
        _OnPiece(function),
        (_Numbered(*item) for item in enumerate(pieces(folder, range_size))),
        jobs=jobs,
        dask=dask,
        description="metadata",
        total=None if folders else size,
        unit="B",
        size=lambda item: item.piece.size,
        batch_size=1,
    )
    waiting: dict[int, Outcome] = {}
    position = 0
    for outcome in outcomes:
        if outcome.error:
            reason = outcome.error.removeprefix(f"{outcome.item}: ")
            raise InputError(f"cannot read the metadata: {reason}")
        waiting[outcome.item.number] = outcome
        while position in waiting:
            first = waiting.pop(position)
            yield first.item.piece, first.value
            position += 1
    if not position:
        raise InputError(
            f"{folder} has no metadata: parquet, JSON, or tars of JSON (see docs/dataset.md)"
        )


class _OnPiece:
    """Calls a function with the piece of a numbered one."""

    def __init__(self, function: Callable[[Piece], Any]):
        self.function = function

    def __call__(self, item: _Numbered) -> Any:
        return self.function(item.piece)
