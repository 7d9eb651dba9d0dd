"""What every stage of the preprocessor shares: arguments, parallel map, summary, exit codes.

A stage looks like this:

    def main(argv=None) -> int:
        args = build_parser().parse_args(argv)
        summary = Summary("sketches", dry_run=args.dry_run)
        clear_leftovers(target)
        done = existing_stems(target)
        todo = [path for path in list_files(source, IMAGE_SUFFIXES) if path.stem not in done]
        summary.skip("already there", len(done))
        if not args.dry_run:
            for outcome in map_files(draw, todo, jobs=args.jobs, dask=args.dask):
                summary.add(outcome)
        return summary.close(target)

    if __name__ == "__main__":
        sys.exit(run(main))
"""

import argparse
import contextlib
import errno
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib

from command_line import console
from command_line.parser import path
from errors import BrokenImageError, InputError
from files.lock import free, lock
from preprocessor.stage.signals import end_like_ctrl_c
from preprocessor.stage.summary import Summary as Summary
from preprocessor.stage.workers import map_on_processes, most_that_help
from progress import Progress

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")

# Every further item would fail in the same way.
_FATAL_ERRNOS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG),
    *(errno.EMFILE, errno.ENFILE),
}

# The names that files.atomic.atomic_path gives to files it has not finished.
_LEFTOVER = re.compile(r"\.(?P<stem>.+)\.\d+\.tmp(\.[^.]+)?")


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of a stage that works on many files: --dataset_path, --dry_run, --jobs, --dask.

    `dataset_path` is parsed to an absolute Path, so that workers elsewhere find it.
    """
    add_dataset_arguments(parser)
    parser.add_argument(
        "--jobs",
        type=_jobs,
        default=joblib.cpu_count(),
        metavar="N",
        help="processes working at the same time (default: all cores, here %(default)s)",
    )
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="work on a Dask cluster instead, e.g. tcp://scheduler:8786; its workers must see "
        "DATASET_PATH under the same name and have this project on PYTHONPATH",
    )


def add_dataset_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags every stage has: --dataset_path, --dry_run."""
    parser.add_argument(
        "--dataset_path",
        type=absolute_path,
        default="./dataset",
        metavar="DIR",
        help="folder that holds the data set (default: %(default)s)",
    )
    parser.add_argument(
        "--dry_run", action="store_true", help="say what would be done, and write nothing"
    )


def absolute_path(text: str) -> Path:
    """An argument that names a file or folder: the same one in every process."""
    return path(text).absolute()


def _jobs(text: str) -> int:
    try:
        number = int(text[:400])
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text[:20]} is not a positive number")
    most = most_that_help()
    if number > most:
        print(f"--jobs {text[:20]}: {most} work, more are of no use on {joblib.cpu_count()} cores")
    return min(number, most)


@dataclass(frozen=True)
class Outcome:
    """What came of one item: the value the function returned, or one line saying what failed."""

    item: Any
    value: Any = None
    error: str | None = None


def map_files(
    function: Callable[[Any], Any],
    items: Iterable[Any],
    *,
    jobs: int,
    description: str,
    dask: str | None = None,
    total: int | None = None,
    unit: str = "img",
    size: Callable[[Any], int] | None = None,
    batch_size: int | str = "auto",
) -> Iterator[Outcome]:
    """Apply `function` to every item on `jobs` processes (or a Dask cluster), with progress.

    Yields an Outcome per item, in any order. Items are taken from the iterable as workers become
    free, so it may be endless; `total` gives the progress bar its length where `items` has none.
    `batch_size` is how many items a process takes at a time; "auto" suits files, 1 large items.
    The bar counts items, or the sum of `size(item)`, in `unit`.
    An exception on one item becomes the `error` of its Outcome, except a full or read-only disk
    and a missing package, which stop the whole map because no other item could succeed. With
    jobs=1 everything happens in this process, in order. `function` and items must be picklable;
    in it OpenCV and BLAS use one thread each.
    """
    if total is None and hasattr(items, "__len__"):
        total = sum(map(size, items)) if size else len(items)
    task = _Guarded(function)
    with Progress(total=total, desc=description, unit=unit, unit_scale=size is not None) as bar:
        for outcome in _map(task, items, jobs, dask, batch_size):
            bar.update(size(outcome.item) if size else 1)
            yield outcome


