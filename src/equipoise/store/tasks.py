"""What is open for a participant: forms to fill in, judgements to give, the next step of the pathway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from equipoise.conduct import ParticipantState
from equipoise.protocol import Protocol


@dataclass(frozen=True, slots=True)
class OpenTask:
    """One thing to do.

    Attributes:
        kind: `form`, `judge`, `step` or `erase`.
        name: of the form, the criterion or the step; `identity` is to be erased.
        role: whose it is; None if that is not said.
    """

    kind: str
    name: str
    role: str | None


def open_tasks(protocol: Protocol, state: ParticipantState) -> tuple[OpenTask, ...]:
    """What is open: nothing after a death or when follow-up has stopped, no step when treatment has.

    Whatever else, identifying data are to be erased where a withdrawal demands it. The version consented to says what
    is due, of forms and of criteria; which criteria a step is judged by is seen when it is asked for.
    """
    left = state.left
    if left is not None and left.data == "erased" and state.erased_on is None:
        return (OpenTask("erase", "identity", None), *_of_pathway(protocol, state))
    return _of_pathway(protocol, state)


def _of_pathway(protocol: Protocol, state: ParticipantState) -> tuple[OpenTask, ...]:
    if state.rescreened is not None:
        return ()
    if state.died_on is not None or (state.left is not None and state.left.follow_up == "stops"):
        return ()
    following = next((step.id for step in protocol.entry_steps if step.id not in state.steps), None)
    forms = tuple(_forms(protocol, state, following))
    if following is None or (state.left is not None and state.left.treatment == "stops"):
        return forms
    judgements = (
        OpenTask("judge", item.id, item.judgement)
        for item in protocol.criteria_at(following)
        if item.judgement is not None and item.judgement_variable not in state.values
    )
    return (*forms, *judgements, OpenTask("step", following, None))


def _forms(protocol: Protocol, state: ParticipantState, following: str | None) -> Iterator[OpenTask]:
    """Forms that are filled in once, are due, and have not been; what only identifies a person is not in the ledger."""
    filled = {record.form for record in state.forms}
    due = {"screening", following, *state.steps}
    for name, form in protocol.forms.items():
        variables = (protocol.variables[variable] for variable in form.variables)
        if form.repeats or name in filled or form.at not in due:
            continue
        if any(not variable.identifying and variable.derived is None for variable in variables):
            yield OpenTask("form", name, form.role)
