"""TensorBoard's file of a run, where TensorBoard is installed."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


class Curves:
    """Writes losses and grids for TensorBoard into `path`; those behind `step` that are there count
    no more. What fails here, on a full disk for example, is said in one line and ends no run."""

    def __init__(self, path: Path, step: int):
        self.writer = None
        try:
            from torch.utils.tensorboard import SummaryWriter

            if threading.excepthook is threading.__excepthook__:
                threading.excepthook = _without_tensorboard
            purged = step + 1 if step else None
            self._try(lambda: SummaryWriter(str(path), purge_step=purged))
        except (ImportError, UnicodeError):  # it writes under UTF-8 names only
            pass

    def add(self, name: str, value: float, step: int) -> None:
        if self.writer:
            self._try(lambda: self.writer.add_scalar(name, value, step) or self.writer)

    def add_picture(self, name: str, picture: np.ndarray, step: int) -> None:
        """A picture (H, W, 3) uint8."""
        if self.writer:
            add = self.writer.add_image
            self._try(lambda: add(name, picture, step, dataformats="HWC") or self.writer)

    def close(self) -> None:
        if self.writer:
            self._try(self.writer.close)

    def _try(self, work: Callable[[], Any]) -> None:
        """Keep the writer that `work` returns."""
        try:
            self.writer = work()
        except UnicodeError:
            raise
        except Exception as error:  # TensorFlow, where it is installed, has kinds of its own
            self.writer = None
            reason = str(error).partition("\n")[0]
            print(f"nothing more is written for TensorBoard: {reason}", file=sys.stderr)


def _without_tensorboard(failed: threading.ExceptHookArgs) -> None:
    """Report what failed in a thread; what failed in TensorBoard's is raised again where the next
    thing is written."""
    if not type(failed.thread).__module__.startswith("tensorboard."):
        threading.__excepthook__(failed)
