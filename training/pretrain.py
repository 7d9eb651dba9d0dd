"""From options to a pretraining run of the tag extractor.

python main.py --pretrain --data_dir dataset --epoch 30 --batch_size 64 --input_size 256
python main.py --pretrain --resume
python main.py --pretrain --init model.pth --data_dir dataset --input_size 512
python main.py --data_dir dataset --pretrain_dump results/261122-101500/model.pth
"""

import contextlib
import shlex
from pathlib import Path
from typing import NamedTuple

import msgspec
import torch

from checkpoints.checkpoint import Origin, Position
from checkpoints.reading import load_state
from checkpoints.tag_extractor import ExtractorFile
from command_line.from_checkpoint import with_record_of
from command_line.options import Options, listing, require
from errors import CheckpointError, InputError
from hardware.device import autocast_dtype, describe_precision
from hardware.processes import Processes
from loader.dataset import batches_per_epoch
from loader.layout import DataDir
from loader.line_art import AugmentedSketches, PlainSketches
from loader.samples import select, split
from loader.tag_lines import read_tag_lines
from loader.tags import Vocabulary, load_vocabulary
from network.tag_extractor import TagExtractor
from training.classifier import BEST, LAST, Classification
from training.known_runs import known_paths, remember_paths
from training.loop import Loop
from training.recipe import Recipe
from training.results import ResultDirectory, new_result_directory
from training.setup import (
    cache_directory,
    check_batch_size,
    check_room,
    check_smallest_part,
    check_sync_bn,
    choose_seed,
    loading_processes,
    prepare_torch,
)
from training.start import check_not_trained, newest, origin_line, origin_of


class Start(NamedTuple):
    """What a run begins with: the options as the files complete them, the vocabulary; the file that
    it goes on from, or whose weights it takes over."""

    options: Options
    vocabulary: Vocabulary
    resumed: ExtractorFile | None = None
    initial: ExtractorFile | None = None

    @property
    def position(self) -> Position:
        return self.resumed.record.position if self.resumed else Position()

    @property
    def origin(self) -> Origin | None:
        """The weights that the run began with."""
        if self.initial:
            return origin_of(self.initial.path, self.initial.sha256)
        return self.resumed.record.initial if self.resumed else None


def pretrain(options: Options, processes: Processes) -> int:
    """Train the tag extractor as the options say; returns the exit code."""
    start = _start(options, processes)
    options, vocabulary = start.options, start.vocabulary
    if start.position.epoch >= options.epoch:
        print(
            f"nothing to do: {start.resumed.path} has finished {start.position.epoch} of "
            f"{options.epoch} epochs; --epoch is the total, raise it to go on"
        )
        return 0
    seed = choose_seed(options, start.resumed and start.resumed.record.seed, processes)
    sketches, held_out = _data(options, vocabulary, seed, processes)
    _check(options, len(sketches), processes)
    dtype = autocast_dtype(options.amp, processes.device)
    if processes.is_main:
        print(f"arithmetic: {describe_precision(dtype)}")
    prepare_torch(options, seed, processes)

    network = _network(options, vocabulary, processes)
    results = None
    if processes.is_main:
        check_room(_parent(start), [network])
        results = _results(start)
    task = Classification(
        network,
        sketches,
        held_out,
        vocabulary,
        _recipe(options),
        results,
        per_epoch=batches_per_epoch(len(sketches), options.batch_size, processes.world),
        dtype=dtype,
        processes=processes,
        record={
            "seed": seed,
            "vocabulary": vocabulary.dump(),
            "options": options.recorded(),
            "initial": msgspec.to_builtins(start.origin),
        },
    )
    if start.initial:
        load_state(task.network, start.initial.weight, start.initial.path)
    if start.resumed:
        task.restore(start.resumed)
    loop = Loop(
        task,
        sketches,
        results,
        epochs=options.epoch,
        batch_size=options.batch_size,
        workers=loading_processes(options),
        minutes=options.save_minutes,
        position=start.position,
        processes=processes,
    )
    del start  # a second copy of everything need not stay in memory
    with contextlib.closing(results) if results else contextlib.nullcontext():
        finished = loop.run()
        go_on = f"--pretrain --resume {results.path}" if results else ""
        loop.finish(finished, go_on)
        if results and task.best:
            _tell_next(task.best, results.path / f"{BEST}.pth", options)
    return 0


