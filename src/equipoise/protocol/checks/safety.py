"""What a protocol says of adverse events must name what it declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.protocol.checks.report import fail, require, require_each

if TYPE_CHECKING:
    from equipoise.protocol.model.safety import AdverseEvents
    from equipoise.protocol.model.trial import Path, Protocol


def check_safety(protocol: Protocol) -> None:
    """Check the section on adverse events, if there is one."""
    section = protocol.adverse_events
    if section is None:
        return
    at: Path = ("adverse_events",)
    _check_periods(protocol, section)
    interventions = protocol.interventions
    require_each(protocol, (*at, "related_to"), section.related_to, interventions, "intervention", "interventions")
    causes = {cause for event in protocol.events.values() if event.kind == "death" for cause in event.causes}
    require_each(protocol, (*at, "deaths_apart"), section.deaths_apart, causes, "cause of death", "events")
    folded = [term.casefold() for term in section.terms_of_interest]
    for i, term in enumerate(folded):
        if term in folded[:i]:
            what = f"'{section.terms_of_interest[i]}' stands twice"
            fail(protocol, (*at, "terms_of_interest", i), what, "keep one of them")


def _check_periods(protocol: Protocol, section: AdverseEvents) -> None:
    """A period starts and ends at a date that is known of a participant."""
    dates = {name for name, variable in protocol.dictionary.items() if variable.type == "date"}
    for i, item in enumerate(section.collected):
        for key, name in (("from", item.start), ("until", item.until)):
            if name is not None:
                known = dates | {date.removesuffix("_date") for date in dates}
                place = ("adverse_events", "collected", i, key)
                require(protocol, place, name, known, "the step or date", "the pathway or variables")
