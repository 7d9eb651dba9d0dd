"""The stages on a Dask cluster."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from errors import InputError

try:
    from distributed import Client, KilledWorker, as_completed
except ImportError as error:
    raise InputError("--dask needs the package distributed: pip install distributed") from error

PROJECT = Path(__file__).resolve().parents[2]
WAITING_PER_CORE = 4


def map_on_cluster(
    function: Callable[[Any], Any], items: Iterable[Any], address: str
) -> Iterator[Any]:
    """Apply `function` to every item on the Dask cluster whose scheduler is at `address`.

    Yields the results in any order. Items are taken from the iterable as workers become free.
    Raises InputError when no scheduler answers, it has no workers, or they cannot import this
    project; ChildProcessError when the same work has killed several workers; what the function
    raises.
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
            yield from _map(client, function, iter(items))
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


def _map(client: Client, function: Callable[[Any], Any], items: Iterator[Any]) -> Iterator[Any]:
    def submit(item):
        return client.submit(function, item, pure=False)

    waiting = max(1, WAITING_PER_CORE * sum(client.ncores().values()))
    futures = as_completed(map(submit, islice(items, waiting)))
    for future in futures:
        yield future.result()
        futures.update(map(submit, islice(items, 1)))
