"""Each arm by itself: medians, survival at milestones, incidence where something competes, follow-up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from equipoise.analysis.adsl import entry_step
from equipoise.analysis.context import Frame
from equipoise.analysis.sample import Sample
from equipoise.estimates import Estimate
from equipoise.survival import IncidenceCurve, cumulative_incidence, kaplan_meier, median_follow_up, milestone


def describe_arms(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    """Median, and survival at the analysis's milestones, of each arm. With competing events, incidence instead."""
    if frame.competing:
        for shared, incidence in _incidence_by_arm(frame, sample):
            for at in frame.analysis.milestones:
                yield _incidence_at(frame, incidence, at, shared)
        return
    level = frame.analysis.conf_level
    for i, arm in enumerate(sample.arms):
        part = sample.take(sample.arm == i)
        curve = kaplan_meier(part.months, part.event, entry=part.entry_months, conf_level=level)
        shared = {"method": "kaplan-meier", "conf_level": level, **_of_arm(part, arm)}
        middle = curve.median
        yield frame.estimate(
            "median",
            value=middle.value,
            conf_low=middle.conf_low,
            conf_high=middle.conf_high,
            unit="month",
            **shared,
        )
        for at in frame.analysis.milestones:
            found = curve.at([at])
            yield frame.estimate(
                "survival",
                value=found.survival[0],
                std_error=found.std_error[0],
                conf_low=found.conf_low[0],
                conf_high=found.conf_high[0],
                at=at,
                unit="probability",
                note=_unless(found.survival[0], at),
                **shared,
            )


def _of_arm(part: Sample, arm: str, *, until: float = math.inf) -> dict[str, Any]:
    """What an estimate says of its arm; events up to a time in months, where it is about a time."""
    events = int((part.event[part.months <= until] == 1).sum())
    return {"arm": arm, "n_by_arm": {arm: part.time.size}, "events_by_arm": {arm: events}}


def _unless(value: float, at: float) -> str:
    """Empty where there is a value; else why not."""
    return f"nobody was followed to {at:g} months" if np.isnan(value) else ""


def _incidence_by_arm(frame: Frame, sample: Sample) -> Iterator[tuple[dict[str, Any], IncidenceCurve | None]]:
    """Cumulative incidence of the event by Aalen-Johansen; one minus Kaplan-Meier would count the dead as at risk."""
    level = frame.analysis.conf_level
    found = cumulative_incidence(
        sample.months, sample.cause, group=sample.arm, entry=sample.entry_months, conf_level=level
    )
    for i, arm in enumerate(sample.arms):
        part = sample.take(sample.arm == i)
        shared = {"method": "aalen-johansen", "unit": "probability", "conf_level": level, **_of_arm(part, arm)}
        yield shared, found.curve(1, i) if part.event.any() else None


def _incidence_at(frame: Frame, curve: IncidenceCurve | None, at: float, shared: dict[str, Any]) -> Estimate:
    if curve is None:
        return frame.nothing("cumulative incidence", "no events", at=at, **shared)
    point = curve.at([at])
    return frame.estimate(
        "cumulative incidence",
        value=point.incidence[0],
        std_error=point.std_error[0],
        conf_low=point.conf_low[0],
        conf_high=point.conf_high[0],
        at=at,
        note=_unless(point.incidence[0], at),
        **shared,
    )


def _event_free_at(frame: Frame, curve: IncidenceCurve | None, at: float, shared: dict[str, Any]) -> Estimate:
    """With competing events a milestone is one minus the cumulative incidence of the event."""
    if curve is None:
        return frame.nothing("event-free proportion", "no events", at=at, **shared)
    point = curve.at([at])
    return frame.estimate(
        "event-free proportion",
        value=1 - point.incidence[0],
        std_error=point.std_error[0],
        conf_low=1 - point.conf_high[0],
        conf_high=1 - point.conf_low[0],
        at=at,
        note=_unless(point.incidence[0], at)
        or "one minus the cumulative incidence; death without the event is no event",
        **shared,
    )


