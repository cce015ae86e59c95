"""Compiled passes that bring the rows of a Cox model into the order and the places of its passes; see `cox_lanes`."""

from __future__ import annotations

import numpy as np

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints


@kernel
def events_first(event: Ints, run_start: Ints, position: Ints) -> None:
    """Fill the positions with those of events before others at each distinct time; the order else stays."""
    for run in range(run_start.shape[0] - 1):
        to = run_start[run]
        for wanted in (1, 0):
            for i in range(run_start[run], run_start[run + 1]):
                if event[i] == wanted:
                    position[to] = i
                    to += 1


@kernel
def merge_entries(
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    position: Ints,
    sign: Floats,
    boundary: Ints,
) -> tuple[int, int]:
    """Merge late entries with the rows, by stratum and time; give the numbers of merged rows and of boundaries.

    An entry stands before the first time at which its row is at risk. Who is there when a stratum begins, or begins
    anew after a time at which nobody was at risk, needs none.
    """
    size, parts = 0, 0
    for s in range(stratum_run.shape[0] - 1):
        entry = run_start[stratum_run[s]]
        at_risk = 0
        for run in range(stratum_run[s], stratum_run[s + 1]):
            anew = at_risk == 0
            if anew and size > 0:
                boundary[parts] = size
                parts += 1
            while entry < run_start[stratum_run[s + 1]] and first[enter[entry]] <= run_time[run]:
                if not anew:
                    position[size], sign[size] = enter[entry], -1.0
                    size += 1
                at_risk += 1
                entry += 1
            for i in range(run_start[run], run_start[run + 1]):
                position[size], sign[size] = i, 1.0
                size += 1
            at_risk -= run_start[run + 1] - run_start[run]
    return size, parts


@kernel
def fill_task(
    matrix: Floats,
    row: Ints,
    died: Floats,
    centre: Floats,
    factor: Floats,
    rows: int,
    part: Floats,
    x: Floats,
    sums: Floats,
) -> None:
    """Fill the covariates of a task (steps, p, lanes) with those of `row` (steps, lanes), centred and scaled.

    The first `rows` places are filled, the others 0. Fills also the sums (3, p) of x, of its square, and of x times
    `died`, the weight of events (steps, lanes). `part` (3, lanes) is room to work in.
    """
    steps, p, lanes = x.shape
    for k in range(steps):
        for j in range(p):
            c, f = centre[j], factor[j]
            for i in range(lanes):
                x[k, j, i] = (matrix[np.uint64(row[k, i]), j] - c) * f
    for i in range(rows // steps, lanes):
        for k in range(max(0, rows - i * steps), steps):
            for j in range(p):
                x[k, j, i] = 0.0
    for j in range(p):
        sums_of_column(x, j, died, part, sums)


@inner_kernel
def sums_of_column(x: Floats, j: int, died: Floats, part: Floats, sums: Floats) -> None:
    """Fill the sums of column `j`; see `fill_task`."""
    steps, _, lanes = x.shape
    for c in range(3):
        for i in range(lanes):
            part[c, i] = 0.0
    for k in range(steps):
        for i in range(lanes):
            part[0, i] += x[k, j, i]
        for i in range(lanes):
            part[1, i] += x[k, j, i] * x[k, j, i]
        for i in range(lanes):
            part[2, i] += x[k, j, i] * died[k, i]
    for c in range(3):
        sums[c, j] = 0.0
        for i in range(lanes):
            sums[c, j] += part[c, i]
