"""The stages on a Dask cluster, through joblib's Dask backend."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import joblib

from errors import InputError

try:
    from distributed import Client, KilledWorker
    from joblib._dask import DaskDistributedBackend
except ImportError as error:
    raise InputError("--dask needs the package distributed: pip install distributed") from error

PROJECT = Path(__file__).resolve().parents[2]


class _Backend(DaskDistributedBackend):
    """joblib's backend, which by itself waits forever for a task that Dask has given up."""

    def submit(self, func, callback=None):
        def report(future) -> None:
            if future.exception() is not None:
                callback(future.exception())

        future = super().submit(func, callback)
        if callback is not None:
            future.add_done_callback(report)
        return future

    def retrieve_result_callback(self, out):
        if isinstance(out, BaseException):
            raise out
        return super().retrieve_result_callback(out)


@contextmanager
def cluster(address: str) -> Iterator[None]:
    """Within this context joblib works on the Dask cluster whose scheduler is at `address`.

    Raises InputError when no scheduler answers, it has no workers, or they cannot import this
    project; ChildProcessError when the same work has killed several workers.
    """
    try:
        client = Client(address, timeout=5)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=10)
        except (OSError, asyncio.TimeoutError) as error:
            raise InputError(f"the Dask scheduler at {address} has no workers") from error
        try:
            with joblib.parallel_config(_Backend(client=client)):
                yield
        except (ImportError, RuntimeError) as error:
            # Errors of the work itself are in the outcomes; these come from loading it.
            raise InputError(
                "the Dask scheduler or a worker cannot load this project: start them with "
                f"PYTHONPATH={PROJECT} and the packages of requirements.txt"
            ) from error
        except KilledWorker as error:
            raise ChildProcessError(
                f"work on the Dask cluster was given up because {error.allowed_failures + 1} "
                "workers died doing it (out of memory?)"
            ) from error
