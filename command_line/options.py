"""The command line: every flag with its default, and which of them were given."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from errors import InputError
from images.color_space import COLOR_SPACES
from loader.tags import TAG_DUMP

PROJECT = Path(__file__).resolve().parents[1]
MODELS = ("tag2pix", "senet", "resnext", "catconv", "catall", "adain", "seadain")
MODES = ("test", "pretrain", "evaluate", "gui", "list_tags", "export")
# What belongs to few modes; None is training.
OF_MODE = {
    None: {"init", "dry_run"},
    "test": {"test_dir", "image", "tags", "tags_grid", "keep_aspect"},
    "pretrain": {"init", "pretrain_lr", "lr_schedule", "holdout", "max_pos_weight"},
    "evaluate": {"eval_drawings", "fid_weights"},
    "gui": {"weights_dir", "host", "port", "auth", "max_upload", "max_megapixels"},
}
EXAMPLES = """\
examples:
  train:     python main.py --epoch=60 --input_size=256 --batch_size=14 --cit_cvt_weight 40 40 \\
                 --two_step_epoch=10
  go on:     python main.py --resume
  pretrain the tag extractor:
             python main.py --pretrain --data_dir dataset --epoch 30
  color a data directory:
             python main.py --test --batch=1 --data_dir=testset --load=tag2pix_256.pkl
  color a picture:
             python main.py --test --load W.pkl --image sketch.png --tags blue_hair red_eyes
  measure how well it colors:
             python main.py --evaluate --load W.pkl --data_dir dataset
  color in the browser:
             python main.py --gui --load W.pkl
