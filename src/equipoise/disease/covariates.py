"""From the covariates of participants to the linear predictors of their transitions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from equipoise.disease.model import CovariateEffect, DiseaseModel
from equipoise.errors import DataError


def linear_predictors(model: DiseaseModel, covariates: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float64]]:
    """The logarithm of the joint hazard ratio of each participant's covariates, by transition.

    Args:
        model: its transitions name the covariates and their effects.
        covariates: one array a covariate, shape (n,): text for effects by level, numbers for effects per
            unit. Covariates that no transition names are ignored.

    Returns:
        By name of transition, shape (n,), float64; transitions without covariates are left out.

    Raises:
        DataError: a covariate that a transition needs is missing, has missing values, or has another length.
    """
    columns: dict[str, NDArray[np.generic]] = {name: np.asarray(column) for name, column in covariates.items()}
    lengths = {name: column.shape for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"covariates differ in shape: {lengths}; give one value a participant")
    out: dict[str, NDArray[np.float64]] = {}
    for transition_name, transition in model.transitions():
        for name, effect in transition.covariates.items():
            if name not in columns:
                raise DataError(f"{transition_name} depends on {name!r}, which is not given; give {name!r}")
            part = _effect(name, effect, columns[name])
            out[transition_name] = out[transition_name] + part if transition_name in out else part
    return out


def _effect(name: str, effect: CovariateEffect, column: NDArray[np.generic]) -> NDArray[np.float64]:
    """Logarithm of the hazard ratio of one covariate, per participant."""
    if isinstance(effect, Mapping):
        missing = np.array([not isinstance(value, str) or value == "" for value in column.tolist()], dtype=bool)
        _refuse_missing(name, missing, "text")
        result = np.zeros(column.shape)
        for level, ratio in effect.items():
            result[column == level] = np.log(ratio)
        return result
    try:
        values = column.astype(np.float64)
    except ValueError as error:
        raise DataError(f"{name} has an effect per unit but is not numeric; give numbers") from error
    _refuse_missing(name, ~np.isfinite(values), "finite numbers")
    return np.asarray(values * np.log(effect))


def _refuse_missing(name: str, missing: NDArray[np.bool_], wanted: str) -> None:
    if missing.any():
        rows = np.flatnonzero(missing)
        raise DataError(f"{name} is missing in rows {rows[:5].tolist()} ({rows.size} in all); give {wanted} in all")
