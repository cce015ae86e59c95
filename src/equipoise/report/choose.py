"""Which estimates of an endpoint say what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from equipoise.estimates import Estimate


def is_test(estimate: Estimate) -> bool:
    """Whether it is a test and no effect: its p-value is what counts."""
    words = estimate.measure.lower()
    return any(word in words for word in ("log-rank", "logrank", "test", "interaction"))


def is_comparison(estimate: Estimate) -> bool:
    """Whether it is an effect of one arm over another."""
    return estimate.reference is not None and not is_test(estimate)


def is_follow_up(estimate: Estimate) -> bool:
    """Whether it is a median follow-up."""
    return "follow-up" in estimate.measure


def overall(estimates: Iterable[Estimate]) -> list[Estimate]:
    """Those of all participants, subgroups left out."""
    return [item for item in estimates if not item.subgroup]


def test_of(effect: Estimate, estimates: Sequence[Estimate]) -> Estimate:
    """The estimate whose p-value goes with an effect: the protocol's own test if there is one, else its own."""
    if "log-rank" in effect.p_method or "logrank" in effect.p_method:
        return effect
    tests = (
        item
        for item in estimates
        if item.p_value is not None
        and item.endpoint == effect.endpoint
        and not item.subgroup
        and item.population == effect.population
        and is_test(item)
        and "interaction" not in item.measure + item.p_method
        and (item.arm, item.reference) in ((effect.arm, effect.reference), (None, None))
    )
    return next(tests, effect)


def hazard_ratios(estimates: Iterable[Estimate]) -> list[Estimate]:
    """The hazard ratios of all participants."""
    return [item for item in overall(estimates) if item.measure == "hazard ratio" and item.reference is not None]


def primary_effects(estimates: Iterable[Estimate]) -> list[Estimate]:
    """The comparisons of an endpoint that its headline quotes: hazard ratios if there are some, else differences."""
    effects = [item for item in overall(estimates) if is_comparison(item)]
    ratios = [item for item in effects if item.measure == "hazard ratio"]
    return ratios or effects
