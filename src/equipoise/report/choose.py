"""Which estimates of an endpoint say what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from equipoise.estimates import Estimate


def is_test(estimate: Estimate) -> bool:
    """Whether it is a test and no effect: its p-value is what counts."""
    words = estimate.measure.lower()
    return any(word in words for word in ("log-rank", "test", "interaction"))


def is_comparison(estimate: Estimate) -> bool:
    """Whether it is an effect of one arm over another."""
    return estimate.reference is not None and not is_test(estimate)


def is_follow_up(estimate: Estimate) -> bool:
    """Whether it is a median follow-up."""
    return "follow-up" in estimate.measure


def stands(estimate: Estimate) -> bool:
    """Whether it answers the question: neither biased nor a sensitivity analysis; those stand in the tables."""
    return estimate.role == "main"


def classes_formed_later(estimates: Iterable[Estimate]) -> bool:
    """Whether the arms of an endpoint are classes formed by a later response, so that their curves are biased."""
    return any("guarantee-time" in item.note for item in estimates)


def overall(estimates: Iterable[Estimate]) -> list[Estimate]:
    """Those of all participants, subgroups left out."""
    return [item for item in estimates if not item.subgroup]


def effects(estimates: Iterable[Estimate]) -> list[Estimate]:
    """The comparisons of an endpoint that a headline quotes: hazard ratios if there are some, else differences."""
    found = [item for item in overall(estimates) if is_comparison(item) and stands(item)]
    ratios = [item for item in found if item.measure == "hazard ratio"]
    return ratios or found


def test_of(effect: Estimate, estimates: Sequence[Estimate]) -> Estimate:
    """The estimate whose p-value goes with an effect: its own, or that of a log-rank test of the same arms."""
    if effect.p_value is not None:
        return effect
    same = (effect.endpoint, effect.arm, effect.reference, effect.population)
    tests = (
        item for item in estimates if is_test(item) and item.p_value is not None and not item.subgroup and stands(item)
    )
    return next((item for item in tests if (item.endpoint, item.arm, item.reference, item.population) == same), effect)


def by_arm(estimates: Iterable[Estimate]) -> list[Estimate]:
    """The values of single arms."""
    return [item for item in overall(estimates) if item.arm is not None and item.reference is None]


def events_by_arm(estimates: Sequence[Estimate]) -> dict[str, int]:
    """Events of all participants of an endpoint by arm, over all follow-up where some value is of all follow-up.

    They are those of the arms' own values, or of the comparison with the most: a landmark's are of fewer participants.
    """
    own = [item for item in by_arm(estimates) if item.events_by_arm]
    of_all_follow_up = _events([item for item in own if item.at is None])
    compared = [item for item in overall(estimates) if item.reference is not None or is_test(item)]
    largest = max((dict(item.events_by_arm) for item in compared), key=lambda found: sum(found.values()), default={})
    return of_all_follow_up or largest or _events(own)


def _events(by_arm: Iterable[Estimate]) -> dict[str, int]:
    """Of each arm, as its first value counts them."""
    found: dict[str, int] = {}
    for item in by_arm:
        for arm, events in item.events_by_arm.items():
            found.setdefault(arm, events)
    return found


def in_brief(estimates: Iterable[Estimate]) -> list[Estimate]:
    """One value for each arm: medians, or else the latest time that all arms have a value of the same measure at."""
    values = [item for item in by_arm(estimates) if stands(item)]
    medians = [item for item in values if item.measure == "median"]
    if any(item.value is not None for item in medians):
        return _one_per_arm(medians)
    arms = {item.arm for item in values}
    complete = [
        group
        for group in _groups([item for item in values if item.value is not None])
        if {item.arm for item in group} == arms
    ]
    return _one_per_arm(max(complete, key=lambda group: group[0].at or 0.0)) if complete else []


def _groups(estimates: Sequence[Estimate]) -> list[list[Estimate]]:
    """Values of the same measure at the same time."""
    found: dict[tuple[str, float | None], list[Estimate]] = {}
    for item in estimates:
        found.setdefault((item.measure, item.at), []).append(item)
    return list(found.values())


def _one_per_arm(estimates: Sequence[Estimate]) -> list[Estimate]:
    first: dict[str | None, Estimate] = {}
    for item in estimates:
        first.setdefault(item.arm, item)
    return list(first.values())
