"""The compiled pass of the Aalen-Johansen estimator over rows sorted once, each group a stratum."""

from __future__ import annotations

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints


@inner_kernel
def variance_terms(
    k: float, d: float, n: float, before: float, survived: float, aalen: int
) -> tuple[float, float, float]:
    """The coefficients a, b and c of a time with `k` events of the cause and `d` of any among `n`; see below."""
    if d == 0.0:
        return 0.0, 0.0, 0.0
    if aalen == 1:
        # counts of the cause and of all others as separate hypergeometric draws, as cmprsk does
        o = d - k
        own = before * before * k * ((n - k) / (n - 1.0) if k > 1.0 else 1.0) / (n * n)
        other = before * before * o * ((n - o) / (n - 1.0) if o > 1.0 else 1.0) / (n * n)
        if d == n:
            return 0.0, 0.0, own
        return (own + other) / (survived * survived), own / survived, own
    c = before * before * k * (n - k) / (n * n * n)
    if d == n:
        return 0.0, 0.0, c
    return d / (n * (n - d)), before * k / (n * n), c


@kernel
def aalen_johansen(
    order: Ints,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    cause: Ints,
    aalen: int,
    at_risk: Floats,
    events: Floats,
    survival: Floats,
    incidence: Floats,
    variance: Floats,
) -> None:
    """Fill numbers at risk, events, S, incidences and variances: (r,), (r, c), (r,), (r, c), (r, c).

    There are r runs and c causes.

    `cause` is 0 for censored and else 1 .. c. With g = F(t) - F(u) the variance of F(t) is a sum over earlier
    times u of a g^2 - 2 b g + c, whose coefficients do not depend on t. When F grows by f every g does, so
    the sums of a g and a g^2 are updated by adding positive terms only, and one pass suffices without
    cancellation.
    """
    causes = events.shape[1]
    delayed = enter.shape[0] > 0
    for s in range(stratum_run.shape[0] - 1):
        begin, end = run_start[stratum_run[s]], run_start[stratum_run[s + 1]]
        n = 0.0 if delayed else float(end - begin)
        e = begin
        survived = 1.0
        for run in range(stratum_run[s], stratum_run[s + 1]):
            while delayed and e < end and first[enter[e]] <= run_time[run]:
                n += 1.0
                e += 1
            d = 0.0
            for c in range(causes):
                events[run, c] = 0.0
            for i in range(run_start[run], run_start[run + 1]):
                if cause[order[i]] > 0:
                    events[run, cause[order[i]] - 1] += 1.0
                    d += 1.0
            if d > 0.0:
                survived *= (n - d) / n
            at_risk[run] = n
            survival[run] = survived
            n -= run_start[run + 1] - run_start[run]
        for c in range(causes):
            curve_of_cause(stratum_run[s], stratum_run[s + 1], c, aalen, at_risk, events, survival, incidence, variance)


@inner_kernel
def curve_of_cause(
    low: int,
    high: int,
    c: int,
    aalen: int,
    at_risk: Floats,
    events: Floats,
    survival: Floats,
    incidence: Floats,
    variance: Floats,
) -> None:
    """Fill the incidence of cause `c` and its variance over the runs `low` to `high` of a stratum; see above."""
    f, sum_a, sum_ag, sum_agg, sum_b, sum_bg, sum_c = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    before = 1.0
    for run in range(low, high):
        n, k, survived = at_risk[run], events[run, c], survival[run]
        d = 0.0
        for other in range(events.shape[1]):
            d += events[run, other]
        grown = before * k / n
        f += grown
        sum_agg += 2.0 * grown * sum_ag + grown * grown * sum_a
        sum_ag += grown * sum_a
        sum_bg += grown * sum_b
        a, b, own = variance_terms(k, d, n, before, survived, aalen)
        sum_a += a
        sum_b += b
        sum_c += own
        incidence[run, c] = f
        variance[run, c] = max(sum_agg - 2.0 * sum_bg + sum_c, 0.0)
        before = survived
