"""Blinded re-estimation of the size: the assumed effect is kept, the hazard is what both arms together show.

Nothing is learned about the effect, so the type I error stays where it was.

Source: Whitehead, Whitehead, Todd, Bolland and Sooriyarachchi, Statistics in Medicine 2001;20:165-176.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from equipoise.design._checks import check_hazard_ratio, check_positive, check_ratio
from equipoise.design._roots import find_root
from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm, dropout_by, expected_events, expected_exposure
from equipoise.design.fixed.requirement import SizeMethod
from equipoise.design.fixed.sample_size import SampleSize, sample_size
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result

_WIDEST = 1e4


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Reestimation(Result):
    """The size anew.

    Attributes:
        control: survival of control that gives the pooled event rate seen.
        hazard_factor: its hazard over the planned one.
        with_more_participants: accrual goes on at its last rate until the planned follow-up does.
        with_longer_follow_up: the planned participants, followed for longer; None where they have the events before
            accrual ends, or never.
    """

    control: Survival
    hazard_factor: float
    with_more_participants: SampleSize
    with_longer_follow_up: SampleSize | None

    def _title(self) -> str:
        return f"Size anew: the hazard is {self.hazard_factor:.4g} times the planned one, control {self.control}"

    def _columns(self) -> Mapping[str, Column]:
        ways = {"more participants": self.with_more_participants, "longer follow-up": self.with_longer_follow_up}
        there = {name: size for name, size in ways.items() if size is not None}
        return {
            "with": list(there),
            "events": [size.events for size in there.values()],
            "participants": [size.n for size in there.values()],
            "accrual": [size.accrual_duration for size in there.values()],
            "follow_up": [size.follow_up for size in there.values()],
            "months_in_all": [size.duration for size in there.values()],
        }

    def _notes(self) -> list[str]:
        if self.with_longer_follow_up is not None:
            return []
        return ["the planned participants have the events before accrual ends, or never: no follow-up gives them"]


def blinded_control(
    events: float,
    exposure: float,
    *,
    at: float,
    hazard_ratio: float,
    control: Survival,
    accrual: Accrual,
    ratio: float = 1.0,
    dropout: float = 0.0,
    dropout_time: float = 12.0,
) -> Survival:
    """The control arm's survival that explains the pooled event rate, if the hazard ratio is as assumed.

    The planned hazards of both arms are multiplied by one factor, so that expected events over expected exposure at
    the cut-off are those observed.

    Args:
        events: of both arms by the cut-off.
        exposure: person-months of both arms by the cut-off.
        at: month of the cut-off.
        hazard_ratio: assumed.
        control: planned; its shape and cured fraction are kept.
        accrual: as it went.
        ratio: experimental to control.
        dropout: fraction lost by `dropout_time`.
        dropout_time: months.

    Raises:
        DesignError: a rate that no multiple of the planned hazard gives.
    """
    observed = check_positive("events", events) / check_positive("exposure (person-months)", exposure)
    check_positive("at (months)", at)
    share = check_ratio(ratio) / (1 + ratio)
    loss = dropout_by(dropout, dropout_time)
    experimental = control.scaled(check_hazard_ratio(hazard_ratio))

    def excess(log_factor: float) -> float:
        factor = math.exp(log_factor)
        arms = (Arm(control.scaled(factor), 1 - share, loss), Arm(experimental.scaled(factor), share, loss))
        rate = (
            expected_events(at, arms=arms, accrual=accrual).sum()
            / expected_exposure(at, arms=arms, accrual=accrual).sum()
        )
        return float(rate) / observed - 1

    low, high = -math.log(_WIDEST), math.log(_WIDEST)
    if not excess(low) < 0 < excess(high):
        raise DesignError(
            f"{events:g} events in {exposure:g} person-months: no multiple of the planned hazard gives this rate; "
            "check the cut-off and the planned survival"
        )
    return control.scaled(math.exp(find_root(excess, low, high)))


def reestimate(
    events: float,
    exposure: float,
    *,
    at: float,
    hazard_ratio: float,
    control: Survival,
    accrual: Accrual,
    follow_up: float,
    alpha: float,
    power: float,
    sides: int = 1,
    ratio: float = 1.0,
    dropout: float = 0.0,
    dropout_time: float = 12.0,
    method: SizeMethod = "schoenfeld",
) -> Reestimation:
    """What the trial needs if its event rate is the one seen: more participants, or longer follow-up.

    Args:
        events: of both arms by the cut-off.
        exposure: person-months of both arms by the cut-off.
        at: month of the cut-off.
        hazard_ratio: assumed, and kept.
        control: planned.
        accrual: as it went and is planned on, in participants a month.
        follow_up: planned, months from the last participant.
        alpha: total over the sides.
        power: in the benefit tail.
        sides: 1 or 2.
        ratio: experimental to control.
        dropout: fraction lost by `dropout_time`.
        dropout_time: months.
        method: as for `sample_size`.

    Raises:
        DesignError: what is impossible or contradicts itself.
    """
    seen = blinded_control(
        events,
        exposure,
        at=at,
        hazard_ratio=hazard_ratio,
        control=control,
        accrual=accrual,
        ratio=ratio,
        dropout=dropout,
        dropout_time=dropout_time,
    )

    def sized(
        *,
        accrual: Accrual | None = None,
        accrual_rate: Accrual | None = None,
        follow_up: float | None = None,
        n: float | None = None,
    ) -> SampleSize:
        return sample_size(
            hazard_ratio,
            control=seen,
            alpha=alpha,
            power=power,
            sides=sides,
            ratio=ratio,
            dropout=dropout,
            dropout_time=dropout_time,
            method=method,
            accrual=accrual,
            accrual_rate=accrual_rate,
            follow_up=follow_up,
            n=n,
        )

    try:
        longer = sized(n=accrual.total, accrual=accrual)
    except DesignError:
        longer = None
    return Reestimation(
        seen, max(seen.rates) / max(control.rates), sized(accrual_rate=accrual, follow_up=follow_up), longer
    )
