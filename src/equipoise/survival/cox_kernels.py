# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""Compiled passes of the Cox model, over rows in the order of `_risk_sets`.

Covariates are centred and scaled by the caller. With r the relative risk of a row, H the cumulative baseline hazard and
m the mean covariate of those at risk, the score is the sum over rows of x (event - r H), and the information is the sum
over rows of r H x x' less the sum over events of m m'. So second moments are never carried from time to time: one pass
back in time for the sums over risk sets gives m and the steps of H, one forward gives the rest.

Rows are cut into pieces within strata, at fixed sizes and between distinct times, and pieces into tasks. Each pass runs
over any range of tasks, which threads may share; sums of tasks are added in their order, so that no bit depends on how
many threads there are. With delayed entry, whose order is another one, a piece is a whole stratum.
"""

from __future__ import annotations

import math

import numpy as np

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints

CONTINUE, CONVERGED, MONOTONE, NOT_CONVERGED = range(4)
"""What Newton's method is to do, or how it ended."""
SMALL, LARGE = 1e-150, 1e150
"""Products of sums over risk sets are kept between, so that few logarithms are taken."""
HELD = 64
"""Mean covariates of so many events are squared together; a multiple of 4."""


@kernel
def cut_into_tasks(
    run_start: Ints, stratum_run: Ints, size: int, whole_strata: int, piece_run: Ints, task_piece: Ints
) -> tuple[int, int]:
    """Fill the first run of each piece and the first piece of each task; give the numbers of pieces and tasks."""
    pieces, tasks = 0, 0
    filled = size  # rows in the current task
    for s in range(stratum_run.shape[0] - 1):
        run = stratum_run[s]
        end = stratum_run[s + 1]
        while run < end:
            if filled >= size:
                task_piece[tasks] = pieces
                tasks += 1
                filled = 0
            piece_run[pieces] = run
            pieces += 1
            before = run_start[run]
            if whole_strata == 1:
                run = end
            else:
                limit = before + size - filled
                run += 1
                while run < end and run_start[run] < limit:
                    run += 1
            filled += run_start[run] - before
    piece_run[pieces] = stratum_run[stratum_run.shape[0] - 1]
    task_piece[tasks] = pieces
    return pieces, tasks


@kernel
def linear_predictor(x: Floats, offset: Floats, beta: Floats, eta: Floats) -> float:
    """Fill `eta` (n,) with offset + x beta; give its maximum."""
    n, p = x.shape
    largest = -math.inf
    for i in range(n):
        value = offset[i] if offset.shape[0] > 0 else 0.0
        for j in range(p):
            value += x[i, j] * beta[j]
        eta[i] = value
        largest = max(largest, value)
    return largest


@kernel
def shifted_predictor(x: Floats, offset: Floats, low: int, high: int, beta: Floats, shift: float, eta: Floats) -> None:
    """Fill `eta` of rows `low` to `high` with offset + x beta - shift."""
    for i in range(low, high):
        value = offset[i] - shift if offset.shape[0] > 0 else -shift
        for j in range(x.shape[1]):
            value += x[i, j] * beta[j]
        eta[i] = value


@kernel
def sums_of_pieces(
    x: Floats, weight: Floats, run_start: Ints, piece_run: Ints, low: int, high: int, risk: Floats, totals: Floats
) -> None:
    """Multiply the risks of pieces `low` to `high` by the weights; fill the sums of risk x and of risk (p + 1,)."""
    p = x.shape[1]
    total = np.empty(p)
    for piece in range(low, high):
        whole = 0.0
        for j in range(p):
            total[j] = 0.0
        for i in range(run_start[piece_run[piece]], run_start[piece_run[piece + 1]]):
            if weight.shape[0] > 0:
                risk[i] *= weight[i]
            whole += risk[i]
            for j in range(p):
                total[j] += risk[i] * x[i, j]
        for j in range(p):
            totals[piece, j] = total[j]
        totals[piece, p] = whole


