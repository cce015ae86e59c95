"""Sizes where treatment changes during the trial: crossover and non-adherence that come with time.

Lakatos follows each arm through a Markov chain: on its own treatment, on the other arm's,
lost, or with the event. The log-rank test then compares, at each time u on study, what is at risk with what has events:

    expected score   integral of d(u) [ phi / (1 + phi) - phi theta / (1 + phi theta) ] du
    its variance     integral of d(u) phi / (1 + phi)^2 du

with d(u) the events of both arms, phi(u) those at risk in the experimental arm over those in control, and theta(u) the
ratio of the arms' hazards, a mixture of both treatments'. The chain is solved in continuous time here, by quadrature,
instead of in steps. `sample_size` knows switches from the start (Lachin and Foulkes 1986), which are
conservative where switches come late.

Source: Lakatos, Biometrics 1988;44:229-241.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.design._checks import (
    check_hazard_ratio,
    check_not_negative,
    check_positive,
    check_power,
    check_ratio,
    check_share,
    sided,
)
from equipoise.design.accrual import Accrual
from equipoise.design.expected import dropout_by
from equipoise.design.formulas import drift
from equipoise.design.population import Pair, control_survival
from equipoise.design.rounding import round_up, whole_participants
from equipoise.design.survival_function import Survival
from equipoise.design.weighted._quadrature import Grid
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result

Floats = NDArray[np.float64]

_LONGEST = 6.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LakatosSize(Result):
    """A size under gradual crossover and non-adherence; unrounded unless the name says otherwise.

    Attributes:
        hazard_ratio: of those on their allocated treatment.
        average_hazard_ratio: of the arms as they will be, log ratio averaged over the events.
        alpha: total over the sides.
        sides: 1 or 2.
        power: in the benefit tail.
        ratio: experimental to control participants.
        events: of both arms.
        n: participants to randomise.
        event_probability: (control, experimental), by the analysis.
        switched: (control, experimental) fraction who have changed treatment before event or loss, were all followed
            to the analysis from the first month.
        events_rounded: up.
        n_rounded: up to a multiple of the ratio's sum.
    """

    hazard_ratio: float
    average_hazard_ratio: float
    alpha: float
    sides: int
    power: float
    ratio: float
    events: float
    n: float
    event_probability: tuple[float, float]
    switched: tuple[float, float]
    events_rounded: int
    n_rounded: int

    def _title(self) -> str:
        return (
            f"Size for a hazard ratio of {self.hazard_ratio:.4g} ({self.average_hazard_ratio:.4g} on average): "
            f"{sided(self.sides)} alpha {self.alpha:g}, power {self.power:g}, ratio {self.ratio:g}, lakatos"
        )

    def _columns(self) -> Mapping[str, Column]:
        return {
            "quantity": ["events", "participants"],
            "value": [self.events, self.n],
            "rounded": [self.events_rounded, self.n_rounded],
        }


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked, as in `LakatosSize`."""

    hazard_ratio: float
    alpha: float
    sides: int
    power: float
    ratio: float


@dataclass(frozen=True, slots=True)
class _Arm:
    """One arm on the grid of study times, of one participant randomised to it.

    Attributes:
        at_risk: (n,) probability to be free of event and loss.
        events: (n,) events a month.
        switched: fraction who have changed treatment by the end.
    """

    at_risk: Floats
    events: Floats
    switched: float


