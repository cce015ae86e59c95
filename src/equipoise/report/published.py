"""Published results beside those of this analysis."""

from __future__ import annotations

import re
from dataclasses import dataclass

from equipoise.analysis.results import Results
from equipoise.estimates import Estimate
from equipoise.figures import quote
from equipoise.figures.numbers import NBSP
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Milestone, TimeToEvent
from equipoise.report.choose import stands
from equipoise.report.tables import who
from equipoise.report.words import endpoint_labels, measure_of

_BOUND = re.compile(r"p printed as ([<>])\s*([\d.]*\d)\.?\s*")


@dataclass(frozen=True, slots=True)
class Printed:
    """A number with its interval and p-value, as text."""

    value: str
    limits: str
    p: str


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One published number, and ours where there is one of the same kind."""

    endpoint: str
    measure: str
    who: str
    published: Printed
    ours: Printed | None
    source: str
    note: str


def published_rows(protocol: Protocol, results: Results) -> list[PublishedRow]:
    """A row for each result that the protocol reports."""
    labels = endpoint_labels(protocol)
    rows = []
    for item in protocol.reported:
        own = matching(item, results)
        label, measure, timeless = labels.get(item.endpoint, item.endpoint), measure_of(protocol, item), False
        if _lacks_time(protocol, item):
            # the endpoint's own label may name the time of our analysis, which the source does not say
            label, measure, timeless = _without_time(protocol, item.endpoint), f"{measure}, time not stated", True
        rows.append(
            PublishedRow(
                endpoint=label,
                measure=measure,
                who=who(item),
                published=_printed(item),
                ours=None if own is None else _printed(own, with_time=timeless),
                source="source document" if item.source == protocol.document else item.source,
                note=_BOUND.sub("", item.note),
            )
        )
    return rows


def matching(published: Estimate, results: Results) -> Estimate | None:
    """The first of our estimates of the same endpoint, measure, arms and subgroup; and time, if one is printed.

    Where an endpoint has one share in each arm, it is that share whatever it is called.
    """
    candidates = [item for item in results.of(published.endpoint) if stands(item) and _same_group(published, item)]
    named = [item for item in candidates if item.measure == published.measure]
    if not named and published.unit == "probability" and len(candidates) == 1:
        named = [item for item in candidates if item.unit == published.unit]
    return next((item for item in named if published.at is None or item.at == published.at), None)


def _same_group(a: Estimate, b: Estimate) -> bool:
    return (a.arm, a.reference, dict(a.subgroup)) == (b.arm, b.reference, dict(b.subgroup))


def _lacks_time(protocol: Protocol, item: Estimate) -> bool:
    """Whether a share is one at a time that the source does not say."""
    timed = isinstance(protocol.endpoints.get(item.endpoint), Milestone | TimeToEvent)
    return timed and item.at is None and item.unit == "probability"


def _without_time(protocol: Protocol, endpoint: str) -> str:
    """The label of an endpoint; of a milestone that of the endpoint whose milestone it is."""
    item = protocol.endpoints[endpoint]
    return protocol.endpoints[item.of].label if isinstance(item, Milestone) else item.label


def _printed(estimate: Estimate, *, with_time: bool = False) -> Printed:
    """A number as text; a p that the source gives as a bound only, as its note says, stays a bound."""
    at = f" at {estimate.at:g}{NBSP}months" if with_time and estimate.at is not None else ""
    p = quote.p(estimate)
    if bound := _BOUND.search(estimate.note):
        p = f"{quote.SIDES.get(estimate.sides or 0, '')} p{NBSP}{bound[1]}{NBSP}{bound[2]}".strip()
    return Printed(quote.value(estimate, unit=True) + at, quote.limits(estimate), p)
