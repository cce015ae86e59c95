"""Ranges of trials on a Dask cluster: an executor for `simulate`, `simulate_many` and `run_plans`.

    with cluster("tcp://10.0.0.5:8786") as executor:
        simulate(scenario, replicates=10**8, seed=1, events=[240], alpha=0.025, keep="summary", executor=executor)

A range whose worker died is computed again by another one, and comes out the same, so the result is that of one
machine, byte for byte. Workers need the same Equipoise, which is checked. Needs the extra `[cluster]`.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from equipoise.design.simulation.build import build
from equipoise.design.simulation.ranges import WorkersLostError
from equipoise.errors import DesignError, InputError

_AHEAD_A_THREAD = 3
"""Ranges in flight for each thread of the cluster: one at work, and two that wait there."""
_LEAST_AHEAD, _MOST_AHEAD = 16, 4096
_ATTEMPTS = 5
"""How often a range is given anew after Dask has given it up because several workers died under it."""


@contextmanager
def cluster(address: str, *, timeout: float = 15.0) -> Iterator[ClusterExecutor]:
    """Connect to a scheduler for as long as the block lasts.

    Args:
        address: of the scheduler, such as `tcp://10.0.0.5:8786`.
        timeout: seconds to wait for the scheduler, and then for its first worker.

    Raises:
        DesignError: Dask is not installed.
        InputError: no scheduler there, or one without workers.
    """
    try:
        distributed: Any = import_module("distributed")  # an extra, slow to import, and only half typed
    except ImportError as error:
        raise DesignError(
            "a scheduler needs Dask, which is not installed; install the extra: equipoise[cluster]"
        ) from error
    try:
        # first a plain connection: a client that fails leaves threads behind, whose end is heard of later
        with socket.create_connection(_host_and_port(address), timeout=timeout):
            pass
        client = distributed.Client(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError) as error:
        mend = "start one with `dask scheduler` and give its address, such as tcp://10.0.0.5:8786"
        raise InputError(f"no Dask scheduler answers at {address}", mend=mend) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=timeout)
        except TimeoutError as error:
            mend = f"start some with `dask worker {address}`"
            raise InputError(f"the Dask scheduler at {address} has no workers", mend=mend) from error
        yield ClusterExecutor(client, address, distributed.KilledWorker)


def _host_and_port(address: str) -> tuple[str, int]:
    """Where `tcp://HOST:PORT`, `tls://HOST:PORT` or `HOST:PORT` is.

    Raises:
        ValueError: it is none of these.
    """
    found = re.fullmatch(r"(?:(?:tcp|tls)://)?(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})", address)
    if found is None or int(found[2]) >= 2**16:
        raise ValueError(f"{address} is no address")
    return found[1].strip("[]"), int(found[2])


class ClusterExecutor:
    """Computes on a Dask cluster.

    Args:
        client: connected to its scheduler.
        address: of the scheduler, for messages.
        killed: what Dask raises when it gives a computation up because several workers died under it.

    Attributes:
        ahead: computations to begin before the first result is taken.
    """

    def __init__(self, client: Any, address: str, killed: type[Exception]) -> None:
        self.client = client
        self.address = address
        self.killed = killed
        threads = sum(client.nthreads().values())
        self.ahead = min(max(_LEAST_AHEAD, _AHEAD_A_THREAD * threads), _MOST_AHEAD)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> _Computation:
        """Begin a computation; its arguments and its result are pickled."""
        return _Computation(self, function, arguments)


class _Computation:
    """One computation, begun anew if it was lost."""

    def __init__(self, executor: ClusterExecutor, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.executor = executor
        self.call = (function, *arguments)
        self.future = self._begin()

    def _begin(self) -> Any:
        # pure: False, so that what is asked twice is two computations that can be cancelled one by one
        return self.executor.client.submit(_there, build(), *self.call, pure=False)

    def result(self) -> Any:
        """Wait for it."""
        for _ in range(_ATTEMPTS):
            try:
                return self.future.result()
            except self.executor.killed:
                self.future = self._begin()
            except (CancelledError, OSError) as error:
                raise WorkersLostError(
                    f"the Dask scheduler at {self.executor.address} is gone; start it again"
                ) from error
            except ImportError as error:
                raise WorkersLostError(
                    f"a worker of {self.executor.address} cannot import what it needs ({error}); install "
                    f"Equipoise {build()} there"
                ) from error
        raise WorkersLostError(
            f"the workers of {self.executor.address} died again and again under the same trials; "
            "see their logs, they may need more memory"
        )

    def cancel(self) -> Any:
        """Do not begin it if it has not begun."""
        return self.future.cancel()


def _there(wanted: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a worker does."""
    if wanted != build():
        raise DesignError(f"a worker has Equipoise {build()}, and this is {wanted}; install the same on both")
    return function(*arguments)
