"""What the compiled passes of a Cox model read and write, and the first of them: the relative risks.

Rows lie as `cox_lanes` says. Inner loops run over the lanes, and read what they need before they choose, so that the
compiler makes them vector instructions.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from equipoise._kernel import inner_kernel
from equipoise.survival._arrays import Floats, Ints

LANES = 128
"""Lanes of a task: some vectors of the processor, so that walking them pays, and few enough for its nearest cache."""
LOG_2_HIGH, LOG_2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""log(2) in two parts, of which any whole multiple of the first up to 2^20 is exact."""


class Lanes(NamedTuple):
    """What the passes read, for `t` tasks, `s` steps, `w` lanes and `r` runs of tied events; a kernel takes it whole.

    Attributes:
        x: (t, s, p, w) covariates.
        alone: (t, s, w) weight of an event that is alone at its time; 0 for other rows.
        plain: 1 if these are all 0 or 1.
        weight: (t, s, w) of all rows, or empty.
        offset: (t, s, w), or empty.
        last: (t, w) the step at which the first stratum of a lane ends, or s.
        begin: (t, w) the step at which the last stratum of a lane begins, or -1.
        end_step, end_lane: where strata end, by task and from the last step of each to its first.
        task_end: (t + 1,) the first of these of each task.
        start_step, start_lane, task_start: the same where strata begin, from the first step to the last.
        stop, stop_step, stop_lane, task_stop: runs of tied events, where they stand, as for ends.
        tied_row: (r,) first row of each run.
        tied: (r,) its events, which are its first rows.
        tied_weight: (r,) the weight of each of Efron's steps.
        task_tied: (t, 2) the runs whose events a task has some of: from, and up to.
    """

    x: Floats
    alone: Floats
    plain: int
    weight: Floats
    offset: Floats
    last: Ints
    begin: Ints
    end_step: Ints
    end_lane: Ints
    task_end: Ints
    start_step: Ints
    start_lane: Ints
    task_start: Ints
    stop: Ints
    stop_step: Ints
    stop_lane: Ints
    task_stop: Ints
    tied_row: Ints
    tied: Ints
    tied_weight: Floats
    task_tied: Ints


class Work(NamedTuple):
    """What the passes write.

    Attributes:
        risk: (t, s, w) relative risks times weights.
        step: (t, s, w) the increase of H at a row.
        root: (t, s, w) root of the weight of an event alone over the sum of risks; may be `step` where all are 0 or 1.
        expected: (t, s, w) risk times H.
        totals: (t, p + 1, w) sums over lanes of risk x, and last of risk; then those of all later lanes.
        grown: (t, w) increase of H over lanes; then H before them.
        tied_total: (r,) sum of risks at a run of tied events.
        tied_back: (r,) what its events are not exposed to of H.
        score: (t, p).
        information: (t, p, p), the lower triangle.
        value: (t,) minus the logarithms of the sums of risks.
    """

    risk: Floats
    step: Floats
    root: Floats
    expected: Floats
    totals: Floats
    grown: Floats
    tied_total: Floats
    tied_back: Floats
    score: Floats
    information: Floats
    value: Floats


@inner_kernel
def predictor(lanes: Lanes, t: int, beta: Floats, shift: float, risk: Floats) -> None:
    """Fill `risk` of task `t` with offset + x beta - shift."""
    x, offset = lanes.x, lanes.offset
    for k in range(x.shape[1]):
        for i in range(LANES):
            risk[t, k, i] = -shift
        if offset.shape[0] > 0:
            for i in range(LANES):
                risk[t, k, i] += offset[t, k, i]
        for j in range(x.shape[2]):
            b = beta[j]
            for i in range(LANES):
                risk[t, k, i] += x[t, k, j, i] * b


@inner_kernel
def exponentials(values: Floats, t: int) -> None:
    """Replace the values of task `t` by their exponentials, to the last digit or two; 0 below exp(-708).

    exp(v) is 2^k exp(r) with |r| at most log(2) / 2, by its series. Unlike `math.exp` it becomes vector instructions.
    """
    whole, bits = np.empty(LANES), np.empty(LANES, np.int64)
    power = bits.view(np.float64)
    for m in range(values.shape[1]):
        for i in range(LANES):
            v = values[t, m, i]
            v = v if v > -708.0 else -708.0
            v = v if v < 709.0 else 709.0
            whole[i] = math.floor(v * 1.4426950408889634 + 0.5)
        for i in range(LANES):
            bits[i] = (np.int64(whole[i]) + 1023) << 52
        for i in range(LANES):
            v, k = values[t, m, i], whole[i]
            r = (v - k * LOG_2_HIGH) - k * LOG_2_LOW
            series = 1.0 / 6227020800.0
            series = series * r + 1.0 / 479001600.0
            series = series * r + 1.0 / 39916800.0
            series = series * r + 1.0 / 3628800.0
            series = series * r + 1.0 / 362880.0
            series = series * r + 1.0 / 40320.0
            series = series * r + 1.0 / 5040.0
            series = series * r + 1.0 / 720.0
            series = series * r + 1.0 / 120.0
            series = series * r + 1.0 / 24.0
            series = series * r + 1.0 / 6.0
            series = series * r + 0.5
            found = (1.0 + (r + r * r * series)) * power[i]
            found = found if v >= -708.0 else 0.0
            found = found if v <= 709.0 else math.inf
            values[t, m, i] = found if v == v else math.nan  # noqa: PLR0124 - only a NaN is not itself


@inner_kernel
def sums_of_lanes(lanes: Lanes, t: int, rows: int, risk: Floats, totals: Floats) -> None:
    """Multiply the risks by the weights; fill the sums of each lane up to the end of its first stratum."""
    x, weight, last = lanes.x, lanes.weight, lanes.last
    steps, p = x.shape[1], x.shape[2]
    for i in range(max(0, (rows - t * LANES * steps) // steps), LANES):  # beyond the last row there is nobody
        for k in range(max(0, rows - (t * LANES + i) * steps), steps):
            risk[t, k, i] = 0.0
    kept = np.empty(LANES)
    totals[t] = 0.0
    for k in range(steps):
        if weight.shape[0] > 0:
            for i in range(LANES):
                risk[t, k, i] *= weight[t, k, i]
        for i in range(LANES):
            own = risk[t, k, i]
            kept[i] = own if k <= last[t, i] else 0.0
            totals[t, p, i] += kept[i]
        for j in range(p):
            for i in range(LANES):
                totals[t, j, i] += kept[i] * x[t, k, j, i]
