"""The rows of a Cox model: read, checked, in the order of their risk sets, centred and scaled."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
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
from equipoise.survival.cox_kernels import cut_into_tasks
from equipoise.survival.cox_row_kernels import centre_rows, task_moments

TASK_ROWS = 16384
"""Rows of a task: few enough for a core's own cache, and a fixed number, since sums depend on it in the last bit."""

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


@dataclass(frozen=True, slots=True, eq=False)
class CoxRows:
    """The rows in order, for `n` rows and `p` covariates.

    Attributes:
        sets: their order and risk sets.
        x: (n, p) covariates less `centre`, over `scale`.
        centre: (p,) means.
        scale: (p,) standard deviations.
        event: (n,) 1 for an event.
        weight: (n,) case weights, or empty.
        offset: (n,) offsets, or empty.
        slope: (p,) sum over events of weight x.
        event_offset: sum over events of weight times offset.
        piece_run: first run of each piece; see `cox_kernels`.
        task_piece: first piece of each task.
    """

    sets: RiskSets
    x: Floats
    centre: Floats
    scale: Floats
    event: Ints
    weight: Floats
    offset: Floats
    slope: Floats
    event_offset: float
    piece_run: Ints
    task_piece: Ints

    def leading(self) -> tuple[Floats, Ints, Floats, Floats, Ints, Ints, Ints, Ints, Ints]:
        """The leading arguments of the kernels of the Cox model."""
        sets = self.sets
        structure = (sets.run_start, sets.run_time, sets.stratum_run, sets.enter, sets.first)
        return (self.x, self.event, self.weight, self.offset, *structure)


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
    count = min(_processors(), tasks // 2)
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
    piece_run, task_piece = tasks_of(sets)
    bounds = sets.run_start[piece_run[task_piece]].tolist()
    (n, p), tasks = data.matrix.shape, len(bounds) - 1
    x, event = np.empty((n, p)), np.empty(n, dtype=np.int64)
    moments, slopes = np.empty((tasks, 3, p)), np.empty((tasks, p))

    def gather(t: int) -> None:
        here = slice(bounds[t], bounds[t + 1])
        np.take(data.matrix, sets.order[here], axis=0, out=x[here], mode="clip")  # the quickest way to copy rows
        np.take(data.event, sets.order[here], out=event[here], mode="clip")
        task_moments(x, bounds[t], bounds[t + 1], moments[t])

    spread(gather, tasks)
    centre, scale = _centre_and_scale(moments, np.diff(bounds), data.names)
    weight = data.weight[sets.order] if data.weight.size else data.weight
    offset = data.offset[sets.order] if data.offset.size else data.offset
    spread(lambda t: centre_rows(x, event, weight, bounds[t], bounds[t + 1], centre, scale, slopes[t]), tasks)
    event_offset = 0.0
    if offset.size:
        event_offset = float(np.sum(offset * event * (weight if weight.size else 1.0)))
    return CoxRows(
        sets=sets,
        x=x,
        centre=centre,
        scale=scale,
        event=event,
        weight=weight,
        offset=offset,
        slope=slopes.sum(axis=0),
        event_offset=event_offset,
        piece_run=piece_run,
        task_piece=task_piece,
    )


def tasks_of(sets: RiskSets) -> tuple[Ints, Ints]:
    """The first run of each piece and the first piece of each task, each with an end."""
    most = sets.order.size // TASK_ROWS + sets.stratum_run.size
    piece_run, task_piece = np.empty(2 * most + 1, dtype=np.int64), np.empty(2 * most + 1, dtype=np.int64)
    pieces, tasks = cut_into_tasks(
        sets.run_start, sets.stratum_run, TASK_ROWS, int(sets.enter.size > 0), piece_run, task_piece
    )
    return piece_run[: pieces + 1].copy(), task_piece[: tasks + 1].copy()


def _centre_and_scale(moments: Floats, rows: Ints, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Means and standard deviations from those of the tasks; refuse a covariate that is constant."""
    first, total, squares = moments[:, 0], moments[:, 1], moments[:, 2]
    constant = (squares == 0.0).all(axis=0) & (first == first[0]).all(axis=0)
    if constant.any():
        bad = ", ".join(name for name, flag in zip(names, constant, strict=True) if flag)
        raise DataError(f"covariate {bad}: the same value in every row; leave it out")
    n = rows[:, np.newaxis]
    means = first + total / n
    centre = (n * means).sum(axis=0) / rows.sum()
    around = np.maximum(squares - total**2 / n, 0.0) + n * (means - centre) ** 2
    scale = np.sqrt(around.sum(axis=0) / rows.sum())
    # differences from an outlying first row lose all digits of the rest; their size is scale enough
    rough = np.sqrt(squares.sum(axis=0) / rows.sum())
    return centre, np.where(scale > 1e-6 * rough, scale, np.where(rough > 0.0, rough, math.nan))
