"""Guidance on treatment: the advice that holds for a participant, what it rests on, and departures from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from equipoise.conduct.commands import Depart
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Decider, Decision, accept, refuse
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.state import ParticipantState
from equipoise.conduct.values import Recorded, shown, to_json
from equipoise.conduct.well_formed import has_reason
from equipoise.ledger import Json
from equipoise.protocol.model.arms import Guidance, GuidanceRow


@dataclass(frozen=True, slots=True)
class Advice:
    """One row of a guidance table that holds, or of which it cannot be told.

    Attributes:
        guidance: id of the table. row: number of the row, from 1.
        advise: what is advised.
        holds: `yes`, or `unknown` where a value that decides is not recorded.
        values: the values that decided; of an unknown one, those that are missing are None.
        departed: whether what is recorded departs from it; None while the row or that is not known.
    """

    guidance: str
    row: int
    advise: str
    holds: Literal["yes", "unknown"]
    values: Mapping[str, Recorded | None]
    departed: bool | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The variables that are not recorded and would decide."""
        return tuple(name for name, value in self.values.items() if value is None)

    def __str__(self) -> str:
        """For people: `axilla: Dissection is recommended (n_stage = N1)`."""
        if self.holds == "unknown":
            missing = ", ".join(self.missing)
            return f"{self.guidance}: whether '{self.advise}' is advised cannot be told: {missing} not recorded"
        values = ", ".join(f"{name} = {shown(value)}" for name, value in self.values.items())
        return f"{self.guidance}: {self.advise} ({values})"


def advice_for(criteria: Criteria, values: Mapping[str, Recorded]) -> tuple[Advice, ...]:
    """Every row of every table that holds for these values, and every row of which that cannot be told."""
    return tuple(found for table in criteria.protocol.guidance for found in _of_table(criteria, table, values))


def _of_table(criteria: Criteria, table: Guidance, values: Mapping[str, Recorded]) -> Iterator[Advice]:
    for number, row in enumerate(table.rows, start=1):
        judged = criteria.rule(row.when).judge(values)
        if judged.value is False:
            continue
        decided = {name: values.get(name) for name in sorted(judged.decided_by)}
        departed = _departed(criteria, row, values) if judged.value else None
        yield Advice(table.id, number, row.advise, "yes" if judged.value else "unknown", decided, departed)


def _departed(criteria: Criteria, row: GuidanceRow, values: Mapping[str, Recorded]) -> bool | None:
    if row.departs is None:
        return None
    answer = criteria.rule(row.departs).judge(values).value
    return answer if isinstance(answer, bool) else None


def unexplained(criteria: Criteria, state: ParticipantState) -> tuple[Advice, ...]:
    """Advice that what is recorded departs from, and no departure says why."""
    explained = {(item.guidance, text) for item in state.departures for text in item.advice}
    found = (
        advice_for(criteria, state.values) if any(_can_depart(table) for table in criteria.protocol.guidance) else ()
    )
    return tuple(item for item in found if item.departed and (item.guidance, item.advise) not in explained)


def _can_depart(table: Guidance) -> bool:
    return any(row.departs is not None for row in table.rows)


def departure_warnings(context: Context, values: Mapping[str, Recorded]) -> tuple[str, ...]:
    """What a form that is being recorded departs from that was not departed from before."""
    if not any(_can_depart(table) for table in context.protocol.guidance):
        return ()
    before = {(item.guidance, item.row) for item in advice_for(context.criteria, context.known.values) if item.departed}
    now = advice_for(context.criteria, {**context.known.values, **values})
    return tuple(
        f"this departs from the advice of {item}; enter the departure with its reason"
        for item in now
        if item.departed and (item.guidance, item.row) not in before
    )


def decide_depart(context: Context, command: Depart) -> Decision:
    """Treatment departs from advice, with the reason. It is a deviation only where the protocol says so."""
    table = next((item for item in context.protocol.guidance if item.id == command.guidance), None)
    if table is None:
        known = ", ".join(item.id for item in context.protocol.guidance) or "none"
        return refuse(f"there is no guidance '{command.guidance}' (there is {known})")
    if not has_reason(command):
        return refuse("a departure from advice needs a reason")
    found = tuple(_of_table(context.criteria, table, context.known.values))
    holding = [item for item in found if item.holds == "yes"]
    if not holding:
        missing = sorted({name for item in found for name in item.missing})
        why = f"what it advises cannot be told: {', '.join(missing)} not recorded" if missing else "it advises nothing"
        return refuse(f"'{table.id}' holds for {context.known.number} in no row: {why}")
    held = [item for item in holding if item.departed] or holding
    values: dict[str, Json] = {name: to_json(value) for item in held for name, value in item.values.items()}
    advice: list[Json] = [item.advise for item in held]
    return accept(
        "depart",
        command.participant,
        guidance=table.id,
        on=command.on.isoformat(),
        advice=advice,
        values=values,
        given=command.given,
        deviation=None if table.departure == "none" else table.departure,
    )


DECIDERS: dict[type[Any], Decider] = {Depart: decide_depart}
