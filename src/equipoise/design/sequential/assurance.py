"""How likely a trial is to succeed before it starts, averaged over what is believed of the effect.

Assurance is the power averaged over a prior on the log hazard ratio, also called the probability of success or the
expected power. It cannot exceed the prior probability of an effect in the right direction by more than the size of
the test, so it is split by whether there is one.

Sources: O'Hagan, Stevens and Campbell, Pharmaceutical Statistics 2005;4:187-201 (for one fixed analysis,
Phi((m - c) / sqrt(1 + v)) with a prior N(m, v) on the drift and the critical value c); Spiegelhalter, Freedman and
Parmar, Journal of the Royal Statistical Society A 1994;157:357-416.

`mixture` does several looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from equipoise.design._checks import check_alpha, check_hazard_ratio
from equipoise.design.formulas import Benefit, critical_z
from equipoise.design.sequential.bounds_in_force import bounds_in_force
from equipoise.design.sequential.crossing_kernels import Floats
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.sequential.mixture import mixture_exits, upper_exits_with_drift_above
from equipoise.design.sequential.prior import (
    DriftPrior,
    NormalPrior,
    PointsPrior,
    Prior,
    drift_of_hazard_ratio,
    towards,
)
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result, percent, show
from equipoise.trials.published_effects import PublishedEffect


@dataclass(frozen=True, slots=True)
class Plan:
    """The test that a trial will make.

    Attributes:
        information: (K,) at the looks; 1 stands for all the events.
        lower: (K,) bounds of z at which the trial stops.
        upper: the same above.
    """

    information: Floats
    lower: Floats
    upper: Floats

    def power(self, drift: float) -> float:
        """Power in the benefit tail."""
        return float(mixture_exits(self.information, self.lower, self.upper, drift, 0.0).upper.sum())


def plan_of(
    design: GroupSequential | None, alpha: float | None, sides: int | None, *, heed_futility: bool = True
) -> Plan:
    """One fixed analysis at `alpha`, or the looks of a design."""
    if design is not None:
        if alpha is not None or sides is not None:
            raise DesignError("alpha, sides: the design has its own; give either them or the design")
        lower, upper = bounds_in_force(design, heed_futility=heed_futility)
        return Plan(design.information, lower, upper)
    if alpha is None:
        raise DesignError("alpha: give it, or a group-sequential design")
    level = check_alpha(alpha, sides or 1)
    critical = critical_z(level, sides or 1)
    lowest = -critical if sides == 2 else -np.inf
    return Plan(np.ones(1), np.array([lowest]), np.array([critical]))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Assurance(Result):
    """The probability that a trial succeeds, averaged over a prior.

    Success is an efficacy bound crossed in favour of the arm.

    Attributes:
        prior: on the hazard ratio.
        events: at information 1.
        ratio: treatment to control participants.
        benefit: the side of 1 where a hazard ratio is good.
        worthwhile: the hazard ratio beyond which an effect counts as a benefit, 1 unless told.
        value: the assurance.
        by_look: (K,) its parts by the look of success.
        benefit_probability: prior probability of a benefit.
        success_and_benefit: joint probability.
        power: at the prior's median hazard ratio; for a prior of points, at the mean of their logarithms.
    """

    prior: Prior
    events: float
    ratio: float
    benefit: Benefit
    worthwhile: float
    value: float
    by_look: Floats
    benefit_probability: float
    success_and_benefit: float
    power: float

    @property
    def success_without_benefit(self) -> float:
        """Joint probability of success and of no benefit."""
        return self.value - self.success_and_benefit

    @property
    def power_given_benefit(self) -> float:
        """Probability of success given that there is a benefit; NaN if there cannot be one."""
        return self.success_and_benefit / self.benefit_probability if self.benefit_probability > 0.0 else np.nan

    @property
    def benefit_given_success(self) -> float:
        """Probability of a benefit given success; NaN if there cannot be any."""
        return self.success_and_benefit / self.value if self.value > 0.0 else np.nan

    def _title(self) -> str:
        return f"Assurance {show(self.value)} with {show(self.events)} events"

    def _columns(self) -> Mapping[str, Column]:
        failure = self.benefit_probability - self.success_and_benefit
        return {
            "truth": ["benefit", "no benefit", "either"],
            "probability": [self.benefit_probability, 1.0 - self.benefit_probability, 1.0],
            "and_success": [self.success_and_benefit, self.success_without_benefit, self.value],
            "and_no_success": [failure, 1.0 - self.value - failure, 1.0 - self.value],
        }

    def _notes(self) -> list[str]:
        return [
            f"prior: {self.prior}",
            f"benefit: hazard ratio {self.benefit} {self.worthwhile:g}",
            f"power at the centre of the prior {show(self.power)}",
        ]


def assurance(
    prior: Prior,
    *,
    events: float,
    ratio: float = 1.0,
    design: GroupSequential | None = None,
    alpha: float | None = None,
    sides: int | None = None,
    benefit: Benefit = "below",
    worthwhile: float = 1.0,
    heed_futility: bool = True,
) -> Assurance:
    """Power averaged over a prior on the hazard ratio, exactly.

    Args:
        prior: `NormalPrior` on the log hazard ratio, or `PointsPrior`.
        events: of the fixed analysis, or at information 1 of the design.
        ratio: treatment to control participants.
        design: group-sequential; None for one fixed analysis.
        alpha: of a fixed analysis, total over its sides.
        sides: of a fixed analysis; 1 unless told. Success is the benefit tail either way.
        benefit: the side of 1 where a hazard ratio is good.
        worthwhile: the hazard ratio beyond which an effect counts as a benefit.
        heed_futility: whether trials stop at futility and harm values of the design.

    Raises:
        DesignError: if both or neither of `design` and `alpha` are given.
    """
    if not isinstance(prior, NormalPrior | PointsPrior):
        raise DesignError(f"prior = {prior!r}; give a NormalPrior or a PointsPrior on the hazard ratio")
    plan = plan_of(design, alpha, sides, heed_futility=heed_futility)
    check_hazard_ratio(worthwhile)
    threshold = drift_of_hazard_ratio(worthwhile, events, ratio=ratio, benefit=benefit)
    if isinstance(prior, PointsPrior):
        drifts = np.array(
            [drift_of_hazard_ratio(hr, events, ratio=ratio, benefit=benefit) for hr in prior.hazard_ratios]
        )
        weights = np.array(prior.weights)
        parts = [DriftPrior(float(d), 0.0) for d in drifts]
        centre = float(weights @ drifts)
    else:
        weights = np.ones(1)
        parts = [prior.on_drift(events, ratio=ratio, benefit=benefit)]
        centre = parts[0].mean
    by_look, joint = np.zeros(plan.information.size), 0.0
    for part, weight in zip(parts, weights, strict=True):
        moments = part.mean, part.std_dev**2
        by_look += weight * mixture_exits(plan.information, plan.lower, plan.upper, *moments).upper
        with_benefit = upper_exits_with_drift_above(
            plan.information, plan.lower, plan.upper, *moments, threshold=threshold
        )
        joint += float(weight * with_benefit.sum())
    return Assurance(
        prior=prior,
        events=float(events),
        ratio=float(ratio),
        benefit=benefit,
        worthwhile=float(worthwhile),
        value=float(by_look.sum()),
        by_look=by_look,
        benefit_probability=float(sum(w * p.probability_above(threshold) for w, p in zip(weights, parts, strict=True))),
        success_and_benefit=joint,
        power=plan.power(centre),
    )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PublishedPower(Result):
    """The power of a trial at effects that others published, not only at the one it assumes.

    Attributes:
        labels: (n,) whose.
        events: at information 1.
        hazard_ratio: (n,) published.
        conf_low: (n,) lower limits.
        conf_high: (n,) upper limits.
        conf_level: (n,) level of each interval.
        power: (n,) at the published hazard ratio.
        power_at_low: (n,) at the lower limit.
        power_at_high: (n,) at the upper limit.
        assurance: (n,) power averaged over the normal prior that estimate and interval stand for.
        benefit_probability: (n,) of an effect in the right direction, by that prior.
    """

    labels: tuple[str, ...]
    events: float
    hazard_ratio: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: Floats
    power: Floats
    power_at_low: Floats
    power_at_high: Floats
    assurance: Floats
    benefit_probability: Floats

    def _title(self) -> str:
        return f"Power at published effects, {show(self.events)} events"

    def _columns(self) -> Mapping[str, Column]:
        return {
            "effect": self.labels,
            "hazard_ratio": self.hazard_ratio,
            "low": self.conf_low,
            "high": self.conf_high,
            "interval": [percent(level) for level in self.conf_level],
            "power": self.power,
            "power_at_low": self.power_at_low,
            "power_at_high": self.power_at_high,
            "assurance": self.assurance,
            "benefit_probability": self.benefit_probability,
        }


def power_at_published(
    effects: Iterable[PublishedEffect],
    *,
    events: float,
    ratio: float = 1.0,
    design: GroupSequential | None = None,
    alpha: float | None = None,
    sides: int | None = None,
    benefit: Benefit = "below",
) -> PublishedPower:
    """Power and assurance at published effects.

    Args:
        effects: with their intervals.
        events: of the fixed analysis, or at information 1 of the design.
        ratio: treatment to control participants.
        design: group-sequential; None for one fixed analysis.
        alpha: of a fixed analysis, total over its sides.
        sides: of a fixed analysis; 1 unless told.
        benefit: the side of 1 where a hazard ratio is good.

    Raises:
        DesignError: for no rows, or limits that do not enclose their estimate.
    """
    plan = plan_of(design, alpha, sides)
    towards(benefit)
    labels, found = [], []
    for effect in effects:
        prior = NormalPrior.from_effect(effect)
        ratios = effect.hazard_ratio, effect.conf_low, effect.conf_high
        powers = [plan.power(drift_of_hazard_ratio(hr, events, ratio=ratio, benefit=benefit)) for hr in ratios]
        over = assurance(prior, events=events, ratio=ratio, design=design, alpha=alpha, sides=sides, benefit=benefit)
        labels.append(effect.label)
        found.append([*ratios, effect.conf_level, *powers, over.value, over.benefit_probability])
    if not found:
        raise DesignError("effects: none; give a PublishedEffect or several")
    columns = list(np.array(found, dtype=float).T)
    return PublishedPower(tuple(labels), float(events), *columns)
