"""From options to a training run: everything is checked and built before any work starts."""

import argparse
import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from command_line.agreement import agree, load_extractor, vocabulary_of
from command_line.options import listing, require
from errors import InputError
from hardware.device import autocast_dtype
from hardware.processes import Processes
from images.color_space import to_image
from loader.dataset import BenchmarkPairs, TrainingPairs
from loader.samples import select
from loader.tags import Vocabulary, read_tag_lines
from network.checkpoint import Architecture
from network.loss import ChangingLoss
from tag2pix import Tag2Pix
from training.loop import Saving, Training
from training.origin import check_resumable, origin_line, resume_from, start_from
from training.results import ResultDirectory, checkpoints, new_result_directory
from training.setup import (
    cache_directory,
    check_batch_size,
    check_smallest_part,
    check_sync_bn,
    choose_seed,
    loading_processes,
    seed_torch,
)
from training.trial import trial

# Asked for once, not part of what a run is.
UNRECORDED = {
    *("load", "export", "resume", "init", "result_dir", "dry_run", "test", "list_tags", "cpu"),
    *("image", "tags", "tags_grid", "keep_aspect", "gui", "weights_dir", "host", "port", "auth"),
    *("evaluate", "eval_drawings", "fid_weights"),
    *("max_upload", "max_megapixels", "pretrain", "pretrain_lr", "lr_schedule", "holdout"),
    *("max_pos_weight",),
}


def train(options: argparse.Namespace, given: set[str], processes: Processes) -> int:
    """Train as the options say; returns the exit code."""
    path = content = initial = None
    if options.init:
        initial, options, architecture = start_from(options, given)
    else:
        path, content = resume_from(options, processes)
        options, architecture = agree(options, given, content, path, training=True)
        if content is not None:
            check_resumable(options, given, content, path)
    data_dir = require(options.data_dir, "the data directory", "--data_dir", folder=True)
    vocabulary = vocabulary_of(options, given, initial or content, options.init or path)
    check_batch_size(options, processes)
    check_sync_bn(options, processes)
    if content is not None and content["finish_epoch"] >= options.epoch:
        print(
            f"nothing to do: {path} has finished {content['finish_epoch']} of {options.epoch} "
            "epochs; --epoch is the total, raise it to go on"
        )
        return 0

    recorded = (content or {}).get("tag2pix", {})
    seed = choose_seed(options, recorded.get("seed"), processes)
    pairs, benchmark = _data(options, data_dir, vocabulary, seed, processes.is_main)
    split = (options.batch_size, options.grad_accum, processes.world)
    check_smallest_part(options.input_size, len(pairs), *split)
    before = recorded.get("pairs", len(pairs))
    if processes.is_main and before != len(pairs):
        print(f"training set: it had {before} pairs when {path} was written")
    record = _record(options, vocabulary, seed, len(pairs))
    if origin := (initial or recorded).get("initial"):
        record["initial"] = origin
    seed_torch(options, seed, processes)
    tag2pix = _networks(options, architecture, processes)
    if content is not None:
        tag2pix.restore(content, path)
    if initial is not None:
        tag2pix.load_weights(initial, options.init)

    with _result_parent(options) as parent:
        results = None
        if processes.is_main:
            results = _result_directory(options, parent, tag2pix, content, path)
            _write_start(results, options, benchmark, vocabulary, record.get("initial"))
        content = initial = None  # a second copy of everything need not stay in memory
        training = Training(
            tag2pix,
            pairs,
            benchmark,
            results,
            epochs=options.epoch,
            batch_size=options.batch_size,
            workers=loading_processes(options, given),
            l1_epoch=options.l1_epoch,
            two_step_epoch=options.two_step_epoch,
            saving=Saving(
                options.save_freq, options.save_all_epoch, options.save_minutes, options.keep
            ),
            record=record,
        )
        if options.dry_run:
            trial(training)
        else:
            _run(training)
        if results:
            results.close()
    return 0


def _run(training: Training) -> None:
    finished = training.run()
    unreadable = training.unreadable.summary(training.processes)
    if not training.results:
        return
    position = training.tag2pix.position
    state = "finished" if finished else "stopped; go on with --resume"
    print(f"{state}: {position.epoch} epochs, {position.step} steps, in {training.results.path}")
    if unreadable:
        print(unreadable)


@contextlib.contextmanager
def _result_parent(options: argparse.Namespace) -> Iterator[Path]:
    if not options.dry_run:
        yield Path(options.result_dir)
        return
    with tempfile.TemporaryDirectory(prefix="tag2pix-") as folder:
        yield Path(folder)


