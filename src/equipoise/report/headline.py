"""The result in the form of an abstract, made of nothing but the estimates and the flow.

The wording is neutral: an interval is described by what it holds, and nothing is concluded from a p-value.
"""

from __future__ import annotations

from collections.abc import Sequence

from equipoise.analysis.results import Results
from equipoise.estimates import Estimate
from equipoise.figures import quote
from equipoise.figures.numbers import NBSP, count, decimal, level, percent
from equipoise.protocol import Protocol
from equipoise.report.choose import is_comparison, is_follow_up, is_test, overall, primary_effects, test_of
from equipoise.report.words import (
    allocation_verb,
    capitalised,
    endpoint_labels,
    joined,
    primary_endpoint,
    uncapitalised,
)


def headline(protocol: Protocol, results: Results) -> list[str]:
    """Paragraphs: who took part; the primary endpoint and how to read it; the other endpoints that were compared."""
    primary = primary_endpoint(protocol)
    labels = endpoint_labels(protocol)
    paragraphs = [" ".join(filter(None, (participants(protocol, results), follow_up(results))))]
    if primary:
        own = results.of(primary)
        sentences = endpoint_sentences(labels[primary], own, primary=True)
        paragraphs.append(" ".join([*sentences, *readings(own)]))
    rest: list[str] = []
    for name in protocol.endpoints:
        own = results.of(name)
        if name != primary and any(item.value is not None and is_comparison(item) for item in overall(own)):
            rest += endpoint_sentences(labels[name], own)
    paragraphs.append(" ".join(rest))
    return [paragraph for paragraph in paragraphs if paragraph]


def participants(protocol: Protocol, results: Results) -> str:
    """`Of 570 registered, 407 were randomised to ...`."""
    flow = results.flow
    if flow is None or not flow.arms:
        return ""
    allocated = sum(arm.allocated for arm in flow.arms)
    entered, what = (flow.steps[0].passed, "registered") if len(flow.steps) > 1 else (flow.screened, "screened")
    arms = [f"{uncapitalised(arm.label)} ({_arm(arm.arm)}, n{NBSP}={NBSP}{count(arm.allocated)})" for arm in flow.arms]
    verb = allocation_verb(protocol).lower()
    be = "was" if allocated == 1 else "were"
    return f"Of {count(entered)} {what}, {count(allocated)} {be} {verb} to {joined(arms, 'or')}."


def _arm(arm: str) -> str:
    """`arm A`; an id that is a word itself stays alone."""
    return f"arm{NBSP}{arm}" if len(arm) <= 2 else arm.replace("_", " ")


def follow_up(results: Results) -> str:
    """The median follow-up, each definition with its name."""
    found = [item for item in overall(results.estimates) if is_follow_up(item) and item.arm is None]
    if not found:
        return ""
    first = [item for item in found if item.endpoint == found[0].endpoint]
    parts = [f"{short(item)} ({item.method})" for item in first]
    return f"Median follow-up was {joined(parts)}."


def short(estimate: Estimate) -> str:
    """A value as an abstract gives it: whole months from 10 on."""
    if estimate.value is not None and estimate.unit == "month":
        return f"{decimal(estimate.value, 0 if estimate.value >= 9.95 else 1)}{NBSP}months"
    if estimate.value is not None and estimate.unit == "probability" and estimate.reference is None:
        return percent(estimate.value, 1)
    return quote.value(estimate, unit=True)


def endpoint_sentences(label: str, estimates: Sequence[Estimate], *, primary: bool = False) -> list[str]:
    """Events, effects and medians of one endpoint."""
    everyone = overall(estimates)
    effects = primary_effects(everyone)
    sentences = []
    name = uncapitalised(label)
    if primary and effects and effects[0].events_by_arm:
        sentences.append(f"For {name}, the primary endpoint, {_events(effects[0])}.")
    elif primary and everyone:
        sentences.append(f"The primary endpoint was {name}.")
    for index, effect in enumerate(effects):
        said = _effect(effect, test_of(effect, everyone), several=len(effects) > 1)
        opening = "The " if primary else f"{capitalised(label)}: " if not index else "The "
        sentences.append(opening + said + ".")
    values = by_arm(everyone)
    if values:
        measure, parts = values
        subject = f"{measure} of {name}" if measure != "median" else f"Median {name}"
        sentences.append(f"{capitalised(subject)} was {joined(parts)}.")
    return sentences


