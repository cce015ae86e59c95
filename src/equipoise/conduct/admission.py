"""Screening, registration and allocation: who gets in, and into which arm."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, TypeAlias

from equipoise.allocation import Allocation, ListState, allocate, allocate_by_hand, commitment
from equipoise.conduct.cohort import cohort_draft, cohort_warning, judge_cohort, looked_ahead
from equipoise.conduct.commands import Allocate, AllocateByHand, Register, Screen
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Accepted, Decider, Decision, Draft, Refused, accept, refuse
from equipoise.conduct.eligibility import CriterionResult
from equipoise.conduct.guidance import advice_for
from equipoise.conduct.lists import arm_of_class, levels_of, method_of
from equipoise.conduct.persons import rescreened, stands_against
from equipoise.conduct.state import ParticipantState
from equipoise.conduct.values import to_json
from equipoise.conduct.well_formed import has_reason
from equipoise.errors import AllocationError
from equipoise.ledger import Json
from equipoise.protocol import Protocol
from equipoise.protocol.model.pathway import Assign, Randomise
from equipoise.protocol.model.pathway import Register as RegisterStep

EntryStep: TypeAlias = RegisterStep | Randomise | Assign
EntryCommand: TypeAlias = Register | Allocate | AllocateByHand

BY_HAND_ROLE = "coordinator"
"""The role of the coordinating centre, which alone gives an arm by hand."""


def decide_screen(context: Context, command: Screen) -> Decision:
    """A new participant."""
    if context.participant is not None:
        return refuse(f"there is a participant {command.participant} already")
    if command.site is None:
        return refuse("a participant is screened at a site")
    if problem := stands_against(context, command):
        return refuse(problem)
    on, same = command.on.isoformat(), command.pseudonym
    accepted = accept("screen", command.participant, on=on, pseudonym=same, rescreens=command.rescreens)
    unknown = bool(context.protocol.identity) and same is None
    warnings = ("without a pseudonym, nothing tells whether this person is in the trial already",) if unknown else ()
    return replace(accepted, drafts=(*accepted.drafts, *rescreened(command)), warnings=warnings)


def decide_register(context: Context, command: Register) -> Decision:
    """A registration: every criterion of the step has to pass."""
    step = entry_step(context.protocol, context.known, command.step, command.on, RegisterStep)
    if isinstance(step, str):
        return refuse(step)
    results = context.criteria.judge_step(step.id, _values_on(context, command))
    return _refusal(context, command, results) or _admitted(context, command, "register", {})


def decide_allocate(context: Context, command: Allocate) -> Decision:
    """An allocation: the criteria of the step, then the sealed draw or the class."""
    step = entry_step(context.protocol, context.known, command.step, command.on, Randomise, Assign)
    if isinstance(step, str):
        return refuse(step)
    if isinstance(step, Randomise) and not has_reason(command) and not is_drawn_on(command.on, command.at.date()):
        return refuse(f"the arm is drawn now ({command.at.date()}), so to be allocated on {command.on} needs a reason")
    results = context.criteria.judge_step(step.id, _values_on(context, command), when=condition_of(step))
    if refusal := _refusal(context, command, results):
        return refusal
    return _assign(context, command, step) if isinstance(step, Assign) else _randomise(context, command, step)


def decide_allocate_by_hand(context: Context, command: AllocateByHand) -> Decision:
    """An arm that the coordinating centre gave: the criteria of the step as for a draw, then the list counts it."""
    step = entry_step(context.protocol, context.known, command.step, command.on, Randomise)
    if isinstance(step, str):
        return refuse(step)
    if command.role != BY_HAND_ROLE:
        return refuse(f"an arm is given by hand by the {BY_HAND_ROLE}, and not by the {command.role}")
    if not has_reason(command):
        return refuse("an arm that is given by hand needs a reason")
    results = context.criteria.judge_step(step.id, _values_on(context, command), when=condition_of(step))
    return _refusal(context, command, results) or _give(context, command, step)


def condition_of(step: EntryStep) -> str | None:
    """The step's own condition, if it has one."""
    return step.when if isinstance(step, Randomise) else None


def is_drawn_on(on: date, today: date) -> bool:
    """Whether an allocation's day is the one of its draw, wherever on earth the site is."""
    return abs((on - today).days) <= 1


def entry_step(protocol: Protocol, state: ParticipantState, name: str, on: date, *kinds: Any) -> Any:
    """The step of that name, or why it cannot be taken on that day."""
    steps = protocol.entry_steps
    step = next((item for item in steps if item.id == name and isinstance(item, kinds)), None)
    if step is None:
        known = ", ".join(item.id for item in steps if isinstance(item, kinds))
        return f"the pathway has no such step '{name}' (there is {known})"
    if name in state.steps and not isinstance(step, Assign):
        return f"{state.number} passed '{name}' on {state.steps[name]}"
    for earlier in steps[: steps.index(step)]:
        if earlier.id not in state.steps:
            return f"{state.number} has not passed '{earlier.id}', which comes before '{name}'"
    for earlier_step, day in state.reached:
        if on < day:
            return f"{on} is before {state.number} passed '{earlier_step}' ({day})"
    return step


def _values_on(context: Context, command: EntryCommand) -> dict[str, Any]:
    """The participant's values, with the step's own date as it would be."""
    return {**context.known.values, f"{command.step}_date": command.on}


