"""The power of a planned trial: what its participants and events are worth under what may be true.

The same assumptions as in `equipoise.design.fixed.sample_size`, with participants given and the power asked.

Sources: those of `sample_size`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.design._checks import check_not_negative, check_positive, check_share
from equipoise.design.accrual import Accrual
from equipoise.design.expected import calendar_time
from equipoise.design.fixed.looks import Looks, looks_at, read_bounds
from equipoise.design.fixed.requirement import PlannedTest, SizeMethod, power_quantile, seen
from equipoise.design.formulas import Benefit, normal_cdf
from equipoise.design.population import Pair, PopulationStratum, control_survival, population
from equipoise.design.sequential.boundaries import Bounds
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Power(Result):
    """What a plan is worth.

    Attributes:
        power: probability to reject towards benefit, at any look.
        power_by_look: (k,) probability to reject at each look and not before.
        hazard_ratio: assumed true, diluted; strata averaged by events.
        drift: expected z at the last look.
        events: at the last look.
        expected_events: averaged over where the trial stops; `events` for a fixed design.
        expected_duration: months, averaged the same way.
        n: participants.
        looks: the analyses and when they are due.
    """

    power: float
    power_by_look: Floats
    hazard_ratio: float
    drift: float
    events: float
    expected_events: float
    expected_duration: float
    n: float
    looks: Looks

    def _title(self) -> str:
        return f"Power {self.power:.4g} at a hazard ratio of {self.hazard_ratio:.4g}, {self.n:g} participants"

    def _columns(self) -> Mapping[str, Column]:
        return {**self.looks._columns(), "power": self.power_by_look}

    def _notes(self) -> list[str]:
        if self.power_by_look.size == 1:
            return []
        return [f"{self.expected_events:.5g} events and {self.expected_duration:.4g} months expected until it stops"]


def power(
    hazard_ratio: float | None = None,
    *,
    n: float,
    accrual: float | Accrual,
    alpha: float,
    sides: int = 1,
    ratio: float = 1.0,
    events: float | None = None,
    follow_up: float | None = None,
    control_median: float | None = None,
    control: Survival | None = None,
    experimental: Survival | None = None,
    strata: Sequence[PopulationStratum] | None = None,
    dropout: Pair = 0.0,
    dropout_time: float = 12.0,
    competing: Survival | tuple[Survival, Survival] | None = None,
    crossover: float = 0.0,
    non_adherence: float = 0.0,
    loss: float = 0.0,
    null: float = 1.0,
    benefit: Benefit = "below",
    method: SizeMethod = "schoenfeld",
    bounds: Bounds | GroupSequential | None = None,
    information: Sequence[float] | None = None,
    futility: Bounds | None = None,
    binding: bool = False,
    planned_power: float | None = None,
) -> Power:
    """The power of `n` participants, analysed at `events` or after `follow_up`.

    It is the inverse of `sample_size`, but for looks with `lachin-foulkes`: these take the drift at which the fixed
    test has its power, which is off by about 1e-4 of power, since that method's variance is not the same under the
    null hypothesis and the alternative.

    Args:
        hazard_ratio: assumed true; 1 or the wrong side of `null` gives a power up to alpha.
        n: participants randomised.
        accrual: months of uniform accrual, or periods, scaled to `n`.
        alpha: total over the sides.
        sides: 1 or 2.
        ratio: experimental to control participants.
        events: of the last look; its time is when they are expected.
        follow_up: months from the last participant to the last look; its events are those expected.
        benefit: on which side of `null` benefit lies.
        planned_power: of the plan, where futility bounds spend beta.
        control_median: as in `sample_size`; so `control`, `experimental`, `strata`, `dropout`, `dropout_time`,
            `competing`, `crossover`, `non_adherence`, `loss`, `null`, `method`, `bounds`, `information`, `futility`
            and `binding`.

    Raises:
        DesignError: what is impossible or contradicts itself, including events that never come.
    """
    people = population(
        hazard_ratio,
        control=control_survival(control, control_median),
        experimental=experimental,
        strata=strata,
        ratio=ratio,
        dropout=dropout,
        dropout_time=dropout_time,
        competing=competing,
        crossover=crossover,
        non_adherence=non_adherence,
    )
    if (events is None) == (follow_up is None):
        raise DesignError("give either events or follow_up: the last look comes with the one or after the other")
    shape = accrual if isinstance(accrual, Accrual) else Accrual.uniform(1.0, accrual)
    comes = shape.scaled_to(check_positive("n", n) * (1 - check_share("loss", loss)))
    if follow_up is not None:
        end = comes.duration + check_not_negative("follow_up (months)", follow_up)
    else:
        end = calendar_time(check_positive("events", events or 0.0), arms=people.arms, accrual=comes)
    test = PlannedTest(alpha=alpha, sides=sides, power=None, method=method, null=null)
    at_end = seen(people, comes, end, test)
    sequential = read_bounds(
        bounds, information, alpha=alpha, sides=sides, power=planned_power, futility=futility, binding=binding
    )
    looks = looks_at(
        at_end.events,
        arms=people.arms,
        accrual=comes,
        end=end,
        sequential=sequential,
        alpha=alpha,
        sides=sides,
        ratio=ratio,
        null=null,
        benefit=benefit,
    )
    quantile = power_quantile(at_end, test, 1 if benefit == "below" else -1)
    drift = quantile + test.z_alpha
    by_look, stops = _by_look(sequential, drift, normal_cdf(quantile))
    return Power(
        power=float(by_look.sum()),
        power_by_look=by_look,
        hazard_ratio=at_end.hazard_ratio,
        drift=drift,
        events=at_end.events,
        expected_events=float(stops @ looks.events),
        expected_duration=float(stops @ looks.time),
        n=n,
        looks=looks,
    )


def _by_look(sequential: GroupSequential | None, drift: float, fixed: float) -> tuple[Floats, Floats]:
    """Probability to reject at each look, and to stop there for whatever reason."""
    if sequential is None:
        return np.array([fixed]), np.ones(1)
    crossing = sequential.crossing(drift / math.sqrt(sequential.information[-1]))
    return crossing.upper, crossing.stopping
