"""The partial likelihood of a Cox model with its slope and curvature, at any coefficients."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from equipoise.survival import cox_kernels as kernels
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.cox_rows import CoxRows, Spread, tasks_of


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


Likelihood = Callable[[Floats], Point]


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Where the kernels write, made once a fit."""

    risk: Floats
    totals: Floats
    hazard: Floats
    piece_hazard: Floats
    score: Floats
    information: Floats
    value: Floats


class PartialLikelihood:
    """Breslow's or Efron's partial likelihood; called with coefficients on the scale of the rows.

    Args:
        rows: the rows in order.
        efron: 1 for Efron's ties, 0 for Breslow's.
        spread: how tasks are spread over threads.
    """

    def __init__(self, rows: CoxRows, efron: int, spread: Spread) -> None:
        self._rows = rows
        self._efron = efron
        self._spread = spread
        (n, p), pieces, tasks = rows.x.shape, rows.piece_run.size - 1, rows.task_piece.size - 1
        self._sums = _Sums(
            risk=np.empty(n),
            totals=np.empty((pieces, p + 1)),
            hazard=np.empty(rows.sets.run_time.size),
            piece_hazard=np.empty(pieces),
            score=np.empty((tasks, p)),
            information=np.empty((tasks, p, p)),
            value=np.empty(tasks),
        )
        self._event_weight = _event_weight(rows)

    def __call__(self, beta: Floats) -> Point:
        """The log likelihood and its derivatives; a value that is not finite where risks overflow."""
        point = self._at(beta, 0.0)
        if math.isfinite(point.value):
            return point
        largest = kernels.linear_predictor(self._rows.x, self._rows.offset, beta, self._sums.risk)
        return self._at(beta, largest) if math.isfinite(largest) else point

    def _at(self, beta: Floats, shift: float) -> Point:
        """The same, with all linear predictors less `shift`, which changes nothing but the range of numbers."""
        sums, rows = self._sums, self._rows
        sums.score[:] = 0.0
        sums.information[:] = 0.0
        if sums.value.size == 1:
            kernels.cox_derivatives(
                *rows.leading(), rows.piece_run, rows.task_piece, self._efron, beta, shift, sums.risk, sums.totals,
                sums.hazard, sums.piece_hazard, sums.score, sums.information, sums.value,
            )  # fmt: skip
        else:
            self._pass_by_pass(beta, shift)
        lower = sums.information.sum(axis=0)
        value = float(sums.value.sum() + rows.slope @ beta) + rows.event_offset - shift * self._event_weight
        score = rows.slope + sums.score.sum(axis=0)
        return Point(beta, value, score, np.tril(lower) + np.tril(lower, -1).T, value)

    def _pass_by_pass(self, beta: Floats, shift: float) -> None:
        """Each pass over all tasks before the next, tasks spread over threads."""
        sums, rows, sets = self._sums, self._rows, self._rows.sets
        task: list[int] = rows.task_piece.tolist()
        bounds: list[int] = sets.run_start[rows.piece_run[rows.task_piece]].tolist()
        tasks = len(task) - 1

        def risks(t: int) -> None:
            low, high = bounds[t], bounds[t + 1]
            kernels.shifted_predictor(rows.x, rows.offset, low, high, beta, shift, sums.risk)
            with np.errstate(over="ignore"):
                np.exp(sums.risk[low:high], out=sums.risk[low:high])
            kernels.sums_of_pieces(
                rows.x, rows.weight, sets.run_start, rows.piece_run, task[t], task[t + 1], sums.risk, sums.totals
            )

        def back(t: int) -> None:
            sums.value[t] = kernels.back_in_time(
                rows.x, rows.event, rows.weight, sets.run_start, sets.run_time, sets.enter, sets.first, rows.piece_run,
                task[t], task[t + 1], self._efron, sums.risk, sums.totals, sums.hazard, sums.piece_hazard,
                sums.score[t], sums.information[t],
            )  # fmt: skip

        def forward(t: int) -> None:
            kernels.forward_in_time(
                rows.x, sets.run_start, sets.run_time, sets.enter, sets.first, rows.piece_run, task[t], task[t + 1],
                sums.risk, sums.hazard, sums.piece_hazard, sums.score[t], sums.information[t],
            )  # fmt: skip

        self._spread(risks, tasks)
        kernels.sums_of_later_pieces(sums.totals, rows.piece_run, sets.stratum_run)
        self._spread(back, tasks)
        kernels.hazard_before_pieces(sums.piece_hazard, rows.piece_run, sets.stratum_run)
        self._spread(forward, tasks)


def _event_weight(rows: CoxRows) -> float:
    """The sum of the weights of events."""
    if rows.weight.size:
        return float((rows.weight * rows.event).sum())
    return float(rows.event.sum())


def every_kth_row(rows: CoxRows, k: int) -> CoxRows:
    """Rows 0, k, 2k, ... in the order of time, ties ignored: a sample whose maximum is near that of all rows.

    Args:
        rows: without delayed entry.
        k: which rows to keep.
    """
    x, event = np.ascontiguousarray(rows.x[::k]), np.ascontiguousarray(rows.event[::k])
    weight, offset = rows.weight[::k].copy(), rows.offset[::k].copy()
    n = event.size
    bounds: Ints = -(-rows.sets.run_start[rows.sets.stratum_run] // k)
    sets = replace(rows.sets, order=np.arange(n), run_start=np.arange(n + 1), run_time=np.arange(n), stratum_run=bounds)
    counted = event * weight if weight.size else event.astype(np.float64)
    piece_run, task_piece = tasks_of(sets)
    return replace(
        rows,
        sets=sets,
        x=x,
        event=event,
        weight=weight,
        offset=offset,
        slope=np.array([np.sum(counted * x[:, j]) for j in range(x.shape[1])]),
        event_offset=float(np.sum(counted * offset)) if offset.size else 0.0,
        piece_run=piece_run,
        task_piece=task_piece,
    )