def worthwhile(jobs: int, amount: int, each: int) -> int:
    """How many of `jobs` processes are worth their start: one, and one more per `each` of work."""
    return min(jobs, 1 + amount // each)


def _map(task, items, jobs: int, dask: str | None, batch_size: int | str) -> Iterator[Outcome]:
    if dask is None and jobs == 1:
        yield from map(task, items)
        return
    if dask is not None:
        from preprocessor.stage.cluster import map_on_cluster

        yield from map_on_cluster(task, items, dask)
        return
    yield from map_on_processes(task, items, jobs, batch_size)


class _Guarded:
    """Calls a function in a worker so that one bad item does not end the rest."""

    def __init__(self, function: Callable[[Any], Any]):
        self.function = function

    def __call__(self, item) -> Outcome:
        _one_thread_each()
        try:
            return Outcome(item, self.function(item))
        except ImportError:
            raise
        except BrokenImageError as error:
            return Outcome(item, error=str(error))
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _FATAL_ERRNOS:
                raise
            return Outcome(item, error=f"{item}: {_one_line(error)}")


def _one_thread_each() -> None:
    cv2 = sys.modules.get("cv2")
    if cv2 is not None:
        cv2.setNumThreads(1)


def _one_line(error: BaseException) -> str:
    message = " ".join(str(error).split())
    if isinstance(error, InputError) and message:
        return message
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def existing_stems(folder: os.PathLike | str, suffix: str | tuple[str, ...] = ".png") -> set[str]:
    """Names without suffix of the finished files in `folder`; empty when there is no such folder.

    One directory listing, no look at any file: what has its name is complete (see atomic_path).
    """
    try:
        names = _names(folder)
    except FileNotFoundError:
        return set()
    finished = (n for n in names if n.endswith(suffix) and not n.startswith("."))
    return {name.rpartition(".")[0] for name in finished}


def list_files(folder: os.PathLike | str, suffixes: Iterable[str] = IMAGE_SUFFIXES) -> list[Path]:
    """The files of `folder` with one of `suffixes` (any case), sorted by name.

    Hidden, and so unfinished, ones are left out. Raises InputError when the folder is missing.
    """
    suffixes = tuple(suffixes)
    try:
        names = _names(folder)
    except OSError as error:
        raise InputError(f"cannot read the folder {folder}: {error.strerror}") from error
    chosen = (n for n in names if n.lower().endswith(suffixes) and not n.startswith("."))
    return [Path(folder, name) for name in sorted(chosen)]


def clear_leftovers(folder: os.PathLike | str, of: Collection[str] = ()) -> int:
    """Remove the unfinished files that a killed run left in `folder`, all or those that were to be
    one of the files named; returns how many."""
    stems = {Path(name).stem for name in of}
    try:
        found = [(name, _LEFTOVER.fullmatch(name)) for name in _names(folder)]
    except FileNotFoundError:
        return 0
    names = [name for name, match in found if match and (not of or match["stem"] in stems)]
    for name in names:
        Path(folder, name).unlink(missing_ok=True)
    return len(names)


@contextlib.contextmanager
def writing(args: argparse.Namespace, *names: str) -> Iterator[None]:
    """Keep all other calls from writing these files and folders of the data set at the same time.

    `args` are the common arguments: a dry run keeps nobody. Raises InputError when another call
    writes one of them now.
    """
    dataset: Path = args.dataset_path
    with contextlib.ExitStack() as held:
        if dataset.is_dir() and not args.dry_run:
            for name in sorted(names):
                taken = f"{dataset / name} is being written by another call: wait for its end"
                held.callback(free, lock(dataset / f".{name}.lock", taken))
        yield


def _names(folder: os.PathLike | str) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def run(main: Callable[[], int]) -> int:
    """Call a stage's `main` and turn what ends it early into one line on stderr and an exit code.

    2: the user's input is wrong (InputError); 1: the work failed (disk full, a worker was killed);
    130: Ctrl-C, SIGTERM or SIGHUP.
    """
    try:
        with console.interruptible(), end_like_ctrl_c():
            return main()
    except InputError as error:
        return _report(str(error), 2)
    except KeyboardInterrupt:
        return _report("interrupted; run the same command again to continue", 130)
    except ImportError as error:
        return _report(f"{error}: pip install -r requirements.txt", 1)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        return _report(f"{error.strerror or error}{where}; nothing finished is lost, run again", 1)
    except joblib.externals.loky.process_executor.BrokenProcessPool:
        return _report(
            "a worker process was killed (out of memory?): run again with fewer --jobs", 1
        )
    except Exception as error:
        if not console.is_out_of_memory(error):
            raise
        return _report("out of memory: run again with fewer --jobs", 1)


def _report(line: str, code: int) -> int:
    print(line, file=sys.stderr)
    return code