def _data(
    options: argparse.Namespace, data_dir: Path, vocabulary: Vocabulary, seed: int, loud: bool
) -> tuple[TrainingPairs, BenchmarkPairs]:
    lines = read_tag_lines(require(data_dir / options.tag_txt, "the tag file", "--tag_txt"))
    color_dir = require(data_dir / "rgb_train", "the training images", "--data_dir", folder=True)
    image = {"input_size": options.input_size, "color_space": options.color_space}
    chosen = select(lines, color_dir, vocabulary, training=True, limit=options.data_size)
    pairs = TrainingPairs(
        chosen.samples,
        data_dir,
        vocabulary,
        seed=seed,
        brightness_epoch=options.brightness_epoch,
        cache=cache_directory(options, data_dir),
        **image,
    )
    samples = []
    if (data_dir / "benchmark").is_dir() and options.test_image_count:
        samples = select(
            lines,
            data_dir / "benchmark",
            vocabulary,
            training=False,
            limit=options.test_image_count,
        ).samples
    benchmark = BenchmarkPairs(samples, data_dir, vocabulary, **image)
    if loud:
        print(f"training set: {chosen.summary()}")
        if pairs.without_sketch:
            print(f"training set: {pairs.without_sketch} left out, without line art")
        print(f"training pairs: {len(pairs)}; benchmark pairs: {len(benchmark)}")
    if not len(pairs):
        raise InputError(f"nothing to train on in {data_dir}: {chosen.summary()}")
    return pairs, benchmark


def _networks(
    options: argparse.Namespace, architecture: Architecture, processes: Processes
) -> Tag2Pix:
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
    return Tag2Pix(
        architecture,
        loss,
        load_extractor(options.pretrain_dump) if architecture.cit else None,
        lr_g=options.lrG,
        lr_d=options.lrD,
        betas=(options.beta1, options.beta2),
        dtype=autocast_dtype(options.amp, processes.device),
        cit_norm=options.cit_norm,
        generator_passes=options.generator_passes,
        grad_accum=options.grad_accum,
        compiled=options.compile,
        sync_bn=options.sync_bn,
        processes=processes,
    )


def _result_directory(
    options: argparse.Namespace,
    parent: Path,
    tag2pix: Tag2Pix,
    content: Mapping[str, Any] | None,
    path: Path | None,
) -> ResultDirectory:
    """A resumed run of ours goes on in its own directory, unless it goes back to before what is
    there already; everything else gets a new one."""
    own = (content or {}).get("tag2pix")
    if own is None or not (path.parent / "losses.csv").exists():
        return ResultDirectory(new_result_directory(parent))
    chosen_file = options.load or Path(options.resume).is_file()
    in_place = not options.dry_run and (not chosen_file or _is_newest(path))
    return ResultDirectory(
        path.parent if in_place else new_result_directory(parent),
        tag2pix.position.step,
        own.get("epoch_seconds", ()),
        losses=path.parent / "losses.csv",
    )


def _is_newest(path: Path) -> bool:
    there = checkpoints(path.parent)
    return bool(there) and path.samefile(there[0])


def _write_start(
    results: ResultDirectory,
    options: argparse.Namespace,
    benchmark: BenchmarkPairs,
    vocabulary: Vocabulary,
    initial: Mapping[str, Any] | None,
) -> None:
    text = listing(_recorded(options))
    if initial:
        text += origin_line(initial)
    print(f"results: {results.path}\n{text}", end="", flush=True)
    results.write_options(text)
    tags = [
        ([vocabulary.cit[i] for i in sample.cit], [vocabulary.cvt[i] for i in sample.cvt])
        for sample in benchmark.samples
    ]
    results.write_sample_tags(tags, vocabulary)
    pairs = [benchmark[index] for index in range(len(benchmark))]
    originals = [to_image(pair.original[None].numpy(), options.color_space)[0] for pair in pairs]
    results.write_grid("original", originals)
    results.write_grid("sketch", [(pair.sketch[0] * 255).byte().numpy() for pair in pairs])


def _record(
    options: argparse.Namespace, vocabulary: Vocabulary, seed: int, pairs: int
) -> dict[str, Any]:
    """What a checkpoint says about its run, so that neither test nor resume need flags again."""
    return {
        "color_space": options.color_space,
        "vocabulary": vocabulary.dump(),
        "seed": seed,
        "pairs": pairs,
        "options": _recorded(options),
    }


def _recorded(options: argparse.Namespace) -> dict[str, Any]:
    return {name: value for name, value in vars(options).items() if name not in UNRECORDED}
