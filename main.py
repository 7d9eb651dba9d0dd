#!/usr/bin/env python3
"""Tag2Pix: color line art from tags, or train the networks that do. See --help."""

import sys
from pathlib import Path

from command_line.options import parse


def main(argv: list[str] | None = None) -> int:
    """Parse the flags and dispatch; returns 0 (done), 1 (failed while working), 2 (wrong use)."""
    arguments = sys.argv[1:] if argv is None else argv
    options, given = parse(arguments)

    # What takes seconds to import is imported once the flags are known to be right.
    from errors import InputError
    from hardware.processes import launch, needs_launch, process_group
    from training.watch import DivergedError

    try:
        if options.list_tags is not None:
            from command_line.tag_list import list_tags

            return list_tags(options)
        if options.test:
            from coloring.batch import color

            return color(options, given)
        if options.export:
            from command_line.export import publish

            return publish(options, given)
        if options.evaluate:
            from evaluation.run import evaluate

            return evaluate(options, given)
        if options.gui:
            from studio.serve import gui

            return gui(options, given)
        if needs_launch(options.cpu):
            return launch(Path(__file__), arguments)
        if options.pretrain:
            from training.pretrain import pretrain as train
        else:
            from training.run import train

        with process_group(options.cpu) as group:
            return train(options, given, group)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except (DivergedError, OSError, MemoryError) as error:
        print(error or "out of memory", file=sys.stderr)
        return 1
    except RuntimeError as error:
        if "out of memory" not in str(error):
            raise
        print(
            f"out of memory: lower --batch_size or raise --grad_accum ({_first_line(error)})",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
