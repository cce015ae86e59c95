"""The participants' way through the trial, counted from the states that the ledger adds up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from equipoise.analysis.adsl import analysis_arm
from equipoise.analysis.results import Flow, FlowArm, FlowStep
from equipoise.conduct import LOST, ParticipantState
from equipoise.protocol import Protocol

LOST_LABEL = "Lost to follow-up"


def flow_of(protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date) -> Flow:
    """The flow of all participants up to the data cut-off."""
    states = list(participants.values())
    steps = []
    reached = states
    for step in protocol.entry_steps:
        passed = [state for state in reached if step.id in state.steps]
        reasons = Counter(_why_not(protocol, state, step.id) for state in reached if step.id not in state.steps)
        steps.append(FlowStep(step.id, step.label, len(reached), len(passed), dict(reasons.most_common())))
        reached = passed
    arms = [_arm(protocol, name, reached, data_cut) for name in protocol.arms]
    return Flow(len(states), tuple(steps), tuple(arms))


def _why_not(protocol: Protocol, state: ParticipantState, step: str) -> str:
    refusal = next((item for item in state.refusals if item.step == step), None)
    if refusal is not None:
        against = (*refusal.failed, *refusal.unknown)
        titles = {item.id: item.title for item in protocol.eligibility}
        first = next((name for name in against if name in titles), None)
        return f"{first}: {titles[first]}" if first else "condition of the step not met"
    if state.left is not None:
        return _left(protocol, state)
    return "Died before" if state.died_on is not None else "Not reached by the data cut-off"


def _left(protocol: Protocol, state: ParticipantState) -> str:
    assert state.left is not None
    if state.left.rule == LOST:
        return LOST_LABEL
    return next((item.label for item in protocol.withdrawal if item.id == state.left.rule), state.left.rule)


def _arm(protocol: Protocol, name: str, allocated: list[ParticipantState], cut: date) -> FlowArm:
    members = [state for state in allocated if analysis_arm(protocol, state) == name]
    received = Counter(
        protocol.interventions[intervention].label
        for state in members
        for intervention in dict.fromkeys(t.intervention for t in state.treatments if t.on <= cut)
        if intervention in protocol.arms[name].interventions
    )
    died = [state for state in members if state.died_on is not None and state.died_on <= cut]
    left = Counter(
        _left(protocol, state)
        for state in members
        if state.left is not None and state.left.on <= cut and state.died_on is None
    )
    return FlowArm(
        arm=name,
        label=protocol.arms[name].label,
        allocated=len(members),
        received=dict(received),
        left=dict(left),
        died=len(died),
        in_follow_up=len(members) - len(died) - sum(left.values()),
        analysed=len(members),
    )
