"""What a group-sequential trial says while and after it runs, the looks taken into account.

While it runs: the repeated confidence interval holds the effects that the whole test, moved to test them, has not
rejected, and the repeated p-value is the smallest alpha at which it rejects; both hold at every look, whatever the
reason to look or to stop. At the end: the stage-wise ordering counts as more extreme what stopped for benefit at an
earlier look, or at the same look with a larger z. P(as extreme | effect) rises with the effect; at no effect it is the
p-value, the effects where it is half the error, one half and the rest are the lower limit, the median-unbiased
estimate and the upper limit.

Sources: Jennison and Turnbull, Journal of the Royal Statistical Society B 1989;51:305-361, and Group Sequential
Methods 2000, chapters 8 and 9 (repeated intervals and p-values, orderings); Fairbanks and Madsen, Biometrika
1982;69:69-74 (p-value); Tsiatis, Rosner and Mehta, Biometrics 1984;40:797-803 (interval); Kim, Biometrics
1989;45:613-617 (median-unbiased estimate).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from equipoise.design._checks import check_fraction, check_ratio
from equipoise.design.formulas import Benefit, normal_quantile
from equipoise.design.sequential.after_looks_result import AfterLooks, Ending, Reason, Scale, StageWise
from equipoise.design.sequential.bounds_in_force import bounds_in_force
from equipoise.design.sequential.crossing import read_numbers
from equipoise.design.sequential.crossing_kernels import Floats
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.sequential.other_levels import critical_values_at, repeated_p_value, spends_all
from equipoise.design.sequential.prior import log_ratio_std_error, towards
from equipoise.design.sequential.stage_wise import StageWiseOrdering
from equipoise.errors import DesignError

_OFF_PLAN = 0.005


class _Observed(NamedTuple):
    """What was seen: z towards benefit, the standard error of the effect, and the scale of the effect."""

    z: Floats
    std_error: Floats
    scale: Scale


def after_looks(
    design: GroupSequential,
    z: ArrayLike | None = None,
    *,
    hazard_ratio: ArrayLike | None = None,
    std_error: ArrayLike | None = None,
    events: ArrayLike | None = None,
    ratio: float = 1.0,
    benefit: Benefit = "below",
    conf_level: float | None = None,
    ended: bool = False,
) -> AfterLooks:
    """Repeated and stage-wise inference from what was seen at the looks so far.

    Give `z` alone for the drift, the effect as expected z at information 1; `z` with `events` for the hazard ratio by
    log-rank tests (the log hazard ratio has the standard error (1 + ratio) / sqrt(ratio x events)); `z` with
    `std_error`, or `hazard_ratio` with `std_error`, for the hazard ratio of a model.

    Args:
        design: with the bounds in force at the looks as they came (see `GroupSequential.at`).
        z: (k,) at the first k looks, positive towards benefit.
        hazard_ratio: (k,) estimates at the looks, arm over reference.
        std_error: (k,) of the log hazard ratio at the looks.
        events: (k,) at the looks.
        ratio: treatment to control participants.
        benefit: the side of 1 where a hazard ratio is good.
        conf_level: of all intervals; by default 1 - alpha with two sides and 1 - 2 alpha with one.
        ended: the trial ended at the last of these looks for reasons that its results had no part in.

    Raises:
        DesignError: for more looks than the design has, z missing, or no way to read the effect's scale.
    """
    seen = _read(design, z, hazard_ratio=hazard_ratio, std_error=std_error, events=events, ratio=ratio, benefit=benefit)
    level = 1.0 - 2.0 * design.alpha / design.sides if conf_level is None else check_fraction("conf_level", conf_level)
    ending, notes = _ending(design, seen.z, ended)
    estimate = seen.z * seen.std_error
    low, high = _repeated_interval(design, seen, level)
    return AfterLooks(
        scale=seen.scale,
        alpha=design.alpha,
        sides=design.sides,
        conf_level=level,
        binding=design.binding,
        information=design.information[: seen.z.size],
        critical_values=design.critical_values[: seen.z.size],
        z=seen.z,
        estimate=seen.scale.shown(estimate),
        std_error=seen.std_error,
        repeated_low=seen.scale.shown(low if seen.scale.rising else high),
        repeated_high=seen.scale.shown(high if seen.scale.rising else low),
        repeated_p=np.array([repeated_p_value(design, k, float(value)) for k, value in enumerate(seen.z)]),
        final=None if ending is None else _final(design, seen, ending, level),
        notes=(*notes, *_off_plan(design, seen)),
    )


def _read(
    design: GroupSequential,
    z: ArrayLike | None,
    *,
    hazard_ratio: ArrayLike | None,
    std_error: ArrayLike | None,
    events: ArrayLike | None,
    ratio: float,
    benefit: Benefit,
) -> _Observed:
    if (z is None) == (hazard_ratio is None):
        raise DesignError("z, hazard_ratio: give one of them, and not both")
    given = _looks(design, z if z is not None else hazard_ratio, "z" if z is not None else "hazard_ratio")
    sign = towards(benefit)
    check_ratio(ratio)
    if std_error is None and events is None:
        if hazard_ratio is not None:
            raise DesignError("hazard_ratio: needs std_error, that of the log hazard ratio at each look, or events")
        return _Observed(given, 1.0 / np.sqrt(design.information[: given.size]), Scale("drift", 1))
    if std_error is not None and events is not None:
        raise DesignError("std_error, events: give one of them; each alone says how sure the hazard ratio is")
    name, values = ("std_error", std_error) if std_error is not None else ("events", events)
    sure = _looks(design, values, name)
    if sure.shape != given.shape or not bool(np.all(sure > 0.0)):
        raise DesignError(f"{name}: give a number above 0 for each of the {given.size} looks")
    spread = sure if std_error is not None else np.array([log_ratio_std_error(count, ratio) for count in sure])
    if not bool(np.all(np.diff(spread) < 0.0)):
        raise DesignError(f"{name}: the hazard ratio must grow surer from look to look; give {name} in their order")
    if hazard_ratio is None:
        return _Observed(given, spread, Scale("hazard ratio", sign))
    if not bool(np.all(given > 0.0)):
        raise DesignError("hazard_ratio: must be above 0 at each look")
    return _Observed(-sign * np.log(given) / spread, spread, Scale("hazard ratio", sign))


def _looks(design: GroupSequential, values: ArrayLike | None, name: str) -> Floats:
    numbers = np.atleast_1d(read_numbers([] if values is None else values, name))
    if numbers.ndim != 1 or not 1 <= numbers.size <= design.looks:
        raise DesignError(
            f"{name}: {numbers.size} looks of a design with {design.looks}; give one number a look so far"
        )
    if not bool(np.all(np.isfinite(numbers))):
        raise DesignError(f"{name}: look {int(np.flatnonzero(~np.isfinite(numbers))[0]) + 1} is missing or no number")
    return numbers


def _ending(design: GroupSequential, z: Floats, ended: bool) -> tuple[Ending | None, list[str]]:
    """At which look the trial ended and why, and what a reader must know of it."""
    lower, upper = bounds_in_force(design)
    last = z.size - 1
    notes = []
    reason: Reason
    for k, value in enumerate(z):
        if value >= upper[k]:
            reason = "efficacy"
        elif design.sides == 2 and value <= lower[k]:
            reason = "harm"
        elif design.binding and value <= lower[k] and k < design.looks - 1:
            reason = "harm" if np.isfinite(design.harm_values[k]) else "futility"
        else:
            continue
        if k < last:
            notes.append(f"the test ended at look {k + 1}; later looks do not enter the stage-wise analysis")
        return Ending(k, reason), notes
    if z.size == design.looks and spends_all(design):
        return Ending(last, "last look"), notes
    if ended:
        return Ending(last, "by decision"), notes
    notes.append("the trial goes on: no stage-wise analysis before it ends")
    if z[last] <= lower[last]:
        notes.append("a lower bound that is not binding was met; if the trial ended there, say ended=True")
    return None, notes


def _repeated_interval(design: GroupSequential, seen: _Observed, level: float) -> tuple[Floats, Floats]:
    """(k,) limits of the effect towards benefit.

    With binding futility an effect that would have been accepted at an earlier look stays in the interval.
    """
    k = seen.z.size
    alpha = design.sides * (1.0 - level) / 2.0
    critical = design.critical_values if math.isclose(alpha, design.alpha) else critical_values_at(design, alpha)
    if bool(np.any(np.isnan(critical))):
        raise DesignError(f"conf_level = {level:g}: the design has no bounds at that level; give another, or none")
    estimate, width = seen.z * seen.std_error, critical[:k] * seen.std_error
    low, high = estimate - width, estimate + width
    if design.binding:
        lower, _ = bounds_in_force(design)
        accepted = (seen.z - lower[:k]) * seen.std_error
        low[1:] = np.minimum(low[1:], np.minimum.accumulate(accepted)[:-1])
    return low, high


def _final(design: GroupSequential, seen: _Observed, ending: Ending, level: float) -> StageWise:
    look, scale = ending.look, seen.scale
    lower, upper = bounds_in_force(design, heed_futility=design.binding)
    ordering = StageWiseOrdering(design.information[: look + 1], lower[:look], upper[:look], float(seen.z[look]))
    error = float(seen.std_error[look])
    # an effect of one standard error at this look is a drift that moves z there by one
    unit = error * math.sqrt(float(design.information[look]))
    tail = (1.0 - level) / 2.0
    low, median, high = (unit * ordering.drift_where(p) for p in (tail, 0.5, 1.0 - tail))
    naive, width = float(seen.z[look]) * error, -normal_quantile(tail) * error
    limits, plain = scale.interval(low, high), scale.interval(naive - width, naive + width)
    return StageWise(
        look=look + 1,
        reason=ending.reason,
        rejected=ending.reason == "efficacy",
        p_value=ordering.p_value(design.sides),
        median_unbiased=float(scale.shown(median)),
        conf_low=limits[0],
        conf_high=limits[1],
        unadjusted=float(scale.shown(naive)),
        unadjusted_low=plain[0],
        unadjusted_high=plain[1],
    )


def _off_plan(design: GroupSequential, seen: _Observed) -> list[str]:
    """A note where the looks came at other information than the bounds are for."""
    weight = seen.std_error**-2.0
    came, planned = weight / weight[-1], design.information[: weight.size] / design.information[weight.size - 1]
    if not bool(np.any(np.abs(came - planned) > _OFF_PLAN)):
        return []
    shown = ", ".join(f"{share:.3g}" for share in came), ", ".join(f"{share:.3g}" for share in planned)
    return [f"the looks came at {shown[0]} of the latest information, the bounds are for {shown[1]}: see design.at"]
