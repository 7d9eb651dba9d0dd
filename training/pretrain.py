"""From options to a pretraining run of the tag extractor.

python main.py --pretrain --data_dir dataset --epoch 30 --batch_size 64 --input_size 256
python main.py --pretrain --resume
python main.py --pretrain --init model.pth --data_dir dataset --input_size 512
python main.py --data_dir dataset --pretrain_dump results/261122-101500/model.pth
"""

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from command_line.options import listing, require
from errors import InputError
from hardware.device import autocast_dtype
from hardware.processes import Processes
from loader.line_art import AugmentedSketches, PlainSketches, sketch_folders
from loader.samples import is_held_out, select
from loader.tags import Vocabulary, load_vocabulary, read_tag_lines
from network.checkpoint import load_state, read_pretrained, read_pretraining
from network.tag_extractor import TagExtractor
from training.classifier import BEST, LAST, ClassifierTraining
from training.origin import origin_line, origin_of
from training.recipe import Recipe
from training.results import ResultDirectory, new_result_directory
from training.setup import (
    cache_directory,
    check_batch_size,
    check_smallest_part,
    check_sync_bn,
    choose_seed,
    loading_processes,
    seed_torch,
)

RECORDED = (
    *("data_dir", "tag_txt", "tag_dump", "data_size", "input_size", "epoch", "batch_size"),
    *("pretrain_lr", "lr_schedule", "holdout", "max_pos_weight", "brightness_epoch"),
    *("save_minutes", "seed", "thread", "cache", "amp", "compile", "sync_bn"),
)
USED = {*RECORDED, "pretrain", "resume", "init", "result_dir", "cpu"}
TERMS = ("loss", "lr")


def pretrain(options: argparse.Namespace, given: set[str], processes: Processes) -> int:
    """Train the tag extractor as the options say; returns the exit code."""
    unused = sorted(given - USED)
    if unused:
        raise InputError(f"--{unused[0]} does not belong to --pretrain")
    if options.init and options.resume is not None:
        raise InputError("--init starts a new run: give it without --resume")
    path, content = _resume_from(options)
    recorded = (content or {}).get("pretraining", {})
    options = _agree(options, given, recorded, path)
    first, before = read_pretrained(options.init) if options.init else (None, recorded)
    vocabulary = _vocabulary(options, given, before, options.init or path)
    if first:
        _check_classes(first, vocabulary, options)
    finished = recorded.get("position", {}).get("epoch", 0)
    if finished >= options.epoch:
        print(
            f"nothing to do: {path} has finished {finished} of {options.epoch} epochs; --epoch is "
            "the total, raise it to go on"
        )
        return 0
    seed = choose_seed(options, recorded.get("seed"), processes)
    initial = origin_of(options.init) if options.init else recorded.get("initial")
    sketches, held_out = _data(options, vocabulary, seed, processes)
    _check(options, len(sketches), processes)
    dtype = autocast_dtype(options.amp, processes.device)
    seed_torch(options, seed, processes)

    results = _results(options, path, recorded, initial) if processes.is_main else None
    training = ClassifierTraining(
        _network(options, vocabulary, processes),
        sketches,
        held_out,
        vocabulary,
        _recipe(options, given),
        results,
        dtype=dtype,
        processes=processes,
        record={
            "seed": seed,
            "vocabulary": vocabulary.dump(),
            "options": {name: getattr(options, name) for name in RECORDED},
            "initial": initial,
        },
    )
    if first:
        load_state(training.network, first.state_dict(), options.init)
    if content is not None:
        training.restore(content, path)
    first = content = None  # a second copy of everything need not stay in memory
    _run(training, options)
    if results:
        results.close()
    return 0


def _resume_from(options: argparse.Namespace) -> tuple[Path | None, dict[str, Any] | None]:
    if options.resume is None:
        return None, None
    name = f"{LAST}.pth"
    if options.resume:
        path = Path(options.resume)
        path = path / name if path.is_dir() else path
    else:
        runs = list(Path(options.result_dir).glob(f"*/{name}"))
        if not runs:
            raise InputError(f"{options.result_dir} holds no pretraining run to resume")
        path = max(runs, key=lambda run: run.stat().st_mtime_ns)
    return path, read_pretraining(path)


def _agree(
    options: argparse.Namespace, given: set[str], recorded: Mapping[str, Any], path: Path | None
) -> argparse.Namespace:
    """The options, those that were not given being the resumed run's."""
    before = recorded.get("options", {})
    if "holdout" in given and before and options.holdout != before["holdout"]:
        raise InputError(
            f"--holdout {options.holdout:g} contradicts {path}: it was {before['holdout']:g}, and "
            "what was trained on cannot be held out"
        )
    inside_epoch = recorded.get("position", {}).get("batch", 0) > 0
    if inside_epoch and "batch_size" in given and options.batch_size != before["batch_size"]:
        raise InputError(
            f"--batch_size {options.batch_size} contradicts {path}: it is inside an epoch, of "
            "which other batches would repeat or omit images; go on with --batch_size "
            f"{before['batch_size']} until the epoch's end"
        )
    kept = {name: value for name, value in before.items() if name not in given}
    return argparse.Namespace(**(vars(options) | kept))