@kernel
def sums_of_later_pieces(totals: Floats, piece_run: Ints, stratum_run: Ints) -> None:
    """Replace each piece's sums by those of the pieces after it in its stratum."""
    width = totals.shape[1]
    s = stratum_run.shape[0] - 2
    later = np.zeros(width)
    for piece in range(totals.shape[0] - 1, -1, -1):
        while piece_run[piece] < stratum_run[s]:
            s -= 1
        if piece_run[piece + 1] == stratum_run[s + 1]:
            later[:] = 0.0
        for j in range(width):
            own = totals[piece, j]
            totals[piece, j] = later[j]
            later[j] += own


@kernel
def hazard_before_pieces(steps: Floats, piece_run: Ints, stratum_run: Ints) -> None:
    """Replace each piece's increase of H by the H that its stratum has reached before it."""
    s = 0
    reached = 0.0
    for piece in range(steps.shape[0]):
        while piece_run[piece] >= stratum_run[s + 1]:
            s += 1
        if piece_run[piece] == stratum_run[s]:
            reached = 0.0
        own = steps[piece]
        steps[piece] = reached
        reached += own


@kernel
def tied_events(
    x: Floats,
    event: Ints,
    weight: Floats,
    risk: Floats,
    low: int,
    high: int,
    a0: float,
    a1: Floats,
    score: Floats,
    information: Floats,
) -> tuple[float, float]:
    """Efron's steps for the tied events among rows `low` to `high`; give log likelihood and step of H.

    In step k of d the tied events count 1 - k/d. Subtracts each step's m m' from the information, and what the tied
    events are not at risk from both sums, since the pass forward counts them wholly.
    """
    p = x.shape[1]
    e1, mean = np.zeros(p), np.empty(p)
    e0, death_weight = 0.0, 0.0
    deaths = 0
    for i in range(low, high):
        if event[i] == 1:
            deaths += 1
            death_weight += weight[i] if weight.shape[0] > 0 else 1.0
            e0 += risk[i]
            for j in range(p):
                e1[j] += risk[i] * x[i, j]
    step_weight = death_weight / deaths
    log_likelihood, hazard, back = 0.0, 0.0, 0.0
    for step in range(deaths):
        part = step / deaths
        total = a0 - part * e0
        log_likelihood -= step_weight * math.log(total)
        hazard += step_weight / total
        back += part * step_weight / total
        for j in range(p):
            mean[j] = (a1[j] - part * e1[j]) / total
            for h in range(j + 1):
                information[j, h] -= step_weight * mean[j] * mean[h]
    for i in range(low, high):
        if event[i] == 1:
            for j in range(p):
                own = back * risk[i] * x[i, j]
                score[j] += own
                for h in range(j + 1):
                    information[j, h] -= own * x[i, h]
    return log_likelihood, hazard


@kernel
def leave_before_entry(
    x: Floats, risk: Floats, enter: Ints, first: Ints, time: int, begin: int, late: int, a1: Floats
) -> tuple[int, float]:
    """Subtract from `a1` those who enter only after `time`; give the last position still in, and the risk that left."""
    left = 0.0
    while late >= begin and first[enter[late]] > time:
        i = enter[late]
        left += risk[i]
        for j in range(x.shape[1]):
            a1[j] -= risk[i] * x[i, j]
        late -= 1
    return late, left


@kernel
def subtract_squares(means: Floats, information: Floats) -> None:
    """Subtract m m' of all rows of `means` from the information, four at a time."""
    p = information.shape[0]
    for k in range(0, HELD, 4):
        for j in range(p):
            m0, m1, m2, m3 = means[k, j], means[k + 1, j], means[k + 2, j], means[k + 3, j]
            for h in range(j + 1):
                information[j, h] -= (m0 * means[k, h] + m1 * means[k + 1, h]) + (
                    m2 * means[k + 2, h] + m3 * means[k + 3, h]
                )


@kernel
def weight_of_events(event: Ints, weight: Floats, low: int, high: int) -> float:
    """The weight of the events among rows `low` to `high`."""
    total = 0.0
    for i in range(low, high):
        total += event[i] * (weight[i] if weight.shape[0] > 0 else 1.0)
    return total


