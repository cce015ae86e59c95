"""Normal and chi-squared tails for tests and intervals, without scipy.stats, which is slow to import."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri

from equipoise.estimates.result import show


@cache
def critical_value(conf_level: float) -> float:
    """The z of a two-sided interval: 1.96 for 0.95."""
    return float(ndtri(0.5 + conf_level / 2.0))


def two_sided_p(z: float) -> float:
    """Two-sided p-value of a standard normal z."""
    return float(2.0 * ndtr(-abs(z)))


class Wald(NamedTuple):
    """What follows from coefficients and their covariance, one of each a coefficient."""

    std_error: NDArray[np.float64]
    conf_low: NDArray[np.float64]
    conf_high: NDArray[np.float64]
    p_value: NDArray[np.float64]


def wald(coef: NDArray[np.float64], covariance: NDArray[np.float64], conf_level: float) -> Wald:
    """Standard errors, limits at a two-sided level, and two-sided p-values."""
    std_error = np.sqrt(covariance.diagonal())
    width = critical_value(conf_level) * std_error
    return Wald(std_error, coef - width, coef + width, np.array([two_sided_p(float(z)) for z in coef / std_error]))


def chi_squared_p(statistic: float, df: float) -> float:
    """Upper tail of the chi-squared distribution."""
    return float(chdtrc(df, statistic)) if df > 0 else math.nan


@dataclass(frozen=True, slots=True, repr=False)
class ChiSquared:
    """A test statistic that is chi-squared under the null hypothesis.

    Attributes:
        statistic: its value.
        df: degrees of freedom.
        p_value: upper tail.
    """

    statistic: float
    df: float
    p_value: float

    def __repr__(self) -> str:
        """The statistic, its degrees of freedom and p."""
        return f"chi-squared {show(self.statistic)} on {show(self.df)} df, p {show(self.p_value)}"


def chi_squared(statistic: float, df: float) -> ChiSquared:
    """A statistic with its degrees of freedom and p-value."""
    return ChiSquared(float(statistic), df, chi_squared_p(statistic, df))
