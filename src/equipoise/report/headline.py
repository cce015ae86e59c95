"""The result in the form of an abstract, made of nothing but the estimates and the flow.

The wording is neutral: an interval is described by what it holds, and nothing is concluded from a p-value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.analysis.results import Results
from equipoise.estimates import Estimate
from equipoise.figures import quote
from equipoise.figures.numbers import NBSP, count, decimal, level, percent
from equipoise.protocol import Protocol
from equipoise.report.choose import (
    classes_formed_later,
    effects,
    events_by_arm,
    in_brief,
    is_follow_up,
    is_test,
    overall,
    test_of,
)
from equipoise.report.words import (
    allocation_verb,
    arm_words,
    arms_in_order,
    by_arm_words,
    capitalised,
    endpoint_labels,
    joined,
    measure_words,
    method_words,
    origin_of,
    primary_endpoint,
    uncapitalised,
    until,
)

CLASSES = (
    "The arms are classes formed by a later response, and whoever reached one had to live until then (guarantee-time "
    "bias): only the landmark and the time-dependent comparisons are quoted here; the comparison and the curves by "
    "class stand under the results, marked as biased."
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, and the words it opens with in bold."""

    lead: str
    text: str


def headline(protocol: Protocol, results: Results) -> list[Paragraph]:
    """Who took part; the primary endpoint and how to read it; the other endpoints that were compared."""
    primary = primary_endpoint(protocol)
    labels = endpoint_labels(protocol)
    who = " ".join(filter(None, (participants(protocol, results), follow_up(protocol, results))))
    paragraphs = [Paragraph("", who)]
    others = [
        name
        for name in protocol.endpoints
        if name != primary and any(item.value is not None for item in effects(results.of(name)))
    ]
    since = _origins(protocol, [*filter(None, [primary]), *others])
    if primary is not None:
        own = results.of(primary)
        text = " ".join([*_primary(protocol, primary, own, since.get(primary, "")), *readings(own)])
        paragraphs.append(Paragraph("", text))
    if any(classes_formed_later(results.of(name)) for name in (primary, *others) if name):
        paragraphs.append(Paragraph("", CLASSES))
    for name in others:
        own = results.of(name)
        said = [f"The {text}." for text in _effects(protocol, own)]
        paragraphs.append(
            Paragraph(f"{labels[name]}.", " ".join([*said, *_values(protocol, own, since.get(name, ""))]))
        )
    return [paragraph for paragraph in paragraphs if paragraph.text]


def _origins(protocol: Protocol, endpoints: Sequence[str]) -> dict[str, str]:
    """From what each endpoint's time counts, ` from diagnosis`; nothing where all count from the same."""
    origins = {name: origin_of(protocol, name) for name in endpoints}
    several = len(set(filter(None, origins.values()))) > 1
    return {name: f" from {origin}" for name, origin in origins.items() if origin and several}


def participants(protocol: Protocol, results: Results) -> str:
    """`Of 570 registered, 407 were randomised to ...`."""
    flow = results.flow
    if flow is None or not flow.arms:
        return ""
    allocated = sum(arm.allocated for arm in flow.arms)
    entered, what = (flow.steps[0].passed, "registered") if len(flow.steps) > 1 else (flow.screened, "screened")
    arms = [
        f"{uncapitalised(arm.label)} ({arm_words(arm.arm)}, n{NBSP}={NBSP}{count(arm.allocated)})" for arm in flow.arms
    ]
    verb = allocation_verb(protocol).lower()
    be = "was" if allocated == 1 else "were"
    return f"Of {count(entered)} {what}, {count(allocated)} {be} {verb} to {joined(arms, 'or')}."


def follow_up(protocol: Protocol, results: Results) -> str:
    """The median follow-up, each definition with its name."""
    found = [item for item in overall(results.estimates) if is_follow_up(item) and item.arm is None]
    first = [item for item in found if item.endpoint == found[0].endpoint]
    parts = [f"{short(item)} ({method_words(protocol, item.method)})" for item in first]
    return f"Median follow-up was {joined(parts)}." if parts else ""


def short(estimate: Estimate) -> str:
    """A value as an abstract gives it: whole months from 10 on."""
    if estimate.value is not None and estimate.unit == "month":
        return f"{decimal(estimate.value, 0 if estimate.value >= 9.95 else 1)}{NBSP}months"
    if estimate.value is not None and estimate.unit == "probability" and estimate.reference is None:
        return percent(estimate.value, 1)
    return quote.value(estimate, unit=True)


