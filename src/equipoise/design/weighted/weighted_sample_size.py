"""How many participants a weighted log-rank or max-combo test needs under any hazards.

The pattern of accrual and the calendar times of the looks stay as they are; only the number who come in is scaled.
The expected statistics grow with its root, while their correlations stay.

Sources: those of `weighted_test` and of `max_combo_power`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from numpy.typing import ArrayLike

from equipoise.design._checks import check_power
from equipoise.design._roots import find_root_above
from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm
from equipoise.design.weighted.at_risk import Stratum, read_strata, read_times
from equipoise.design.weighted.average_hazard_ratio import expected_course
from equipoise.design.weighted.max_combo_design import Tests, tests_by_time
from equipoise.design.weighted.plan import Bounds, Variance, make_plan
from equipoise.errors import DesignError
from equipoise.estimates.result import Result, show

_MOST = 1e4
"""The root of the largest scale tried."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class WeightedSampleSize(Result):
    """The size at which a test reaches its power; nothing is rounded.

    Attributes:
        tests: names of the tests of the last look.
        participants: by the last look.
        events: expected by the last look, of both arms.
        scale: factor on the accrual given.
        strata: with the accrual that is needed.
        power: at the last look.
    """

    tests: tuple[str, ...]
    participants: float
    events: float
    scale: float
    strata: tuple[Stratum, ...]
    power: float
    _shown = ("participants", "events", "scale", "power")

    def _title(self) -> str:
        return f"Sample size: {', '.join(self.tests)}"

    def _columns(self) -> dict[str, list[float]]:
        return {name: [getattr(self, name)] for name in self._shown}

    def _notes(self) -> list[str]:
        return [f"accrual as given, times {show(self.scale)}"]


def sample_size_weighted(
    tests: Tests = "logrank",
    *,
    times: ArrayLike,
    alpha: float,
    power: float,
    sides: int = 1,
    arms: Sequence[Arm] | None = None,
    accrual: Accrual | None = None,
    strata: Sequence[Stratum] | None = None,
    bounds: Bounds | None = None,
    variance: Variance = "alternative",
) -> WeightedSampleSize:
    """Scale the accrual so that the test has `power` at the last of `times`.

    Args:
        tests: one name, `maxcombo`, or the names of tests that are combined, as `max_combo_power` takes them.
        times: (k,) or one calendar time (months), increasing. Without `bounds` only the last counts.
        alpha: total over the sides.
        power: for benefit, over all looks.
        sides: 1 or 2.
        arms: control and experimental, with `accrual`; or give `strata`.
        accrual: its shape; its rates are scaled.
        strata: compared within each; their accruals are scaled together.
        bounds: of looks, as `weighted_test` and `max_combo_power` take them.
        variance: `alternative` or `null`.

    Raises:
        DesignError: no test favours the experimental arm, or for requests that are impossible.
    """
    read, calendar = read_strata(arms, accrual, strata), read_times(times)
    check_power(power, alpha, sides)
    if bounds is None:
        calendar = calendar[-1:]
    each = tests_by_time(tests, calendar.size)
    plan = make_plan(read, calendar, each, alpha=alpha, sides=sides, bounds=bounds, variance=variance)
    if not bool((plan.moments.z > 0.0).any()):
        raise DesignError(
            f"no test favours the experimental arm by {calendar[-1]:g} months; give a later time or other hazards"
        )
    start = (plan.critical_values[-1] + 1.0) / float(plan.moments.z.max())
    root = find_root_above(lambda root: float(plan.power(root * root)[-1]) - power, 0.0, start, limit=_MOST * start)
    if root is None:
        raise DesignError(f"power {power:g} is not reached whatever the size; give a later time or other tests")
    scale = root * root
    scaled = tuple(
        replace(one, accrual=replace(one.accrual, rates=tuple(rate * scale for rate in one.accrual.rates)))
        for one in read
    )
    expected = expected_course(scaled, calendar[-1:], "events")
    return WeightedSampleSize(
        tests=tuple(weight.word for weight in plan.tests[-1]),
        participants=float(expected.participants[0]),
        events=float(expected.events[0]),
        scale=scale,
        strata=scaled,
        power=float(plan.power(scale)[-1]),
    )
