"""How the experimental arm may differ from control: one function a shape of the effect.

Each gives the survival function of the experimental arm, to be set beside the control's in a design or a simulation.
A hazard ratio below 1 favours the experimental arm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from equipoise.design._checks import check_hazard_ratio, check_increasing, check_positive, check_share
from equipoise.design.survival_function import Survival, check_survival
from equipoise.errors import DesignError


def proportional(control: Survival, hazard_ratio: float) -> Survival:
    """The same ratio of the hazards at every time."""
    return piecewise_effect(control, (), (hazard_ratio,))


def delayed_effect(control: Survival, delay: float, hazard_ratio: float) -> Survival:
    """No difference before `delay` months, `hazard_ratio` after it."""
    return piecewise_effect(control, (check_positive("delay (months)", delay),), (1.0, hazard_ratio))


def crossing_hazards(control: Survival, early: float, late: float, at: float) -> Survival:
    """Hazard ratio `early` before `at` months and `late` after it: harm before benefit, or benefit before harm.

    The hazards cross at `at`; the survival curves cross later, or never within the trial.

    Raises:
        DesignError: unless one ratio is below 1 and the other above.
    """
    early, late = check_hazard_ratio(early), check_hazard_ratio(late)
    if not (early - 1.0) * (late - 1.0) < 0.0:
        raise DesignError(
            f"early = {early:g} and late = {late:g} do not cross; give one hazard ratio below 1 and one above, "
            "or use piecewise_effect"
        )
    return piecewise_effect(control, (check_positive("at (months)", at),), (early, late))


def diminishing_effect(control: Survival, hazard_ratio: float, start: float, end: float, steps: int = 12) -> Survival:
    """`hazard_ratio` until `start` months, no difference after `end`; between, the log ratio fades in equal steps.

    Args:
        control: the control arm.
        hazard_ratio: of the beginning.
        start: months until which the effect is whole; 0 lets it fade from the beginning.
        end: months after which it is gone.
        steps: pieces of constant ratio between them.
    """
    ratio = check_hazard_ratio(hazard_ratio)
    if not 0.0 <= start < end or steps < 1:
        raise DesignError(
            f"an effect cannot fade from {start:g} to {end:g} months in {steps} steps; give 0 <= start < end"
        )
    edges = [start + (end - start) * step / steps for step in range(steps + 1)]
    left = [ratio ** (1.0 - (step + 0.5) / steps) for step in range(steps)]
    return (
        piecewise_effect(control, edges, [ratio, *left, 1.0])
        if start > 0.0
        else piecewise_effect(control, edges[1:], [*left, 1.0])
    )


def piecewise_effect(control: Survival, cuts: Sequence[float], hazard_ratios: Sequence[float]) -> Survival:
    """A hazard ratio of its own before the first of `cuts` (months), between them, and after the last.

    With a cured fraction in control the ratios are those of the uncured, and as many are cured.
    """
    if len(hazard_ratios) != len(cuts) + 1:
        raise DesignError(f"{len(hazard_ratios)} hazard ratios for {len(cuts)} cuts; give one ratio more than cuts")
    edges = check_increasing("cuts (months)", cuts)
    ratios = np.array([check_hazard_ratio(ratio) for ratio in hazard_ratios])
    finer = check_survival("control", control).refined(edges)
    return finer.times(ratios[np.searchsorted(edges, finer.starts, side="right")].tolist())


def cure_effect(control: Survival, cured: float, hazard_ratio: float = 1.0) -> Survival:
    """The experimental arm cures `cured` of all, and multiplies the hazard of the others by `hazard_ratio`.

    Raises:
        DesignError: fewer cured than in control, which no experimental arm is planned for.
    """
    if check_share("cured", cured) < check_survival("control", control).cured:
        raise DesignError(f"cured = {cured:g} is below the control arm's {control.cured:g}; give at least that")
    return replace(control.scaled(check_hazard_ratio(hazard_ratio)), cured=cured)
