"""The curves behind the estimates: survival, or incidence where something competes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from equipoise.analysis.context import Frame
from equipoise.analysis.results import Curve
from equipoise.analysis.tables import Sample
from equipoise.survival import cumulative_incidence, kaplan_meier

RISK_COLUMNS = 8


def risk_times(longest: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Times at which those at risk are counted: multiples of 3, 6, 12 or 24 months."""
    step = next((s for s in (3, 6, 12, 24, 36) if longest / s <= RISK_COLUMNS), 60)
    return np.arange(0, math.floor(longest / step) + 1, dtype=np.float64) * step


def curves_of(frame: Frame, sample: Sample) -> Iterator[Curve]:
    """One curve an arm."""
    competing = bool((sample.cause == 2).any())
    times = risk_times(float(sample.months.max()))
    level = frame.analysis.conf_level
    for i, arm in enumerate(sample.arms):
        part = sample.take(sample.arm == i)
        months, entry = part.months, part.entry / (part.time / part.months) if part.time.size else part.entry
        at_risk = np.array([int(((months >= t) & (entry <= t)).sum()) for t in times], dtype=np.int64)
        shared = {
            "endpoint": frame.endpoint,
            "arm": arm,
            "label": frame.protocol.arms[arm].label,
            "conf_level": level,
            "censored": np.sort(months[part.cause == 0]),
            "risk_times": times,
            "at_risk": at_risk,
        }
        if competing and (part.cause == 1).any():
            found = cumulative_incidence(months, part.cause, entry=part.entry_months, conf_level=level).curve(cause=1)
            yield Curve(
                kind="incidence",
                time=found.time,
                value=found.incidence,
                conf_low=found.conf_low,
                conf_high=found.conf_high,
                cause=frame.protocol.label_of(frame.endpoint),
                **shared,
            )
        elif not competing:
            curve = kaplan_meier(months, part.event, entry=part.entry_months, conf_level=level)
            yield Curve(
                kind="survival",
                time=curve.time,
                value=curve.survival,
                conf_low=curve.conf_low,
                conf_high=curve.conf_high,
                **shared,
            )
