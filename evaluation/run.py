"""`--evaluate`: everything that can be measured of a checkpoint, as numbers and a page."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from coloring.colorist import Colorist, load_colorist
from evaluation.dataset_metrics import DEFAULT_BATCH, Likeness, Measure, measure
from evaluation.drawings import LINE_ART, DrawnPairs, HeldOutDrawings
from evaluation.frechet import extractor_distance, inception_distance, inception_weights
from evaluation.judged_tags import DiscriminatorTags, ExtractorTags
from evaluation.page import Sheets, write_page
from evaluation.recolor import color_control
from evaluation.report import print_summary, write_json
from evaluation.sheets import ColorSheets, Comparison
from loader.dataset import BenchmarkPairs, Pair
from loader.errors import InputError
from loader.samples import select
from loader.tags import Vocabulary, read_tag_lines
from network import checkpoint
from network.checkpoint import CheckpointError, load_state, read_tag_extractor
from network.discriminator import Discriminator
from network.tag_extractor import TagExtractor
from options import require
from preprocessor.demo_dataset import RESERVED_SEED
from preprocessor.utils.download import sha256_of

STATISTICS = "frechet-statistics"  # inside --result_dir, for all that is measured there
Report = dict[str, Any]


def evaluate(options: argparse.Namespace, given: set[str]) -> int:
    """Measure --load and write what was found; returns 0. Raises InputError or CheckpointError."""
    report, sheets = measure_checkpoint(options, given)
    weights = report["weights"]
    name = f"evaluation-{Path(weights['name']).stem}-{weights['sha256'][:8]}"
    folder = Path(options.result_dir) / name
    folder.mkdir(parents=True, exist_ok=True)
    write_json(report, folder / "evaluation.json")
    write_page(report, sheets, folder / "evaluation.html")
    print_summary(report)
    print(f"the numbers are {folder / 'evaluation.json'}, the page is evaluation.html beside it")
    return 0


def measure_checkpoint(options: argparse.Namespace, given: set[str]) -> tuple[Report, Sheets]:
    """Everything that can be measured of --load: the report in plain containers, and the contact
    sheets as `write_page` takes them. Raises InputError or CheckpointError."""
    if not options.load:
        raise InputError("--evaluate needs --load FILE, the checkpoint to measure")
    require(options.load, "the checkpoint to measure", "--load")
    inception = inception_weights(options.fid_weights)
    colorist = load_colorist(options, given)
    drawings = HeldOutDrawings(options.eval_drawings, colorist.size)
    notes = Notes()
    sets = _sets(options, given, colorist.vocabulary, drawings, notes)
    batch_size = options.batch_size if "batch_size" in given else DEFAULT_BATCH
    heading, discriminator = _read(options, colorist)
    extractor = _full_extractor(options, colorist, notes)

    measured, sheets = {}, {}
    for name, pairs in sets.items():
        measures: dict[str, Measure] = {
            "comparison": Comparison(),
            "likeness": Likeness(),
            "discriminator": DiscriminatorTags(
                discriminator, colorist, cit=colorist.extractor is not None
            ),
        }
        if extractor is not None:
            measures["tag_extractor"] = ExtractorTags(extractor, colorist.device)
        measures |= _distances(options, pairs, inception, colorist.device, notes)
        found = measure(colorist, pairs, measures, batch_size=batch_size, description=name)
        sheets[name] = found.pop("comparison")
        measured[name] = found
    control = None
    if len(drawings):
        shown = ColorSheets()
        control = color_control(colorist, drawings, batch_size=batch_size, show=shown)
        sheets |= shown.sheets(drawings)
    report = {"color_control": control, "pictures": measured, "not_measured": notes.lines}
    return heading | report, sheets


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


def _distances(
    options: argparse.Namespace,
    pairs: Sequence[Pair],
    inception: Path | None,
    device: torch.device,
    notes: Notes,
) -> dict[str, Measure]:
    cache = Path(options.result_dir) / STATISTICS
    distances: dict[str, Measure] = {}
    if Path(options.pretrain_dump).is_file():
        distances["frechet_extractor"] = extractor_distance(
            options.pretrain_dump, pairs, device, cache
        )
    else:
        notes.add(
            f"no Fréchet distance in the tag extractor's features: {options.pretrain_dump} does "
            "not exist, see --pretrain_dump"
        )
    if inception:
        distances["frechet_inception"] = inception_distance(inception, pairs, device, cache)
    else:
        notes.add(
            "no Fréchet distance in Inception's features: its weights are not there; "
            "--fid_weights download fetches them, --fid_weights FILE names them"
        )
    return distances


def _full_extractor(
    options: argparse.Namespace, colorist: Colorist, notes: Notes
) -> TagExtractor | None:
    path = options.pretrain_dump
    if not Path(path).is_file():
        notes.add(f"no tags of the line art: {path} does not exist, see --pretrain_dump")
        return None
    try:
        extractor = read_tag_extractor(path, truncated=False)
    except CheckpointError as error:
        notes.add(f"no tags of the line art: {error}")
        return None
    if extractor.fc.out_features != len(colorist.vocabulary.cit):
        notes.add(f"no tags of the line art: {path} knows other tags")
        return None
    return extractor


def _read(options: argparse.Namespace, colorist: Colorist) -> tuple[Report, Discriminator]:
    """What a report says of the weights and the options, and the weights' discriminator."""
    content = checkpoint.read(options.load)
    found = checkpoint.architecture(content, options.load)
    discriminator = found.discriminator()
    load_state(discriminator, content["D"], options.load)
    cit_norm = None
    if colorist.extractor is not None:
        cit_norm = "batch" if colorist.extractor.training else "running"
    heading = {
        "weights": {
            "name": Path(options.load).name,
            "sha256": sha256_of(options.load),
            "epochs": content.get("finish_epoch"),
            "architecture": asdict(found),
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
    return heading, discriminator
