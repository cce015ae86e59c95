"""Expected events, exposure and times under a design, in closed form.

Participants come in with a piecewise-constant intensity and are watched until the calendar time, the event or loss to
follow-up, of which both have piecewise-constant hazards. The probability of an event within u months of entry is then
a sum of exponentials, piece by piece, and so is its integral over the entries. Nothing is integrated numerically. With
a cured fraction, events are those of the uncured.

In a piece that begins at s with hazards h (event) and d (loss), x = (h + d) w:

    events within w months      h Q(s) w   f1(x),   f1(x) = (1 - exp(-x)) / x
    their integral over w       h Q(s) w^2 f2(x),   f2(x) = (x - 1 + exp(-x)) / x^2

where Q(s) is the probability to reach s without event or loss. Both are finite at rates of 0.

Source: Lachin and Foulkes, Biometrics 1986;42:507-519, for one piece each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from equipoise.design._checks import check_not_negative, check_positive, check_share
from equipoise.design._roots import find_root
from equipoise.design.accrual import Accrual
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError

Floats = NDArray[np.float64]

_SERIES = [1 / math.factorial(k + 2) * (-1) ** k for k in range(17)]


@dataclass(frozen=True, slots=True)
class Arm:
    """A group of participants with one prognosis: an arm, or an arm within a stratum.

    Attributes:
        survival: free of the event.
        share: of all participants; above 0, at most 1.
        dropout: free of loss to follow-up; None is no loss. A competing event is a loss in this sense.

    Raises:
        DesignError: a share that is none.
    """

    survival: Survival
    share: float
    dropout: Survival | None = None

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        if not 0 < self.share <= 1:
            raise DesignError(f"share = {self.share} of the participants; give a number above 0, at most 1")


def event_probability(u: ArrayLike, arm: Arm) -> Floats:
    """Probability that the event is seen within `u` months of entry, before any loss; the shape of `u`."""
    return _mixed(arm, lambda pieces: pieces.events(np.asarray(u, dtype=np.float64)))


def expected_events(times: ArrayLike, *, arms: Sequence[Arm], accrual: Accrual) -> Floats:
    """Expected events of each arm by calendar times.

    Args:
        times: (k,) or one, months since the first participant could enter.
        arms: their shares multiply `accrual`.
        accrual: of all arms together.

    Returns:
        (len(arms), k) expected events.
    """
    return _over_entries(times, arms, accrual, lambda pieces, low, high: pieces.event_integral(low, high))


def expected_exposure(times: ArrayLike, *, arms: Sequence[Arm], accrual: Accrual) -> Floats:
    """Expected person-months at risk of each arm by calendar times; shaped as `expected_events`.

    Cured participants are at risk until they are lost: an observer cannot tell them apart.
    """
    return _over_entries(
        times, arms, accrual, lambda pieces, low, high: pieces.exposure_integral(low, high), cured=True
    )


def expected_losses(times: ArrayLike, *, arms: Sequence[Arm], accrual: Accrual) -> Floats:
    """Expected participants lost before their event, by calendar times; shaped as `expected_events`."""
    swapped = [Arm(arm.dropout or _NOBODY, arm.share, arm.survival) for arm in arms]
    return expected_events(times, arms=swapped, accrual=accrual)


def calendar_time(events: float, *, arms: Sequence[Arm], accrual: Accrual) -> float:
    """The calendar time by which `events` are expected, in months since the start of accrual.

    Raises:
        DesignError: so many are never expected.
    """
    if check_not_negative("events", events) == 0:
        return 0.0
    if math.isfinite(accrual.total):
        limit = sum(accrual.total * arm.share * float(event_probability(math.inf, arm)) for arm in arms)
        if events >= limit:
            raise DesignError(
                f"{events:g} events are never reached: {limit:.5g} is the most that {accrual.total:.5g} participants "
                "give; take more participants, or fewer events"
            )

    def missing(time: float) -> float:
        return float(expected_events(time, arms=arms, accrual=accrual).sum()) - events

    high = accrual.duration if math.isfinite(accrual.duration) else 12.0
    while missing(high) < 0:
        high *= 2
        if high > 1e9:
            raise DesignError(f"{events:g} events are not reached within {high:g} months; take more participants")
    return find_root(missing, 0.0, high)


class _Pieces:
    """Event and loss hazards of people who may have both, on common pieces.

    Attributes:
        starts: (m,) months.
        ends: (m,) months, the last infinite.
        hazard: (m,) of the event.
        total: (m,) of event and loss together.
        reach: (m,) probability to reach the start of each piece.
        before: (m,) probability of an event seen before the start of each piece.
    """

    __slots__ = ("before", "ends", "hazard", "reach", "starts", "total")

    def __init__(self, survival: Survival, dropout: Survival) -> None:
        cuts = sorted({*survival.cuts, *dropout.cuts})
        self.starts = np.array([0.0, *cuts])
        self.ends = np.array([*cuts, math.inf])
        self.hazard = np.asarray(survival.uncured_hazard(self.starts))
        self.total = self.hazard + np.asarray(dropout.uncured_hazard(self.starts))
        widths = np.diff(self.starts)
        passed = self.total[:-1] * widths
        self.reach = np.exp(-np.concatenate([[0.0], np.cumsum(passed)]))
        inside = self.hazard[:-1] * self.reach[:-1] * widths * _f1(passed)
        self.before = np.concatenate([[0.0], np.cumsum(inside)])

    def events(self, u: Floats) -> Floats:
        """Probability of an event seen within `u` of entry, any shape; `u` may be infinite."""
        piece = np.searchsorted(self.starts[1:], u, side="right")
        inside = np.maximum(u - self.starts[piece], 0.0)
        hazard, total = self.hazard[piece], self.total[piece]
        finite = np.where(np.isfinite(inside), inside, 0.0)
        within = hazard * finite * _f1(total * finite)
        ever = np.divide(hazard, total, out=np.zeros_like(hazard), where=total > 0)
        seen: Floats = self.before[piece] + self.reach[piece] * np.where(np.isfinite(inside), within, ever)
        return seen

    def event_integral(self, low: Floats, high: Floats) -> Floats:
        """Integral of `events` over u from `low` to `high`, each (k, periods) and finite."""
        start, width = self._overlap(low, high)
        inside = start - self.starts
        reach = self.reach * np.exp(-self.total * inside)
        before = self.before + self.reach * self.hazard * inside * _f1(self.total * inside)
        after = self.hazard * reach * width**2 * _f2(self.total * width)
        integral: Floats = (before * width + after).sum(axis=-1)
        return integral

    def exposure_integral(self, low: Floats, high: Floats) -> Floats:
        """Integral over u from `low` to `high` of the mean months at risk within u."""
        start, width = self._overlap(low, high)
        inside = start - self.starts
        reach = self.reach * np.exp(-self.total * inside)
        months = np.diff(self.starts)
        earlier = np.concatenate([[0.0], np.cumsum(self.reach[:-1] * months * _f1(self.total[:-1] * months))])
        before = earlier + self.reach * inside * _f1(self.total * inside)
        integral: Floats = (before * width + reach * width**2 * _f2(self.total * width)).sum(axis=-1)
        return integral

    def _overlap(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Where each interval begins within each piece, and for how long it lasts there: (k, periods, m)."""
        start = np.clip(low[..., None], self.starts, self.ends)
        return start, np.clip(high[..., None], self.starts, self.ends) - start


