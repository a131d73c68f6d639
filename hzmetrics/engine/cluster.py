"""Tasks on the machines of a Dask cluster. Nothing of Dask is imported unless a scheduler is named.

The machines share the files that tasks name. They get tasks, and nothing else: no configuration, no password. Dask
gives the tasks of a worker that is lost to another one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from hzmetrics import __version__, memory
from hzmetrics.engine import database
from hzmetrics.errors import HzmetricsError, in_words

if TYPE_CHECKING:
    from distributed import Client

R = TypeVar("R")

PATIENCE = 30.0
"""Seconds to wait for a scheduler, and for a worker where there is none."""

SHARE = 0.5
"""The part of a worker's memory that its engine may use: Dask ends workers that come near to its limit."""


class Cluster:
    """Tasks are done by whichever workers a scheduler has."""

    def __init__(self, client: Client, address: str) -> None:
        self._client = client
        self._address = address

    def map(self, tasks: Sequence[Callable[[], R]]) -> list[R]:
        from distributed import KilledWorker, wait

        futures = self._client.map(_do, tasks, version=__version__, pure=False)
        try:
            self._require_workers()
            while True:
                try:
                    wait(futures, timeout=PATIENCE)
                    results: list[R] = self._client.gather(futures)
                    return results
                except TimeoutError:
                    self._require_workers()
        except HzmetricsError:
            raise
        except KilledWorker as error:
            raise HzmetricsError(f"{self._address}: workers were lost with a task: {in_words(error)}") from None
        except (CancelledError, OSError) as error:
            raise HzmetricsError(f"{self._address}: the scheduler was lost: {in_words(error)}") from None
        except Exception as error:  # that of a task, or of a worker that cannot begin it
            raise HzmetricsError(f"{self._address}: {in_words(error)}") from error
        finally:
            self._client.cancel(futures)

    def _require_workers(self) -> None:
        """Raise HzmetricsError if there is no worker for long."""
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise HzmetricsError(f"{self._address}: the scheduler has no workers") from None


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """The cluster of the scheduler at an address. Raises HzmetricsError."""
    try:
        from distributed import Client
    except ImportError:
        raise HzmetricsError("a scheduler needs Dask; run: pip install 'hzmetrics[cluster]'") from None
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise HzmetricsError(f"cannot reach the scheduler {address}: {in_words(error)}") from None
    with client:
        yield Cluster(client, address)


_alone = threading.Lock()


def _do(task: Callable[[], R], version: str) -> R:
    """Do a task in a worker: one at a time, because the engine itself uses all threads of the worker."""
    from distributed import get_worker

    worker = get_worker()
    if version != __version__:
        raise HzmetricsError(f"worker {worker.address} has hzmetrics {__version__}, not {version}")
    with _alone:
        if limit := worker.memory_manager.memory_limit:
            memory.set_limit(int(limit * SHARE))
        database.limit_threads(worker.state.nthreads)
        return task()
