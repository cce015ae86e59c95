"""Decide a command: pure, from the state to entries or a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from equipoise.conduct import admission, amendment, course, data, persons, whole_trial
from equipoise.conduct.commands import (
    Activate,
    Allocate,
    AllocateByHand,
    Amend,
    CheckCohort,
    Close,
    Command,
    Correct,
    Cut,
    Erase,
    Lose,
    Open,
    Reconsent,
    Record,
    Register,
    Reveal,
    Screen,
    Strike,
    Treat,
    Withdraw,
)
from equipoise.conduct.context import Amendment, Context, Others
from equipoise.conduct.decision import Decider, Decision, Draft, refuse
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.state import ParticipantState, TrialState
from equipoise.conduct.values import utc_text
from equipoise.conduct.versions import criteria_for
from equipoise.conduct.well_formed import malformed

_DECIDERS: dict[type[Any], Decider] = {
    **whole_trial.DECIDERS,
    **admission.DECIDERS,
    **data.DECIDERS,
    **course.DECIDERS,
    **amendment.DECIDERS,
    **persons.DECIDERS,
}

CENTRAL_ROLES = frozenset({"coordinator", "monitor", "data manager"})
"""Roles that act for participants of every site. Everybody else acts at the participant's own."""


def decide(
    criteria: Criteria,
    trial: TrialState,
    participant: ParticipantState | None,
    command: Command,
    *,
    seeds: Mapping[str, bytes] | None = None,
    cohort: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    amendment: Amendment | None = None,
    others: Others | None = None,
) -> Decision:
    """Decide one command. Nothing that a command can hold makes it raise.

    Args:
        criteria: the protocol with its rules compiled; every version of it, if it was amended.
        trial: the state of the trial.
        participant: the state of the participant that the command is about; None if there is none of that number.
        command: what is asked. Its id has not been answered before: the caller looks that up.
        seeds: the secret seed of every list, 32 bytes each; needed to allocate.
        cohort: values of the participants who have passed each step that cohort rules count, by step; needed to
            register, to allocate and to check the cohort rules.
        amendment: the text that an `Amend` proposes, and everybody whom it has to carry.
        others: whom else a `Screen` is about, if it names an earlier number or holds a pseudonym.

    Returns:
        Entries to append, or a refusal that names everything that stands against it.
    """
    if problem := malformed(command):
        return refuse(problem)
    judging = criteria_for(criteria, trial, participant, command)
    context = Context(judging, trial, participant, seeds or {}, cohort or {}, amendment, others or Others())
    if problem := _out_of_place(context, command):
        return refuse(problem)
    decision = _DECIDERS[type(command)](context, command)
    if utc_text(command.at) >= trial.last_time:
        return decision
    return replace(decision, drafts=tuple(map(_behind, decision.drafts)))


def _behind(draft: Draft) -> Draft:
    """An entry that comes after one of a later time keeps its place, and says that the clock went back."""
    return replace(draft, data={**draft.data, "clock": "behind"})


def _out_of_place(context: Context, command: Command) -> str | None:
    """What stands against any command of its kind in this state."""
    trial = context.trial
    if trial.closed:
        return "the trial is closed"
    if trial.opened == isinstance(command, Open):
        return "the trial is open already" if trial.opened else "the trial has not been opened"
    if isinstance(command, Open | CheckCohort | Reveal | Close | Amend | Activate):
        return None
    # a site east of Greenwich may be a day ahead of UTC
    if (command.on - command.at.date()).days > 1:
        return f"{command.on} lies in the future"
    if isinstance(command, Cut | Screen):
        return None
    state = context.participant
    if state is None:
        return f"there is no participant {command.participant}"
    if command.site != state.site and command.role not in CENTRAL_ROLES:
        return f"{state.number} is a participant of site {state.site}, and the {command.role} acts at another or none"
    if isinstance(command, Correct | Strike | Erase):
        return None
    if state.rescreened is not None:
        return f"{state.number} was screened again as {state.rescreened.number} on {state.rescreened.on}"
    return _untimely(state, command)


def _untimely(state: ParticipantState, command: Any) -> str | None:
    """Why this cannot have been on that day. Corrections are never untimely.

    What was before a death can be entered after it, but for what leads on: a step of the pathway, or the end of
    participation, which was the death.
    """
    if command.on < state.screened_on and not isinstance(command, Record):
        return f"{command.on} is before {state.number} was screened ({state.screened_on})"
    leads_on = isinstance(command, Register | Allocate | AllocateByHand | Withdraw | Lose | Reconsent)
    if state.died_on is not None and (leads_on or command.on > state.died_on):
        return f"{state.number} died on {state.died_on}"
    return _after_leaving(state, command)


def _after_leaving(state: ParticipantState, command: Any) -> str | None:
    """What a withdrawal or the loss to follow-up ended; what lay before it can still be entered."""
    left = state.left
    if left is None:
        return None
    if left.treatment == "stops" and isinstance(command, Register | Allocate | AllocateByHand):
        return f"{state.number} left on {left.on} ({left.rule}), and takes no further step of the pathway"
    if command.on <= left.on:
        return None
    if left.follow_up == "stops":
        return f"follow-up of {state.number} stopped on {left.on} ({left.rule})"
    if left.data != "kept":
        return f"{state.number} left on {left.on} ({left.rule}), and no more is recorded"
    if left.treatment == "stops" and isinstance(command, Treat) and command.status == "started":
        return f"treatment of {state.number} stopped on {left.on} ({left.rule})"
    return None
