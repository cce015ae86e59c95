"""What is due to happen to a synthetic participant, by day."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import date

NEVER = date.max
"""Later than any data cut-off."""


class Agenda:
    """Things to do on days to come; what was planned first comes first on one day."""

    def __init__(self) -> None:
        self._heap: list[tuple[date, int, Callable[[date], None]]] = []
        self._count = 0

    def plan(self, day: date, act: Callable[[date], None]) -> None:
        """Have something done on a day."""
        self._count += 1
        heapq.heappush(self._heap, (day, self._count, act))

    @property
    def next_day(self) -> date:
        """The day on which something is due next; `NEVER` if nothing is."""
        return self._heap[0][0] if self._heap else NEVER

    def do_next(self) -> None:
        """Do what is due next."""
        day, _, act = heapq.heappop(self._heap)
        act(day)
