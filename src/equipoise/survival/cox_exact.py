"""The likelihood of events in discrete time: each set of tied events among all sets of as many of those at risk.

Source: Cox 1972, section 6; the sums over subsets by the recursion of Gail, Lubin and Rubinstein, Biometrika 1981.
"""

from __future__ import annotations

import math

import numpy as np

from equipoise.survival._arrays import Floats
from equipoise.survival.cox_exact_kernels import exact_derivatives
from equipoise.survival.cox_kernels import linear_predictor
from equipoise.survival.cox_likelihood import Point
from equipoise.survival.cox_rows import CoxRows


class ExactLikelihood:
    """The conditional logistic likelihood of a model without weights."""

    def __init__(self, rows: CoxRows) -> None:
        self._rows = rows
        self._risk = np.empty(rows.event.size)
        self._events = float(rows.event.sum())
        starts = rows.sets.run_start[:-1]
        self._most = int(np.add.reduceat(rows.event, starts).max())

    def __call__(self, beta: Floats) -> Point:
        """The log likelihood and its derivatives; NaN where subsets' products underflow."""
        rows, p = self._rows, beta.size
        linear_predictor(rows.x, rows.offset, beta, self._risk)
        shift = float(self._risk.mean())
        with np.errstate(over="ignore"):
            np.exp(self._risk - shift, out=self._risk)
        score, information = np.zeros(p), np.zeros((p, p))
        sets, places = rows.sets, self._most + 1
        room = (np.empty(places), np.empty((places, p)), np.empty((places, p, p)))
        value = exact_derivatives(
            rows.x, rows.event, self._risk, sets.run_start, sets.run_time, sets.stratum_run, sets.enter, sets.first,
            *room, score, information,
        )  # fmt: skip  # arguments that belong together share a line
        value += float(rows.slope @ beta) + rows.event_offset - shift * self._events
        if not math.isfinite(value):
            value = math.nan
        return Point(beta, value, rows.slope + score, information, value)
