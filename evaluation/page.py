"""The page of an evaluation: one HTML file with tables and contact sheets inside."""

import base64
import io
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

from drawn_art.parts import PARTS
from drawn_art.styles import STYLES
from evaluation.report import frechet_rows, likeness_rows, number, percent, style_rows, tag_rows
from files.atomic import atomic_path
from loader.tags import load_vocabulary

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem;
  color: #222; background: #fff; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .15rem .8rem .15rem 0; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
img { max-width: 100%; border: 1px solid #ddd; }
code { font-size: 90%; }
.swatch { display: inline-block; width: .9em; height: .9em; border: 1px solid #888;
  margin-right: .5em; vertical-align: -.1em; }
figure { margin: 1rem 0; }
.note, figcaption { color: #666; }
"""
CREDITS = [
    f'"{one.title}" by {one.creator}, {one.license}'
    for one in (style.credit for style in STYLES.values())
    if one
]
CREDIT = (
    f"Held-out drawings: figures are this project's; others are made with {'; '.join(CREDITS)}."
)
KINDS = {"line_art": "line art", "xdog": "XDoG", "finished": "line art, finished"}
Sheets = Mapping[Any, Image.Image]


def write_page(report: Mapping[str, Any], sheets: Sheets, path: Path) -> None:
    """Write the page, all or nothing. `sheets` are keyed by the name of a set of pictures, or by
    (kind of line art, part)."""
    body = "\n".join(_body(report, sheets))
    title = f"Evaluation of {escape(report['weights']['name'])}"
    text = (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n<h1>{title}</h1>\n{body}\n</html>\n"
    )
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _body(report: Mapping[str, Any], sheets: Sheets) -> Iterator[str]:
    yield from _heading(report)
    if report["color_control"]:
        yield from _color_control(report["color_control"], sheets)
    if report["styles"]:
        yield from _styles(report["styles"], sheets)
    for name, found in report["pictures"].items():
        yield f"<h2>Compared with the true pictures: {escape(name)}</h2>"
        yield f"<p>{found['pictures']} pictures, {found['unreadable']} unreadable.</p>"
        rows = [*likeness_rows(found), *tag_rows(found), *frechet_rows(found)]
        yield _table(("", ""), map(_escaped, rows))
        yield _image(sheets[name], f"{name}: line art, colored, true")
    yield f'<p class="note">{escape(CREDIT)}</p>'


def _heading(report: Mapping[str, Any]) -> Iterator[str]:
    weights = report["weights"]
    entries = {**weights["architecture"], **report["options"], "epochs": weights["epochs"]}
    listed = ", ".join(f"{key} {_shown(value)}" for key, value in entries.items())
    yield f"<p>SHA-256 <code>{weights['sha256']}</code></p>\n<p>{escape(listed)}</p>"
    for line in report["not_measured"]:
        yield f'<p class="note">Not measured: {escape(line)}</p>'


def _color_control(control: Mapping[str, Any], sheets: Sheets) -> Iterator[str]:
    yield "<h2>Color control</h2>"
    yield (
        "<p>Drawings that no network has trained on, colored once with every color of a part, "
        "their other tags unchanged. Accuracy: the color painted is nearest to the one asked for. "
        "ΔE (CIE 1976): how far it is from it. Leakage: how much everything else changed, "
        "in ΔE. The true pictures show what can be reached at this size.</p>"
    )
    heads = ("", "line art", "drawings", "not seen", "pictures", "accuracy", "ΔE", "leakage")
    heads += ("true pictures: accuracy", "ΔE")
    rows = []
    for part in next(iter(control.values())):
        for kind, parts in control.items():
            found = parts[part]
            counts = [str(found[key]) for key in ("drawings", "not_seen", "pictures")]
            true = _scores(found["true_pictures"])[:2]
            rows.append([part, KINDS[kind], *counts, *_scores(found), *true])
    yield _table(heads, rows)
    for part in next(iter(control.values())):
        yield f"<h3>{part.capitalize()}</h3>"
        yield _tag_table({kind: parts[part] for kind, parts in control.items()}, part)
        for kind in control:
            if (kind, part) in sheets:
                yield _image(sheets[kind, part], f"{part}, {KINDS[kind]}")


def _styles(styles: Mapping[str, Any], sheets: Sheets) -> Iterator[str]:
    yield "<h2>Color control in every style</h2>"
    yield (
        "<p>Every part that is seen, in some of its colors. Clothes: the mean over their kinds. "
        "No training may use the styles that are set apart for measuring.</p>"
    )
    rows = []
    for style, reserved, part, kind, scores in style_rows(styles):
        apart = "set apart" if reserved else ""
        rows.append([style, apart, part, KINDS[kind], str(scores["pictures"]), *_scores(scores)])
    heads = ("style", "", "part", "line art", "pictures", "accuracy", "ΔE", "leakage")
    yield _table(heads, rows)
    for style in styles:
        yield _image(sheets["style", style], f"{style}: line art, colored, true")


def _tag_table(found: Mapping[str, Any], part: str) -> str:
    """One row per tag, the scores of both kinds of line art side by side."""
    heads = ["tag"]
    for kind in found:
        heads += [f"{KINDS[kind]}: accuracy", "ΔE", "leakage", "painted instead"]
    rows = []
    for tag in next(iter(found.values()))["tags"]:
        row = [_swatch(part, tag) + escape(tag)]
        for summary in found.values():
            row += [*_scores(summary["tags"][tag]), _instead(tag, summary["confusion"][tag])]
        rows.append(row)
    return _table(heads, rows)


def _scores(found: Mapping[str, Any]) -> list[str]:
    return [percent(found["accuracy"]), number(found["delta_e"]), number(found["leakage"])]


def _instead(tag: str, painted: Mapping[str, int]) -> str:
    """The color that was painted most often where this one was asked for."""
    others = {other: count for other, count in painted.items() if other != tag}
    if not others:
        return ""
    most = max(others, key=others.get)
    return f"{escape(most)} ({others[most]})"


def _swatch(part: str, tag: str) -> str:
    color = PARTS[part].colors.get(load_vocabulary().ids.get(tag))
    if color is None:
        return ""
    return f'<span class="swatch" style="background: rgb{color}"></span>'


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Cells are HTML."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return f"<table>\n<tr>{head}\n{body}\n</table>"


def _escaped(row: Iterable[str]) -> list[str]:
    return [escape(cell) for cell in row]


def _shown(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _image(picture: Image.Image, caption: str) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    image = f'<img src="data:image/png;base64,{data}" alt="{escape(caption)}">'
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"
