"""Guarantee-time bias of the Changhai design, simulated directly: no class and no operation changes any hazard.

362 participants, median survival 40 months from diagnosis, evaluations at months 3, 6, 9 and 12; at each of them a
survivor who has not converted does so with probability 0.18. Accrual is uniform over 41 months and the cut-off falls in
month 105. Three analyses of the same participants: ever against never responder from diagnosis, the 12-month landmark,
and a Cox model with the response as a time-dependent covariate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.disease import DiseaseModel, Transition, Weibull, first_conversion, simulate, uniforms
from equipoise.survival import cox

PARTICIPANTS = 362
EVALUATIONS = (3.0, 6.0, 9.0, 12.0)
CONVERSION = 0.18
MEDIAN = 40.0
ACCRUAL, CUT_OFF = 41.0, 105.0
LANDMARK = 12.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """One simulated trial: months from diagnosis; `response` is infinite for who never responds."""

    time: Floats
    event: NDArray[np.int64]
    response: Floats


def draw(replicate: int, seed: int = 1) -> Trial:
    """One replicate."""
    model = DiseaseModel(arms=("all",), cancer_death=Transition(hazard=Weibull.from_median(MEDIAN)))
    who = np.arange(PARTICIPANTS)
    death = simulate(model, np.zeros(PARTICIPANTS, dtype=np.int64), seed=seed, replicate=replicate).death
    u = uniforms(seed, "conversion", who, replicate=replicate, draws=len(EVALUATIONS))
    converted = first_conversion(u, CONVERSION)
    at = np.array([*EVALUATIONS, np.inf])[np.where(converted < 0, len(EVALUATIONS), converted)]
    arrival = ACCRUAL * uniforms(seed, "accrual", who, replicate=replicate)[:, 0]
    time = np.minimum(death, CUT_OFF - arrival)
    return Trial(time, (death <= CUT_OFF - arrival).astype(np.int64), np.where(at < death, at, np.inf))


def log_ratios(trial: Trial) -> tuple[float, float, float]:
    """Logarithms of the hazard ratios: as written, from the landmark, time-dependent."""
    return as_written(trial), from_landmark(trial), time_dependent(trial)


def as_written(trial: Trial) -> float:
    ever = np.isfinite(trial.response).astype(np.float64)
    return float(cox(trial.time, trial.event, ever).coef[0])


def from_landmark(trial: Trial) -> float:
    there = trial.time > LANDMARK
    by_then = (trial.response[there] <= LANDMARK).astype(np.float64)
    return float(cox(trial.time[there] - LANDMARK, trial.event[there], by_then).coef[0])


def time_dependent(trial: Trial) -> float:
    moved = np.flatnonzero(trial.response < trial.time)
    start = np.concatenate([np.zeros(trial.time.size), trial.response[moved]])
    stop = np.concatenate([np.minimum(trial.time, trial.response), trial.time[moved]])
    event = np.concatenate([np.where(trial.response < trial.time, 0, trial.event), trial.event[moved]])
    responded = np.concatenate([np.zeros(trial.time.size), np.ones(moved.size)])
    return float(cox(stop, event, responded, entry=start).coef[0])
