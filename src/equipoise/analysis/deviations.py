"""Deviations from the protocol by arm and severity, as ICH E3 (10.2) asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from equipoise.analysis.adsl import analysis_arm
from equipoise.analysis.at_cut import states_at
from equipoise.conduct import ParticipantState
from equipoise.protocol import Protocol


@dataclass(frozen=True, slots=True)
class DeviationCount:
    """Deviations of one category in one arm, as they are classified at the analysis.

    Attributes:
        arm: its id.
        category: what they are about; `all` for all together.
        participants: how many have one or more.
        minor: how many are minor.
        major: how many are major.
        excluded: participants whom one of them keeps out of the per-protocol set.
    """

    arm: str
    category: str
    participants: int
    minor: int
    major: int
    excluded: int


ALL = "all"


def deviation_counts(
    protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date
) -> tuple[DeviationCount, ...]:
    """Counts for each category and arm that has some, and for all together in every arm.

    Of participants who were allocated by the cut-off; empty if no deviation is on record.
    """
    states = [state for state in states_at(protocol, participants, data_cut) if state.assignments]
    by_arm = {arm: [item for item in states if analysis_arm(protocol, item) == arm] for arm in protocol.arms}
    categories = dict.fromkeys(item.category for state in states for item in state.deviations)
    if not categories:
        return ()
    found = [
        _count(arm, category, members)
        for category in sorted(categories)
        for arm, members in by_arm.items()
        if any(item.category == category for state in members for item in state.deviations)
    ]
    return (*found, *(_count(arm, ALL, members) for arm, members in by_arm.items()))


def _count(arm: str, category: str, states: list[ParticipantState]) -> DeviationCount:
    own = [[item for item in state.deviations if category in (ALL, item.category)] for state in states]
    every = [item for items in own for item in items]
    excluded = sum(any(item.per_protocol == "excluded" for item in items) for items in own)
    return DeviationCount(
        arm,
        category,
        sum(map(bool, own)),
        sum(item.severity == "minor" for item in every),
        sum(item.severity == "major" for item in every),
        excluded,
    )
