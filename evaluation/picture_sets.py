"""The true pictures that a checkpoint is measured on: held-out drawings, and a data set's."""

from collections.abc import Sequence

from command_line.options import Options, require
from errors import InputError
from evaluation.drawings import LINE_ART, DrawnPairs, HeldOutDrawings
from evaluation.notes import Notes
from loader.dataset import BenchmarkPairs, Pair
from loader.layout import DataDir
from loader.samples import select
from loader.tag_lines import read_tag_lines
from loader.tags import Vocabulary

DATA_FLAGS = {"data_dir", "tag_txt"}


def picture_sets(
    options: Options,
    vocabulary: Vocabulary,
    drawings: HeldOutDrawings,
    notes: Notes,
) -> dict[str, Sequence[Pair]]:
    """`drawings` and `benchmark`, those of them that there are.

    Raises InputError when a data set that was asked for cannot be used.
    """
    sets: dict[str, Sequence[Pair]] = {}
    if len(drawings):
        sets["drawings"] = DrawnPairs(drawings, LINE_ART, vocabulary)
    asked_for = bool(options.given & DATA_FLAGS)
    size = drawings.size
    pairs = notes.attempt("data set", asked_for, _benchmark, options, vocabulary, size)
    return sets if pairs is None else sets | {"benchmark": pairs}


def _benchmark(options: Options, vocabulary: Vocabulary, size: int) -> BenchmarkPairs:
    require(options.data_dir, "the data directory", "--data_dir", folder=True)
    data_dir = DataDir(options.data_dir, options.tag_txt)
    folder = require(data_dir.benchmark, "the true pictures", "--data_dir", folder=True)
    require(data_dir.benchmark_line_art, "their line art", "--data_dir", folder=True)
    lines = read_tag_lines(require(data_dir.tags, "the tag file", "--tag_txt"))
    chosen = select(lines, folder, vocabulary, training=False, limit=options.data_size)
    pairs = BenchmarkPairs(chosen.samples, data_dir, vocabulary, input_size=size)
    print(f"benchmark: {chosen.summary()}; {pairs.without_sketch} without line art")
    if not len(pairs):
        raise InputError(f"nothing to measure in {folder}: no tag line has a picture and line art")
    return pairs