def _events(effect: Estimate) -> str:
    """`318 events were counted (166 in arm A, 152 in arm B)`."""
    total = sum(effect.events_by_arm.values())
    each = joined([f"{count(events)} in {_arm(arm)}" for arm, events in effect.events_by_arm.items()])
    return f"{count(total)} {'event was' if total == 1 else 'events were'} counted ({each})"


def _effect(effect: Estimate, test: Estimate, *, several: bool) -> str:
    """`hazard ratio of B versus A was 0.86 (90 % CI 0.69–1.07; one-sided p = 0.13, log-rank)`."""
    at = f" at {effect.at:g}{NBSP}months" if effect.at is not None else ""
    how = f" ({effect.method})" if several and effect.method else ""
    subject = f"{effect.measure} of {effect.comparison}{at}{how}"
    if effect.value is None:
        return f"{subject} could not be given ({effect.note})"
    p = f"{quote.p(test)}, {test.p_method}" if test.p_value is not None else ""
    caution = effect.note if "bias" in effect.note else ""
    inside = "; ".join(filter(None, (quote.limits(effect), p, caution)))
    return f"{subject} was {quote.value(effect, unit=True)}" + (f" ({inside})" if inside else "")


def by_arm(estimates: Sequence[Estimate]) -> tuple[str, list[str]] | None:
    """The one value by arm that an abstract quotes: medians; if there are none, survival at the latest time common."""
    per_arm = [item for item in estimates if item.arm is not None and item.reference is None and not is_test(item)]
    medians = [item for item in per_arm if item.measure == "median"]
    if medians and any(item.value is not None for item in medians):
        return "median", [f"{short(item)} ({_arm(item.arm or '')})" for item in _one_per_arm(medians)]
    at_times = [item for item in per_arm if item.at is not None and item.value is not None]
    if at_times:
        latest = max(item.at for item in at_times if item.at is not None)
        chosen = _one_per_arm([item for item in at_times if item.at == latest])
        measure = f"{chosen[0].measure} at {latest:g}{NBSP}months"
        return measure, [
            f"{short(item)} ({_arm(item.arm or '')})" for item in chosen if item.measure == chosen[0].measure
        ]
    return None


def _one_per_arm(estimates: Sequence[Estimate]) -> list[Estimate]:
    """The first of each arm: the analysis of the protocol; others, such as landmarks, follow it."""
    first: dict[str | None, Estimate] = {}
    for item in estimates:
        first.setdefault(item.arm, item)
    return list(first.values())


def readings(estimates: Sequence[Estimate]) -> list[str]:
    """What the intervals hold, for the one effect of a primary endpoint; nothing where there are several."""
    effects = [item for item in primary_effects(estimates) if item.value is not None]
    return [reading(effects[0])] if len(effects) == 1 else []


def reading(effect: Estimate) -> str:
    """One neutral sentence or two on an interval and the value of no effect."""
    low, high, null = effect.conf_low, effect.conf_high, effect.null_value
    if low is None or high is None or null is None or effect.conf_level is None:
        return ""
    span = f"The {level(effect.conf_level)} interval"
    if not low <= null <= high:
        side = "below" if high < null else "above"
        return f"{span} lies {side} {decimal(null, 0)}, the value of no difference."
    if effect.unit != "ratio" or low <= 0:
        return (
            f"{span} includes no difference: differences in either direction as large as its limits, and none at all, "
            "agree with these data. Absence of evidence of a difference is not evidence of its absence."
        )
    below, above = (f"{decimal(abs(100 * (1 - limit)), 0)}{NBSP}%" for limit in (low, high))
    return (
        f"{span} includes 1: anything from a hazard {below} lower to one {above} higher with {effect.arm}, no "
        "difference among them, agrees with these data at that level. Absence of evidence of a difference is not "
        "evidence of its absence."
    )
