"""Tiny training runs of main.py in this process, and what they leave behind."""

import os
from pathlib import Path

import torch

import main
from tag2pix import Tag2Pix

TINY = (
    *("--cpu", "--input_size=32", "--layers", "1", "1", "1", "1", "--batch_size=4"),
    *("--thread=0", "--seed=3", "--save_freq=0", "--test_image_count=2"),
)


def train(*options) -> int:
    """main.py on one thread: for networks this small, more only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return main.main([str(option) for option in options])
    finally:
        torch.set_num_threads(threads)


def run_in(parent: Path) -> Path:
    """The only result directory in `parent`."""
    (directory,) = parent.iterdir()
    return directory


def checkpoint(path: Path) -> dict:
    return torch.load(path, weights_only=True)


def assert_same(first, second, where=""):
    """Equal to the bit, all the way down; times and places may differ."""
    if isinstance(first, dict):
        assert first.keys() == second.keys(), where
        for key in first.keys() - {"result_path", "epoch_seconds", "options"}:
            assert_same(first[key], second[key], f"{where}/{key}")
    elif isinstance(first, list | tuple):
        assert len(first) == len(second), where
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            assert_same(one, other, f"{where}/{number}")
    elif isinstance(first, torch.Tensor):
        assert first.dtype == second.dtype and first.equal(second), where
    else:
        assert first == second, where


def at_step(monkeypatch, number: int, action) -> None:
    """Have `action(batch)` called in the middle of training step `number`, counted from 1."""
    training_step = Tag2Pix.training_step
    count = 0

    def step(self, batch, classify=True):
        nonlocal count
        count += 1
        changed = action(batch) if count == number else None
        return training_step(self, batch if changed is None else changed, classify)

    monkeypatch.setattr(Tag2Pix, "training_step", step)


def signal_at_step(monkeypatch, number: int, signal_number: int) -> None:
    at_step(monkeypatch, number, lambda _: os.kill(os.getpid(), signal_number))
