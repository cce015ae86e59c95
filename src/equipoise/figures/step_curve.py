"""A `Curve` as points on the page and as words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from equipoise.analysis.results import Curve, Floats
from equipoise.errors import DataError
from equipoise.estimates import Estimate
from equipoise.figures.axis import Axis, tick_text
from equipoise.figures.numbers import level, months, percent
from equipoise.figures.scene import Point


def check_curves(curves: Sequence[Curve]) -> None:
    """Refuse what cannot stand in one figure."""
    if not curves:
        raise DataError("no curves to draw; give the curves of one endpoint, one for each arm")
    kinds = {(curve.endpoint, curve.kind, curve.cause) for curve in curves}
    if len(kinds) > 1:
        raise DataError(f"curves of {len(kinds)} endpoints, kinds or causes in one figure; draw one figure for each")
    if len({curve.arm for curve in curves}) < len(curves):
        raise DataError("two curves of one arm in one figure; give one for each arm")


def last_time(curves: Sequence[Curve]) -> float:
    """The end of the time axis: the last time that anything is drawn at."""
    parts = [part for curve in curves for part in (curve.time, curve.censored, curve.risk_times) if part.size]
    last = max((float(part.max()) for part in parts), default=0.0)
    return last if last > 0 else 1.0


def steps(curve: Curve, values: Floats, last: float) -> list[Point]:
    """The corners of a step curve from time 0 on, ending where the last participant is observed."""
    start = 1.0 if curve.kind == "survival" else 0.0
    points: list[Point] = [(0.0, start)]
    current = start
    for moment, value in zip(curve.time.tolist(), values.tolist(), strict=True):
        if value != current and not math.isnan(value):  # without a limit, or without one any more: as it was
            points += [(moment, current), (moment, value)]
            current = value
    return [*points, (last, current)]


def end_of(curve: Curve) -> float:
    """Where one curve ends: at its last event or censored participant."""
    return max((float(part.max()) for part in (curve.time, curve.censored) if part.size), default=0.0)


def placed(points: Iterable[Point], time: Axis, share: Axis) -> list[Point]:
    """Corners in pixels, at a tenth; those that fall on the one before are left out."""
    placed: list[Point] = []
    for x, y in points:
        point = (round(time(x), 1), round(share(y), 1))
        if not placed or point != placed[-1]:
            placed.append(point)
    return placed


def facts_of(curve: Curve, estimates: Sequence[Estimate]) -> str:
    """Events, participants and median of one arm, as far as the estimates hold them."""
    parts = []
    with_events = next((item for item in estimates if curve.arm in item.events_by_arm), None)
    if with_events is not None and not curve.cause:
        events = with_events.events_by_arm[curve.arm]
        total = with_events.n_by_arm.get(curve.arm)
        parts.append(f"{events} events" if total is None else f"{events} events in {total}")
    median = median_of(curve, estimates)
    if median is not None:
        value = median.reason if median.value is None else months(median.value)
        parts.append(f"median {value}")
    return ", ".join(parts)


def median_of(curve: Curve, estimates: Sequence[Estimate]) -> Estimate | None:
    """The estimate of its median."""
    if curve.kind != "survival":
        return None
    return next((item for item in estimates if item.measure == "median" and item.arm == curve.arm), None)


def describe(
    curves: Sequence[Curve],
    estimates: Sequence[Estimate],
    title: str,
    origin: str,
    ticks: Sequence[float],
    *,
    warning: str = "",
) -> str:
    """The figure in sentences."""
    what = "Kaplan–Meier curves" if curves[0].kind == "survival" else "Cumulative incidence curves"
    if "cumulative incidence" in title.lower():
        what = "Curves"
    since = f", months since {origin}" if origin else ", time in months"
    parts = [f"{what} of {title} by arm{since}, with {level(curves[0].conf_level)} confidence bands."]
    if warning:
        parts.append(f"{warning[:1].upper()}{warning[1:]}.")
    for curve in curves:
        values = np.concatenate(([1.0 if curve.kind == "survival" else 0.0], curve.value))
        shown = [tick for tick in ticks[1:] if tick <= end_of(curve)][:6]
        places = np.searchsorted(curve.time, shown, side="right")
        course = ", ".join(
            f"{percent(float(values[place]), 0)} at {tick_text(tick)}"
            for tick, place in zip(shown, places, strict=True)
        )
        facts = facts_of(curve, estimates)
        parts.append(f"Arm {curve.arm}, {curve.label}{': ' + facts if facts else ''}{'; ' + course if course else ''}.")
    return " ".join(parts)
