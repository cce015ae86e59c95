"""Start-stop rows of participants whose covariates change: what a Cox model with time-dependent covariates takes.

A covariate known only later must not speak of the time before; a row for each interval in which all covariates hold
keeps that apart.

Source: Therneau and Grambsch 2000, section 3.7.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from equipoise.errors import DataError
from equipoise.estimates.result import Column, Result
from equipoise.survival._arrays import (
    Bools,
    Floats,
    Ints,
    check_length,
    numbers,
    read_causes,
    read_entry,
    read_groups,
    read_time,
    rows_text,
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StartStop(Result):
    """Rows at risk in (entry, time], by participant as given and time.

    Attributes:
        participant: (r,) labels.
        row: (r,) the participant's position in what was given, with which fixed covariates are taken over.
        entry: (r,) start of the interval.
        time: (r,) its end.
        event: (r,) the participant's event in their last row, 0 before.
        covariates: name to (r,) values over the interval.
    """

    _shown: ClassVar[tuple[str, ...]] = ("participant", "entry", "time", "event")

    participant: tuple[Hashable, ...]
    row: Ints
    entry: Floats
    time: Floats
    event: Ints
    covariates: Mapping[str, Floats]

    def _columns(self) -> Mapping[str, Column]:
        columns: dict[str, Column] = {name: getattr(self, name) for name in self._shown}
        return columns | dict(self.covariates)

    def _title(self) -> str:
        return f"Start-stop rows of {len(set(self.row.tolist()))} participants"


@dataclass(frozen=True, slots=True, eq=False)
class _Changes:
    """The changes of one covariate by participant (position) and time."""

    who: Ints
    when: Floats
    value: Floats


def time_dependent(
    participant: Any,
    time: Any,
    event: Any,
    changes: Mapping[str, tuple[Any, Any, Any]],
    *,
    entry: Any = None,
    initial: float | Mapping[str, Any] = 0.0,
) -> StartStop:
    """Cut each participant's follow-up where a covariate changes.

    Args:
        participant: (n,) labels, each once.
        time: (n,) end of follow-up.
        event: (n,) 0 for censored, else 1 or the cause.
        changes: covariate name to three columns (k,): participant, time and the value from that time on. Of changes of
            one covariate at one time the last given holds. Changes at or after the end of follow-up are left out, since
            no time at risk follows; those up to entry give the value at entry.
        entry: (n,) start of follow-up; 0 by default.
        initial: value before the first change: a number for all covariates, or by name a number or a column (n,).

    Raises:
        DataError: for input that cannot be used, naming the rows; a participant given twice, or a change of one who is
            not given.
    """
    times = read_time(time)
    n = times.size
    events = read_causes(event, n)
    codes, labels = read_groups(participant, n, "participant")
    twice = np.bincount(codes)[codes] > 1
    if twice.any():
        raise DataError(f"participant: given twice in {rows_text(twice)}; give one row a participant")
    starts = read_entry(entry, times)
    starts = starts if starts.size else np.zeros(n)
    place = {label: int(row) for label, row in zip(labels, np.argsort(codes), strict=True)}
    read = {name: _read_changes(name, columns, place) for name, columns in changes.items()}

    who = np.concatenate([np.arange(n), *(c.who for c in read.values())])
    when = np.concatenate([starts, *(c.when for c in read.values())])
    first = np.arange(who.size) < n
    cut = first | ((when > starts[who]) & (when < times[who]))
    pairs = np.unique(np.column_stack([who[cut], when[cut]]), axis=0)
    row, begin = pairs[:, 0].astype(np.int64), pairs[:, 1]
    last = np.concatenate([row[1:] != row[:-1], [True]])
    end = np.where(last, times[row], np.concatenate([begin[1:], [0.0]]))
    values = {
        name: _values_at(change, row, begin, _read_initial(initial, name, n)[row]) for name, change in read.items()
    }
    label_of = dict(zip(place.values(), place, strict=True))
    return StartStop(
        participant=tuple(label_of[i] for i in row.tolist()),
        row=row,
        entry=begin,
        time=end,
        event=np.where(last, events[row], 0),
        covariates=values,
    )


def _read_changes(name: str, columns: tuple[Any, Any, Any], place: Mapping[Hashable, int]) -> _Changes:
    """The changes of one covariate, checked."""
    if len(columns) != 3:
        raise DataError(f"changes of {name}: {len(columns)} columns; give participant, time and value")
    when = numbers(columns[1], f"changes of {name}: time")
    codes, labels = read_groups(columns[0], when.size, f"changes of {name}: participant")
    value = numbers(columns[2], f"changes of {name}: value")
    check_length(value, when.size, f"changes of {name}: value")
    for column, what in ((when, "time"), (value, "value")):
        if not np.isfinite(column).all():
            raise DataError(
                f"changes of {name}: missing or infinite {what} in {rows_text(~np.isfinite(column))}; leave out what "
                "is not known to have changed"
            )
    strange = np.array([label not in place for label in labels], dtype=bool)
    if strange.any():
        bad: Bools = strange[codes]
        raise DataError(f"changes of {name}: participant who is not given in {rows_text(bad)}; add or remove them")
    positions = np.array([place[label] for label in labels], dtype=np.int64)
    return _Changes(positions[codes], when, value)


def _read_initial(initial: float | Mapping[str, Any], name: str, n: int) -> Floats:
    """The value of a covariate before its first change, by participant."""
    value = initial.get(name, 0.0) if isinstance(initial, Mapping) else initial
    column = np.full(n, float(value)) if isinstance(value, (int, float)) else numbers(value, f"initial {name}")
    check_length(column, n, f"initial {name}")
    if not np.isfinite(column).all():
        raise DataError(f"initial {name}: missing or infinite value in {rows_text(~np.isfinite(column))}; complete it")
    return column


def _values_at(changes: _Changes, row: Ints, begin: Floats, initial: Floats) -> Floats:
    """The value over each interval: that of the participant's last change up to its begin, else the initial one."""
    k = changes.who.size
    who, when = np.concatenate([changes.who, row]), np.concatenate([changes.when, begin])
    asked = np.arange(who.size) >= k
    order = np.lexsort((asked, when, who))  # changes before the question at the same time, in the order given
    latest = np.maximum.accumulate(np.where(asked[order], -1, np.arange(order.size)))
    at = np.empty(order.size, dtype=np.int64)
    at[order] = latest
    found = at[k:]
    change = order[np.maximum(found, 0)]
    own = (found >= 0) & (who[change] == row)
    return np.where(own, changes.value[np.minimum(change, k - 1)], initial) if k else initial
