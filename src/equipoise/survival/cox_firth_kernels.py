"""The compiled pass of Firth's penalty; see `cox_event_kernels`."""

from __future__ import annotations

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.cox_event_kernels import LEFT, add_row, add_run, begin_stratum, leave, weighted_risks


@inner_kernel
def quadratic_forms(x: Floats, inverse: Floats, form: Floats) -> None:
    """Fill by row x' inverse x."""
    n, p = x.shape
    for i in range(n):
        value = 0.0
        for j in range(p):
            for h in range(p):
                value += x[i, j] * inverse[j, h] * x[i, h]
        form[i] = value


@inner_kernel
def add_third_moment(room: Floats, inverse: Floats, weight: float, slope: Floats) -> None:
    """Add weight times the mean of (x - m)_j (x - m)' inverse (x - m), of who is left, for each j.

    With q = x' inverse x it is E[x_j q] - m_j E[q] - 2 E[x_j x'] inverse m + 2 m_j m' inverse m.
    """
    p = slope.shape[0]
    total = room[LEFT, p + 2, 0]
    form = 0.0
    along = p + 2  # inverse m stands where the total stood
    for j in range(p):
        value = 0.0
        for h in range(p):
            value += inverse[j, h] * room[LEFT, p, h] / total
        room[LEFT, along, j] = value
        form += value * room[LEFT, p, j] / total
    for j in range(p):
        mean = room[LEFT, p, j] / total
        value = room[LEFT, p + 1, j] / total - mean * room[LEFT, p + 3, 0] / total + 2.0 * mean * form
        for h in range(p):
            value -= 2.0 * room[LEFT, j, h] / total * room[LEFT, along, h]
        slope[j] += weight * value


@kernel
def firth_slope(
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
    inverse: Floats,
    form: Floats,
    slope: Floats,
) -> None:
    """Add to `slope` (p,) the derivatives of the log determinant of the information, whose inverse is given.

    They are the sums over event times of the trace of the inverse and the third cumulant of x among those at risk.
    `risk` and `form`, (n,), are room to work in, too.
    """
    weighted_risks(x, weight, offset, run_start, beta, risk)
    quadratic_forms(x, inverse, form)
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
                add_third_moment(room, inverse, death_weight / steps, slope)
