"""The best overall response, with and without confirmation, and how long a response lasts.

Source: Eisenhauer et al., Eur J Cancer 2009;45:228-247, sections 4.4.3 and 4.6 and table 3; the options that
table 3 leaves open are those of admiralonco (derive_param_bor, derive_param_confirmed_bor, _confirmed_resp).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal, get_args

from equipoise.assessment.criteria import BestRule
from equipoise.errors import DataError

Recorded = Literal["CR", "PR", "SD", "non-CR/non-PD", "PD", "NE", "ND"]
"""A response as recorded at an assessment; ND is an assessment that was not done."""

Best = Literal["CR", "PR", "SD", "non-CR/non-PD", "PD", "NE", "ND", "MISSING"]
"""Best first."""

_RANK = {response: rank for rank, response in enumerate(get_args(Best))}
_AT_LEAST_STABLE = ("CR", "PR", "SD")


@dataclass(frozen=True, slots=True)
class TimePoint:
    """The response at one assessment.

    Raises:
        DataError: a response that is none.
    """

    on: date
    response: Recorded

    def __post_init__(self) -> None:
        """Refuse what is no response."""
        if self.response not in get_args(Recorded):
            raise DataError(f"{self.response!r} on {self.on} is no response; give {', '.join(get_args(Recorded))}")


@dataclass(frozen=True, slots=True)
class BestResponse:
    """The best overall response.

    Attributes:
        response: the best; "MISSING" without any assessment.
        on: day of the first assessment that shows it; None if there is none.
        confirmed_on: day of the assessment that confirms a CR or PR, where confirmation is asked for.
        why: in words.
    """

    response: Best
    on: date | None
    confirmed_on: date | None
    why: str


@dataclass(frozen=True, slots=True)
class ResponseDuration:
    """How long a response lasted.

    Attributes:
        start: day of the first response.
        end: day of progression, of death, or of the last assessment that could be evaluated.
        ended: whether it ended; otherwise it is censored.
        why: in words.
    """

    start: date
    end: date
    ended: bool
    why: str

    @property
    def days(self) -> int:
        """End less start plus one day, as ADTTE counts (AVAL)."""
        return (self.end - self.start).days + 1

    @property
    def censor(self) -> int:
        """0 for an end, 1 for censoring (CNSR)."""
        return 0 if self.ended else 1


def best_response(
    points: Iterable[TimePoint], origin: date, rule: BestRule | None = None, *, until: date | None = None
) -> BestResponse:
    """The best overall response, from the origin to the first progression.

    Args:
        points: the assessments, in any order; none is baseline.
        origin: start of treatment, or randomisation; stable disease counts from so many days after it.
        rule: with or without confirmation, and its options.
        until: last day that counts, as of the start of another treatment.

    Raises:
        DataError: two assessments on a day.
    """
    by = rule or BestRule()
    counted = _until_progression([each for each in _ordered(points) if until is None or each.on <= until], by)
    if not counted:
        return BestResponse("NE" if by.missing_as_ne else "MISSING", None, None, "no assessment")
    stable_from = origin + timedelta(days=by.minimum_stable_days)
    candidates = [_candidate(counted, i, by, stable_from) for i in range(len(counted))]
    return min(candidates, key=lambda each: _RANK[each.response])


def confirmed_response(points: Iterable[TimePoint], rule: BestRule | None = None) -> date | None:
    """The day of the first CR or PR that a later assessment confirms; None if there is none (CRSP: N)."""
    by = rule or BestRule()
    counted = _until_progression(_ordered(points), by)
    return next((point.on for i, point in enumerate(counted) if _confirmation(counted, i, by) is not None), None)


def duration_of_response(
    points: Iterable[TimePoint],
    rule: BestRule | None = None,
    *,
    death: date | None = None,
    cut_off: date | None = None,
) -> ResponseDuration | None:
    """From the first response to progression or death; None without a response.

    Args:
        points: the assessments, in any order.
        rule: whether the response must be confirmed.
        death: day of death.
        cut_off: day of the data cut-off; what comes later does not count.

    Raises:
        DataError: two assessments on a day, or an assessment after death.
    """
    by = rule or BestRule()
    ordered = [each for each in _ordered(points) if cut_off is None or each.on <= cut_off]
    if death is not None and ordered and ordered[-1].on > death:
        raise DataError(f"assessment of {ordered[-1].on} after death on {death}; correct one of them")
    counted = _until_progression(ordered, by)
    if by.confirmation:
        start = confirmed_response(counted, by)
    else:
        start = next((each.on for each in counted if each.response in ("CR", "PR")), None)
    if start is None:
        return None
    if counted[-1].response == "PD":
        return ResponseDuration(start, counted[-1].on, True, "progression")
    if death is not None and (cut_off is None or death <= cut_off):
        return ResponseDuration(start, death, True, "death")
    last = max(each.on for each in counted if each.response not in ("NE", "ND"))
    return ResponseDuration(start, last, False, "last assessment that could be evaluated")


def _ordered(points: Iterable[TimePoint]) -> list[TimePoint]:
    ordered = sorted(points, key=lambda each: each.on)
    for earlier, later in pairwise(ordered):
        if earlier.on == later.on:
            raise DataError(f"two assessments on {later.on}; say which counts (see that_counts)")
    return ordered


def _until_progression(ordered: Sequence[TimePoint], rule: BestRule) -> list[TimePoint]:
    """The assessments to the first progression, once disease after CR is what the rule says."""
    counted: list[TimePoint] = []
    for point in ordered:
        came_back = point.response in ("PR", "SD", "non-CR/non-PD") and any(each.response == "CR" for each in counted)
        if came_back and rule.after_complete == "partial":
            counted = [replace(each, response="PR") if each.response == "CR" else each for each in counted]
        elif came_back and rule.after_complete == "progression":
            point = replace(point, response="PD")  # noqa: PLW2901 - the same assessment, read as note 1 has it
        counted.append(point)
        if point.response == "PD":
            break
    return counted


def _candidate(points: Sequence[TimePoint], i: int, rule: BestRule, stable_from: date) -> BestResponse:
    """What one assessment counts as."""
    point = points[i]
    if point.response in ("CR", "PR"):
        if not rule.confirmation:
            return BestResponse(point.response, point.on, None, f"{point.response} on {point.on}")
        confirmed_on = _confirmation(points, i, rule)
        if confirmed_on is not None:
            why = f"{point.response} on {point.on}, confirmed on {confirmed_on}"
            return BestResponse(point.response, point.on, confirmed_on, why)
    if point.response in (*_AT_LEAST_STABLE, "non-CR/non-PD"):
        response: Best = "SD" if point.response in _AT_LEAST_STABLE else "non-CR/non-PD"
        unconfirmed = f"unconfirmed {point.response}" if point.response in ("CR", "PR") else point.response
        if point.on >= stable_from:
            return BestResponse(response, point.on, None, f"{unconfirmed} on {point.on}")
        return BestResponse("NE", point.on, None, f"{unconfirmed} on {point.on}, before {stable_from}")
    return BestResponse(point.response, point.on, None, f"{point.response} on {point.on}")


def _confirmation(points: Sequence[TimePoint], i: int, rule: BestRule) -> date | None:
    """The day that confirms the response at i: the first that could, if what lies between allows it."""
    first = points[i]
    confirming = {"CR": ("CR",), "PR": ("CR", "PR")}.get(first.response)
    if confirming is None:
        return None
    earliest = first.on + timedelta(days=rule.confirm_days)
    later = points[i + 1 :]
    end = next((j for j, each in enumerate(later) if each.on >= earliest and each.response in confirming), None)
    if end is None:
        return None
    period = [each.response for each in later[: end + 1]]
    return later[end].on if _allows(first.response, period, rule) else None


def _allows(response: str, period: Sequence[str], rule: BestRule) -> bool:
    """Whether the assessments after a response, up to the one that confirms it, leave it confirmed."""
    allowed = {"CR", "NE"} if response == "CR" else {"CR", "PR", "SD", "NE"}
    if set(period) - allowed or period.count("NE") > rule.max_not_evaluable:
        return False
    if period.count("SD") > (1 if rule.accept_stable else 0):
        return False
    return response == "CR" or "CR" not in period or "PR" not in period[period.index("CR") :]
