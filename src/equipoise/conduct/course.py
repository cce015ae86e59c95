"""What happens to a participant: treatments, events, withdrawal, loss to follow-up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from equipoise.assessment import Resection
from equipoise.conduct.commands import Happen, Lose, Treat, Withdraw
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Decider, Decision, Refused, accept, refuse
from equipoise.conduct.lesions import changes, newly_broken
from equipoise.conduct.progressions import newly_unmatched
from equipoise.conduct.responses import with_resection
from equipoise.conduct.state import Occurrence
from equipoise.protocol.model.endpoints import Event
from equipoise.protocol.model.pathway import Crossover


def decide_treat(context: Context, command: Treat) -> Decision:
    """An intervention. One of another arm than the current one is recorded and marked; the arm stays what it was."""
    known = context.protocol.interventions
    if command.intervention not in known:
        return refuse(f"there is no intervention '{command.intervention}' (there is {', '.join(known)})")
    warnings: tuple[str, ...] = ()
    if command.lesions:
        resected = _resected(context, command)
        if isinstance(resected, Refused):
            return resected
        warnings = resected
    arm = context.known.current_arm
    of_arm = context.protocol.arms[arm].interventions if arm is not None else ()
    foreign = arm is not None and bool(of_arm) and command.intervention not in of_arm
    accepted = accept(
        "treat",
        command.participant,
        intervention=command.intervention,
        status=command.status,
        on=command.on.isoformat(),
        outside_arm=True if foreign else None,
        lesions=list(command.lesions) or None,
    )
    return replace(accepted, warnings=warnings)


def _resected(context: Context, command: Treat) -> tuple[str, ...] | Refused:
    """What is judged otherwise once lesions are taken out, or why they cannot be."""
    response, state = context.protocol.response, context.known
    if response is None or response.recorded != "lesions":
        return refuse("the trial records no lesions, so none is taken out of the sum")
    if command.status != "done" or context.protocol.interventions[command.intervention].kind != "procedure":
        return refuse(f"lesions are taken out by a procedure that is done, not by '{command.intervention}'")
    known = {lesion.id: lesion.compartment for item in state.baselines for lesion in item.baseline.lesions}
    if unknown := [name for name in command.lesions if name not in known]:
        return refuse(f"{', '.join(unknown)} is no lesion of baseline (there is {', '.join(sorted(known)) or 'none'})")
    part = context.protocol.interventions[command.intervention].resects
    if other := [name for name in command.lesions if part not in (None, known[name])]:
        return refuse(f"{other[0]} is {known[other[0]]}, and '{command.intervention}' takes out {part} lesions")
    gone = {name: item.on for item in state.resections for name in item.lesions}
    again = [f"{name} was resected on {gone[name]}" for name in command.lesions if name in gone]
    if again or len(set(command.lesions)) < len(command.lesions):
        return refuse(*again or ["a lesion is named twice"])
    after = with_resection(context.protocol, state, Resection(command.on, command.lesions))
    if broken := newly_broken(state, after):
        return refuse(*broken)
    return changes(context, after)


def decide_happen(context: Context, command: Happen) -> Decision:
    """An event of the protocol, with a cause where it has causes."""
    event = context.protocol.events.get(command.event)
    if event is None:
        return refuse(f"there is no event '{command.event}' (there is {', '.join(context.protocol.events)})")
    if event.assessed is not None:
        return refuse(f"'{command.event}' is found by the assessments of response, and nobody enters it")
    if problem := _event_problem(context, command, event):
        return refuse(problem)
    state = context.known
    crossover = any(
        isinstance(step, Crossover) and step.event == command.event and state.arm in step.arms
        for step in context.protocol.steps
    )
    accepted = accept(
        "event",
        command.participant,
        event=command.event,
        event_kind=event.kind,
        cause=command.cause,
        on=command.on.isoformat(),
        crossover=True if crossover else None,
    )
    if event.kind == "death" and state.last_alive is not None and state.last_alive > command.on:
        return replace(accepted, warnings=(f"{state.number} was alive on {state.last_alive} by what is recorded",))
    return replace(accepted, warnings=_not_found(context, command)) if event.kind == "progression" else accepted


def _not_found(context: Context, command: Happen) -> tuple[str, ...]:
    """Whether no assessment of that day found this progression."""
    item = Occurrence(command.event, "progression", command.cause, command.on, context.trial.entries + 1)
    after = replace(context.known, events=(*context.known.events, item))
    return newly_unmatched(context.protocol, context.known, after)


def _event_problem(context: Context, command: Happen, event: Event) -> str | None:
    """What stands against an event: its cause, a death before, the arm."""
    state = context.known
    if event.causes and command.cause not in event.causes:
        return f"'{command.event}' is recorded with its cause: one of {', '.join(event.causes)}"
    if command.cause is not None and not event.causes:
        return f"'{command.event}' has no causes"
    if event.kind == "death" and state.died_on is not None:
        return f"the death of {state.number} on {state.died_on} is recorded"
    passed, day = max(state.reached, key=lambda item: item[1], default=("", command.on))
    if event.kind == "death" and command.on < day:
        return f"{state.number} passed '{passed}' on {day}, and was alive then"
    if event.arms and state.arm not in event.arms:
        own = "has no arm" if state.arm is None else f"is in {state.arm}"
        return f"'{command.event}' is recorded in arm {', '.join(event.arms)}, and {state.number} {own}"
    return None


def decide_withdraw(context: Context, command: Withdraw) -> Decision:
    """A withdrawal by one of the protocol's rules, with that rule's effects."""
    rule = next((item for item in context.protocol.withdrawal if item.id == command.rule), None)
    if rule is None:
        known = ", ".join(item.id for item in context.protocol.withdrawal) or "none"
        return refuse(f"there is no withdrawal rule '{command.rule}' (there is {known})")
    if context.known.left is not None:
        return refuse(f"{context.known.number} left on {context.known.left.on} ({context.known.left.rule})")
    return accept(
        "withdraw",
        command.participant,
        rule=rule.id,
        on=command.on.isoformat(),
        treatment=rule.effect.treatment,
        follow_up=rule.effect.follow_up,
        data=rule.effect.data,
        before=next((step.id for step in context.protocol.entry_steps if step.id not in context.known.steps), None),
    )


def decide_lose(context: Context, command: Lose) -> Decision:
    """Lost to follow-up."""
    if context.known.left is not None:
        return refuse(f"{context.known.number} left on {context.known.left.on} ({context.known.left.rule})")
    return accept("lose", command.participant, on=command.on.isoformat())


DECIDERS: dict[type[Any], Decider] = {
    Treat: decide_treat,
    Happen: decide_happen,
    Withdraw: decide_withdraw,
    Lose: decide_lose,
}
