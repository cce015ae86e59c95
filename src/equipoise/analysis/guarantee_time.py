"""Arms that become known only after the origin: the naive comparison, and the two that are not biased.

Whoever is classed as a responder must have lived long enough to respond, so a comparison from diagnosis favours
responders even if the class changes nothing (guarantee-time bias: Anderson, Cain, Gelber. J Clin Oncol 1983;1:710-719).
The naive figure never stands alone: a landmark analysis, or a Cox model with the class as a time-dependent covariate,
stands in the same result, or else the naive one is withheld.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from equipoise.analysis.compare import NO_EVENTS, compare_arms, ratio_fields
from equipoise.analysis.context import Frame, joined
from equipoise.analysis.model import TIES, covariates_of, strata_of
from equipoise.analysis.sample import Sample, from_origin
from equipoise.errors import DataError
from equipoise.estimates import Estimate
from equipoise.survival import cox
from equipoise.units import DAYS_PER_MONTH

DELAYED = "delayed entry at registration"
BIASED = (
    "biased: whoever reached this class had to live until then (guarantee-time bias); see landmark and time-dependent"
)
OTHERS = "any other"
"""Name of all arms but the reference, taken together."""


def compare_classes(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    """The comparison as written, marked biased, with the landmark and the time-dependent comparison beside it.

    As written, time before registration counts, in which nobody could die; the others enter at registration.
    """
    others: list[Estimate] = []
    if frame.analysis.landmark_months is not None:
        others += _landmark(frame, sample, frame.analysis.landmark_months)
    if frame.analysis.time_dependent:
        others.append(_time_dependent(frame.marked(DELAYED) if sample.delayed else frame, sample))
    unbiased = any(item.value is not None for item in others)
    for item in _as_written(frame, from_origin(sample)):
        yield item if unbiased or item.value is None else _withheld(item, others)
    yield from others


def _as_written(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    marked = frame.marked(BIASED, "biased" if frame.role == "main" else None)
    yield from compare_arms(marked, sample, model="cox, as written")
    if len(sample.arms) > 2:  # ever against never in another class, as such trials are often reported
        pooled = _two_arms(sample, sample.arm > 0)
        yield from compare_arms(marked, pooled, model="cox, ever against never, as written")


def _withheld(biased: Estimate, others: list[Estimate]) -> Estimate:
    """A biased comparison without its numbers, since no unbiased one can stand beside it."""
    why = ", ".join(f"{item.method}: {item.reason}" for item in others)
    why = why or "the protocol's analysis gives neither landmark_months nor time_dependent"
    nothing: dict[str, Any] = dict.fromkeys(("value", "std_error", "conf_low", "conf_high", "conf_level", "p_value"))
    note = joined(f"withheld, as no unbiased comparison stands beside it ({why})", biased.note)
    return replace(biased, **nothing, p_method="", sides=None, note=note)


def _switch(sample: Sample) -> NDArray[np.float64]:
    """Days from the origin to leaving the reference class; infinite for who never did.

    Raises:
        DataError: the table does not say.
    """
    if "SWITCHDY" not in sample.frame.columns:
        raise DataError(
            "the table has no column SWITCHDY: the day on which a participant left the reference class is needed"
        )
    return sample.frame["SWITCHDY"].cast(pl.Float64).fill_null(np.inf).to_numpy()


def _two_arms(sample: Sample, moved: NDArray[np.bool_]) -> Sample:
    """The same participants in two groups: in the reference class, or in any other."""
    return Sample(
        (sample.arms[0], OTHERS), moved.astype(np.int64), sample.time, sample.cause, sample.entry, sample.frame
    )


def _landmark(frame: Frame, sample: Sample, months: float) -> Iterator[Estimate]:
    """Of those who are under observation at the landmark: classes as they are then, time from then on."""
    at = months * DAYS_PER_MONTH
    part = sample.take((sample.time > at) & (sample.entry <= at))
    moved = _switch(part) <= at
    method = f"cox, landmark at {months:g} months"
    if not moved.any() or moved.all():
        yield frame.nothing("hazard ratio", f"one class only at {months:g} months", method=method, unit="ratio")
        return
    both = _two_arms(part, moved)
    later = Sample(both.arms, both.arm, both.time - at, both.cause, np.zeros(both.time.size), both.frame)
    who = f"classes as at {months:g} months, among the {part.time.size} under observation then"
    yield from compare_arms(frame.marked(who), later, model=method)


def _time_dependent(frame: Frame, sample: Sample) -> Estimate:
    """Cox model with leaving the reference class as a time-dependent covariate.

    Whoever leaves it has two rows: in the reference class until that day, in another from then on.
    """
    switch = _switch(sample)
    moves = (switch < sample.time) & (switch > 0)
    second = np.flatnonzero(moves)
    rows = np.concatenate([np.arange(sample.time.size), second])
    other = np.concatenate([(switch <= 0).astype(np.float64), np.ones(second.size)])
    start = np.concatenate([sample.entry, np.maximum(switch[second], sample.entry[second])])
    stop = np.concatenate([np.where(moves, switch, sample.time), sample.time[second]])
    event = np.concatenate([np.where(moves, 0, sample.event), sample.event[second]])
    seen = stop > start
    ever = (switch < sample.time).astype(np.int64)
    shared: dict[str, Any] = {
        "method": "cox, time-dependent class",
        "unit": "ratio",
        "arm": OTHERS,
        "reference": sample.arms[0],
        "null_value": 1,
        "ties": TIES,
        "adjusted_for": frame.analysis.covariates,
        "n_by_arm": {sample.arms[0]: int((ever == 0).sum()), OTHERS: int(ever.sum())},
        "events_by_arm": {sample.arms[0]: int(event[other == 0].sum()), OTHERS: int(event[other == 1].sum())},
    }
    if not event.any():
        return frame.nothing("hazard ratio", NO_EVENTS, **shared)
    strata = strata_of(frame, sample)
    columns = {f"arm {OTHERS}": other}
    columns |= {name: column[rows] for name, column in covariates_of(frame, sample).items()}
    try:
        fitted = cox(
            stop[seen],
            event[seen],
            np.column_stack(list(columns.values()))[seen],
            names=list(columns),
            entry=start[seen],
            strata=None if strata.values is None else strata.values[rows][seen],
            ties=TIES,
            conf_level=frame.analysis.conf_level,
        )
    except DataError as error:
        return frame.nothing("hazard ratio", f"the model cannot be fitted: {error}", **shared)
    return frame.estimate(
        "hazard ratio",
        note=joined(fitted.note, "participants count in the reference class until they leave it"),
        strata=strata.names,
        **ratio_fields(fitted, 0),
        **frame.tested(float(fitted.z[0]), "Wald"),
        **shared,
    )
