# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""Compiled passes over the rows of a Cox model, which lie as `cox_lanes` says.

Covariates are centred and scaled by the caller. With r the relative risk of a row, H the cumulative baseline hazard and
m the mean covariate of those at risk, the score is the sum over rows of x (event - r H), and the information is the sum
over rows of r H x x' less the sum over events of m m'. So second moments are never carried from time to time: a walk
back in time gives the sums over risk sets and the steps of H, one forward gives H, one more back gives the rest.
"""

from __future__ import annotations

import math

import numpy as np

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats
from equipoise.survival.cox_risk_kernels import LANES, Lanes, Work, exponentials, predictor, sums_of_lanes

RISKS, LATER, HAZARD, BEFORE, DERIVATIVES = range(5)
"""The passes in order; all but LATER and BEFORE treat tasks one by one."""
FACTORS = 8
"""Sums of risks multiplied before a logarithm is taken of them."""
SMALL, LARGE = 1e-290, 1e290
"""What such a product must lie between."""


@inner_kernel
def sums_of_later_lanes(lanes: Lanes, totals: Floats) -> None:
    """Replace each lane's sums by those of the lanes after it, as far as the stratum goes."""
    steps = lanes.x.shape[1]
    for c in range(totals.shape[1]):
        later = 0.0
        for t in range(totals.shape[0] - 1, -1, -1):
            for i in range(LANES - 1, -1, -1):
                own = totals[t, c, i]
                totals[t, c, i] = later
                later = own + later if lanes.last[t, i] == steps else own


@inner_kernel
def hazard_before_lanes(lanes: Lanes, grown: Floats) -> None:
    """Replace each lane's increase of H by the H that its stratum has reached before it."""
    reached = 0.0
    for t in range(grown.shape[0]):
        for i in range(LANES):
            own = grown[t, i]
            grown[t, i] = reached
            reached = own + reached if lanes.begin[t, i] < 0 else own


