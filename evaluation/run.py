"""`--evaluate`: everything that can be measured of a checkpoint, as numbers and a page."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from coloring.colorist import Colorist
from coloring.load import load_colorist
from command_line.options import Options
from drawn_art.reserved import RESERVED_SEED
from errors import InputError
from evaluation.dataset_metrics import DEFAULT_BATCH, Fingerprint, Likeness, measure
from evaluation.drawings import HeldOutDrawings
from evaluation.finished import FINISHED, finished_control
from evaluation.judges import load_judges
from evaluation.notes import Notes
from evaluation.page import Sheets, write_page
from evaluation.picture_sets import DATA_FLAGS, picture_sets
from evaluation.recolor import color_control
from evaluation.report import print_summary, write_json
from evaluation.sheets import ColorSheets, Comparison
from evaluation.styles import style_control

NAME_DIGITS = 8
DRAWINGS_PER_STYLE = 4  # of so many of --eval_drawings there is one of each style
Report = dict[str, Any]


def evaluate(options: Options) -> int:
    """Measure --load and write what was found; returns 0. Raises InputError."""
    report, sheets = measure_checkpoint(options)
    weights = report["weights"]
    name = f"{Path(weights['name']).stem}-{weights['sha256'][:NAME_DIGITS]}-{report['measured']}"
    folder = Path(options.result_dir) / f"evaluation-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    write_json(report, folder / "evaluation.json")
    write_page(report, sheets, folder / "evaluation.html")
    print_summary(report)
    print(f"the numbers are {folder / 'evaluation.json'}, the page is evaluation.html beside it")
    return 0


def measure_checkpoint(options: Options) -> tuple[Report, Sheets]:
    """Everything that can be measured of --load: the report in plain containers, and the contact
    sheets as `write_page` takes them. Raises InputError."""
    colorist = load_colorist(options)
    notes = Notes()
    drawings = HeldOutDrawings(options.eval_drawings, colorist.size)
    sets = picture_sets(options, colorist.vocabulary, drawings, notes)
    if not sets:
        raise InputError("nothing to measure: there is no data set and --eval_drawings is 0")
    judges = load_judges(options, colorist, notes)
    batch_size = options.batch_size if "batch_size" in options.given else DEFAULT_BATCH

    measured, sheets = {}, {}
    for name, pairs in sets.items():
        measures = {"sha256": Fingerprint(), "comparison": Comparison(), "likeness": Likeness()}
        found = notes.attempt(
            f"numbers of {name}",
            len(sets) == 1 or bool(options.given & DATA_FLAGS),
            measure,
            *(colorist, pairs, measures | judges.measures(pairs)),
            batch_size=batch_size,
            description=name,
        )
        if found:
            sheets[name] = found.pop("comparison")
            measured[name] = found
    control, styles = None, None
    if len(drawings):
        shown = ColorSheets()
        control = color_control(colorist, drawings, batch_size=batch_size, show=shown)
        sheets |= shown.sheets(drawings)
        control[FINISHED] = finished_control(colorist, len(drawings), batch_size=batch_size)
        count = -(-len(drawings) // DRAWINGS_PER_STYLE)
        styles, style_sheets = style_control(colorist, count, batch_size=batch_size)
        sheets |= style_sheets
    heading = _heading(options, colorist) | {"feature_weights": judges.weights()}
    report = {
        "color_control": control,
        "styles": styles,
        "pictures": measured,
        "not_measured": notes.lines,
    }
    return heading | {"measured": _digest(heading, measured)} | report, sheets


def _digest(heading: Report, measured: Report) -> str:
    """Differs with the options, the pictures and the feature networks of a measurement."""
    seen = {name: found["sha256"] for name, found in measured.items()}
    what = [heading["options"], heading["feature_weights"], seen]
    text = json.dumps(what, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:NAME_DIGITS]


def _heading(options: Options, colorist: Colorist) -> Report:
    """What a report says of the weights and the options."""
    checkpoint = colorist.checkpoint
    return {
        "weights": {
            "name": checkpoint.path.name,
            "sha256": checkpoint.sha256,
            "epochs": checkpoint.position.epoch,
            "architecture": asdict(checkpoint.architecture),
        },
        "options": {
            "eval_drawings": options.eval_drawings,
            "drawing_seed": RESERVED_SEED,
            "data_size": options.data_size,
            "input_size": colorist.size,
            "color_space": colorist.color_space,
            "cit_norm": colorist.cit_norm,
            "precision": str(colorist.dtype or "float32").removeprefix("torch."),
        },
    }
