"""The protocol in short phrases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from equipoise.estimates import Estimate
from equipoise.figures.numbers import NBSP
from equipoise.protocol import Protocol
from equipoise.protocol.model.allocation import (
    BiasedCoinList,
    BigStickList,
    BlockList,
    BlockUrnList,
    ChanceList,
    ClassifiedList,
    MaximalList,
    MinimisationList,
    StratifiedList,
)
from equipoise.protocol.model.endpoints import Count, Endpoint, Milestone, Proportion, Score, TimeToEvent
from equipoise.protocol.model.pathway import Randomise

CENSORING = {
    "last_alive": "censored when last known alive",
    "last_assessment": "censored at the last assessment",
}


def uncapitalised(text: str) -> str:
    """With a small first letter, unless the first word is an abbreviation or a name in capitals."""
    word = text.split(" ", 1)[0].split("-", 1)[0]
    return (
        text
        if any(character.isupper() or character.isdigit() for character in word[1:])
        else text[:1].lower() + text[1:]
    )


def capitalised(text: str) -> str:
    """With a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def joined(parts: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def endpoint_labels(protocol: Protocol) -> dict[str, str]:
    """The label of every endpoint, of the sensitivity analyses too."""
    labels = {}
    for name, endpoint in protocol.endpoints.items():
        labels[name] = endpoint.label
        if isinstance(endpoint, TimeToEvent):
            labels |= {item.id: item.label for item in endpoint.sensitivity}
    return labels


def origin_words(protocol: Protocol, origin: str) -> str:
    """An origin as words: `randomisation`, `diagnosis`, or the label of a date."""
    variable = protocol.dictionary.get(origin)
    if variable is not None and "_" in origin:
        return uncapitalised(variable.label.removeprefix("Date of "))
    return origin.replace("_", " ")


def event_words(protocol: Protocol, refs: Iterable[str]) -> str:
    """Events as words: `death or local progression`, a cause in brackets."""
    words = []
    for ref in refs:
        event, _, cause = ref.partition(":")
        label = uncapitalised(protocol.events[event].label) if event in protocol.events else event.replace("_", " ")
        words.append(f"{label} ({cause.replace('_', ' ')})" if cause else label)
    return joined(words, "or")


def definition(protocol: Protocol, endpoint: Endpoint) -> str:
    """What an endpoint measures, in one sentence."""
    match endpoint:
        case TimeToEvent():
            return _time_to_event(protocol, endpoint)
        case Milestone():
            of = protocol.endpoints[endpoint.of]
            competing = isinstance(of, TimeToEvent) and of.competing
            how = "one minus the cumulative incidence, Aalen–Johansen" if competing else "Kaplan–Meier"
            at = f"{endpoint.at_months:g}{NBSP}months"
            return f"Share of participants without an event of “{of.label}” at {at} ({how})."
        case Count():
            until = f", until {event_words(protocol, endpoint.terminal)}" if endpoint.terminal else ""
            since = origin_words(protocol, endpoint.origin)
            return f"How often since {since}: {event_words(protocol, endpoint.events)}{until}."
        case Proportion():
            among = ", among those to whom the question applies" if endpoint.among else ""
            return f"Share of participants{among}: {uncapitalised(endpoint.label)}."
        case Score():
            times = joined([f"{at:g}" for at in endpoint.at_months])
            named = f"{endpoint.instrument}, " if endpoint.instrument else ""
            what = protocol.dictionary[endpoint.variable].label
            return f"{named}{what} at {times}{NBSP}months; higher is {endpoint.higher_is}."


def rules(endpoint: Endpoint | None) -> tuple[tuple[str, str], ...]:
    """The rules by which a proportion is counted, each with what it says, as the protocol writes them."""
    if not isinstance(endpoint, Proportion):
        return ()
    named = (("rule", endpoint.rule), ("rule for those to whom it applies", endpoint.among))
    return tuple((name, rule) for name, rule in named if rule)


def counted_event(protocol: Protocol, endpoint: str) -> str:
    """The event whose cumulative incidence an endpoint has, `death (breast cancer)`; empty if it names none."""
    item = protocol.endpoints.get(endpoint)
    if isinstance(item, Milestone):
        item = protocol.endpoints.get(item.of)
    return event_words(protocol, item.all_events) if isinstance(item, TimeToEvent) else ""


def measure_words(protocol: Protocol, estimate: Estimate) -> str:
    """What is estimated: `survival`, `cumulative incidence of death (breast cancer)`."""
    event = counted_event(protocol, estimate.endpoint) if estimate.measure == "cumulative incidence" else ""
    return f"{estimate.measure} of {event}" if event else estimate.measure


def measure_of(protocol: Protocol, estimate: Estimate) -> str:
    """The measure and its time: `Survival at 12 months`."""
    at = f" at {estimate.at:g}{NBSP}months" if estimate.at is not None else ""
    return capitalised(measure_words(protocol, estimate)) + at


def origin_of(protocol: Protocol, endpoint: str) -> str:
    """Where the time of an endpoint starts, as words; empty where it has no origin."""
    item = protocol.endpoints.get(endpoint)
    if isinstance(item, Milestone):
        item = protocol.endpoints.get(item.of)
    return origin_words(protocol, item.origin) if isinstance(item, TimeToEvent | Count) else ""


def until(protocol: Protocol, endpoint: str) -> str:
    """` by 24 months`, the time up to which the events of a milestone count; empty for other endpoints."""
    item = protocol.endpoints.get(endpoint)
    return f" by {item.at_months:g}{NBSP}months" if isinstance(item, Milestone) else ""


def ends_in_death(protocol: Protocol, endpoint: str) -> bool:
    """Whether every death is an event of an endpoint, whatever its cause, and nothing else is."""
    item = protocol.endpoints.get(endpoint)
    return (
        isinstance(item, TimeToEvent)
        and not item.competing
        and all(ref in protocol.events and protocol.events[ref].kind == "death" for ref in item.all_events)
    )


def _time_to_event(protocol: Protocol, endpoint: TimeToEvent) -> str:
    if endpoint.events:
        events = event_words(protocol, endpoint.events)
    else:
        by_arm = (f"{event_words(protocol, refs)} in {arm}" for arm, refs in endpoint.events_by_arm.items())
        events = joined(list(by_arm), "or")
    parts = [f"Time from {origin_words(protocol, endpoint.origin)} to {events}"]
    if endpoint.competing:
        parts.append(f"{event_words(protocol, endpoint.competing)} competes")
    parts.append(CENSORING[endpoint.censor])
    if endpoint.horizon_months:
        frame = f"{endpoint.horizon_months:g}{NBSP}months"
        parts.append(f"time frame in the source: {frame}; all follow-up is analysed")
    return "; ".join(parts) + "."


def value_label(protocol: Protocol, endpoint: str, kind: str) -> str:
    """What the curves of an endpoint show, for the axis."""
    item = protocol.endpoints.get(endpoint)
    if kind == "incidence":
        event = counted_event(protocol, endpoint)
        return f"Cumulative incidence of {event}, %" if event else "Cumulative incidence, %"
    deaths = isinstance(item, TimeToEvent) and all(
        protocol.events[ref.partition(":")[0]].kind == "death" for ref in item.all_events
    )
    return "Alive, %" if deaths else "Event-free, %"


def arms_in_order(protocol: Protocol, arms: Iterable[str]) -> list[str]:
    """Arms in the protocol's order; those that it does not name, such as `any other`, follow."""
    found = list(dict.fromkeys(arms))
    return [*(arm for arm in protocol.arms if arm in found), *(arm for arm in found if arm not in protocol.arms)]


def arm_words(arm: str | None) -> str:
    """`arm A`; an id that is a word itself stays alone."""
    name = arm or ""
    return f"arm{NBSP}{name}" if len(name) <= 2 else name.replace("_", " ")


def by_arm_words(protocol: Protocol, values: dict[str, str]) -> str:
    """`69 months (arm A) and 75 months (arm B)`."""
    return joined([f"{values[arm]} ({arm_words(arm)})" for arm in arms_in_order(protocol, values)])


def allocation_verb(protocol: Protocol) -> str:
    """`Randomised` or `Assigned`."""
    return "Randomised" if isinstance(protocol.allocation_step, Randomise) else "Assigned"


def allocation(protocol: Protocol) -> str:
    """How participants are allocated, in one sentence."""
    found = protocol.allocation[protocol.allocation_step.list]
    if isinstance(found, ClassifiedList):
        return "Not randomised: the arm follows from the class of response."
    ratio = ":".join(str(found.ratio[arm]) for arm in protocol.arms if arm in found.ratio)
    strata = (
        f", stratified by {joined([_variable(protocol, name) for name in found.strata])}"
        if isinstance(found, StratifiedList) and found.strata
        else ""
    )
    return f"Randomised {ratio}{_by_method(protocol, found)}{strata}."


def _by_method(protocol: Protocol, found: ChanceList) -> str:
    """The method of a list with chance, and its settings."""
    match found:
        case MinimisationList():
            factors = joined([_variable(protocol, factor.variable) for factor in found.factors])
            scheme = "" if found.scheme == "best" else f"{found.scheme} "
            return (
                f" by minimisation over {factors}; {found.measure} of the margins, "
                f"{scheme}probability {float(found.probability):.3g}"
            )
        case BlockList():
            return f" in permuted blocks of {joined([str(size) for size in found.sizes])}"
        case BlockUrnList():
            return f" by a block urn of {found.size}"
        case BiasedCoinList():
            return f" by Efron's biased coin of {float(found.probability):.3g}"
        case BigStickList():
            return f" by the big stick, no arm leading by more than {found.limit}"
        case MaximalList():
            return (
                f" by the maximal procedure in sequences of {found.length}, no arm leading by more than {found.limit}"
            )
        case _:
            return ", each participant by the ratio alone"


def _variable(protocol: Protocol, name: str) -> str:
    return uncapitalised(protocol.dictionary[name].label) if name in protocol.dictionary else name.replace("_", " ")


def value_words(protocol: Protocol, name: str, value: str) -> str:
    """The label of a variable's value."""
    variable = protocol.dictionary.get(name)
    if variable is not None and variable.type == "boolean":
        return {"Y": "Yes", "N": "No"}.get(value, value)
    return ((variable.values if variable else None) or {}).get(value, value)


_NAMES = {
    "kaplan-meier": "Kaplan–Meier",
    "aalen-johansen": "Aalen–Johansen",
    "ghosh-lin": "Ghosh–Lin",
    "fine-gray": "Fine–Gray",
    "cox": "Cox",
    "wilson": "Wilson",
    "wald": "Wald",
    "greenwood": "Greenwood",
}
_WORD = re.compile(r"[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*")


def method_words(protocol: Protocol, method: str) -> str:
    """A method with names written as names, and variables by their labels."""

    def word(found: re.Match[str]) -> str:
        text = found.group()
        if text in protocol.dictionary and ("_" in text or "stratified by" in method or text == method):
            return uncapitalised(protocol.dictionary[text].label)
        return _NAMES.get(text.lower(), text)

    return _WORD.sub(word, method)


def primary_endpoint(protocol: Protocol) -> str | None:
    """The primary endpoint; None where there is none."""
    return next(iter(protocol.primary_endpoints), None)
