"""Probabilities of being in each state of a multi-state course, by time.

Source: Aalen and Johansen, Scandinavian Journal of Statistics 1978: the product of the matrices of observed
transitions. The variance is the infinitesimal jackknife over participants, which holds whether or not the course
is Markov (Datta and Satten 2001; Therneau, Crowson and Atkinson, Multi-state models and competing risks). Numbers
agree with `survfit` of R's survival for multi-state data.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from equipoise._kernel import as_int
from equipoise.errors import DataError
from equipoise.estimates.result import Column, Result, percent
from equipoise.survival._arrays import Floats, Ints, check_level, read_groups, read_time, rows_text
from equipoise.survival._bands import confidence_limits
from equipoise.survival._risk_sets import TIME_TOLERANCE, steps_at
from equipoise.survival._threads import over_ranges
from equipoise.survival.occupation_kernels import occupation_steps, squared_influences

_PEOPLE = 512
"""Participants of one range."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OccupationAt(Result):
    """Probabilities of one state at given times.

    Attributes:
        state: its label.
        time: (k,) the times asked for.
        probability: (k,) probabilities; NaN after the last time.
        std_error: (k,) standard errors.
        conf_low: (k,) lower limits, log-log.
        conf_high: (k,) upper limits.
        conf_level: two-sided level.
    """

    _shown: ClassVar[tuple[str, ...]] = ("time", "probability", "std_error", "conf_low", "conf_high")

    state: Hashable
    time: Floats
    probability: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float

    def _title(self) -> str:
        return f"Probability of being in state {self.state}, {percent(self.conf_level)} limits"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Occupation(Result):
    """Probabilities of `s` states; arrays have one row a distinct time at which somebody moves or leaves.

    Attributes:
        states: (s,) labels.
        time: (m,) distinct times, ascending.
        at_risk: (m, s) in each state and under observation just before the time.
        entered: (m, s) who moved into each state at the time.
        probability: (m, s), from the time on; each row sums to 1.
        std_error: (m, s) infinitesimal jackknife.
        conf_low: (m, s) lower limits, log-log; NaN at 0 and 1.
        conf_high: (m, s) upper limits.
        initial: (s,) the distribution at the start.
        conf_level: two-sided level.
        n: participants.
        tolerance: distance below which two times are one.
    """

    states: tuple[Hashable, ...]
    time: Floats
    at_risk: Floats
    entered: Floats
    probability: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    initial: Floats
    conf_level: float
    n: int
    tolerance: float

    def at(self, times: ArrayLike, state: Hashable) -> OccupationAt:
        """The probability of `state` at `times`; NaN after the last time.

        Raises:
            DataError: for an unknown state; if a time is missing or negative.
        """
        if state not in self.states:
            raise DataError(f"state: {state!r} is unknown; states are {list(self.states)}")
        j = self.states.index(state)
        asked = read_time(np.atleast_1d(np.asarray(times)), "times")
        curves = (
            (self.probability[:, j], float(self.initial[j])),
            (self.std_error[:, j], math.nan),
            (self.conf_low[:, j], math.nan),
            (self.conf_high[:, j], math.nan),
        )
        value, std_error, low, high = steps_at(self.time, curves, 1.0, asked, self.tolerance)
        return OccupationAt(state, asked, value, std_error, low, high, self.conf_level)

    def _title(self) -> str:
        return f"Probabilities of {len(self.states)} states, {self.n} participants"

    def _columns(self) -> Mapping[str, Column]:
        s = len(self.states)
        columns: dict[str, Column] = {"state": list(self.states) * self.time.size, "time": np.repeat(self.time, s)}
        for name in ("at_risk", "entered", "probability", "std_error", "conf_low", "conf_high"):
            columns[name] = getattr(self, name).ravel()
        return columns

    def _notes(self) -> list[str]:
        return [f"{percent(self.conf_level)} limits, log-log; infinitesimal jackknife"]


