"""Compiled passes of the Fine-Gray model, over rows in the order of `_risk_sets`.

`kind` is 0 for a censored row, 1 for an event of the cause of interest and 2 for a competing one. A row with a
competing event at s stays at risk at later t with weight O(t-)/O(s-), where O = G H is the chance of being under
observation: G the Kaplan-Meier estimate of not being censored and H, with delayed entry, that of having entered, by
censoring group. Weights being ratios, sums over those who stay are a prefix sum of risk / O(s-) times O(t-), and each
row's share in the cumulative hazard is its r times H(s) + (K(end) - K(s)) / O(s-), K being the integral of O dH: every
pass is linear in the number of rows.

Baseline hazards and sums over those at risk are of strata, O is of censoring groups at all times. `risk` holds the case
weights. Integrals ahead of a run have one place more a stratum, at its end: run `r` of stratum `s` is at `r + s`.
"""

from __future__ import annotations

import math

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints


@kernel
def count_by_group(
    kind: Ints,
    group: Ints,
    weight: Floats,
    run_start: Ints,
    run_time: Ints,
    first: Ints,
    at_risk: Floats,
    censored: Floats,
    entered: Floats,
    rows: Ints,
) -> None:
    """Add by group and time (g, m) the weight at risk, censored and entered, and the numbers of rows (3, g, m).

    Those numbers, which no rounding blurs, are of rows at risk, of rows that entered, and of competing events.
    """
    groups, m = at_risk.shape
    for run in range(run_time.shape[0]):
        k = run_time[run]
        for i in range(run_start[run], run_start[run + 1]):
            g, start = group[i], first[i] if first.shape[0] > 0 else 0
            w = weight[i] if weight.shape[0] > 0 else 1.0
            at_risk[g, k] += w
            rows[0, g, k] += 1
            if start > 0:
                at_risk[g, start - 1] -= w
                rows[0, g, start - 1] -= 1
            entered[g, start] += w
            rows[1, g, start] += 1
            if kind[i] == 0:
                censored[g, k] += w
            elif kind[i] == 2:
                rows[2, g, k] += 1
    for g in range(groups):
        for k in range(m - 2, -1, -1):
            at_risk[g, k] += at_risk[g, k + 1]
            rows[0, g, k] += rows[0, g, k + 1]


@kernel
def chance_observed(at_risk: Floats, censored: Floats, entered: Floats, rows: Ints, observed: Floats) -> int:
    """Fill by group and time (g, m) O just before the time, up to a factor of the group; a time without one, or -1.

    There is none where nobody of a group is left under observation and others enter later, since what is known of those
    before says nothing of those after; it is wanted where the group had a competing event before.
    """
    groups, m = at_risk.shape
    for g in range(groups):
        value = 1.0
        started, competed = False, False
        for k in range(m):
            if rows[0, g, k] == 0:  # outside the follow-up of the group, whose weight ends there
                observed[g, k] = 0.0
                continue
            if rows[0, g, k] == rows[1, g, k]:
                if started and competed:
                    return k
                value = 1.0
            elif rows[1, g, k] > 0:
                value /= 1.0 - entered[g, k] / at_risk[g, k]
            started = True
            observed[g, k] = value
            if censored[g, k] > 0.0:
                value *= 1.0 - censored[g, k] / at_risk[g, k]
            competed = competed or rows[2, g, k] > 0
    return -1


@inner_kernel
def add_competing(
    x: Floats, kind: Ints, group: Ints, low: int, high: int, k: int, observed: Floats, risk: Floats, stayed: Floats
) -> None:
    """Add to `stayed` (g, p + 1) risk / O times x and 1 of the competing events among rows `low` to `high`, time k."""
    p = x.shape[1]
    for i in range(low, high):
        if kind[i] == 2:
            share = risk[i] / observed[group[i], k]
            stayed[group[i], p] += share
            for j in range(p):
                stayed[group[i], j] += share * x[i, j]


@kernel
def sums_under_observation(
    x: Floats, run_start: Ints, run_time: Ints, stratum_run: Ints, enter: Ints, first: Ints, risk: Floats, sums: Floats
) -> None:
    """Fill by run (r + 1, p + 1) the sums of risk times x and 1 over those of the stratum who are under observation.

    The last place is room to work in.
    """
    p = x.shape[1]
    last = sums.shape[0] - 1
    for s in range(stratum_run.shape[0] - 1):
        begin = run_start[stratum_run[s]]
        late = run_start[stratum_run[s + 1]] - 1 if enter.shape[0] > 0 else begin - 1
        for j in range(p + 1):
            sums[last, j] = 0.0
        for run in range(stratum_run[s + 1] - 1, stratum_run[s] - 1, -1):
            while late >= begin and first[enter[late]] > run_time[run]:
                i = enter[late]
                sums[last, p] -= risk[i]
                for j in range(p):
                    sums[last, j] -= risk[i] * x[i, j]
                late -= 1
            if enter.shape[0] > 0 and late + 1 == run_start[run + 1]:
                for j in range(p + 1):
                    sums[last, j] = 0.0  # as many have left as have joined: only rounding dust remains
            for i in range(run_start[run], run_start[run + 1]):
                sums[last, p] += risk[i]
                for j in range(p):
                    sums[last, j] += risk[i] * x[i, j]
            for j in range(p + 1):
                sums[run, j] = sums[last, j]


