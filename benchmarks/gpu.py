"""Everything that is to be measured on a GPU, piece by piece, into one JSON file and one table.

Each call works for --minutes at most and goes on where the last one stopped: the results are in
OUT/measured.json, and OUT/table.md is made of them. It ends with 0 when all is there, with 75 when
there is more to do (call it again), and with 1 when all was tried and a piece failed.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
import json
import signal
import subprocess
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import psutil
import torch

from benchmarks.gpu_pieces import Piece, all_pieces
from benchmarks.gpu_scale import FULL, TINY, Scale
from benchmarks.gpu_table import markdown
from command_line import console
from command_line.flag import MINUTES
from command_line.parser import Parser, path
from errors import InputError
from files.atomic import atomic_path

EXAMPLE = """\
example: everything, from a shell

  until python benchmarks/gpu.py; do [ $? = 75 ] || break; done
"""
MEASURED, TABLE = "measured.json", "table.md"
ENDING_SECONDS = 5.0  # that remain of a call after a piece that was too slow
SECONDS = 60.0  # in a minute


def build_parser() -> Parser:
    parser = Parser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--out", type=path, default=Path("results/gpu"), metavar="DIR",
        help="where the results are (default: %(default)s)")  # fmt: skip
    add("--minutes", type=MINUTES, default=9.0, metavar="N",
        help="that a call may take (default: %(default)s)")  # fmt: skip
    add("--tiny", action="store_true",
        help="all pieces at tiny sizes on the CPU, to see that they work")  # fmt: skip
    add("--again", nargs="+", default=[], metavar="PIECE", help="forget what is there of these")
    add("--piece", help=argparse.SUPPRESS)  # how a process of its own is told what to measure
    add("--to", type=path, help=argparse.SUPPRESS)
    return parser


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    said = "interrupted; call it again to go on"
    return console.exit_code(lambda: _main(args), interrupted=said)


def _main(args: argparse.Namespace) -> int:
    scale = TINY if args.tiny else FULL
    if not args.tiny and not torch.cuda.is_available():
        raise InputError("there is no CUDA GPU; --tiny measures tiny networks on the CPU")
    pieces = all_pieces(scale)
    if args.piece:
        return _measure(pieces[args.piece], args.to)
    if unknown := set(args.again) - pieces.keys():
        raise InputError(f"--again {unknown.pop()}: there are {', '.join(pieces)}")
    results = Results(args.out, scale, args.again)
    work(pieces, results, args.minutes, lambda name, seconds: run_piece(name, seconds, args))
    return _summary(pieces, results)


class Results:
    """What was measured so far, by piece; in files after every change."""

    def __init__(self, folder: Path, scale: Scale, again: list[str]):
        self.folder, self.tiny = folder, scale.cpu
        self.path = folder / MEASURED
        self.device = "CPU" if scale.cpu else torch.cuda.get_device_name()
        self.torch = torch.__version__
        self.pieces = {name: one for name, one in self._before().items() if name not in again}

    def _before(self) -> dict[str, dict]:
        """Raises InputError for those of another machine, which cannot be in one table."""
        try:
            before = json.loads(self.path.read_text())
            made = before["device"], before["torch"], before["tiny"]
            pieces = dict(before["pieces"])
        except FileNotFoundError:
            return {}
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{self.path} is not of this program: give another --out") from error
        if made != (self.device, self.torch, self.tiny):
            raise InputError(
                f"{self.path} is of {made[0]} with torch {made[1]}"
                f"{', --tiny' if made[2] else ''}: give another --out"
            )
        return pieces

    def add(self, name: str, outcome: dict) -> None:
        self.pieces[name] = outcome
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {
            "device": self.device,
            "torch": self.torch,
            "tiny": self.tiny,
            "pieces": self.pieces,
        }
        with atomic_path(self.path) as temporary:
            temporary.write_text(json.dumps(content, indent=1))
        with atomic_path(self.folder / TABLE) as temporary:
            temporary.write_text(markdown(content))


def work(
    pieces: dict[str, Piece],
    results: Results,
    minutes: float,
    run: Callable[[str, float], dict | None],
    now: Callable[[], float] = time.monotonic,
) -> None:
    """Run the pieces that are missing, as far as the time goes.

    `run(name, seconds)` returns what came of a piece, None if it was ended after so many seconds.
    The first piece of a call has all the time, and fails when that is too little.
    """
    deadline, is_first = now() + SECONDS * minutes, True
    for name, piece in pieces.items():
        left = deadline - now()
        if name in results.pieces or (not is_first and left < SECONDS * piece.minutes):
            continue
        print(f"{name}: {left:.0f} s are left of this call", flush=True)
        outcome = run(name, max(left - ENDING_SECONDS, left / 2))
        if outcome is None and not is_first:
            continue
        results.add(name, outcome or {"failed": f"took more than {minutes:g} minutes"})
        is_first = False


def run_piece(name: str, seconds: float, args: argparse.Namespace) -> dict | None:
    """Measure a piece in a process of its own, so that memory is its own, and failures, too."""
    args.out.mkdir(parents=True, exist_ok=True)
    target = args.out.absolute() / "piece.json"
    target.unlink(missing_ok=True)
    command = [sys.executable, str(Path(__file__).resolve()), "--piece", name, "--to", str(target)]
    started = time.monotonic()
    process = subprocess.Popen([*command, *["--tiny"] * args.tiny], start_new_session=True)
    try:
        code = process.wait(seconds)
        outcome = json.loads(target.read_text())
        target.unlink()
        return outcome | {"seconds": round(time.monotonic() - started, 1)}
    except subprocess.TimeoutExpired:
        return None
    except FileNotFoundError:
        return {"failed": f"its process ended with code {code}"}
    finally:
        _end(process)


def _end(process: subprocess.Popen) -> None:
    """End a process and all that it started."""
    if process.poll() is None:
        family = psutil.Process(process.pid)
        for one in [*family.children(recursive=True), family]:
            one.kill()
        process.wait()


def _measure(piece: Piece, target: Path) -> int:
    """In the process of its own: what came of a piece goes to the file."""
    try:
        outcome = {"result": piece.function()}
    except Exception as error:
        traceback.print_exc()
        outcome = {"failed": f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"}
    with atomic_path(target) as temporary:
        temporary.write_text(json.dumps(outcome))
    return 0


def _summary(pieces: dict[str, Piece], results: Results) -> int:
    missing = [name for name in pieces if name not in results.pieces]
    failed = [name for name in pieces if "failed" in results.pieces.get(name, {})]
    print(
        f"pieces: {len(pieces) - len(missing) - len(failed)} measured, {len(failed)} failed, "
        f"{len(missing)} to do; {results.path} and {results.folder / TABLE}"
    )
    for name in failed:
        print(f"  {name}: {results.pieces[name]['failed']}", file=sys.stderr)
    if missing:
        print(f"call it again to go on with {missing[0]}")
        return console.MORE_TO_DO
    return int(bool(failed))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the piece is ended, too
    console.end(main())
