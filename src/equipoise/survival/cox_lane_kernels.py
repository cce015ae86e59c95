"""Compiled passes over the rows of a Cox model, which lie as `cox_lanes` says.

Covariates are centred and scaled by the caller. With r the relative risk of a row, H the cumulative baseline hazard and
m the mean covariate of those at risk, the score is the sum over rows of x (event - r H), and the information is the sum
over rows of r H x x' less the sum over events of m m'. So second moments are never carried from time to time: a walk
back in time gives the sums over risk sets and the steps of H, one forward gives H, one more back gives the rest.

The passes follow one another as they stand here: `risks_of_tasks`, `sums_of_later_lanes`, `hazards_of_tasks`,
`hazard_before_lanes`, `derivatives_of_tasks`. Three treat tasks one by one; their arguments are those of `Lanes`,
`Work` and `Room`, and each takes the arrays that it needs, since every array that a kernel is given costs time.
"""

from __future__ import annotations

import math

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.cox_risk_kernels import LANES, MEAN, OWN, exponentials, predictor, sums_of_lanes

FACTORS = 8
"""Sums of risks multiplied before a logarithm is taken of them."""
SMALL, LARGE = 1e-290, 1e290
"""What such a product must lie between."""
STEP, LANE, RUN = range(3)
"""Columns of the places where a walk stops."""
ENDS, STARTS, STOPS = range(3)
"""Kinds of them."""
ROW, NUMBER = range(2)
"""Columns of what is known of tied events."""
TOTAL, BACK = range(2)
"""Columns of what is found of them."""


