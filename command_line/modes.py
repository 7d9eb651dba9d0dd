"""What the command line can do: one row per mode."""

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from command_line import flags


class Mode(NamedTuple):
    """Where a mode is: `module:function`, a function of the options that returns the exit code.

    One that runs on every GPU is started once for each, and is given its Processes, too.
    """

    place: str
    on_every_gpu: bool = False

    def function(self) -> Callable[..., int]:
        module, _, name = self.place.partition(":")
        return getattr(import_module(module), name)


MODES = {
    flags.TRAIN: Mode("training.run:train", on_every_gpu=True),
    flags.PRETRAIN: Mode("training.pretrain:pretrain", on_every_gpu=True),
    flags.TEST: Mode("coloring.batch:color"),
    flags.EVALUATE: Mode("evaluation.run:evaluate"),
    flags.GUI: Mode("studio.serve:gui"),
    flags.LIST_TAGS: Mode("command_line.tag_list:list_tags"),
    flags.EXPORT: Mode("command_line.export:export"),
}
