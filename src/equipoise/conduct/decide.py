"""Decide a command: pure, from the state to entries or a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

from equipoise.conduct import admission, course, data, whole_trial
from equipoise.conduct.commands import (
    Allocate,
    Assess,
    CheckCohort,
    Classify,
    Close,
    Command,
    Correct,
    Cut,
    Happen,
    Judge,
    Lose,
    Open,
    Record,
    Register,
    Reveal,
    Screen,
    Treat,
    Visit,
    Withdraw,
)
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Decision, refuse
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.state import ParticipantState, TrialState

_DECIDERS: dict[type[Any], Callable[[Context, Any], Decision]] = {
    Open: whole_trial.decide_open,
    CheckCohort: whole_trial.decide_check_cohort,
    Cut: whole_trial.decide_cut,
    Reveal: whole_trial.decide_reveal,
    Close: whole_trial.decide_close,
    Screen: admission.decide_screen,
    Register: admission.decide_register,
    Allocate: admission.decide_allocate,
    Record: data.decide_record,
    Judge: data.decide_judge,
    Assess: data.decide_assess,
    Classify: data.decide_classify,
    Visit: data.decide_visit,
    Correct: data.decide_correct,
    Treat: course.decide_treat,
    Happen: course.decide_happen,
    Withdraw: course.decide_withdraw,
    Lose: course.decide_lose,
}


def decide(
    criteria: Criteria,
    trial: TrialState,
    participant: ParticipantState | None,
    command: Command,
    *,
    seeds: Mapping[str, bytes] | None = None,
    cohort: Sequence[Mapping[str, Any]] = (),
) -> Decision:
    """Decide one command.

    Args:
        criteria: the protocol with its rules compiled.
        trial: the state of the trial.
        participant: the state of the participant that the command is about; None if there is none of that number.
        command: what is asked. Its id has not been answered before: the caller looks that up.
        seeds: the secret seed of every list, 32 bytes each; needed to allocate.
        cohort: values of the participants that cohort rules count.

    Returns:
        Entries to append, or a refusal that names everything that stands against it.
    """
    context = Context(criteria, trial, participant, seeds or {}, cohort)
    if problem := _general(context, command):
        return refuse(problem)
    return _DECIDERS[type(command)](context, command)


def _general(context: Context, command: Command) -> str | None:
    """What stands against any command of its kind."""
    trial = context.trial
    if command.at.tzinfo is None or command.at.utcoffset() != UTC.utcoffset(None):
        return "the time of a command is UTC"
    if not command.id or len(command.id) > 100:
        return "a command needs an id of up to 100 characters"
    if trial.closed:
        return "the trial is closed"
    if trial.opened == isinstance(command, Open):
        return "the trial is open already" if trial.opened else "the trial has not been opened"
    if isinstance(command, Open | CheckCohort | Cut | Reveal | Close):
        return None
    # a site east of Greenwich may be a day ahead of UTC
    if command.on > (command.at + timedelta(days=1)).date():
        return f"{command.on} lies in the future"
    return _about_participant(context, command)


def _about_participant(context: Context, command: Any) -> str | None:
    """What stands against a command about a participant."""
    state = context.participant
    if isinstance(command, Screen):
        return None
    if state is None:
        return f"there is no participant {command.participant}"
    if isinstance(command, Correct):
        return None
    if command.on < state.screened_on and not isinstance(command, Record):
        return f"{command.on} is before {state.number} was screened ({state.screened_on})"
    if state.died_on is not None and command.on > state.died_on:
        return f"{state.number} died on {state.died_on}"
    if state.left is not None and state.left.follow_up == "stops" and command.on > state.left.on:
        return f"follow-up of {state.number} stopped on {state.left.on} ({state.left.rule})"
    return None
