"""Analyses: whether they answer the question, at the level that the design promised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ceil

from equipoise.checker.document import collapsed
from equipoise.checker.finding import Finding, error, note, warning
from equipoise.checker.places import listed
from equipoise.design.formulas import two_proportions
from equipoise.protocol import Protocol
from equipoise.protocol.model.allocation import ChanceList, ClassifiedList
from equipoise.protocol.model.endpoints import Milestone, TimeToEvent
from equipoise.protocol.model.statistics import Analysis, Design

_METHODS = {
    "simple": re.compile(r"simple|toss", re.IGNORECASE),
    "blocks": re.compile(r"block", re.IGNORECASE),
    "block-urn": re.compile(r"\burn\b", re.IGNORECASE),
    "biased-coin": re.compile(r"biased.?coin|efron", re.IGNORECASE),
    "big-stick": re.compile(r"big.?stick", re.IGNORECASE),
    "maximal": re.compile(r"maximal", re.IGNORECASE),
    "minimisation": re.compile(r"minimi[sz]", re.IGNORECASE),
    "classified": re.compile(r"class", re.IGNORECASE),
}
"""What a passage calls each method of allocation."""


def _of_primary(protocol: Protocol) -> list[tuple[int, Analysis]]:
    """The analyses of the design's primary endpoint, and of the time to event that a milestone is of."""
    if protocol.design is None:
        return []
    primary = protocol.endpoints[protocol.design.primary]
    names = {protocol.design.primary, *([primary.of] if isinstance(primary, Milestone) else [])}
    return [(i, item) for i, item in enumerate(protocol.analyses) if item.endpoint in names]


def primary_not_analysed(protocol: Protocol) -> Iterator[Finding]:
    """Endpoints without an analysis; a primary one is an error."""
    analysed = {item.endpoint for item in protocol.analyses}
    for name, endpoint in protocol.endpoints.items():
        if name in analysed:
            continue
        if endpoint.role == "primary" or (protocol.design and protocol.design.primary == name):
            what = f"the primary endpoint {name} is in no analysis"
            yield error(protocol, ("endpoints", name), "primary-not-analysed", what, "add it under analyses")
        else:
            what = f"the {endpoint.role} endpoint {name} is in no analysis"
            yield note(
                protocol, ("endpoints", name), "endpoint-not-analysed", what, "add it under analyses, or drop it"
            )


def question_sizing_and_analysis(protocol: Protocol) -> Iterator[Finding]:
    """A primary endpoint that is a proportion, sized by a log-rank test or analysed as a time to event."""
    design = protocol.design
    if design is None:
        return
    primary, kinds = protocol.endpoints[design.primary], {item.model for _, item in _of_primary(protocol)}
    sized_by_time = design.events is not None and (
        design.hazard_ratio is not None or design.experimental_median is not None
    )
    if isinstance(primary, TimeToEvent) or not sized_by_time:
        return
    asked = f"survival at {primary.at_months:g} months" if isinstance(primary, Milestone) else f"a {primary.kind}"
    model, number = (", and the analysis named is a Cox model", "three") if "cox" in kinds else ("", "two")
    what = (
        f"the primary endpoint {design.primary} is {asked}, the {design.events} events come from the formula of a"
        f" log-rank test{model}: {number} different questions{_as_proportions(design)}"
    )
    mend = "decide on one: survival at a time, or time to death"
    yield warning(protocol, ("design", "primary"), "endpoint-sizing-analysis", what, mend)


def _as_proportions(design: Design) -> str:
    if None in (design.control_survival, design.hazard_ratio, design.alpha, design.sides, design.power):
        return ""
    assert design.control_survival
    assert design.hazard_ratio
    assert design.alpha
    assert design.sides
    assert design.power
    one, other = design.control_survival, design.control_survival**design.hazard_ratio
    if abs(one - other) < 1e-6:
        return ""
    needed = ceil(two_proportions(design.alpha, design.sides, design.power, one, other))
    return f" (two proportions, {one:.2f} and {other:.2f}, would need {needed} an arm)"


