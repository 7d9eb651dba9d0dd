"""The result directory of a training run: options, losses, sample grids, curves, checkpoints."""

import csv
import math
import pickle
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from matplotlib.figure import Figure
from PIL import Image

from errors import InputError
from files.atomic import atomic_path
from files.folders import make_folder
from files.lock import free, lock
from files.regular import check_regular
from loader.tags import Vocabulary
from training.curves import Curves

LOSSES = ("D_loss", "G_loss")
CHECKPOINT_NAME = re.compile(r"tag2pix_(?:\d+_epoch|resume_\d+_\d+)\.pkl")


def new_result_directory(parent: Path) -> Path:
    """Make `parent/<YYMMDD-HHMMSS>`, with a number appended where another run has that name."""
    name = time.strftime("%y%m%d-%H%M%S")
    make_folder(parent)
    for suffix in ("", *(f"-{number}" for number in range(1, 1000))):
        try:
            (parent / (name + suffix)).mkdir()
        except FileExistsError:
            continue
        return parent / (name + suffix)
    raise FileExistsError(f"{parent} has too many directories named {name}")


def checkpoints(directory: Path) -> list[Path]:
    """The checkpoints in a result directory, those of the furthest training first."""
    found = [path for path in directory.glob("*.pkl") if CHECKPOINT_NAME.fullmatch(path.name)]
    return sorted(found, key=_progress, reverse=True)


def _progress(checkpoint: Path) -> tuple[list[int], int]:
    """Epochs and batches by its name: times of change do not survive every copying."""
    numbers = [int(number) for number in re.findall(r"_(\d+)", checkpoint.stem)]
    return (numbers + [0])[:2], checkpoint.lstat().st_mtime_ns


def image_grid(images: Sequence[np.ndarray]) -> np.ndarray:
    """Images (H, W) or (H, W, 3) uint8 in a square grid, row by row, unused cells black."""
    side = math.ceil(math.sqrt(len(images)))
    height, width = images[0].shape[:2]
    grid = np.zeros((side * height, side * width, *images[0].shape[2:]), np.uint8)
    for number, image in enumerate(images):
        top, left = number // side * height, number % side * width
        grid[top : top + height, left : left + width] = image
    return grid


