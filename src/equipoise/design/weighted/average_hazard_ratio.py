"""The average hazard ratio that a trial sees, as follow-up grows.

Where hazards are not proportional the ratio that a trial estimates depends on who has been followed for how long.
Three definitions, by the name of the option `definition`:

- `events`: the geometric mean of the hazard ratios, each weighted by the events expected under it. This is the
  approximation that Schoenfeld's formula wants, and that of gsDesign2's `ahr` (Mukhopadhyay et al., Statistics in
  Biopharmaceutical Research 2020).
- `cox`: where the Cox estimate converges to (Struthers and Kalbfleisch, Biometrika 1986): the root of the expected
  score.
- `kalbfleisch-prentice`: of the survival functions alone, up to the longest follow-up: the odds that the
  experimental participant of a pair has the event first, when one has it within that time (Kalbfleisch and Prentice,
  Biometrika 1981, with G = 1 - S_0 S_1). It does not depend on accrual or loss.

Sources: Mukhopadhyay et al., Statistics in Biopharmaceutical Research 2020; Struthers and Kalbfleisch, Biometrika 1986;
Kalbfleisch and Prentice, Biometrika 1981.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from equipoise.design._roots import find_root
from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm
from equipoise.design.weighted._quadrature import Floats
from equipoise.design.weighted.at_risk import AtRisk, Stratum, read_strata, read_times
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result, show

Definition = Literal["events", "cox", "kalbfleisch-prentice"]
_MOST = 40.0
"""The largest |log hazard ratio| that the search for the Cox limit tries."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AverageHazardRatio(Result):
    """What is expected at calendar times.

    Attributes:
        times: (k,) months since the first participant could enter.
        participants: (k,) who came in.
        events: (k,) expected, of both arms.
        events_by_arm: (2, k) of control and of the experimental arm.
        average_hazard_ratio: (k,) experimental over control.
        information: (k,) of the log average hazard ratio as planned: the sum of 1/(1/d_0 + 1/d_1) over strata and
            pieces between the cuts of the survival functions, with d_j the arm's expected events there.
        information_null: (k,) the sum over strata of their events times the product of the arms' shares: a quarter
            of the events where allocation is equal.
        definition: of the average.
    """

    times: Floats
    participants: Floats
    events: Floats
    events_by_arm: Floats
    average_hazard_ratio: Floats
    information: Floats
    information_null: Floats
    definition: Definition
    _shown = (
        "times",
        "participants",
        "events",
        "average_hazard_ratio",
        "information",
        "information_null",
    )

    def _title(self) -> str:
        return f"Average hazard ratio ({self.definition})"

    def _notes(self) -> list[str]:
        last = self.events_by_arm[:, -1]
        return [f"events at the last time: control {show(float(last[0]))}, experimental {show(float(last[1]))}"]

    def _columns(self) -> Mapping[str, Column]:
        return {name: getattr(self, name) for name in self._shown}


def average_hazard_ratio(
    times: ArrayLike,
    *,
    arms: Sequence[Arm] | None = None,
    accrual: Accrual | None = None,
    strata: Sequence[Stratum] | None = None,
    definition: Definition = "events",
) -> AverageHazardRatio:
    """Expected events, average hazard ratio and information by calendar times.

    Args:
        times: (k,) or one calendar time (months), increasing, above 0.
        arms: control and experimental, with `accrual`; or give `strata`.
        accrual: of both arms together.
        strata: compared within each; their hazard ratios are averaged with the same weights as those over time.
        definition: `events` (default), `cox` or `kalbfleisch-prentice`; this module says what they are.

    Raises:
        DesignError: contradictory arms and strata, times that do not increase, an unknown definition, no event by
            the first time, or a ratio of 0 or infinity that has no geometric mean.
    """
    read, calendar = read_strata(arms, accrual, strata), read_times(times)
    if definition not in get_args(Definition):
        raise DesignError(f"definition = {definition!r}; give one of {', '.join(get_args(Definition))}")
    found = expected_course(read, calendar, definition)
    if bool(np.isnan(found.average_hazard_ratio).any()):
        raise DesignError(
            "in some period only one arm has events, and a ratio of 0 or infinity has no geometric mean; "
            "take definition='cox'"
        )
    return found


