"""The pieces of `gpu.py` that train with main.py, or load pictures."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import torch
from PIL import Image
from torch import Tensor

from benchmarks.gpu_scale import Scale
from benchmarks.loader import make_images
from checkpoints.writing import save
from drawn_art.adventurer.picture import choose
from drawn_art.render import render_cropped
from loader.dataset import EpochBatches, TrainingPairs
from loader.layout import DataDir
from loader.samples import Sample
from loader.stream import stream
from loader.tag_lines import format_tag_line
from loader.tags import load_vocabulary
from network import TagExtractor
from training.results import checkpoints

PROJECT = Path(__file__).resolve().parents[1]
PNG_SIDE = 768
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=1")


def exact_resume(scale: Scale) -> dict[str, Any]:
    """Two epochs without interruption, and one and another: the largest difference of all tensors
    of the two checkpoints, for each --amp of the scale."""
    found = {}
    for precision in scale.resumed:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            flags = _training_flags(folder, scale)
            _main(folder / "whole", flags, "--amp", precision, "--epoch", "2")
            _main(folder / "parts", flags, "--amp", precision, "--epoch", "1")
            _main(folder / "parts", [], "--resume", "--epoch", "2", *["--cpu"] * scale.cpu)
            found[precision] = _compared(folder / "whole", folder / "parts")
    return found


def torchrun(scale: Scale) -> dict[str, Any]:
    """One process of a group: what `gpu_rank.py` finds there, and a training beside one without."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told = folder / "told.json"
        script = Path(__file__).with_name("gpu_rank.py")
        _run(*TORCHRUN, script, told, *["--cpu"] * scale.cpu)
        flags = _training_flags(folder, scale)
        _main(folder / "alone", flags, "--epoch", "1")
        _main(folder / "launched", flags, "--epoch", "1", launcher=TORCHRUN)
        return json.loads(told.read_text()) | _compared(folder / "alone", folder / "launched")


def _training_flags(folder: Path, scale: Scale) -> list:
    """Draws what there is to train on, too."""
    data, size = folder / "data", scale.small
    (data / "rgb_train").mkdir(parents=True)
    (data / "simpl_train").mkdir()
    lines = []
    for number in range(1, 3 * scale.checked_batch):  # the last batch is smaller
        drawing = choose(1, number, outside=False)
        pictures = render_cropped(drawing, size)
        for kind, where in (("color", "rgb_train"), ("line_art", "simpl_train")):
            Image.fromarray(pictures[kind]).save(data / where / f"{number}.png")
        lines.append(format_tag_line(number, drawing.tags) + "\n")
    (data / "tags.txt").write_text("".join(lines))
    torch.manual_seed(0)
    extractor = folder / "model.pth"
    save({"weight": TagExtractor(truncated=True).state_dict()}, extractor)
    return [
        *("--data_dir", data, "--pretrain_dump", extractor, "--input_size", size),
        *("--layers", *scale.layers, "--batch_size", scale.checked_batch, "--two_step_epoch", 2),
        *("--seed", 3, "--save_freq", 0, "--test_image_count", 0, "--thread", 2),
        *["--cpu"] * scale.cpu,
    ]


def _main(results: Path, flags: list, *more, launcher: tuple = ()) -> None:
    _run(*launcher, PROJECT / "main.py", "--result_dir", results, *flags, *more)


def _run(*words) -> None:
    """Run Python; raises RuntimeError with the end of what it said if it fails."""
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        print(said, file=sys.stderr)
        script = next(Path(word).name for word in command[1:] if word.endswith(".py"))
        raise RuntimeError(f"{script} failed: {said.splitlines()[-1] if said else done.returncode}")


def _compared(*results: Path) -> dict[str, Any]:
    """The newest checkpoints of two result folders, tensor by tensor."""
    first, second = (
        dict(_tensors(torch.load(_newest(folder), map_location="cpu", weights_only=True)))
        for folder in results
    )
    if first.keys() != second.keys():
        raise RuntimeError("the checkpoints do not hold the same tensors")
    differences = [
        (value.double() - second[name].double()).abs().max().item()
        for name, value in first.items()
        if value.numel()
    ]
    return {"tensors": len(differences), "largest_difference": max(differences)}


def _newest(folder: Path) -> Path:
    (run,) = folder.iterdir()
    return checkpoints(run)[0]


def _tensors(value: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """All of a checkpoint but for the random states, by where they are."""
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, dict | list | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            if key != "random":
                yield from _tensors(inner, f"{name}/{key}")


def loader(scale: Scale, size: int) -> dict[str, Any]:
    """Training pairs per second by the number of loading processes, from files of 768 px and from
    the cache. The epoch in which the copies are made is not counted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_images(folder, scale.pairs, PNG_SIDE)
        samples = [Sample(number, (1,), (1,)) for number in range(1, scale.pairs + 1)]
        cores = joblib.cpu_count()
        found: dict[str, Any] = {"cores": cores}
        for way, cache in (("files", None), ("cache", folder / "copies")):
            pairs = TrainingPairs(
                samples, DataDir(folder), load_vocabulary(), input_size=size, cache=cache
            )
            if cache:
                _rate(pairs, cores, epochs=1)
            found[way] = {
                workers: _rate(pairs, workers, epochs=3)
                for workers in sorted({1, min(4, cores), cores})
            }
        return found


def _rate(pairs: TrainingPairs, workers: int, epochs: int) -> float:
    """Pairs per second after the first epoch, or of the only one: starting processes takes
    seconds."""
    batch = 4
    batches = EpochBatches(len(pairs), batch, seed=0, start_epoch=1, last_epoch=epochs)
    skipped = batches.batches_per_epoch if epochs > 1 else 0
    started, seen = time.perf_counter(), 0
    for number, loaded in enumerate(stream(pairs, batches, workers=workers)):
        if number == skipped:
            started, seen = time.perf_counter(), 0
        else:
            seen += len(loaded.sketch)
    return seen / (time.perf_counter() - started)
