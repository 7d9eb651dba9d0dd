"""What `gpu.py` measured, as a page of tables in Markdown."""

import re
from collections.abc import Iterator
from typing import Any

NAMES = {"off": "TF32", "torch off": "TF32"}
TINY_NAMES = {"off": "float32", "torch off": "float32"}


def markdown(content: dict[str, Any]) -> str:
    """The page: a section for every kind of piece that is there, and what failed."""
    pieces = content["pieces"]
    done = {name: piece["result"] for name, piece in pieces.items() if "result" in piece}
    names = TINY_NAMES if content["tiny"] else NAMES
    lines = ["# Measured on a GPU" if not content["tiny"] else "# Tried at tiny sizes", ""]
    lines += [f"{content['device']}, torch {content['torch']}.", ""]
    for title, prefix, section in (
        ("Golden values", "goldens", _goldens),
        ("Number formats, one training step", "number formats", _formats),
        ("Exact resume with `--seed`", "exact resume", _resume),
        ("`--grad_accum`", "grad_accum", _grad_accum),
        ("One process under torchrun", "torchrun", _torchrun),
        ("`--compile`", "compile", _compile),
    ):
        if prefix in done:
            lines += [f"## {title}", "", *section(done[prefix]), ""]
    for title, prefix in (
        ("Training step, beside the plain one", "train "),
        ("Coloring, beside the published way", "color "),
        ("Coloring as one CUDA graph, beside the same without", "graph "),
    ):
        rows = {
            name.removeprefix(prefix): one for name, one in done.items() if name.startswith(prefix)
        }
        if rows:
            lines += [f"## {title}", "", *_rates(rows, names), ""]
    loaders = {name: one for name, one in done.items() if name.startswith("loader ")}
    if loaders:
        lines += ["## Loading beside training", "", *_loaders(loaders, done), ""]
    parts = {name: one for name, one in done.items() if name.startswith("convolutions ")}
    if parts:
        lines += ["## The generator beside its convolutions alone", "", *_convolutions(parts), ""]
    failed = {name: piece["failed"] for name, piece in pieces.items() if "failed" in piece}
    if failed:
        lines += ["## Failed", "", *(f"* {name}: {why}" for name, why in failed.items()), ""]
    return "\n".join(lines)


def _table(header: str, rows: Iterator[list[str]] | list[list[str]]) -> list[str]:
    """`header` has its columns between bars."""
    columns = header.split("|")
    return [
        f"| {' | '.join(column.strip() for column in columns)} |",
        f"|{'---|' * len(columns)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _goldens(result: dict) -> list[str]:
    rows = [
        [name, f"{one['difference']:.1e}", f"{one['tolerance']:.0e}",
         "yes" if one["difference"] <= one["tolerance"] else "**no**"]
        for name, one in result.items()
    ]  # fmt: skip
    return _table("value | difference | tolerance | near", rows)


def _formats(result: dict) -> list[str]:
    terms = list(result["float32"]["terms"])
    rows = [
        [name, f"{one['cosine']:.6f}", *(f"{one['terms'][term]:.5g}" for term in terms)]
        for name, one in result.items()
    ]
    return _table(" | ".join(["", "cosine of the L1 gradients", *terms]), rows)


def _resume(result: dict) -> list[str]:
    rows = [
        [f"`--amp {name}`", str(one["tensors"]), f"{one['largest_difference']:g}"]
        for name, one in result.items()
    ]
    return _table(" | tensors compared | largest difference", rows)


def _grad_accum(result: dict) -> list[str]:
    rows = [
        [parts, *(f"{one[key]:.1e}" for key in ("generator", "discriminator")), *_cost(one)]
        for parts, one in result.items()
    ]
    header = "parts | gradients of G, relative difference | of D | ms per step | MiB"
    return _table(header, rows)


def _cost(one: dict) -> list[str]:
    if one.get("out_of_memory"):
        return ["out of memory", "-"]
    return [f"{1000 * one['seconds']:.1f}", f"{one['megabytes']:.0f}"]


def _torchrun(result: dict) -> list[str]:
    rows = [[name.replace("_", " "), str(value)] for name, value in result.items()]
    return _table("what | found", rows)


def _compile(result: dict) -> list[str]:
    plain = result["plain"]["seconds"]
    rows = [
        [name, f"{one['first']:.1f}", f"{1000 * one['seconds']:.1f}",
         f"{plain / one['seconds']:.2f} ×"]
        for name, one in result.items()
    ]  # fmt: skip
    return _table(" | s to the first step | ms per step | faster", rows)


def _rates(pieces: dict[str, dict], names: dict[str, str]) -> list[str]:
    rows = []
    for name, kinds in pieces.items():
        batch, plain = _batch(name), kinds["plain"]
        for kind, one in kinds.items():
            shown = names.get(kind, kind.removeprefix("torch "))
            if one.get("out_of_memory"):
                rows.append([name, shown, "out of memory", "-", "-", "-"])
                continue
            beside = ["-", "-"]
            if not plain.get("out_of_memory"):
                share = one["megabytes"] / plain["megabytes"] if plain["megabytes"] > 0 else None
                beside = [
                    f"{plain['seconds'] / one['seconds']:.2f} ×",
                    f"{share:.0%}" if share else "-",
                ]
            rate, memory = f"{batch / one['seconds']:.2f}", f"{one['megabytes']:.0f}"
            rows.append([name, shown, rate, beside[0], memory, beside[1]])
    return _table(" | | images/s | faster | MiB | of plain", rows)


def _batch(name: str) -> int:
    return int(re.search(r"batch (\d+)", name)[1])


def _loaders(loaders: dict[str, dict], done: dict[str, dict]) -> list[str]:
    rows = []
    for name, one in loaders.items():
        size = name.removeprefix("loader ")
        eaten = max(
            (
                _batch(piece) / kind["seconds"]
                for piece, kinds in done.items()
                if piece.startswith(f"train {size}")
                for label, kind in kinds.items()
                if label != "plain" and "seconds" in kind
            ),
            default=None,
        )
        for way in ("files", "cache"):
            for workers, rate in one[way].items():
                share = f"{rate / eaten:.2f} ×" if eaten else "-"
                rows.append([size, way, f"{workers} of {one['cores']}", f"{rate:.0f}", share])
    return _table(" | from | processes, cores | pairs/s | of what training eats at most", rows)


def _convolutions(pieces: dict[str, dict]) -> list[str]:
    rows = [
        [name.removeprefix("convolutions "), kind, f"{1000 * one['seconds']:.1f}",
         f"{1000 * one['convolutions']:.1f}", f"{one['share']:.0%}"]
        for name, kinds in pieces.items()
        for kind, one in kinds.items()
    ]  # fmt: skip
    return _table(" | | ms | convolutions alone, ms | share", rows)
