"""From what happened to what is recorded: visits, dropout and a data cut-off.

Histories hold months, records hold whole days since the origin (1 month = 30.4375 days, rounded up).

- A visit is held if the participant is alive and still in the trial on its day, not later than the cut-off.
  On one day, death and dropout come before the visit.
- Progression is found at the first visit held on or after its day; who dies or drops out before is never
  found to have progressed.
- A death is known on its day, unless it comes after dropout or cut-off. On one day, death comes before
  dropout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from equipoise._kernel import as_float
from equipoise.disease.histories import Histories
from equipoise.errors import DesignError
from equipoise.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import polars

Floats = NDArray[np.float64]
Event = Literal["local_progression", "distant_progression", "death"]

CENSORED = 0
LOCAL_PROGRESSION = 1
DISTANT_PROGRESSION = 2
CANCER_DEATH = 3
OTHER_DEATH = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Records:
    """What is recorded, in whole days since the origin, infinite where nothing is recorded.

    Attributes:
        local_progression: day of the visit that finds it, shape (n,), float64.
        distant_progression: day of the visit that finds it, shape (n,), float64.
        death: day of death, shape (n,), float64.
        death_cause: 0 no death recorded, 1 cancer, 2 another cause, shape (n,), int64.
        dropout: day of dropout, not after death or cut-off, shape (n,), float64.
        last_visit: day of the last visit held, 0 (the origin) if there was none, shape (n,), float64.
        last_alive: day last known alive: dropout or cut-off, or the day of death, shape (n,), float64.
    """

    local_progression: Floats
    distant_progression: Floats
    death: Floats
    death_cause: NDArray[np.int64]
    dropout: Floats
    last_visit: Floats
    last_alive: Floats

    def __len__(self) -> int:
        """Number of participants."""
        return self.death.size

    def to_frame(self) -> polars.DataFrame:
        """One column an attribute, one row a participant."""
        import polars as pl  # noqa: PLC0415 - a simulation must not pay for loading polars

        return pl.DataFrame({column.name: getattr(self, column.name) for column in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeToEvent:
    """An endpoint as survival estimators take it.

    Attributes:
        time: days as ADaM's AVAL counts them: the day of the origin is day 1, shape (n,), float64.
        cause: 0 censored, 1 local progression, 2 distant progression, 3 death from the cancer, 4 from another
            cause, shape (n,), int64.
    """

    time: Floats
    cause: NDArray[np.int64]

    @property
    def event(self) -> NDArray[np.bool_]:
        """True where the endpoint's event, whichever it is, was recorded."""
        return np.asarray(self.cause != CENSORED)


def visit_months(intervals: Sequence[tuple[float, float]]) -> Floats:
    """Planned visits, in months since the origin.

    Args:
        intervals: pairs (every, until): `[(3, 24), (6, 60)]` is every 3 months until month 24, then every 6
            months until month 60.

    Returns:
        Increasing months, float64.

    Raises:
        DesignError: an interval not above 0, or an end that does not lie behind the one before.
    """
    visits: list[float] = []
    start = 0.0
    for every, until in intervals:
        if not (np.isfinite(until) and every > 0 and until > start):
            raise DesignError(f"visits every {every} months until month {until}; give an interval and a later month")
        count = int(np.floor((until - start) / every + 1e-9))
        visits += [start + every * number for number in range(1, count + 1)]
        start = until
    return as_float(visits)


def whole_days(months: ArrayLike) -> Floats:
    """Months as days of 1/30.4375 month, rounded up to a whole day; infinite stays infinite."""
    return np.ceil(as_float(months) * DAYS_PER_MONTH - 1e-9)


