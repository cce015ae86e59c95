"""Baseline hazards and predicted survival of a Cox model.

Sources: Breslow 1972 and, with Efron's ties, the estimate that goes with them (Therneau and Grambsch 2000, 10.2);
variance: Tsiatis, Annals of Statistics 1981. Numbers agree with `survfit.coxph` and `basehaz(centered = FALSE)` of R's
survival 3.x.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar

import numpy as np

from equipoise.errors import DataError
from equipoise.estimates.result import Column, Result, percent
from equipoise.survival._arrays import Floats, Ints, numbers, read_covariates, read_time, rows_text
from equipoise.survival._bands import check_conf_type, confidence_limits
from equipoise.survival.cox_model import CoxModel
from equipoise.survival.cox_residuals import residuals_of_score


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BaselineHazard(Result):
    """The cumulative hazard of a participant with all covariates (and the offset) 0, one entry a stratum and time.

    Attributes:
        stratum: (m,) labels; None without strata.
        time: (m,) distinct times of the stratum, ascending.
        cumulative_hazard: (m,) from the time on.
        survival: (m,) its negative's exponential.
    """

    _shown: ClassVar[tuple[str, ...]] = ("stratum", "time", "cumulative_hazard", "survival")

    stratum: tuple[Hashable, ...]
    time: Floats
    cumulative_hazard: Floats
    survival: Floats

    def _title(self) -> str:
        return "Baseline hazard, all covariates 0"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CoxSurvival(Result):
    """Survival predicted for `k` sets of covariates at `m` times.

    Attributes:
        time: (m,) times.
        survival: (k, m) probabilities; NaN after the last time of the stratum.
        cumulative_hazard: (k, m) their negative logarithms.
        std_error: (k, m) of the survival: of the baseline hazard and of the coefficients.
        conf_low: (k, m) lower limits.
        conf_high: (k, m) upper limits.
        conf_level: two-sided level.
        conf_type: the scale on which limits are symmetric.
    """

    time: Floats
    survival: Floats
    cumulative_hazard: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    conf_type: str

    def _columns(self) -> Mapping[str, Column]:
        k, m = self.survival.shape
        columns: dict[str, Column] = {"row": np.repeat(np.arange(k), m), "time": np.tile(self.time, k)}
        for name in ("survival", "std_error", "conf_low", "conf_high"):
            columns[name] = getattr(self, name).ravel()
        return columns

    def _title(self) -> str:
        return f"Predicted survival, {percent(self.conf_level)} limits ({self.conf_type})"


@dataclass(frozen=True, slots=True, eq=False)
class _Hazard:
    """Cumulative sums by run within each stratum, of a participant with covariates at their means.

    `level` (r,) is H, `slope` (r, p) the integral of the mean covariate dH, `variance` (r,) that of H at known
    coefficients; covariates on the scale of the rows.
    """

    level: Floats
    slope: Floats
    variance: Floats


def _hazard(model: CoxModel) -> _Hazard:
    sets = model.rows.sets
    found = residuals_of_score(model.rows, model.efron, model.beta)
    parts = []
    for steps in (found.hazard, found.slope, found.variance):
        total = np.cumsum(steps, axis=0)
        starts = sets.stratum_run[:-1]
        before = np.where((starts > 0).reshape(-1, *[1] * (total.ndim - 1)), total[starts - 1], 0.0)
        parts.append(total - np.repeat(before, np.diff(sets.stratum_run), axis=0))
    return _Hazard(*parts)


def baseline_hazard(model: CoxModel) -> BaselineHazard:
    """The baseline hazard by stratum; see `Cox.baseline_hazard`."""
    rows, sets = model.rows, model.rows.sets
    at_zero = np.exp(-float(model.beta @ (rows.centre / rows.scale)))
    cumulative = _hazard(model).level * at_zero
    labels = model.strata or (None,)
    of_run = np.repeat(np.arange(len(labels)), np.diff(sets.stratum_run)).tolist()
    return BaselineHazard(tuple(labels[s] for s in of_run), sets.time[sets.run_time], cumulative, np.exp(-cumulative))


def predict_survival(
    model: CoxModel, covariance: Floats, covariates: Any, times: Any, *, strata: Any, offset: Any, conf_type: str
) -> CoxSurvival:
    """Survival for new covariates; see `Cox.predict_survival`."""
    check_conf_type(conf_type)
    rows, sets = model.rows, model.rows.sets
    x = (read_new_covariates(covariates, model.names) - rows.centre) / rows.scale
    k = x.shape[0]
    shift = _read_new_offset(offset, k)
    stratum = read_new_strata(strata, model.strata, k)
    points = sets.time if times is None else read_time(np.atleast_1d(np.asarray(times)), "times")
    hazard = _hazard(model)
    scaled = covariance * np.outer(rows.scale, rows.scale)
    cumulative, spread = np.empty((k, points.size)), np.empty((k, points.size))
    for i in range(k):
        low, high = sets.stratum_run[stratum[i]], sets.stratum_run[stratum[i] + 1]
        at = np.searchsorted(sets.time[sets.run_time[low:high]], points + sets.tolerance, side="right") - 1 + low
        before = at < low
        at = np.maximum(at, low)
        risk = np.exp(float(model.beta @ x[i]) + shift[i])
        h = np.where(before, 0.0, hazard.level[at])
        away = x[i] * h[:, np.newaxis] - np.where(before[:, np.newaxis], 0.0, hazard.slope[at])
        variance = np.where(before, 0.0, hazard.variance[at]) + np.einsum("ij,jk,ik->i", away, scaled, away)
        beyond = points > sets.time[sets.run_time[high - 1]] + sets.tolerance
        cumulative[i] = np.where(beyond, np.nan, risk * h)
        spread[i] = risk * np.sqrt(variance)
    survival = np.exp(-cumulative)
    std_error = survival * spread
    low_limit, high_limit = confidence_limits(survival, std_error, conf_type, model.settings.conf_level)
    certain = std_error == 0.0  # before the first event, where log-log limits do not exist
    low_limit, high_limit = np.where(certain, survival, low_limit), np.where(certain, survival, high_limit)
    return CoxSurvival(
        points, survival, cumulative, std_error, low_limit, high_limit, model.settings.conf_level, conf_type
    )


def read_new_covariates(covariates: Any, names: tuple[str, ...]) -> Floats:
    """New covariates as (k, p): a mapping of name to number or column, a data frame, a 2-d array, or one row.

    Raises:
        DataError: for covariates that are missing or no numbers; for a name in a mapping that the model has not.
            Further columns of a data frame are passed over: it may be that of the fit.
    """
    mapping = isinstance(covariates, Mapping)
    if mapping or hasattr(covariates, "columns"):
        columns = {str(name): name for name in (covariates if mapping else covariates.columns)}
        if mapping:
            _refuse_unknown(columns, names)
        missing = [name for name in names if name not in columns]
        if missing:
            raise DataError(f"covariates: {', '.join(missing)} missing; give every covariate of the model")
        read = {name: np.atleast_1d(np.asarray(covariates[columns[name]])) for name in names}
        k = max(column.size for column in read.values())
        whole = {name: np.repeat(column, k) if column.size == 1 else column for name, column in read.items()}
        return read_covariates(whole, k, None)[0]
    array = np.asarray(covariates)
    if array.ndim < 2:
        array = array.reshape(-1, 1) if len(names) == 1 else array.reshape(1, -1)
    if array.shape[1] != len(names):
        raise DataError(f"covariates: {array.shape[1]} columns for {len(names)} covariates; give one a covariate")
    return read_covariates(array, array.shape[0], names)[0]


def _refuse_unknown(given: Iterable[str], names: tuple[str, ...]) -> None:
    """Raise a DataError for the first name that is no covariate of the model, with the nearest one that is."""
    for name in given:
        if name not in names:
            close = get_close_matches(name, names, n=1)
            guess = f"did you mean {close[0]}? the model has" if close else "it has"
            raise DataError(f"covariates: {name} is no covariate of the model; {guess} {', '.join(names)}")


def _read_new_offset(offset: Any, k: int) -> Floats:
    """The offset of each new row; 0 where none is given."""
    values = np.zeros(1) if offset is None else numbers(np.atleast_1d(np.asarray(offset)), "offset")
    if values.size not in {1, k}:
        raise DataError(f"offset: {values.size} numbers for {k} rows; give one, or one a row")
    if not np.isfinite(values).all():
        raise DataError(f"offset: missing or infinite value in {rows_text(~np.isfinite(values))}; give every row one")
    return np.broadcast_to(values, (k,))


def read_new_strata(strata: Any, labels: tuple[Hashable, ...], k: int) -> Ints:
    """The stratum of each new row."""
    if not labels:
        if strata is not None:
            raise DataError("strata: the model has none; leave them out")
        return np.zeros(k, dtype=np.int64)
    if strata is None:
        raise DataError("strata: the model is stratified; give each row its stratum")
    given = [strata] * k if isinstance(strata, (str, int, float, tuple)) else list(strata)
    unknown = [label for label in given if label not in labels]
    if unknown:
        raise DataError(f"strata: {unknown[0]!r} is no stratum of the model; choose one of {labels}")
    if len(given) != k:
        raise DataError(f"strata: {len(given)} labels for {k} rows; give one a row")
    place = {label: s for s, label in enumerate(labels)}
    return np.array([place[label] for label in given], dtype=np.int64)
