"""How completely participants were followed up to the data cut-off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from equipoise.analysis.adsl import analysis_arm, enrolled_on, is_classified
from equipoise.analysis.at_cut import states_at
from equipoise.conduct import ParticipantState
from equipoise.conduct.quality.sweep import is_followed
from equipoise.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Completeness:
    """Follow-up of an arm, or of all.

    Attributes:
        arm: its id; None for all.
        participants: how many were followed.
        known: of how many survival is known at the cut-off: they have died, or were alive on it, or so few days before
            as the sweep allows.
        observed_days: days from the origin to death or to the last day known alive.
        potential_days: days from the origin to death, or to the cut-off for who is not known to have died.
    """

    arm: str | None
    participants: int
    known: int
    observed_days: int
    potential_days: int

    @property
    def known_share(self) -> float | None:
        """The share whose survival is known at the cut-off; None of nobody."""
        return self.known / self.participants if self.participants else None

    @property
    def index(self) -> float | None:
        """Clark's C: observed over potential follow-up; None where nobody could be followed for a day."""
        return self.observed_days / self.potential_days if self.potential_days else None


def completeness(
    protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date
) -> tuple[Completeness, ...]:
    """Completeness of follow-up of all, then of each arm.

    C is the time for which participants were observed, over the time for which they could have been, summed over all
    (Clark, Altman and De Stavola, Lancet 2002;359:1309-1310): a death ends both, and whoever was lost or withdrew could
    have been followed to the cut-off. Time runs from allocation; where arms follow a class, from registration.
    """
    allowance = protocol.sweep.allowance_days if protocol.sweep is not None else 0
    since = data_cut - timedelta(days=allowance)
    rows: list[tuple[str | None, bool, int, int]] = []
    for state in states_at(protocol, participants, data_cut):
        if is_followed(protocol, state):
            rows.append(_row(protocol, state, data_cut, since))
    arms = [arm for arm in protocol.arms if any(row[0] == arm for row in rows)]
    return (_sum(None, rows), *(_sum(arm, [row for row in rows if row[0] == arm]) for arm in arms))


def _row(protocol: Protocol, state: ParticipantState, cut: date, since: date) -> tuple[str | None, bool, int, int]:
    allocated = state.steps.get(protocol.allocation_step.id)
    start = enrolled_on(protocol, state) if is_classified(protocol) else allocated
    assert start is not None  # who is followed has passed that step
    seen = max(state.died_on or state.last_alive or start, start)
    known = state.died_on is not None or seen >= since
    end = state.died_on or cut
    return analysis_arm(protocol, state), known, (seen - start).days, (max(end, start) - start).days


def _sum(arm: str | None, rows: list[tuple[str | None, bool, int, int]]) -> Completeness:
    return Completeness(
        arm, len(rows), sum(row[1] for row in rows), sum(row[2] for row in rows), sum(row[3] for row in rows)
    )
