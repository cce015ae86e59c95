# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""Compiled residuals of the Cox model, over rows in the order of `_risk_sets`.

Source: Therneau and Grambsch 2000, chapter 4; with Efron's ties each of d tied events takes part
in the d steps of its time at weights 1, 1 - 1/d, ..., 1/d.
"""

from __future__ import annotations

import math

import numpy as np

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.cox_kernels import relative_risks


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
    efron: int,
    beta: Floats,
    score: Floats,
    martingale: Floats,
    dh: Floats,
    dg: Floats,
    dv: Floats,
) -> float:
    """Fill score (n, p) and martingale (n,) residuals at `beta`, per row without its case weight; all come in as 0.

    With H the cumulative baseline hazard and G the integral of the mean covariate dH, a row's score residual is
    event (x - mean) - risk (x dH - dG), the differences taken over its time at risk. The steps by run of H (r,), G
    (r, p) and the variance of H (r,) are filled as well; gives what the former two are to be multiplied by, not to
    leave the range of numbers before.
    """
    risk = np.empty(x.shape[0])
    size = math.exp(-relative_risks(x, offset, beta, risk))
    for s in range(stratum_run.shape[0] - 1):
        low, high = stratum_run[s], stratum_run[s + 1]
        baseline_steps(
            low,
            high,
            x,
            event,
            weight,
            risk,
            size,
            run_start,
            run_time,
            enter,
            first,
            efron,
            dh,
            dg,
            dv,
            score,
            martingale,
        )
        subtract_expected(low, high, x, risk, run_start, run_time, enter, first, dh, dg, score, martingale)
    return size


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
    dh: Floats,
    dg: Floats,
    dv: Floats,
    score: Floats,
    martingale: Floats,
) -> None:
    """Back in time through runs `low` to `high`: the steps, and what was observed of residuals."""
    p = x.shape[1]
    weighted = weight.shape[0] > 0
    a1, e1 = np.zeros(p), np.empty(p)
    a0 = 0.0
    late = run_start[high] - 1 if enter.shape[0] > 0 else run_start[low] - 1
    for run in range(high - 1, low - 1, -1):
        while late >= run_start[low] and first[enter[late]] > run_time[run]:
            i = enter[late]
            late -= 1
            r = risk[i] * (weight[i] if weighted else 1.0)
            a0 -= r
            for j in range(p):
                a1[j] -= r * x[i, j]
        e0 = 0.0
        for j in range(p):
            e1[j] = 0.0
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
                a1[j] += r * x[i, j]
                e1[j] += r * x[i, j] * died
        if deaths > 0:
            steps = deaths if efron == 1 else 1
            event_time(
                run,
                steps,
                death_weight / steps,
                x,
                event,
                risk,
                size,
                run_start,
                a0,
                a1,
                e0,
                e1,
                dh,
                dg,
                dv,
                score,
                martingale,
            )


@inner_kernel
def event_time(
    run: int,
    steps: int,
    weight: float,
    x: Floats,
    event: Ints,
    risk: Floats,
    size: float,
    run_start: Ints,
    a0: float,
    a1: Floats,
    e0: float,
    e1: Floats,
    dh: Floats,
    dg: Floats,
    dv: Floats,
    score: Floats,
    martingale: Floats,
) -> None:
    """The steps at an event time, and what tied events, not wholly at risk, get back of them."""
    p = x.shape[1]
    back_h = 0.0
    back_g, mean_of_steps = np.zeros(p), np.zeros(p)
    for step in range(steps):
        part = step / steps
        total = a0 - part * e0
        hazard = weight / total
        dh[run] += hazard
        dv[run] += (hazard * size) * (size / total)
        back_h += part * hazard
        for j in range(p):
            mean = (a1[j] - part * e1[j]) / total
            dg[run, j] += mean * hazard
            back_g[j] += part * mean * hazard
            mean_of_steps[j] += mean / steps
    for i in range(run_start[run], run_start[run + 1]):
        if event[i] == 1:
            martingale[i] += risk[i] * back_h
            for j in range(p):
                score[i, j] += x[i, j] - mean_of_steps[j] + risk[i] * (x[i, j] * back_h - back_g[j])


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
    score: Floats,
    martingale: Floats,
) -> None:
    """Forward in time through runs `low` to `high`: subtract H and G from each row's entry to its exit."""
    p = x.shape[1]
    end = run_start[high] if enter.shape[0] > 0 else run_start[low]
    h = 0.0
    g = np.zeros(p)
    e = run_start[low]
    for run in range(low, high):
        while e < end and first[enter[e]] <= run_time[run]:
            i = enter[e]
            e += 1
            martingale[i] += risk[i] * h
            for j in range(p):
                score[i, j] += risk[i] * (x[i, j] * h - g[j])
        h += dh[run]
        for j in range(p):
            g[j] += dg[run, j]
        for i in range(run_start[run], run_start[run + 1]):
            martingale[i] -= risk[i] * h
            for j in range(p):
                score[i, j] -= risk[i] * (x[i, j] * h - g[j])
