"""Mean and covariance of weighted log-rank statistics over calendar times, under any hazards.

The statistic of a test with weight w at a calendar time is z = U / sqrt(V), positive where the experimental arm does
better. With s the share of the experimental arm among those at risk,

    U = sum over strata of the integral of w (s dN - dN_1),        V = the same of w^2 s (1 - s) dN.

With many participants, y_j and h_j the limits of those at risk and the hazards, y = y_0 + y_1, h the pooled hazard:

    U           integral of w s (1 - s) y (h_0 - h_1)
    V           integral of w^2 s (1 - s) y h
    null        tests a, b at two times: covariance of U_a, U_b = integral of w_a w_b s (1 - s) y h at the earlier one

(Lakatos, Biometrics 1988; Karrison, Stata Journal 2016). Away from the null hypothesis z is normal too, but neither
is its variance 1 nor are increments independent. U and V are sums of contributions of single participants,

    integral of phi dN - b Y dt,

phi and b functions of study time and arm (Lin and Wei, JASA 1989; Yung and Liu, Biometrics 2020). Here x is 1 in the
experimental arm and K(u) the integral after u of the weight's response to the pooled curve times what is weighted,
as the weight rests on an estimated curve:

    U    phi = w (s - x) + K / y,          b = phi h
    V    phi = w^2 s (1 - s) + K / y,      b = phi h - w^2 (s (1 - s) + (1 - 2 s) (x - s)) h

and z is linear in both near their means: z - E z = (dU - E z dV / (2 sqrt(V))) / sqrt(V). Entries are taken as
independent draws from the accrual, and the numbers in the arms as planned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.design.weighted._quadrature import Floats
from equipoise.design.weighted.at_risk import AtRisk, Stratum
from equipoise.design.weighted.log_rank_weights import Weight, held
from equipoise.errors import DesignError

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Of `m` statistics, each a test at a calendar time, for the accrual as given.

    Attributes:
        mean: (m,) of the scores U; grows with the accrual.
        information: (m,) what the tests' own variance V estimates; grows with the accrual.
        information_null: (m,) V if the arms' shares at risk stayed as allocated; for the log-rank test a quarter of
            the events where allocation is equal.
        null_correlation: (m, m) of the statistics under the null hypothesis.
        covariance: (m, m) of the statistics z under the hazards as assumed.
        log_hazard_ratio: (m,) minus U over the integral of w s (1 - s) y h: a log average hazard ratio, weighted
            as the test weighs.
    """

    mean: Floats
    information: Floats
    information_null: Floats
    null_correlation: Floats
    covariance: Floats
    log_hazard_ratio: Floats

    @property
    def z(self) -> Floats:
        """(m,) expected statistics; they grow with the root of the accrual."""
        z: Floats = self.mean / np.sqrt(self.information)
        return z

    @property
    def spread(self) -> Floats:
        """(m,) standard deviations of the statistics; 1 under the null hypothesis."""
        spread: Floats = np.sqrt(self.covariance.diagonal())
        return spread

    @property
    def correlation(self) -> Floats:
        """(m, m) of the statistics under the hazards as assumed."""
        return _correlation(self.covariance)


def score_moments(strata: Sequence[Stratum], times: Floats, looks: Sequence[tuple[int, Weight]]) -> Moments:
    """The moments of the statistics of `looks`, each (index of its calendar time, weight), over strata.

    Raises:
        DesignError: for a time at which a test has no information.
    """
    marks = {weight.t_star for _, weight in looks if math.isfinite(weight.t_star)}
    parts = [_Scores(AtRisk(stratum, times, marks), looks) for stratum in strata]
    mean, information, null, information_null, weighted = (
        np.sum([getattr(part, name) for part in parts], axis=0)
        for name in ("mean", "information", "null_covariance", "information_null", "weighted_information")
    )
    if not bool((information > 0.0).all()):
        first = times[looks[int(np.flatnonzero(information <= 0.0)[0])][0]]
        raise DesignError(f"no event is expected by {first:g} months that compares the arms; give a later time")
    z = mean / np.sqrt(information)
    covariance = np.sum([part.covariance(z, information) for part in parts], axis=0)
    return Moments(mean, information, information_null, _correlation(null), covariance, -mean / weighted)


