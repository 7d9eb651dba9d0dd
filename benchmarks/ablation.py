"""The paper's ablation at a size of your choice: train every variant alike, measure, tabulate.

Rows: the seven generators, the paper's without guide decoder, without CIT, and in one step instead
of two. Every row has the same images, epochs and batches, and is trained once per seed. Run it
again to go on: finished rows are kept, one that was begun is resumed. The table has all rows and
seeds that --out holds, so they may also be made one after the other.
"""

import os
import sys

sys.path.insert(0, os.path.realpath(__file__).rsplit(os.sep, 2)[0])

from command_line import start

if __name__ == "__main__":
    start.prepare()

import argparse
import json
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image

from benchmarks.ablation_table import Run, write_document
from coloring.colorist import Colorist
from coloring.load import load_colorist
from coloring.sheet import contact_sheet
from command_line import console
from command_line.options import Options, parse, require
from command_line.parser import Parser
from demo import CHOICES
from errors import InputError
from evaluation.drawings import LINE_ART, HeldOutDrawings
from evaluation.report import write_json
from evaluation.run import measure_checkpoint
from evaluation.sheets import sketch_tile, tile
from files.atomic import atomic_path
from network.models import MODELS
from preprocessor.stage.stage import run
from training.results import checkpoints

PROJECT = Path(__file__).resolve().parents[1]
EXAMPLE = """\
example: on a GPU, from a data set of your own

  python benchmarks/ablation.py --data_dir dataset --input_size 256 --layers 12 8 5 5 --epoch 20 \\
      --two_step_epoch 10 --batch_size 32 --pretrain_dump model.pth --seeds 1 2 3

Flags of main.py after -- are given to every training, for instance: -- --lrG 0.0004 --no_bn
Those that name data or tags hold for measuring, too.
"""

# Row to what it adds to the flags that all rows have.
ROWS = {model: ["--model", model] for model in MODELS} | {
    "no_guide": ["--no_guide"],
    "no_cit": ["--no_cit"],
    "one_step": ["--two_step_epoch", "0"],
}
RUN_FOLDER = re.compile(rf"(?P<row>{'|'.join(ROWS)})-seed(?P<seed>-?\d+)")
ORDER = {row: number for number, row in enumerate(ROWS)}
# Options of the trainings that hold for measuring, too.
MEASURED_WITH = ("data_dir", "tag_txt", "tag_dump", "pretrain_dump", "cpu")
SHOWN_DRAWINGS = (0, 1)
FIGURE_COLORS = 128  # keeps the files small


