"""Estimators of survival analysis over plain arrays.

Nothing here knows trials. Times, events and groups are any array-likes: numpy, polars, pandas, lists. Options
follow the data as keywords; results are frozen, hold numpy arrays and have `.to_frame()`. Input that cannot
be used raises a `DataError` that names the rows; missing values are never dropped. Without a single event
estimators return and tests and models raise `NoEventsError`.
"""

from __future__ import annotations

from equipoise.survival._normal import ChiSquared
from equipoise.survival._number import Difference, Quantile
from equipoise.survival.cox import cause_specific_cox, cox
from equipoise.survival.cox_result import Cox
from equipoise.survival.follow_up import MedianFollowUp, median_follow_up
from equipoise.survival.incidence import (
    CumulativeIncidence,
    IncidenceAt,
    IncidenceCurve,
    cumulative_incidence,
)
from equipoise.survival.kaplan_meier import KaplanMeier, Quantiles, SurvivalAt, kaplan_meier
from equipoise.survival.logrank import LogRank, logrank
from equipoise.survival.milestone import Milestone, milestone
from equipoise.survival.recurrent import (
    MeanCumulativeCount,
    MeanCumulativeFunction,
    MeanNumberAt,
    mean_cumulative_count,
    mean_cumulative_function,
)

__all__ = [
    "ChiSquared",
    "Cox",
    "CumulativeIncidence",
    "Difference",
    "IncidenceAt",
    "IncidenceCurve",
    "KaplanMeier",
    "LogRank",
    "MeanCumulativeCount",
    "MeanCumulativeFunction",
    "MeanNumberAt",
    "MedianFollowUp",
    "Milestone",
    "Quantile",
    "Quantiles",
    "SurvivalAt",
    "cause_specific_cox",
    "cox",
    "cumulative_incidence",
    "kaplan_meier",
    "logrank",
    "mean_cumulative_count",
    "mean_cumulative_function",
    "median_follow_up",
    "milestone",
]