class ResultDirectory:
    """Writes what a run reports into `path`, which is locked for the life of this process.

    A resumed run is at `step` already: the losses up to there are kept, from `losses` (by default
    those in `path`), and later ones dropped. `history` holds the terms of `curves` per iteration,
    and `epoch_seconds` how long each epoch took. The columns of losses.csv are the terms that the
    steps report. Raises InputError when another process trains there.
    """

    def __init__(
        self,
        path: Path,
        step: int = 0,
        epoch_seconds: Iterable[float] = (),
        losses: Path | None = None,
        *,
        curves: Sequence[str] = LOSSES,
    ):
        self.path = path
        self.lock = lock_run(path)
        self.epoch_seconds = list(epoch_seconds)
        for unfinished in path.glob(".*.tmp*"):  # of a run that was killed
            unfinished.unlink(missing_ok=True)
        rows = _whole_rows(losses or self.losses_path, step) if step else []
        first = ["step", "epoch", *curves]
        self.columns = list(rows[0]) if rows else first
        if not set(first) <= set(self.columns):
            raise InputError(f"{losses or self.losses_path} lacks columns: move it away to go on")
        try:
            self.history = {name: [float(row[name]) for row in rows] for name in curves}
        except ValueError as error:
            damaged = losses or self.losses_path
            raise InputError(f"{damaged} is damaged ({error}): move it away to go on") from error
        self._rewrite(rows)
        self.tensorboard = Curves(path / "tensorboard", step)

    @property
    def losses_path(self) -> Path:
        return self.path / "losses.csv"

    def _rewrite(self, rows: Sequence[Mapping[str, Any]]) -> None:
        with atomic_path(self.losses_path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writeheader()
            writer.writerows(rows)

    def add_losses(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Append one row per step: step, epoch, and the terms by name; absent ones stay empty."""
        new = [name for name in dict.fromkeys(chain(*rows)) if name not in self.columns]
        if new:
            self.columns += new
            self._rewrite(_whole_rows(self.losses_path, rows[0]["step"] - 1))
        with self.losses_path.open("a", newline="") as file:
            csv.DictWriter(file, self.columns).writerows(rows)
        for row in rows:
            for name in self.history:
                self.history[name].append(row[name])
            for name in row.keys() - {"step", "epoch"}:
                self.tensorboard.add(f"loss/{name}", row[name], row["step"])

    def write_options(self, text: str) -> None:
        with atomic_path(self.path / "arguments.txt") as temporary:
            temporary.write_text(text, encoding="utf-8")

    def write_sample_tags(self, tags: Sequence[tuple[list[int], list[int]]], names: Vocabulary):
        """List the CIT and CVT tags (ids) of the samples in the grids."""
        lines = []
        for kind, column in (("CIT", 0), ("CVT", 1)):
            lines.append(f"{kind} tags")
            for number, sample in enumerate(tags, 1):
                words = "".join(f"{names.names.get(tag, tag)}, " for tag in sample[column])
                lines.append(f"{number} : {words}")
            lines.append("")
        with atomic_path(self.path / "test_image_tags.txt") as temporary:
            temporary.write_text("\n".join(lines), encoding="utf-8")

    def write_grid(self, name: str, images: Sequence[np.ndarray], epoch: int | None = None) -> None:
        """Write uint8 images as the grid `tag2pix_[epoch%03d_]<name>.png`."""
        if not len(images):
            return
        grid = image_grid(images)
        number = "" if epoch is None else f"epoch{epoch:03d}_"
        with atomic_path(self.path / f"tag2pix_{number}{name}.png") as temporary:
            Image.fromarray(grid).save(temporary)
        if grid.ndim == 3:
            self.tensorboard.add_picture(name, grid, epoch or 0)

    def write_loss_plot(self, epoch: int) -> None:
        figure = Figure(figsize=(6.4, 4.8), dpi=100, layout="tight")
        axes = figure.subplots()
        for name in self.history:
            axes.plot(self.history[name], label=name)
        axes.set(xlabel="Iter", ylabel="Loss")
        axes.legend(loc="lower right")
        axes.grid(True)
        with atomic_path(self.path / f"tag2pix_loss_{epoch}.png") as temporary:
            figure.savefig(temporary)

    def write_history(self, epoch: int) -> None:
        """Write the losses and times in the public format: a pickled dict of lists."""
        history = self.history | {
            "per_epoch_time": self.epoch_seconds,
            "total_time": [sum(self.epoch_seconds)],
        }
        with atomic_path(self.path / f"tag2pix_{epoch}_history.pkl") as temporary:
            temporary.write_bytes(pickle.dumps(history))

    def checkpoint_path(self, epoch: int, batch: int, named: bool) -> Path:
        """Where a checkpoint goes: one that the user asked for, or a resume point."""
        name = f"tag2pix_{epoch}_epoch.pkl" if named else f"tag2pix_resume_{epoch}_{batch}.pkl"
        return self.path / name

    def checkpoints(self) -> list[Path]:
        """The checkpoints here, those of the furthest training first."""
        return checkpoints(self.path)

    def remove_old_resume_points(self, keep: int) -> None:
        points = [path for path in self.checkpoints() if "_resume_" in path.name]
        for path in points[keep:]:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Finish what is still being written, and let others train here."""
        self.tensorboard.close()
        free(self.lock)


def lock_run(path: Path) -> FileLock:
    """Take a result directory for this process; the system frees it however the process ends, and
    `files.lock.free` does before. Raises InputError when another process has it.
    """
    return lock(path / ".lock", f"{path} is being trained by another process: wait for its end")


def _whole_rows(path: Path, last_step: int) -> list[dict[str, str]]:
    """The rows of a losses.csv that are complete (a kill can cut the last one) and not after a
    step; none where the file is missing. Raises InputError for a file that is something else."""
    try:
        check_regular(path)
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [row for row in rows if _is_whole(row, last_step)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path} is damaged ({error}): move it away to go on") from error


def _is_whole(row: Mapping[str, Any], last_step: int) -> bool:
    if None in row or None in row.values() or not str(row.get("step", "")).isdigit():
        return False
    numbers = [float(value) for value in row.values() if value]
    return all(map(math.isfinite, numbers)) and int(row["step"]) <= last_step
