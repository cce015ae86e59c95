# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""The compiled pass over event times of a Cox model that gives the mean and covariance of covariates at each."""

from __future__ import annotations

import numpy as np

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.cox_kernels import relative_risks


@inner_kernel
def add_moments(risk: float, x: Floats, i: int, sums: Floats) -> None:
    """Add risk times x x' (rows 0 to p - 1), x (row p) and 1 (row p + 1) of row `i` to `sums` (p + 2, p)."""
    p = x.shape[1]
    for j in range(p):
        scaled = risk * x[i, j]
        sums[p, j] += scaled
        for h in range(p):
            sums[j, h] += scaled * x[i, h]
    sums[p + 1, 0] += risk


@inner_kernel
def add_covariance(sums: Floats, share: float, weight: float, factor: float, mean: Floats, information: Floats) -> None:
    """Add `share` of the mean under `sums` to `mean`, and the covariance times weight factor^k to information k."""
    p = mean.shape[0]
    total = sums[p + 1, 0]
    for j in range(p):
        m = sums[p, j] / total
        mean[j] += share * m
        for h in range(p):
            v = weight * (sums[j, h] / total - m * sums[p, h] / total)
            information[0, j, h] += v
            information[1, j, h] += v * factor
            information[2, j, h] += v * factor * factor


@kernel
def event_moments(
    x: Floats,
    event: Ints,
    weight: Floats,
    offset: Floats,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    efron: int,
    beta: Floats,
    factor: Floats,
    means: Floats,
    information: Floats,
) -> None:
    """Fill by run the mean covariate of those at risk (r, p), and sums over events of their covariance (3, p, p).

    The covariance at a time counts 1, `factor` of the run and its square; with Efron's ties mean and covariance are the
    averages over the steps.
    """
    n, p = x.shape
    risk = np.empty(n)
    relative_risks(x, offset, beta, risk)
    for i in range(n):
        risk[i] *= weight[i] if weight.shape[0] > 0 else 1.0
    means[:, :] = 0.0
    information[:, :, :] = 0.0
    for s in range(stratum_run.shape[0] - 1):
        begin = run_start[stratum_run[s]]
        late = run_start[stratum_run[s + 1]] - 1 if enter.shape[0] > 0 else begin - 1
        at_risk, tied, left = np.zeros((p + 2, p)), np.zeros((p + 2, p)), np.empty((p + 2, p))
        for run in range(stratum_run[s + 1] - 1, stratum_run[s] - 1, -1):
            while late >= begin and first[enter[late]] > run_time[run]:
                add_moments(-risk[enter[late]], x, enter[late], at_risk)
                late -= 1
            deaths = 0
            death_weight = 0.0
            tied[:, :] = 0.0
            for i in range(run_start[run], run_start[run + 1]):
                add_moments(risk[i], x, i, at_risk)
                if event[i] == 1:
                    deaths += 1
                    death_weight += weight[i] if weight.shape[0] > 0 else 1.0
                    add_moments(risk[i], x, i, tied)
            steps = deaths if efron == 1 else min(deaths, 1)
            for step in range(steps):
                for j in range(p + 2):
                    for h in range(p):
                        left[j, h] = at_risk[j, h] - step / steps * tied[j, h]
                add_covariance(left, 1.0 / steps, death_weight / steps, factor[run], means[run], information)
