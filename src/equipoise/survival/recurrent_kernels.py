"""The compiled pass of the mean number of recurrent events with death, over rows sorted once."""

from __future__ import annotations

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints


@inner_kernel
def count_events(order: Ints, event: Ints, low: int, high: int) -> tuple[float, float]:
    """Recurrent events and deaths among positions `low` to `high`."""
    recurred = 0.0
    died = 0.0
    for i in range(low, high):
        if event[order[i]] == 1:
            recurred += 1.0
        elif event[order[i]] == 2:
            died += 1.0
    return recurred, died


@kernel
def mean_number(
    order: Ints,
    start: Ints,
    participant: Ints,
    event: Ints,
    own: Floats,
    at_risk: Floats,
    events: Floats,
    deaths: Floats,
    survival: Floats,
    mean: Floats,
    variance: Floats,
) -> None:
    """Fill, at every distinct time, the numbers at risk, events, deaths, S(t), mu(t) and its variance.

    `event` is 1 for a recurrent event, 0 for the end of follow-up and 2 for death; each of the n participants
    ends once. `own`, (n,), is room to work in and comes as 0.

    The influence of participant i on mu(t) is the integral to t of S(u-)/Y(u) dM_i(u), less that of (mu(t) -
    mu(u))/Y(u) dMD_i(u), with M and MD the residuals of events and of death. It is linear in mu(t), so sums
    over those who have left (constant + slope * mu(t)) and those at risk (own events less a common part) give
    the sum of squares in one pass.
    """
    common_event, common_slope, common_constant = 0.0, 0.0, 0.0
    own_sum, own_squares = 0.0, 0.0  # over participants at risk
    gone_cc, gone_cs, gone_ss = 0.0, 0.0, 0.0  # over those who have left
    alive = 1.0
    mu = 0.0
    y = float(own.shape[0])
    for k in range(start.shape[0] - 1):
        recurred, died = count_events(order, event, start[k], start[k + 1])
        size = alive / y
        mu += size * recurred
        common_event += size * recurred / y
        common_slope += died / (y * y)
        common_constant += mu * died / (y * y)
        for i in range(start[k], start[k + 1]):
            row = order[i]
            if event[row] == 1:
                before = own[participant[row]]
                own[participant[row]] = before + size
                own_sum += size
                own_squares += size * (2.0 * before + size)
        left = 0.0
        for i in range(start[k], start[k + 1]):
            row = order[i]
            if event[row] == 1:
                continue
            left += 1.0
            mine = own[participant[row]]
            own_sum -= mine
            own_squares -= mine * mine
            constant = mine - common_event - common_constant
            slope = common_slope
            if event[row] == 2:
                constant += mu / y
                slope -= 1.0 / y
            gone_cc += constant * constant
            gone_cs += constant * slope
            gone_ss += slope * slope
        remaining = y - left
        common = common_event + common_constant - mu * common_slope
        squares = own_squares - 2.0 * common * own_sum + remaining * common * common
        variance[k] = max(squares, 0.0) + max(gone_cc + 2.0 * mu * gone_cs + mu * mu * gone_ss, 0.0)
        at_risk[k] = y
        events[k] = recurred
        deaths[k] = died
        mean[k] = mu
        alive *= (y - died) / y
        survival[k] = alive
        y = remaining