"""


class Parser(argparse.ArgumentParser):
    """Reports wrong use in one line, and leaves out what was not given: see `parse`."""

    def __init__(self, **options):
        super().__init__(
            formatter_class=argparse.RawDescriptionHelpFormatter,
            argument_default=argparse.SUPPRESS,
            **options,
        )
        self.defaults: dict[str, Any] = {}

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message}; see --help\n")

    def flags(self, title: str):
        """A group of flags: call it with a name, a default and a help text to add one."""
        group = self.add_argument_group(title)

        def add(name: str, default: Any, text: str, **options) -> None:
            if "action" not in options and default not in (None, ""):
                shown = default
                if isinstance(default, (list, tuple)):
                    shown = " ".join(map(str, default))
                text += f" (default: {shown})"
            action = group.add_argument(name, help=text, default=argparse.SUPPRESS, **options)
            self.defaults[action.dest] = default

        return add


def _number(kind: type, low: float):
    def parse(text: str):
        value = kind(text)
        if value < low:
            raise argparse.ArgumentTypeError(f"{text} is less than {low}")
        return value

    parse.__name__ = kind.__name__
    return parse


_count, _positive = _number(int, 0), _number(int, 1)
_rate = _number(float, 0)


def build_parser() -> Parser:
    """All flags, in the groups that --help shows."""
    parser = Parser(
        prog="main.py",
        description="Tag2Pix colors line art from tags. Without --test it trains.",
        epilog=EXAMPLES,
    )
    _what_to_do(parser.flags("what to do"))
    _data(parser.flags("data"))
    _network(parser.flags("network"))
    _training(parser.flags("training"))
    _pretraining(parser.flags("pretraining the tag extractor (with --pretrain)"))
    _saving(parser.flags("saving"))
    _hardware(parser.flags("speed and hardware"))
    _coloring(parser.flags("coloring (with --test)"))
    _measuring(parser.flags("measuring (with --evaluate)"))
    _browser(parser.flags("in the browser (with --gui)"))
    return parser


def _what_to_do(add: Callable[..., None]) -> None:
    add("--test", False, "color line art instead of training", action="store_true")
    add("--pretrain", False, "train the tag extractor (CIT) instead, which the training of the "
        "generator needs", action="store_true")  # fmt: skip
    add("--evaluate", False, "measure how well a checkpoint colors instead of training",
        action="store_true")  # fmt: skip
    add("--gui", False, "color in the browser instead of training", action="store_true")
    add("--list_tags", None, "list the tags by part, or those that contain WORD, and end",
        nargs="?", const="", metavar="WORD")  # fmt: skip
    add("--export", "", "write the networks of --load, or the part of --pretrain_dump that "
        "coloring needs, to FILE in half precision, and end", metavar="FILE")  # fmt: skip
    add("--load", "", "checkpoint to color with, or to go on training from", metavar="FILE")
    add("--resume", None, "go on with the newest good checkpoint of a result directory, by "
        "default the newest one in --result_dir", nargs="?", const="", metavar="DIR")  # fmt: skip
    add("--init", "", "start a new run with the weights of this checkpoint, also for another "
        "--input_size", metavar="FILE")  # fmt: skip
    add("--dry_run", False, "build everything, train two steps, write one checkpoint, report time "
        "and memory, and leave nothing behind", action="store_true")  # fmt: skip


def _data(add: Callable[..., None]) -> None:
    add("--data_dir", str(PROJECT / "dataset"), "data directory", metavar="DIR")
    add("--test_dir", "liner_test", "line art to color, inside the data directory", metavar="DIR")
    add("--tag_txt", "tags.txt", "tag file, inside the data directory", metavar="FILE")
    add("--tag_dump", str(TAG_DUMP), "tag vocabulary", metavar="FILE")
    add("--pretrain_dump", str(PROJECT / "model.pth"), "weights of the tag extractor (CIT)",
        metavar="FILE")  # fmt: skip
    add("--result_dir", "./results", "where results go", metavar="DIR")
    add("--data_size", 0, "use at most this many samples, 0: all", type=_count, metavar="N")
    add("--test_image_count", 64, "benchmark samples in the grids", type=_count, metavar="N")


def _network(add: Callable[..., None]) -> None:
    add("--model", "tag2pix", f"generator: {', '.join(MODELS)}", choices=MODELS, metavar="NAME")
    add("--input_size", 256, "side of the square input, a multiple of 16", type=_positive,
        metavar="PX")  # fmt: skip
    add("--layers", [12, 8, 5, 5], "blocks per decoder stage, bottom first", type=_positive,
        nargs=4, metavar="N")  # fmt: skip
    add("--color_space", "rgb", f"of the output: {', '.join(COLOR_SPACES)}", choices=COLOR_SPACES,
        metavar="NAME")  # fmt: skip
    add("--use_relu", False, "ReLU between the style layers", action="store_true")
    add("--no_bn", False, "no batch normalization in the generator", action="store_true")
    add("--no_guide", False, "no guide decoder", action="store_true")
    add("--no_cit", False, "no tag extractor, no features, no CIT loss", action="store_true")
    add("--cit_norm", "running", "batch normalization of the tag extractor: its running statistics,"
        " or those of the batch as the public code does", choices=("running", "batch"),
        metavar="KIND")  # fmt: skip


def _training(add: Callable[..., None]) -> None:
    add("--epoch", 20, "train up to this epoch", type=_positive, metavar="N")
    add("--batch_size", 64, "images per step, over all GPUs; coloring takes at most 8 at a time "
        "unless this is given", type=_positive, metavar="N")  # fmt: skip
    add("--lrG", 0.0002, "learning rate of the generator", type=_rate, metavar="X")
    add("--lrD", 0.0002, "learning rate of the discriminator", type=_rate, metavar="X")
    add("--beta1", 0.5, "of Adam", type=_rate, metavar="X")
    add("--beta2", 0.999, "of Adam", type=_rate, metavar="X")
    add("--l1_lambda", 1000, "weight of the L1 terms", type=_rate, metavar="X")
    add("--guide_beta", 0.9, "weight of the guide decoder's L1 term inside them", type=_rate,
        metavar="X")  # fmt: skip
    add("--adv_lambda", 1, "weight of the discriminator's adversarial terms", type=_rate,
        metavar="X")  # fmt: skip
    add("--cit_cvt_weight", [1, 1], "weights of CIT and CVT classification", type=_rate, nargs=2,
        metavar=("CIT", "CVT"))  # fmt: skip
    add("--l1_epoch", 0, "before this epoch the generator learns from the L1 terms alone, without "
        "the discriminator and two to three times faster, 0: never", type=_count,
        metavar="N")  # fmt: skip
    add("--two_step_epoch", 0, "classification from this epoch on, 0: always", type=_count,
        metavar="N")  # fmt: skip
    add("--brightness_epoch", 0, "stronger brightness changes of the line art from this epoch on, "
        "0: never", type=_count, metavar="N")  # fmt: skip
    add("--generator_passes", 1, "2: run the generator again for its own step, as the public code "
        "does; only the pace of its running statistics differs", type=int, choices=(1, 2),
        metavar="N")  # fmt: skip
    add("--seed", -1, "seed everything, -1: with a new seed each time", type=int, metavar="N")


def _pretraining(add: Callable[..., None]) -> None:
    add("--pretrain_lr", 0.002, "highest learning rate of AdamW", type=_rate, metavar="X")
    add("--lr_schedule", "cosine", "after the warm-up: cosine (falls to 0 until the last epoch) "
        "or constant", choices=("cosine", "constant"), metavar="KIND")  # fmt: skip
    add("--holdout", 0.1, "share of the images that only measure it, between 0 and 1", type=_rate,
        metavar="X")  # fmt: skip
    add("--max_pos_weight", 10, "images that have a tag weigh sqrt(without / with) in its loss, at "
        "least 1 and at most X; 1: no weights", type=_number(float, 1), metavar="X")  # fmt: skip


def _saving(add: Callable[..., None]) -> None:
    add("--save_freq", 10, "checkpoint every N epochs, 0: only the last", type=_count, metavar="N")
    add("--save_all_epoch", 0, "checkpoint every epoch from this one on, 0: off", type=_count,
        metavar="N")  # fmt: skip
    add("--save_minutes", 0, "also save every N minutes inside epochs, 0: off", type=_rate,
        metavar="N")  # fmt: skip
    add("--keep", 2, "how many checkpoints to keep besides those", type=_positive, metavar="N")


def _hardware(add: Callable[..., None]) -> None:
    add("--cpu", False, "use no GPU", action="store_true")
    add("--thread", 8, "processes that load images, at most the number of cores unless given",
        type=_count, metavar="N")  # fmt: skip
    add("--cache", None, "keep decoded copies a little larger than --input_size, in DIR or else in "
        "cache/ beside the images; they are made as images are first read, and loading is several "
        "times faster from then on", nargs="?", const="", metavar="DIR")  # fmt: skip
    add("--amp", "auto", "arithmetic: auto, bf16, fp16 or off (float32)",
        choices=("auto", "bf16", "fp16", "off"), metavar="KIND")  # fmt: skip
    add("--grad_accum", 1, "split each batch into N parts, to fit it into memory", type=_positive,
        metavar="N")  # fmt: skip
    add("--compile", False, "compile the networks", action="store_true")
    add("--sync_bn", False, "batch normalization over all GPUs", action="store_true")


def _coloring(add: Callable[..., None]) -> None:
    add("--image", None, "color these pictures or folders instead of a data directory",
        nargs="+", metavar="FILE")  # fmt: skip
    add("--tags", None, "their color tags, by name or id", nargs="+", metavar="TAG")
    add("--tags_grid", None, "one sheet per picture with all colors of one part, or of two: hair, "
        "eyes, skin, background, face, body_upper, body_lower, body_whole", nargs="+",
        metavar="PART")  # fmt: skip
    add("--keep_aspect", False, "pad the line art of a data directory to a square instead of "
        "stretching it; pictures given by --image always are", action="store_true")  # fmt: skip


def _measuring(add: Callable[..., None]) -> None:
    add("--eval_drawings", 48, "drawings that are colored with every hair, eye and background "
        "color, 0: none", type=_count, metavar="N")  # fmt: skip
    add("--fid_weights", "", "Inception's weights for the Fréchet distance, or 'download'; those "
        "in torch hub's folder are found by themselves", metavar="FILE")  # fmt: skip


def _browser(add: Callable[..., None]) -> None:
    add("--weights_dir", str(PROJECT / "weights"), "checkpoints to choose from, besides --load; "
        "unless given, those of --result_dir, too", metavar="DIR")  # fmt: skip
    add("--host", "127.0.0.1", "address to listen on; 0.0.0.0: reachable from other machines",
        metavar="HOST")  # fmt: skip
    add("--port", 7860, "port to listen on", type=_positive, metavar="N")
    add("--auth", "", "ask for this login", metavar="USER:PASSWORD")
    add("--max_upload", 20, "largest file that is accepted", type=_rate, metavar="MB")
    add("--max_megapixels", 24, "largest picture that is accepted", type=_rate, metavar="N")


def parse(argv: Sequence[str] | None = None) -> tuple[argparse.Namespace, set[str]]:
    """The options with their defaults, and the names of those that were given."""
    parser = build_parser()
    given = vars(parser.parse_args(argv))
    _check_mode(parser, given)
    return argparse.Namespace(**(parser.defaults | given)), set(given)


def _check_mode(parser: Parser, given: Mapping[str, Any]) -> None:
    modes = [mode for mode in MODES if given.get(mode) is not None]
    if len(modes) > 1:
        parser.error(f"--{modes[0]} and --{modes[1]} are different things to do: give one of them")
    mode = modes[0] if modes else None
    for other, flags in OF_MODE.items():
        unfit = [name for name in given if name in flags - OF_MODE.get(mode, set())]
        if unfit:
            place = f"goes with --{other}" if other else f"is for training, not for --{mode}"
            parser.error(f"--{unfit[0]} {place}")


def changed(options: Mapping[str, Any]) -> set[str]:
    """The names of the options that differ from their defaults."""
    defaults = build_parser().defaults
    return {name for name, value in options.items() if value != defaults.get(name)}


def listing(options: Mapping[str, Any]) -> str:
    """One line per option, those that differ from their defaults marked with a star."""
    marked = changed(options)
    lines = [f"{'*' if name in marked else ' '} {name} = {options[name]!r}" for name in options]
    return "\n".join(lines) + "\n"


def require(path: str | os.PathLike, what: str, flag: str, *, folder: bool = False) -> Path:
    """The path if it exists, as a folder or a file; else an InputError that names the flag."""
    path = Path(path)
    if not (path.is_dir() if folder else path.is_file()):
        raise InputError(f"{path} does not exist: {what}, see {flag}")
    return path
