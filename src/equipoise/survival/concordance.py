"""How well a model orders events: Harrell's concordance with the standard error of its infinitesimal jackknife.

Source: Therneau and Watson, "The concordance statistic and the Cox model", Mayo Clinic technical report 85 (2015);
numbers agree with `concordance` of R's survival 3.x.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from equipoise._kernel import as_int
from equipoise.errors import DataError
from equipoise.estimates.result import Result, percent
from equipoise.survival._normal import critical_value
from equipoise.survival.concordance_kernels import count_pairs
from equipoise.survival.cox_model import CoxModel


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Concordance(Result):
    """The share of pairs, an event and a row still at risk after it, in which the event had the higher risk predicted.

    Attributes:
        value: concordant pairs and half of those tied in the prediction, over all.
        std_error: by the infinitesimal jackknife, over rows or clusters.
        conf_low: lower limit, normal.
        conf_high: upper limit.
        conf_level: two-sided level.
        concordant: (weighted) number of pairs.
        discordant: number of pairs.
        tied: number of pairs tied in the prediction.
    """

    _shown: ClassVar[tuple[str, ...]] = ()

    value: float
    std_error: float
    conf_low: float
    conf_high: float
    conf_level: float
    concordant: float
    discordant: float
    tied: float

    def _columns(self) -> dict[str, list[float]]:
        names = ("value", "std_error", "conf_low", "conf_high", "concordant", "discordant", "tied")
        return {name: [getattr(self, name)] for name in names}

    def _title(self) -> str:
        return f"Concordance, {percent(self.conf_level)} limits"


def concordance(model: CoxModel) -> Concordance:
    """Concordance of the linear predictor with the times; see `Cox.concordance`."""
    rows, sets = model.rows, model.rows.sets
    n = rows.event.size
    predictor = np.zeros(n) if not rows.offset.size else rows.offset.copy()
    for j in range(model.beta.size):  # column by column, so that equal rows have equal sums
        predictor += rows.x[:, j] * model.beta[j]
    levels, rank = np.unique(predictor, return_inverse=True)
    weight = rows.weight if rows.weight.size else np.ones(n)
    counts = np.zeros((n, 3))
    count_pairs(
        rows.event, weight, as_int(rank), sets.run_start, sets.run_time, sets.stratum_run, sets.enter,
        sets.first, np.empty(levels.size + 1), counts,
    )  # fmt: skip  # arguments that belong together share a line
    concordant, discordant, tied = (weight @ counts / 2.0).tolist()  # each pair was counted from both sides
    pairs = concordant + discordant + tied
    if not pairs > 0.0:
        raise DataError("concordance: no event has anyone at risk after it; there is no pair to compare")
    value = (concordant + tied / 2.0) / pairs
    influence = weight * (counts[:, 0] + counts[:, 2] / 2.0 - value * counts.sum(axis=1)) / pairs
    if model.cluster.size:
        influence = np.bincount(model.cluster[sets.order], weights=influence)
    std_error = math.sqrt(float(influence @ influence))
    level = model.settings.conf_level
    width = critical_value(level) * std_error
    return Concordance(value, std_error, value - width, value + width, level, concordant, discordant, tied)
