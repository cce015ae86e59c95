"""Screening, registration and allocation: who gets in, and into which arm."""

from __future__ import annotations

from datetime import date
from typing import Any

from equipoise.allocation import ListState, allocate
from equipoise.conduct.commands import Allocate, Register, Screen
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Accepted, Decision, Draft, Refused, accept, refuse
from equipoise.conduct.eligibility import CriterionResult
from equipoise.conduct.lists import levels_of, method_of
from equipoise.conduct.values import to_json
from equipoise.ledger import Json
from equipoise.protocol.model.allocation import ClassifiedList
from equipoise.protocol.model.pathway import Assign, Randomise
from equipoise.protocol.model.pathway import Register as RegisterStep


def decide_screen(context: Context, command: Screen) -> Decision:
    """A new participant."""
    if context.participant is not None:
        return refuse(f"there is a participant {command.participant} already")
    if command.site is None:
        return refuse("a participant is screened at a site")
    return accept("screen", command.participant, on=command.on.isoformat())


def decide_register(context: Context, command: Register) -> Decision:
    """A registration: every criterion of the step has to pass."""
    step = _step(context, command.step, RegisterStep)
    if isinstance(step, str):
        return refuse(step)
    results = context.criteria.judge_step(step.id, _values_on(context, step.id, command.on))
    if refusal := _refusal(context, step.id, command.on, results):
        return refusal
    passed = context.trial.passed.get(step.id, 0) + 1
    data: dict[str, Json] = {"step": step.id, "on": command.on.isoformat(), "number": passed}
    return Accepted((Draft("register", data, command.participant), *_cohort_warnings(context, step.id, passed)))


def decide_allocate(context: Context, command: Allocate) -> Decision:
    """An allocation: the criteria of the step, then the sealed draw or the class."""
    step = _step(context, command.step, Randomise, Assign)
    if isinstance(step, str):
        return refuse(step)
    when = step.when if isinstance(step, Randomise) else None
    results = context.criteria.judge_step(step.id, _values_on(context, step.id, command.on), when=when)
    if refusal := _refusal(context, step.id, command.on, results):
        return refusal
    if isinstance(step, Assign):
        return _assign(context, command, step)
    return _draw(context, command, step)


def _step(context: Context, name: str, *kinds: Any) -> Any:
    """The step of that name, or why it cannot be taken now."""
    steps = context.protocol.entry_steps
    step = next((item for item in steps if item.id == name and isinstance(item, kinds)), None)
    if step is None:
        known = ", ".join(item.id for item in steps if isinstance(item, kinds))
        return f"the pathway has no such step '{name}' (there is {known})"
    state = context.known
    if name in state.steps and not isinstance(step, Assign):
        return f"{state.number} passed '{name}' on {state.steps[name]}"
    for earlier in steps[: steps.index(step)]:
        if earlier.id not in state.steps:
            return f"{state.number} has not passed '{earlier.id}', which comes before '{name}'"
    return step


def _values_on(context: Context, step: str, on: date) -> dict[str, Any]:
    """The participant's values, with the step's own date as it would be."""
    return {**context.known.values, f"{step}_date": on}


def _refusal(context: Context, step: str, on: date, results: tuple[CriterionResult, ...]) -> Refused | None:
    against = tuple(result for result in results if result.verdict != "pass")
    if not against:
        return None
    listed: list[Json] = [
        {
            "criterion": result.criterion,
            "verdict": result.verdict,
            "values": {name: to_json(value) for name, value in result.decided_by.items()},
        }
        for result in against
    ]
    data: dict[str, Json] = {"step": step, "on": on.isoformat(), "criteria": listed}
    return Refused(tuple(map(str, against)), results, (Draft("refuse", data, context.known.number),))


def _draw(context: Context, command: Allocate, step: Randomise) -> Decision:
    protocol, state = context.protocol, context.known
    if context.trial.revealed:
        return refuse("the seeds have been revealed: no further allocation can be concealed")
    if step.list not in context.seeds:
        return refuse(f"the seed of list '{step.list}' is not at hand")
    levels = levels_of(context.criteria, step.list, state.values, state.site)
    if unknown := [name for name, level in levels.items() if level is None]:
        return refuse(*(f"{name} is not recorded, and the allocation balances it" for name in unknown))
    known = {name: level for name, level in levels.items() if level is not None}
    list_state = context.trial.lists.get(step.list, ListState())
    made = allocate(method_of(protocol, step.list), list_state, known, seed=context.seeds[step.list], list_id=step.list)
    passed = context.trial.passed.get(step.id, 0) + 1
    data: dict[str, Json] = {
        **made.explain(),
        "step": step.id,
        "on": command.on.isoformat(),
        "number": passed,
    }
    drafts = (Draft("allocate", data, command.participant), *_cohort_warnings(context, step.id, passed))
    return Accepted(drafts, arm=made.arm)


def _assign(context: Context, command: Allocate, step: Assign) -> Decision:
    """The arm that the newest class leads to; the same arm again is no new assignment."""
    state, item = context.known, context.protocol.allocation[step.list]
    assert isinstance(item, ClassifiedList)
    value = state.values.get(item.classification)
    if value is None:
        return refuse(f"{state.number} has no class by '{item.classification}' yet")
    rows = context.protocol.classifications[item.classification].rows
    arm = next(row.arm for row in rows if row.value == value)
    assert arm is not None
    if state.assignments and state.assignments[-1].arm == arm:
        return Accepted((), arm=arm)
    data: dict[str, Json] = {
        "arm": arm,
        "class": str(value),
        "list": step.list,
        "method": "classified",
        "on": command.on.isoformat(),
        "step": step.id,
        "number": context.trial.passed.get(step.id, 0) + (step.id not in state.steps),
    }
    return Accepted((Draft("allocate", data, command.participant),), arm=arm)


def _cohort_warnings(context: Context, step: str, passed: int) -> tuple[Draft, ...]:
    """Cohort rules of the step, judged from their first participant on; they warn and never refuse."""
    return cohort_drafts(context, step=step, passed=passed)


def cohort_drafts(context: Context, *, step: str | None, passed: int) -> tuple[Draft, ...]:
    """One `cohort` entry for every cohort rule that does not hold now; for `step` None, for every one, held or not."""
    drafts = []
    for item in context.protocol.cohort_rules:
        if step is not None and (item.of != step or passed < item.start):
            continue
        value = context.criteria.rule(item.rule, cohort=True).judge_cohort(list(context.cohort))
        verdict = "unknown" if value is None else "pass" if value else "fail"
        if step is None or verdict == "fail":
            drafts.append(Draft("cohort", {"rule": item.id, "verdict": verdict, "participants": passed}))
    return tuple(drafts)
