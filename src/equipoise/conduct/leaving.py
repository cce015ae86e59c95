"""Withdrawals, loss to follow-up and what they end; news of somebody who was lost."""

from __future__ import annotations

from typing import Any

from equipoise.conduct.commands import Alive, Allocate, AllocateByHand, Find, Happen, Lose, Register, Treat, Withdraw
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Decider, Decision, accept, refuse
from equipoise.conduct.state import LOST, Left, ParticipantState
from equipoise.protocol.model.criteria import WithdrawalEffect

_DATA = ("kept", "no-more", "erased")
"""What becomes of data, each more than the one before."""


def after_leaving(state: ParticipantState, command: Any) -> str | None:
    """What withdrawals or the loss to follow-up ended; what lay before them can still be entered."""
    return next((problem for left in state.gone if (problem := _ended_by(state, left, command))), None)


def _ended_by(state: ParticipantState, left: Left, command: Any) -> str | None:
    if left.treatment == "stops" and isinstance(command, Register | Allocate | AllocateByHand):
        return f"{state.number} left on {left.on} ({left.rule}), and takes no further step of the pathway"
    if command.on <= left.on:
        return None
    if left.rule == LOST and isinstance(command, Alive | Happen):
        return None  # a register tells of somebody who was lost, alive or dead, and follow-up stays stopped
    if left.follow_up == "stops":
        return f"follow-up of {state.number} stopped on {left.on} ({left.rule})"
    if left.data != "kept":
        return f"{state.number} left on {left.on} ({left.rule}), and no more is recorded"
    if left.treatment == "stops" and isinstance(command, Treat) and command.status == "started":
        return f"treatment of {state.number} stopped on {left.on} ({left.rule})"
    return None


def decide_withdraw(context: Context, command: Withdraw) -> Decision:
    """A withdrawal by one of the protocol's rules, with that rule's effects. A further one has to stop more."""
    state = context.known
    rule = next((item for item in context.protocol.withdrawal if item.id == command.rule), None)
    if rule is None:
        known = ", ".join(item.id for item in context.protocol.withdrawal) or "none"
        return refuse(f"there is no withdrawal rule '{command.rule}' (there is {known})")
    if problem := _stops_nothing_more(state, rule.effect, command):
        return refuse(problem)
    return accept(
        "withdraw",
        command.participant,
        rule=rule.id,
        on=command.on.isoformat(),
        treatment=rule.effect.treatment,
        follow_up=rule.effect.follow_up,
        data=rule.effect.data,
        before=next((step.id for step in context.protocol.entry_steps if step.id not in state.steps), None),
    )


def _stops_nothing_more(state: ParticipantState, effect: WithdrawalEffect, command: Withdraw) -> str | None:
    """Why a further withdrawal cannot be: it ends nothing that has not ended, or lies before the last."""
    if not state.gone:
        return None
    last = state.gone[-1]
    more = (
        (effect.treatment == "stops" and all(left.treatment != "stops" for left in state.gone))
        or (effect.follow_up == "stops" and all(left.follow_up != "stops" for left in state.gone))
        or _DATA.index(effect.data) > max(_DATA.index(left.data) for left in state.gone)
    )
    if not more:
        also = "; if there is news, enter that first" if last.rule == LOST else ""
        return f"{state.number} left on {last.on} ({last.rule}), and {command.rule} stops nothing more{also}"
    if command.on < last.on:
        return f"{state.number} left on {last.on} ({last.rule}): one before that day is entered once it is struck out"
    return None


def decide_lose(context: Context, command: Lose) -> Decision:
    """Lost to follow-up, unless nobody is followed any more."""
    ended = next((left for left in context.known.gone if left.ends_observation), None)
    if ended is not None:
        return refuse(f"{context.known.number} left on {ended.on} ({ended.rule})")
    return accept("lose", command.participant, on=command.on.isoformat())


def decide_find(context: Context, command: Find) -> Decision:
    """News of somebody lost: follow-up goes on, and the loss stays on record."""
    lost = next((left for left in context.known.gone if left.rule == LOST), None)
    if lost is None:
        return refuse(f"{context.known.number} is not lost to follow-up")
    if command.on < lost.on:
        return refuse(f"{command.on} is before {context.known.number} was lost to follow-up ({lost.on})")
    return accept(
        "found", command.participant, on=command.on.isoformat(), lost_on=lost.on.isoformat(), alive=command.alive
    )


DECIDERS: dict[type[Any], Decider] = {
    Withdraw: decide_withdraw,
    Lose: decide_lose,
    Find: decide_find,
}
