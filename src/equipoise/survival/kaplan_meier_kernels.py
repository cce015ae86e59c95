"""Compiled passes of the Kaplan-Meier estimator over rows sorted once, in a single stratum.

Plain data come as packed keys (`_packed`), rows with entry or weights by an index (`_risk_sets`).
"""

from __future__ import annotations

import numpy as np

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints, Keys


@kernel
def product_limit_of_keys(
    time: Floats,
    keys: Keys,
    tolerance: float,
    distinct: Floats,
    at_risk: Floats,
    events: Floats,
    censored: Floats,
    survival: Floats,
    std_error: Floats,
) -> None:
    """Fill the distinct times, counts, S(t) and its standard error (Greenwood); every row counts once.

    `distinct` may be `time` itself: nothing is read where something has been written.
    """
    n = time.shape[0]
    one = np.uint64(1)
    s = 1.0
    g = 0.0
    k = 0
    i = 0
    while i < n:
        d = float(keys[i] & one)
        j = i + 1
        while j < n and time[j] - time[j - 1] <= tolerance:
            d += float(keys[j] & one)
            j += 1
        y = float(n - i)
        if d > 0.0:
            s *= (y - d) / y
            g += d / (y * (y - d))
        distinct[k] = time[i]
        at_risk[k] = y
        events[k] = d
        censored[k] = float(j - i) - d
        survival[k] = s
        std_error[k] = s * np.sqrt(g)
        k += 1
        i = j


@kernel
def product_limit(
    order: Ints,
    start: Ints,
    enter: Ints,
    first: Ints,
    event: Ints,
    weight: Floats,
    at_risk: Floats,
    events: Floats,
    censored: Floats,
    survival: Floats,
    greenwood: Floats,
) -> None:
    """Fill counts, S(t) and Greenwood's sum at every distinct time."""
    m = start.shape[0] - 1
    weighted = weight.shape[0] > 0
    delayed = enter.shape[0] > 0
    # From the last time to the first, so that without delayed entry sums of weights only ever grow.
    total = 0.0
    count = 0
    late = enter.shape[0] - 1
    for k in range(m - 1, -1, -1):
        d = 0.0
        c = 0.0
        for i in range(start[k], start[k + 1]):
            row = order[i]
            w = weight[row] if weighted else 1.0
            if event[row] == 1:
                d += w
            else:
                c += w
        total += d + c
        count += start[k + 1] - start[k]
        if delayed:
            while late >= 0 and first[enter[late]] > k:
                total -= weight[order[enter[late]]] if weighted else 1.0
                count -= 1
                late -= 1
            if count == start[k + 1] - start[k]:
                total = d + c  # all at risk leave now: no rounding dust of those not yet under observation
        at_risk[k] = total
        events[k] = d
        censored[k] = c
    s = 1.0
    g = 0.0
    for k in range(m):
        d = events[k]
        if d > 0.0:
            n = at_risk[k]
            s *= (n - d) / n
            g += d / (n * (n - d))
        survival[k] = s
        greenwood[k] = g


@kernel
def robust_variance(
    order: Ints,
    start: Ints,
    enter: Ints,
    first: Ints,
    event: Ints,
    weight: Floats,
    at_risk: Floats,
    events: Floats,
    before: Floats,
    squared: Floats,
) -> None:
    """Fill the infinitesimal jackknife variance of log S(t): the sum over rows of (w dlogS(t)/dw)^2.

    The derivative for a row is C(min(t, time)) - C(before entry), less 1/(n - d) once its event is past,
    where C is the running sum of d/(n (n - d)). Rows at risk share C(t), so their squares are kept as three
    sums and one pass suffices. `before` is room for one number a row with delayed entry, else empty.
    """
    m = start.shape[0] - 1
    weighted = weight.shape[0] > 0
    delayed = enter.shape[0] > 0
    c = 0.0
    gone = 0.0  # sum of squares of rows that have left
    w0, w1, w2 = 0.0, 0.0, 0.0  # over rows at risk: sums of w^2, w^2 C(entry), w^2 C(entry)^2
    if not delayed:
        for i in range(order.shape[0]):
            w = weight[order[i]] if weighted else 1.0
            w0 += w * w
    e = 0
    for k in range(m):
        while delayed and e < enter.shape[0] and first[enter[e]] <= k:
            w = weight[order[enter[e]]] if weighted else 1.0
            before[enter[e]] = c
            w0 += w * w
            w1 += w * w * c
            w2 += w * w * c * c
            e += 1
        d = events[k]
        if d > 0.0:
            c += d / (at_risk[k] * (at_risk[k] - d))
        for i in range(start[k], start[k + 1]):
            row = order[i]
            w = weight[row] if weighted else 1.0
            b = before[i] if delayed else 0.0
            own = c - b
            if event[row] == 1 and d > 0.0:
                own -= 1.0 / (at_risk[k] - d)
            gone += w * w * own * own
            w0 -= w * w
            w1 -= w * w * b
            w2 -= w * w * b * b
        squared[k] = gone + max(c * c * w0 - 2.0 * c * w1 + w2, 0.0)