def expected_course(strata: tuple[Stratum, ...], calendar: Floats, definition: Definition) -> AverageHazardRatio:
    """The same for arguments that were read; NaN where there is no geometric mean."""
    rows = [_at(strata, float(time), definition) for time in calendar]
    by_arm = np.array([row[0] for row in rows]).T
    return AverageHazardRatio(
        times=calendar,
        participants=np.array([sum(stratum.enrolled(float(time)) for stratum in strata) for time in calendar]),
        events=by_arm.sum(axis=0),
        events_by_arm=by_arm,
        average_hazard_ratio=np.array([row[1] for row in rows]),
        information=np.array([row[2] for row in rows]),
        information_null=np.array([row[3] for row in rows]),
        definition=definition,
    )


def _at(strata: tuple[Stratum, ...], time: float, definition: Definition) -> tuple[Floats, float, float, float]:
    """At one calendar time: events of the arms, the average, the information planned and under the null."""
    followed = [AtRisk(stratum, np.array([time])) for stratum in strata]
    events = np.zeros(2)
    information = null = 0.0
    for one in followed:
        by_piece = _events_by_piece(one)
        events += by_piece.sum(axis=1)
        with np.errstate(divide="ignore"):
            information += float((1.0 / (1.0 / by_piece).sum(axis=0)).sum())
        shares = np.array([arm.share for arm in one.stratum.arms])
        null += float(by_piece.sum() * shares.prod() / shares.sum() ** 2)
    if not events.sum() > 0.0:
        raise DesignError(f"no event is expected by {time:g} months; give a later time")
    average = {"events": _geometric_mean, "cox": _cox_limit, "kalbfleisch-prentice": _concordance}[definition]
    return events, average(followed), information, null


def _events_by_piece(one: AtRisk) -> Floats:
    """(2, pieces) expected events of each arm between the cuts of the survival functions."""
    cuts = sorted({cut for arm in one.stratum.arms for cut in arm.survival.cuts})
    piece = np.searchsorted(np.array(cuts), one.grid.t, side="right")
    events = one.event_rates[:, 0] * one.grid.weight
    return np.array([np.bincount(piece, weights=row, minlength=len(cuts) + 1) for row in events])


def _geometric_mean(followed: list[AtRisk]) -> float:
    """Log hazard ratios weighted by events, over strata and study time; NaN if one of them is infinite."""
    total = weighted = 0.0
    for one in followed:
        events = one.event_rates[:, 0].sum(axis=0) * one.grid.weight
        seen = events > 0.0
        if bool((one.hazard[:, seen] == 0.0).any()):
            return math.nan
        weighted += float(events[seen] @ np.log(one.hazard[1, seen] / one.hazard[0, seen]))
        total += float(events.sum())
    return math.exp(weighted / total)


def _cox_limit(followed: list[AtRisk]) -> float:
    """The hazard ratio at which the expected score of the stratified Cox model is 0."""

    def score(log_ratio: float) -> float:
        ratio = math.exp(log_ratio)
        value = 0.0
        for one in followed:
            control, experimental = one.reach
            expected = ratio * experimental / np.maximum(control + ratio * experimental, 1e-300)
            difference = one.hazard[1] * experimental - (one.reach * one.hazard).sum(axis=0) * expected
            value += float(difference * one.accrued[0] @ one.grid.weight)
        return value

    if score(-_MOST) < 0.0 or score(_MOST) > 0.0:
        raise DesignError("only one arm has events; the Cox hazard ratio is 0 or infinite")
    return math.exp(find_root(score, -_MOST, _MOST))


def _concordance(followed: list[AtRisk]) -> float:
    """The odds that the experimental participant of a pair has the event first; strata count by their sizes."""
    odds = np.zeros(2)
    for one in followed:
        survival = np.array([arm.survival.survival(one.grid.t) for arm in one.stratum.arms])
        first = survival.prod(axis=0) * one.hazard @ one.grid.weight
        odds += first * one.stratum.enrolled(float(one.times[-1]))
    if not odds.all():
        raise DesignError("only one arm has events; the odds are 0 or infinite")
    return float(odds[1] / odds[0])
