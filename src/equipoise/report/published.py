"""Published results beside those of this analysis."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.analysis.results import Results
from equipoise.estimates import Estimate
from equipoise.figures import quote
from equipoise.protocol import Protocol
from equipoise.report.choose import stands
from equipoise.report.tables import measure_of, who
from equipoise.report.words import endpoint_labels


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
        rows.append(
            PublishedRow(
                endpoint=labels.get(item.endpoint, item.endpoint),
                measure=measure_of(item),
                who=who(item),
                published=_printed(item),
                ours=None if own is None else _printed(own),
                source="source document" if item.source == protocol.document else item.source,
                note=item.note,
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


def _printed(estimate: Estimate) -> Printed:
    return Printed(quote.value(estimate, unit=True), quote.limits(estimate), quote.p(estimate))
