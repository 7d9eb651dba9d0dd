"""From options to a training run: everything is checked and built before any work starts."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from checkpoints.checkpoint import Checkpoint, Origin, Record
from command_line.from_checkpoint import (
    described_architecture,
    load_extractor,
    vocabulary_of,
    with_network_of,
    with_record_of,
)
from command_line.options import Options, listing, require
from errors import InputError
from hardware.device import autocast_dtype, describe_precision
from hardware.processes import Processes
from images.color_space import to_image
from loader.dataset import BenchmarkPairs, TrainingPairs
from loader.layout import DataDir
from loader.parts import PartPairs
from loader.samples import select
from loader.tag_lines import read_tag_lines
from loader.tags import Vocabulary, load_vocabulary
from network.architecture import Architecture
from network.loss import ChangingLoss
from tag2pix import Tag2Pix
from training.colorization import Colorization, Saving, Schedule
from training.dry_run import dry_run
from training.known_runs import known_paths, remember_paths
from training.loop import Loop, restore_random
from training.parts import check_parts, part_channels
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
from training.start import (
    checkpoint_to_resume,
    directory_to_go_on_in,
    losses_before,
    origin_line,
    origin_of,
)


class Start(NamedTuple):
    """What a run begins with: the options as the files complete them, the architecture and the
    vocabulary; the checkpoint that it goes on from, or whose weights it takes over."""

    options: Options
    architecture: Architecture
    vocabulary: Vocabulary
    resumed: Checkpoint | None = None
    initial: Checkpoint | None = None

    @property
    def record(self) -> Record:
        """What is known of the run that goes on."""
        return self.resumed.record if self.resumed else Record()

    @property
    def origin(self) -> Origin | None:
        """The weights that the run began with."""
        if self.initial is None:
            return self.record.initial
        trained = self.initial.discriminator_trained
        return origin_of(self.initial.path, self.initial.sha256, discriminator_trained=trained)


def train(options: Options, processes: Processes) -> int:
    """Train as the options say; returns the exit code."""
    start = _start(options, processes)
    options = start.options
    require(options.data_dir, "the data directory", "--data_dir", folder=True)
    check_batch_size(options, processes)
    check_sync_bn(options, processes)
    if start.resumed and start.resumed.position.epoch >= options.epoch:
        print(
            f"nothing to do: {start.resumed.path} has finished {start.resumed.position.epoch} of "
            f"{options.epoch} epochs; --epoch is the total, raise it to go on"
        )
        return 0

    if options.parts:
        check_parts(options, start.architecture, start.resumed or start.initial)
    seed = choose_seed(options, start.record.seed, processes)
    pairs, benchmark = _data(options, start.vocabulary, seed, processes.is_main)
    split = (options.batch_size, options.grad_accum, processes.world)
    check_smallest_part(options.input_size, len(pairs), *split)
    before = start.record.pairs or len(pairs)
    if processes.is_main and before != len(pairs):
        print(f"training set: it had {before} pairs when {start.resumed.path} was written")
    prepare_torch(options, seed, processes)
    tag2pix = _networks(options, start.architecture, processes)
    if start.resumed:
        tag2pix.restore(start.resumed)
        restore_random(start.record.random, processes)
    elif start.initial:
        tag2pix.load_weights(start.initial)
    if options.parts:
        begins = start.resumed is None and start.initial is None
        tag2pix.color_channels = part_channels(
            tag2pix.generator, start.architecture, pairs, start.vocabulary, begin=begins
        )

    position = start.resumed.position if start.resumed else None
    with _result_parent(options) as parent:
        results = None
        if processes.is_main:
            directory = directory_to_go_on_in(options, start.resumed)
            check_room(directory or parent, (tag2pix.generator, tag2pix.discriminator))
            results = _results(start, directory or new_result_directory(parent), benchmark)
        record = _record(start, seed, pairs)
        del start  # a second copy of all weights need not stay in memory
        task = Colorization(
            tag2pix,
            benchmark,
            results,
            Schedule(options.epoch, options.l1_epoch, options.two_step_epoch),
            Saving(options.save_freq, options.save_all_epoch, options.keep),
            images=options.batch_size / processes.world,
            record=record,
        )
        loop = Loop(
            task,
            pairs,
            results,
            epochs=options.epoch,
            batch_size=options.batch_size,
            workers=loading_processes(options),
            minutes=options.save_minutes,
            position=position,
            processes=processes,
        )
        with contextlib.closing(results) if results else contextlib.nullcontext():
            if options.dry_run:
                dry_run(loop, task)
            else:
                loop.finish(loop.run(), "--resume")
    return 0


def _start(options: Options, processes: Processes) -> Start:
    if options.init:
        if options.load or options.resume is not None:
            raise InputError("--init starts a new run: give it without --load and --resume")
        initial = Checkpoint.read(options.init)
        options, initial = with_network_of(options, initial, but="input_size")
        initial = initial.resized(options.input_size)
        vocabulary = vocabulary_of(options, initial)
        return Start(options, initial.architecture, vocabulary, initial=initial)
    resumed = checkpoint_to_resume(options, processes)
    if resumed is None:
        architecture = described_architecture(options)
        return Start(options, architecture, load_vocabulary(options.tag_dump))
    options, resumed = with_network_of(options, resumed)
    record = resumed.record
    options = with_record_of(
        options,
        _adam_options(resumed) | record.options,
        resumed.path,
        seed=record.seed,
        inside_epoch=resumed.position.batch > 0,
        known_paths=known_paths(resumed.path.parent),
    )
    return Start(options, resumed.architecture, vocabulary_of(options, resumed), resumed=resumed)


def _adam_options(checkpoint: Checkpoint) -> dict[str, Any]:
    """Learning rates and betas of a checkpoint that records no options."""
    if checkpoint.optimizer_g is None or checkpoint.optimizer_d is None:
        raise InputError(
            f"{checkpoint.path} has no optimizer state to go on from; --init starts a new run with "
            "its weights"
        )
    settings_g, settings_d = checkpoint.optimizer_g.settings, checkpoint.optimizer_d.settings
    beta1, beta2 = settings_g.betas
    return {"lrG": settings_g.lr, "lrD": settings_d.lr, "beta1": beta1, "beta2": beta2}


@contextlib.contextmanager
def _result_parent(options: Options) -> Iterator[Path]:
    if not options.dry_run:
        yield Path(options.result_dir)
        return
    with tempfile.TemporaryDirectory(prefix="tag2pix-") as folder:
        yield Path(folder)


def _data(
    options: Options, vocabulary: Vocabulary, seed: int, loud: bool
) -> tuple[TrainingPairs, BenchmarkPairs]:
    data_dir = DataDir(options.data_dir, options.tag_txt)
    lines = read_tag_lines(require(data_dir.tags, "the tag file", "--tag_txt"))
    require(data_dir.rgb, "the training images", "--data_dir", folder=True)
    image = {"input_size": options.input_size, "color_space": options.color_space}
    chosen = select(
        lines,
        data_dir.rgb,
        vocabulary,
        training=True,
        limit=options.data_size,
        but=data_dir.benchmark_ids(),
    )
    pairs = (PartPairs if options.parts else TrainingPairs)(
        chosen.samples,
        data_dir,
        vocabulary,
        seed=seed,
        brightness_epoch=options.brightness_epoch,
        cache=cache_directory(options, data_dir),
        **image,
    )
    samples = []
    if data_dir.benchmark.is_dir() and options.test_image_count:
        limit = options.test_image_count
        samples = select(lines, data_dir.benchmark, vocabulary, training=False, limit=limit).samples
    benchmark = BenchmarkPairs(samples, data_dir, vocabulary, **image)
    if loud:
        print(f"training set: {chosen.summary()}")
        if pairs.without_sketch:
            print(f"training set: {pairs.without_sketch} left out, without line art")
        if options.parts and pairs.without_map:
            print(f"training set: {pairs.without_map} left out, without a map of their parts")
        print(f"training pairs: {len(pairs)}; benchmark pairs: {len(benchmark)}")
    if not len(pairs):
        raise InputError(f"nothing to train on in {data_dir.root}: {chosen.summary()}")
    return pairs, benchmark


def _networks(options: Options, architecture: Architecture, processes: Processes) -> Tag2Pix:
    cit_weight, cvt_weight = options.cit_cvt_weight
    loss = ChangingLoss(
        l1_lambda=options.l1_lambda,
        guide_beta=options.guide_beta,
        adv_lambda=options.adv_lambda,
        cit_weight=cit_weight,
        cvt_weight=cvt_weight,
        cit=architecture.cit,
        guide=architecture.guide,
    )
    dtype = autocast_dtype(options.amp, processes.device)
    if processes.is_main:
        print(f"arithmetic: {describe_precision(dtype)}")
    return Tag2Pix(
        architecture,
        loss,
        load_extractor(options.pretrain_dump) if architecture.cit else None,
        lr_g=options.lrG,
        lr_d=options.lrD,
        betas=(options.beta1, options.beta2),
        dtype=dtype,
        cit_norm=options.cit_norm,
        generator_passes=options.generator_passes,
        grad_accum=options.grad_accum,
        compiled=options.compile,
        sync_bn=options.sync_bn,
        processes=processes,
    )


def _results(start: Start, directory: Path, benchmark: BenchmarkPairs) -> ResultDirectory:
    """The results of the run in its directory, with what is known at the start."""
    results = _result_directory(start, directory)
    options, vocabulary = start.options, start.vocabulary
    text = listing(options.recorded())
    if start.origin:
        text += origin_line(start.origin)
    print(f"results: {results.path}\n{text}", end="", flush=True)
    results.write_options(text)
    remember_paths(results.path, options)
    tags = [
        ([vocabulary.cit[i] for i in sample.cit], [vocabulary.cvt[i] for i in sample.cvt])
        for sample in benchmark.samples
    ]
    results.write_sample_tags(tags, vocabulary)
    pairs = [benchmark[index] for index in range(len(benchmark))]
    originals = [to_image(pair.original[None].numpy(), options.color_space)[0] for pair in pairs]
    results.write_grid("original", originals)
    results.write_grid("sketch", [(pair.sketch[0] * 255).byte().numpy() for pair in pairs])
    return results


def _result_directory(start: Start, directory: Path) -> ResultDirectory:
    losses = losses_before(start.resumed)
    if losses is None:
        return ResultDirectory(directory)
    step = start.resumed.position.step
    return ResultDirectory(directory, step, start.record.epoch_seconds, losses=losses)


def _record(start: Start, seed: int, pairs: TrainingPairs) -> dict[str, Any]:
    """What a checkpoint says about its run, so that neither test nor resume need flags again."""
    record = {
        "vocabulary": start.vocabulary.dump(),
        "seed": seed,
        "pairs": len(pairs),
        "seen": _seen(start, pairs),
        "options": start.options.recorded(),
    }
    if start.origin:
        record["initial"] = msgspec.to_builtins(start.origin)
    return record


def _seen(start: Start, pairs: TrainingPairs) -> dict[int, int]:
    """How many training pictures had each color tag, in this run or in those that it began with."""
    vocabulary = start.vocabulary
    counts = dict.fromkeys(vocabulary.cvt, 0)
    for sample in pairs.samples:
        for index in sample.cvt:
            counts[vocabulary.cvt[index]] += 1
    before = (start.initial.record if start.initial else start.record).seen or {}
    return {tag: max(count, before.get(tag, 0)) for tag, count in counts.items()}
