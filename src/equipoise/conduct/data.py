"""What is recorded: forms, judgements, responses, classes, visits, corrections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from equipoise.conduct.admission import condition_of
from equipoise.conduct.commands import Assess, Classify, Correct, Judge, Record, Strike, Visit
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Decider, Decision, accept, refuse
from equipoise.conduct.evolve import STRIKABLE, without
from equipoise.conduct.folds.safety import FOLDS as SAFETY_FOLDS
from equipoise.conduct.guidance import departure_warnings
from equipoise.conduct.hindsight import warnings_of
from equipoise.conduct.values import as_kept, check_value, recorded_json
from equipoise.conduct.well_formed import has_reason
from equipoise.ledger import Entry, Json
from equipoise.protocol.model.criteria import Criterion
from equipoise.protocol.model.pathway import Assess as AssessStep
from equipoise.protocol.model.pathway import Assign
from equipoise.protocol.model.response import RESPONSES
from equipoise.protocol.wording import clipped

FOLLOW_UP = "follow_up"
"""Name of an assessment at a follow-up visit."""


def decide_record(context: Context, command: Record) -> Decision:
    """A form: every value has to be one that its variable admits."""
    form = context.protocol.forms.get(command.form)
    if form is None:
        return refuse(f"there is no form '{command.form}' (there is {', '.join(context.protocol.forms)})")
    if not command.values:
        return refuse(f"the form '{command.form}' is empty")
    dictionary = context.protocol.dictionary
    problems = []
    for name, value in command.values.items():
        if name in context.protocol.score_variables:
            problems.append(f"{name} is scored from the items, so it is not recorded")
        elif name not in context.protocol.on_form(command.form):
            problems.append(f"'{clipped(name)}' is not on the form '{command.form}'")
        elif problem := check_value(name, dictionary[name], value):
            problems.append(problem)
        elif not form.repeats and name in context.known.values:
            problems.append(f"{name} has been recorded; a correction with its reason changes it")
    if problems:
        return refuse(*problems)
    values: Json = {name: recorded_json(dictionary[name], value) for name, value in command.values.items()}
    accepted = accept(
        "form", command.participant, form=command.form, on=command.on.isoformat(), visit=command.visit, values=values
    )
    return replace(accepted, warnings=departure_warnings(context, command.values))


def decide_judge(context: Context, command: Judge) -> Decision:
    """Judgements: by the role that the criterion names. Once its step is passed, another answer has a reason."""
    criteria = {item.id: item for item in context.protocol.eligibility if item.judgement is not None}
    given: Mapping[str, Any] = command.answers
    problems = []
    for name, answer in given.items():
        if name not in criteria:
            problems.append(f"criterion '{clipped(name)}' is no judgement")
        elif command.role != criteria[name].judgement:
            problems.append(f"criterion {name} is judged by the {criteria[name].judgement}, not by the {command.role}")
        elif not isinstance(answer, bool):
            problems.append(f"{name} is answered by true or false")
        elif _changes_entry(context, criteria[name], answer) and not has_reason(command):
            problems.append(f"{name} has been judged at '{criteria[name].at}', and another answer needs a reason")
    if problems or not command.answers:
        return refuse(*problems or ["no judgement was answered"])
    answers: dict[str, Json] = dict(command.answers)
    values = {criteria[name].judgement_variable: answer for name, answer in command.answers.items()}
    accepted = accept("judge", command.participant, on=command.on.isoformat(), answers=answers)
    return replace(accepted, warnings=warnings_of(context, {**context.known.values, **values}))


def _changes_entry(context: Context, criterion: Criterion, answer: bool) -> bool:
    """Whether an answer would change one that a passed step rested on. An assignment is judged anew each time."""
    state = context.known
    again = any(isinstance(step, Assign) and step.id == criterion.at for step in context.protocol.entry_steps)
    return criterion.at in state.steps and not again and state.values.get(criterion.judgement_variable) is not answer


def decide_assess(context: Context, command: Assess) -> Decision:
    """Response of every compartment."""
    names = {step.name for step in context.protocol.steps if isinstance(step, AssessStep)} | {FOLLOW_UP}
    if context.protocol.response is None or command.name not in names:
        return refuse(f"there is no assessment '{command.name}' (there is {', '.join(sorted(names))})")
    compartments = context.protocol.response.compartments
    problems = [f"the response of '{part}' is missing" for part in compartments if part not in command.responses]
    problems += [f"there is no compartment '{clipped(part)}'" for part in command.responses if part not in compartments]
    problems += [
        f"'{clipped(value)}' is no response (one of {', '.join(RESPONSES)})"
        for value in command.responses.values()
        if value not in RESPONSES
    ]
    rests = None if has_reason(command) else _step_that_rests_on(context, command.name)
    if rests is not None:
        problems.append(f"'{rests}' was passed on '{command.name}', so to assess it again needs a reason")
    if problems:
        return refuse(*problems)
    responses: dict[str, Json] = dict(command.responses)
    return accept(
        "assess",
        command.participant,
        name=command.name,
        on=command.on.isoformat(),
        visit=command.visit,
        responses=responses,
        overall=overall_response(tuple(command.responses.values())),
    )


def _step_that_rests_on(context: Context, name: str) -> str | None:
    """A step that was passed on an assessment of that name. An assignment is judged anew each time."""
    if not any(item.name == name for item in context.known.assessments):
        return None
    own = {f"{name}_{part}" for part in ("response", "date", *context.known.assessments[0].responses)}
    for step in context.protocol.entry_steps:
        if step.id not in context.known.steps or isinstance(step, Assign):
            continue
        if own & context.criteria.entry_variables(step.id, when=condition_of(step)):
            return step.id
    return None


def overall_response(responses: tuple[str, ...]) -> str:
    """The overall response of compartments judged apart: progression in any is progression, else the least of them."""
    for worst in ("PD", "NE", "SD", "non-CR/non-PD", "PR"):
        if worst in responses:
            return worst
    return "CR"


def decide_classify(context: Context, command: Classify) -> Decision:
    """The class of the first row whose condition holds; an unknown condition before it leaves the class unknown."""
    table = context.protocol.classifications.get(command.by)
    if table is None:
        known = ", ".join(context.protocol.classifications) or "none"
        return refuse(f"there is no classification '{command.by}' (there is {known})")
    for row in table.rows:
        judged = context.criteria.rule(row.when).judge(context.known.values)
        if judged.value is None:
            missing = ", ".join(sorted(judged.decided_by))
            return refuse(f"the class cannot be told: {missing} is not recorded")
        if judged.value:
            return accept(
                "classify",
                command.participant,
                by=command.by,
                value=row.value,
                proposes=row.proposes,
                on=command.on.isoformat(),
            )
    return refuse(f"no row of '{command.by}' holds for {command.participant}")


def decide_visit(context: Context, command: Visit) -> Decision:  # noqa: ARG001 - every decider takes the context
    """A visit, or a missed one."""
    kind = "missed" if command.missed else "visit"
    return accept(kind, command.participant, on=command.on.isoformat(), visit=command.visit)


def decide_correct(context: Context, command: Correct) -> Decision:
    """A correction: a new entry with the old value, the new one, and the reason."""
    protocol = context.protocol
    variable = protocol.variables.get(command.variable) or protocol.item_variables.get(command.variable)
    if variable is None:
        return refuse(f"'{command.variable}' is not a recorded variable")
    if command.variable not in context.known.values:
        return refuse(f"{command.variable} has not been recorded, so there is nothing to correct")
    if not has_reason(command):
        return refuse("a correction needs a reason")
    if problem := check_value(command.variable, variable, command.value):
        return refuse(problem)
    old, new = context.known.values[command.variable], as_kept(variable, command.value)
    if old == new:
        return refuse(f"{command.variable} is {old} already")
    accepted = accept(
        "correct",
        command.participant,
        variable=command.variable,
        old=recorded_json(variable, old),
        new=recorded_json(variable, new),
        on=command.on.isoformat(),
    )
    return replace(accepted, warnings=warnings_of(context, {**context.known.values, command.variable: new}))


def decide_strike(context: Context, command: Strike) -> Decision:
    """Strike out an entry that was made in error: it stays in the ledger and counts no more."""
    state, number = context.known, command.entry
    if not has_reason(command):
        return refuse("to strike out an entry needs a reason")
    if number in state.struck:
        return refuse(f"entry {number} has been struck out")
    entry = next((item for item in state.history if item.seq == number), None)
    if entry is None:
        return refuse(f"entry {number} is not about {state.number}")
    if entry.kind not in STRIKABLE:
        return refuse(f"entry {number} ('{entry.kind}') cannot be struck out (only {', '.join(sorted(STRIKABLE))})")
    if later := _referred_to(entry, state.history):
        return refuse(f"entry {later} is about entry {number}: strike it out first")
    if name := _corrected_since(entry, state.history):
        return refuse(f"{name} of entry {number} has been corrected since: correct it again")
    accepted = accept("strike", command.participant, entry=number, struck=entry.kind, on=command.on.isoformat())
    return replace(accepted, warnings=warnings_of(context, without(context.criteria, state, number).values))


def _referred_to(entry: Entry, history: tuple[Entry, ...]) -> int | None:
    """The last entry that follows up an adverse event, or reports on it, after this one does or says so."""
    if not entry.kind.startswith("adverse_event"):
        return None
    about: Any = entry.seq if entry.kind == "adverse_event" else entry.data["entry"]
    later = (item for item in history if item.seq > entry.seq and item.kind in SAFETY_FOLDS)
    return next((item.seq for item in reversed(tuple(later)) if item.data.get("entry") == about), None)


def _corrected_since(entry: Entry, history: tuple[Entry, ...]) -> str | None:
    """A value of a form that a later entry corrects."""
    held: Any = entry.data.get("values", {})
    later = (item.data["variable"] for item in history if item.kind == "correct" and item.seq > entry.seq)
    return next((str(name) for name in later if name in held), None)


DECIDERS: dict[type[Any], Decider] = {
    Record: decide_record,
    Judge: decide_judge,
    Assess: decide_assess,
    Classify: decide_classify,
    Visit: decide_visit,
    Correct: decide_correct,
    Strike: decide_strike,
}
