"""The rows of a Cox model: read, checked, in the order of their risk sets, centred and scaled."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from equipoise._kernel import as_float
from equipoise.errors import DataError
from equipoise.survival._arrays import (
    NO_INTS,
    Bools,
    Floats,
    Ints,
    check_length,
    numbers,
    read_covariates,
    read_entry,
    read_event,
    read_groups,
    read_strata,
    read_time,
    read_weights,
    require_events,
)
from equipoise.survival._risk_sets import RiskSets, risk_sets
from equipoise.survival.cox_lanes import Layout, layout, room
from equipoise.survival.cox_risk_kernels import LANES
from equipoise.survival.cox_row_kernels import events_first, fill_task

_SAMPLE = 4096
"""Rows whose means and standard deviations are those to centre and scale by; a factor of 2 does not matter."""

Spread = Callable[[Callable[[int], None], int], None]
"""Calls a function with 0 .. n - 1, on as many threads as there are."""


@dataclass(frozen=True, slots=True, eq=False)
class CoxData:
    """What the user gave, checked; rows of weight 0 are left out. Empty arrays stand for what was not given."""

    time: Floats
    event: Ints
    entry: Floats
    matrix: Floats
    names: tuple[str, ...]
    weight: Floats
    stratum: Ints
    strata: tuple[Hashable, ...]
    offset: Floats
    cluster: Ints
    kept: Bools


@dataclass(frozen=True, eq=False)
class CoxRows:
    """The rows in order, for `n` rows and `p` covariates.

    Attributes:
        sets: their order and risk sets; within a time events come first.
        layout: how they lie in tiles.
        tile: (tasks, steps, p, lanes) covariates less `centre`, over `scale`; see `cox_lanes`.
        died: (tasks, steps, lanes) weight of events.
        centre: (p,) about the means.
        scale: (p,) about the standard deviations.
        event: (n,) 1 for an event.
        weight: (n,) case weights, or empty.
        offset: (n,) offsets, or empty.
        slope: (p,) sum over events of weight x.
        event_offset: sum over events of weight times offset.
    """

    sets: RiskSets
    layout: Layout
    tile: Floats
    died: Floats
    centre: Floats
    scale: Floats
    event: Ints
    weight: Floats
    offset: Floats
    slope: Floats
    event_offset: float

    @cached_property
    def x(self) -> Floats:
        """(n, p) the covariates row by row; made when they are first asked for."""
        place = self.layout
        flat = self.tile.transpose(0, 3, 1, 2).reshape(-1, self.tile.shape[2])[: place.size]
        return as_float(flat[place.sign > 0.0] if place.position.size else flat)

    def leading(self) -> tuple[Floats, Ints, Floats, Floats, Ints, Ints, Ints, Ints, Ints, Floats, Floats]:
        """The leading arguments of the kernels of the Cox model that go row by row.

        The last two are room to work in: (n,) for relative risks and (3, p + 4, p) for sums.
        """
        sets = self.sets
        structure = (sets.run_start, sets.run_time, sets.stratum_run, sets.enter, sets.first)
        n, p = self.x.shape
        return (self.x, self.event, self.weight, self.offset, *structure, np.empty(n), np.empty((3, p + 4, p)))


def read_cox(
    time: Any,
    event: Any,
    covariates: Any,
    *,
    entry: Any,
    strata: Any,
    cluster: Any,
    weights: Any,
    names: Sequence[str] | None,
    offset: Any,
) -> CoxData:
    """Read and check what was given to a model.

    Raises:
        NoEventsError: if there are no events.
        DataError: for input that cannot be used, naming the rows.
    """
    times = read_time(time)
    n = times.size
    events = read_event(event, n)
    entries = read_entry(entry, times)
    matrix, labels = read_covariates(covariates, n, names)
    w = read_weights(weights, n)
    stratum, stratum_labels = read_strata(strata, n)
    shift = read_offset(offset, n)
    groups = read_groups(cluster, n, "cluster")[0] if cluster is not None else NO_INTS
    kept = np.ones(0, dtype=bool)
    if w.size and w.min() == 0.0:
        kept = w > 0.0
        times, events, matrix, w = times[kept], events[kept], as_float(matrix[kept]), w[kept]
        entries, shift = (part[kept] if part.size else part for part in (entries, shift))
        stratum, groups = (part[kept] if part.size else part for part in (stratum, groups))
    require_events(events, "a Cox model")
    return CoxData(times, events, entries, matrix, labels, w, stratum, stratum_labels, shift, groups, kept)


def read_offset(offset: Any, n: int) -> Floats:
    """Offsets, finite; an empty array where none are given."""
    if offset is None:
        return np.empty(0)
    values = numbers(offset, "offset")
    check_length(values, n, "offset")
    if not np.isfinite(values).all():
        raise DataError("offset: missing or infinite value; give every row a number")
    return values


@contextmanager
def threads(tasks: int) -> Iterator[Spread]:
    """A way to spread tasks over the processors; in the calling thread where there is little to do."""
    count = min(_processors(), tasks // 2) if tasks >= 4 else 1
    if count < 2:
        yield _one_after_another
        return
    with ThreadPoolExecutor(count) as pool:

        def spread(function: Callable[[int], None], n: int) -> None:
            for _ in pool.map(lambda k: _some(function, k, n, count), range(count)):
                pass  # an error in a thread is raised here

        yield spread


def _some(function: Callable[[int], None], k: int, n: int, count: int) -> None:
    for task in range(k, n, count):
        function(task)


def _one_after_another(function: Callable[[int], None], n: int) -> None:
    for task in range(n):
        function(task)


def _processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cox_rows(data: CoxData, spread: Spread, *, time_tolerance: float) -> CoxRows:
    """Order, centre and scale, so that exponentials and sums of squares stay accurate whatever the units.

    Raises:
        DataError: if an entry is tied with its time or a covariate is constant.
    """
    sets = risk_sets(data.time, data.entry, data.stratum, max(1, len(data.strata)), time_tolerance=time_tolerance)
    sets = _events_first(sets, data.event)
    return rows_in_place(data, sets, spread, _centre_and_scale(data, sets.order))


def rows_in_place(data: CoxData, sets: RiskSets, spread: Spread, units: tuple[Floats, Floats]) -> CoxRows:
    """The rows of these risk sets, centred and scaled by `units` or, where these are far off, by better ones.

    Raises:
        DataError: if a covariate is constant.
    """
    centre, scale = units
    place, p = layout(sets), data.matrix.shape[1]
    event = np.take(data.event, sets.order, mode="clip")
    weight, offset = (part[sets.order] if part.size else part for part in (data.weight, data.offset))
    died = place.tile(event * weight if weight.size else event, at_entry=0.0)
    flat = sets.order[place.position] if place.position.size else sets.order
    tile = room(place.tasks, place.steps, p, LANES)
    sums = np.empty((place.tasks, 3, p))
    factor, task_rows = 1.0 / scale, died[0].size

    def fill(t: int) -> None:
        here = place.task_rows(flat, t)
        rows = place.size - t * task_rows
        fill_task(data.matrix, here, died[t], centre, factor, rows, np.empty((3, LANES)), tile[t], sums[t])

    spread(fill, place.tasks)
    total = sums[0] if place.tasks == 1 else sums.sum(axis=0)
    correction = _correction(total, place.size, data.names)
    slope = total[2]
    if correction is not None:
        move, stretch = correction
        spread(lambda t: _correct(tile[t], move, stretch), place.tasks)
        slope = (slope - move * died.sum()) / stretch
        centre, scale = centre + move * scale, scale * stretch
    event_offset = float(np.sum(offset * event * (weight if weight.size else 1.0))) if offset.size else 0.0
    return CoxRows(sets, place, tile, died, centre, scale, event, weight, offset, slope, event_offset)


def _events_first(sets: RiskSets, event: Ints) -> RiskSets:
    """The same risk sets, events before others at each time."""
    n = sets.order.size
    if sets.run_time.size == n:
        return sets
    position = np.empty(n, dtype=np.int64)
    events_first(event[sets.order], sets.run_start, position)
    order = sets.order[position]
    if not sets.enter.size:
        return replace(sets, order=order)
    moved = np.empty(n, dtype=np.int64)
    moved[position] = np.arange(n)
    return replace(sets, order=order, enter=moved[sets.enter], first=sets.first[position])


def _centre_and_scale(data: CoxData, order: Ints) -> tuple[Floats, Floats]:
    """Means and standard deviations (1.0 where that is 0) of some rows, evenly spaced in time."""
    values = np.take(data.matrix, order[:: max(1, order.size // _SAMPLE)], axis=0)
    values -= values[0]  # a column of equal values has differences of exactly 0
    share = np.full(values.shape[0], 1.0 / values.shape[0])
    mean = share @ values
    values -= mean
    values *= values
    spread = np.sqrt(share @ values)
    spread[spread == 0.0] = 1.0
    return data.matrix[order[0]] + mean, spread


def _correction(sums: Floats, rows: int, names: tuple[str, ...]) -> tuple[Floats, Floats] | None:
    """What is to be taken from covariates and what they are then to be divided by; refuse one that is constant."""
    mean, square = sums[0] / rows, sums[1] / rows
    if (square == 0.0).any():
        bad = ", ".join(name for name, value in zip(names, square.tolist(), strict=True) if value == 0.0)
        raise DataError(f"covariate {bad}: the same value in every row; leave it out")
    spread = np.sqrt(np.maximum(square - mean**2, 1e-12 * square))
    off = (np.abs(mean) > 0.5) | (spread < 0.5) | (spread > 2.0)
    if not off.any():
        return None
    return np.where(off, mean, 0.0), np.where(off, spread, 1.0)


def _correct(x: Floats, move: Floats, stretch: Floats) -> None:
    """Centre and scale the covariates of a task anew."""
    x -= move[:, np.newaxis]
    x /= stretch[:, np.newaxis]
