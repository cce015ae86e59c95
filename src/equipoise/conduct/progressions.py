"""Progressions that assessments found and nobody entered as an event, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from equipoise.assessment import METASTATIC, OVERALL, PRIMARY
from equipoise.conduct.responses import first_progressions, is_of_arm, response_of
from equipoise.conduct.state import Occurrence, ParticipantState
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Count, Event, TimeToEvent

_SITES = {PRIMARY: ("local", "regional"), METASTATIC: ("distant",)}
"""Where a progression of a compartment lies; one of any other can be any."""


def unmatched(protocol: Protocol, state: ParticipantState) -> tuple[str, ...]:
    """What assessments and entered events of progression say differently, a sentence each.

    An assessment that finds progression asks for an event of its day, from the origin of an endpoint that counts the
    event on; an event asks for an assessment of its day that found it. Events that the assessments find by themselves
    are never entered and always agree.
    """
    if protocol.response is None:
        return ()
    typed = {
        name: event for name, event in protocol.events.items() if event.kind == "progression" and event.assessed is None
    }
    missing = [
        f"progression ({part}) on {on}, and no {' or '.join(events)} is recorded on that day"
        for part, on, events in events_missing(protocol, state)
    ]
    baseless = [
        f"{item.event} on {item.on}, and no assessment of that day found it"
        for item in state.events
        if item.event in typed and not _was_found(protocol, state, typed[item.event], item)
    ]
    return (*missing, *baseless)


def newly_unmatched(protocol: Protocol, before: ParticipantState, after: ParticipantState) -> tuple[str, ...]:
    """What disagrees after a change and did not before it."""
    now = unmatched(protocol, after)
    known = set(unmatched(protocol, before)) if now else set()
    return tuple(text for text in now if text not in known)


def events_missing(protocol: Protocol, state: ParticipantState) -> tuple[tuple[str, date, tuple[str, ...]], ...]:
    """The first progressions, by compartment, with their day and the events of which one should be recorded."""
    return tuple(_events_missing(protocol, state)) if protocol.response is not None else ()


def _events_missing(protocol: Protocol, state: ParticipantState) -> Iterator[tuple[str, date, tuple[str, ...]]]:
    parts = protocol.response.compartments if protocol.response is not None else ()
    for part in parts:
        for found in first_progressions(state, part):
            events = tuple(
                name
                for name, event in protocol.events.items()
                if event.kind == "progression" and _fits(part, event) and is_of_arm(event, state, found.on)
            )
            typed = tuple(
                name
                for name in events
                if protocol.events[name].assessed is None and _counts(protocol, state, name, found.on)
            )
            if typed and not any(item.event in events and item.on == found.on for item in state.events):
                yield part, found.on, typed


def _fits(part: str, event: Event) -> bool:
    return event.site in (None, "any") or event.site in _SITES.get(part, (event.site,))


def _counts(protocol: Protocol, state: ParticipantState, name: str, on: date) -> bool:
    """Whether an endpoint counts the event on that day: its time has begun."""
    for endpoint in protocol.endpoints.values():
        if isinstance(endpoint, TimeToEvent | Count):
            refs = endpoint.events_of(state.arm) if isinstance(endpoint, TimeToEvent) else endpoint.events
            origin = state.values.get(protocol.origin_variable(endpoint.origin))
            if name in {ref.partition(":")[0] for ref in refs} and isinstance(origin, date) and origin <= on:
                return True
    return False


def _was_found(protocol: Protocol, state: ParticipantState, event: Event, item: Occurrence) -> bool:
    parts = protocol.response.compartments if protocol.response is not None else ()
    return any(
        found.on == item.on and response_of(found, part) == "PD"
        for found in state.assessments
        for part in (OVERALL, *parts)
        if part == OVERALL or _fits(part, event)
    )
