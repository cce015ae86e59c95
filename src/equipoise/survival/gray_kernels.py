"""The compiled pass of Gray's test over rows sorted once, by stratum (`_risk_sets`).

In Gray's terms: h = Y/S(t-) of a group, F0 the incidence under the null hypothesis, A (`WEIGHT`) that of each group's
incidence in each score, C (`RUNNING`) the integral of A/(1 - F0). Each score is an integral, over the events of each
group, of A + b (C(end) - C(t)), with b = 1 - (1 - F0)/S for the cause and -(1 - F0)/S, without A, for others. C(end) is
known last, so the coefficients of 1, C(end) and its square are summed.
"""

from __future__ import annotations

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints

# Rows of what is kept by group, `of` (8, g).
EVENTS, OTHERS, LEFT = 0, 1, 2  # of a run: events of the cause, of others, all rows
AT_RISK, SURVIVAL, INCIDENCE = 3, 4, 5
H = 6
SQUARE = 7  # coefficient of the square of C(end)
# Matrices of what is kept by two groups, `by` (3, g, g); the coefficients of 1, `constant`, are (g, g, g).
WEIGHT, RUNNING, LINEAR = 0, 1, 2


@inner_kernel
def count_run(order: Ints, begin: int, end: int, cause: Ints, group: Ints, of: Floats) -> float:
    """Fill events of the cause, of others, and all rows of a run; give the number of events."""
    for j in range(of.shape[1]):
        of[EVENTS, j] = of[OTHERS, j] = of[LEFT, j] = 0.0
    events = 0.0
    for i in range(begin, end):
        row = order[i]
        of[LEFT, group[row]] += 1.0
        if cause[row] > 0:
            of[cause[row] - 1, group[row]] += 1.0
            events += 1.0
    return events


@inner_kernel
def add_terms(r: int, own: float, b: float, variance: float, of: Floats, by: Floats, constant: Floats) -> None:
    """Add the variance that events in group `r` bring, by powers of C(end)."""
    g = of.shape[1]
    of[SQUARE, r] += variance * b * b
    for j in range(g):
        first = own * by[WEIGHT, j, r] - b * by[RUNNING, j, r]
        by[LINEAR, r, j] += variance * b * first
        for k in range(g):
            constant[r, j, k] += variance * first * (own * by[WEIGHT, k, r] - b * by[RUNNING, k, r])


@inner_kernel
def add_time(rho: float, f0: float, of: Floats, by: Floats, score: Floats) -> float:
    """Add one time's scores and integrals; give the incidence under the null hypothesis after it.

    A group that is left alone adds nothing. The incidence under the null hypothesis, of groups still at risk, may
    come to 1 or beyond before they have left: then there is no A/(1 - F0) to integrate.
    """
    g = of.shape[1]
    d, at_risk, all_h, live = 0.0, 0.0, 0.0, 0
    for j in range(g):
        d += of[EVENTS, j]
        h = 0.0
        if of[AT_RISK, j] > 0.0:
            h = of[AT_RISK, j] / of[SURVIVAL, j]
            live += 1
        of[H, j] = h
        at_risk += h * (1.0 - of[INCIDENCE, j])
        all_h += h
    left = max(1.0 - f0, 0.0)
    w = 0.0
    if live > 1:
        w = left**rho if rho != 0.0 else 1.0
    grown = d / (all_h * left) if left > 1e-12 else 0.0
    for j in range(g):
        h = of[H, j]
        if d > 0.0:
            score[j] += w * (of[EVENTS, j] - d * h * (1.0 - of[INCIDENCE, j]) / at_risk)
        for k in range(g):
            by[WEIGHT, j, k] = w * ((h if j == k else 0.0) - h * of[H, k] / all_h)
            by[RUNNING, j, k] += by[WEIGHT, j, k] * grown
    return f0 + d / all_h


@inner_kernel
def tied(d: float, n: float) -> float:
    """The hypergeometric share of the variance that is left with `d` tied events among `n`."""
    return 1.0 - (d - 1.0) / (n - 1.0) if d > 1.0 else 1.0


@inner_kernel
def add_variance(after: float, of: Floats, by: Floats, constant: Floats) -> None:
    """Add one time's variance, `after` it the incidence under the null hypothesis; bring the groups past the time."""
    g = of.shape[1]
    d, all_h = 0.0, 0.0
    for j in range(g):
        d += of[EVENTS, j]
        all_h += of[H, j]
    for r in range(g):
        y, before, other = of[AT_RISK, r], of[SURVIVAL, r], of[OTHERS, r]
        if y == 0.0:
            continue
        survived = before * (y - of[EVENTS, r] - other) / y
        of[INCIDENCE, r] += before * of[EVENTS, r] / y
        of[SURVIVAL, r] = survived
        for own in range(2):
            spread, b = 0.0, 1.0
            if survived > 0.0:
                b = own - (1.0 - after) / survived
            if own == 1 and d > 0.0:
                spread = tied(d, all_h * before) * before * d / (all_h * y)
            elif own == 0 and other > 0.0 and survived > 0.0:
                spread = tied(other, y) * before * before * other / (y * y)
            if spread != 0.0:
                add_terms(r, float(own), b, spread, of, by, constant)


@inner_kernel
def begin_stratum(of: Floats, by: Floats, constant: Floats) -> None:
    """Set all to what it is before the first time; those at risk are the rows last counted."""
    g = of.shape[1]
    for j in range(g):
        of[AT_RISK, j], of[SURVIVAL, j], of[INCIDENCE, j], of[SQUARE, j] = of[LEFT, j], 1.0, 0.0, 0.0
        for k in range(g):
            by[RUNNING, j, k] = by[LINEAR, j, k] = 0.0
            for r in range(g):
                constant[r, j, k] = 0.0


@kernel
def gray_sums(
    order: Ints,
    run_start: Ints,
    stratum_run: Ints,
    cause: Ints,
    group: Ints,
    rho: float,
    of: Floats,
    by: Floats,
    constant: Floats,
    score: Floats,
    total: Floats,
) -> None:
    """Add up the scores, (g,), and their covariance, (g, g), over event times and strata.

    `cause` is 0 for censored, 1 for the cause tested, 2 for any other; `of`, `by` and `constant` are room to work in.
    """
    g = score.shape[0]
    for s in range(stratum_run.shape[0] - 1):
        low, high = stratum_run[s], stratum_run[s + 1]
        count_run(order, run_start[low], run_start[high], cause, group, of)
        begin_stratum(of, by, constant)
        f0 = 0.0
        for run in range(low, high):
            if count_run(order, run_start[run], run_start[run + 1], cause, group, of) > 0.0:
                f0 = add_time(rho, f0, of, by, score)
                add_variance(f0, of, by, constant)
            for j in range(g):
                of[AT_RISK, j] -= of[LEFT, j]
        for r in range(g):
            for j in range(g):
                for k in range(g):
                    c_j, c_k = by[RUNNING, j, r], by[RUNNING, k, r]
                    total[j, k] += constant[r, j, k] + of[SQUARE, r] * c_j * c_k
                    total[j, k] += by[LINEAR, r, j] * c_k + c_j * by[LINEAR, r, k]
