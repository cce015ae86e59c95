"""The participants' way through the trial, counted from the states that the ledger adds up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from equipoise.allocation import BY_HAND
from equipoise.analysis.adsl import analysis_arm, is_classified, left_label
from equipoise.analysis.at_cut import states_at
from equipoise.analysis.results import Flow, FlowArm, FlowStep
from equipoise.conduct import ParticipantState
from equipoise.protocol import Protocol


def flow_of(protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date) -> Flow:
    """The flow of all participants up to the data cut-off: persons, each by the last screening."""
    screenings = states_at(protocol, participants, data_cut)
    states = [state for state in screenings if state.rescreened is None]
    steps = []
    reached = states
    for step in protocol.entry_steps:
        passed = [state for state in reached if step.id in state.steps]
        reasons = Counter(_why_not(protocol, state, step.id) for state in reached if step.id not in state.steps)
        steps.append(FlowStep(step.id, step.label, len(reached), len(passed), dict(reasons.most_common())))
        reached = passed
    analysed = _analysed(protocol, states, reached)
    arms = [_arm(protocol, name, reached, analysed[name]) for name in protocol.arms]
    return Flow(len(states), tuple(steps), tuple(arms), len(screenings) - len(states))


def _why_not(protocol: Protocol, state: ParticipantState, step: str) -> str:
    refusal = next((item for item in reversed(state.refusals) if item.step == step), None)
    if refusal is not None:
        against = (*refusal.failed, *refusal.unknown)
        titles = {item.id: item.title for item in protocol.eligibility}
        first = next((name for name in against if name in titles), None)
        return f"{first}: {titles[first]}" if first else "condition of the step not met"
    if state.left is not None:
        return left_label(protocol, state.left)
    return "Died before" if state.died_on is not None else "Not reached by the data cut-off"


def _arm(protocol: Protocol, name: str, allocated: list[ParticipantState], analysed: int) -> FlowArm:
    members = [state for state in allocated if analysis_arm(protocol, state) == name]
    received = Counter(
        protocol.interventions[intervention].label
        for state in members
        for intervention in dict.fromkeys(item.intervention for item in state.treatments)
        if intervention in protocol.arms[name].interventions
    )
    died = sum(state.died_on is not None for state in members)
    left = Counter(
        left_label(protocol, state.left)
        for state in members
        if state.left is not None and state.left.ends_observation and state.died_on is None
    )
    stopped = Counter(
        left_label(protocol, state.treatment_stopped)
        for state in members
        if state.treatment_stopped is not None and state.died_on is None
        if state.left is None or not state.left.ends_observation
    )
    return FlowArm(
        arm=name,
        label=protocol.arms[name].label,
        allocated=len(members),
        received=dict(received),
        left=dict(left),
        treatment_stopped=dict(stopped),
        died=died,
        in_follow_up=len(members) - died - sum(left.values()),
        analysed=analysed,
        by_hand=sum(state.assignments[0].method == BY_HAND for state in members if state.assignments),
    )


def _analysed(
    protocol: Protocol, states: list[ParticipantState], allocated: list[ParticipantState]
) -> Counter[str | None]:
    """Participants by arm as the first analysis counts them; all registered where it says so."""
    registered = bool(protocol.analyses) and protocol.analyses[0].population == "registered"
    counted = [state for state in states if state.steps] if registered and is_classified(protocol) else allocated
    return Counter(analysis_arm(protocol, state) for state in counted)
