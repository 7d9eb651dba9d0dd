"""Tiny pretraining runs of main.py, and their tables."""

import csv
from pathlib import Path

# Two of the eight drawn samples are held out; the other six are two batches.
TINY = ("--pretrain", "--cpu", "--input_size=32", "--thread=0", "--seed=5")
BATCHES = ("--batch_size=3", "--holdout=0.2")


def options(data: Path, parent: Path, *others) -> tuple:
    return *TINY, *BATCHES, f"--data_dir={data}", f"--result_dir={parent}", *others


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
