"""The command line read: the options with their defaults, and which of them were given."""

import argparse
import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from command_line.flags import FLAGS, GROUPS, MODE_FLAGS, TRAIN
from command_line.parser import Parser
from errors import InputError

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


class Options(argparse.Namespace):
    """A value for every flag; `mode` is what to do, `given` names the flags that were given."""

    mode: str
    given: frozenset[str]

    def replaced(self, **values: Any) -> "Options":
        """These options with other values."""
        return Options(**(vars(self) | values))

    def recorded(self) -> dict[str, Any]:
        """What a run of this mode says of itself in its checkpoints. Paths at their defaults are
        left out: they lie elsewhere on other machines."""
        values = {
            name: getattr(self, name)
            for name, flag in FLAGS.items()
            if flag.recorded and self.mode in flag.modes
        }
        return {
            name: value
            for name, value in values.items()
            if not (FLAGS[name].path and value == FLAGS[name].default)
        }


def build_parser() -> Parser:
    """A parser of all flags that leaves out what was not given."""
    parser = Parser(
        prog="main.py",
        description="Tag2Pix colors line art from tags. Without --test it trains.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    for title, flags in GROUPS.items():
        group = parser.add_argument_group(title)
        for flag in flags:
            group.add_argument(f"--{flag.name}", help=flag.help, **flag.parser_options())
    return parser


def parse(arguments: Sequence[str] | None = None) -> Options:
    """The options of a command line (by default of this process); wrong use ends the process with
    code 2 and one line."""
    parser = build_parser()
    given = vars(parser.parse_args(arguments))
    modes = [flag.name for flag in MODE_FLAGS if flag.name in given]
    if len(modes) > 1:
        parser.error(f"--{modes[0]} and --{modes[1]} are different things to do: give one of them")
    mode = modes[0] if modes else TRAIN
    for name in given:
        if mode not in FLAGS[name].modes:
            parser.error(f"--{name} {_place(FLAGS[name].modes, mode)}")
    defaults = {name: flag.default for name, flag in FLAGS.items()}
    return Options(**(defaults | given), mode=mode, given=frozenset(given))


def _place(modes: set[str], mode: str) -> str:
    """Where a flag belongs that was given in another mode."""
    own = "training" if mode == TRAIN else f"--{mode}"
    others = [f"--{other}" for other in sorted(modes - {TRAIN})]
    if TRAIN in modes:
        others.insert(0, "training")
    return f"is for {' and '.join(others)}, not for {own}"


def changed(options: Mapping[str, Any]) -> set[str]:
    """The names of the options that differ from their defaults."""
    return {name for name, value in options.items() if value != FLAGS[name].default}


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


def refuse_input(flag: str, target: str | os.PathLike, inputs: Iterable[str | os.PathLike]) -> None:
    """Raises InputError where the file to write, by any name, is one of those to read."""
    for path in map(Path, inputs):
        with contextlib.suppress(OSError):
            if path.samefile(target):
                raise InputError(f"{flag} {target} is the file to read {path}: choose another name")
