"""The numbers of an evaluation as JSON, and in short as lines of text."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from files.atomic import atomic_path

DIGITS = 6  # beyond these, processors differ


def write_json(report: Mapping[str, Any], path: Path) -> None:
    """Write a report, all or nothing. Numbers are rounded to 6 significant digits; what is not
    finite becomes null."""
    text = json.dumps(_plain(report), indent=1, allow_nan=False, ensure_ascii=False)
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def print_summary(report: Mapping[str, Any]) -> None:
    print("\n".join(summary(report)))


def summary(report: Mapping[str, Any]) -> Iterator[str]:
    """A short table of a report, line by line."""
    if report["color_control"]:
        yield f"{'color control':<24}{'pictures':>9}{'accuracy':>10}{'ΔE':>7}{'leakage':>9}"
        for kind, parts in report["color_control"].items():
            for part, found in parts.items():
                yield (
                    f"{kind.replace('_', ' ') + ', ' + part:<24}{found['pictures']:>9}"
                    f"{percent(found['accuracy']):>10}{number(found['delta_e']):>7}"
                    f"{number(found['leakage']):>9}"
                )
    if report["styles"]:
        yield f"{'styles':<36}{'pictures':>9}{'accuracy':>10}{'ΔE':>7}{'leakage':>9}"
        for style, reserved, part, kind, scores in style_rows(report["styles"]):
            name = f"{style}{'*' if reserved else ''}, {kind.replace('_', ' ')}, {part}"
            yield (
                f"{name:<36}{scores['pictures']:>9}{percent(scores['accuracy']):>10}"
                f"{number(scores['delta_e']):>7}{number(scores['leakage']):>9}"
            )
        yield "* no training may use this style"
    for name, found in report["pictures"].items():
        yield f"{name}: {_counts(found)}"
        for row, values in likeness_rows(found):
            yield f"  {row:<22}{values}"
        for row, values in tag_rows(found):
            yield f"  {row:<22}{values}"
        for row, value in frechet_rows(found):
            yield f"  {row:<22}{value}"


def style_rows(styles: Mapping[str, Any]) -> Iterator[tuple[str, bool, str, str, dict[str, Any]]]:
    """Style, whether it is reserved, part, kind of line art, and the scores; kinds of clothes are
    left to the JSON file."""
    for style, found in styles.items():
        control = found["control"]
        for part in ("background", "hair", "eyes", "skin", "clothes"):
            for kind, parts in control.items():
                if part in parts:
                    yield style, found["reserved"], part, kind, parts[part]


def likeness_rows(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, values in found["likeness"].items():
        text = f"L1 {number(values['l1'])}, PSNR {number(values['psnr'])} dB"
        yield name.replace("_", " "), f"{text}, SSIM {number(values['ssim'], 3)}"


def tag_rows(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, values in found.get("discriminator", {}).items():
        parts = [
            f"{part} {percent(entry['accuracy'])}"
            for part, entry in values.items()
            if isinstance(entry, Mapping)
        ]
        parts += [
            f"{which.upper()} mean AP {number(values[f'{which}_map'], 3)}"
            for which in ("cvt", "cit")
            if values[f"{which}_map"] is not None
        ]
        yield f"tags judged, {name}", ", ".join(parts)
    if "tag_extractor" in found:
        value = number(found["tag_extractor"]["cit_map"], 3)
        yield "tags of the line art", f"CIT mean AP {value}"


def frechet_rows(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, title in (("frechet_extractor", "extractor"), ("frechet_inception", "Inception")):
        if key in found:
            yield f"Fréchet, {title}", number(found[key], 2)


def number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _counts(found: Mapping[str, Any]) -> str:
    text = "1 picture" if found["pictures"] == 1 else f"{found['pictures']} pictures"
    return text + (f", {found['unreadable']} unreadable skipped" if found["unreadable"] else "")
