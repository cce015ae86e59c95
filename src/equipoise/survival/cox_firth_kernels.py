# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""The compiled pass of Firth's penalty, over rows in the order of `_risk_sets`."""

from __future__ import annotations

import numpy as np

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.cox_kernels import relative_risks


@inner_kernel
def add_row(risk: float, x: Floats, i: int, form: float, sums: Floats) -> None:
    """Add risk times 1, x, x x', q and q x of row `i` to `sums`, where q is the quadratic form of the row.

    `sums` is (p + 3, p): x x', then x, then q x, then 1 and q (where p is 1 its last row would be too short: the
    caller makes it (p + 4, p) and 1 and q are in rows p + 2 and p + 3).
    """
    p = x.shape[1]
    for j in range(p):
        scaled = risk * x[i, j]
        sums[p, j] += scaled
        sums[p + 1, j] += scaled * form
        for h in range(p):
            sums[j, h] += scaled * x[i, h]
    sums[p + 2, 0] += risk
    sums[p + 3, 0] += risk * form


@inner_kernel
def add_third_moment(sums: Floats, inverse: Floats, weight: float, slope: Floats) -> None:
    """Add weight times the mean of (x - m)_j (x - m)' inverse (x - m), under `sums`, for each j.

    With q = x' inverse x it is E[x_j q] - m_j E[q] - 2 E[x_j x'] inverse m + 2 m_j m' inverse m.
    """
    p = slope.shape[0]
    total = sums[p + 2, 0]
    along = np.zeros(p)  # inverse m
    form = 0.0
    for j in range(p):
        for h in range(p):
            along[j] += inverse[j, h] * sums[p, h] / total
        form += along[j] * sums[p, j] / total
    for j in range(p):
        mean = sums[p, j] / total
        value = sums[p + 1, j] / total - mean * sums[p + 3, 0] / total + 2.0 * mean * form
        for h in range(p):
            value -= 2.0 * sums[j, h] / total * along[h]
        slope[j] += weight * value


@kernel
def firth_slope(
    x: Floats,
    event: Ints,
    weight: Floats,
    offset: Floats,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    efron: int,
    beta: Floats,
    inverse: Floats,
    risk: Floats,
    slope: Floats,
) -> None:
    """Add to `slope` (p,) the derivatives of the log determinant of the information, whose inverse is given.

    They are the sums over event times of the trace of the inverse and the third cumulant of x among those at risk.
    """
    n, p = x.shape
    weighted = weight.shape[0] > 0
    relative_risks(x, offset, beta, risk)
    form = np.zeros(n)
    for i in range(n):
        risk[i] *= weight[i] if weighted else 1.0
        for j in range(p):
            for h in range(p):
                form[i] += x[i, j] * inverse[j, h] * x[i, h]
    for s in range(stratum_run.shape[0] - 1):
        begin = run_start[stratum_run[s]]
        late = run_start[stratum_run[s + 1]] - 1 if enter.shape[0] > 0 else begin - 1
        all_at_risk, tied, left = np.zeros((p + 4, p)), np.zeros((p + 4, p)), np.empty((p + 4, p))
        for run in range(stratum_run[s + 1] - 1, stratum_run[s] - 1, -1):
            while late >= begin and first[enter[late]] > run_time[run]:
                add_row(-risk[enter[late]], x, enter[late], form[enter[late]], all_at_risk)
                late -= 1
            deaths = 0
            death_weight = 0.0
            tied[:, :] = 0.0
            for i in range(run_start[run], run_start[run + 1]):
                add_row(risk[i], x, i, form[i], all_at_risk)
                if event[i] == 1:
                    deaths += 1
                    death_weight += weight[i] if weighted else 1.0
                    add_row(risk[i], x, i, form[i], tied)
            steps = deaths if efron == 1 else min(deaths, 1)
            for step in range(steps):
                for j in range(p + 4):
                    for h in range(p):
                        left[j, h] = all_at_risk[j, h] - step / steps * tied[j, h]
                add_third_moment(left, inverse, death_weight / steps, slope)
