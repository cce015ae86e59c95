"""Compiled passes back in time over the event times of a Cox model, with moments of the covariates of those at risk.

Rows are in the order of `_risk_sets`. The sums that moments come of stand in `room` (3, p + 4, p): those of all at
risk, of the tied events of a time, and of who is left at a step of Efron's. Each has, in its rows, the sums of risk
times x x', x, q x, and in the first place of the last two rows 1 and q, where q is any number of the row's, its `form`.
"""

from __future__ import annotations

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.cox_kernels import linear_predictor, relative_risks

AT_RISK, TIED, LEFT = range(3)


@inner_kernel
def weighted_risks(x: Floats, weight: Floats, offset: Floats, run_start: Ints, beta: Floats, risk: Floats) -> None:
    """Fill `risk` (n,) with relative risks times weights."""
    linear_predictor(x, offset, beta, risk)
    relative_risks(run_start[0], run_start[run_start.shape[0] - 1], risk)
    if weight.shape[0] > 0:
        for i in range(risk.shape[0]):
            risk[i] *= weight[i]


@inner_kernel
def add_row(risk: float, x: Floats, i: int, form: Floats, which: int, room: Floats) -> None:
    """Add row `i` to the sums."""
    p = x.shape[1]
    q = form[i]
    for j in range(p):
        scaled = risk * x[i, j]
        room[which, p, j] += scaled
        room[which, p + 1, j] += scaled * q
        for h in range(p):
            room[which, j, h] += scaled * x[i, h]
    room[which, p + 2, 0] += risk
    room[which, p + 3, 0] += risk * q


@inner_kernel
def begin_stratum(room: Floats) -> None:
    """Set the sums of those at risk to those of no rows."""
    for j in range(room.shape[1]):
        for h in range(room.shape[2]):
            room[AT_RISK, j, h] = 0.0


@inner_kernel
def add_run(
    low: int, high: int, x: Floats, event: Ints, weight: Floats, risk: Floats, form: Floats, room: Floats
) -> tuple[int, float]:
    """Add the rows `low` to `high` of a run to those at risk, and its events to the tied; their number and weight."""
    deaths, death_weight = 0, 0.0
    for j in range(room.shape[1]):
        for h in range(room.shape[2]):
            room[TIED, j, h] = 0.0
    for i in range(low, high):
        for which in range(AT_RISK, TIED + 1 if event[i] == 1 else TIED):
            add_row(risk[i], x, i, form, which, room)
        if event[i] == 1:
            deaths += 1
            death_weight += weight[i] if weight.shape[0] > 0 else 1.0
    return deaths, death_weight


@inner_kernel
def leave(part: float, room: Floats) -> None:
    """Fill the sums of those at risk less a part of the tied events."""
    for j in range(room.shape[1]):
        for h in range(room.shape[2]):
            room[LEFT, j, h] = room[AT_RISK, j, h] - part * room[TIED, j, h]


@inner_kernel
def add_covariance(
    room: Floats, share: float, weight: float, factor: float, run: int, mean: Floats, information: Floats
) -> None:
    """Add `share` of the mean of who is left to that of the run, and the covariance times weight factor^k to k."""
    p = mean.shape[1]
    total = room[LEFT, p + 2, 0]
    for j in range(p):
        m = room[LEFT, p, j] / total
        mean[run, j] += share * m
        for h in range(p):
            v = weight * (room[LEFT, j, h] / total - m * room[LEFT, p, h] / total)
            information[0, j, h] += v
            information[1, j, h] += v * factor
            information[2, j, h] += v * factor * factor


@kernel
def event_moments(
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
    factor: Floats,
    means: Floats,
    information: Floats,
) -> None:
    """Fill by run the mean covariate of those at risk (r, p), and sums over events of their covariance (3, p, p).

    The covariance at a time counts 1, `factor` of the run and its square; with Efron's ties mean and covariance are the
    averages over the steps. `risk` (n,) is room to work in, too.
    """
    p = x.shape[1]
    weighted_risks(x, weight, offset, run_start, beta, risk)
    for run in range(means.shape[0]):
        for j in range(p):
            means[run, j] = 0.0
    for k in range(3):
        for j in range(p):
            for h in range(p):
                information[k, j, h] = 0.0
    form = risk  # any: it is not asked for
    at_risk = run_start[0]  # 0: a literal would be another type to numba, and make another signature
    for s in range(stratum_run.shape[0] - 1):
        begin = run_start[stratum_run[s]]
        late = run_start[stratum_run[s + 1]] - 1 if enter.shape[0] > 0 else begin - 1
        begin_stratum(room)
        for run in range(stratum_run[s + 1] - 1, stratum_run[s] - 1, -1):
            while late >= begin and first[enter[late]] > run_time[run]:
                add_row(-risk[enter[late]], x, enter[late], form, at_risk, room)
                late -= 1
            deaths, death_weight = add_run(run_start[run], run_start[run + 1], x, event, weight, risk, form, room)
            steps = deaths if efron == 1 else min(deaths, 1)
            for step in range(steps):
                leave(step / steps, room)
                add_covariance(room, 1.0 / steps, death_weight / steps, factor[run], run, means, information)
