"""How the rows of a Cox model lie in memory, so that a processor works on many of them at once.

The rows, in the order of their risk sets, are cut into tasks, the tasks into `LANES` lanes of `steps` rows each, and a
pass walks all lanes of a task side by side: one step treats one row of every lane. What a lane needs of those after it
or before it (sums over risk sets, the hazard so far) is brought from lane to lane between the passes. Sizes are fixed,
and sums of lanes and of tasks are added in their order, so no bit depends on how many threads there are.

Two things are made rows like any other. *Delayed entry*: a row that enters late is there twice, the second time where
it enters and with its weight negated; sums over risk sets and hazards from the entry on come out of the same walk.
*Ties*: within a time events come first, so that the sum over the risk set is complete where an event stands; only where
several events are tied must a walk stop, for Efron's steps. It also stops where a stratum begins or ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from equipoise.survival._arrays import NO_INTS, Floats, Ints
from equipoise.survival._risk_sets import RiskSets
from equipoise.survival.cox_risk_kernels import LANES, MEAN, POWER, Lanes, Room, Work
from equipoise.survival.cox_row_kernels import merge_entries

if TYPE_CHECKING:
    from equipoise.survival.cox_rows import CoxRows

STEPS = 128
"""Rows of a lane at most: the covariates of a task stay in a core's own cache."""
TASK_ROWS = STEPS * LANES
NO_TILE: Floats = np.empty((0, 0, 0))
NO_PLACES: Ints = np.empty((0, 3), dtype=np.int64)


def room(*shape: int) -> Floats:
    """An array not filled, which begins where a vector of the processor does: else each would be read in two parts."""
    size = math.prod(shape)
    whole = np.empty(size + 8)
    start = -whole.__array_interface__["data"][0] % 64 // 8
    return whole[start : start + size].reshape(shape)


Places = tuple[Ints, Ints, Ints]
"""Task, step and lane of rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where rows lie, for `f` rows of which those of late entries are there twice.

    Attributes:
        tasks: number of tasks.
        steps: rows of a lane.
        position: (f,) positions in the order of the risk sets; empty where that is all of them in order.
        sign: (f,) 1.0, and -1.0 for an entry; empty likewise.
        boundary: ascending, the first row of each stratum but the first; a time at which nobody is at risk counts as
            one.
        size: f.
    """

    tasks: int
    steps: int
    position: Ints
    sign: Floats
    boundary: Ints
    size: int

    def task_rows(self, values: NDArray[Any], task: int) -> NDArray[Any]:
        """The part (steps, lanes) of `values` (f,) that belongs to a task; rows beyond the last get the first."""
        size = self.steps * LANES
        part = values[task * size : (task + 1) * size]
        if part.size < size:
            whole = np.empty(size, values.dtype)
            whole[: part.size] = part
            whole[part.size :] = values[0]
            part = whole
        return np.ascontiguousarray(part.reshape(LANES, self.steps).T)

    def tile(self, values: NDArray[Any], *, at_entry: float = 1.0) -> Floats:
        """`values` (n,) by position, `at_entry` times that for entries, as (tasks, steps, lanes); empty for empty.

        Beyond the last row they are 0.
        """
        if values.size == 0:
            return NO_TILE
        flat = values
        if self.position.size:
            flat = values[self.position] * np.where(self.sign > 0.0, 1.0, at_entry)
        padded = np.zeros(self.tasks * LANES * self.steps)
        padded[: self.size] = flat
        filled = room(self.tasks, self.steps, LANES)
        filled[...] = padded.reshape(self.tasks, LANES, self.steps).transpose(0, 2, 1)
        return filled

    def place(self, row: Ints) -> Places:
        """Task, step and lane of rows."""
        lane, step = np.divmod(row, self.steps)
        task, lane = np.divmod(lane, LANES)
        return task, step, lane


def entries(place: Layout) -> tuple[Places, Places] | None:
    """Where late entries stand, and where their rows do; None where nobody enters late."""
    if not place.position.size:
        return None
    entry, row = np.flatnonzero(place.sign < 0.0), np.flatnonzero(place.sign > 0.0)
    return place.place(entry), place.place(row[place.position[entry]])