def _event_free_difference(frame: Frame, arm: Estimate, reference: Estimate, at: float) -> Estimate:
    """The event-free proportion of one arm less that of the reference; the arms are independent: variances add."""
    shared: dict[str, Any] = {
        "arm": arm.arm,
        "reference": reference.arm,
        "null_value": 0,
        "at": at,
        "unit": "probability",
        "method": "aalen-johansen",
        "n_by_arm": {**reference.n_by_arm, **arm.n_by_arm},
        "events_by_arm": {**reference.events_by_arm, **arm.events_by_arm},
    }
    measure = "event-free proportion difference"
    if arm.value is None or reference.value is None:
        missing = arm if arm.value is None else reference
        return frame.nothing(measure, f"{missing.reason} in arm {missing.arm}", **shared)
    difference = arm.value - reference.value
    error = math.hypot(arm.std_error or 0, reference.std_error or 0)
    half = float(ndtri(0.5 + frame.analysis.conf_level / 2)) * error
    return frame.estimate(
        measure,
        value=difference,
        std_error=error,
        conf_low=difference - half,
        conf_high=difference + half,
        conf_level=frame.analysis.conf_level,
        # more without the event is better, so a positive difference favours the arm
        **(frame.tested(-difference / error, "z-test of the difference") if error else {}),
        **shared,
    )


def describe_follow_up(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    """Median follow-up by its two definitions, over all arms together; from entry where that is delayed."""
    level = frame.analysis.conf_level
    followed = replace(sample, time=sample.time - sample.entry)
    own = replace(frame, origin=entry_step(frame.protocol)) if sample.delayed else frame
    reverse = median_follow_up(followed.months, sample.event, method="reverse-km", conf_level=level)
    yield own.estimate(
        "median follow-up",
        value=reverse.value,
        conf_low=reverse.conf_low,
        conf_high=reverse.conf_high,
        conf_level=level,
        method="reverse Kaplan-Meier",
        unit="month",
        n_by_arm=sample.counts(),
    )
    observed = median_follow_up(followed.months, sample.event, method="observed")
    yield own.estimate(
        "median follow-up",
        value=observed.value,
        method="median observed time of all participants",
        unit="month",
        n_by_arm=sample.counts(),
    )


def describe_milestone(frame: Frame, sample: Sample, at: float) -> Iterator[Estimate]:
    """Survival at a time in each arm, and each arm's difference from the reference."""
    if frame.competing:
        by_arm = list(_incidence_by_arm(frame, sample))
        counted = [_of_arm(sample.take(sample.arm == i), arm, until=at) for i, arm in enumerate(sample.arms)]
        free = [
            _event_free_at(frame, curve, at, shared | events)
            for (shared, curve), events in zip(by_arm, counted, strict=True)
        ]
        yield from free
        for other in free[1:]:
            yield _event_free_difference(frame, other, free[0], at)
        return
    level = frame.analysis.conf_level
    found = milestone(sample.months, sample.event, sample.arm, at=at, entry=sample.entry_months, conf_level=level)
    for i, arm in enumerate(sample.arms):
        yield frame.estimate(
            "survival",
            value=found.survival[i],
            std_error=found.std_error[i],
            conf_low=found.conf_low[i],
            conf_high=found.conf_high[i],
            conf_level=level,
            at=at,
            unit="probability",
            method="kaplan-meier",
            note=_unless(found.survival[i], at),
            **_of_arm(sample.take(sample.arm == i), arm, until=at),
        )
    for place in range(1, len(sample.arms)):
        yield _difference(frame, sample, place, at)


def _difference(frame: Frame, sample: Sample, place: int, at: float) -> Estimate:
    """Survival of one arm less that of the reference."""
    level = frame.analysis.conf_level
    pair = sample.take((sample.arm == 0) | (sample.arm == place))
    found = milestone(pair.months, pair.event, pair.arm, at=at, entry=pair.entry_months, conf_level=level)
    difference = found.difference
    assert difference is not None  # two arms are present
    return frame.estimate(
        "survival difference",
        value=difference.value,
        std_error=difference.std_error,
        conf_low=difference.conf_low,
        conf_high=difference.conf_high,
        conf_level=level,
        null_value=0,
        at=at,
        arm=sample.arms[place],
        reference=sample.arms[0],
        unit="probability",
        method="kaplan-meier",
        n_by_arm=_two(pair.counts(), sample.arms, place),
        events_by_arm=_two(pair.counts((pair.cause == 1) & (pair.months <= at)), sample.arms, place),
        note=_unless(difference.value, at),
        # survival that is higher is better, so a positive difference favours the arm
        **frame.tested(-difference.z, "z-test of the difference, Greenwood"),
    )


def _two(counts: dict[str, int], arms: tuple[str, ...], place: int) -> dict[str, int]:
    return {name: counts[name] for name in (arms[0], arms[place])}
