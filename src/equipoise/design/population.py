"""Who a design assumes will come: the arms' survival, strata, losses, competing events and dilution, in one object.

Dilution is that of Lachin and Foulkes (Biometrics 1986;42:507-519, section 6): a fraction of an arm that has, from
the start, the hazard of the other. With c of control crossed over to the experimental treatment and a of the
experimental arm not treated, the hazards are mixed,

    control       (1 - c) h + c HR h
    experimental  (1 - a) HR h + a h,      diluted HR = ((1 - a) HR + a) / ((1 - c) + c HR)

which is conservative where the other treatment is taken up late.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from equipoise.design._checks import (
    check_hazard_ratio,
    check_not_negative,
    check_positive,
    check_ratio,
    check_share,
)
from equipoise.design.expected import Arm, dropout_by
from equipoise.design.survival_function import Survival, check_survival
from equipoise.errors import DesignError

Pair = float | tuple[float, float]
"""One number for both arms, or (control, experimental)."""

_PROPORTIONAL = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationStratum:
    """A part of the population with a prognosis of its own.

    Attributes:
        share: of the participants; the shares of all strata sum to 1.
        control: survival of the control arm in it.
        hazard_ratio: of this stratum; None is that of the design.
        label: for tables.
    """

    share: float
    control: Survival
    hazard_ratio: float | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class ArmPair:
    """The two arms within one stratum, as they will be observed: diluted.

    Attributes:
        control: its share is of all participants.
        experimental: the same for the experimental arm.
        hazard_ratio: of the experimental arm over control, diluted.
        planned_hazard_ratio: of those treated as allocated.
    """

    control: Arm
    experimental: Arm
    hazard_ratio: float
    planned_hazard_ratio: float


@dataclass(frozen=True, slots=True)
class Population:
    """All participants of a design.

    Attributes:
        pairs: one for each stratum.
        ratio: experimental to control participants.
    """

    pairs: tuple[ArmPair, ...]
    ratio: float

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Control and experimental of the first stratum, of the second, ..."""
        return tuple(arm for pair in self.pairs for arm in (pair.control, pair.experimental))

    def under(self, null: float) -> tuple[Arm, ...]:
        """The arms if the hazard ratio were `null`, with as many events: hazards averaged over the arms.

        As Lachin and Foulkes: (h_control + ratio h_experimental) / (1 + ratio null), in each piece.
        """
        return tuple(arm for pair in self.pairs for arm in _at_null(pair, self.ratio, null))


def population(
    hazard_ratio: float | None,
    *,
    control: Survival | None,
    experimental: Survival | None,
    strata: Sequence[PopulationStratum] | None,
    ratio: float,
    dropout: Pair,
    dropout_time: float,
    competing: Survival | tuple[Survival, Survival] | None,
    crossover: float,
    non_adherence: float,
) -> Population:
    """Put the assumptions together.

    Args:
        hazard_ratio: of those who are treated as allocated; None takes it from `control` and `experimental`.
        control: survival of the control arm, for a population without strata.
        experimental: survival of the experimental arm; None is control scaled by the hazard ratio.
        strata: parts of the population instead of `control`.
        ratio: experimental to control.
        dropout: fraction lost by `dropout_time`, were there no events.
        dropout_time: months.
        competing: free of competing events, of both arms or of each.
        crossover: fraction of control that has the experimental hazard.
        non_adherence: fraction of the experimental arm that has the control hazard.

    Raises:
        DesignError: what contradicts itself.
    """
    check_ratio(ratio)
    check_share("crossover", crossover)
    check_share("non_adherence", non_adherence)
    if crossover + non_adherence >= 1:
        raise DesignError(
            f"crossover = {crossover} and non_adherence = {non_adherence} leave no contrast between the arms; "
            "their sum is below 1"
        )
    losses = _losses(dropout, dropout_time, competing)
    shares = (1 / (1 + ratio), ratio / (1 + ratio))
    pairs = []
    for part, treated in _parts(hazard_ratio, control, experimental, strata):
        effect = _hazard_ratio(part, treated, part.hazard_ratio)
        in_control, in_experimental = 1 - crossover + crossover * effect, 1 - non_adherence + non_adherence / effect
        switched, fallen_back = _mixed(part.control, treated, crossover), _mixed(treated, part.control, non_adherence)
        pairs.append(
            ArmPair(
                Arm(switched, part.share * shares[0], losses[0]),
                Arm(fallen_back, part.share * shares[1], losses[1]),
                effect * in_experimental / in_control,
                effect,
            )
        )
    return Population(tuple(pairs), ratio)