def _start(options: Options, processes: Processes) -> Start:
    if options.init and options.resume is not None:
        raise InputError("--init starts a new run: give it without --resume")
    if options.init:
        initial = ExtractorFile.read(options.init)
        vocabulary = _vocabulary(options, initial)
        initial.build(truncated=False)
        if initial.classes != len(vocabulary.cit):
            raise InputError(
                f"{options.init} was trained with {initial.classes} CIT tags, "
                f"{options.tag_dump} has {len(vocabulary.cit)}"
            )
        return Start(options, vocabulary, initial=initial)
    if options.resume is None:
        return Start(options, load_vocabulary(options.tag_dump))
    path = _path_to_resume(options)
    if processes.is_main:
        check_not_trained(path.parent)
    resumed = ExtractorFile.read(path)
    if resumed.record is None or resumed.optimizer is None:
        raise CheckpointError(f"{path} cannot be gone on from; wanted is a last.pth of --pretrain")
    record = resumed.record
    options = with_record_of(
        options,
        record.options,
        path,
        seed=record.seed,
        inside_epoch=record.position.batch > 0,
        known_paths=known_paths(path.parent),
    )
    return Start(options, _vocabulary(options, resumed), resumed=resumed)


def _path_to_resume(options: Options) -> Path:
    name = f"{LAST}.pth"
    if options.resume is True:
        runs = Path(options.result_dir)
        return newest(runs, lambda run: list(run.glob(name)), "pretraining run") / name
    path = Path(options.resume)
    return path / name if path.is_dir() else path


def _vocabulary(options: Options, file: ExtractorFile) -> Vocabulary:
    """That of the file that the run begins or goes on with, or of --tag_dump if it has none."""
    if file.vocabulary is None:
        return load_vocabulary(options.tag_dump)
    given = "tag_dump" in options.given
    if given and load_vocabulary(options.tag_dump).cit != file.vocabulary.cit:
        raise InputError(f"--tag_dump contradicts {file.path}: it was trained with other CIT tags")
    return file.vocabulary


def _data(
    options: Options, vocabulary: Vocabulary, seed: int, processes: Processes
) -> tuple[AugmentedSketches, PlainSketches]:
    if not 0 < options.holdout < 1:
        raise InputError(f"--holdout {options.holdout:g} is not between 0 and 1")
    require(options.data_dir, "the data directory", "--data_dir", folder=True)
    data_dir = DataDir(options.data_dir, options.tag_txt)
    lines = read_tag_lines(require(data_dir.tags, "the tag file", "--tag_txt"))
    chosen = select(
        lines,
        data_dir.line_art,
        vocabulary,
        training=True,
        limit=options.data_size,
        but=data_dir.benchmark_ids(),
    )
    sides = split(chosen.samples, options.holdout)
    for side, remedy in zip(sides, ("lower", "raise"), strict=True):
        if not side:
            raise InputError(
                f"nothing to {'train on' if remedy == 'lower' else 'measure with'} in "
                f"{data_dir.root}: {chosen.summary()}; add images or {remedy} --holdout"
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


def _check(options: Options, samples: int, processes: Processes) -> None:
    check_batch_size(options, processes)
    if options.input_size % 16:
        raise InputError(f"--input_size {options.input_size} is not a multiple of 16")
    check_sync_bn(options, processes)
    check_smallest_part(options.input_size, samples, options.batch_size, 1, processes.world)


def _network(options: Options, vocabulary: Vocabulary, processes: Processes) -> TagExtractor:
    network = TagExtractor(len(vocabulary.cit))
    if options.sync_bn and processes.world > 1:
        network = torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)
    if options.compile:
        network.compile()
    return network


def _recipe(options: Options) -> Recipe:
    return Recipe(
        epochs=options.epoch,
        batch_size=options.batch_size,
        lr=options.pretrain_lr,
        schedule=options.lr_schedule,
        max_pos_weight=options.max_pos_weight,
        workers=loading_processes(options),
    )


def _parent(start: Start) -> Path:
    """The folder that the results go into."""
    return start.resumed.path.parent if start.resumed else Path(start.options.result_dir)


def _results(start: Start) -> ResultDirectory:
    """A resumed run goes on in its own directory."""
    directory = _parent(start) if start.resumed else new_result_directory(_parent(start))
    results = ResultDirectory(directory, start.position.step, curves=("loss",))
    text = listing(start.options.recorded())
    if start.origin:
        text += origin_line(start.origin)
    print(f"results: {directory}\n{text}", end="", flush=True)
    results.write_options(text)
    remember_paths(directory, start.options)
    return results


def _tell_next(best: dict[str, float], path: Path, options: Options) -> None:
    print(f"{path}: macro AP {best['macro_ap']:.4f}, of epoch {best['epoch']}")
    command = ["python", "main.py", "--data_dir", options.data_dir, "--pretrain_dump", path]
    print(f"next: {shlex.join(map(str, command))}")
