"""The partial likelihood of a Cox model with its slope and curvature, at any coefficients."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from equipoise.survival import cox_kernels as kernels
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.cox_lane_kernels import BEFORE, DERIVATIVES, HAZARD, LATER, RISKS, cox_passes
from equipoise.survival.cox_lanes import lanes_of, work_for
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
        self._work = work_for(self._lanes)
        self._event_weight = float(rows.died.sum())

    def __call__(self, beta: Floats) -> Point:
        """The log likelihood and its derivatives; a value that is not finite where risks overflow."""
        point = self._at(beta, 0.0)
        if math.isfinite(point.value):
            return point
        largest = kernels.linear_predictor(self._rows.x, self._rows.offset, beta, np.empty(self._rows.event.size))
        return self._at(beta, largest) if math.isfinite(largest) else point

    def _at(self, beta: Floats, shift: float) -> Point:
        """The same, with all linear predictors less `shift`, which changes nothing but the range of numbers."""
        work, rows = self._work, self._rows
        tasks = work.value.size
        if tasks == 1:
            cox_passes(RISKS, DERIVATIVES, 0, 1, rows.layout.size, self._lanes, beta, shift, work)
        else:
            self._pass_by_pass(tasks, beta, shift)
        value = float(work.value.sum() + rows.slope @ beta) + rows.event_offset - shift * self._event_weight
        return Point(beta, value, rows.slope + work.score.sum(axis=0), work.information.sum(axis=0), value)

    def _pass_by_pass(self, tasks: int, beta: Floats, shift: float) -> None:
        """Each pass over all tasks before the next, tasks spread over threads."""
        work = self._work
        size = self._rows.layout.size

        def over_tasks(which: int) -> None:
            def some(part: int) -> None:
                high = min((part + 1) * TASKS_A_CALL, tasks)
                cox_passes(which, which, part * TASKS_A_CALL, high, size, self._lanes, beta, shift, work)

            self._spread(some, -(-tasks // TASKS_A_CALL))

        over_tasks(RISKS)
        cox_passes(LATER, LATER, 0, tasks, size, self._lanes, beta, shift, work)
        over_tasks(HAZARD)
        cox_passes(BEFORE, BEFORE, 0, tasks, size, self._lanes, beta, shift, work)
        over_tasks(DERIVATIVES)


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
