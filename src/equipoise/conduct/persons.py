"""The same person under several numbers: never twice in the trial, and screened again only where the first one failed.

A pseudonym tells the same person: a keyed hash of identifying data, made where those are kept (see `identity`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from equipoise.conduct.commands import Erase, Screen
from equipoise.conduct.context import Context, Others
from equipoise.conduct.decision import Decider, Decision, Draft, accept, refuse
from equipoise.conduct.state import ParticipantState
from equipoise.conduct.well_formed import has_reason

_PSEUDONYM = re.compile("[0-9a-f]{64}")


def stands_against(context: Context, command: Screen) -> str | None:
    """What stands against a screening for who it is of."""
    asked = bool(context.protocol.identity)
    if command.pseudonym is not None:
        if not asked:
            return "the protocol declares no `identity`, so a screening holds no pseudonym"
        if not _PSEUDONYM.fullmatch(command.pseudonym):
            return "a pseudonym is 64 hexadecimal digits"
    elif asked and not has_reason(command):
        names = ", ".join(context.protocol.identity)
        return f"the pseudonym is made of {names}: a screening without it needs a reason"
    return next(problems_of(command.participant, command.rescreens, command.pseudonym, context.others), None)


def problems_of(number: str, rescreens: str | None, pseudonym: str | None, others: Others) -> Iterator[str]:
    """Who stands against screening a person under a number."""
    earlier = others.earlier
    if rescreens is not None and (earlier is None or rescreens == number):
        yield f"there is no participant {rescreens} who could be screened again"
    elif earlier is not None:
        if what := _not_failed(earlier):
            yield what
        elif pseudonym is not None and earlier.pseudonym not in (None, pseudonym):
            yield f"{earlier.number} is another person by name and dates"
    numbers = {state.number for state in others.same}
    for state in others.same:
        again = state.rescreened
        if state.number == rescreens or (again is not None and again.number in numbers):
            continue
        yield f"{state.number} at site {state.site} is the same person: {_as_things_are(state)}"


def _not_failed(earlier: ParticipantState) -> str | None:
    """Why somebody cannot be screened again under another number."""
    number, again = earlier.number, earlier.rescreened
    if again is not None:
        return f"{number} was screened again as {again.number} on {again.on}"
    if earlier.died_on is not None:
        return f"{number} died on {earlier.died_on}"
    if earlier.arm is not None:
        return f"{number} was allocated, and is in the trial"
    if earlier.steps:
        step, day = next(iter(earlier.steps.items()))
        return f"{number} passed '{step}' on {day}, and is in the trial"
    if not _over(earlier):
        return f"{number} has not been refused, and is still in screening"
    return f"the data of {number} are locked: to unlock them needs a reason" if earlier.locked else None


def _over(state: ParticipantState) -> bool:
    """Whether a screening ended without success: refused, or left before the first step."""
    return bool(state.refusals) or state.left is not None


def _as_things_are(state: ParticipantState) -> str:
    """Where somebody stands, and what follows for a second number."""
    problem = _not_failed(state)
    if problem is not None:
        return problem
    return f"the screening failed, so say so (rescreens '{state.number}')"


def rescreened(command: Screen) -> tuple[Draft, ...]:
    """The entry that tells the earlier number of the later."""
    if command.rescreens is None:
        return ()
    return (Draft("rescreened", {"as": command.participant, "on": command.on.isoformat()}, command.rescreens),)


def decide_erase(context: Context, command: Erase) -> Decision:
    """Name and other identifying data are erased, once, with the reason."""
    state = context.known
    if state.erased_on is not None:
        return refuse(f"what identifies {state.number} was erased on {state.erased_on}")
    if not has_reason(command):
        return refuse("to erase what identifies a person needs a reason")
    return accept("erase", state.number, on=command.on.isoformat())


DECIDERS: dict[type[Any], Decider] = {Erase: decide_erase}
