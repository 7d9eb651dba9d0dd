#!/usr/bin/env python3
"""Tag2Pix: color line art from tags, or train the networks that do. See --help."""

from command_line import start

if __name__ == "__main__":
    start.prepare()

import sys
from pathlib import Path

from command_line import console
from command_line.modes import MODES
from command_line.options import Options, parse


def main(argv: list[str] | None = None) -> int:
    """Parse the flags and dispatch; returns 0 (done), 1 (failed while working), 2 (wrong use)."""
    arguments = sys.argv[1:] if argv is None else argv
    options = parse(arguments)
    return console.exit_code(lambda: run(options, arguments))


def run(options: Options, arguments: list[str]) -> int:
    """Do what the options say, in a process for every GPU where the mode is made for that."""
    mode = MODES[options.mode]
    function = mode.function()  # imported once the flags are known to be right: it takes seconds
    if not mode.on_every_gpu:
        return function(options)

    from hardware.processes import launch, needs_launch, process_group, report_end

    if needs_launch(options.cpu):
        return launch(Path(__file__), arguments)
    with process_group(options.cpu) as processes:
        code = function(options, processes)
        if processes.is_main:
            report_end(code)
        return code


if __name__ == "__main__":
    console.end(main())
