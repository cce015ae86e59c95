"""A state and the entry to fold into it, and what many folds need."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from typing import Protocol as Structural

from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.state import ParticipantState
from equipoise.ledger import Entry


@dataclass(frozen=True, slots=True)
class Fold:
    """A state, and the entry to fold into it.

    Attributes:
        on: the day on which it happened.
        data: the entry's data.
    """

    criteria: Criteria
    state: ParticipantState
    entry: Entry
    on: date
    data: Any


class _Dated(Structural):
    @property
    def on(self) -> date: ...


_D = TypeVar("_D", bound=_Dated)


def by_day(items: tuple[_D, ...], item: _D) -> tuple[_D, ...]:
    """With one more: by day, and of one day in the order of entry."""
    place = bisect_right(items, item.on, key=lambda other: other.on)
    return (*items[:place], item, *items[place:])


def alive(state: ParticipantState, on: date) -> date:
    """The last day the participant is known to have been alive, who was so on that day."""
    return on if state.last_alive is None else max(state.last_alive, on)
