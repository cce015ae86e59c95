"""Landmark analysis: who is compared is fixed by what is known at a time, among those still followed then.

Source: Anderson, Cain and Gelber, Journal of Clinical Oncology 1983: grouping by response, treatment received or any
other thing that takes time to happen grants survival up to it, unless the clock starts later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from equipoise.errors import DataError
from equipoise.estimates.result import Result, show
from equipoise.survival._arrays import Bools, Floats, Ints, check_length, numbers, read_causes, read_time, rows_text


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Landmark(Result):
    """Those still followed at the landmark, with time counted from it.

    Attributes:
        row: (k,) their positions in what was given.
        time: (k,) time since the landmark.
        event: (k,) 0 for censored, else 1 or the cause.
        happened: (k,) whether the intermediate event had happened by the landmark; all False if none was given.
        at: the landmark.
        excluded_events: participants with an event up to the landmark.
        excluded_censored: participants censored up to the landmark.
    """

    _shown: ClassVar[tuple[str, ...]] = ("row", "time", "event", "happened")

    row: Ints
    time: Floats
    event: Ints
    happened: Bools
    at: float
    excluded_events: int
    excluded_censored: int

    def _title(self) -> str:
        happened = int(self.happened.sum())
        return f"Landmark at {show(self.at)}: {self.row.size} still followed, {happened} with the intermediate event"

    def _notes(self) -> list[str]:
        return [f"left out: {self.excluded_events} with an event by then, {self.excluded_censored} censored by then"]


def landmark(time: Any, event: Any, *, at: float, intermediate: Any = None, horizon: float | None = None) -> Landmark:
    """Select those still followed after a landmark and group them by what had happened by then.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 0 for censored, else 1 or the cause.
        at: the landmark; who ends at it exactly is left out.
        intermediate: (n,) time of the intermediate event, missing (None or NaN) where there was none.
        horizon: end follow-up this long after the landmark.

    Raises:
        DataError: for input that cannot be used, naming the rows; if nobody is followed so far.
    """
    times = read_time(time)
    n = times.size
    events = read_causes(event, n)
    point = float(read_time([at], "at")[0])
    kept = times > point
    if not kept.any():
        raise DataError(f"at: nobody is followed beyond {show(point)}; choose an earlier landmark")
    happened = np.zeros(n, dtype=bool)
    if intermediate is not None:
        when = numbers(intermediate, "intermediate")
        check_length(when, n, "intermediate")
        late = when > times
        if late.any():
            raise DataError(f"intermediate: after the end of follow-up in {rows_text(late)}; correct either")
        happened = when <= point  # missing compares as False
    left = times[kept] - point
    end = math.inf if horizon is None else float(read_time([horizon], "horizon")[0])
    if end == 0.0:
        raise DataError("horizon: 0 leaves no follow-up; give a positive time")
    return Landmark(
        row=np.flatnonzero(kept),
        time=np.minimum(left, end),
        event=np.where(left <= end, events[kept], 0),
        happened=happened[kept],
        at=point,
        excluded_events=int((events[~kept] > 0).sum()),
        excluded_censored=int((events[~kept] == 0).sum()),
    )
