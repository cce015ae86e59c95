"""What a weighted log-rank test can be expected to show, and with which power, at calendar times.

The hazards may differ in any way: delayed, crossing, with a cured fraction. Nothing is simulated: the means and
covariances of the statistics are integrals over study time (`score_moments`), exact for many participants. The
expected z of a trial of 100 is up to about 0.05 too high, of one of 400 half of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from equipoise.design._checks import sided
from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm
from equipoise.design.weighted._quadrature import Floats
from equipoise.design.weighted.at_risk import Stratum, read_strata, read_times
from equipoise.design.weighted.average_hazard_ratio import expected_course
from equipoise.design.weighted.log_rank_weights import read_test
from equipoise.design.weighted.plan import Bounds, Plan, Variance, make_plans
from equipoise.estimates.result import Column, Result, show


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class WeightedTest(Result):
    """A weighted log-rank test at calendar times; z is positive where the experimental arm does better.

    Attributes:
        test: its name.
        times: (k,) months since the first participant could enter.
        participants: (k,) who came in.
        events: (k,) expected, of both arms.
        average_hazard_ratio: (k,) weighted by the events; NaN if in some period only one arm has any.
        weighted_hazard_ratio: (k,) weighted as the test weighs: exp(-mean score / integral of its weights).
        z: (k,) expected statistic.
        spread: (k,) its standard deviation under the hazards as assumed; 1 under the null hypothesis.
        correlation: (k, k) of the statistics under the hazards as assumed; None where times are no looks.
        information: (k,) what the variance estimate of the score is expected to be.
        information_null: (k,) the same if the arms' shares of those at risk stayed as allocated.
        critical_values: (k,) reject for benefit at z of at least this.
        power: (k,) for benefit: by each look if the times are looks of one trial, at each time otherwise.
        alpha: total over the sides.
        sides: 1 or 2.
        sequential: the times are looks of one trial.
        variance: which variance of z the power rests on.
    """

    test: str
    times: Floats
    participants: Floats
    events: Floats
    average_hazard_ratio: Floats
    weighted_hazard_ratio: Floats
    z: Floats
    spread: Floats
    correlation: Floats | None
    information: Floats
    information_null: Floats
    critical_values: Floats
    power: Floats
    alpha: float
    sides: int
    sequential: bool
    variance: Variance
    _shown = (
        "times", "participants", "events", "average_hazard_ratio", "information", "z", "spread", "critical_values",
        "power",
    )  # fmt: skip  # short items of one kind share a line

    @property
    def power_by_look(self) -> Floats:
        """(k,) power gained at each look; the power itself where times are analyses of their own."""
        return np.diff(self.power, prepend=0.0) if self.sequential else self.power

    def _title(self) -> str:
        return f"{self.test}: what is expected {'look by look' if self.sequential else 'at each time'}"

    def _columns(self) -> Mapping[str, Column]:
        return {name: getattr(self, name) for name in self._shown}

    def _notes(self) -> list[str]:
        return [f"{sided(self.sides)} alpha {show(self.alpha)}; variance of z: {self.variance}"]


def weighted_test(
    test: str = "logrank",
    *,
    times: ArrayLike,
    alpha: float,
    sides: int = 1,
    arms: Sequence[Arm] | None = None,
    accrual: Accrual | None = None,
    strata: Sequence[Stratum] | None = None,
    bounds: Bounds | None = None,
    variance: Variance = "alternative",
) -> WeightedTest:
    """Expected z, information and power of one test at calendar times.

    Args:
        test: `logrank`, `fh:RHO:GAMMA` or `mwlrt:T_STAR` (months); stratified if there are strata. For `maxcombo`
            there is `max_combo_power`.
        times: (k,) or one calendar time (months), increasing, above 0.
        alpha: total over the sides.
        sides: 1 or 2; power counts the benefit tail.
        arms: control and experimental, with `accrual`; or give `strata`.
        accrual: of both arms together.
        strata: compared within each.
        bounds: None: each time is the only analysis. Otherwise the times are looks of one trial, and this is what
            `GroupSequential` takes; information is the test's own, as expected.
        variance: of z when power is computed: `alternative`, the limit under the hazards as assumed, or `null`, 1,
            as Lakatos and most software have it. The two differ where arms differ greatly.

    Raises:
        DesignError: for requests that are impossible or contradict each other.

    Sources: Lakatos, Biometrics 1988; Yung and Liu, Biometrics 2020; Magirr and Burman, Statistics in Medicine 2019.
    """
    read, calendar = read_strata(arms, accrual, strata), read_times(times)
    expected = expected_course(read, calendar, "events")
    tests = [(read_test(test),)] * calendar.size
    plans = make_plans(read, calendar, tests, alpha=alpha, sides=sides, bounds=bounds, variance=variance)

    def joined(of: Callable[[Plan], Floats]) -> Floats:
        return np.concatenate([of(plan) for plan in plans])

    return WeightedTest(
        test=tests[0][0].word,
        times=calendar,
        participants=expected.participants,
        events=expected.events,
        average_hazard_ratio=expected.average_hazard_ratio,
        weighted_hazard_ratio=joined(lambda plan: np.exp(plan.moments.log_hazard_ratio)),
        z=joined(lambda plan: plan.moments.z),
        spread=joined(lambda plan: plan.moments.spread),
        correlation=None if bounds is None else plans[0].moments.correlation,
        information=joined(lambda plan: plan.moments.information),
        information_null=joined(lambda plan: plan.moments.information_null),
        critical_values=joined(lambda plan: plan.critical_values),
        power=joined(lambda plan: plan.power()),
        alpha=plans[0].alpha,
        sides=sides,
        sequential=bounds is not None,
        variance=variance,
    )
