"""Endpoints: where their time starts, what counts in them, and how far they look."""

from __future__ import annotations

import re
from collections.abc import Iterator

from equipoise.checker.finding import Finding, note, warning
from equipoise.checker.places import listed
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Milestone
from equipoise.protocol.model.pathway import Assign

_NAME = re.compile(r"(progression|disease|relapse|recurrence|metastasis|event)[ -]free", re.IGNORECASE)


def origin_before_allocation(protocol: Protocol) -> Iterator[Finding]:
    """Time that runs before the arm is given: nobody can die in it and still be allocated."""
    early = {
        name: item
        for name, item in protocol.times_to_event().items()
        if protocol.origin_precedes_allocation(item.origin)
    }
    # arms that are classes are looked at by `analyses.classes_compared`: there the arm itself depends on survival
    if not early or isinstance(protocol.allocation_step, Assign):
        return
    for origin in dict.fromkeys(item.origin for item in early.values()):
        names = [name for name, item in early.items() if item.origin == origin]
        verb = "counts" if len(names) == 1 else "count"
        what = (
            f"{listed(names)} {verb} time from {origin}, before {protocol.allocation_step.label.lower()}: whoever is"
            " allocated has lived until then, so that time is immortal"
        )
        mend = (
            "Equipoise counts entry as delayed to the allocation, with the analysis as written beside it, marked biased"
        )
        yield warning(protocol, ("endpoints", names[0], "origin"), "origin-before-allocation", what, mend)


def different_origins(protocol: Protocol) -> Iterator[Finding]:
    """Endpoints of one trial that start their clocks at different times."""
    by_origin: dict[str, list[str]] = {}
    for name, item in protocol.times_to_event().items():
        by_origin.setdefault(protocol.origin_variable(item.origin), []).append(name)
    if len(by_origin) > 1:
        shown = "; ".join(f"{listed(names)} from {origin}" for origin, names in by_origin.items())
        fewest = min(by_origin.values(), key=len)
        what = f"the endpoints start at different times: {shown}"
        mend = "do not compare their medians, and ask whether one origin was meant"
        yield warning(protocol, ("endpoints", fewest[0], "origin"), "origins-differ", what, mend)


def same_events(protocol: Protocol) -> Iterator[Finding]:
    """Two endpoints that are the same by their definitions."""
    seen: dict[tuple[object, ...], str] = {}
    for name, item in protocol.times_to_event().items():
        by_arm = tuple(frozenset(item.events_of(arm)) for arm in protocol.arms)
        key = (protocol.origin_variable(item.origin), by_arm, frozenset(item.competing))
        if key in seen:
            what = f"{name} has the origin and the events of {seen[key]}, so the two are one endpoint"
            mend = "ask which events were meant to tell them apart"
            yield warning(protocol, ("endpoints", name, "events"), "endpoints-same-events", what, mend)
        seen.setdefault(key, name)


def events_that_differ_by_arm(protocol: Protocol) -> Iterator[Finding]:
    """An endpoint that counts one thing in one arm and another in the other."""
    for name, item in protocol.times_to_event().items():
        if len({frozenset(refs) for refs in item.events_by_arm.values()}) > 1:
            shown = "; ".join(f"{', '.join(refs)} in arm {arm}" for arm, refs in item.events_by_arm.items())
            what = f"{name} counts {shown}: a comparison measures the difference in definition too"
            mend = "define one event for all arms, or show the arms without comparing them"
            yield warning(protocol, ("endpoints", name, "events_by_arm"), "events-differ-by-arm", what, mend)


def two_names(protocol: Protocol) -> Iterator[Finding]:
    """An endpoint that the source names in two ways that mean different things."""
    for name, endpoint in protocol.endpoints.items():
        names = list(dict.fromkeys(found.lower() for quote in endpoint.quotes for found in _NAME.findall(quote)))
        if len(names) > 1:
            called = listed([f"{item}-free" for item in names])
            what = f"the source calls {name} both {called} survival, which are different endpoints"
            mend = "ask which events count; the definition is followed, not the title"
            yield warning(protocol, ("endpoints", name, "text"), "endpoint-two-names", what, mend)


def time_frame_twice(protocol: Protocol) -> Iterator[Finding]:
    """A milestone at the very end of the time frame of the endpoint it is of."""
    times = protocol.times_to_event()
    for name, item in protocol.endpoints.items():
        if isinstance(item, Milestone) and times[item.of].horizon_months == item.at_months:
            at = f"{item.at_months:g} months"
            what = f"{at} are the time frame of {item.of}, and {name} is an endpoint of its own at that time"
            mend = f"ask whether {item.of} is followed beyond, or the question is survival at {at}"
            yield note(protocol, ("endpoints", name, "at_months"), "time-frame-twice", what, mend)


def short_horizons(protocol: Protocol) -> Iterator[Finding]:
    """A time frame that ends before half the participants have the event, or well before the trial does."""
    median = protocol.design.control_median if protocol.design else None
    for name, item in protocol.times_to_event().items():
        horizon, path = item.horizon_months, ("endpoints", name, "horizon_months")
        if horizon is None:
            continue
        if item.role == "primary" and median is not None and horizon < median:
            what = (
                f"the time frame of {name} is {horizon:g} months; the median assumed in the control arm is {median:g}"
            )
            mend = "follow participants longer, or most of the events the design counts on are not seen"
            yield warning(protocol, path, "horizon-before-median", what, mend)
        if item.role == "primary":
            yield from _ends_before_trial(protocol, name, horizon)


def _ends_before_trial(protocol: Protocol, name: str, horizon: float) -> Iterator[Finding]:
    registry = protocol.registry
    end = registry.primary_completion or registry.completion
    if registry.start is None or end is None:
        return
    months = (end - registry.start).days / 30.4375
    if horizon < 0.75 * months:
        what = (
            f"the time frame of {name} is {horizon / 12:g} years, and the trial spans {months / 12:.1f} years"
            " from start to primary completion"
        )
        mend = "ask whether follow-up ends at the time frame; Equipoise analyses all of it"
        yield note(protocol, ("endpoints", name, "horizon_months"), "horizon-short", what, mend)
