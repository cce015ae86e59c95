"""What happens to a participant: treatments and events."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from equipoise.conduct.commands import Happen, Treat
from equipoise.conduct.context import Context
from equipoise.conduct.crossover import (
    crossover_of,
    crossover_of_treatment,
    crossover_permitted,
    crossover_problem,
)
from equipoise.conduct.decision import Decider, Decision, accept, refuse
from equipoise.conduct.safety import death_warnings
from equipoise.protocol.model.endpoints import Event
from equipoise.protocol.model.quality import LAST_ALIVE
from equipoise.protocol.rules import PartialDate, imputed
from equipoise.protocol.rules.partial import bounds


def decide_treat(context: Context, command: Treat) -> Decision:
    """An intervention. One of another arm than the current one is recorded and marked; the arm stays what it was."""
    known = context.protocol.interventions
    if command.intervention not in known:
        return refuse(f"there is no intervention '{command.intervention}' (there is {', '.join(known)})")
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
    )
    return replace(accepted, warnings=crossover_of_treatment(context, command) if foreign else ())


def decide_happen(context: Context, command: Happen) -> Decision:
    """An event of the protocol, with a cause where it has causes."""
    event = context.protocol.events.get(command.event)
    if event is None:
        return refuse(f"there is no event '{command.event}' (there is {', '.join(context.protocol.events)})")
    found = _day_of(context, command, event)
    if isinstance(found, str):
        return refuse(found)
    on, recorded = found
    if problem := _event_problem(context, command, event, on):
        return refuse(problem)
    state = context.known
    crossover = crossover_of(context, command.event)
    if problem := crossover_problem(crossover, command):
        return refuse(problem)
    permitted, doubts = crossover_permitted(context, crossover)
    accepted = accept(
        "event",
        command.participant,
        event=command.event,
        event_kind=event.kind,
        cause=command.cause,
        on=on.isoformat(),
        recorded=None if recorded is None else recorded.text,
        crossover=True if crossover else None,
        crossover_reason=command.crossover_reason,
        permitted=permitted,
    )
    if event.kind == "death":
        doubts = (*doubts, *death_warnings(context, command))
        if state.last_alive is not None and state.last_alive > on:
            doubts = (*doubts, f"{state.number} was alive on {state.last_alive} by what is recorded")
    return replace(accepted, warnings=doubts)


def _day_of(context: Context, command: Happen, event: Event) -> tuple[date, PartialDate | None] | str:
    """The day of an event and, if not the whole date is known, what is; or why it cannot be read.

    The day imputed for a death lies on or after the last on which the participant was known to be alive.
    """
    if command.partial is None:
        return command.on, None
    if event.partial is None:
        return f"'{command.event}' is recorded with its day: the protocol has no imputation for it"
    try:
        recorded = PartialDate.of(command.partial)
    except ValueError as error:
        return f"the date of '{command.event}': {error}"
    if recorded.earliest > command.on:
        return f"{recorded} lies after {command.on}, when it was learnt"
    state = context.known
    values: dict[str, Any] = {**state.values, LAST_ALIVE: state.last_alive}
    low, high = bounds(event.partial, values)
    lows = [low, state.last_alive if event.kind == "death" else None]
    highs = [high, command.on]
    return (
        imputed(
            event.partial,
            recorded,
            low=max((day for day in lows if day is not None), default=None),
            high=min(day for day in highs if day is not None),
        ),
        recorded,
    )


def _event_problem(context: Context, command: Happen, event: Event, on: date) -> str | None:
    """What stands against an event: its cause, a death before, the arm."""
    state = context.known
    if event.causes and command.cause not in event.causes:
        return f"'{command.event}' is recorded with its cause: one of {', '.join(event.causes)}"
    if command.cause is not None and not event.causes:
        return f"'{command.event}' has no causes"
    if event.kind == "death" and state.died_on is not None:
        return f"the death of {state.number} on {state.died_on} is recorded"
    passed, day = max(state.reached, key=lambda item: item[1], default=("", on))
    if event.kind == "death" and on < day:
        return f"{state.number} passed '{passed}' on {day}, and was alive then"
    if event.arms and state.arm not in event.arms:
        own = "has no arm" if state.arm is None else f"is in {state.arm}"
        return f"'{command.event}' is recorded in arm {', '.join(event.arms)}, and {state.number} {own}"
    return None


DECIDERS: dict[type[Any], Decider] = {
    Treat: decide_treat,
    Happen: decide_happen,
}
