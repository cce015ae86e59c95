"""Which likelihood the options of a Cox model ask for."""

from __future__ import annotations

import numpy as np

from equipoise.survival.cox_exact import ExactLikelihood
from equipoise.survival.cox_likelihood import Likelihood, PartialLikelihood
from equipoise.survival.cox_model import Settings
from equipoise.survival.cox_penalties import FirthLikelihood, RidgeLikelihood
from equipoise.survival.cox_rows import CoxRows, Spread


def likelihoods(rows: CoxRows, settings: Settings, spread: Spread) -> tuple[Likelihood, Likelihood]:
    """The likelihood of the ties asked for, and the same with the penalty asked for."""
    efron = settings.ties == "efron"
    exact = settings.ties == "exact"
    plain: Likelihood = ExactLikelihood(rows) if exact else PartialLikelihood(rows, efron=efron, spread=spread)
    if settings.firth:
        return plain, FirthLikelihood(plain, rows, int(efron))
    if not settings.ridge:
        return plain, plain
    penalty = np.broadcast_to(np.asarray(settings.penalty, dtype=np.float64), rows.scale.shape)
    return plain, RidgeLikelihood(plain, penalty / rows.scale**2)
