"""How likely a trial under way is to succeed: conditional power, predictive power, and the information still needed.

After look k with z_k, the score that is still to come, Z_j sqrt(I_j) - z_k sqrt(I_k), is independent of the past and
is itself a Brownian motion: the rest of the trial is a sequential test with information I_j - I_k and the bounds
(b_j sqrt(I_j) - z_k sqrt(I_k)) / sqrt(I_j - I_k).

Sources: Lan, Simon and Halperin, Sequential Analysis 1982;1:207-219 (conditional power); Spiegelhalter, Freedman and
Blackburn, Controlled Clinical Trials 1986;7:8-17 (predictive power); Jennison and Turnbull, Group Sequential Methods
2000, chapter 10; Mueller and Schaefer, Biometrics 2001;57:886-891 (conditional error).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from equipoise.design._checks import check_fraction
from equipoise.design._roots import find_root_above
from equipoise.design.formulas import Benefit, normal_quantile
from equipoise.design.sequential.bounds_in_force import bounds_in_force
from equipoise.design.sequential.crossing import read_information, read_numbers
from equipoise.design.sequential.crossing_kernels import Floats
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.sequential.mixture import Exits, mixture_exits
from equipoise.design.sequential.prior import DriftPrior, NormalPrior, drift_of_hazard_ratio, hazard_ratio_of_drift
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result, show

TREND = "observed trend"
NO_EFFECT = "no effect"
ASSUMED = "assumed effect"
Rule = Literal["conditional-error", "same-bound"]


@dataclass(frozen=True, slots=True)
class Remainder:
    """The rest of a trial as a sequential test of its own.

    Attributes:
        information: (m,) from the last look to each look to come.
        lower: (m,) bounds of its z.
        upper: the same above.
    """

    information: Floats
    lower: Floats
    upper: Floats

    def exits(self, drift: float, variance: float = 0.0) -> Exits:
        """First exits at a drift, or averaged over a normal one."""
        return mixture_exits(self.information, self.lower, self.upper, drift, variance)


def remainder(
    design: GroupSequential,
    look: int,
    z: float,
    *,
    information: ArrayLike | None = None,
    heed_futility: bool = True,
) -> Remainder:
    """What is left of a design after `look` with `z`; the arguments are those of `conditional_power`."""
    lower, upper = bounds_in_force(design, heed_futility=heed_futility)
    looks = design.information.size
    if not 1 <= look < looks:
        raise DesignError(f"look = {look} of a design with {looks}; give one that has looks after it, counted from 1")
    if not math.isfinite(z):
        raise DesignError(f"z = {z}; give the z observed at the look, positive towards benefit")
    now = float(design.information[look - 1])
    then = design.information[look:]
    if information is not None:
        then = read_numbers(information, "information")
        if then.shape != (looks - look,):
            raise DesignError(
                f"information: {then.size} numbers; give one for each of the {looks - look} looks after {look}"
            )
        read_information(np.append(now, then))
    step = then - now

    def moved(bounds: Floats) -> Floats:
        return np.asarray((bounds[look:] * np.sqrt(then) - z * math.sqrt(now)) / np.sqrt(step))

    return Remainder(step, moved(lower), moved(upper))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ConditionalPower(Result):
    """Probability to cross an efficacy bound yet, given what was seen, under several effects.

    Attributes:
        look: the look at which z was observed, counted from 1.
        z: observed there, positive towards benefit.
        information: (m,) at the looks to come.
        assumptions: (n,) what is assumed of the effect.
        drifts: (n,) expected z at information 1 under each.
        hazard_ratios: (n,) the same as hazard ratios; empty if no events were given.
        by_look: (n, m) probability to cross first at each look to come.
        power: (n,) in all.
        heed_futility: whether trials stop at futility and harm values in these probabilities.
    """

    look: int
    z: float
    information: Floats
    assumptions: tuple[str, ...]
    drifts: Floats
    hazard_ratios: Floats
    by_look: Floats
    power: Floats
    heed_futility: bool

    def under(self, assumption: str) -> float:
        """Conditional power under one of the `assumptions`, by its name."""
        if assumption not in self.assumptions:
            raise DesignError(f"{assumption!r} was not asked for; give one of {', '.join(self.assumptions)}")
        return float(self.power[self.assumptions.index(assumption)])

    @property
    def trend(self) -> float:
        """Under the effect observed so far."""
        return self.under(TREND)

    @property
    def null(self) -> float:
        """Under no effect: the conditional type I error of what is left."""
        return self.under(NO_EFFECT)

    def _title(self) -> str:
        return f"Conditional power after look {self.look}, z = {show(self.z)}"

    def _columns(self) -> Mapping[str, Column]:
        ratios = {"hazard_ratio": self.hazard_ratios} if self.hazard_ratios.size else {}
        single = self.by_look.shape[1] == 1
        looks = {} if single else {f"look_{self.look + 1 + j}": column for j, column in enumerate(self.by_look.T)}
        return {
            "assumption": self.assumptions,
            **ratios,
            "drift": self.drifts,
            **looks,
            "conditional_power": self.power,
        }

    def _notes(self) -> list[str]:
        return [] if self.heed_futility else ["futility values are passed over"]


def conditional_power(
    design: GroupSequential,
    look: int,
    z: float,
    *,
    drift: float | Mapping[str, float] | None = None,
    hazard_ratio: float | Mapping[str, float] | None = None,
    events: float | None = None,
    ratio: float = 1.0,
    benefit: Benefit = "below",
    information: ArrayLike | None = None,
    heed_futility: bool = True,
) -> ConditionalPower:
    """Probability that the rest of a trial crosses an efficacy bound, given z at a look.

    Under the observed trend, under no effect, and under every effect that is given.

    Args:
        design: with the bounds in force.
        look: the last look that took place, counted from 1; there must be looks after it.
        z: observed there, positive towards benefit.
        drift: an assumed effect as the expected z at information 1, or several by name.
        hazard_ratio: the same as hazard ratios; needs `events`.
        events: at information 1.
        ratio: treatment to control participants.
        benefit: the side of 1 where a hazard ratio is good.
        information: at the looks to come if not as planned, in the unit of the design; the bounds stay as they are.
        heed_futility: whether trials stop at futility and harm values.

    Raises:
        DesignError: for a look without looks after it, or a hazard ratio without events.
    """
    rest = remainder(design, look, z, information=information, heed_futility=heed_futility)
    effects = {TREND: z / math.sqrt(float(design.information[look - 1])), NO_EFFECT: 0.0}
    effects |= _named(drift, ASSUMED)
    if hazard_ratio is not None:
        if events is None:
            raise DesignError("hazard_ratio: needs events, the number of events at information 1")
        ratios = _named(hazard_ratio, "")
        for name, value in ratios.items():
            effects[name or f"hazard ratio {value:g}"] = drift_of_hazard_ratio(
                value, events, ratio=ratio, benefit=benefit
            )
    drifts = np.array(list(effects.values()))
    shown = () if events is None else (hazard_ratio_of_drift(d, events, ratio=ratio, benefit=benefit) for d in drifts)
    by_look = np.array([rest.exits(value).upper for value in drifts])
    now = float(design.information[look - 1])
    return ConditionalPower(
        look=int(look),
        z=float(z),
        information=now + rest.information,
        assumptions=tuple(effects),
        drifts=drifts,
        hazard_ratios=np.array(list(shown)),
        by_look=by_look,
        power=by_look.sum(axis=1),
        heed_futility=heed_futility,
    )


def _named(values: float | Mapping[str, float] | None, name: str) -> dict[str, float]:
    if values is None:
        return {}
    return {key: float(v) for key, v in values.items()} if isinstance(values, Mapping) else {name: float(values)}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PredictivePower(Result):
    """Probability to cross an efficacy bound yet, averaged over what is known of the effect at a look.

    Attributes:
        look: the look at which z was observed, counted from 1.
        z: observed there, positive towards benefit.
        prior: of the drift before the trial; None for a flat one.
        posterior: of the drift after the look.
        information: (m,) at the looks to come.
        by_look: (m,) probability to cross first at each look to come.
        power: in all.
        benefit: posterior probability of an effect in the right direction.
    """

    look: int
    z: float
    prior: DriftPrior | None
    posterior: DriftPrior
    information: Floats
    by_look: Floats
    power: float
    benefit: float

    def _title(self) -> str:
        return f"Predictive power after look {self.look}, z = {show(self.z)}: {show(self.power)}"

    def _columns(self) -> Mapping[str, Column]:
        looks = np.arange(self.look + 1, self.look + 1 + self.information.size)
        return {"look": looks, "information": self.information, "probability_of_efficacy": self.by_look}

    def _notes(self) -> list[str]:
        given = "flat" if self.prior is None else f"normal, mean {show(self.prior.mean)}, SD {show(self.prior.std_dev)}"
        after = f"mean {show(self.posterior.mean)}, SD {show(self.posterior.std_dev)}"
        return [f"prior of the drift: {given}; after the look: {after}; probability of benefit {show(self.benefit)}"]


def predictive_power(
    design: GroupSequential,
    look: int,
    z: float,
    *,
    prior: DriftPrior | NormalPrior | None = None,
    events: float | None = None,
    ratio: float = 1.0,
    benefit: Benefit = "below",
    information: ArrayLike | None = None,
    heed_futility: bool = True,
) -> PredictivePower:
    """Conditional power averaged over the posterior distribution of the effect, exactly.

    Args:
        design: with the bounds in force.
        look: the last look that took place, counted from 1; there must be looks after it.
        z: observed there, positive towards benefit.
        prior: normal, on the drift or on the log hazard ratio (which needs `events`); None for a flat one.
        events: at information 1.
        ratio: treatment to control participants.
        benefit: the side of 1 where a hazard ratio is good.
        information: at the looks to come if not as planned, in the unit of the design.
        heed_futility: whether trials stop at futility and harm values.

    Raises:
        DesignError: for a look without looks after it, or a prior on hazard ratios without events.
    """
    rest = remainder(design, look, z, information=information, heed_futility=heed_futility)
    if isinstance(prior, NormalPrior):
        if events is None:
            raise DesignError("prior: one on the log hazard ratio needs events, the number of events at information 1")
        prior = prior.on_drift(events, ratio=ratio, benefit=benefit)
    now = float(design.information[look - 1])
    after = posterior(prior, z, now)
    by_look = rest.exits(after.mean, after.std_dev**2).upper
    return PredictivePower(
        look=int(look),
        z=float(z),
        prior=prior,
        posterior=after,
        information=now + rest.information,
        by_look=by_look,
        power=float(by_look.sum()),
        benefit=after.probability_above(0.0),
    )


def posterior(prior: DriftPrior | None, z: float, information: float) -> DriftPrior:
    """The distribution of the drift after z at this information; a flat prior if None."""
    if prior is None:
        return DriftPrior(z / math.sqrt(information), 1.0 / math.sqrt(information))
    variance = prior.std_dev**2
    shrink = 1.0 + variance * information
    return DriftPrior((prior.mean + variance * z * math.sqrt(information)) / shrink, prior.std_dev / math.sqrt(shrink))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class InformationNeeded(Result):
    """How far a trial must go for a wanted conditional power at one final analysis.

    Attributes:
        power: wanted.
        drift: assumed, expected z at information 1.
        rule: see `information_needed`.
        total: information at that analysis, in the unit of the design.
        further: from the look to that analysis.
        critical_value: of the z of all data at that analysis, in force there.
        conditional_error: type I error that is left at the look.
    """

    power: float
    drift: float
    rule: Rule
    total: float
    further: float
    critical_value: float
    conditional_error: float

    def _title(self) -> str:
        return f"Information for a conditional power of {show(self.power)} at drift {show(self.drift)}"

    def _columns(self) -> Mapping[str, Column]:
        return {
            "information": [self.total],
            "further": [self.further],
            "critical_value": [self.critical_value],
            "conditional_error": [self.conditional_error],
        }

    def _notes(self) -> list[str]:
        kept = {
            "conditional-error": "the type I error left after the look is kept, whatever is changed",
            "same-bound": "the last critical value is kept, and with it no type I error",
        }
        return [kept[self.rule]]

    def events(self, events: float) -> float:
        """The total as events, unrounded, where `events` are planned at information 1."""
        return self.total * events


def information_needed(
    design: GroupSequential,
    look: int,
    z: float,
    *,
    power: float,
    drift: float | None = None,
    rule: Rule = "conditional-error",
) -> InformationNeeded:
    """Information at which one final analysis has a wanted conditional power.

    Args:
        design: with the bounds in force.
        look: the last look that took place, counted from 1.
        z: observed there, positive towards benefit.
        power: the conditional power wanted.
        drift: assumed, expected z at information 1; by default the observed trend.
        rule: `conditional-error` tests what is still to come at the type I error that is left after the look, which
            keeps the size of the trial whatever is changed (Mueller and Schaefer 2001); that error counts on stopping
            for futility if this is binding. `same-bound` keeps the last critical value for the z of all data, which
            does not keep the size if the information is chosen by what was seen.

    Raises:
        DesignError: if the assumed effect is none or the wrong way round.
    """
    check_fraction("power", power)
    if rule not in get_args(Rule):
        raise DesignError(f"rule = {rule!r}; give one of {', '.join(get_args(Rule))}")
    rest = remainder(design, look, z, heed_futility=design.binding)
    now = float(design.information[look - 1])
    effect = z / math.sqrt(now) if drift is None else float(drift)
    if not effect > 0.0:
        raise DesignError(
            f"drift = {effect:g}: no information gives the power wanted without a benefit; assume one above 0"
        )
    error = float(rest.exits(0.0).upper.sum())
    if rule == "same-bound":
        bound = float(design.critical_values[-1])
        further = _further_at_bound(bound, now, z, effect, power)
    else:
        needed = normal_quantile(power) - normal_quantile(error) if 0.0 < error < 1.0 else math.inf
        further = max(0.0, needed / effect) ** 2
        # the z of all data that the test of what is still to come amounts to
        bound = (z * math.sqrt(now) - normal_quantile(error) * math.sqrt(further)) / math.sqrt(now + further)
    return InformationNeeded(power, effect, rule, now + further, further, bound, error)


def _further_at_bound(bound: float, now: float, z: float, drift: float, power: float) -> float:
    """The least further information with this conditional power, where z of all data must exceed `bound`."""
    if z >= bound:
        return 0.0

    def lacking(further: float) -> float:
        ahead = z * math.sqrt(now) + drift * further - bound * math.sqrt(now + further)
        return ahead - normal_quantile(power) * math.sqrt(further)

    found = find_root_above(lacking, 0.0, now)
    if found is None:
        raise DesignError(f"drift = {drift:g} is too small for a power of {power:g}; assume a larger one")
    return found
