"""Survival at the data cut-off: of whom it is not known, and has to be asked after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from equipoise.conduct.state import LOST, ParticipantState, TrialState
from equipoise.protocol import Protocol
from equipoise.protocol.model.allocation import ClassifiedList


@dataclass(frozen=True, slots=True)
class NotKnownAlive:
    """Somebody whose survival at the cut-off is not known.

    Attributes:
        participant: the number.
        site: of the participant.
        last_alive: the last day on which the participant is known to have been alive.
        lost: whether lost to follow-up, so that it is a register that may know.
    """

    participant: str
    site: str
    last_alive: date | None
    lost: bool


def still_to_ask(
    protocol: Protocol, trial: TrialState, participants: Iterable[ParticipantState]
) -> tuple[NotKnownAlive, ...]:
    """Everybody whom the sweep in force asks after and of whom nothing has come since; empty if there is no sweep.

    That is who is in the trial's analyses, is not known to have died, has not withdrawn from follow-up, and was last
    known alive before the cut-off less the allowance. Who was lost is asked after: that is what a sweep is for.
    """
    if trial.sweep is None:
        return ()
    _, since = trial.sweep
    return tuple(
        NotKnownAlive(state.number, state.site, state.last_alive, state.left is not None)
        for state in participants
        if is_asked_after(protocol, state) and (state.last_alive is None or state.last_alive < since)
    )


def is_asked_after(protocol: Protocol, state: ParticipantState) -> bool:
    """Whether a participant's survival is wanted, and may be asked for."""
    if state.died_on is not None or not is_followed(protocol, state):
        return False
    left = state.left
    return left is None or left.rule == LOST or (left.follow_up == "continues" and left.data == "kept")


def is_followed(protocol: Protocol, state: ParticipantState) -> bool:
    """Whether a participant is followed up: from allocation on; where arms follow a class, from registration on."""
    by_class = isinstance(protocol.allocation[protocol.allocation_step.list], ClassifiedList)
    return bool(state.assignments or (by_class and state.steps))
