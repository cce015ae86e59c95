"""What the designs of one weighted log-rank test and of several together share: tests at looks, their bounds, power."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from equipoise.design._checks import check_alpha
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.sequential.spending import read_spending
from equipoise.design.weighted._quadrature import Floats
from equipoise.design.weighted.at_risk import Stratum
from equipoise.design.weighted.combined_looks import check_critical_values, passing_by_look, solve_critical_values
from equipoise.design.weighted.log_rank_weights import Weight
from equipoise.design.weighted.score_moments import Moments, score_moments
from equipoise.errors import DesignError

Variance = Literal["alternative", "null"]
Bounds = str | Sequence[float] | Callable[[float], float]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Tests at the looks of one trial, of which there may be one, with their bounds.

    Attributes:
        strata: what is compared.
        times: (k,) calendar months.
        tests: (k,) tuples of the weights used at each time.
        alpha: total over the sides.
        sides: 1 or 2.
        variance: of the statistics: `alternative` as the hazards make it, or `null`, which is 1.
        moments: of all m tests of all times, in order.
        look: (m,) index of each test's time.
        critical_values: (k,) reject for benefit at a z of at least this.
    """

    strata: tuple[Stratum, ...]
    times: Floats
    tests: tuple[tuple[Weight, ...], ...]
    alpha: float
    sides: int
    variance: Variance
    moments: Moments
    look: tuple[int, ...]
    critical_values: Floats

    def power(self, scale: float = 1.0) -> Floats:
        """(k,) probability to reject for benefit by each look, with `scale` times the participants."""
        z = np.sqrt(scale) * self.moments.z
        if self.variance == "null":
            spread, correlation = np.ones_like(z), self.moments.null_correlation
        else:
            spread, correlation = self.moments.spread, self.moments.correlation
        return passing_by_look(self.critical_values, self.look, z, spread, correlation)


def make_plan(
    strata: tuple[Stratum, ...],
    times: Floats,
    tests: Sequence[tuple[Weight, ...]],
    *,
    alpha: float,
    sides: int,
    bounds: Bounds | None,
    variance: Variance,
) -> Plan:
    """The plan with its bounds found; without `bounds` there is one time, and all of alpha is spent there.

    Raises:
        DesignError: for levels, bounds or options that cannot be.
    """
    check_alpha(alpha, sides)
    if variance not in get_args(Variance):
        raise DesignError(f"variance = {variance!r}; give one of {', '.join(get_args(Variance))}")
    looks = [(k, weight) for k, weights in enumerate(tests) for weight in weights]
    moments = score_moments(strata, times, looks)
    look = tuple(k for k, _ in looks)
    if len(set(tests)) == 1 and len(tests[0]) == 1:
        fractions = moments.information / moments.information[-1]
        one = GroupSequential(fractions, alpha=alpha, sides=sides, bounds="pocock" if bounds is None else bounds)
        critical = one.critical_values
    elif bounds is None or isinstance(bounds, str) or callable(bounds):
        spent = np.full(1, alpha)
        if bounds is not None:
            spent = read_spending(bounds, "bounds").spent(least_fractions(strata, times, tests[-1]), alpha, sides)
        critical = solve_critical_values(moments.null_correlation, look, spent, sides)
    else:
        critical = check_critical_values(bounds, times.size)
    return Plan(strata, times, tuple(tests), float(alpha), sides, variance, moments, look, critical)


def make_plans(
    strata: tuple[Stratum, ...],
    times: Floats,
    tests: Sequence[tuple[Weight, ...]],
    *,
    alpha: float,
    sides: int,
    bounds: Bounds | None,
    variance: Variance,
) -> list[Plan]:
    """One plan of all times as looks if there are `bounds`, otherwise one plan a time.

    Raises:
        DesignError: as `make_plan`, and for different tests at times that are no looks.
    """
    if bounds is not None:
        return [make_plan(strata, times, tests, alpha=alpha, sides=sides, bounds=bounds, variance=variance)]
    if len(set(tests)) > 1:
        raise DesignError("tests: they differ between the times, which then are looks of one trial; give bounds")
    return [
        make_plan(strata, times[k : k + 1], tests[:1], alpha=alpha, sides=sides, bounds=None, variance=variance)
        for k in range(times.size)
    ]


def least_fractions(strata: tuple[Stratum, ...], times: Floats, tests: tuple[Weight, ...]) -> Floats:
    """(k,) information at each time over that at the last, of whichever of `tests` has the least.

    Spending by it spends no earlier than any of the tests alone would.
    """
    looks = [(k, weight) for k in range(times.size) for weight in tests]
    information = score_moments(strata, times, looks).information.reshape(times.size, -1)
    fractions: Floats = (information / information[-1]).min(axis=1)
    return fractions
