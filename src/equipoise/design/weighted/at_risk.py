"""Two arms compared within strata: who is at risk when, and where the pooled Kaplan-Meier curve goes.

At a calendar time T, those of arm j on study for t months and at risk are A(T - t) q_j(t), where A is the accrual and
q_j the arm's share times the probability to be free of the event and of loss. As both arms of a stratum come in
together, A is common to them: the share of the experimental arm among those at risk, and with it the limit of the
pooled Kaplan-Meier curve, do not depend on T.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm
from equipoise.design.survival_function import Survival
from equipoise.design.weighted._quadrature import Floats, Grid
from equipoise.errors import DesignError

_LONGEST = 1.0
"""The cumulative hazard that a piece of the grid may span."""
_MOST_PIECES = 200
_TINY = 1e-280
_LEAST_SURVIVAL = 1e-100
"""Below it nobody is left, and a weight that divides by the curve stays a number."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Two arms that are compared with each other, and how their participants come in.

    Attributes:
        control: the reference; its share is of `accrual`.
        experimental: the arm of which hazard ratios speak.
        accrual: of both together.
    """

    control: Arm
    experimental: Arm
    accrual: Accrual

    @property
    def arms(self) -> tuple[Arm, Arm]:
        """Control, then experimental."""
        return self.control, self.experimental

    def enrolled(self, time: float) -> float:
        """Participants of both arms who came in by calendar time `time`."""
        return self.accrual.enrolled(time) * (self.control.share + self.experimental.share)


def read_strata(
    arms: Sequence[Arm] | None, accrual: Accrual | None, strata: Sequence[Stratum] | None
) -> tuple[Stratum, ...]:
    """Either `arms` (control, experimental) with `accrual`, or `strata`.

    Raises:
        DesignError: both, neither, or other than two arms.
    """
    if strata is not None:
        if arms is not None or accrual is not None:
            raise DesignError("arms, accrual: the strata have their own; give either arms and accrual, or strata")
        if not strata:
            raise DesignError("strata: there are none; give at least one, or arms and accrual")
        return tuple(strata)
    if arms is None or accrual is None:
        raise DesignError("arms or accrual is missing; give arms=(control, experimental) and accrual=, or strata=")
    if len(arms) != 2:
        raise DesignError(f"arms: {len(arms)} arms; a comparison has two, the control arm first")
    return (Stratum(arms[0], arms[1], accrual),)


def read_times(times: ArrayLike) -> Floats:
    """Calendar times (months) as (k,), above 0 and increasing.

    Raises:
        DesignError: for other times.
    """
    read = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if read.ndim != 1 or read.size == 0 or not np.isfinite(read).all() or (np.diff(read, prepend=0.0) <= 0.0).any():
        raise DesignError(f"times (months) = {read.tolist()}; give increasing calendar times above 0")
    return read


class AtRisk:
    """The limits of one stratum on a grid of study times.

    Attributes:
        grid: the study times, (n,) nodes, up to the last calendar time.
        reach: (2, n) share of the accrual that is in each arm and free of event and loss.
        hazard: (2, n) of each arm.
        pooled_hazard: (n,) of whoever is at risk.
        experimental_share: (n,) of those at risk.
        survival: (n,) the limit of the pooled Kaplan-Meier curve.
        accrued: (k, n) participants who have been in the trial for at least this long, at each calendar time.
    """

    __slots__ = (
        "accrued", "experimental_share", "grid", "hazard", "pooled_hazard", "reach", "stratum", "survival", "times",
    )  # fmt: skip  # short items of one kind share a line

    def __init__(self, stratum: Stratum, times: Floats, marks: Iterable[float] = ()) -> None:
        """Follow `stratum` to the calendar `times`, (k,) increasing; `marks` are study times where weights bend."""
        self.stratum, self.times = stratum, times
        losses = [arm.dropout or Survival.exponential(0.0) for arm in stratum.arms]
        cuts = {*marks, *(cut for arm in stratum.arms for cut in arm.survival.cuts)}
        cuts |= {cut for loss in losses for cut in loss.cuts}
        cuts |= {float(time - end) for time in times for end in (0.0, *stratum.accrual.ends)}
        rate = max(max(arm.survival.rates) + max(loss.rates) for arm, loss in zip(stratum.arms, losses, strict=True))
        end = float(times[-1])
        self.grid = Grid(cuts, end, max(_LONGEST / rate, end / _MOST_PIECES) if rate > 0.0 else end)
        t = self.grid.t
        self.reach: Floats = np.array(
            [a.share * a.survival.survival(t) * loss.survival(t) for a, loss in zip(stratum.arms, losses, strict=True)]
        )
        self.hazard: Floats = np.array([arm.survival.hazard(t) for arm in stratum.arms])
        total = np.maximum(self.reach.sum(axis=0), _TINY)
        self.experimental_share: Floats = self.reach[1] / total
        self.pooled_hazard: Floats = (self.reach * self.hazard).sum(axis=0) / total
        self.survival: Floats = np.maximum(np.exp(-self.grid.cumulative(self.pooled_hazard)), _LEAST_SURVIVAL)
        self.accrued: Floats = stratum.accrual.enrolled(np.maximum(times[:, None] - t, 0.0))

    @property
    def event_rates(self) -> Floats:
        """(2, k, n) expected events of each arm a month on study, seen by each calendar time."""
        rates: Floats = (self.reach * self.hazard)[:, None, :] * self.accrued
        return rates

    @property
    def both(self) -> Floats:
        """(n,) q_0 q_1 / (q_0 + q_1): how much a comparison at this study time rests on."""
        both: Floats = self.reach[0] * self.experimental_share
        return both

    def survival_at(self, t: float) -> float:
        """The pooled curve at study time `t`, or at the end of the grid if that comes first."""
        return float(np.exp(self.grid.between(np.log(self.survival), np.array([min(t, self.times[-1])]))[0]))
