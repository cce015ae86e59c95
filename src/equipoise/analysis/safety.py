"""The safety table: participants of each arm with adverse events, counted once each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from equipoise.analysis.adae import is_emergent, related_to
from equipoise.analysis.adsl import analysis_arm
from equipoise.analysis.at_cut import states_at
from equipoise.analysis.results import SafetyArm, SafetyTable
from equipoise.conduct import ParticipantState
from equipoise.conduct.adverse_events import AdverseEventRecord
from equipoise.protocol import Protocol

_SEVERE = 3
_DEATH = 5


def safety_of(protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date) -> SafetyTable | None:
    """Adverse events from allocation on, in the arm allocated; None where the protocol does not collect them."""
    section = protocol.adverse_events
    if section is None:
        return None
    allocated = [state for state in states_at(protocol, participants, data_cut) if state.assignments]
    arms = tuple(
        _arm(protocol, name, [state for state in allocated if analysis_arm(protocol, state) == name])
        for name in protocol.arms
    )
    before = sum(
        any(not is_emergent(protocol, state, record) for record in state.adverse_events)
        for state in states_at(protocol, participants, data_cut)
    )
    return SafetyTable(section.ctcae, arms, before)


def _arm(protocol: Protocol, name: str, members: list[ParticipantState]) -> SafetyArm:
    to = related_to(protocol)
    events = [[item for item in state.adverse_events if is_emergent(protocol, state, item)] for state in members]

    def having(holds: Callable[[AdverseEventRecord], bool]) -> int:
        return sum(any(holds(item) for item in own) for own in events)

    def related(item: AdverseEventRecord) -> bool:
        return item.now.judged_related(to) is True

    return SafetyArm(
        arm=name,
        label=protocol.arms[name].label,
        participants=len(members),
        any_event=sum(map(bool, events)),
        grade_3_to_5=having(lambda item: item.worst_grade >= _SEVERE),
        serious=having(lambda item: item.ever_serious),
        related=having(related),
        related_grade_3_to_5=having(lambda item: related(item) and item.worst_grade >= _SEVERE),
        not_judged=having(lambda item: item.now.judged_related(to) is None),
        of_interest=having(lambda item: item.of_interest),
        deaths=sum(state.died_on is not None for state in members),
        fatal_events=having(lambda item: item.now.grade == _DEATH),
        treatment_related_deaths=having(lambda item: item.now.grade == _DEATH and related(item)),
        events=sum(map(len, events)),
    )
