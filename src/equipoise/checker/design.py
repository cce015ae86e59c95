"""The design: what the number of participants rests on, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from equipoise.checker.finding import Finding, note, warning
from equipoise.checker.places import listed
from equipoise.design import formulas
from equipoise.design.plan.from_protocol import control_of, hazard_ratio_of
from equipoise.protocol import Protocol
from equipoise.protocol.model.statistics import Design
from equipoise.protocol.printed import printed


@dataclass(frozen=True, slots=True)
class _Sizing:
    """A design that says everything a log-rank sizing needs."""

    alpha: float
    sides: int
    power: float
    hazard_ratio: float


def _sizing(design: Design | None) -> _Sizing | None:
    if design is None or design.alpha is None or design.sides is None or design.power is None:
        return None
    ratio = hazard_ratio_of(design)
    if ratio is None or ratio == 1 or not _has_size(design.alpha, design.sides, design.power):
        return None
    return _Sizing(design.alpha, design.sides, design.power, ratio)


def _has_size(alpha: float, sides: int, power: float) -> bool:
    """Whether level and power ask for any participants: a test has a power of alpha without them."""
    return alpha / sides < min(power, 0.5)


def _power(sizing: _Sizing, events: float, hazard_ratio: float) -> float:
    """Power towards the side on which the design expects its effect."""
    benefit: formulas.Benefit = "below" if sizing.hazard_ratio < 1 else "above"
    return formulas.power_for_events(events, hazard_ratio, alpha=sizing.alpha, sides=sizing.sides, benefit=benefit)


def _mean_probability(rate: float, ratio: float, accrual: float, follow_up: float) -> float:
    """Probability of the event over both arms, equal in size."""
    return sum(formulas.exponential_event_probability(item, accrual, follow_up) for item in (rate, rate * ratio)) / 2


def without_level_or_power(protocol: Protocol) -> Iterator[Finding]:
    """A design that does not say its type I error, sides or power."""
    design = protocol.design
    if design is None:
        what = "the protocol has no design: nothing says how many participants the question needs"
        yield warning(protocol, (), "design-missing", what, "add a design, assumed if the source has none")
        return
    missing = [name for name in ("alpha", "sides", "power") if getattr(design, name) is None]
    if missing:
        what = f"the design does not say {listed(missing)}"
        yield warning(protocol, ("design",), "design-incomplete", what, "ask for it, or add it as assumed")


def without_effect(protocol: Protocol) -> Iterator[Finding]:
    """A number of participants without an effect that it is to detect."""
    design = protocol.design
    if (
        design is None
        or design.participants is None
        or hazard_ratio_of(design) is not None
        or design.events is not None
    ):
        return
    what = f"{design.participants} participants are planned, and no effect is stated that they are to detect"
    alpha, sides, power = design.alpha, design.sides, design.power
    comparable = len(protocol.arms) == 2 and design.participants >= 10
    if comparable and alpha and sides and power and _has_size(alpha, sides, power):
        shares = [round(design.participants * share) for share in (0.5, 0.6, 0.7, 0.8)]
        ratios = [f"{formulas.detectable_hazard_ratio(n, alpha=alpha, sides=sides, power=power):.2f}" for n in shares]
        what += (
            f": with power {power:g} and {sides}-sided alpha {alpha:g},"
            f" {', '.join(map(str, shares))} events detect hazard ratios of {', '.join(ratios)}"
        )
    yield warning(protocol, ("design", "participants"), "sample-size-not-derived", what, "ask what it was derived from")


def own_number_of_events(protocol: Protocol) -> Iterator[Finding]:
    """The design's events beside those that its own level, power and effect need."""
    design, sizing = protocol.design, _sizing(protocol.design)
    if design is None or sizing is None or design.events is None:
        return
    needed = formulas.events_required(sizing.hazard_ratio, alpha=sizing.alpha, sides=sizing.sides, power=sizing.power)
    if abs(design.events - needed) > max(1.0, 0.02 * needed):
        power = _power(sizing, design.events, sizing.hazard_ratio)
        what = (
            f"the design has {design.events} events; {sizing.sides}-sided alpha {sizing.alpha:g}, power"
            f" {sizing.power:g} and hazard ratio {sizing.hazard_ratio:.3g} need {needed:.1f}, so the power is"
            f" {power:.2f}"
        )
        yield warning(protocol, ("design", "events"), "design-events", what, "correct the events, or what they rest on")


