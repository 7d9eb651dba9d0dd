"""Several processes, one per GPU (or per CPU share), through torch's own launcher."""

import contextlib
import inspect
import os
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from errors import InputError
from hardware.device import default_device

# torch 2.13 renamed the option.
_OPTIONS = inspect.signature(DistributedDataParallel).parameters
_LAUNCHED = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
JOINING_SECONDS = 300  # before processes that have not met give up
SAVING_SECONDS = 600  # before processes that do not end after a signal are killed
ENDED = "TAG2PIX_ENDED"  # names the file in which the main process leaves its exit code
SYNC_BUFFERS = "forward_sync_buffers" if "forward_sync_buffers" in _OPTIONS else "broadcast_buffers"


@dataclass(frozen=True)
class Processes:
    """This process among `world` others; with one, every method is a plain local operation."""

    rank: int = 0
    world: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    def parallel(self, network: nn.Module) -> nn.Module:
        """The network averaging its gradients over the processes; unchanged where there is one.

        Buffers stay local: the discriminator runs twice before one backward pass, and overwriting
        its running statistics in between would invalidate the first pass.
        """
        if self.world == 1:
            return network
        devices = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=devices, **{SYNC_BUFFERS: False})

    def mean(self, values: Tensor) -> Tensor:
        if self.world > 1:
            distributed.all_reduce(values)
            values /= self.world
        return values

    def highest(self, values: list[float]) -> list[float]:
        """The highest of each value over the processes."""
        if self.world == 1:
            return values
        tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(tensor, distributed.ReduceOp.MAX)
        return tensor.tolist()

    def any(self, flags: list[bool]) -> list[bool]:
        """Which flags are set in any process."""
        return [bool(value) for value in self.highest([float(flag) for flag in flags])]

    def gather(self, value: Any) -> list[Any]:
        """The value of every process, in rank order."""
        if self.world == 1:
            return [value]
        values = [None] * self.world
        distributed.all_gather_object(values, value)
        return values

    def share(self, value: Any) -> Any:
        """The main process's value."""
        if self.world == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values, device=self.device)
        return values[0]


def without_sync(network: nn.Module, last: bool) -> contextlib.AbstractContextManager:
    """Postpones the averaging of gradients until the last part of a batch."""
    if last or not isinstance(network, DistributedDataParallel):
        return contextlib.nullcontext()
    return network.no_sync()


@contextlib.contextmanager
def process_group(cpu: bool = False):
    """Yield this process's Processes: one of a group when a launcher started it, else alone."""
    if "RANK" not in os.environ:
        yield Processes(device=default_device(cpu))
        return
    if missing := [name for name in _LAUNCHED if name not in os.environ]:
        raise InputError(
            f"RANK is set and {missing[0]} is not: start several processes with torchrun, or unset "
            "RANK"
        )
    device = default_device(cpu)
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    _join("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size(), device)
    except Exception as error:
        if _is_lost_contact(error):
            raise ConnectionError("another process of this run has ended; stopping too") from error
        if not _is_first_to_report(error):
            raise SystemExit(2 if isinstance(error, InputError) else 1) from error
        raise
    finally:
        distributed.destroy_process_group()


def _join(backend: str) -> None:
    """Meet the other processes. Raises ConnectionError when they do not come."""
    try:
        limit = timedelta(seconds=JOINING_SECONDS)
        store, rank, world = next(distributed.rendezvous("env://", timeout=limit))
        distributed.init_process_group(backend, store=store, rank=rank, world_size=world)
    except (distributed.DistError, RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ConnectionError(
            f"the other processes of this run cannot be met ({reason}); without others, unset RANK"
        ) from error


def _is_lost_contact(error: Exception) -> bool:
    return isinstance(error, distributed.DistError) or (
        isinstance(error, RuntimeError) and "gloo" in str(error)
    )


def _is_first_to_report(error: Exception) -> bool:
    """Whether no other process has failed with the same words: all of them find the same mistake in
    the options, and it should be shown once."""
    try:
        store = distributed.distributed_c10d._get_default_store()
        return store.add(f"reported {error}", 1) == 1
    except (RuntimeError, distributed.DistError):
        return True


def needs_launch(cpu: bool) -> bool:
    """Whether this is a plain start on a machine with several GPUs."""
    return not cpu and "RANK" not in os.environ and torch.cuda.device_count() > 1


def launch(script: Path, arguments: list[str], per_node: str = "gpu") -> int:
    """Run the script in several processes under torchrun, by default one per GPU; returns its exit
    code, after a signal 1 unless the main process came to its own end.

    A signal to stop is passed on to the processes, which save and end; they have SAVING_SECONDS.
    """
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", str(SAVING_SECONDS))
    with tempfile.TemporaryDirectory(prefix="tag2pix-") as folder:
        ended = Path(folder) / "exit_code"
        os.environ[ENDED] = str(ended)
        try:
            run.main(["--standalone", f"--nproc_per_node={per_node}", str(script), *arguments])
        except ChildFailedError as error:
            _, failure = error.get_first_failure()
            return failure.exitcode if failure.exitcode > 0 else 1
        except SignalException:
            return int(ended.read_text()) if ended.exists() else 1
        finally:
            del os.environ[ENDED]
    return 0


def report_end(code: int) -> None:
    """Tell the launcher, if there is one, with which code the main process ends."""
    if ENDED in os.environ:
        Path(os.environ[ENDED]).write_text(str(code))
