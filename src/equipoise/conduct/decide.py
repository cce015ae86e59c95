"""Decide a command: pure, from the state to entries or a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
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
    TrialCommand,
    Visit,
    Withdraw,
)
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Decision, refuse
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.state import ParticipantState, TrialState
from equipoise.conduct.values import MAX_TEXT, is_day, is_unicode

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

MAX_NAME = 100
"""Longest text of a command, but for its reason and the values it records."""


def decide(
    criteria: Criteria,
    trial: TrialState,
    participant: ParticipantState | None,
    command: Command,
    *,
    seeds: Mapping[str, bytes] | None = None,
    cohort: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> Decision:
    """Decide one command. Nothing that a command can hold makes it raise.

    Args:
        criteria: the protocol with its rules compiled.
        trial: the state of the trial.
        participant: the state of the participant that the command is about; None if there is none of that number.
        command: what is asked. Its id has not been answered before: the caller looks that up.
        seeds: the secret seed of every list, 32 bytes each; needed to allocate.
        cohort: values of the participants who have passed each step that cohort rules count, by step; needed to
            register, to allocate and to check the cohort rules.

    Returns:
        Entries to append, or a refusal that names everything that stands against it.
    """
    context = Context(criteria, trial, participant, seeds or {}, cohort or {})
    if problem := _malformed(command) or _out_of_place(context, command):
        return refuse(problem)
    return _DECIDERS[type(command)](context, command)


def _malformed(command: Command) -> str | None:
    """What is wrong with a command whatever the state."""
    for field in fields(command):
        value = getattr(command, field.name)
        if isinstance(value, str) and (problem := _text_problem(field.name, value)):
            return problem
    if command.at.utcoffset() != timedelta(0):
        return "the time of a command is UTC"
    if isinstance(command, CheckCohort | Close | Open | Reveal):
        return None
    return None if is_day(command.on) else "the day of a command is a date, without a time"


def _text_problem(name: str, text: str) -> str | None:
    if name == "reason":
        fine = len(text) <= MAX_TEXT and is_unicode(text)
        return None if fine else f"the reason is a text of up to {MAX_TEXT} characters"
    if name == "value":  # of a variable, which says what it admits
        return None
    fine = 0 < len(text) <= MAX_NAME and text.isprintable() and text == text.strip()
    return None if fine else f"the {name} of a command has 1 to {MAX_NAME} characters, all printable, no space around"


def _out_of_place(context: Context, command: Command) -> str | None:
    """What stands against any command of its kind in this state."""
    trial = context.trial
    if trial.closed:
        return "the trial is closed"
    if trial.opened == isinstance(command, Open):
        return "the trial is open already" if trial.opened else "the trial has not been opened"
    if isinstance(command, TrialCommand):
        return None
    # a site east of Greenwich may be a day ahead of UTC
    if (command.on - command.at.date()).days > 1:
        return f"{command.on} lies in the future"
    if isinstance(command, Screen):
        return None
    if context.participant is None:
        return f"there is no participant {command.participant}"
    return None if isinstance(command, Correct) else _untimely(context.participant, command)


def _untimely(state: ParticipantState, command: Any) -> str | None:
    """Why this cannot have been on that day. Corrections are never untimely."""
    if command.on < state.screened_on and not isinstance(command, Record):
        return f"{command.on} is before {state.number} was screened ({state.screened_on})"
    if state.died_on is not None and command.on > state.died_on:
        return f"{state.number} died on {state.died_on}"
    return _after_leaving(state, command)


def _after_leaving(state: ParticipantState, command: Any) -> str | None:
    """What a withdrawal or the loss to follow-up ended; what lay before it can still be entered."""
    left = state.left
    if left is None:
        return None
    if left.treatment == "stops" and isinstance(command, Register | Allocate):
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
