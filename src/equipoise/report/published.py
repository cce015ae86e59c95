"""Published results beside those of this analysis."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.analysis.results import Results
from equipoise.estimates import Estimate
from equipoise.figures import quote
from equipoise.protocol import Protocol
from equipoise.report.tables import who
from equipoise.report.words import endpoint_labels


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One published number, and ours where there is one of the same kind."""

    endpoint: str
    measure: str
    who: str
    published: str
    published_p: str
    ours: str
    ours_p: str
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
                measure=item.measure if item.at is None else f"{item.measure} at {item.at:g}\u00a0months",
                who=who(item),
                published=quote.value_and_limits(item),
                published_p=quote.p(item),
                ours="" if own is None else quote.value_and_limits(own),
                ours_p="" if own is None else quote.p(own),
                source="source document" if item.source == protocol.document else item.source,
                note=item.note,
            )
        )
    return rows


def matching(published: Estimate, results: Results) -> Estimate | None:
    """The first of our estimates of the same endpoint, measure, arms and subgroup; and time, if one is printed."""
    for item in results.of(published.endpoint, published.measure):
        same = (item.arm, item.reference, dict(item.subgroup)) == (
            published.arm,
            published.reference,
            dict(published.subgroup),
        )
        if same and (published.at is None or item.at == published.at):
            return item
    return None
