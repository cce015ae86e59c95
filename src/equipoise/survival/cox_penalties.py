"""Penalised likelihoods: ridge, and the penalty of Firth as Heinze and Schemper (Biometrics 2001) have it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from equipoise._kernel import as_float
from equipoise.survival._arrays import Floats
from equipoise.survival.cox_firth_kernels import firth_slope
from equipoise.survival.cox_likelihood import Likelihood, Point
from equipoise.survival.cox_rows import CoxRows


class RidgeLikelihood:
    """A log likelihood less half of `penalty` (p,) times the squared coefficients."""

    def __init__(self, likelihood: Likelihood, penalty: Floats) -> None:
        self._likelihood = likelihood
        self._penalty = penalty

    def __call__(self, beta: Floats) -> Point:
        """The penalised log likelihood and its derivatives."""
        point = self._likelihood(beta)
        return replace(
            point,
            value=point.value - 0.5 * float(self._penalty @ beta**2),
            score=point.score - self._penalty * beta,
            information=point.information + np.diag(self._penalty),
        )


class FirthLikelihood:
    """A log likelihood plus half the log determinant of its information, on the covariates' own scale.

    The information of the point is that of the likelihood without the penalty, whose curvature is small beside it:
    steps are short of Newton's by a share that falls with the number of events.
    """

    def __init__(self, likelihood: Likelihood, rows: CoxRows, efron: int) -> None:
        self._likelihood = likelihood
        self._rows = rows
        self._efron = efron
        self._units = float(np.log(rows.scale).sum())

    def __call__(self, beta: Floats) -> Point:
        """The penalised log likelihood and its derivatives."""
        point = self._likelihood(beta)
        sign, log_determinant = np.linalg.slogdet(point.information)
        if not (math.isfinite(point.value) and sign > 0.0):
            return replace(point, value=-math.inf)
        slope = np.zeros(beta.size)
        inverse = as_float(np.linalg.inv(point.information))
        firth_slope(*self._rows.leading(), self._efron, beta, inverse, np.empty(self._rows.event.size), slope)
        return replace(
            point,
            value=point.value + 0.5 * float(log_determinant) + self._units,
            score=point.score + 0.5 * slope,
        )