def lakatos_size(
    hazard_ratio: float,
    *,
    alpha: float,
    power: float,
    accrual: float | Accrual,
    follow_up: float,
    sides: int = 1,
    ratio: float = 1.0,
    control_median: float | None = None,
    control: Survival | None = None,
    crossover: float | Survival = 0.0,
    non_adherence: float | Survival = 0.0,
    switch_time: float = 12.0,
    dropout: Pair = 0.0,
    dropout_time: float = 12.0,
    loss: float = 0.0,
) -> LakatosSize:
    """Participants for a log-rank test while treatments change. Times in months.

    Args:
        hazard_ratio: of experimental over control treatment; who changes treatment has the other hazard from then on.
        alpha: total over the sides.
        power: in the benefit tail.
        accrual: months of uniform accrual, or periods with relative intensities.
        follow_up: months from the last participant to the analysis.
        sides: 1 or 2.
        ratio: experimental to control.
        control_median: median of an exponential control treatment; or give
        control: survival under the control treatment.
        crossover: fraction of control that takes the experimental treatment by `switch_time` (exponential, of those
            still at risk), or free of crossover as a `Survival`.
        non_adherence: fraction of the experimental arm that falls back to the control treatment; likewise.
        switch_time: months.
        dropout: fraction lost by `dropout_time`; one number or (control, experimental).
        dropout_time: months.
        loss: fraction of participants who give no information at all.

    Raises:
        DesignError: what is impossible or contradicts itself.
    """
    check_hazard_ratio(hazard_ratio, null=1.0)
    check_power(power, alpha, sides)
    check_ratio(ratio)
    treatment = control_survival(control, control_median)
    if treatment is None:
        raise DesignError("the control arm is missing; give control_median or control")
    comes = accrual if isinstance(accrual, Accrual) else Accrual.uniform(1.0, accrual)
    if math.isinf(comes.duration):
        raise DesignError("accrual does not end; end it with until(months)")
    end = comes.duration + check_not_negative("follow_up (months)", follow_up)
    switches = [_switch(crossover, switch_time), _switch(non_adherence, switch_time)]
    fractions = dropout if isinstance(dropout, tuple) else (dropout, dropout)
    losses = [dropout_by(check_share("dropout", fraction), dropout_time) for fraction in fractions]
    cuts = {cut for one in (treatment, *switches, *losses) for cut in one.cuts}
    grid = Grid(cuts | {end - month for month in (0.0, *comes.ends)}, end, _LONGEST)
    other = treatment.scaled(hazard_ratio)
    arms = (
        _follow(treatment, other, switches[0], losses[0], grid),
        _follow(other, treatment, switches[1], losses[1], grid),
    )
    there = comes.enrolled(end - grid.t) / comes.total * grid.weight
    asked = _Asked(hazard_ratio, alpha, sides, power, ratio)
    return _size(asked, arms, there, check_share("loss", loss))


def _switch(given: float | Survival, switch_time: float) -> Survival:
    if isinstance(given, Survival):
        return given
    return dropout_by(check_share("crossover or non_adherence", given), check_positive("switch_time", switch_time))


def _follow(own: Survival, other: Survival, switch: Survival, loss: Survival, grid: Grid) -> _Arm:
    """An arm whose participants begin on their own treatment and change to the other's hazard."""
    if switch.cured:
        raise DesignError("crossover with a fraction that never switches cannot be followed; give a Survival without")
    t = grid.t
    stays = np.exp(-own.uncured_cumulative_hazard(t) - switch.uncured_cumulative_hazard(t))
    after = np.exp(-other.uncured_cumulative_hazard(t))
    # who changed at v and is free of the event at t: integral of stays(v) switch(v) after(t) / after(v)
    changed = after * grid.cumulative(stays * switch.uncured_hazard(t) / after)
    uncured, kept = 1 - own.cured, loss.survival(t)
    events = uncured * kept * (stays * own.uncured_hazard(t) + changed * other.uncured_hazard(t))
    moves = kept * switch.uncured_hazard(t) * (uncured * stays + own.cured * switch.survival(t))
    return _Arm(kept * (uncured * (stays + changed) + own.cured), events, float(moves @ grid.weight))


def _size(asked: _Asked, arms: tuple[_Arm, _Arm], there: Floats, loss: float) -> LakatosSize:
    """The size from both arms, where `there` weighs study times by who is followed for so long."""
    ratio = asked.ratio
    shares = (1 / (1 + ratio), ratio / (1 + ratio))
    at_risk = [share * arm.at_risk for share, arm in zip(shares, arms, strict=True)]
    events = [share * arm.events for share, arm in zip(shares, arms, strict=True)]
    both = events[0] + events[1]
    treated = at_risk[1] / (at_risk[0] + at_risk[1])
    score = float(there @ (both * treated - events[1]))
    variance = float(there @ (both * treated * (1 - treated)))
    if not (variance > 0 and abs(score) > 1e-14):
        raise DesignError("no events, or no difference between the arms, is expected; follow longer, or switch less")
    evaluable = (drift(asked.alpha, asked.sides, asked.power) / score) ** 2 * variance
    some = (events[0] > 0) & (events[1] > 0)
    logs = np.log(events[1][some] / at_risk[1][some]) - np.log(events[0][some] / at_risk[0][some])
    total = float(there @ both)
    n = evaluable / (1 - loss)
    return LakatosSize(
        hazard_ratio=asked.hazard_ratio,
        average_hazard_ratio=math.exp(float((there * both)[some] @ logs) / float((there * both)[some].sum())),
        alpha=asked.alpha,
        sides=asked.sides,
        power=asked.power,
        ratio=ratio,
        events=evaluable * total,
        n=n,
        event_probability=(float(there @ arms[0].events), float(there @ arms[1].events)),
        switched=(arms[0].switched, arms[1].switched),
        events_rounded=round_up(evaluable * total),
        n_rounded=sum(whole_participants(n, ratio)),
    )
