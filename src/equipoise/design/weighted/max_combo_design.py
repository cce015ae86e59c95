"""The power of a max-combo test: the largest of several weighted log-rank tests, at one look or several.

The tests' correlations under the null hypothesis give the critical value, those under the hazards as assumed the power.

Sources: Lin et al., Statistics in Biopharmaceutical Research 2020; Karrison, Stata Journal 2016; Prior, Statistics in
Biopharmaceutical Research 2020 (several looks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from equipoise.design._checks import sided
from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm
from equipoise.design.weighted._quadrature import Floats
from equipoise.design.weighted.at_risk import Stratum, read_strata, read_times
from equipoise.design.weighted.average_hazard_ratio import expected_course
from equipoise.design.weighted.log_rank_weights import Weight, read_tests
from equipoise.design.weighted.plan import Bounds, Variance, make_plans
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result, show

Tests = str | Sequence[str] | Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MaxComboPower(Result):
    """A max-combo test at calendar times; z is positive where the experimental arm does better.

    Attributes:
        tests: (k,) tuples of names: the tests of each time.
        times: (k,) months since the first participant could enter.
        participants: (k,) who came in.
        events: (k,) expected, of both arms.
        average_hazard_ratio: (k,) weighted by the events; NaN if in some period only one arm has any.
        z: (k, most tests) expected statistics; NaN where a time has fewer tests.
        spread: (k, most tests) their standard deviations under the hazards as assumed.
        null_correlation: under the null hypothesis, (m, m) of all tests of all looks, in order; (k, m, m) of the
            tests of each time where times are no looks.
        correlation: the same under the hazards as assumed.
        critical_values: (k,) reject for benefit if the largest z is at least this.
        power: (k,) for benefit: by each look if the times are looks of one trial, at each time otherwise.
        alpha: total over the sides.
        sides: 1; or 2, when the critical value is that of the largest |z|.
        sequential: the times are looks of one trial.
        variance: which covariance of the statistics the power rests on.
    """

    tests: tuple[tuple[str, ...], ...]
    times: Floats
    participants: Floats
    events: Floats
    average_hazard_ratio: Floats
    z: Floats
    spread: Floats
    null_correlation: Floats
    correlation: Floats
    critical_values: Floats
    power: Floats
    alpha: float
    sides: int
    sequential: bool
    variance: Variance
    _shown = ("times", "participants", "events", "average_hazard_ratio")

    @property
    def power_by_look(self) -> Floats:
        """(k,) power gained at each look; the power itself where times are analyses of their own."""
        return np.diff(self.power, prepend=0.0) if self.sequential else self.power

    def _title(self) -> str:
        return f"Max-combo: what is expected {'look by look' if self.sequential else 'at each time'}"

    def _columns(self) -> Mapping[str, Column]:
        same = len(set(self.tests)) == 1
        names = [f"z_{name}" for name in self.tests[0]] if same else [f"z{j + 1}" for j in range(self.z.shape[1])]
        return {
            **{name: getattr(self, name) for name in self._shown},
            **dict(zip(names, self.z.T, strict=True)),
            "critical_values": self.critical_values,
            "power": self.power,
        }

    def _notes(self) -> list[str]:
        tests = "; ".join(", ".join(names) for names in dict.fromkeys(self.tests))
        return [f"tests: {tests}", f"{sided(self.sides)} alpha {show(self.alpha)}; variance of z: {self.variance}"]


def max_combo_power(
    tests: Tests = "maxcombo",
    *,
    times: ArrayLike,
    alpha: float,
    sides: int = 1,
    arms: Sequence[Arm] | None = None,
    accrual: Accrual | None = None,
    strata: Sequence[Stratum] | None = None,
    bounds: Bounds | None = None,
    variance: Variance = "alternative",
) -> MaxComboPower:
    """Expected statistics, critical values and power of the largest of several tests at calendar times.

    Args:
        tests: `maxcombo`, or names (`logrank`, `fh:RHO:GAMMA`, `mwlrt:T_STAR`) of the tests that are combined; or
            one such list for each time, when interim looks make other tests than the last.
        times: (k,) or one calendar time (months), increasing, above 0.
        alpha: total over the sides.
        sides: 1 or 2; power counts the benefit tail.
        arms: control and experimental, with `accrual`; or give `strata`.
        accrual: of both arms together.
        strata: compared within each.
        bounds: None: each time is the only analysis. Otherwise the times are looks of one trial: a spending function
            (its words, or one of Python), read at the least of the last look's tests' information fractions; or k
            critical values.
        variance: `alternative`, the covariance under the hazards as assumed, or `null`.

    Raises:
        DesignError: for requests that are impossible or contradict each other.
    """
    read, calendar = read_strata(arms, accrual, strata), read_times(times)
    expected = expected_course(read, calendar, "events")
    each = tests_by_time(tests, calendar.size)
    plans = make_plans(read, calendar, each, alpha=alpha, sides=sides, bounds=bounds, variance=variance)
    sequential = bounds is not None
    null, correlation = (
        np.array([getattr(plan.moments, name) for plan in plans]) for name in ("null_correlation", "correlation")
    )
    return MaxComboPower(
        tests=tuple(tuple(weight.word for weight in weights) for weights in each),
        times=calendar,
        participants=expected.participants,
        events=expected.events,
        average_hazard_ratio=expected.average_hazard_ratio,
        z=_by_time(each, np.concatenate([plan.moments.z for plan in plans])),
        spread=_by_time(each, np.concatenate([plan.moments.spread for plan in plans])),
        null_correlation=null[0] if sequential else null,
        correlation=correlation[0] if sequential else correlation,
        critical_values=np.concatenate([plan.critical_values for plan in plans]),
        power=np.concatenate([plan.power() for plan in plans]),
        alpha=plans[0].alpha,
        sides=sides,
        sequential=sequential,
        variance=variance,
    )


def _by_time(tests: Sequence[tuple[Weight, ...]], values: Floats) -> Floats:
    """(k, most tests at a time) `values` of all tests in order; NaN where a time has fewer tests."""
    table = np.full((len(tests), max(map(len, tests))), np.nan)
    table[np.array([[j < len(own) for j in range(table.shape[1])] for own in tests])] = values
    return table


def tests_by_time(tests: Tests, times: int) -> list[tuple[Weight, ...]]:
    """The weights of each time.

    Raises:
        DesignError: unknown names, or lists of tests that are not one a time.
    """
    if isinstance(tests, str):
        return [read_tests(tests)] * times
    names = [test for test in tests if isinstance(test, str)]
    if len(names) == len(tests):
        return [read_tests(names)] * times
    lists = [test for test in tests if not isinstance(test, str)]
    if len(lists) != times:
        raise DesignError(f"tests: {len(lists)} lists of tests for {times} times; give one list for all, or one a time")
    return [read_tests(list(test)) for test in lists]
