"""--export: weights to give away, six times smaller than a checkpoint."""

from pathlib import Path

from checkpoints.export import export_checkpoint, export_tag_extractor
from command_line.options import Options, refuse_input, require
from errors import InputError


def export(options: Options) -> int:
    """Export the checkpoint of --load, or else the tag extractor of --pretrain_dump, to --export;
    returns 0. Raises InputError and OSError."""
    target = Path(options.export)
    if options.load:
        source, write = Path(options.load), export_checkpoint
    elif "pretrain_dump" in options.given:
        source, write = Path(options.pretrain_dump), export_tag_extractor
    else:
        raise InputError("--export needs --load FILE or --pretrain_dump FILE, what to export")
    require(source, "what to export", "--load" if options.load else "--pretrain_dump")
    refuse_input("--export", target, [source])
    write(source, target)
    before, after = (path.stat().st_size / 2**20 for path in (source, target))
    print(f"{target}: {after:.1f} MiB in half precision, of the {before:.1f} MiB of {source}")
    return 0