@inner_kernel
def tied_risk(tied: Ints, run: int, risk: Floats) -> float:
    """The sum of the risks of a run's tied events."""
    steps = risk.shape[1]
    total = 0.0
    for row in range(tied[run, ROW], tied[run, ROW] + tied[run, NUMBER]):
        lane = row // steps
        total += risk[lane // LANES, row % steps, lane % LANES]
    return total


@kernel
def risks_of_tasks(
    low: int,
    high: int,
    n: int,
    beta: Floats,
    shift: float,
    x: Floats,
    offset: Floats,
    weight: Floats,
    last: Ints,
    rows: Floats,
    bits: Ints,
    risk: Floats,
    totals: Floats,
) -> None:
    """Fill the risks of tasks `low` to `high` at `beta`, and their sums over lanes; there are `n` rows of data."""
    for t in range(low, high):
        predictor(x, offset, t, beta, shift, risk)
        exponentials(risk, t, rows, bits)
        sums_of_lanes(x, weight, last, t, n, risk, totals, rows)


@kernel
def sums_of_later_lanes(steps: int, last: Ints, totals: Floats) -> None:
    """Replace each lane's sums by those of the lanes after it, as far as the stratum goes."""
    for c in range(totals.shape[1]):
        later = 0.0
        for t in range(totals.shape[0] - 1, -1, -1):
            for i in range(LANES - 1, -1, -1):
                own = totals[t, c, i]
                totals[t, c, i] = later
                later = own + later if last[t, i] == steps else own


@inner_kernel
def logarithms(product: Floats, alone: Floats, step: Floats, t: int, low: int) -> float:
    """The logarithms of the products, which become 1; where one is out of range those of its factors."""
    value = 0.0
    for i in range(LANES):
        if SMALL < product[OWN, i] < LARGE:
            value += math.log(product[OWN, i])
        else:
            for k in range(low, min(low + FACTORS, step.shape[1])):
                if alone[t, k, i] == 1.0:
                    value -= math.log(step[t, k, i])
        product[OWN, i] = 1.0
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
def efron_steps(
    tied: Ints, tied_weight: Floats, run: int, total: float, risk: Floats, found: Floats
) -> tuple[float, float]:
    """Efron's steps at a run of d tied events, of which step k counts 1 - k/d; give log likelihood and step of H."""
    own, deaths, weight = tied_risk(tied, run, risk), tied[run, NUMBER], tied_weight[run]
    value, hazard, back = 0.0, 0.0, 0.0
    for step in range(deaths):
        part = step / deaths
        left = total - part * own
        value -= weight * math.log(left)
        hazard += weight / left
        back += part * weight / left
    found[run, TOTAL] = total
    found[run, BACK] = back
    return value, hazard


@kernel
def hazards_of_tasks(  # noqa: PLR0912 - a call in a loop over lanes would cost half of its time again
    low: int,
    high: int,
    plain: int,
    alone: Floats,
    begin: Ints,
    ends: Ints,
    stops: Ints,
    firsts: Ints,
    tied: Ints,
    tied_weight: Floats,
    rows: Floats,
    risk: Floats,
    step: Floats,
    root: Floats,
    totals: Floats,
    grown: Floats,
    found: Floats,
    values: Floats,
) -> None:
    """Walk back in time for the sums of risks and the steps of H; fill minus the logarithms of the sums."""
    several = tied.shape[0] > 0
    steps, p = risk.shape[1], totals.shape[1] - 1
    for t in range(low, high):
        for i in range(LANES):
            rows[OWN, i] = 1.0
            grown[t, i] = 0.0
        value = 0.0
        end, last_end = firsts[ENDS, t], firsts[ENDS, t + 1]
        stop, last_stop = firsts[STOPS, t], firsts[STOPS, t + 1]
        for k in range(steps - 1, -1, -1):
            while end < last_end and ends[end, STEP] == k:
                totals[t, p, ends[end, LANE]] = 0.0
                end += 1
            for i in range(LANES):
                totals[t, p, i] += risk[t, k, i]
            for i in range(LANES):
                now, weight = totals[t, p, i], alone[t, k, i]
                step[t, k, i] = weight / (now if weight > 0.0 else 1.0)
            if several:
                for i in range(LANES):
                    root[t, k, i] = step[t, k, i]
            for i in range(LANES):
                now, weight = totals[t, p, i], alone[t, k, i]
                rows[OWN, i] *= now if weight == 1.0 else 1.0
            while stop < last_stop and stops[stop, STEP] == k:
                i, run = stops[stop, LANE], stops[stop, RUN]
                gain, hazard = efron_steps(tied, tied_weight, run, totals[t, p, i], risk, found)
                value += gain
                step[t, k, i] += hazard
                stop += 1
            for i in range(LANES):
                growth = step[t, k, i]
                grown[t, i] += growth if k >= begin[t, i] else 0.0
            if k % FACTORS == 0:
                value -= logarithms(rows, alone, step, t, k)
        if plain == 0:
            value += weighted_events(alone, step, root, t)
        values[t] = value


@kernel
def hazard_before_lanes(begin: Ints, grown: Floats) -> None:
    """Replace each lane's increase of H by the H that its stratum has reached before it."""
    reached = 0.0
    for t in range(grown.shape[0]):
        for i in range(LANES):
            own = grown[t, i]
            grown[t, i] = reached
            reached = own + reached if begin[t, i] < 0 else own


@inner_kernel
def expected_of_task(
    t: int,
    starts: Ints,
    firsts: Ints,
    tied: Ints,
    task_tied: Ints,
    risk: Floats,
    step: Floats,
    h: Floats,
    found: Floats,
    expected: Floats,
) -> None:
    """Walk forward in time: what is expected of each row is its risk times H."""
    steps = risk.shape[1]
    start, last_start = firsts[STARTS, t], firsts[STARTS, t + 1]
    for k in range(steps):
        while start < last_start and starts[start, STEP] == k:
            h[t, starts[start, LANE]] = 0.0
            start += 1
        for i in range(LANES):
            h[t, i] += step[t, k, i]
        for i in range(LANES):
            expected[t, k, i] = risk[t, k, i] * h[t, i]
    low, high = t * LANES * steps, (t + 1) * LANES * steps
    for run in range(task_tied[t, 0], task_tied[t, 1]):
        begin, end = tied[run, ROW], tied[run, ROW] + tied[run, NUMBER]
        for row in range(max(low, begin), min(high, end)):  # tied events are not wholly at risk
            lane = row // steps - t * LANES
            expected[t, row % steps, lane] -= found[run, BACK] * risk[t, row % steps, lane]


@inner_kernel
def gather_lanes(rows: Floats, t: int, score: Floats, information: Floats) -> None:
    """Fill the score of the task with the sums over lanes, and its information, which holds what to subtract."""
    p = score.shape[1]
    for j in range(p):
        total = 0.0
        for i in range(LANES):
            total += rows[MEAN + p + j, i]
        score[t, j] = -total
        for h in range(j + 1):
            at = MEAN + 2 * p + j * p + h
            total = 0.0
            for i in range(LANES):
                total += rows[at, i]
            information[t, j, h] = total - information[t, j, h]
            information[t, h, j] = information[t, j, h]


@inner_kernel
def subtract_tied(
    run: int,
    task: int,
    lane: int,
    x: Floats,
    tied: Ints,
    tied_weight: Floats,
    risk: Floats,
    totals: Floats,
    found: Floats,
    room: Floats,
    squares: Floats,
) -> None:
    """Add m m' of each of Efron's steps at a run of tied events to what is to be subtracted from the information.

    The run stands in `lane` of `task`, though some of its events may stand elsewhere; `room` is (2, p).
    """
    steps, p = x.shape[1], x.shape[2]
    e1, mean, e0 = 0, 1, tied_risk(tied, run, risk)
    first, deaths, weight = tied[run, ROW], tied[run, NUMBER], tied_weight[run]
    for j in range(p):
        room[e1, j] = 0.0
    for row in range(first, first + deaths):
        t, i, k = row // steps // LANES, row // steps % LANES, row % steps
        for j in range(p):
            room[e1, j] += risk[t, k, i] * x[t, k, j, i]
    for step in range(deaths):
        part = step / deaths
        for j in range(p):
            room[mean, j] = (totals[task, j, lane] - part * room[e1, j]) / (found[run, TOTAL] - part * e0)
            for h in range(j + 1):
                squares[task, j, h] += weight * room[mean, j] * room[mean, h]


@kernel
def expected_of_tasks(
    low: int,
    high: int,
    starts: Ints,
    firsts: Ints,
    tied: Ints,
    task_tied: Ints,
    risk: Floats,
    step: Floats,
    grown: Floats,
    found: Floats,
    expected: Floats,
) -> None:
    """Walk tasks forward in time for what is expected of each row, where that is wanted before the derivatives."""
    for t in range(low, high):
        expected_of_task(t, starts, firsts, tied, task_tied, risk, step, grown, found, expected)


@kernel
def derivatives_of_tasks(  # noqa: PLR0912 - as above
    low: int,
    high: int,
    ready: int,
    x: Floats,
    ends: Ints,
    starts: Ints,
    stops: Ints,
    firsts: Ints,
    tied: Ints,
    tied_weight: Floats,
    task_tied: Ints,
    rows: Floats,
    tied_rows: Floats,
    risk: Floats,
    step: Floats,
    root: Floats,
    expected: Floats,
    totals: Floats,
    grown: Floats,
    found: Floats,
    scores: Floats,
    information: Floats,
) -> None:
    """Walk forward in time for H, unless that is `ready`, and back with the sums of risk x: scores and information."""
    steps, p = x.shape[1], x.shape[2]
    score = MEAN + p
    squares = score + p
    for t in range(low, high):
        if ready == 0:
            expected_of_task(t, starts, firsts, tied, task_tied, risk, step, grown, found, expected)
        for j in range(score, rows.shape[0]):
            for i in range(LANES):
                rows[j, i] = 0.0
        for j in range(p):
            for h in range(p):
                information[t, j, h] = 0.0
        end, last_end = firsts[ENDS, t], firsts[ENDS, t + 1]
        stop, last_stop = firsts[STOPS, t], firsts[STOPS, t + 1]
        for k in range(steps - 1, -1, -1):
            while end < last_end and ends[end, STEP] == k:
                for j in range(p):
                    totals[t, j, ends[end, LANE]] = 0.0
                end += 1
            for j in range(p):
                for i in range(LANES):
                    totals[t, j, i] += risk[t, k, i] * x[t, k, j, i]
                for i in range(LANES):
                    rows[MEAN + j, i] = root[t, k, i] * totals[t, j, i]
                for i in range(LANES):
                    rows[OWN, i] = expected[t, k, i] * x[t, k, j, i]
                for i in range(LANES):
                    rows[score + j, i] += rows[OWN, i]
                for h in range(j + 1):
                    at = squares + j * p + h
                    for i in range(LANES):
                        rows[at, i] += rows[OWN, i] * x[t, k, h, i] - rows[MEAN + j, i] * rows[MEAN + h, i]
            while stop < last_stop and stops[stop, STEP] == k:
                lane, run = stops[stop, LANE], stops[stop, RUN]
                subtract_tied(run, t, lane, x, tied, tied_weight, risk, totals, found, tied_rows, information)
                stop += 1
        gather_lanes(rows, t, scores, information)
