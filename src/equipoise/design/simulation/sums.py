"""What is added up over simulated trials, always in the order of the replicates.

Sums of ranges of fixed size are added one after the other, so the result does not depend on who did which range, and
memory does not grow with the number of trials.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from equipoise.design.simulation.numbers import Floats, Ints
from equipoise.design.simulation.plain_kernels import DATE, ENROLLED, EVENTS, LOG_HAZARD_RATIO, REACHED, STD_ERROR
from equipoise.design.simulation.stopping import BENEFIT, FUTILITY, HARM


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Sums over trials for one test; k looks.

    Attributes:
        trials: how many.
        unfinished: whose last look came before its planned events.
        benefit: (k,) stopped for benefit.
        futility: (k,) stopped for futility.
        harm: (k,) stopped for harm.
        stopped: (k,) stopped at all.
        held: (k,) reached their planned events or date; the last look is held anyway.
        events: (k,) events of the looks held.
        date: (k,) date of the looks held.
        tested: (k,) looks whose z is a number.
        z: (k, 2) sum of z and of its square.
        at_stop: (3, 2) events, date and participants when the trial stopped, and their squares.
        estimates: trials with a finite log hazard ratio when they stopped.
        estimate: (2,) sum of it and of its square.
        covered: whose interval covers the true log hazard ratio.
    """

    trials: int
    unfinished: int
    benefit: Ints
    futility: Ints
    harm: Ints
    stopped: Ints
    held: Ints
    events: Floats
    date: Floats
    tested: Ints
    z: Floats
    at_stop: Floats
    estimates: int
    estimate: Floats
    covered: int

    @property
    def looks(self) -> int:
        """How many looks there are."""
        return self.benefit.size

    def __add__(self, other: Self) -> Self:
        """The sums over both."""
        return type(self)(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


def sums_of(out: Floats, z: Floats, stops: tuple[Ints, Ints], truth: float, half_width: float) -> Sums:
    """The sums over a range of trials.

    Args:
        out: (r, k, COLUMNS) of the kernels, dates in months.
        z: (r, k) of the test.
        stops: (r,) look and (r,) what for.
        truth: the true log hazard ratio.
        half_width: of an interval, in standard errors.
    """
    look, what = stops
    r, k = z.shape
    rows = np.arange(r)
    held = out[:, :, REACHED] == 1.0
    seen = held.copy()
    seen[:, -1] = True
    tested = np.isfinite(z)
    values = np.where(tested, z, 0.0)
    at_stop = out[rows, look][:, [EVENTS, DATE, ENROLLED]]
    estimate, error = out[rows, look, LOG_HAZARD_RATIO], out[rows, look, STD_ERROR]
    finite = np.isfinite(estimate) & np.isfinite(error)
    estimate, error = estimate[finite], error[finite]
    return Sums(
        trials=r,
        unfinished=int((~held[:, -1]).sum()),
        benefit=np.bincount(look[what == BENEFIT], minlength=k),
        futility=np.bincount(look[what == FUTILITY], minlength=k),
        harm=np.bincount(look[what == HARM], minlength=k),
        stopped=np.bincount(look, minlength=k),
        held=held.sum(axis=0),
        events=np.where(seen, out[:, :, EVENTS], 0.0).sum(axis=0),
        date=np.where(seen, out[:, :, DATE], 0.0).sum(axis=0),
        tested=tested.sum(axis=0),
        z=np.stack([values.sum(axis=0), (values**2).sum(axis=0)], axis=1),
        at_stop=np.stack([at_stop.sum(axis=0), (at_stop**2).sum(axis=0)], axis=1),
        estimates=int(finite.sum()),
        estimate=np.array([estimate.sum(), (estimate**2).sum()]),
        covered=int((np.abs(estimate - truth) <= half_width * error).sum()),
    )