def layout(sets: RiskSets) -> Layout:
    """Where the rows of these risk sets lie."""
    n = sets.order.size
    position, sign, boundary = NO_INTS, np.empty(0), sets.run_start[sets.stratum_run[1:-1]]
    size = n
    if sets.enter.size:
        position, sign, boundary = np.empty(2 * n, np.int64), np.empty(2 * n), np.empty(2 * n, np.int64)
        size, parts = merge_entries(
            sets.run_start, sets.run_time, sets.stratum_run, sets.enter, sets.first, position, sign, boundary
        )
        position, sign, boundary = position[:size].copy(), sign[:size].copy(), boundary[:parts].copy()
    tasks = -(-size // (STEPS * LANES))
    steps = -(-size // (tasks * LANES)) if tasks < STEPS // 16 else STEPS
    return Layout(tasks, steps, position, sign, boundary, size)


def work_for(lanes: Lanes) -> Work:
    """Room for the passes."""
    tasks, steps, p, width = lanes.x.shape
    roots = int(not (lanes.plain and lanes.tied.size == 0))
    by_row = room(3 + roots, tasks, steps, width)
    by_lane = room(p + 2, tasks * width)
    return Work(
        risk=by_row[0],
        step=by_row[1],
        root=by_row[2 + roots] if roots else by_row[1],
        expected=by_row[2],
        totals=by_lane[1:].reshape(tasks, p + 1, width),
        grown=by_lane[0].reshape(tasks, width),
        tied=np.empty(lanes.tied.shape),
        score=np.empty((tasks, p)),
        information=np.empty((tasks, p, p)),
        value=np.empty(tasks),
    )


def room_for(lanes: Lanes) -> Room:
    """Room for one thread."""
    p, width = lanes.x.shape[2:]
    rows = room(MEAN + 2 * p + p * p, width)
    return Room(rows=rows, bits=rows[POWER].view(np.int64), tied=np.empty((2, p)))


def lanes_of(rows: CoxRows, *, efron: bool) -> Lanes:
    """What the passes read, for Efron's ties or Breslow's."""
    place, sets = rows.layout, rows.sets
    alone, plain = rows.died, rows.weight.size == 0
    tied_row, tied, tied_weight = NO_INTS, NO_INTS, np.empty(0)
    if sets.run_time.size < sets.order.size:
        deaths = np.add.reduceat(rows.event, sets.run_start[:-1])
        several = np.flatnonzero(deaths > 1)
        if several.size:
            where = np.flatnonzero(place.sign > 0.0) if place.position.size else np.arange(place.size)
            tied_row, tied = where[sets.run_start[several]], deaths[several]
            counted = rows.event * rows.weight if rows.weight.size else rows.event.astype(np.float64)
            tied_weight = np.add.reduceat(counted, sets.run_start[:-1])[several]
            alone = room(*rows.died.shape)
            alone[...] = rows.died
            row = np.repeat(tied_row - np.cumsum(tied) + tied, tied) + np.arange(tied.sum())
            alone[place.place(row)] = 0.0
            if efron:
                tied_weight = tied_weight / tied
            else:  # as one event of their weight, at the first of them
                alone[place.place(tied_row)] = tied_weight
                tied_row, tied, tied_weight, plain = NO_INTS, NO_INTS, np.empty(0), False
    task_tied = np.zeros((place.tasks, 2), dtype=np.int64)
    last = np.full((place.tasks, LANES), place.steps)
    begin = np.full((place.tasks, LANES), -1)
    begins, ends = _stops(place, place.boundary), _stops(place, place.boundary - 1, backwards=True)
    stops = _stops(place, tied_row, backwards=True)
    for bound, nearer, found in ((last, np.minimum, ends), (begin, np.maximum, begins)):
        if found.place.size:
            task = np.repeat(np.arange(place.tasks), np.diff(found.of_task))
            nearer.at(bound, (task, found.place[:, 1]), found.place[:, 0])
    if tied_row.size:
        edges = np.arange(place.tasks + 1) * (place.steps * LANES)
        task_tied[:, 0] = np.searchsorted(tied_row + tied, edges[:-1], side="right")
        task_tied[:, 1] = np.searchsorted(tied_row, edges[1:])
    weight = rows.weight if rows.weight.size or not place.position.size else np.ones(rows.event.size)
    return Lanes(
        x=rows.tile,
        alone=alone,
        plain=int(plain),
        weight=place.tile(weight, at_entry=-1.0),
        offset=place.tile(rows.offset),
        last=last,
        begin=begin,
        ends=ends.place,
        starts=begins.place,
        stops=stops.place,
        firsts=np.array([ends.of_task, begins.of_task, stops.of_task]),
        tied=np.column_stack([tied_row, tied]) if tied_row.size else NO_PLACES[:, :2],
        tied_weight=tied_weight,
        task_tied=task_tied,
    )


class _Stops(NamedTuple):
    """Rows as a walk meets them: step, lane and which they are of those given (., 3), and the first of each task."""

    place: Ints
    of_task: Ints


def _stops(place: Layout, row: Ints, *, backwards: bool = False) -> _Stops:
    """The order in which a walk forward, or back, meets rows."""
    if row.size == 0:
        return _Stops(NO_PLACES, np.zeros(place.tasks + 1, dtype=np.int64))
    task, step, lane = place.place(row)
    met = place.steps - 1 - step if backwards else step
    which = np.argsort((task * place.steps + met) * LANES + lane)
    of_task = np.searchsorted(task[which], np.arange(place.tasks + 1))
    return _Stops(np.column_stack([step[which], lane[which], which]), of_task)
