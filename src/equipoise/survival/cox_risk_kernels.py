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
    """What the passes read, for `t` tasks, `s` steps, `w` lanes and `r` runs of tied events.

    Attributes:
        x: (t, s, p, w) covariates.
        alone: (t, s, w) weight of an event that is alone at its time; 0 for other rows.
        plain: 1 if these are all 0 or 1.
        weight: (t, s, w) of all rows, or empty.
        offset: (t, s, w), or empty.
        last: (t, w) the step at which the first stratum of a lane ends, or s.
        begin: (t, w) the step at which the last stratum of a lane begins, or -1.
        ends: (., 3) step, lane and number of where strata end, by task and from the last step of each to its first.
        starts: (., 3) the same where strata begin, from the first step to the last.
        stops: (r, 3) the same for runs of tied events, as for ends.
        firsts: (3, t + 1) the first of the ends, starts and stops of each task.
        tied: (r, 2) first row of each run and the number of its events, which are its first rows.
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
    ends: Ints
    starts: Ints
    stops: Ints
    firsts: Ints
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
        totals: (t, p + 1, w) sums over lanes of risk x, and last of risk; then those of all later lanes; then, walking
            back, of all later rows.
        grown: (t, w) increase of H over lanes; then H before them; then, walking forward, H so far.
        tied: (r, 2) sum of risks at a run of tied events, and what its events are not exposed to of H.
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
    tied: Floats
    score: Floats
    information: Floats
    value: Floats


class Room(NamedTuple):
    """Room for a thread to work in.

    Attributes:
        rows: (2 + 2 p + p^2, w); see `OWN` and what follows it.
        bits: (w,) row `POWER` of these, as whole numbers.
        tied: (2, p).
    """

    rows: Floats
    bits: Ints
    tied: Floats


OWN, POWER = 0, 1
"""Rows of the room: what is made of each row of data, and powers of 2 where exponentials are taken."""
MEAN = 2
"""The first of p rows, for means; then come p for sums, and p^2 for sums of products."""


@inner_kernel
def predictor(x: Floats, offset: Floats, t: int, beta: Floats, shift: float, risk: Floats) -> None:
    """Fill `risk` of task `t` with offset + x beta - shift."""
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
def exponentials(values: Floats, t: int, rows: Floats, bits: Ints) -> None:
    """Replace the values of task `t` by their exponentials, to the last digit or two; 0 below exp(-708).

    exp(v) is 2^k exp(r) with |r| at most log(2) / 2, by its series. Unlike `math.exp` it becomes vector instructions.
    `rows` and `bits` are those of `Room`.
    """
    for m in range(values.shape[1]):
        for i in range(LANES):
            v = values[t, m, i]
            v = v if v > -708.0 else -708.0
            v = v if v < 709.0 else 709.0
            rows[OWN, i] = math.floor(v * 1.4426950408889634 + 0.5)
        for i in range(LANES):
            bits[i] = (np.int64(rows[OWN, i]) + 1023) << 52
        for i in range(LANES):
            v, k = values[t, m, i], rows[OWN, i]
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
            found = (1.0 + (r + r * r * series)) * rows[POWER, i]
            found = found if v >= -708.0 else 0.0
            found = found if v <= 709.0 else math.inf
            values[t, m, i] = found if v == v else math.nan  # noqa: PLR0124 - only a NaN is not itself


@inner_kernel
def sums_of_lanes(
    x: Floats, weight: Floats, last: Ints, t: int, n: int, risk: Floats, totals: Floats, rows: Floats
) -> None:
    """Multiply the risks by the weights; fill the sums of each lane up to the end of its first stratum.

    There are `n` rows of data; `rows` are those of `Room`.
    """
    steps, p = x.shape[1], x.shape[2]
    for i in range(max(0, (n - t * LANES * steps) // steps), LANES):  # beyond the last row there is nobody
        for k in range(max(0, n - (t * LANES + i) * steps), steps):
            risk[t, k, i] = 0.0
    for j in range(p + 1):
        for i in range(LANES):
            totals[t, j, i] = 0.0
    for k in range(steps):
        if weight.shape[0] > 0:
            for i in range(LANES):
                risk[t, k, i] *= weight[t, k, i]
        for i in range(LANES):
            own = risk[t, k, i]
            rows[OWN, i] = own if k <= last[t, i] else 0.0
            totals[t, p, i] += rows[OWN, i]
        for j in range(p):
            for i in range(LANES):
                totals[t, j, i] += rows[OWN, i] * x[t, k, j, i]