def events_expected(protocol: Protocol) -> Iterator[Finding]:
    """Whether the participants give the events within the design's own accrual and follow-up."""
    design, sizing = protocol.design, _sizing(protocol.design)
    control = None if design is None else control_of(design)
    if design is None or sizing is None or control is None or design.events is None or design.participants is None:
        return
    if design.accrual is None or design.follow_up is None:
        return
    probability = _mean_probability(control.rates[0], sizing.hazard_ratio, design.accrual, design.follow_up)
    staying = design.participants * (1 - (design.loss or 0.0))
    if probability < 1e-6:
        return
    expected, enough = probability * staying, math.ceil(design.events / probability)
    said = (
        f"accrual over {design.accrual:g} months and {design.follow_up:g} more of follow-up give a probability of"
        f" {probability:.2f} for an event, so {enough} participants do for {design.events} events; "
    )
    loss = f" less {100 * design.loss:g} % loss" if design.loss else ""
    if expected < 0.95 * design.events:
        what = said + f"{design.participants}{loss} give {expected:.0f}"
        yield warning(protocol, ("design", "participants"), "design-too-few", what, "enrol more, or follow longer")
    elif expected > 1.15 * design.events:
        what = said + f"the {design.participants} planned{loss} would give {expected:.0f}"
        mend = "say how long each participant is followed; fewer do, or the power is higher than planned"
        yield note(protocol, ("design", "participants"), "design-conservative", what, mend)


def effect_beyond_what_is_cited(protocol: Protocol) -> Iterator[Finding]:
    """A design that hopes for more than the source itself cites."""
    design, sizing = protocol.design, _sizing(protocol.design)
    if design is None or sizing is None or design.events is None:
        return
    for claim in protocol.claims:
        shown = printed(claim.printed) if claim.derivation == "interval-ratio" else None
        cited = 1.0 if shown is None else shown.value
        if not sizing.hazard_ratio < cited < 1:
            continue
        power = _power(sizing, design.events, cited)
        what = (
            f"the design hopes for a hazard ratio of {sizing.hazard_ratio:.2f}, and the source itself cites"
            f" {cited:.2f}, at which {design.events} events give a power of {power:.2f}"
        )
        mend = "size for an effect that the evidence supports; randomised evidence counts before observational"
        yield warning(protocol, ("design", "hazard_ratio"), "effect-beyond-cited", what, mend)


def against_what_was_observed(protocol: Protocol) -> Iterator[Finding]:
    """Survival in the control arm as it was planned, and as it was reported."""
    design, sizing = protocol.design, _sizing(protocol.design)
    if design is None or design.control_median is None:
        return
    for i, item in enumerate(protocol.reported):
        if (item.endpoint, item.measure, item.arm) != (
            design.primary,
            "median",
            protocol.reference_arm,
        ) or item.subgroup:
            continue
        if item.value is None or item.value < 1.25 * design.control_median:
            continue
        what = (
            f"the design plans with a control median of {design.control_median:g} months; {item.value:g} are reported"
        )
        if sizing and design.accrual and design.follow_up and design.participants:
            rates = (math.log(2) / design.control_median, math.log(2) / item.value)
            planned, seen = (
                design.participants * _mean_probability(rate, sizing.hazard_ratio, design.accrual, design.follow_up)
                for rate in rates
            )
            what += f": the same design then gives {seen:.0f} events and not {planned:.0f}"
        mend = (
            "read the power with it; plan with the survival of today, and look at the event rate while the trial runs"
        )
        yield note(protocol, ("reported", i), "control-lived-longer", what, mend)
        return
