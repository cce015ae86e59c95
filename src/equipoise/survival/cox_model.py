"""What a Cox model was fitted with and on: all that its methods need after the fit."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from equipoise.errors import DataError
from equipoise.survival._arrays import Bools, Floats, Ints
from equipoise.survival.cox_rows import CoxData, CoxRows

Ties = Literal["efron", "breslow", "exact"]


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """The options of a fit; see `cox`."""

    ties: Ties
    robust: bool
    penalty: float | Sequence[float]
    firth: bool
    conf_level: float
    time_tolerance: float

    @property
    def ridge(self) -> bool:
        """Whether there is a ridge penalty."""
        return self.penalty != 0.0 if isinstance(self.penalty, (int, float)) else bool(np.any(self.penalty))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CoxModel:
    """A fitted model with its rows, for the methods of the result.

    Attributes:
        names: (p,) covariates.
        rows: the rows in the order of their risk sets.
        settings: the options.
        strata: labels of the strata.
        cluster: (n,) codes by row as given, or empty.
        kept: (given,) which rows given are rows of the model; empty if all are.
        beta: (p,) coefficients on the scale of `rows.x`; where the likelihood is monotone, where the search ended.
        naive: (p, p) inverse information on the covariates' own scale; NaN for coefficients that are infinite.
    """

    names: tuple[str, ...]
    rows: CoxRows
    settings: Settings
    strata: tuple[Hashable, ...]
    cluster: Ints
    kept: Bools
    beta: Floats
    naive: Floats

    def __repr__(self) -> str:
        """Its size: the arrays would fill pages."""
        strata = f", {len(self.strata)} strata" if self.strata else ""
        return f"CoxModel({', '.join(self.names)}; {self.rows.event.size} rows{strata}, {self.settings.ties} ties)"

    @property
    def efron(self) -> int:
        """1 for Efron's ties; what follows a fit with exact ties is Breslow's."""
        return int(self.settings.ties == "efron")

    def as_given(self, values: Floats) -> Floats:
        """Values by row in the order of risk sets, in the order the rows were given; NaN for rows left out."""
        n = self.kept.size or values.shape[0]
        filled = np.full((n, *values.shape[1:]), np.nan)
        given = np.flatnonzero(self.kept) if self.kept.size else np.arange(n)
        filled[given[self.rows.sets.order]] = values
        return filled


def check_settings(settings: Settings, data: CoxData) -> None:
    """Raise a DataError for an option that is unknown, or for options that exclude each other."""
    if settings.ties not in get_args(Ties):
        raise DataError(f"ties: {settings.ties!r} is unknown; choose one of {', '.join(get_args(Ties))}")
    if settings.ties == "exact":
        if data.weight.size:
            raise DataError("weights: the exact likelihood of ties has none; choose efron or breslow")
        if settings.robust:
            raise DataError("robust: the exact likelihood of ties has no sandwich; choose efron or breslow")
        if settings.firth:
            raise DataError("firth: not for the exact likelihood of ties; choose efron or breslow")
    if not settings.ridge and isinstance(settings.penalty, (int, float)):
        return
    penalty = np.atleast_1d(np.asarray(settings.penalty, dtype=np.float64))
    p = data.matrix.shape[1]
    if penalty.ndim != 1 or penalty.size not in {1, p}:
        raise DataError(f"penalty: {penalty.size} numbers for {p} covariates; give one, or one a covariate")
    if not (np.isfinite(penalty).all() and (penalty >= 0.0).all()):
        raise DataError("penalty: missing, infinite or negative value; give 0 or more")
    if settings.firth and penalty.any():
        raise DataError("firth: together with a ridge penalty; choose one")
