"""`--evaluate`: everything that can be measured of a checkpoint, as numbers and a page."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from coloring.colorist import Colorist, load_colorist
from evaluation.dataset_metrics import DEFAULT_BATCH, Likeness, Measure, measure
from evaluation.drawings import LINE_ART, DrawnPairs, HeldOutDrawings
from evaluation.frechet import extractor_distance, inception_distance, inception_weights
from evaluation.page import write_page
from evaluation.recolor import color_control
from evaluation.report import print_summary, write_json
from evaluation.sheets import ColorSheets, Comparison
from evaluation.tag_metrics import DiscriminatorTags, ExtractorTags, load_discriminator
from loader.dataset import BenchmarkPairs, Pair
from loader.errors import InputError
from loader.samples import select
from loader.tags import Vocabulary, read_tag_lines
from network import checkpoint
from network.checkpoint import CheckpointError, read_tag_extractor
from options import require
from preprocessor.demo_dataset import RESERVED_SEED
from preprocessor.utils.download import sha256_of

STATISTICS = "frechet-statistics"


def evaluate(options: argparse.Namespace, given: set[str]) -> int:
    """Measure --load; returns 0. Raises InputError or CheckpointError."""
    if not options.load:
        raise InputError("--evaluate needs --load FILE, the checkpoint to measure")
    require(options.load, "the checkpoint to measure", "--load")
    inception = inception_weights(options.fid_weights)
    colorist = load_colorist(options, given)
    drawings = HeldOutDrawings(options.eval_drawings, colorist.size)
    notes = Notes()
    sets = _sets(options, given, colorist.vocabulary, drawings, notes)
    batch_size = options.batch_size if "batch_size" in given else DEFAULT_BATCH

    measured, sheets = {}, {}
    for name, pairs in sets.items():
        measures = _measures(options, colorist, pairs, inception, notes)
        found = measure(colorist, pairs, measures, batch_size=batch_size, description=name)
        sheets[name] = found.pop("comparison")
        measured[name] = found
    control = None
    if len(drawings):
        shown = ColorSheets()
        control = color_control(colorist, drawings, batch_size=batch_size, show=shown)
        sheets |= shown.sheets(drawings, colorist.vocabulary.names)

    report = _heading(options, colorist) | {
        "color_control": control,
        "pictures": measured,
        "not_measured": notes.lines,
    }
    _write(options, report, sheets)
    return 0


class Notes:
    """What could not be measured and why: one line each, printed at once."""

    def __init__(self):
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        if line not in self.lines:
            self.lines.append(line)
            print(line, file=sys.stderr)


def _sets(
    options: argparse.Namespace,
    given: set[str],
    vocabulary: Vocabulary,
    drawings: HeldOutDrawings,
    notes: Notes,
) -> dict[str, Sequence[Pair]]:
    sets: dict[str, Sequence[Pair]] = {}
    if len(drawings):
        sets["drawings"] = DrawnPairs(drawings, LINE_ART, vocabulary)
    if "data_dir" in given or (Path(options.data_dir) / "benchmark").is_dir():
        sets["benchmark"] = _benchmark(options, vocabulary, drawings.size)
    else:
        notes.add("no data set: --data_dir names one, whose benchmark/ is then measured, too")
    if not sets:
        raise InputError("nothing to measure: there is no data set and --eval_drawings is 0")
    return sets


def _benchmark(options: argparse.Namespace, vocabulary: Vocabulary, size: int) -> BenchmarkPairs:
    data_dir = require(options.data_dir, "the data directory", "--data_dir", folder=True)
    folder = require(data_dir / "benchmark", "the true pictures", "--data_dir", folder=True)
    lines = read_tag_lines(require(data_dir / options.tag_txt, "the tag file", "--tag_txt"))
    chosen = select(lines, folder, vocabulary, training=False, limit=options.data_size)
    pairs = BenchmarkPairs(chosen.samples, data_dir, vocabulary, input_size=size)
    print(f"benchmark: {chosen.summary()}; {pairs.without_sketch} without line art")
    if not len(pairs):
        raise InputError(f"nothing to measure in {folder}: no tag line has a picture and line art")
    return pairs


def _measures(
    options: argparse.Namespace,
    colorist: Colorist,
    pairs: Sequence[Pair],
    inception: Path | None,
    notes: Notes,
) -> dict[str, Measure]:
    measures: dict[str, Measure] = {
        "comparison": Comparison(),
        "likeness": Likeness(),
        "discriminator": DiscriminatorTags(
            load_discriminator(options.load), colorist, cit=colorist.extractor is not None
        ),
    }
    tags = _extractor_tags(options, colorist, notes)
    if tags:
        measures["tag_extractor"] = tags
    cache = Path(options.result_dir) / STATISTICS
    if Path(options.pretrain_dump).is_file():
        measures["frechet_extractor"] = extractor_distance(
            options.pretrain_dump, pairs, colorist.device, cache
        )
    else:
        notes.add(
            f"no Fréchet distance in the tag extractor's features: {options.pretrain_dump} does "
            "not exist, see --pretrain_dump"
        )
    if inception:
        measures["frechet_inception"] = inception_distance(inception, pairs, colorist.device, cache)
    else:
        notes.add(
            "no Fréchet distance in Inception's features: its weights are not there; "
            "--fid_weights download fetches them, --fid_weights FILE names them"
        )
    return measures


def _extractor_tags(
    options: argparse.Namespace, colorist: Colorist, notes: Notes
) -> ExtractorTags | None:
    if not Path(options.pretrain_dump).is_file():
        notes.add(f"no tags of the line art: {options.pretrain_dump} does not exist")
        return None
    try:
        extractor = read_tag_extractor(options.pretrain_dump, truncated=False)
    except CheckpointError as error:
        notes.add(f"no tags of the line art: {error}")
        return None
    if extractor.fc.out_features != len(colorist.vocabulary.cit):
        notes.add(f"no tags of the line art: {options.pretrain_dump} knows other tags")
        return None
    return ExtractorTags(extractor, colorist.device)


def _heading(options: argparse.Namespace, colorist: Colorist) -> dict[str, Any]:
    content = checkpoint.read(options.load)
    extractor = colorist.extractor
    cit_norm = None
    if extractor is not None:
        cit_norm = "batch" if extractor.training else "running"
    return {
        "weights": {
            "name": Path(options.load).name,
            "sha256": sha256_of(options.load),
            "epochs": content.get("finish_epoch"),
            "architecture": asdict(checkpoint.architecture(content, options.load)),
        },
        "options": {
            "eval_drawings": options.eval_drawings,
            "drawing_seed": RESERVED_SEED,
            "data_size": options.data_size,
            "color_space": colorist.color_space,
            "cit_norm": cit_norm,
            "precision": str(colorist.dtype or "float32").removeprefix("torch."),
        },
    }


def _write(
    options: argparse.Namespace, report: dict[str, Any], sheets: dict[Any, Image.Image]
) -> None:
    weights = report["weights"]
    name = f"evaluation-{Path(weights['name']).stem}-{weights['sha256'][:8]}"
    folder = Path(options.result_dir) / name
    folder.mkdir(parents=True, exist_ok=True)
    write_json(report, folder / "evaluation.json")
    write_page(report, sheets, folder / "evaluation.html")
    print_summary(report)
    print(f"the numbers are {folder / 'evaluation.json'}, the page is evaluation.html beside it")
