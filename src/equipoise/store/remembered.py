"""Participants as they were folded last, so that the next command folds only what came since.

Nothing here is believed without the database: an append takes what is remembered only if the entry it ends with is
there, in the transaction, with the same hash. That hash commits to every entry before it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from equipoise.conduct import ParticipantState
from equipoise.store.projections import Rows

MOST_ENTRIES = 20_000
"""Entries that are remembered, over all participants: some 50 MB."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A participant as the entries up to one add up to.

    Attributes:
        protocol: digest of the protocol by which they were folded.
        seq: number of the last of the participant's entries.
        hash: its hash.
        state: the participant's state.
        rows: the participant's projections.
    """

    protocol: str
    seq: int
    hash: str
    state: ParticipantState
    rows: Rows


class Remembered:
    """The participants that were asked for last, by trial and number; threads may share it."""

    def __init__(self, most_entries: int = MOST_ENTRIES) -> None:
        self._most, self._entries = most_entries, 0
        self._kept: OrderedDict[tuple[int, str], Folded] = OrderedDict()
        self._lock = Lock()

    def get(self, trial: int, number: str) -> Folded | None:
        """What is remembered of a participant."""
        with self._lock:
            if found := self._kept.get((trial, number)):
                self._kept.move_to_end((trial, number))
            return found

    def keep(self, trial: int, number: str, folded: Folded) -> None:
        """Remember a participant, and forget whoever was not asked for longest if that is too much."""
        with self._lock:
            if before := self._kept.pop((trial, number), None):
                self._entries -= len(before.state.history)
            self._kept[trial, number] = folded
            self._entries += len(folded.state.history)
            while self._entries > self._most:
                _, gone = self._kept.popitem(last=False)
                self._entries -= len(gone.state.history)