def _vocabulary(
    options: argparse.Namespace,
    given: set[str],
    recorded: Mapping[str, Any],
    path: str | Path | None,
) -> Vocabulary:
    """That of the file that the run begins or goes on with, or of --tag_dump if it has none."""
    if not recorded:
        return load_vocabulary(options.tag_dump)
    before = Vocabulary.from_dump(recorded["vocabulary"])
    if "tag_dump" in given and load_vocabulary(options.tag_dump).cit != before.cit:
        raise InputError(f"--tag_dump contradicts {path}: it was trained with other CIT tags")
    return before


def _check_classes(
    extractor: TagExtractor, vocabulary: Vocabulary, options: argparse.Namespace
) -> None:
    if extractor.fc.out_features != len(vocabulary.cit):
        raise InputError(
            f"{options.init} was trained with {extractor.fc.out_features} CIT tags, "
            f"{options.tag_dump} has {len(vocabulary.cit)}"
        )


def _data(
    options: argparse.Namespace, vocabulary: Vocabulary, seed: int, processes: Processes
) -> tuple[AugmentedSketches, PlainSketches]:
    if not 0 < options.holdout < 1:
        raise InputError(f"--holdout {options.holdout:g} is not between 0 and 1")
    data_dir = require(options.data_dir, "the data directory", "--data_dir", folder=True)
    lines = read_tag_lines(require(data_dir / options.tag_txt, "the tag file", "--tag_txt"))
    chosen = select(
        lines, sketch_folders(data_dir), vocabulary, training=True, limit=options.data_size
    )
    sides: tuple[list, list] = [], []
    for sample in chosen.samples:
        sides[is_held_out(sample.file_id, options.holdout)].append(sample)
    for side, remedy in zip(sides, ("lower", "raise"), strict=True):
        if not side:
            raise InputError(
                f"nothing to {'train on' if remedy == 'lower' else 'measure with'} in {data_dir}: "
                f"{chosen.summary()}; add images or {remedy} --holdout"
            )
    shared = {"input_size": options.input_size, "cache": cache_directory(options, data_dir)}
    sketches = AugmentedSketches(
        sides[0],
        data_dir,
        vocabulary,
        seed=seed,
        brightness_epoch=options.brightness_epoch,
        **shared,
    )
    held_out = PlainSketches(sides[1], data_dir, vocabulary, **shared)
    if processes.is_main:
        print(f"data set: {chosen.summary()}")
        print(f"training images: {len(sketches)}; held out: {len(sides[1])}", end="")
        print(f", as {len(held_out)} pieces of line art")
    return sketches, held_out


def _check(options: argparse.Namespace, samples: int, processes: Processes) -> None:
    check_batch_size(options, processes)
    if options.input_size % 16:
        raise InputError(f"--input_size {options.input_size} is not a multiple of 16")
    check_sync_bn(options, processes)
    check_smallest_part(options.input_size, samples, options.batch_size, 1, processes.world)


def _network(
    options: argparse.Namespace, vocabulary: Vocabulary, processes: Processes
) -> TagExtractor:
    network = TagExtractor(len(vocabulary.cit))
    if options.sync_bn and processes.world > 1:
        network = torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)
    if options.compile:
        network.compile()
    return network


def _recipe(options: argparse.Namespace, given: set[str]) -> Recipe:
    return Recipe(
        epochs=options.epoch,
        batch_size=options.batch_size,
        lr=options.pretrain_lr,
        schedule=options.lr_schedule,
        max_pos_weight=options.max_pos_weight,
        workers=loading_processes(options, given),
        minutes=options.save_minutes,
    )


def _results(
    options: argparse.Namespace,
    path: Path | None,
    recorded: Mapping[str, Any],
    initial: Mapping[str, str] | None,
) -> ResultDirectory:
    """A resumed run goes on in its own directory."""
    directory = path.parent if path else new_result_directory(Path(options.result_dir))
    step = recorded.get("position", {}).get("step", 0)
    results = ResultDirectory(directory, step, terms=TERMS, curves=("loss",))
    text = listing({name: getattr(options, name) for name in RECORDED})
    if initial:
        text += origin_line(initial)
    print(f"results: {directory}\n{text}", end="", flush=True)
    results.write_options(text)
    return results


def _run(training: ClassifierTraining, options: argparse.Namespace) -> None:
    finished = training.run()
    unreadable = training.unreadable.summary(training.processes)
    if not training.results:
        return
    directory, position = training.results.path, training.position
    state = "finished" if finished else f"stopped; go on with --pretrain --resume {directory}"
    print(f"{state}: {position.epoch} epochs, {position.step} steps, in {directory}")
    if unreadable:
        print(unreadable)
    if training.best:
        best = directory / f"{BEST}.pth"
        print(
            f"{best}: macro AP {training.best['macro_ap']:.4f}, of epoch {training.best['epoch']}"
        )
        command = ["python", "main.py", "--data_dir", options.data_dir, "--pretrain_dump", best]
        print(f"next: {shlex.join(map(str, command))}")