class _Scores:
    """The scores of one stratum, on its grid of n nodes.

    Attributes:
        at_risk: the limits.
        look: (m,) index of the calendar time of each score.
        weight: (m, n) of an event.
        mean: (m,) of U.
        information: (m,) limit of V.
        information_null: (m,) V if the arms' shares at risk stayed as allocated.
        weighted_information: (m,) integral of w s (1 - s) y h.
        null_covariance: (m, m) of U if both arms had the pooled hazard.
    """

    __slots__ = (
        "_accrued", "_moving", "_response", "at_risk", "information", "information_null", "look", "mean",
        "null_covariance", "weight", "weighted_information",
    )  # fmt: skip  # short items of one kind share a line

    def __init__(self, at_risk: AtRisk, looks: Sequence[tuple[int, Weight]]) -> None:
        """Weights and means of the scores of `looks`."""
        self.at_risk = at_risk
        self.look = [look for look, _ in looks]
        t, dt = at_risk.grid.t, at_risk.grid.weight
        curves = [held(w, t, at_risk.survival, at_risk.survival_at(w.t_star)) for _, w in looks]
        self.weight: Floats = np.array([w.of(curve) for (_, w), curve in zip(looks, curves, strict=True)])
        self._response: Floats = np.array([w.response(curve) for (_, w), curve in zip(looks, curves, strict=True)])
        self._moving: Bools = np.array([t < w.t_star for _, w in looks])
        self._accrued: Floats = at_risk.accrued[self.look]
        both = self._accrued * at_risk.both
        self.mean: Floats = (self.weight * both * (at_risk.hazard[0] - at_risk.hazard[1])) @ dt
        self.weighted_information: Floats = (self.weight * both * at_risk.pooled_hazard) @ dt
        self.information: Floats = (self.weight**2 * both * at_risk.pooled_hazard) @ dt
        shares = np.array([arm.share for arm in at_risk.stratum.arms])
        events = self._accrued * (at_risk.reach * at_risk.hazard).sum(axis=0)
        self.information_null: Floats = (self.weight**2 * events) @ dt * shares.prod() / shares.sum() ** 2
        earlier = np.minimum.outer(self.look, self.look)
        base = (at_risk.accrued * at_risk.both * at_risk.pooled_hazard * dt)[earlier]
        self.null_covariance: Floats = np.einsum("an,bn,abn->ab", self.weight, self.weight, base)

    def covariance(self, z: Floats, information: Floats) -> Floats:
        """(m, m) what this stratum adds to the covariance of the statistics, of mean `z` and `information` in all."""
        total = np.zeros((len(self.look), len(self.look)))
        for arm in (0, 1):
            total += self._of_arm(arm, *self._contributions(arm, z, information))
        return total

    def _contributions(self, arm: int, z: Floats, information: Floats) -> tuple[Floats, Floats]:
        """Phi and b of the statistics for a participant of this arm, each (m, n)."""
        at, w = self.at_risk, self.weight
        share, h = at.experimental_share, at.pooled_hazard
        own = share * (1.0 - share)
        gain = self._accrued * at.both
        phi_u = w * (share - arm) + self._of_curve(self._response * gain * (at.hazard[0] - at.hazard[1]))
        phi_v = w**2 * own + self._of_curve(2.0 * w * self._response * gain * h)
        b_v = phi_v * h - w**2 * (own + (1.0 - 2.0 * share) * (arm - share)) * h
        root, pull = 1.0 / np.sqrt(information)[:, None], (0.5 * z / information)[:, None]
        phi: Floats = root * phi_u - pull * phi_v
        b: Floats = root * phi_u * h - pull * b_v
        return phi, b

    def _of_curve(self, response: Floats) -> Floats:
        """K / y, (m, n), for the weighted response (m, n): nothing where the weight no longer follows the curve."""
        at = self.at_risk
        after = at.grid.remaining(response)
        seen = self._accrued * at.reach.sum(axis=0)
        of_curve: Floats = np.divide(after, seen, out=np.zeros_like(after), where=self._moving & (seen > 0.0))
        return of_curve

    def _of_arm(self, arm: int, phi: Floats, b: Floats) -> Floats:
        """(m, m) covariance of the sums over the participants of one arm.

        With B the integral of b, a participant seen until t adds phi(t) - B(t) if the event came then, else -B(t). So
        the product of two statistics, up to the end of follow-up at the earlier, has the mean
        integral of y (phi_1 phi_2 h_j - (phi_1 B_2 + phi_2 B_1) h_j + b_1 B_2 + b_2 B_1).
        """
        at, dt = self.at_risk, self.at_risk.grid.weight
        before = at.grid.cumulative(b)
        drift = (phi * at.hazard[arm] - b) * at.reach[arm]
        mean = (drift * self._accrued) @ dt
        further = at.grid.cumulative(drift)
        total = np.empty((mean.size, mean.size))
        for i in range(mean.size):
            for j in range(i, mean.size):
                first, last = (i, j) if self.look[i] <= self.look[j] else (j, i)
                moved = drift[i] * before[j] + drift[j] * before[i]
                jumps = phi[i] * phi[j] * at.hazard[arm] * at.reach[arm]
                product = float((jumps - moved) * self._accrued[first] @ dt)
                if self.look[first] < self.look[last]:
                    product -= self._after(self.look[first], self.look[last], before[first], further[last])
                enrolled = at.stratum.arms[arm].share * at.stratum.accrual.enrolled(float(at.times[self.look[last]]))
                total[i, j] = total[j, i] = product - (mean[i] * mean[j] / enrolled if enrolled > 0.0 else 0.0)
        return total

    def _after(self, first: int, last: int, before: Floats, further: Floats) -> float:
        """What follow-up after the earlier look takes from the mean product.

        Whoever entered t months before the earlier look and is at risk then stands at -B(t) there, and is expected to
        move by the drift between t and t plus the time between the looks.
        """
        at = self.at_risk
        t, time = at.grid.t, at.times[first]
        move = at.grid.between(further, t + (at.times[last] - time)) - further
        return float(_entering(at.stratum, time - t) * before * move @ at.grid.weight)


def _entering(stratum: Stratum, time: Floats) -> Floats:
    """Participants a month who come in at calendar times `time`; none before 0."""
    accrual = stratum.accrual
    rates = np.array([*accrual.rates, 0.0])[np.searchsorted(np.array(accrual.ends), time, side="right")]
    return np.where(time > 0.0, rates, 0.0)


def _correlation(covariance: Floats) -> Floats:
    root = np.sqrt(covariance.diagonal())
    correlation: Floats = covariance / np.outer(root, root)
    return correlation
