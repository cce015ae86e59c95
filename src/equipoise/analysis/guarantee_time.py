"""Arms that become known only after the origin: the naive comparison, and the two that are not biased.

Whoever is classed as a responder must have lived long enough to respond, so a comparison from diagnosis favours
responders even if the class changes nothing (guarantee-time bias: Anderson, Cain, Gelber. J Clin Oncol 1983;1:710-719).
The naive figure never stands alone: a landmark analysis and a Cox model with the class as a time-dependent covariate
stand in the same table.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from equipoise.analysis.compare import TIES, compare_arms
from equipoise.analysis.context import Frame, p_value
from equipoise.analysis.tables import Sample
from equipoise.errors import NoEventsError
from equipoise.estimates import Estimate
from equipoise.survival import cox
from equipoise.units import DAYS_PER_MONTH

BIASED = (
    "biased: whoever reached this class had to live until then (guarantee-time bias); see landmark and time-dependent"
)


def compare_classes(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    """The comparison as written, marked biased, with the landmark and the time-dependent comparison beside it."""
    yield from compare_arms(frame, sample, note=BIASED, model="cox, as written")
    yield from _ever(frame, sample)
    if frame.analysis.landmark_months is not None:
        yield from _landmark(frame, sample, frame.analysis.landmark_months)
    if frame.analysis.time_dependent:
        yield _time_dependent(frame, sample)


def _switch(sample: Sample) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Days from the origin to leaving the reference class; infinite for who never did."""
    import polars as pl  # noqa: PLC0415 - the only line that needs it

    return sample.frame["SWITCHDY"].cast(pl.Float64).fill_null(np.inf).to_numpy()


def _two_arms(sample: Sample, moved: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Sample:
    """The same participants in two groups: in the reference class, or in any other."""
    return Sample(
        (sample.arms[0], "any other"), moved.astype(np.int64), sample.time, sample.cause, sample.entry, sample.frame
    )


def _ever(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    """Ever against never in another class, as such trials are often reported."""
    if len(sample.arms) > 2:
        pooled = _two_arms(sample, sample.arm > 0)
        yield from compare_arms(frame, pooled, note=BIASED, model="cox, ever against never, as written")


def _landmark(frame: Frame, sample: Sample, months: float) -> Iterator[Estimate]:
    """Of those who are under observation at the landmark: classes as they are then, time from then on."""
    at = months * DAYS_PER_MONTH
    reached = sample.time > at
    part = sample.take(reached)
    moved = _switch(part) <= at
    note = f"classes as at {months:g} months, among the {int(reached.sum())} under observation then"
    if not moved.any() or moved.all():
        yield frame.nothing(
            "hazard ratio", f"one class only at {months:g} months", method="cox, landmark", unit="ratio"
        )
        return
    landmark = Sample(
        (sample.arms[0], "any other"),
        moved.astype(np.int64),
        part.time - at,
        part.cause,
        np.zeros(part.time.size),
        part.frame,
    )
    yield from compare_arms(frame, landmark, note=note, model=f"cox, landmark at {months:g} months")


def _time_dependent(frame: Frame, sample: Sample) -> Estimate:
    """Cox model with leaving the reference class as a time-dependent covariate."""
    switch = _switch(sample)
    moves = switch < sample.time
    later = np.maximum(switch[moves], sample.entry[moves] + 1e-3)
    start = np.concatenate([sample.entry, later])
    stop = np.concatenate([np.where(moves, np.maximum(switch, sample.entry + 1e-3), sample.time), sample.time[moves]])
    event = np.concatenate([np.where(moves, 0, sample.event), sample.event[moves]])
    covariate = np.concatenate([np.zeros(sample.time.size), np.ones(int(moves.sum()))])
    shared = {
        "method": "cox, time-dependent class",
        "unit": "ratio",
        "arm": "any other",
        "reference": sample.arms[0],
        "null_value": 1,
        "ties": TIES,
        "conf_level": frame.analysis.conf_level,
        "n_by_arm": {sample.arms[0]: int((~moves).sum()), "any other": int(moves.sum())},
    }
    try:
        fitted = cox(stop, event, covariate[:, None], entry=start, ties=TIES, conf_level=frame.analysis.conf_level)
    except NoEventsError:
        return frame.nothing("hazard ratio", "no events", **shared)
    z = float(fitted.coef[0] / fitted.std_error[0])
    return frame.estimate(
        "hazard ratio",
        value=fitted.hazard_ratio[0],
        std_error=fitted.std_error[0],
        conf_low=fitted.conf_low[0],
        conf_high=fitted.conf_high[0],
        p_value=None if z != z else p_value(z, frame.analysis.sides),
        p_method="Wald" if z == z else "",
        sides=frame.analysis.sides if z == z else None,
        note="participants count in the reference class until they leave it",
        **shared,
    )
