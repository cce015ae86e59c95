"""Compiled residuals of the Cox model, over rows in the order of `_risk_sets`.

Source: Therneau and Grambsch 2000, chapter 4; with Efron's ties each of d tied events takes part
in the d steps of its time at weights 1, 1 - 1/d, ..., 1/d.
"""

from __future__ import annotations

import math

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.cox_kernels import linear_predictor, relative_risks

# Vectors (p,) of what is kept from run to run, in `room[0]`.
SUM, TIED = 0, 1  # of risk x over those at risk, and over the tied events of a time
BACK, MEAN = 2, 3  # at an event time what tied events get back of G, and the mean covariate
REACHED = 0  # G so far, on the way forward


@kernel
def score_residuals(
    x: Floats,
    event: Ints,
    weight: Floats,
    offset: Floats,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    risk: Floats,
    room: Floats,
    efron: int,
    beta: Floats,
    score: Floats,
    martingale: Floats,
    dh: Floats,
    dg: Floats,
    dv: Floats,
) -> None:
    """Fill score (n, p) and martingale (n,) residuals at `beta`, per row without its case weight; all come in as 0.

    With H the cumulative baseline hazard and G the integral of the mean covariate dH, a row's score residual is
    event (x - mean) - risk (x dH - dG), the differences taken over its time at risk. The steps by run of H (r,), G
    (r, p) and the variance of H (r,) are filled as well. `risk` (n,) and `room` (1 or more, 4 or more, p) are to work
    in. Risks are scaled stratum by stratum, since each has its own hazard, to keep within the range of numbers.
    """
    linear_predictor(x, offset, beta, risk)
    for s in range(stratum_run.shape[0] - 1):
        low, high = stratum_run[s], stratum_run[s + 1]
        size = math.exp(-relative_risks(run_start[low], run_start[high], risk))
        baseline_steps(
            low, high, x, event, weight, risk, size, run_start, run_time, enter, first, efron, room, dh, dg, dv, score,
            martingale,
        )  # fmt: skip  # arguments that belong together share a line
        subtract_expected(low, high, x, risk, run_start, run_time, enter, first, dh, dg, room, score, martingale)
        for run in range(low, high):
            dh[run] *= size
            for j in range(x.shape[1]):
                dg[run, j] *= size


@inner_kernel
def baseline_steps(
    low: int,
    high: int,
    x: Floats,
    event: Ints,
    weight: Floats,
    risk: Floats,
    size: float,
    run_start: Ints,
    run_time: Ints,
    enter: Ints,
    first: Ints,
    efron: int,
    room: Floats,
    dh: Floats,
    dg: Floats,
    dv: Floats,
    score: Floats,
    martingale: Floats,
) -> None:
    """Back in time through runs `low` to `high`: the steps, and what was observed of residuals."""
    p = x.shape[1]
    weighted = weight.shape[0] > 0
    for j in range(p):
        room[0, SUM, j] = 0.0
    a0 = 0.0
    late = run_start[high] - 1 if enter.shape[0] > 0 else run_start[low] - 1
    for run in range(high - 1, low - 1, -1):
        while late >= run_start[low] and first[enter[late]] > run_time[run]:
            i = enter[late]
            late -= 1
            r = risk[i] * (weight[i] if weighted else 1.0)
            a0 -= r
            for j in range(p):
                room[0, SUM, j] -= r * x[i, j]
        e0 = 0.0
        for j in range(p):
            room[0, TIED, j] = 0.0
        deaths = 0
        death_weight = 0.0
        for i in range(run_start[run], run_start[run + 1]):
            w = weight[i] if weighted else 1.0
            r = risk[i] * w
            a0 += r
            died = event[i]
            martingale[i] = died
            deaths += died
            death_weight += w * died
            e0 += r * died
            for j in range(p):
                room[0, SUM, j] += r * x[i, j]
                room[0, TIED, j] += r * x[i, j] * died
        if deaths > 0:
            steps = deaths if efron == 1 else 1
            back = steps_at_time(run, steps, death_weight / steps, size, a0, e0, room, dh, dg, dv)
            for i in range(run_start[run], run_start[run + 1]):
                if event[i] == 1:
                    martingale[i] += risk[i] * back
                    for j in range(p):
                        share = x[i, j] * back - room[0, BACK, j]
                        score[i, j] += x[i, j] - room[0, MEAN, j] + risk[i] * share


@inner_kernel
def steps_at_time(
    run: int, steps: int, weight: float, size: float, a0: float, e0: float, room: Floats, dh: Floats, dg: Floats,
    dv: Floats,
) -> float:  # fmt: skip  # parameters that belong together share a line
    """The steps at an event time; give what tied events, not wholly at risk, get back of H, and fill what of G."""
    p = dg.shape[1]
    back = 0.0
    for j in range(p):
        room[0, BACK, j] = room[0, MEAN, j] = 0.0
    for step in range(steps):
        part = step / steps
        total = a0 - part * e0
        hazard = weight / total
        dh[run] += hazard
        dv[run] += (hazard * size) * (size / total)
        back += part * hazard
        for j in range(p):
            mean = (room[0, SUM, j] - part * room[0, TIED, j]) / total
            dg[run, j] += mean * hazard
            room[0, BACK, j] += part * mean * hazard
            room[0, MEAN, j] += mean / steps
    return back


@inner_kernel
def subtract_expected(
    low: int,
    high: int,
    x: Floats,
    risk: Floats,
    run_start: Ints,
    run_time: Ints,
    enter: Ints,
    first: Ints,
    dh: Floats,
    dg: Floats,
    room: Floats,
    score: Floats,
    martingale: Floats,
) -> None:
    """Forward in time through runs `low` to `high`: subtract H and G from each row's entry to its exit."""
    p = x.shape[1]
    end = run_start[high] if enter.shape[0] > 0 else run_start[low]
    h = 0.0
    for j in range(p):
        room[0, REACHED, j] = 0.0
    e = run_start[low]
    for run in range(low, high):
        while e < end and first[enter[e]] <= run_time[run]:
            i = enter[e]
            e += 1
            martingale[i] += risk[i] * h
            for j in range(p):
                score[i, j] += risk[i] * (x[i, j] * h - room[0, REACHED, j])
        h += dh[run]
        for j in range(p):
            room[0, REACHED, j] += dg[run, j]
        for i in range(run_start[run], run_start[run + 1]):
            martingale[i] -= risk[i] * h
            for j in range(p):
                score[i, j] -= risk[i] * (x[i, j] * h - room[0, REACHED, j])