@kernel
def subdistribution_hazard(
    x: Floats,
    kind: Ints,
    group: Ints,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    deaths: Floats,
    observed: Floats,
    risk: Floats,
    sums: Floats,
    stayed: Floats,
    means: Floats,
    hazard: Floats,
) -> float:
    """Fill by run the mean covariate of those at risk (r, p) and the step of H (r,); give -sum of log risk sums.

    Those who stay after a competing event are added to `sums`. At times without an event of interest the step is 0 and
    the mean is not filled. `stayed` (g, p + 1) is room to work in.
    """
    p = x.shape[1]
    groups = observed.shape[0]
    log_likelihood = 0.0
    for s in range(stratum_run.shape[0] - 1):
        for g in range(groups):
            for j in range(p + 1):
                stayed[g, j] = 0.0
        for run in range(stratum_run[s], stratum_run[s + 1]):
            k = run_time[run]
            hazard[run] = 0.0
            if deaths[run] > 0.0:
                for g in range(groups):
                    for j in range(p + 1):
                        sums[run, j] += observed[g, k] * stayed[g, j]
                hazard[run] = deaths[run] / sums[run, p]
                log_likelihood -= deaths[run] * math.log(sums[run, p])
                for j in range(p):
                    means[run, j] = sums[run, j] / sums[run, p]
            add_competing(x, kind, group, run_start[run], run_start[run + 1], k, observed, risk, stayed)
    return log_likelihood


@kernel
def expected_events(
    kind: Ints,
    group: Ints,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    observed: Floats,
    risk: Floats,
    hazard: Floats,
    still: Floats,
    expected: Floats,
) -> None:
    """Fill each row's r times H over its time at risk, with the weight at which it stays.

    `still` (g,) is room to work in, for the integral of O dH over later times.
    """
    groups = observed.shape[0]
    for s in range(stratum_run.shape[0] - 1):
        for g in range(groups):
            still[g] = 0.0
        for run in range(stratum_run[s + 1] - 1, stratum_run[s] - 1, -1):
            k = run_time[run]
            for i in range(run_start[run], run_start[run + 1]):
                expected[i] = risk[i] * still[group[i]] / observed[group[i], k] if kind[i] == 2 else 0.0
            for g in range(groups):
                still[g] += observed[g, k] * hazard[run]
        reached = 0.0
        early, end = run_start[stratum_run[s]], run_start[stratum_run[s + 1]]
        for run in range(stratum_run[s], stratum_run[s + 1]):
            while enter.shape[0] > 0 and early < end and first[enter[early]] <= run_time[run]:
                expected[enter[early]] -= risk[enter[early]] * reached
                early += 1
            reached += hazard[run]
            for i in range(run_start[run], run_start[run + 1]):
                expected[i] += risk[i] * reached


@kernel
def events_squares(deaths: Floats, means: Floats, information: Floats) -> None:
    """Subtract m m' of each event of interest from the lower half of the information."""
    p = means.shape[1]
    for run in range(means.shape[0]):
        if deaths[run] > 0.0:
            for j in range(p):
                for h in range(j + 1):
                    information[j, h] -= deaths[run] * means[run, j] * means[run, h]


@kernel
def integrals_ahead(
    run_time: Ints, stratum_run: Ints, observed: Floats, means: Floats, hazard: Floats, ahead: Floats
) -> None:
    """Fill by group and run (g, r + s, p + 1) the integrals of O m dH and, last, O dH, from the run's time on."""
    p = means.shape[1]
    for g in range(observed.shape[0]):
        for s in range(stratum_run.shape[0] - 1):
            for j in range(p + 1):
                ahead[g, stratum_run[s + 1] + s, j] = 0.0
            for run in range(stratum_run[s + 1] - 1, stratum_run[s] - 1, -1):
                step = observed[g, run_time[run]] * hazard[run]
                place = run + s
                ahead[g, place, p] = ahead[g, place + 1, p] + step
                for j in range(p):
                    ahead[g, place, j] = ahead[g, place + 1, j] + (step * means[run, j] if step > 0.0 else 0.0)


