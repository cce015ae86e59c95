"""The curves behind the estimates: survival, or incidence where something competes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.analysis.context import Frame
from equipoise.analysis.results import Curve
from equipoise.analysis.sample import Sample
from equipoise.survival import cumulative_incidence, kaplan_meier
from equipoise.units import DAYS_PER_MONTH

RISK_COLUMNS = 8


def risk_times(longest: float) -> NDArray[np.float64]:
    """Times at which those at risk are counted: multiples of 3, 6, 12 or 24 months."""
    step = next((s for s in (3, 6, 12, 24, 36) if longest / s <= RISK_COLUMNS), 60)
    return np.arange(0, math.floor(longest / step) + 1, dtype=np.float64) * step


def curves_of(frame: Frame, sample: Sample) -> Iterator[Curve]:
    """One curve an arm: incidence of the event where something competes, else survival."""
    level, months = frame.analysis.conf_level, sample.months
    late = sample.entry_months
    incidence = None
    if frame.competing:
        incidence = cumulative_incidence(months, sample.cause, group=sample.arm, entry=late, conf_level=level)
        if 1 not in incidence.causes:
            return
    times = risk_times(float(months.max()))
    for i, arm in enumerate(sample.arms):
        part = sample.take(sample.arm == i)
        shared: dict[str, Any] = {
            "endpoint": frame.endpoint,
            "arm": arm,
            "label": frame.protocol.arms[arm].label,
            "conf_level": level,
            "censored": np.sort(part.months[part.cause == 0]),
            "risk_times": times,
            "at_risk": _at_risk(part, times),
        }
        if incidence is not None:
            found = incidence.curve(1, i)
            own: dict[str, Any] = {
                "kind": "incidence",
                "value": found.incidence,
                "cause": frame.protocol.label_of(frame.endpoint),
            }
            yield Curve(time=found.time, conf_low=found.conf_low, conf_high=found.conf_high, **own, **shared)
        else:
            curve = kaplan_meier(part.months, part.event, entry=part.entry_months, conf_level=level)
            own = {"kind": "survival", "value": curve.survival}
            yield Curve(time=curve.time, conf_low=curve.conf_low, conf_high=curve.conf_high, **own, **shared)


def _at_risk(part: Sample, times: NDArray[np.float64]) -> NDArray[np.int64]:
    """Participants at risk just before each time; who enters late is at risk from then on."""
    entry = part.entry / DAYS_PER_MONTH
    inside = (part.months[:, None] >= times) & ((entry[:, None] < times) | (entry[:, None] == 0))
    counts: NDArray[np.int64] = inside.sum(axis=0).astype(np.int64)
    return counts
