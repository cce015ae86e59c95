"""Decide a command: pure, from the state to entries or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from equipoise.conduct import (
    admission,
    amendment,
    control,
    course,
    data,
    guidance,
    leaving,
    lesions,
    persons,
    proposals,
    safety,
    staging,
    whole_trial,
)
from equipoise.conduct.commands import (
    Allocate,
    AllocateByHand,
    AnswerQuery,
    CloseQuery,
    Command,
    Correct,
    DescribeLesions,
    Deviate,
    Find,
    FollowUpAdverseEvent,
    Lose,
    Open,
    OpenQuery,
    Reclassify,
    Reconsent,
    Record,
    Register,
    ReportSafety,
    Screen,
    Stage,
    Strike,
    TrialCommand,
    Withdraw,
)
from equipoise.conduct.context import Amendment, Context, Others
from equipoise.conduct.decision import CENTRAL_ROLES, Decider, Decision, Draft, refuse
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.leaving import after_leaving
from equipoise.conduct.permissions import Accounts
from equipoise.conduct.quality import deciders as quality
from equipoise.conduct.quality.aftermath import with_aftermath
from equipoise.conduct.state import ParticipantState, TrialState
from equipoise.conduct.tally import Tallies, tallies_of
from equipoise.conduct.values import utc_text
from equipoise.conduct.versions import criteria_for
from equipoise.conduct.well_formed import malformed

_DECIDERS: dict[type[Any], Decider] = {
    **whole_trial.DECIDERS,
    **admission.DECIDERS,
    **data.DECIDERS,
    **course.DECIDERS,
    **leaving.DECIDERS,
    **safety.DECIDERS,
    **guidance.DECIDERS,
    **control.DECIDERS,
    **quality.DECIDERS,
    **lesions.DECIDERS,
    **proposals.DECIDERS,
    **staging.DECIDERS,
    **amendment.DECIDERS,
    **persons.DECIDERS,
}

AFTERWARDS = (Correct, Strike, ReportSafety, OpenQuery, AnswerQuery, CloseQuery, Deviate, Reclassify)
"""Commands that are about what is on record, and so never untimely."""


def decide(
    criteria: Criteria,
    trial: TrialState,
    participant: ParticipantState | None,
    command: Command,
    *,
    seeds: Mapping[str, bytes] | None = None,
    cohort: Tallies | None = None,
    grants: Accounts | None = None,
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
        cohort: what every cohort rule of the version that judges counts, by the rule's id; of nobody if not said.
        grants: the acting account and the one that a grant or revocation names, as far as they are known; needed where
            roles are checked. An account that is not among them may do nothing.
        amendment: the text that an `Amend` proposes, and everybody whom it has to carry.
        others: whom else a `Screen` is about, if it names an earlier number or holds a pseudonym.

    Returns:
        Entries to append, or a refusal that names everything that stands against it.
    """
    if problem := malformed(command):
        return refuse(problem)
    return decide_well_formed(
        criteria_for(criteria, trial, participant, command),
        trial,
        participant,
        command,
        seeds=seeds,
        cohort=cohort,
        grants=grants,
        amendment=amendment,
        others=others,
    )


def decide_well_formed(
    criteria: Criteria,
    trial: TrialState,
    participant: ParticipantState | None,
    command: Command,
    *,
    seeds: Mapping[str, bytes] | None = None,
    cohort: Tallies | None = None,
    grants: Accounts | None = None,
    amendment: Amendment | None = None,
    others: Others | None = None,
) -> Decision:
    """The same for a command that `malformed` has nothing against; `criteria` is of the version that judges it."""
    counted = tallies_of(criteria) if cohort is None else cohort
    context = Context(criteria, trial, participant, seeds or {}, counted, grants or {}, amendment, others or Others())
    if problem := _out_of_place(context, command):
        return refuse(problem)
    decision = with_aftermath(context, command, _DECIDERS[type(command)](context, command))
    decision = replace(decision, drafts=tuple(control.marked_after_freeze(context, item) for item in decision.drafts))
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
    if isinstance(command, Open):
        return None
    if problem := control.not_permitted(context, command) or control.locked_trial(context, command):
        return problem
    if isinstance(command, TrialCommand):
        return None
    # a site east of Greenwich may be a day ahead of UTC
    if (command.on - command.at.date()).days > 1:
        return f"{command.on} lies in the future"
    if isinstance(command, Screen):
        return None
    if context.participant is None:
        return f"there is no participant {command.participant}"
    return _against_participant(context.participant, command)


def _against_participant(state: ParticipantState, command: Any) -> str | None:
    """What stands against any command about a participant as things are: the site, a lock, another number, the day."""
    if command.site != state.site and command.role not in CENTRAL_ROLES:
        return f"{state.number} is a participant of site {state.site}, and the {command.role} acts at another or none"
    if isinstance(command, control.NO_DATA):
        return None
    if problem := control.locked_participant(state, command):
        return problem
    if isinstance(command, AFTERWARDS):
        return None
    if state.rescreened is not None:
        return f"{state.number} was screened again as {state.rescreened.number} on {state.rescreened.on}"
    return _untimely(state, command)


def _untimely(state: ParticipantState, command: Any) -> str | None:
    """Why this cannot have been on that day. Corrections are never untimely.

    What was before a death can be entered after it, but for what leads on: a step of the pathway, or the end of
    participation, which was the death.
    """
    if command.on < state.screened_on and not isinstance(command, Record | DescribeLesions | Stage):
        return f"{command.on} is before {state.number} was screened ({state.screened_on})"
    leads_on = isinstance(command, Register | Allocate | AllocateByHand | Withdraw | Lose | Find | Reconsent)
    after = command.on > (state.died_on or command.on) and not isinstance(command, FollowUpAdverseEvent)
    if state.died_on is not None and (leads_on or after):
        return f"{state.number} died on {state.died_on}"
    # a further withdrawal, and news of somebody lost, are judged by their own decider
    return None if isinstance(command, Withdraw | Find) else after_leaving(state, command)
