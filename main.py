#!/usr/bin/env python3
"""Tag2Pix: color line art from tags, or train the networks that do. See --help."""

import sys
from pathlib import Path

from command_line.modes import MODES
from command_line.options import Options, parse
from errors import DivergedError, InputError


def main(argv: list[str] | None = None) -> int:
    """Parse the flags and dispatch; returns 0 (done), 1 (failed while working), 2 (wrong use)."""
    arguments = sys.argv[1:] if argv is None else argv
    options = parse(arguments)
    try:
        return run(options, arguments)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except (DivergedError, OSError, MemoryError) as error:
        print(error or "out of memory", file=sys.stderr)
        return 1
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        first_line = str(error).partition("\n")[0]
        print(
            f"out of memory: lower --batch_size or raise --grad_accum ({first_line})",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


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


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch found no memory, on a GPU or on the CPU."""
    return any(words in str(error) for words in ("out of memory", "can't allocate memory"))


if __name__ == "__main__":
    sys.exit(main())
