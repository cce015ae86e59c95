"""Deviations that conduct sees by itself, classified by the protocol's `deviations` section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from equipoise.conduct.admission import condition_of
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Draft
from equipoise.conduct.lists import levels_of
from equipoise.conduct.quality.schedule import visit_named
from equipoise.conduct.state import ParticipantState
from equipoise.ledger import Entry
from equipoise.protocol.model.pathway import Randomise
from equipoise.protocol.model.quality import DeviationRule

_BY_HINDSIGHT = frozenset({"correct", "judge", "strike", "assess"})
"""Kinds of entries that can change what a step that was passed rested on."""


@dataclass(frozen=True, slots=True)
class _Found:
    found: str
    category: str
    about: str
    description: str
    on: date
    cause: int


def deviations_found(context: Context, after: ParticipantState, caused: Sequence[Entry]) -> Iterator[Draft]:
    """Drafts of deviations that entries brought about and that are not on record yet.

    Args:
        context: the state before them.
        after: the participant's state after them.
        caused: the entries.
    """
    rules = context.protocol.deviations
    if rules is None:
        return
    known = {(item.found, item.about) for item in after.deviations}
    for entry in caused:
        for item in _seen(context, after, entry):
            rule: DeviationRule | None = getattr(rules, item.found)
            if rule is not None and (item.found, item.about) not in known:
                known.add((item.found, item.about))
                yield _draft(after, item, rule)


def _draft(state: ParticipantState, item: _Found, rule: DeviationRule) -> Draft:
    return Draft(
        "deviation",
        {
            "on": item.on.isoformat(),
            "category": item.category,
            "description": item.description,
            "severity": rule.severity,
            "per_protocol": rule.per_protocol,
            "found": item.found,
            "about": item.about,
            "cause": item.cause,
        },
        state.number,
    )


def _seen(context: Context, after: ParticipantState, entry: Entry) -> Iterator[_Found]:
    data: Any = entry.data
    on = date.fromisoformat(data["on"])
    if entry.kind == "treat" and data.get("outside_arm"):
        name = data["intervention"]
        what = f"'{name}' ({data['status']}) does not belong to arm {after.current_arm}"
        yield _Found("outside_arm", "treatment", name, what, on, entry.seq)
    if entry.kind in _BY_HINDSIGHT:
        yield from _ineligible(context, after, entry)
        yield from _levels(context, after, entry)
    if data.get("visit") is not None:
        yield from _visit(context, after, entry, on)


def _ineligible(context: Context, after: ParticipantState, entry: Entry) -> Iterator[_Found]:
    """Criteria of a passed step that passed before and fail now; the deviation is of the day of the step."""
    before = context.known
    for step in context.protocol.entry_steps:
        if step.id not in before.steps:
            continue
        pairs = zip(
            context.criteria.judge_step(step.id, before.values, when=condition_of(step)),
            context.criteria.judge_step(step.id, after.values, when=condition_of(step)),
            strict=True,
        )
        for old, new in pairs:
            if old.verdict != "fail" and new.verdict == "fail":
                what = f"'{step.id}' was passed, and {new}"
                about = f"{step.id}: {new.criterion}"
                yield _Found("ineligible", "eligibility", about, what, before.steps[step.id], entry.seq)


def _levels(context: Context, after: ParticipantState, entry: Entry) -> Iterator[_Found]:
    """Factors whose level is another than the one that was balanced; arm and counts stay."""
    before = context.known
    for step in context.protocol.entry_steps:
        if not isinstance(step, Randomise) or step.id not in before.steps:
            continue
        old = levels_of(context.criteria, step.list, before.values, before.site)
        new = levels_of(context.criteria, step.list, after.values, after.site)
        for name in old:
            if new[name] is not None and old[name] != new[name]:
                what = f"allocated with {name} = {old[name]}, which is {new[name]}"
                yield _Found(
                    "other_levels", "allocation", f"{step.list}: {name}", what, before.steps[step.id], entry.seq
                )


def _visit(context: Context, after: ParticipantState, entry: Entry, on: date) -> Iterator[_Found]:
    """A planned visit that took place outside its window, or was missed."""
    name = str(entry.data["visit"])
    visit = visit_named(context.criteria, after, name)
    if visit is None:
        return
    if entry.kind == "missed" and visit.status == "missed":
        what = f"{visit.title}, planned on {visit.planned}, was missed"
        yield _Found("missed_visit", "visit", name, what, on, entry.seq)
    elif visit.status == "out of window":
        what = f"{visit.title} took place on {visit.done_on}, and its window was {visit.opens} to {visit.closes}"
        yield _Found("out_of_window", "visit", name, what, visit.done_on or on, entry.seq)