def _primary(protocol: Protocol, endpoint: str, estimates: Sequence[Estimate], since: str) -> list[str]:
    """Events, effects and values by arm of the primary endpoint."""
    name = uncapitalised(endpoint_labels(protocol).get(endpoint, endpoint))
    events = events_by_arm(estimates)
    sentences = []
    if events:
        total, by = sum(events.values()), until(protocol, endpoint)
        each = joined([f"{count(events[arm])} in {arm_words(arm)}" for arm in arms_in_order(protocol, events)])
        were = "event was" if total == 1 else "events were"
        sentences.append(f"For {name}, the primary endpoint, {count(total)} {were} counted{by} ({each}).")
    elif estimates:
        sentences.append(f"The primary endpoint was {name}.")
    sentences += [f"The {said}." for said in _effects(protocol, estimates)]
    return [*sentences, *_values(protocol, estimates, since)]


def _effects(protocol: Protocol, estimates: Sequence[Estimate]) -> list[str]:
    """Each effect in words; its method too where one comparison has several."""
    found = effects(estimates)
    several = len({item.comparison for item in found}) < len(found)
    return [_effect(protocol, item, test_of(item, estimates), name_method=several) for item in found]


def _effect(protocol: Protocol, effect: Estimate, test: Estimate, *, name_method: bool) -> str:
    """`hazard ratio of B versus A was 0.86 (90 % CI 0.69–1.07; one-sided p = 0.13, log-rank)`."""
    at = f" at {effect.at:g}{NBSP}months" if effect.at is not None else ""
    method = f" ({method_words(protocol, effect.method)})" if name_method and effect.method else ""
    adjusted = f", {adjustment(protocol, effect)}," if effect.adjusted_for else ""
    subject = f"{effect.measure} of {effect.comparison}{at}{method}{adjusted}"
    if effect.value is None:
        return f"{subject} could not be given ({effect.reason})"
    p = f"{quote.p(test)}, {test_words(protocol, effect, test)}" if test.p_value is not None else ""
    inside = "; ".join(filter(None, (quote.limits(effect), p)))
    return f"{subject} was {quote.value(effect, unit=True)}" + (f" ({inside})" if inside else "")


def adjustment(protocol: Protocol, estimate: Estimate) -> str:
    """`adjusted for age and HER2 status`; empty where it is not."""
    labels = [method_words(protocol, name) for name in estimate.adjusted_for]
    return f"adjusted for {joined(labels)}" if labels else ""


def test_words(protocol: Protocol, effect: Estimate, test: Estimate) -> str:
    """The test whose p stands beside an effect; said to be unadjusted where the effect is adjusted and it is not."""
    unadjusted = effect.adjusted_for and is_test(test) and not test.adjusted_for
    plain = unadjusted and "unadjusted" not in test.p_method
    return ("unadjusted " if plain else "") + method_words(protocol, test.p_method)


def _values(protocol: Protocol, estimates: Sequence[Estimate], since: str) -> list[str]:
    """`The median was 69 months (arm A) and 75 months (arm B).`; `since` is from what they count, ` from diagnosis`."""
    found = in_brief(estimates)
    if not found:
        return []
    at = f" at {found[0].at:g}{NBSP}months" if found[0].at is not None else ""
    measure = measure_words(protocol, found[0])
    subject = f"the {measure}" if measure in ("median", "mean") else measure
    values = by_arm_words(protocol, {item.arm or "": short(item) for item in found})
    return [f"{capitalised(subject)}{at}{since} was {values}."]


def readings(estimates: Sequence[Estimate]) -> list[str]:
    """What the interval holds, for the one effect of a primary endpoint; nothing where there are several."""
    found = [item for item in effects(estimates) if item.value is not None]
    return [reading(found[0])] if len(found) == 1 else []


def reading(effect: Estimate) -> str:
    """One neutral sentence or two on an interval and the value of no effect."""
    low, high, null = effect.conf_low, effect.conf_high, effect.null_value
    if low is None or high is None or null is None or effect.conf_level is None:
        return ""
    span = f"The {level(effect.conf_level)} interval"
    if not low <= null <= high:
        return f"{span} lies {'below' if high < null else 'above'} {decimal(null, 0)}, the value of no difference."
    absence = "Absence of evidence of a difference is not evidence of its absence."
    if effect.unit != "ratio" or low <= 0:
        return (
            f"{span} includes no difference: differences in either direction as large as its limits, and none at all, "
            f"agree with these data at that level. {absence}"
        )
    below, above = (f"{decimal(abs(100 * (1 - limit)), 0)}{NBSP}%" for limit in (low, high))
    return (
        f"{span} includes 1: anything from a hazard {below} lower to one {above} higher with {effect.arm} "
        f"(no difference included) agrees with these data at that level. {absence}"
    )
