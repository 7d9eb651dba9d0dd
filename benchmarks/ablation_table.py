"""The measurements of an ablation as a Markdown page with figures."""

import json
import platform
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from drawn_art.parts import PARTS
from evaluation.drawings import LINE_ART
from evaluation.page import CREDIT
from files.atomic import atomic_path

TITLES = {
    "tag2pix": "Tag2Pix (SECat)",
    "senet": "SENet",
    "resnext": "ResNeXt",
    "catconv": "CatConv",
    "catall": "CatAll",
    "adain": "AdaIN",
    "seadain": "SEAdaIN",
    "no_guide": "Tag2Pix without guide decoder",
    "no_cit": "Tag2Pix without CIT features",
    "one_step": "Tag2Pix in one step",
}
FRECHET = ("frechet_inception", "frechet_extractor")
SCORES = (("acc.", "accuracy", 100), ("ΔE", "delta_e", 1), ("leak", "leakage", 1))
LEGEND = """\
Of the held-out drawings' own line art: accuracy (%), ΔE and leakage of the hair (H), eye (E) and
background (B) colors that were asked for, see [evaluation.md](evaluation.md). L1 in levels of 255
and the Fréchet distance are those of {pictures}."""


@dataclass(frozen=True)
class Run:
    """One row of the table with one seed, and the folder of its training and measurement."""

    row: str
    seed: int
    folder: Path

    @property
    def measured(self) -> Path:
        return self.folder / "measured.json"

    @property
    def figure(self) -> Path:
        return self.folder / "figure.png"


def write_document(path: Path, runs: Sequence[Run], command: str, flags: Sequence[str]) -> None:
    """Write the page and, into the folder of its name, one figure per row: that of its first
    measured seed. Rows that are not measured yet are left out and counted."""
    measured = {run: json.loads(run.measured.read_text()) for run in runs if run.measured.is_file()}
    figures = path.with_suffix("")
    figures.mkdir(parents=True, exist_ok=True)
    first = {run.row: run for run in reversed(measured)}
    for row, run in first.items():
        with atomic_path(figures / f"{row}.png") as temporary:
            shutil.copyfile(run.figure, temporary)
    text = "\n".join(_page(measured, len(runs), figures.name, command, flags))
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _page(
    measured: Mapping[Run, Any], wanted: int, figures: str, command: str, flags: Sequence[str]
) -> Iterator[str]:
    yield "# Ablation\n"
    yield "Every row trained alike, on the same images for as many epochs, and measured alike.\n"
    if len(measured) < wanted:
        yield f"Not complete: {wanted - len(measured)} of {wanted} trainings are missing.\n"
    if not measured:
        return
    rows = list(dict.fromkeys(run.row for run in measured))
    grouped = {row: [run for run in measured if run.row == row] for row in rows}
    values = {run: _values(report) for run, report in measured.items()}
    yield "## Means over the seeds\n"
    names = list(next(iter(values.values())))
    yield from _table(
        ["", "seeds", *names],
        (
            [TITLES[row], str(len(group)), *_means([values[run] for run in group])]
            for row, group in grouped.items()
        ),
    )
    any_report = next(iter(measured.values()))
    yield "\n" + LEGEND.format(pictures=_pictures(any_report)) + "\n"
    yield "## Each seed\n"
    yield from _table(
        ["", "seed", *names],
        ([TITLES[run.row], str(run.seed), *_means([values[run]])] for run in measured),
    )
    yield "\n## Pictures\n"
    yield f"Two drawings that no row has trained on, each with the same choices of tags. {CREDIT}\n"
    for row in rows:
        yield f"{TITLES[row]}, seed {grouped[row][0].seed}:\n\n![{row}]({figures}/{row}.png)\n"
    yield "## How it was made\n"
    yield "By one or more calls, with these settings; the last one:\n"
    yield f"```sh\n{command}\n```\n"
    yield f"Each training: `main.py {shlex.join(flags)}`, and what its row adds.\n"
    yield f"On {_machine()}."


def _values(report: Mapping[str, Any]) -> dict[str, float | None]:
    control = (report["color_control"] or {}).get(LINE_ART, {})
    values: dict[str, float | None] = {}
    for title, key, factor in SCORES:
        for part in PARTS:
            value = control.get(part, {}).get(key)
            values[f"{part[0].upper()} {title}"] = None if value is None else factor * value
    compared = report["pictures"][_set(report)]
    values["L1"] = compared["likeness"]["colored"]["l1"]
    values["Fréchet"] = compared.get(_features(report))
    return values


def _set(report: Mapping[str, Any]) -> str:
    return "benchmark" if "benchmark" in report["pictures"] else "drawings"


def _features(report: Mapping[str, Any]) -> str | None:
    compared = report["pictures"][_set(report)]
    return next((name for name in FRECHET if name in compared), None)


def _pictures(report: Mapping[str, Any]) -> str:
    name = _set(report)
    text = f"the {report['pictures'][name]['pictures']} pictures of `{name}`"
    features = {
        "frechet_inception": ", in Inception's features",
        "frechet_extractor": ", in the tag extractor's features",
        None: "; the latter was not measured",
    }
    return text + features[_features(report)]


def _means(rows: Sequence[Mapping[str, float | None]]) -> list[str]:
    cells = []
    for name in rows[0]:
        known = [row[name] for row in rows if row[name] is not None]
        cells.append(f"{sum(known) / len(known):.1f}" if known else "-")
    return cells


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|---" + "|--:" * (len(heads) - 1) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _machine() -> str:
    device = "the CPU"
    if torch.cuda.is_available():
        device = torch.cuda.get_device_name()
    system = f"{platform.system()} {platform.machine()}"
    return f"{system}, {device} ({torch.get_num_threads()} threads), torch {torch.__version__}"