@kernel
def event_residuals(
    x: Floats,
    kind: Ints,
    group: Ints,
    weight: Floats,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    observed: Floats,
    risk: Floats,
    means: Floats,
    hazard: Floats,
    expected: Floats,
    ahead: Floats,
    reached: Floats,
    residual: Floats,
) -> None:
    """Add each row's share in the score (n, p) at known O: eta of Fine and Gray 1999, section 4.

    `reached` (p,) is room to work in.
    """
    p = x.shape[1]
    for s in range(stratum_run.shape[0] - 1):
        for j in range(p):
            reached[j] = 0.0
        early, end = run_start[stratum_run[s]], run_start[stratum_run[s + 1]]
        for run in range(stratum_run[s], stratum_run[s + 1]):
            while enter.shape[0] > 0 and early < end and first[enter[early]] <= run_time[run]:
                for j in range(p):
                    residual[enter[early], j] = -risk[enter[early]] * reached[j]
                early += 1
            if hazard[run] > 0.0:
                for j in range(p):
                    reached[j] += hazard[run] * means[run, j]
            for i in range(run_start[run], run_start[run + 1]):
                for j in range(p):
                    value = risk[i] * reached[j] - expected[i] * x[i, j]
                    if kind[i] == 1:
                        value += (weight[i] if weight.shape[0] > 0 else 1.0) * (x[i, j] - means[run, j])
                    elif kind[i] == 2:
                        value += risk[i] / observed[group[i], run_time[run]] * ahead[group[i], run + s + 1, j]
                    residual[i, j] += value


@kernel
def weight_effects(
    x: Floats,
    kind: Ints,
    group: Ints,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    observed: Floats,
    risk: Floats,
    ahead: Floats,
    stayed: Floats,
    before: Floats,
    effect: Floats,
) -> None:
    """Add by group and time (g, m + 1, p) what the score gains where the weights fall by a small share at that time.

    This is q of Fine and Gray 1999. As in cmprsk it counts those whose competing event was before the time, and events
    at the time and after. Between two runs of a stratum it does not change, so changes are summed over strata.
    Room to work in: `stayed` (g, p + 1), `before` (g, p).
    """
    p = x.shape[1]
    groups = observed.shape[0]
    for s in range(stratum_run.shape[0] - 1):
        for g in range(groups):
            stayed[g, p] = 0.0
            for j in range(p):
                stayed[g, j] = before[g, j] = 0.0
        since = 0
        for run in range(stratum_run[s], stratum_run[s + 1]):
            for g in range(groups):
                for j in range(p):
                    now = stayed[g, j] * ahead[g, run + s, p] - stayed[g, p] * ahead[g, run + s, j]
                    effect[g, since, j] += now - before[g, j]
                    before[g, j] = now
            k = run_time[run]
            add_competing(x, kind, group, run_start[run], run_start[run + 1], k, observed, risk, stayed)
            since = k + 1
        for g in range(groups):
            for j in range(p):
                effect[g, since, j] -= before[g, j]
    for g in range(groups):
        for k in range(1, effect.shape[1]):
            for j in range(p):
                effect[g, k, j] += effect[g, k - 1, j]


@kernel
def censoring_residuals(
    kind: Ints,
    group: Ints,
    weight: Floats,
    run_start: Ints,
    run_time: Ints,
    first: Ints,
    at_risk: Floats,
    censored: Floats,
    entered: Floats,
    effect: Floats,
    passed: Floats,
    residual: Floats,
) -> None:
    """Add what comes of estimating O: psi of Fine and Gray 1999, and its mirror image for entries.

    Both are integrals of `effect` over the number at risk: of the martingale of censoring, less that of entries, which
    in reversed time is one. `effect` is overwritten; `passed` (g, m + 1, p) is room to work in and comes as 0.
    """
    groups, m = at_risk.shape
    p = residual.shape[1]
    for g in range(groups):
        for k in range(m):
            share = 1.0 / at_risk[g, k] if at_risk[g, k] > 0.0 else 0.0
            rate = ((entered[g, k] if first.shape[0] > 0 else 0.0) - censored[g, k]) * share
            for j in range(p):
                effect[g, k, j] *= share
                passed[g, k + 1, j] = passed[g, k, j] + effect[g, k, j] * rate
    for run in range(run_time.shape[0]):
        k = run_time[run]
        for i in range(run_start[run], run_start[run + 1]):
            g, w = group[i], weight[i] if weight.shape[0] > 0 else 1.0
            for j in range(p):
                value = passed[g, k + 1, j] + (effect[g, k, j] if kind[i] == 0 else 0.0)
                if first.shape[0] > 0:
                    value -= passed[g, first[i], j] + effect[g, first[i], j]
                residual[i, j] += w * value