@inner_kernel
def tied_risk(lanes: Lanes, run: int, risk: Floats) -> float:
    """The sum of the risks of a run's tied events."""
    steps = risk.shape[1]
    total = 0.0
    for row in range(lanes.tied_row[run], lanes.tied_row[run] + lanes.tied[run]):
        lane = row // steps
        total += risk[lane // LANES, row % steps, lane % LANES]
    return total


@inner_kernel
def hazard_of_task(lanes: Lanes, t: int, work: Work) -> float:
    """Walk back in time for the sums of risks and the steps of H; give minus the logarithms of the sums."""
    risk, alone, step, root, grown = work.risk, lanes.alone, work.step, work.root, work.grown
    tied = lanes.tied.shape[0] > 0
    begin, end_step, end_lane = lanes.begin, lanes.end_step, lanes.end_lane
    stop_step, stop_lane = lanes.stop_step, lanes.stop_lane
    steps, p = risk.shape[1], lanes.x.shape[2]
    total, product = np.empty(LANES), np.ones(LANES)
    for i in range(LANES):
        total[i] = work.totals[t, p, i]
        grown[t, i] = 0.0
    value = 0.0
    end, last_end = lanes.task_end[t], lanes.task_end[t + 1]
    stop, last_stop = lanes.task_stop[t], lanes.task_stop[t + 1]
    for k in range(steps - 1, -1, -1):
        while end < last_end and end_step[end] == k:
            total[end_lane[end]] = 0.0
            end += 1
        for i in range(LANES):
            total[i] += risk[t, k, i]
        for i in range(LANES):
            now, weight = total[i], alone[t, k, i]
            step[t, k, i] = weight / (now if weight > 0.0 else 1.0)
        if tied:
            for i in range(LANES):
                root[t, k, i] = step[t, k, i]
        for i in range(LANES):
            now, weight = total[i], alone[t, k, i]
            product[i] *= now if weight == 1.0 else 1.0
        while stop < last_stop and stop_step[stop] == k:
            i = stop_lane[stop]
            gain, hazard = efron_steps(lanes, work, lanes.stop[stop], total[i])
            value += gain
            step[t, k, i] += hazard
            stop += 1
        for i in range(LANES):
            growth = step[t, k, i]
            grown[t, i] += growth if k >= begin[t, i] else 0.0
        if k % FACTORS == 0:
            value -= logarithms(product, alone, step, t, k)
    return value


@inner_kernel
def weighted_events(alone: Floats, step: Floats, root: Floats, t: int) -> float:
    """Fill the roots; give minus the logarithms of the sums of risks of events whose weight is not 1."""
    value = 0.0
    for k in range(step.shape[1]):
        for i in range(LANES):
            weight = alone[t, k, i]
            root[t, k, i] = step[t, k, i] / math.sqrt(weight) if weight > 0.0 else 0.0
            if weight > 0.0 and weight != 1.0:
                value += weight * math.log(step[t, k, i] / weight)
    return value


@inner_kernel
def logarithms(product: Floats, alone: Floats, step: Floats, t: int, low: int) -> float:
    """The logarithms of the products, which become 1; where one is out of range those of its factors."""
    value = 0.0
    for i in range(LANES):
        if SMALL < product[i] < LARGE:
            value += math.log(product[i])
        else:
            for k in range(low, min(low + FACTORS, step.shape[1])):
                if alone[t, k, i] == 1.0:
                    value -= math.log(step[t, k, i])
        product[i] = 1.0
    return value


@inner_kernel
def efron_steps(lanes: Lanes, work: Work, run: int, total: float) -> tuple[float, float]:
    """Efron's steps at a run of d tied events, of which step k counts 1 - k/d; give log likelihood and step of H."""
    tied, deaths, weight = tied_risk(lanes, run, work.risk), lanes.tied[run], lanes.tied_weight[run]
    value, hazard, back = 0.0, 0.0, 0.0
    for step in range(deaths):
        part = step / deaths
        left = total - part * tied
        value -= weight * math.log(left)
        hazard += weight / left
        back += part * weight / left
    work.tied_total[run] = total
    work.tied_back[run] = back
    return value, hazard


@inner_kernel
def expected_of_task(lanes: Lanes, t: int, work: Work) -> None:
    """Walk forward in time: what is expected of each row is its risk times H."""
    risk, step, expected = work.risk, work.step, work.expected
    steps = risk.shape[1]
    h = work.grown[t].copy()
    start = lanes.task_start[t]
    for k in range(steps):
        while start < lanes.task_start[t + 1] and lanes.start_step[start] == k:
            h[lanes.start_lane[start]] = 0.0
            start += 1
        for i in range(LANES):
            h[i] += step[t, k, i]
        for i in range(LANES):
            expected[t, k, i] = risk[t, k, i] * h[i]
    low, high = t * LANES * steps, (t + 1) * LANES * steps
    for run in range(lanes.task_tied[t, 0], lanes.task_tied[t, 1]):
        begin = lanes.tied_row[run]
        for row in range(max(low, begin), min(high, begin + lanes.tied[run])):  # tied events are not wholly at risk
            lane = row // steps - t * LANES
            expected[t, row % steps, lane] -= work.tied_back[run] * risk[t, row % steps, lane]


@inner_kernel
def derivatives_of_task(  # noqa: PLR0912 - a call in a loop over lanes would cost half of its time again
    lanes: Lanes, t: int, work: Work
) -> None:
    """Walk back in time with the sums of risk x: fill the score and the information of the task."""
    x, risk, expected, root = lanes.x, work.risk, work.expected, work.root
    steps, p = x.shape[1], x.shape[2]
    a1, mean, own = np.empty((p, LANES)), np.empty((p, LANES)), np.empty(LANES)
    score, squares = np.zeros((p, LANES)), np.zeros((p, p, LANES))
    tied = np.zeros((p, p))
    for j in range(p):
        for i in range(LANES):
            a1[j, i] = work.totals[t, j, i]
    end_step, end_lane, stop_step = lanes.end_step, lanes.end_lane, lanes.stop_step
    end, last_end = lanes.task_end[t], lanes.task_end[t + 1]
    stop, last_stop = lanes.task_stop[t], lanes.task_stop[t + 1]
    for k in range(steps - 1, -1, -1):
        while end < last_end and end_step[end] == k:
            for j in range(p):
                a1[j, end_lane[end]] = 0.0
            end += 1
        for j in range(p):
            for i in range(LANES):
                a1[j, i] += risk[t, k, i] * x[t, k, j, i]
            for i in range(LANES):
                mean[j, i] = root[t, k, i] * a1[j, i]
            for i in range(LANES):
                own[i] = expected[t, k, i] * x[t, k, j, i]
            for i in range(LANES):
                score[j, i] += own[i]
            for h in range(j + 1):
                for i in range(LANES):
                    squares[j, h, i] += own[i] * x[t, k, h, i] - mean[j, i] * mean[h, i]
        while stop < last_stop and stop_step[stop] == k:
            subtract_tied(lanes, work, lanes.stop[stop], a1, lanes.stop_lane[stop], tied)
            stop += 1
    gather_lanes(score, squares, tied, work.score[t], work.information[t])


@inner_kernel
def gather_lanes(scores: Floats, squares: Floats, tied: Floats, score: Floats, information: Floats) -> None:
    """Fill the score (p,) and the information (p, p) with the sums over lanes, less what tied events have apart."""
    for j in range(score.shape[0]):
        total = 0.0
        for i in range(LANES):
            total += scores[j, i]
        score[j] = -total
        for h in range(j + 1):
            total = 0.0
            for i in range(LANES):
                total += squares[j, h, i]
            information[j, h] = total - tied[j, h]
            information[h, j] = total - tied[j, h]


@inner_kernel
def subtract_tied(lanes: Lanes, work: Work, run: int, a1: Floats, lane: int, squares: Floats) -> None:
    """Add m m' of each of Efron's steps at a run of tied events, who have a1 at risk in `lane`, to `squares`."""
    steps, p = lanes.x.shape[1], lanes.x.shape[2]
    e1, mean, e0 = np.zeros(p), np.empty(p), tied_risk(lanes, run, work.risk)
    deaths, weight = lanes.tied[run], lanes.tied_weight[run]
    for row in range(lanes.tied_row[run], lanes.tied_row[run] + deaths):
        t, i, k = row // steps // LANES, row // steps % LANES, row % steps
        for j in range(p):
            e1[j] += work.risk[t, k, i] * lanes.x[t, k, j, i]
    for step in range(deaths):
        part = step / deaths
        for j in range(p):
            mean[j] = (a1[j, lane] - part * e1[j]) / (work.tied_total[run] - part * e0)
            for h in range(j + 1):
                squares[j, h] += weight * mean[j] * mean[h]


@kernel
def cox_passes(
    first: int, final: int, low: int, high: int, rows: int, lanes: Lanes, beta: Floats, shift: float, work: Work
) -> None:
    """Passes `first` to `final` over tasks `low` to `high`."""
    for pass_ in range(first, final + 1):
        if pass_ == LATER:
            sums_of_later_lanes(lanes, work.totals)
        elif pass_ == BEFORE:
            hazard_before_lanes(lanes, work.grown)
        else:
            for t in range(low, high):
                if pass_ == RISKS:
                    predictor(lanes, t, beta, shift, work.risk)
                    exponentials(work.risk, t)
                    sums_of_lanes(lanes, t, rows, work.risk, work.totals)
                elif pass_ == HAZARD:
                    work.value[t] = hazard_of_task(lanes, t, work)
                    if lanes.plain == 0:
                        work.value[t] += weighted_events(lanes.alone, work.step, work.root, t)
                else:
                    expected_of_task(lanes, t, work)
                    derivatives_of_task(lanes, t, work)