def occupation_probabilities(
    participant: Any,
    entry: Any,
    time: Any,
    from_state: Any,
    to_state: Any,
    *,
    start_known: bool = True,
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> Occupation:
    """Estimate the probability of being in each state by time, from rows of stay.

    A row is a stay: under observation in `from_state` over (entry, time], and at its end a move into `to_state`, or
    none where `to_state` equals `from_state` (censoring, or a cut between rows).

    Args:
        participant: (n,) labels; rows of one are put in order of time.
        entry: (n,) start of the stay.
        time: (n,) its end.
        from_state: (n,) state during the row.
        to_state: (n,) state after it.
        start_known: the distribution at the start is taken as known, as R does; False adds its sampling error,
            which matters where participants begin in different states.
        conf_level: two-sided level of the pointwise log-log limits.
        time_tolerance: times closer than this times the mean time are tied.

    Returns:
        The probabilities. The distribution at the start is that of all under observation at the first move.

    Raises:
        DataError: for input that cannot be used, naming the rows: rows of a participant that overlap, or a stay that
            does not begin in the state that the one before has moved to. If nobody moves.

    The work grows as participants times distinct times.
    """
    level = check_level(conf_level)
    ends = read_time(time)
    n = ends.size
    begins = read_time(entry, "entry")
    if begins.size != n:
        raise DataError(f"entry: {begins.size} rows, but time has {n}; give one entry a row")
    people, who = read_groups(participant, n, "participant")
    state, following, labels = _read_states(from_state, to_state, n)
    tolerance = float(time_tolerance) * float(ends.mean())
    order = np.lexsort((begins, people))
    people, state, following = (codes[order] for codes in (people, state, following))
    begins, ends = begins[order], ends[order]
    _check_course(people, begins, ends, state, following, tolerance, order)
    time_at, first, last = _grid(begins, ends, tolerance)
    moves = _moves(time_at.size, last, state, following, len(labels))
    at_risk = _numbers_at_risk(time_at.size, first, last, state, len(labels))
    start, move_from, move_to, count = moves
    if count.size == 0:
        raise DataError("to_state: nobody moves; there is nothing to estimate")
    base = int(np.flatnonzero(np.diff(start) > 0)[0])
    initial = at_risk[base] / at_risk[base].sum()
    number = at_risk[np.repeat(np.arange(time_at.size), np.diff(start)), move_from]
    rate = count / number
    probability = np.empty((time_at.size + 1, len(labels)))
    probability[0] = initial
    occupation_steps(start, move_from, move_to, rate, np.empty(rate.size), probability)
    present = (first <= base) & (last >= base)
    share = np.zeros((len(who), len(labels)))
    if not start_known:
        share[people[present]] = (np.eye(len(labels))[state[present]] - initial) / present.sum()
    row_start = as_int(np.searchsorted(people, np.arange(len(who) + 1)))
    squared = _sum_over_people(
        len(who),
        probability.shape,
        (row_start, first, last, state, following, share, start, move_from, move_to, rate, number, probability),
    )
    std_error = np.sqrt(squared[1:])
    probability = np.clip(probability[1:], 0.0, 1.0)
    low, high = confidence_limits(probability, std_error, "log-log", level)
    entered = np.zeros_like(probability)
    np.add.at(entered, (np.repeat(np.arange(time_at.size), np.diff(start)), move_to), count)
    return Occupation(
        states=labels,
        time=time_at,
        at_risk=at_risk,
        entered=entered,
        probability=probability,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        initial=initial,
        conf_level=level,
        n=len(who),
        tolerance=tolerance,
    )


def _read_states(from_state: Any, to_state: Any, n: int) -> tuple[Ints, Ints, tuple[Hashable, ...]]:
    """Codes of both columns in one list of labels; -1 where a row ends without a move."""
    own, labels = read_groups(from_state, n, "from_state")
    after, more = read_groups(to_state, n, "to_state")
    states = (*labels, *(label for label in more if label not in labels))
    after = as_int(np.array([states.index(label) for label in more], dtype=np.int64)[after])
    return own, as_int(np.where(after == own, -1, after)), states


def _check_course(  # noqa: PLR0917 - the columns of one table
    people: Ints, begins: Floats, ends: Floats, state: Ints, following: Ints, tolerance: float, order: Any
) -> None:
    """Raise a DataError unless stays have a length, do not overlap and follow each other's moves."""
    same = people[1:] == people[:-1]
    then = np.where(following[:-1] >= 0, following[:-1], state[:-1])
    for bad, what in (
        (begins >= ends - tolerance, "entry: not before time"),
        (np.append(False, same & (begins[1:] < ends[:-1] - tolerance)), "entry: before the end of the stay before"),
        (np.append(False, same & (state[1:] != then)), "from_state: not the state that the stay before led to"),
    ):
        if bad.any():
            rows = np.zeros(order.size, dtype=np.bool_)
            rows[order[bad]] = True
            raise DataError(f"{what} in {rows_text(rows)}; correct the rows of the participant")


def _grid(begins: Floats, ends: Floats, tolerance: float) -> tuple[Floats, Ints, Ints]:
    """Distinct end times, and for each row the first and the last of them at which it is at risk."""
    ordered = np.sort(ends)
    grid = ordered[np.diff(ordered, prepend=-np.inf) > tolerance]
    last = np.searchsorted(grid, ends + tolerance, side="right") - 1
    return grid, as_int(np.searchsorted(grid, begins + tolerance, side="right")), as_int(last)


def _moves(m: int, last: Ints, state: Ints, following: Ints, s: int) -> tuple[Ints, Ints, Ints, Floats]:
    """The distinct moves by time: where each time's begin, from, to, and how many."""
    moves = following >= 0
    code, count = np.unique((last[moves] * s + state[moves]) * s + following[moves], return_counts=True)
    start = np.searchsorted(code // (s * s), np.arange(m + 1))
    return as_int(start), as_int(code // s % s), as_int(code % s), count.astype(np.float64)


def _numbers_at_risk(m: int, first: Ints, last: Ints, state: Ints, s: int) -> Floats:
    """(m, s) rows at risk in each state at each time."""
    change = np.zeros((m + 1, s))
    np.add.at(change, (first, state), 1.0)
    np.add.at(change, (last + 1, state), -1.0)
    return np.asarray(np.cumsum(change, axis=0)[:m])


def _sum_over_people(n: int, shape: tuple[int, ...], arrays: tuple[Any, ...]) -> Floats:
    """Squared influences added up over ranges of participants, in their order."""
    parts: dict[int, Floats] = {}

    def work(low: int, high: int) -> None:
        parts[low] = np.zeros(shape)
        squared_influences(low, high, *(*arrays, np.empty((2, shape[1])), parts[low]))

    over_ranges(work, n, _PEOPLE)
    total = np.zeros(shape)
    for low in sorted(parts):
        total += parts[low]
    return total
