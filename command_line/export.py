"""--export: weights to give away, and portable networks."""

from pathlib import Path

from checkpoints.checkpoint import Checkpoint
from checkpoints.export import export_checkpoint, export_tag_extractor
from command_line.from_checkpoint import load_extractor, vocabulary_of, with_network_of
from command_line.options import Options, refuse_input, require
from engines.portable import SUFFIX, write_portable
from errors import InputError


def export(options: Options) -> int:
    """Export the checkpoint of --load, or else the tag extractor of --pretrain_dump, to --export;
    returns 0. Raises InputError and OSError."""
    target = Path(options.export)
    portable = target.suffix.lower() == SUFFIX
    if not options.load and ("pretrain_dump" not in options.given or portable):
        what = "--load FILE" if portable else "--load FILE or --pretrain_dump FILE"
        raise InputError(f"--export needs {what}, what to export")
    if not options.load and "input_size" in options.given:
        raise InputError("--input_size goes with --load: the tag extractor takes any size")
    if options.half and not portable:
        raise InputError("--half goes with --export FILE.onnx; other files are always in float16")
    source = Path(options.load or options.pretrain_dump)
    require(source, "what to export", "--load" if options.load else "--pretrain_dump")
    refuse_input("--export", target, [source])
    if portable:
        _export_portable(options, target)
    elif options.load:
        options, checkpoint = _checkpoint_to_export(options)
        export_checkpoint(checkpoint, target)
    else:
        export_tag_extractor(source, target)
    before, after = (path.stat().st_size / 2**20 for path in (source, target))
    form = "single" if portable and not options.half else "half"
    print(f"{target}: {after:.1f} MiB in {form} precision, of the {before:.1f} MiB of {source}")
    return 0


def _checkpoint_to_export(options: Options) -> tuple[Options, Checkpoint]:
    options, checkpoint = with_network_of(options, Checkpoint.read(options.load), but="input_size")
    return options, checkpoint.resized(options.input_size)


def _export_portable(options: Options, target: Path) -> None:
    options, checkpoint = _checkpoint_to_export(options)
    extractor = None
    if checkpoint.architecture.cit:
        if options.cit_norm == "batch":
            raise InputError(
                "a portable network cannot use the statistics of the batch: --cit_norm running"
            )
        extractor = load_extractor(options.pretrain_dump)
    vocabulary = vocabulary_of(options, checkpoint)
    write_portable(checkpoint, extractor, vocabulary, target, half=options.half)