def build_parser() -> Parser:
    parser = Parser(
        description=__doc__,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data_dir", required=True, metavar="DIR", help="data directory to train on")
    add("--out", type=Path, default=Path("results/ablation"), metavar="DIR",
        help="where trainings and measurements go (default: %(default)s)")  # fmt: skip
    add("--document", type=Path, default=PROJECT / "docs" / "ablation.md", metavar="FILE",
        help="the table; figures go beside it (default: %(default)s)")  # fmt: skip
    add("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW",
        help=f"which rows (default: all): {', '.join(ROWS)}")  # fmt: skip
    add("--seeds", type=int, nargs="+", default=[1, 2], metavar="N")
    add("--input_size", type=int, default=64, metavar="PX", help="(default: %(default)s)")
    add("--layers", type=int, nargs=4, default=[1, 1, 1, 1], metavar="N")
    add("--epoch", type=int, default=8, metavar="N", help="(default: %(default)s)")
    add("--two_step_epoch", type=int, default=4, metavar="N", help="(default: %(default)s)")
    add("--batch_size", type=int, default=8, metavar="N", help="(default: %(default)s)")
    add("--data_size", type=int, default=0, metavar="N", help="pairs to train on, 0: all")
    add("--eval_drawings", type=int, default=48, metavar="N", help="(default: %(default)s)")
    add("--pretrain_dump", metavar="FILE", help="tag extractor; without one all rows are --no_cit")
    add("--cpu", action="store_true", help="use no GPU")
    add("flags", nargs="*", metavar="-- FLAGS", help="further flags of main.py for all trainings")
    return parser


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    args = build_parser().parse_args(arguments)
    return run(lambda: ablate(args, arguments))


def ablate(args: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Train, measure and tabulate; returns 1 if a row failed."""
    require(args.data_dir, "the data directory", "--data_dir", folder=True)
    rows = [row for row in args.rows if row != "no_cit" or args.pretrain_dump]
    if len(rows) < len(args.rows):
        print("no_cit is left out: without --pretrain_dump no row has CIT")
    flags = _common_flags(args)
    trained_with = parse(flags)
    _keep_settings(args, flags)
    runs = [Run(row, seed, args.out / f"{row}-seed{seed}") for row in rows for seed in args.seeds]
    kept, failed = 0, []
    for number, one in enumerate(runs, 1):
        if one.measured.is_file():
            kept += 1
            continue
        print(f"[{number}/{len(runs)}] {one.row}, seed {one.seed}", flush=True)
        code = _train(one, flags, args.epoch)
        if code:
            failed.append(f"{one.row}, seed {one.seed}")
            continue
        _measure(one, args, trained_with)
    words = map(_without_folders, ["python", "benchmarks/ablation.py", *arguments])
    shown = sorted({*runs, *_measured(args.out)}, key=lambda one: (ORDER[one.row], one.seed))
    write_document(args.document, shown, shlex.join(words), [*map(_without_folders, flags)])
    print(
        f"rows: {len(runs) - kept - len(failed)} made, {kept} kept, {len(failed)} failed; "
        f"the table is {args.document}"
    )
    for name in failed:
        print(f"  failed: {name}; run again to go on with it", file=sys.stderr)
    return int(bool(failed))


def _measured(out: Path) -> list[Run]:
    """All that is measured in a folder, by whichever call."""
    folders = [path.parent for path in out.glob("*/measured.json")]
    named = [(RUN_FOLDER.fullmatch(folder.name), folder) for folder in folders]
    return [Run(name["row"], int(name["seed"]), folder) for name, folder in named if name]


def _common_flags(args: argparse.Namespace) -> list[str]:
    flags = ["--data_dir", args.data_dir, "--save_freq", "0"]
    for name in ("input_size", "epoch", "two_step_epoch", "batch_size", "data_size"):
        flags += [f"--{name}", str(getattr(args, name))]
    flags += ["--layers", *map(str, args.layers)]
    flags += ["--pretrain_dump", args.pretrain_dump] if args.pretrain_dump else ["--no_cit"]
    return [*flags, *(["--cpu"] if args.cpu else []), *args.flags]


def _without_folders(word: str) -> str:
    """A word of a command line, an absolute path in it reduced to its name."""
    flag, equals, value = word.rpartition("=")
    return flag + equals + Path(value).name if Path(value).is_absolute() else word


def _keep_settings(args: argparse.Namespace, flags: Sequence[str]) -> None:
    """Rows that are compared must have been made alike. Raises InputError if they would not be."""
    path = args.out / "settings.json"
    settings = {"flags": list(flags), "eval_drawings": args.eval_drawings}
    if path.is_file():
        before = json.loads(path.read_text())
        if before != settings:
            raise InputError(
                f"{args.out} holds rows of other settings ({shlex.join(before['flags'])}, "
                f"{before['eval_drawings']} drawings): give these, or another --out"
            )
        return
    args.out.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(settings, indent=1))


def _train(one: Run, flags: Sequence[str], epochs: int) -> int:
    """Train a row up to its last epoch, from where it was left; returns main.py's exit code."""
    if _checkpoint(one.folder, epochs):
        return 0
    command = [sys.executable, str(PROJECT / "main.py"), *flags, *ROWS[one.row]]
    command += ["--seed", str(one.seed), "--result_dir", str(one.folder)]
    if any(checkpoints(folder) for folder in one.folder.glob("*/")):
        command.append("--resume")
    process = subprocess.Popen(command)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.wait()  # it saves
        raise
    return code or int(_checkpoint(one.folder, epochs) is None)


def _checkpoint(folder: Path, epochs: int) -> Path | None:
    return next(folder.glob(f"*/tag2pix_{epochs}_epoch.pkl"), None)


def _measure(one: Run, args: argparse.Namespace, trained: Options) -> None:
    words = ["--load", _checkpoint(one.folder, args.epoch), "--result_dir", args.out]
    words += ["--eval_drawings", args.eval_drawings]
    options = parse(["--evaluate", *map(str, words)])
    same = {name: getattr(trained, name) for name in trained.given.intersection(MEASURED_WITH)}
    options = options.replaced(**same, given=options.given | same.keys())
    report, _ = measure_checkpoint(options)
    figure = _figure(load_colorist(options))
    with atomic_path(one.figure) as temporary:
        figure.quantize(FIGURE_COLORS).save(temporary, optimize=True)
    write_json(report, one.measured)


def _figure(colorist: Colorist) -> Image.Image:
    """The first held-out drawings: line art, then with other tags for hair, eyes and background."""
    pictures, captions = [], []
    drawings = HeldOutDrawings(1 + max(SHOWN_DRAWINGS), colorist.size)
    for number in SHOWN_DRAWINGS:
        sketch = drawings[number].sketches[LINE_ART]
        pictures.append(sketch_tile(sketch))
        captions.append("line art")
        for choice in CHOICES:
            tags = colorist.vocabulary.parse(choice)
            cvt = torch.from_numpy(colorist.vocabulary.cvt_vector(tags))
            (picture,) = colorist.paint(sketch[None], cvt[None])
            pictures.append(tile(picture))
            captions.append(", ".join(name.partition("_")[0] for name in choice))
    return contact_sheet(pictures, captions, len(pictures))


if __name__ == "__main__":
    console.end(console.exit_code(main))
