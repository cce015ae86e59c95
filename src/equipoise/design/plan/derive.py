"""Derive the number of participants step by step, the way a protocol's statistics section does, and ask what if.

What a protocol does not say is said to be missing, and what follows from the rest is still derived.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from equipoise.design.expected import calendar_time, event_probability, expected_events
from equipoise.design.fixed.looks import Looks, looks_at
from equipoise.design.formulas import critical_z, normal_quantile, two_proportions
from equipoise.design.plan.derivation import AtEffect, Derivation, Detectable, Step, WhatIf
from equipoise.design.plan.from_protocol import Sizing, reported_value, sizing_of
from equipoise.design.plan.primary_test import PrimaryTest, primary_test
from equipoise.design.plan.timeline import Due, Timeline
from equipoise.design.rounding import round_up, whole_participants
from equipoise.design.sequential.prior import NormalPrior
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError
from equipoise.protocol import Protocol
from equipoise.protocol.printed import Printed
from equipoise.trials.published_effects import PublishedEffect

_SHARES = (0.5, 0.6, 0.7, 0.8)
"""Of the planned participants: the events at which detectable effects are shown."""
_SPLITS = (1.0, 2.0, 3.0, 4.0)
"""Experimental to control, or the other way, where the protocol allocates nobody."""


def derive(
    protocol: Protocol, *, effects: Sequence[PublishedEffect] = (), control_medians: Sequence[float] = ()
) -> Derivation:
    """Derive a protocol's design.

    Args:
        protocol: with a design.
        effects: hazard ratios from elsewhere, at which the planned events are weighed.
        control_medians: months; what if the control arm lived so long. A median that the protocol reports for the
            control arm is asked of in any case.

    Raises:
        DesignError: no design, or numbers that contradict each other.
    """
    sizing = sizing_of(protocol)
    test = primary_test(sizing)
    medians = [(f"control median {median:g} months", median) for median in control_medians]
    if (median := reported_value(protocol, "median", protocol.reference_arm)) is not None:
        medians.insert(0, (f"control median {median:g} months, as reported", median))
    seen = reported_value(protocol, "events", None)
    cases = tuple(_what_if(sizing, test, medians, seen))
    missing = list(_missing(sizing))
    try:
        looks = _looks(sizing, test)
    except DesignError as error:  # more events than the participants can have
        looks = None
        missing.append(f"a plan that reaches its looks: {error}")
    return Derivation(
        trial=protocol.id,
        sizing=sizing,
        missing=tuple(missing),
        steps=tuple(_steps(sizing, test)),
        alternatives=tuple(_alternatives(sizing, test)),
        what_if=cases,
        detectable=tuple(_detectable(sizing, test, cases)),
        at_effects=tuple(_at_effects(sizing, test, effects, cases)),
        looks=looks,
        timeline=_timeline(sizing, test, medians, looks),
    )


def _missing(sizing: Sizing) -> Iterator[str]:
    if primary_test(sizing) is None:
        names = [name for name in ("alpha", "sides", "power") if getattr(sizing, name) is None]
        yield f"{', '.join(names)}: without the level and the power nothing can be derived"
    if sizing.experimental_arm is None:
        yield "two arms to compare: splits of the participants are shown instead"
    if sizing.hazard_ratio is None:
        yield "the hazard ratio to be detected: detectable ones are shown instead of a derivation"
    if sizing.control is None:
        yield "survival in the control arm: no participants follow from events"
    if sizing.end is None and sizing.milestone is None:
        yield "accrual and follow-up: no events follow from participants"


def _counted(name: str, label: str, formula: str, value: float, *, printed: int | None = None, note: str = "") -> Step:
    agreement = Printed(float(printed), 0).agrees(value) if printed is not None else ()
    return Step(name, label, formula, value, round_up(value), printed, agreement, note)


def _steps(sizing: Sizing, test: PrimaryTest | None) -> Iterator[Step]:
    """Effect, events, probability of an event, participants, with loss."""
    hazard_ratio = sizing.hazard_ratio
    if hazard_ratio is None or test is None:
        return
    yield Step("hazard_ratio", "Hazard ratio to be detected", _of_medians(sizing, hazard_ratio), hazard_ratio)
    allocation = "4" if test.ratio == 1 else f"(1 + {test.ratio:g})² / {test.ratio:g}"
    quantiles = f"{critical_z(test.alpha, test.sides):.4g} + {normal_quantile(test.power):.4g}"
    formula = f"{allocation} ({quantiles})² / ln({hazard_ratio:.4g})²  (Schoenfeld 1983)"
    value, label = test.fixed_events(hazard_ratio), f"{sizing.unit.capitalize()} required"
    if test.sequential is None:
        yield _counted("events", label, formula, value, printed=sizing.events)
    else:
        yield _counted("fixed_events", f"{label} with one look", formula, value)
        words = f"{len(test.information)} looks, {test.bounds}"
        yield Step("inflation", "Inflation for the looks", words, test.inflation)
        formula = f"{value:.2f} × {test.inflation:.4g}"
        value *= test.inflation
        yield _counted("events", f"{label} at the last look", formula, value, printed=sizing.events)
    events = sizing.events if sizing.events is not None else round_up(value)
    if sizing.control is None:
        return
    if sizing.milestone is not None:
        yield from _fixed_follow_up(sizing, sizing.control, hazard_ratio, events)
    elif sizing.accrual is not None and sizing.follow_up is not None:
        yield from _until_the_end(sizing, sizing.control, hazard_ratio, events, planned=True)


def _of_medians(sizing: Sizing, hazard_ratio: float) -> str:
    if sizing.control is None:
        return "stated"
    control = sizing.control.median
    return f"medians of {control:.4g} and {control / hazard_ratio:.4g} months, exponential survival"


def _fixed_follow_up(sizing: Sizing, control: Survival, hazard_ratio: float, events: int) -> Iterator[Step]:
    """Participants, when everybody is followed to the milestone and no further."""
    assert sizing.milestone is not None
    month = sizing.milestone
    arms = sizing.arms(control, hazard_ratio)
    survival = [float(arm.survival.survival(month)) for arm in arms]
    probability = sum(arm.share * float(event_probability(month, arm)) for arm in arms)
    formula = (
        f"survival at {month:g} months {survival[0]:.4g} (control) and {survival[1]:.4g}, everybody followed so long"
    )
    yield Step("probability", f"Probability of {_one(sizing.unit)}", formula, probability)
    yield from _participants(sizing, events, probability, planned=True)


def _until_the_end(
    sizing: Sizing, control: Survival, hazard_ratio: float, events: int, *, planned: bool
) -> Iterator[Step]:
    """Participants, when all are followed from their entry to the planned end."""
    assert sizing.accrual is not None
    assert sizing.end is not None
    accrual = sizing.enrolment(1.0)
    assert accrual is not None
    arms = sizing.arms(control, hazard_ratio)
    by_arm = expected_events(sizing.end, arms=arms, accrual=accrual)[:, 0]
    shares = [float(value) / arm.share for value, arm in zip(by_arm, arms, strict=True)]
    formula = (
        f"{shares[0]:.4g} (control) and {shares[1]:.4g}: accrual over {sizing.accrual:g} months, "
        f"{sizing.end - sizing.accrual:g} more of follow-up (Lachin and Foulkes 1986)"
    )
    suffix = "" if planned else "_to_the_end"
    label = f"Probability of {_one(sizing.unit)}" + ("" if planned else ", all followed to the planned end")
    yield Step("probability" + suffix, label, formula, float(by_arm.sum()))
    yield from _participants(sizing, events, float(by_arm.sum()), planned=planned)


def _participants(sizing: Sizing, events: int, probability: float, *, planned: bool) -> Iterator[Step]:
    value = events / probability
    stated = sizing.participants if planned and not sizing.loss else None
    name = "participants" if planned else "participants_to_the_end"
    note, arms = _whole_arms(value, sizing.ratio)
    formula = f"{events} / {probability:.4g}"
    yield _counted(name, "Participants required", formula, value, printed=stated, note=note)
    if sizing.loss and planned:
        lost = arms / (1 - sizing.loss)
        formula = f"{arms} / (1 - {sizing.loss:g})"
        note, _ = _whole_arms(lost, sizing.ratio)
        yield _counted("enrolled", "Participants with loss", formula, lost, printed=sizing.participants, note=note)


def _whole_arms(participants: float, ratio: float) -> tuple[str, int]:
    """A note where whole arms need more than the next whole number, and what they need."""
    arms = sum(whole_participants(participants, ratio))
    return (f"{arms} in whole arms" if arms != round_up(participants) else ""), arms


def _one(unit: str) -> str:
    return {"deaths": "death"}.get(unit, "an event")


def _alternatives(sizing: Sizing, test: PrimaryTest | None) -> Iterator[Step]:
    """A milestone sized as a proportion, and with everybody followed to the end."""
    hazard_ratio, control = sizing.hazard_ratio, sizing.control
    if sizing.milestone is None or hazard_ratio is None or control is None or test is None:
        return
    events = sizing.events if sizing.events is not None else round_up(test.events(hazard_ratio))
    if sizing.end is not None:
        yield from _until_the_end(sizing, control, hazard_ratio, events, planned=False)
    one, other = (float(arm.survival.survival(sizing.milestone)) for arm in sizing.arms(control, hazard_ratio))
    value = two_proportions(test.alpha, test.sides, test.power, one, other)
    formula = f"{one:.4g} against {other:.4g} at {sizing.milestone:g} months (Fleiss, Levin and Paik 2003, 4.14)"
    yield _counted("per_arm_as_proportion", "Participants an arm, as two proportions", formula, value)


def _what_if(
    sizing: Sizing, test: PrimaryTest | None, medians: Sequence[tuple[str, float]], seen: float | None
) -> Iterator[WhatIf]:
    """The planned trial as planned, without a difference, and with the control arm living longer or shorter.

    With the median that is reported stand the events that are reported as well, if they are.
    """
    if sizing.control is None or sizing.end is None or sizing.participants is None:
        return
    hazard_ratio = sizing.hazard_ratio
    if hazard_ratio is not None:
        yield _case(sizing, test, "as planned", sizing.control, hazard_ratio)
    yield _case(sizing, test, "no difference", sizing.control, 1.0)
    for label, median in medians:
        control = Survival.from_median(median)
        if hazard_ratio is None:
            yield _case(sizing, test, label, control, 1.0)
            continue
        gain = sizing.control.median / hazard_ratio - sizing.control.median
        for kept, ratio in (("hazard ratio kept", hazard_ratio), (f"{gain:.3g} months kept", median / (median + gain))):
            case = _case(sizing, test, f"{label}: {kept}", control, ratio)
            yield case
            if seen is not None and test is not None and label.endswith("as reported"):
                words = f"{case.label}, with the {seen:g} {sizing.unit} reported"
                yield replace(case, label=words, events=seen, power=test.power_at(seen, ratio))


def _case(sizing: Sizing, test: PrimaryTest | None, label: str, control: Survival, hazard_ratio: float) -> WhatIf:
    assert sizing.staying is not None
    assert sizing.end is not None
    accrual = sizing.enrolment(sizing.staying)
    assert accrual is not None
    arms = sizing.arms(control, hazard_ratio)
    events = float(expected_events(sizing.end, arms=arms, accrual=accrual).sum())
    needed = test.events(hazard_ratio) if test is not None and hazard_ratio != 1 else None
    due = None
    if needed is not None:
        try:
            due = calendar_time(needed, arms=arms, accrual=accrual)
        except DesignError:
            due = None  # never: more than the participants can have
    power = math.nan if test is None else test.power_at(events, hazard_ratio)
    return WhatIf(label, control.median, hazard_ratio, events, power, needed, due)


def _detectable(sizing: Sizing, test: PrimaryTest | None, cases: Sequence[WhatIf]) -> Iterator[Detectable]:
    """By events, and by split where the protocol does not allocate."""
    if test is None or sizing.participants is None:
        return
    counts = {float(round(sizing.participants * share)) for share in _SHARES}
    if sizing.events is not None:
        counts.add(float(sizing.events))
    counts |= {float(round(case.events)) for case in cases[:1] if case.events >= 1}
    splits = (sizing.ratio,) if sizing.experimental_arm is not None else _SPLITS
    for events in sorted(counts):
        for ratio in splits:
            yield Detectable(events, ratio, test.detectable(events, ratio))


def _at_effects(
    sizing: Sizing, test: PrimaryTest | None, effects: Sequence[PublishedEffect], cases: Sequence[WhatIf]
) -> Iterator[AtEffect]:
    events = sizing.events if sizing.events is not None else next((case.events for case in cases), None)
    if test is None or events is None or sizing.experimental_arm is None:
        return
    for effect in effects:
        power = test.power_at(events, effect.hazard_ratio)
        needed = test.events(effect.hazard_ratio) if test.favours(effect.hazard_ratio) else None
        yield AtEffect(effect, events, power, test.assurance(events, NormalPrior.from_effect(effect)), needed)


def _looks(sizing: Sizing, test: PrimaryTest | None) -> Looks | None:
    """When the looks are due under the alternative; None with one look."""
    if test is None or test.sequential is None or sizing.hazard_ratio is None:
        return None
    if sizing.control is None or sizing.staying is None or sizing.accrual is None:
        return None
    accrual = sizing.enrolment(sizing.staying)
    assert accrual is not None
    events = float(sizing.events) if sizing.events is not None else float(round_up(test.events(sizing.hazard_ratio)))
    arms = sizing.arms(sizing.control, sizing.hazard_ratio)
    return looks_at(
        events,
        arms=arms,
        accrual=accrual,
        end=None,
        sequential=test.sequential,
        alpha=test.alpha,
        sides=test.sides,
        ratio=test.ratio,
        null=1.0,
        benefit=test.benefit,
    )


def _timeline(
    sizing: Sizing, test: PrimaryTest | None, medians: Sequence[tuple[str, float]], looks: Looks | None
) -> Timeline | None:
    """Participants and events month by month up to the planned end."""
    if sizing.control is None or sizing.end is None or sizing.staying is None or sizing.accrual is None:
        return None
    enrolment = sizing.enrolment(sizing.staying)
    assert enrolment is not None
    months = np.union1d(np.arange(0.0, sizing.end), [sizing.accrual, sizing.end])
    hazard_ratio = sizing.hazard_ratio if sizing.hazard_ratio is not None else 1.0
    curves = {"no difference": (sizing.control, 1.0)}
    if hazard_ratio != 1:
        curves = {f"hazard ratio {hazard_ratio:.3g}": (sizing.control, hazard_ratio), **curves}
    curves |= {label: (Survival.from_median(median), hazard_ratio) for label, median in medians}
    events = {
        label: expected_events(months, arms=sizing.arms(control, ratio), accrual=enrolment).sum(axis=0)
        for label, (control, ratio) in curves.items()
    }
    required = None
    if sizing.events is not None:
        required = float(sizing.events)
    elif test is not None and sizing.hazard_ratio is not None:
        required = float(round_up(test.events(sizing.hazard_ratio)))
    moments = [Due("accrual ends", sizing.accrual)]
    first = next(iter(events.values()))
    if required is not None and first[-1] >= required:
        month = calendar_time(required, arms=sizing.arms(sizing.control, hazard_ratio), accrual=enrolment)
        moments.append(Due(f"{required:.0f} {sizing.unit} are expected", month))
    moments.append(Due("planned analysis", sizing.end))
    if looks is not None:
        moments.extend(Due(f"interim look {k}", month) for k, month in enumerate(looks.time[:-1].tolist(), 1))
    moments.sort(key=lambda due: due.month)
    return Timeline(months, np.asarray(enrolment.enrolled(months)), events, required, tuple(moments), sizing.unit)
