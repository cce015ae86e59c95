"""The partial likelihood of a Cox model with its slope and curvature, at any coefficients."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from equipoise.survival import cox_kernels as kernels
from equipoise.survival import cox_lane_kernels as passes
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.cox_lanes import entries, lanes_of, room_for, work_for
from equipoise.survival.cox_risk_kernels import Room
from equipoise.survival.cox_rows import CoxData, CoxRows, Spread, rows_in_place


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A (penalised) log likelihood at `beta`, with its slope (p,) and the negative of its curvature (p, p).

    `unpenalised` is the log likelihood alone.
    """

    beta: Floats
    value: float
    score: Floats
    information: Floats
    unpenalised: float


TASKS_A_CALL = 4
"""Tasks that a thread treats between one time that it needs the interpreter and the next."""

Likelihood = Callable[[Floats], Point]


class PartialLikelihood:
    """Breslow's or Efron's partial likelihood; called with coefficients on the scale of the rows.

    Args:
        rows: the rows in order.
        efron: whether ties are Efron's, else Breslow's.
        spread: how tasks are spread over threads.
    """

    def __init__(self, rows: CoxRows, *, efron: bool, spread: Spread) -> None:
        self._rows = rows
        self._spread = spread
        self._lanes = lanes_of(rows, efron=efron)
        self._work, self._room = work_for(self._lanes), room_for(self._lanes)
        self._entries = entries(rows.layout)

    def __call__(self, beta: Floats) -> Point:
        """The log likelihood and its derivatives; a value that is not finite where risks overflow."""
        point = self._at(beta, 0.0)
        if math.isfinite(point.value):
            return point
        largest = kernels.linear_predictor(self._rows.x, self._rows.offset, beta, np.empty(self._rows.event.size))
        return self._at(beta, largest) if math.isfinite(largest) else point

    def _at(self, beta: Floats, shift: float) -> Point:
        """The same, with all linear predictors less `shift`, which changes nothing but the range of numbers."""
        work, rows, lanes = self._work, self._rows, self._lanes
        self._over_tasks(self._risks, beta, shift)
        passes.sums_of_later_lanes(lanes.x.shape[1], lanes.last, work.totals)
        self._over_tasks(self._hazards)
        passes.hazard_before_lanes(lanes.begin, work.grown)
        if self._entries is not None:
            self._over_tasks(self._expected)
            entry, row = self._entries
            work.expected[row] += work.expected[entry]  # here, since sums over rows of both would cancel
            work.expected[entry] = 0.0
        self._over_tasks(self._derivatives)
        if work.value.size == 1:
            log_risks, score, information = work.value[0], rows.slope + work.score[0], work.information[0].copy()
        else:
            log_risks, score, information = work.value.sum(), work.score.sum(axis=0), work.information.sum(axis=0)
            score += rows.slope
        value = float(log_risks + rows.slope @ beta) + rows.event_offset
        if shift != 0.0:
            value -= shift * float(rows.died.sum())
        return Point(beta, value, score, information, value)

    def _over_tasks(self, some: Callable[..., None], *more: Floats | float) -> None:
        """Do a pass over all tasks, which are spread over threads."""
        tasks = self._work.value.size
        if tasks <= TASKS_A_CALL:
            some(0, tasks, self._room, *more)
            return

        def part(k: int) -> None:
            some(k * TASKS_A_CALL, min((k + 1) * TASKS_A_CALL, tasks), room_for(self._lanes), *more)

        self._spread(part, -(-tasks // TASKS_A_CALL))

    def _risks(self, low: int, high: int, room: Room, beta: Floats, shift: float) -> None:
        lanes, work = self._lanes, self._work
        passes.risks_of_tasks(
            low, high, self._rows.layout.size, beta, shift, lanes.x, lanes.offset, lanes.weight, lanes.last, room.rows,
            room.bits, work.risk, work.totals,
        )  # fmt: skip  # arguments that belong together share a line

    def _hazards(self, low: int, high: int, room: Room) -> None:
        lanes, work = self._lanes, self._work
        passes.hazards_of_tasks(
            low, high, lanes.plain, lanes.alone, lanes.begin, lanes.ends, lanes.stops, lanes.firsts, lanes.tied,
            lanes.tied_weight, room.rows, work.risk, work.step, work.root, work.totals, work.grown, work.tied,
            work.value,
        )  # fmt: skip  # arguments that belong together share a line

    def _expected(self, low: int, high: int, _room: Room) -> None:
        lanes, work = self._lanes, self._work
        passes.expected_of_tasks(
            low, high, lanes.starts, lanes.firsts, lanes.tied, lanes.task_tied, work.risk, work.step, work.grown,
            work.tied, work.expected,
        )  # fmt: skip  # arguments that belong together share a line

    def _derivatives(self, low: int, high: int, room: Room) -> None:
        lanes, work = self._lanes, self._work
        passes.derivatives_of_tasks(
            low, high, int(self._entries is not None), lanes.x, lanes.ends, lanes.starts, lanes.stops, lanes.firsts,
            lanes.tied, lanes.tied_weight, lanes.task_tied, room.rows, room.tied, work.risk, work.step, work.root,
            work.expected, work.totals, work.grown, work.tied, work.score, work.information,
        )  # fmt: skip  # arguments that belong together share a line


def every_kth_row(data: CoxData, rows: CoxRows, k: int, spread: Spread) -> CoxRows:
    """Rows 0, k, 2k, ... in the order of time, ties ignored: a sample whose maximum is near that of all rows.

    Args:
        data: what the rows were made of.
        rows: without delayed entry.
        k: which rows to keep.
        spread: how tasks are spread over threads.
    """
    order = np.ascontiguousarray(rows.sets.order[::k])
    n = order.size
    bounds: Ints = -(-rows.sets.run_start[rows.sets.stratum_run] // k)
    sets = replace(rows.sets, order=order, run_start=np.arange(n + 1), run_time=np.arange(n), stratum_run=bounds)
    return rows_in_place(data, sets, spread, (rows.centre, rows.scale))