def control_survival(control: Survival | None, control_median: float | None) -> Survival | None:
    """The control arm from either of the two ways to give it."""
    if control is not None and control_median is not None:
        raise DesignError("control and control_median are both given; give one")
    if control_median is not None:
        return Survival.from_median(control_median)
    return None if control is None else check_survival("control", control)


def _parts(
    hazard_ratio: float | None,
    control: Survival | None,
    experimental: Survival | None,
    strata: Sequence[PopulationStratum] | None,
) -> list[tuple[PopulationStratum, Survival]]:
    """Each stratum, its hazard ratio filled in, with the survival of its experimental arm."""
    if experimental is not None:
        check_survival("experimental", experimental)
    if strata is None:
        if control is None:
            raise DesignError("the control arm is missing; give control_median, control or strata")
        parts = [PopulationStratum(share=1.0, control=control)]
    else:
        if control is not None or experimental is not None:
            raise DesignError("strata bring their own survival; leave control, control_median and experimental out")
        parts = list(strata)
    for part in parts:
        check_positive("share of a stratum", part.share)
    if not math.isclose(sum(part.share for part in parts), 1, rel_tol=1e-9):
        raise DesignError(f"shares of strata sum to {sum(part.share for part in parts):g}; make them sum to 1")
    filled = []
    for part in parts:
        ratio = part.hazard_ratio if part.hazard_ratio is not None else hazard_ratio
        if ratio is None and experimental is None:
            raise DesignError("the effect is missing; give hazard_ratio, or experimental beside control")
        treated = experimental if experimental is not None else part.control.scaled(check_hazard_ratio(ratio or 0))
        named = PopulationStratum(share=part.share, control=part.control, hazard_ratio=ratio, label=part.label)
        filled.append((named, treated))
    return filled


def _hazard_ratio(part: PopulationStratum, experimental: Survival, given: float | None) -> float:
    """The one given, or that of proportional hazards."""
    if given is not None:
        return check_hazard_ratio(given)
    one = np.array(experimental.refined(part.control.cuts).rates)
    other = np.array(part.control.refined(experimental.cuts).rates)
    same = (one == 0) & (other == 0)
    ratios = one[~same] / np.where(other[~same] > 0, other[~same], np.nan)
    even = ratios.size > 0 and np.isfinite(ratios).all() and np.ptp(ratios) <= _PROPORTIONAL * ratios.max()
    if not even or part.control.cured != experimental.cured:
        raise DesignError(
            "the arms' hazards are not proportional, so no one hazard ratio follows from them; give hazard_ratio, for "
            "instance the average one"
        )
    return check_hazard_ratio(float(ratios[0]))


def _mixed(own: Survival, other: Survival, fraction: float) -> Survival:
    """The hazard of an arm of which `fraction` have the other's, with the arm's own cured."""
    if fraction == 0:
        return own
    one, two = own.refined(other.cuts), other.refined(own.cuts)
    rates = tuple((1 - fraction) * a + fraction * b for a, b in zip(one.rates, two.rates, strict=True))
    return replace(one, rates=rates)


def _losses(
    dropout: Pair, dropout_time: float, competing: Survival | tuple[Survival, Survival] | None
) -> tuple[Survival, Survival]:
    """Loss to follow-up and competing events of each arm, as one hazard."""
    fractions = dropout if isinstance(dropout, tuple) else (dropout, dropout)
    for fraction in fractions:
        check_share("dropout", check_not_negative("dropout", fraction))
    lost = tuple(dropout_by(fraction, dropout_time) for fraction in fractions)
    if competing is None:
        return lost[0], lost[1]
    others = competing if isinstance(competing, tuple) else (competing, competing)
    return lost[0].competing_with(others[0]), lost[1].competing_with(others[1])


def _at_null(pair: ArmPair, ratio: float, null: float) -> tuple[Arm, Arm]:
    control, experimental = pair.control.survival, pair.experimental.survival
    one, other = control.refined(experimental.cuts), experimental.refined(control.cuts)
    uncured = tuple((a + ratio * b) / (1 + ratio * null) for a, b in zip(one.rates, other.rates, strict=True))
    cured = (control.cured + ratio * experimental.cured) / (1 + ratio)
    pooled = Survival(cuts=one.cuts, rates=uncured, cured=cured)
    return (
        Arm(pooled, pair.control.share, pair.control.dropout),
        Arm(pooled.scaled(null), pair.experimental.share, pair.experimental.dropout),
    )