def _refusal(context: Context, command: EntryCommand, results: tuple[CriterionResult, ...]) -> Refused | None:
    against = tuple(result for result in results if result.verdict != "pass")
    if not against:
        return None
    data: dict[str, Json] = {"step": command.step, "on": command.on.isoformat(), "criteria": listed(against)}
    return Refused(tuple(map(str, against)), results, (Draft("refuse", data, context.known.number),))


def listed(against: tuple[CriterionResult, ...]) -> list[Json]:
    """How the criteria that stand against a step are listed in its entry."""
    return [
        {
            "criterion": result.criterion,
            "verdict": result.verdict,
            "values": {name: to_json(value) for name, value in result.decided_by.items()},
        }
        for result in against
    ]


def _admitted(
    context: Context, command: EntryCommand, kind: str, more: dict[str, Json], *, arm: str | None = None
) -> Accepted:
    """The entry of a step that is passed, and one for each cohort rule that then does not hold."""
    state, step = context.known, command.step
    again = step in state.steps
    number = context.trial.passed.get(step, 0) + (not again)
    data: dict[str, Json] = {**more, "step": step, "on": command.on.isoformat(), "number": number}
    first_arm = state.arm or arm
    own = _values_on(context, command) | ({} if first_arm is None else {"arm": first_arm})
    broken = [
        rule
        for rule in context.protocol.cohort_rules
        if rule.of == step and not again and number >= rule.start and judge_cohort(context, rule, own) == "fail"
    ]
    drafts = (Draft(kind, data, command.participant), *(cohort_draft(rule, "fail", number) for rule in broken))
    ahead = () if again else looked_ahead(context, step, [own], number, broken)
    advice = () if arm is None else tuple(map(str, advice_for(context.criteria, own)))
    return Accepted(drafts, arm=arm, warnings=(*map(cohort_warning, broken), *ahead, *_consent(context)), advice=advice)


def _consent(context: Context) -> tuple[str, ...]:
    """Who enters by a version and has consented to another is to be asked again."""
    state, version = context.known, context.protocol.version
    if state.version == version:
        return ()
    return (f"{state.number} has consented to version '{state.version}', and '{version}' is in force: ask again",)


def _randomise(context: Context, command: Allocate, step: Randomise) -> Decision:
    """The arm that the list's next sealed draw gives."""
    seed = context.seeds.get(step.list)
    if problem := _sealed(context):
        return problem
    if seed is None:
        return refuse(f"the seed of list '{step.list}' is not at hand")
    levels = _levels(context, step.list)
    if isinstance(levels, Refused):
        return levels
    try:
        if commitment(seed) != context.trial.commitments.get(step.list):
            return refuse(f"the seed of list '{step.list}' is not the one committed to")
        made = _next(context, step.list, levels, seed)
    except AllocationError as error:
        return refuse(f"list '{step.list}' cannot allocate: {error}")
    return _admitted(context, command, "allocate", made.explain(), arm=made.arm)


def _give(context: Context, command: AllocateByHand, step: Randomise) -> Decision:
    """The arm that was given, as the list counts it; no seed is needed."""
    if problem := _sealed(context):
        return problem
    levels = _levels(context, step.list)
    if isinstance(levels, Refused):
        return levels
    state, method = context.trial.lists.get(step.list, ListState()), method_of(context.protocol, step.list)
    try:
        given = allocate_by_hand(method, state, levels, command.arm, list_id=step.list)
    except AllocationError as error:
        return refuse(f"list '{step.list}' cannot take this: {error}")
    return _admitted(context, command, "allocate", given.explain(), arm=given.arm)


def _sealed(context: Context) -> Refused | None:
    """Refuse once the seeds are known to everybody."""
    if context.trial.revealed:
        return refuse("the seeds have been revealed: no further allocation can be concealed")
    return None


def _levels(context: Context, name: str) -> dict[str, str] | Refused:
    """The participant's level of every variable that the list balances, or a refusal that names those not recorded."""
    levels = levels_of(context.criteria, name, context.known.values, context.known.site)
    if unknown := [variable for variable, level in levels.items() if level is None]:
        return refuse(*(f"{variable} is not recorded, and the allocation balances it" for variable in unknown))
    return {variable: level for variable, level in levels.items() if level is not None}


def _next(context: Context, name: str, levels: dict[str, str], seed: bytes) -> Allocation:
    state = context.trial.lists.get(name, ListState())
    return allocate(method_of(context.protocol, name), state, levels, seed=seed, list_id=name)


def _assign(context: Context, command: Allocate, step: Assign) -> Decision:
    """The arm that the newest class leads to; the same arm again is no new assignment."""
    state = context.known
    found, arm = arm_of_class(context.protocol, step.list, state.values)
    if arm is None:
        return refuse(f"{state.number} has no class yet that leads to an arm")
    if state.current_arm == arm:
        return Accepted((), arm=arm)
    more: dict[str, Json] = {"arm": arm, "class": found, "list": step.list, "method": "classified"}
    return _admitted(context, command, "allocate", more, arm=arm)


DECIDERS: dict[type[Any], Decider] = {
    Screen: decide_screen,
    Register: decide_register,
    Allocate: decide_allocate,
    AllocateByHand: decide_allocate_by_hand,
}