def level_against_alpha(protocol: Protocol) -> Iterator[Finding]:
    """A primary analysis whose interval and sides are not those of the design's type I error."""
    design = protocol.design
    if design is None or design.alpha is None or design.sides is None:
        return
    for i, item in enumerate(protocol.analyses):
        level = 1 - 2 * design.alpha / design.sides
        if item.endpoint == design.primary and (abs(item.conf_level - level) > 1e-9 or item.sides != design.sides):
            what = (
                f"the design has a {design.sides}-sided alpha of {design.alpha:g}, so an interval of {100 * level:g} %;"
                f" the primary analysis is {item.sides}-sided with {100 * item.conf_level:g} %"
            )
            yield warning(
                protocol, ("analyses", i), "level-against-alpha", what, "use the same level and sides in both"
            )


def factors_left_out(protocol: Protocol) -> Iterator[Finding]:
    """Allocation was balanced for a factor that the primary analysis does not take into account (EMA 2015)."""
    factors = _factors(protocol)
    primary = [(i, item) for i, item in _of_primary(protocol) if item.test != "none" or item.model != "none"]
    if not factors or not primary:
        return
    for _, item in primary:
        if item.strata == "allocation" or set(factors) <= {*item.covariates, *_named(item)}:
            return
    i, item = primary[0]
    left = [name for name in factors if name not in {*item.covariates, *_named(item)}]
    what = f"allocation is balanced for {listed(left)}, and the primary analysis takes no account of {_them(left)}"
    mend = "stratify or adjust (the unadjusted test is conservative), or say why not"
    yield note(protocol, ("analyses", i, "strata"), "allocation-factors-left-out", what, mend)


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _named(item: Analysis) -> tuple[str, ...]:
    return () if isinstance(item.strata, str) else item.strata


def _factors(protocol: Protocol) -> list[str]:
    found: list[str] = []
    for allocation in protocol.allocation.values():
        if isinstance(allocation, ChanceList):
            found += allocation.variables
    return [name for name in dict.fromkeys(found) if name != "site"]


def method_named_by_the_analysis(protocol: Protocol) -> Iterator[Finding]:
    """A method of allocation that the source names where it speaks of the analysis, and nowhere else."""
    analysed = [collapsed(quote) for item in protocol.analyses for quote in item.quotes]
    for name, allocation in protocol.allocation.items():
        named = [collapsed(q) for q in allocation.quotes if _METHODS[allocation.method].search(q)]
        if named and all(any(quote in other for other in analysed) for quote in named):
            what = (
                f"{allocation.method} is named by the analysis only ('{named[0]}'), not where allocation is described"
            )
            mend = "ask how participants are allocated, by which factors, and with what probability"
            yield warning(protocol, ("allocation", name, "method"), "allocation-method-unsaid", what, mend)


def classes_compared(protocol: Protocol) -> Iterator[Finding]:
    """Arms that are classes by response, compared from an origin before the response (guarantee-time bias)."""
    if not any(isinstance(item, ClassifiedList) for item in protocol.allocation.values()):
        return
    times = protocol.times_to_event()
    guarded: list[tuple[int, Analysis]] = []
    for i, item in enumerate(protocol.analyses):
        endpoint = times.get(item.endpoint)
        if endpoint is None or not protocol.origin_precedes_allocation(endpoint.origin):
            continue
        if item.landmark_months is not None and item.time_dependent:
            guarded.append((i, item))
            continue
        what = (
            f"{item.endpoint} counts from {endpoint.origin} and its arms are classes that a participant has to live to"
            " reach: compared so, responders live longer even if nothing helps"
        )
        mend = "add landmark_months and time_dependent: true to the analysis"
        yield error(protocol, ("analyses", i), "guarantee-time-unguarded", what, mend)
    if guarded:
        names, first = listed([item.endpoint for _, item in guarded]), guarded[0][1].endpoint
        what = (
            f"guarantee-time bias in {names}: time runs from {times[first].origin}, and an arm is reached only by"
            " living until the response that defines it"
        )
        mend = "read the landmark and the time-dependent analysis; Equipoise marks the comparison as written as biased"
        yield warning(protocol, ("endpoints", first, "origin"), "guarantee-time", what, mend)
    yield from _no_control(protocol)


def _no_control(protocol: Protocol) -> Iterator[Finding]:
    name = next(name for name, item in protocol.allocation.items() if isinstance(item, ClassifiedList))
    what = (
        "each class has one treatment, so arms differ in response and treatment at once: no comparison tells them apart"
    )
    mend = "allocate at random within a class, or ask only how each class fares"
    yield warning(protocol, ("allocation", name), "class-without-control", what, mend)
