"""Ranges of replicates over threads or other workers, their results taken in order.

A range has a fixed size, and what is computed for it does not depend on who computes it. Results come out in the order
of the ranges whatever the order they were done in, with only a few waiting: so sums are the same bytes everywhere,
memory does not grow, and what is done when somebody interrupts is all trials up to some number.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from equipoise.errors import DesignError, EquipoiseError

T = TypeVar("T")


_AHEAD = 64
"""Ranges that an executor is given before the first one's result is taken, unless it has an `ahead` of its own."""


class WorkersLostError(EquipoiseError):
    """The machines that were to compute are gone."""


class Pending(Protocol):
    """A result that is being computed elsewhere, as of `concurrent.futures` or Dask."""

    def result(self) -> Any:
        """Wait for it."""

    def cancel(self) -> Any:
        """Do not begin it if it has not begun."""


class Executor(Protocol):
    """Whatever computes elsewhere: a pool of threads, or a Dask client.

    An attribute `ahead`, if it has one, says how many computations to begin before the first result is taken.
    """

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Pending:
        """Begin a computation."""


def ranges(first: int, last: int, size: int) -> Iterator[tuple[int, int]]:
    """The ranges of `size` from `first`, a multiple of it, to `last`; only the last one may be shorter."""
    for begin in range(first, last, size):
        yield begin, min(begin + size, last)


def in_order(
    function: Callable[..., T], calls: Iterable[tuple[Any, ...]], executor: Executor | None, ahead: int
) -> Iterator[T]:
    """The results of many calls, in their order.

    Args:
        function: what to call; for other processes it and its arguments must be picklable.
        calls: arguments of each call; taken as they are needed.
        executor: computes them; None computes them here, one after the other.
        ahead: how many calls may have begun without their result having been taken.

    Yields:
        Results. When the taker stops, or is interrupted, calls that have not begun are cancelled.
    """
    if executor is None:
        for arguments in calls:
            yield function(*arguments)
        return
    waiting: deque[Pending] = deque()
    try:
        for arguments in calls:
            waiting.append(executor.submit(function, *arguments))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for pending in waiting:
            pending.cancel()


@contextmanager
def threads_or(executor: Executor | None, threads: int | None) -> Iterator[tuple[Executor | None, int]]:
    """The executor given, or a pool of threads; and how many calls to begin ahead.

    Raises:
        DesignError: fewer than one thread.
    """
    if executor is not None:
        yield executor, int(getattr(executor, "ahead", _AHEAD))
        return
    count = (os.cpu_count() or 1) if threads is None else threads
    if count < 1:
        raise DesignError(f"threads = {threads}; give at least 1")
    if count == 1:
        yield None, 1
        return
    with ThreadPoolExecutor(max_workers=count, thread_name_prefix="simulate") as pool:
        yield pool, 2 * count + 1
