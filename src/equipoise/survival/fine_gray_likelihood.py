"""The pseudo likelihood of a Fine-Gray model, its derivatives, and each row's share in the score.

Sources: Fine and Gray, JASA 1999, section 4; Geskus, Biometrics 2011 (delayed entry: weights G H); Zhang, Zhang and
Fine, Statistics in Medicine 2011 (its variance); Zhou et al., Biometrics 2011 (strata).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from equipoise.errors import DataError
from equipoise.estimates.result import show
from equipoise.survival import cox_kernels
from equipoise.survival import fine_gray_kernels as kernels
from equipoise.survival._arrays import NO_FLOATS, Floats, Ints
from equipoise.survival.cox_likelihood import Point
from equipoise.survival.cox_rows import CoxRows

Variance = Literal["fine-gray", "known-weights", "cmprsk"]


class PseudoLikelihood:
    """The weighted partial likelihood of a Fine-Gray model; keeps what it found where it was called last.

    Args:
        rows: the rows in order; `rows.event` is 1 for an event of the cause of interest.
        kind: (n,) in their order, 0 for censored, 1 for that cause, 2 for others.
        group: (n,) in their order, the censoring group.
        groups: number of censoring groups.

    Raises:
        DataError: if a censoring group is interrupted after a competing event.
    """

    def __init__(self, rows: CoxRows, kind: Ints, group: Ints, groups: int) -> None:
        self._rows, self.kind, self._group = rows, kind, group
        sets = rows.sets
        m, runs, (n, p) = sets.time.size, sets.run_time.size, rows.x.shape
        counted = rows.event * rows.weight if rows.weight.size else rows.event
        self._deaths: Floats = np.add.reduceat(counted, sets.run_start[:-1]).astype(np.float64)
        self._observed, self._at_risk, self._censored, self._entered = (np.zeros((groups, m)) for _ in range(4))
        numbers = np.zeros((3, groups, m), dtype=np.int64)
        counts = (self._at_risk, self._censored, self._entered, numbers)
        kernels.count_by_group(kind, group, rows.weight, sets.run_start, sets.run_time, sets.first, *counts)
        self._require_follow_up(kernels.chance_observed(*counts, self._observed))
        self._risk, self._expected, self._means = np.empty(n), np.empty(n), np.zeros((runs, p))
        self._sums, self._stayed, self._still = np.empty((runs + 1, p + 1)), np.empty((groups, p + 1)), np.empty(groups)
        self.hazard = np.empty(runs)

    def _require_follow_up(self, interrupted: int) -> None:
        if interrupted >= 0:
            time = show(float(self._rows.sets.time[interrupted]))
            raise DataError(
                f"entry: before {time} nobody (of a censoring group) is left under observation, after a competing "
                "event, and others enter later; begin follow-up there, or use fewer censoring groups"
            )

    def __call__(self, beta: Floats) -> Point:
        """The pseudo log likelihood and its derivatives."""
        rows, sets, p = self._rows, self._rows.sets, beta.size
        cox_kernels.linear_predictor(rows.x, NO_FLOATS, beta, self._risk)
        with np.errstate(over="ignore"):
            np.exp(self._risk, out=self._risk)
        if rows.weight.size:
            self._risk *= rows.weight
        runs = (sets.run_start, sets.run_time, sets.stratum_run)
        entries = (sets.enter, sets.first)
        kernels.sums_under_observation(rows.x, *runs, *entries, self._risk, self._sums)
        value = kernels.subdistribution_hazard(
            rows.x, self.kind, self._group, *runs, self._deaths, self._observed, self._risk, self._sums, self._stayed,
            self._means, self.hazard,
        )  # fmt: skip  # arguments that belong together share a line
        kernels.expected_events(
            self.kind, self._group, *runs, *entries, self._observed, self._risk, self.hazard, self._still,
            self._expected,
        )  # fmt: skip  # arguments that belong together share a line
        slope, information = np.zeros(p), np.zeros((p, p))
        cox_kernels.add_expected(rows.x, self._expected, slope, information)
        kernels.events_squares(self._deaths, self._means, information)
        value += float(rows.slope @ beta)
        return Point(beta, value, rows.slope - slope, np.tril(information) + np.tril(information, -1).T, value)

    def residuals(self, variance: Variance) -> Floats:
        """(n, p) each row's share in the score where it was called last, times its weight, in the order of the rows."""
        rows, sets = self._rows, self._rows.sets
        residual = np.zeros_like(rows.x)
        (groups, m), p = self._observed.shape, rows.x.shape[1]
        ahead = np.empty((groups, sets.run_time.size + sets.stratum_run.size - 1, p + 1))
        runs = (sets.run_start, sets.run_time, sets.stratum_run)
        kernels.integrals_ahead(sets.run_time, sets.stratum_run, self._observed, self._means, self.hazard, ahead)
        kernels.event_residuals(
            rows.x, self.kind, self._group, rows.weight, *runs, sets.enter, sets.first, self._observed, self._risk,
            self._means, self.hazard, self._expected, ahead, np.empty(p), residual,
        )  # fmt: skip  # arguments that belong together share a line
        if variance == "known-weights":
            return residual
        if variance == "cmprsk":
            of_group = self._observed * self._share_of_groups()
            kernels.integrals_ahead(sets.run_time, sets.stratum_run, of_group, self._means, self.hazard, ahead)
        effect = np.zeros((groups, m + 1, p))
        kernels.weight_effects(
            rows.x, self.kind, self._group, *runs, self._observed, self._risk, ahead, self._stayed,
            np.empty((groups, p)), effect,
        )  # fmt: skip  # arguments that belong together share a line
        kernels.censoring_residuals(
            self.kind, self._group, rows.weight, sets.run_start, sets.run_time, sets.first, self._at_risk,
            self._censored, self._entered, effect, np.zeros_like(effect), residual,
        )  # fmt: skip  # arguments that belong together share a line
        return residual

    def _share_of_groups(self) -> Floats:
        """(g, m) of the events of interest at a time, the share in each censoring group; without strata or weights."""
        groups, m = self._observed.shape
        time = np.repeat(np.arange(m), np.diff(self._rows.sets.run_start))
        happened = self._rows.event == 1
        place = self._group[happened] * m + time[happened]
        return np.bincount(place, minlength=groups * m).reshape(groups, m) / np.maximum(self._deaths, 1.0)
