"""From the command line to a Colorist."""

from coloring.colorist import Colorist, read_weights
from command_line.from_checkpoint import load_extractor, vocabulary_of, with_network_of
from command_line.options import Options
from engines.portable import PortableNetwork
from errors import InputError
from hardware.device import default_device, describe_precision


def load_colorist(options: Options) -> Colorist:
    """The colorist of --load, as the flags say. Raises InputError.

    Pictures are made in float32 unless --amp is given: then they are the same everywhere. With
    --input_size the network paints at another size than it was trained at.
    """
    if not options.load:
        raise InputError(f"--{options.mode} needs --load FILE, the checkpoint to color with")
    options, checkpoint = with_network_of(options, read_weights(options.load), but="input_size")
    checkpoint = checkpoint.resized(options.input_size)
    if checkpoint.trained_size:
        print(f"painting at {options.input_size} px; trained at {checkpoint.trained_size} px")
    extractor = None
    if checkpoint.architecture.cit and not isinstance(checkpoint, PortableNetwork):
        extractor = load_extractor(options.pretrain_dump)
    colorist = Colorist.load(
        checkpoint,
        extractor=extractor,
        vocabulary=vocabulary_of(options, checkpoint),
        cit_norm=options.cit_norm,
        device=default_device(options.cpu),
        precision=options.amp if "amp" in options.given else "off",
        engine=options.engine,
    )
    print(f"engine: {colorist.engine.name}, in {describe_precision(colorist.dtype)}")
    return colorist