_NOBODY = Survival.exponential(0.0)


def _mixed(arm: Arm, of: Callable[[_Pieces], Floats], *, cured: bool = False) -> Floats:
    """`of` those who can have the event, and where `cured` of the cured also; so for loss to follow-up."""
    dropout = arm.dropout or _NOBODY
    total: Floats = np.zeros(())
    events = [(1 - arm.survival.cured, arm.survival)] + ([(arm.survival.cured, _NOBODY)] if cured else [])
    losses = [(1 - dropout.cured, dropout), (dropout.cured, _NOBODY)]
    for event_weight, survival in events:
        for loss_weight, loss in losses:
            if weight := event_weight * loss_weight:
                total = total + weight * of(_Pieces(survival, loss))
    return total


def _over_entries(
    times: ArrayLike,
    arms: Sequence[Arm],
    accrual: Accrual,
    integral: Callable[[_Pieces, Floats, Floats], Floats],
    *,
    cured: bool = False,
) -> Floats:
    """An integral over time on study, weighted by who came in when: (len(arms), k)."""
    calendar = np.atleast_1d(np.asarray(times, dtype=np.float64))[:, None]
    if not (np.isfinite(calendar) & (calendar >= 0)).all():
        raise DesignError("calendar times (months) are finite and not below 0; mend the times")
    low = calendar - np.minimum(accrual.ends, calendar)
    high = calendar - np.minimum(accrual.starts, calendar)
    rates = np.array(accrual.rates)
    return np.stack(
        [arm.share * (_mixed(arm, lambda pieces: integral(pieces, low, high), cured=cured) @ rates) for arm in arms]
    )


def _f1(x: Floats) -> Floats:
    """(1 - exp(-x)) / x, which is 1 at 0; `x` from 0 up."""
    mean: Floats = np.divide(-np.expm1(-x), x, out=np.ones_like(x), where=x > 0)
    return mean


def _f2(x: Floats) -> Floats:
    """(x - 1 + exp(-x)) / x^2, which is 1/2 at 0: by its series below 0.5, where the numerator would cancel."""
    series = np.polynomial.polynomial.polyval(np.minimum(x, 0.5), _SERIES)
    mean: Floats = np.divide(x + np.expm1(-x), x**2, out=series, where=x >= 0.5)
    return mean


def dropout_by(fraction: float, at: float) -> Survival:
    """Exponential loss to follow-up of which `fraction` have been lost by `at` months were there no events."""
    return Survival.exponential(-math.log1p(-check_share("dropout", fraction)) / check_positive("dropout_time", at))
