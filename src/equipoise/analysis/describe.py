"""Each arm by itself: medians, survival at milestones, incidence where something competes, follow-up."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.analysis.context import Frame, p_value
from equipoise.analysis.tables import Sample
from equipoise.estimates import Estimate
from equipoise.survival import cumulative_incidence, kaplan_meier, median_follow_up, milestone
from equipoise.units import DAYS_PER_MONTH


def describe_arms(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    """Median, and survival at the analysis's milestones, of each arm. With competing events, incidence instead."""
    if (sample.cause == 2).any():
        yield from _incidence(frame, sample)
        return
    level = frame.analysis.conf_level
    events = sample.counts(sample.cause == 1)
    for i, arm in enumerate(sample.arms):
        part = sample.take(sample.arm == i)
        curve = kaplan_meier(part.months, part.event, entry=part.entry_months, conf_level=level)
        shared = {
            "method": "kaplan-meier",
            "arm": arm,
            "conf_level": level,
            "n_by_arm": {arm: part.time.size},
            "events_by_arm": {arm: events[arm]},
        }
        middle = curve.median
        yield frame.estimate(
            "median", value=middle.value, conf_low=middle.conf_low, conf_high=middle.conf_high, unit="month", **shared
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
                note="" if found.survival[0] == found.survival[0] else f"nobody was followed to {at:g} months",
                **shared,
            )


def _incidence(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    """Cumulative incidence of the event by Aalen-Johansen; one minus Kaplan-Meier would count the dead as at risk."""
    level = frame.analysis.conf_level
    events = sample.counts(sample.cause == 1)
    for i, arm in enumerate(sample.arms):
        part = sample.take(sample.arm == i)
        shared = {
            "method": "aalen-johansen",
            "arm": arm,
            "conf_level": level,
            "n_by_arm": {arm: part.time.size},
            "events_by_arm": {arm: events[arm]},
        }
        if not events[arm]:
            yield frame.nothing("cumulative incidence", "no events", unit="probability", **shared)
            continue
        found = cumulative_incidence(part.months, part.cause, entry=part.entry_months, conf_level=level)
        for at in frame.analysis.milestones:
            point = found.at([at], cause=1)
            reached = at <= part.months.max()
            yield frame.estimate(
                "cumulative incidence",
                value=point.incidence[0] if reached else None,
                std_error=point.std_error[0] if reached else None,
                conf_low=point.conf_low[0] if reached else None,
                conf_high=point.conf_high[0] if reached else None,
                at=at,
                unit="probability",
                note="" if reached else f"nobody was followed to {at:g} months",
                **shared,
            )


def describe_follow_up(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    """Median follow-up by its two definitions, over all arms together."""
    level = frame.analysis.conf_level
    for method, label in (
        ("reverse-km", "reverse Kaplan-Meier"),
        ("observed", "median observed time of all participants"),
    ):
        found = median_follow_up(sample.months, sample.event, method=method, conf_level=level)
        reverse = method == "reverse-km"
        yield frame.estimate(
            "median follow-up",
            value=found.value,
            conf_low=found.conf_low if reverse else None,
            conf_high=found.conf_high if reverse else None,
            conf_level=level if reverse else None,
            method=label,
            unit="month",
            n_by_arm=sample.counts(),
        )


def describe_milestone(frame: Frame, sample: Sample, at: float) -> Iterator[Estimate]:
    """Survival at a time in each arm, and each arm's difference from the reference."""
    level, sides = frame.analysis.conf_level, frame.analysis.sides
    competing = bool((sample.cause == 2).any())
    if competing:
        yield from _incidence_at(frame, sample, at)
        return
    entry = sample.entry / DAYS_PER_MONTH if sample.delayed else None
    labels = [f"{place:03}" for place in sample.arm]
    found = milestone(sample.months, sample.event, labels, at=at, entry=entry, conf_level=level)
    events = sample.counts(sample.cause == 1)
    for i, arm in enumerate(sample.arms):
        value = found.survival[i]
        yield frame.estimate(
            "survival",
            value=value,
            std_error=found.std_error[i],
            conf_low=found.conf_low[i],
            conf_high=found.conf_high[i],
            conf_level=level,
            at=at,
            arm=arm,
            unit="probability",
            method="kaplan-meier",
            n_by_arm={arm: sample.counts()[arm]},
            events_by_arm={arm: events[arm]},
            note="" if value == value else f"nobody was followed to {at:g} months",
        )
    for i, arm in enumerate(sample.arms[1:], start=1):
        pair = sample.take((sample.arm == 0) | (sample.arm == i))
        entry = pair.entry / DAYS_PER_MONTH if pair.delayed else None
        both = milestone(
            pair.months, pair.event, [f"{p:03}" for p in pair.arm], at=at, entry=entry, conf_level=level
        ).difference
        if both is None:
            continue
        z = -both.z  # survival that is higher is better, so a positive difference favours the arm
        yield frame.estimate(
            "survival difference",
            value=both.value,
            std_error=both.std_error,
            conf_low=both.conf_low,
            conf_high=both.conf_high,
            conf_level=level,
            p_value=None if z != z else p_value(z, sides),
            p_method="z-test of the difference, Greenwood" if z == z else "",
            sides=sides if z == z else None,
            null_value=0,
            at=at,
            arm=arm,
            reference=sample.arms[0],
            unit="probability",
            method="kaplan-meier",
            n_by_arm=pair.counts(),
            events_by_arm=pair.counts(pair.cause == 1),
            note="" if both.value == both.value else f"nobody was followed to {at:g} months",
        )


def _incidence_at(frame: Frame, sample: Sample, at: float) -> Iterator[Estimate]:
    """With competing events a milestone is one minus the cumulative incidence of the event."""
    level = frame.analysis.conf_level
    for i, arm in enumerate(sample.arms):
        part = sample.take(sample.arm == i)
        shared = {
            "method": "aalen-johansen",
            "arm": arm,
            "conf_level": level,
            "at": at,
            "unit": "probability",
            "n_by_arm": {arm: part.time.size},
            "events_by_arm": {arm: int((part.cause == 1).sum())},
        }
        if not (part.cause == 1).any() or at > part.months.max():
            note = "no events" if not (part.cause == 1).any() else f"nobody was followed to {at:g} months"
            yield frame.nothing("event-free proportion", note, **shared)
            continue
        point = cumulative_incidence(part.months, part.cause, entry=part.entry_months, conf_level=level).at(
            [at], cause=1
        )
        yield frame.estimate(
            "event-free proportion",
            value=1 - point.incidence[0],
            std_error=point.std_error[0],
            conf_low=1 - point.conf_high[0],
            conf_high=1 - point.conf_low[0],
            note="one minus the cumulative incidence; death without the event is no event",
            **shared,
        )