@kernel
def back_in_time(  # noqa: PLR0912 - a call in the innermost loop would cost half of its time again
    x: Floats,
    event: Ints,
    weight: Floats,
    run_start: Ints,
    run_time: Ints,
    enter: Ints,
    first: Ints,
    piece_run: Ints,
    low: int,
    high: int,
    efron: int,
    risk: Floats,
    later: Floats,
    hazard: Floats,
    piece_hazard: Floats,
    score: Floats,
    information: Floats,
) -> float:
    """Walk pieces `low` to `high` back in time: steps of H by run, and the terms of events; give -sum log a0."""
    p = x.shape[1]
    a1 = np.empty(p)
    means = np.empty((HELD, p))  # of events, to be squared together
    held = 0
    log_likelihood = 0.0
    product = 1.0
    for piece in range(low, high):
        begin = run_start[piece_run[piece]]
        late = run_start[piece_run[piece + 1]] - 1
        a0 = later[piece, p]
        for j in range(p):
            a1[j] = later[piece, j]
        grown = 0.0
        for run in range(piece_run[piece + 1] - 1, piece_run[piece] - 1, -1):
            if enter.shape[0] > 0:
                late, left = leave_before_entry(x, risk, enter, first, run_time[run], begin, late, a1)
                a0 -= left
                if late + 1 == run_start[run + 1]:  # as many have left as have joined: only rounding dust remains
                    a0 = 0.0
                    for j in range(p):
                        a1[j] = 0.0
            deaths = 0
            for i in range(run_start[run], run_start[run + 1]):
                a0 += risk[i]
                for j in range(p):
                    a1[j] += risk[i] * x[i, j]
                deaths += event[i]
            if deaths > 1 and efron == 1:
                gain, step = tied_events(
                    x, event, weight, risk, run_start[run], run_start[run + 1], a0, a1, score, information
                )
                log_likelihood += gain
            else:  # without a branch on whether there was an event, which nothing predicts
                step = deaths / (a0 if a0 > 0.0 else 1.0)
                scale = step
                if deaths <= 1 and weight.shape[0] == 0 and SMALL < a0 < LARGE:
                    product *= a0 if deaths == 1 else 1.0
                    if not SMALL < product < LARGE:
                        log_likelihood -= math.log(product)
                        product = 1.0
                elif deaths > 0:
                    death_weight = weight_of_events(event, weight, run_start[run], run_start[run + 1])
                    log_likelihood -= death_weight * math.log(a0)
                    step = death_weight / a0
                    scale = math.sqrt(death_weight) / a0
                for j in range(p):
                    means[held, j] = a1[j] * scale
                held += 1 if deaths > 0 else 0
                if held == HELD:
                    subtract_squares(means, information)
                    held = 0
            hazard[run] = step
            grown += step
        piece_hazard[piece] = grown
    for k in range(held, HELD):
        for j in range(p):
            means[k, j] = 0.0
    subtract_squares(means, information)
    return log_likelihood - math.log(product)


@kernel
def forward_in_time(
    x: Floats,
    run_start: Ints,
    run_time: Ints,
    enter: Ints,
    first: Ints,
    piece_run: Ints,
    low: int,
    high: int,
    risk: Floats,
    hazard: Floats,
    hazard_before: Floats,
    score: Floats,
    information: Floats,
) -> None:
    """Walk pieces `low` to `high` forward in time: risks become r H, what is expected of each row, and are summed."""
    delayed = enter.shape[0] > 0
    base = run_start[piece_run[low]]
    at_entry = np.zeros(run_start[piece_run[high]] - base if delayed else 0)
    for piece in range(low, high):
        h0 = hazard_before[piece]
        e = run_start[piece_run[piece]]
        end = run_start[piece_run[piece + 1]] if delayed else e
        for run in range(piece_run[piece], piece_run[piece + 1]):
            while e < end and first[enter[e]] <= run_time[run]:
                at_entry[enter[e] - base] = h0
                e += 1
            h0 += hazard[run]
            for i in range(run_start[run], run_start[run + 1]):
                risk[i] *= h0 - at_entry[i - base] if delayed else h0
    add_expected(x, risk, base, run_start[piece_run[high]], score, information)


