"""Limits of hazard ratios from the profile of the likelihood, which need not be symmetric.

Source: Venzon and Moolgavkar, Applied Statistics 1988; for Firth's penalty Heinze and Schemper, Biometrics 2001.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from equipoise.estimates.result import Result, percent
from equipoise.survival._arrays import Floats
from equipoise.survival._normal import critical_value
from equipoise.survival.cox_lanes import TASK_ROWS
from equipoise.survival.cox_likelihood import Likelihood, Point
from equipoise.survival.cox_model import CoxModel
from equipoise.survival.cox_newton import maximise
from equipoise.survival.cox_objective import likelihoods
from equipoise.survival.cox_rows import threads

_FAR = 1e3
"""A limit further from the maximum than this, in standard deviations of the covariate, is infinite."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ProfileInterval(Result):
    """Hazard ratios of `p` covariates with the limits of the profile likelihood.

    Attributes:
        names: (p,) covariates.
        hazard_ratio: (p,) those of the model.
        conf_low: (p,) lower limits; 0 where the likelihood does not fall far enough.
        conf_high: (p,) upper limits; infinite where it does not.
        conf_level: two-sided level.
        penalised: whether the likelihood is that with Firth's or a ridge penalty.
    """

    _shown: ClassVar[tuple[str, ...]] = ("names", "hazard_ratio", "conf_low", "conf_high")

    names: tuple[str, ...]
    hazard_ratio: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    penalised: bool

    def _title(self) -> str:
        kind = "penalised likelihood" if self.penalised else "likelihood"
        return f"Hazard ratios, {percent(self.conf_level)} limits of the profile {kind}"


def profile_interval(model: CoxModel, hazard_ratio: Floats) -> ProfileInterval:
    """The hazard ratios of a fit with their limits; see `Cox.profile_interval`."""
    p = model.beta.size
    limits = np.empty((2, p))
    with threads(model.rows.event.size // TASK_ROWS) as spread:
        likelihood = likelihoods(model.rows, model.settings, spread)[1]
        top = likelihood(model.beta)
        for j in range(p):
            for side, sign in enumerate((-1.0, 1.0)):
                limits[side, j] = model.beta[j] + sign * _distance(model, likelihood, top, j, sign)
    with np.errstate(over="ignore"):
        low, high = np.exp(limits / model.rows.scale)
    penalised = model.settings.firth or bool(np.any(model.settings.penalty))
    return ProfileInterval(model.names, hazard_ratio, low, high, model.settings.conf_level, penalised)


def _distance(model: CoxModel, likelihood: Likelihood, top: Point, j: int, sign: float) -> float:
    """How far from the maximum the root of twice the fall is the critical value, by Newton's method kept in bounds.

    That root is nearly linear in the distance.
    """
    critical = critical_value(model.settings.conf_level)
    spread = math.sqrt(model.naive[j, j]) * model.rows.scale[j]
    distance = critical * spread if math.isfinite(spread) else 1.0
    near, far = 0.0, math.inf
    beta = top.beta
    for _ in range(100):
        point = _along(likelihood, beta, j, top.beta[j] + sign * distance)
        beta = point.beta
        fall = math.sqrt(max(2.0 * (top.value - point.value), 0.0))
        if abs(fall - critical) < 1e-10:
            return distance
        near, far = (distance, far) if fall < critical else (near, distance)
        if near > _FAR:
            return math.inf
        slope = -sign * float(point.score[j]) / fall if fall > 0.0 else 0.0
        following = distance + (critical - fall) / slope if slope > 0.0 else math.inf
        bound = min(far, 4.0 * distance)
        distance = following if near < following < bound else (near + bound) / 2.0
    return distance


def _along(likelihood: Likelihood, start: Floats, j: int, value: float) -> Point:
    """The maximum over all other coefficients where coefficient `j` has this value."""
    others = np.arange(start.size) != j

    def whole(free: Floats) -> Point:
        beta = np.empty_like(start)
        beta[others], beta[j] = free, value
        return likelihood(beta)

    def reduced(free: Floats) -> Point:
        point = whole(free)
        block = np.ascontiguousarray(point.information[np.ix_(others, others)])
        return Point(free, point.value, point.score[others], block, point.unpenalised)

    free = start[others]
    if free.size:
        free = maximise(reduced, reduced(free)).beta
    return whole(free)
