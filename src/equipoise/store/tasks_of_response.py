"""What is open of responses and classes: lesions to describe, readings that differ, proposals to decide."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.conduct import Criteria, ParticipantState
from equipoise.conduct.progressions import events_missing
from equipoise.conduct.proposals import stale, undecided
from equipoise.conduct.responses import ADJUDICATOR, CENTRAL, disagreements
from equipoise.protocol import Protocol
from equipoise.store.tasks import OpenTask


def response_tasks(criteria: Criteria, state: ParticipantState) -> Iterator[OpenTask]:
    """What is open of a participant's responses.

    What is missing in the record stays open after a death too: a reading, an adjudication, an event. Lesions to
    describe, a class to give anew and a proposal to decide do not.

    Yields:
        Kinds `reading`, `adjudicate` and `event` (by assessment, or compartment, and day), `lesions`, `classify` (by
        classification) and `decision` (by classification, class, and the last day of its window).
    """
    yield from _missing(criteria.protocol, state)
    if state.died_on is not None or (
        state.left is not None and "stops" in (state.left.follow_up, state.left.treatment)
    ):
        return
    response = criteria.protocol.response
    if response is not None and response.recorded == "lesions" and state.steps and not state.baselines:
        yield OpenTask("lesions", "baseline", None)
    for by in stale(criteria, state):
        yield OpenTask("classify", by, None)
    for window in undecided(state):
        until = "" if window.proposal.closes is None else f" until {window.proposal.closes}"
        yield OpenTask("decision", f"{window.proposal.by} {window.proposal.value}{until}", None)


def _missing(protocol: Protocol, state: ParticipantState) -> Iterator[OpenTask]:
    if protocol.response is None:
        return
    differing = {(name, on) for name, on, _ in disagreements(state)}
    for item in state.assessments:
        if not item.reading:
            name = f"{item.name} {item.on}"
            adjudicated = (item.name, item.on) in differing
            yield (
                OpenTask("adjudicate", name, ADJUDICATOR)
                if adjudicated
                else OpenTask("reading", name, _reader(protocol))
            )
    for part, on, _ in events_missing(protocol, state):
        yield OpenTask("event", f"{part} {on}", None)


def _reader(protocol: Protocol) -> str | None:
    """Whose reading is waited for, where that is one reader's."""
    assert protocol.response is not None
    return CENTRAL if protocol.response.reading == CENTRAL else None