@kernel
def add_expected(x: Floats, expected: Floats, low: int, high: int, score: Floats, information: Floats) -> None:
    """Subtract expected x of rows `low` to `high` from the score and add expected x x' to the information.

    Four rows at a time, since it is the sums in memory that cost.
    """
    p = x.shape[1]
    slope, squares = np.zeros(p), np.zeros((p, p))
    i = low
    while i + 4 <= high:
        for j in range(p):
            s0, s1 = expected[i] * x[i, j], expected[i + 1] * x[i + 1, j]
            s2, s3 = expected[i + 2] * x[i + 2, j], expected[i + 3] * x[i + 3, j]
            slope[j] += (s0 + s1) + (s2 + s3)
            for h in range(j + 1):
                squares[j, h] += (s0 * x[i, h] + s1 * x[i + 1, h]) + (s2 * x[i + 2, h] + s3 * x[i + 3, h])
        i += 4
    for k in range(i, high):
        for j in range(p):
            s0 = expected[k] * x[k, j]
            slope[j] += s0
            for h in range(j + 1):
                squares[j, h] += s0 * x[k, h]
    for j in range(p):
        score[j] -= slope[j]
        for h in range(j + 1):
            information[j, h] += squares[j, h]


@kernel
def cox_derivatives(
    x: Floats,
    event: Ints,
    weight: Floats,
    offset: Floats,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    piece_run: Ints,
    task_piece: Ints,
    efron: int,
    beta: Floats,
    shift: float,
    risk: Floats,
    totals: Floats,
    hazard: Floats,
    piece_hazard: Floats,
    task_score: Floats,
    task_information: Floats,
    task_value: Floats,
) -> None:
    """All passes over all tasks, one after the other; what threads do, each for some of the tasks."""
    first_row = run_start[0]  # 0, and not a literal, which would be another type
    shifted_predictor(x, offset, first_row, x.shape[0], beta, shift, risk)
    for i in range(x.shape[0]):
        risk[i] = math.exp(risk[i])
    sums_of_pieces(x, weight, run_start, piece_run, first_row, piece_hazard.shape[0], risk, totals)
    sums_of_later_pieces(totals, piece_run, stratum_run)
    for t in range(task_value.shape[0]):
        task_value[t] = back_in_time(
            x, event, weight, run_start, run_time, enter, first, piece_run, task_piece[t], task_piece[t + 1],
            efron, risk, totals, hazard, piece_hazard, task_score[t], task_information[t],
        )  # fmt: skip
    hazard_before_pieces(piece_hazard, piece_run, stratum_run)
    for t in range(task_value.shape[0]):
        forward_in_time(
            x, run_start, run_time, enter, first, piece_run, task_piece[t], task_piece[t + 1],
            risk, hazard, piece_hazard, task_score[t], task_information[t],
        )  # fmt: skip


@kernel
def solve_positive(matrix: Floats, right: Floats, tolerance: float, solution: Floats) -> int:
    """Solve by Cholesky's method; give -1, or the first column that depends on those before it."""
    p = right.shape[0]
    factor = np.empty((p, p))
    for j in range(p):
        pivot = matrix[j, j]
        for h in range(j):
            pivot -= factor[j, h] * factor[j, h]
        if not pivot > tolerance * matrix[j, j]:
            return j
        factor[j, j] = math.sqrt(pivot)
        for i in range(j + 1, p):
            entry = matrix[i, j]
            for h in range(j):
                entry -= factor[i, h] * factor[j, h]
            factor[i, j] = entry / factor[j, j]
    for j in range(p):
        value = right[j]
        for h in range(j):
            value -= factor[j, h] * solution[h]
        solution[j] = value / factor[j, j]
    for j in range(p - 1, -1, -1):
        value = solution[j]
        for h in range(j + 1, p):
            value -= factor[h, j] * solution[h]
        solution[j] = value / factor[j, j]
    return -1