def observe(histories: Histories, *, visits: ArrayLike, cut_off: ArrayLike) -> Records:
    """What a trial records of latent histories.

    Args:
        histories: n latent histories.
        visits: months of the planned visits since the origin, increasing, the same for all; see
            `visit_months`.
        cut_off: day of the data cut-off, counted from the participant's origin, one for all or shape (n,), 0
            or more.

    Returns:
        Records of the n participants.

    Raises:
        DesignError: visits that do not increase or are not above 0, or cut-offs below 0 or of another length.
    """
    months = as_float(visits)
    if months.ndim != 1 or (months.size and not months[0] > 0) or not (np.diff(months) > 0).all():
        raise DesignError("visits must be increasing months above 0; see visit_months")
    end = _cut_off_days(cut_off, len(histories))
    death_day, dropout_day = whole_days(histories.death), whole_days(histories.dropout)
    death = np.where(death_day <= np.minimum(dropout_day, end), death_day, np.inf)
    dropout = np.where((dropout_day < death_day) & (dropout_day <= end), dropout_day, np.inf)
    last_alive = np.minimum(np.minimum(death, dropout), end)

    visit_days = whole_days(months)
    # Held: before the day of death or dropout, on or before the day of the cut-off.
    held = np.where(
        np.isfinite(death) | np.isfinite(dropout),
        np.searchsorted(visit_days, last_alive, side="left"),
        np.searchsorted(visit_days, end, side="right"),
    )
    days = np.concatenate([[0.0], visit_days])
    return Records(
        local_progression=_found(whole_days(histories.local_progression), visit_days, held),
        distant_progression=_found(whole_days(histories.distant_progression), visit_days, held),
        death=death,
        death_cause=np.where(np.isfinite(death), histories.death_cause, 0),
        dropout=dropout,
        last_visit=days[held],
        last_alive=last_alive,
    )


def _cut_off_days(cut_off: ArrayLike, n: int) -> Floats:
    days = as_float(cut_off)
    if days.shape not in ((), (1,), (n,)) or np.isnan(days).any() or (days < 0).any():
        raise DesignError(f"cut_off has shape {days.shape}; give one day, or {n}, none missing or below 0")
    return as_float(np.broadcast_to(np.floor(days), (n,)))


def _found(day: Floats, visit_days: Floats, held: NDArray[np.intp]) -> Floats:
    """Day of the visit that finds what happened on `day`, if it is one of the first `held` visits."""
    visit = np.searchsorted(visit_days, day, side="left")
    found = visit < held
    out = np.full(day.shape, np.inf)
    out[found] = visit_days[visit[found]]
    return out


def time_to_first(
    records: Records, events: Sequence[Event], *, censor: Literal["last_visit", "last_alive"]
) -> TimeToEvent:
    """Time to the first of several events, death before progression on the same day.

    Args:
        records: what was recorded.
        events: which events count.
        censor: where a participant without an event is censored. Only `last_alive` suits an endpoint of
            deaths alone; progression is known to be absent no later than the last visit.

    Returns:
        Time in days and which event it was.

    Raises:
        DesignError: no events, or one that does not exist.
    """
    codes = {"local_progression": LOCAL_PROGRESSION, "distant_progression": DISTANT_PROGRESSION}
    if not events or set(events) - {*codes, "death"}:
        raise DesignError(f"events {list(events)}; name local_progression, distant_progression or death")
    day = np.full(len(records), np.inf)
    cause = np.full(len(records), CENSORED, dtype=np.int64)
    for name, code in codes.items():
        if name in events:
            first = getattr(records, name) < day
            day, cause = np.where(first, getattr(records, name), day), np.where(first, code, cause)
    if "death" in events:
        first = np.isfinite(records.death) & (records.death <= day)
        day = np.where(first, records.death, day)
        cause = np.where(first, records.death_cause + CANCER_DEATH - 1, cause)
    day = np.where(cause == CENSORED, getattr(records, censor), day)
    return TimeToEvent(time=day + 1.0, cause=cause)


def overall_survival(records: Records) -> TimeToEvent:
    """Time to death from any cause, censored at the day last known alive."""
    return time_to_first(records, ("death",), censor="last_alive")


def local_relapse_free_survival(records: Records) -> TimeToEvent:
    """Time to local progression found at a visit, or death; censored at the last visit held."""
    return time_to_first(records, ("local_progression", "death"), censor="last_visit")
