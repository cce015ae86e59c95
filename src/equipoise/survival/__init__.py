"""Estimators of survival analysis over plain arrays.

Nothing here knows trials. Times, events and groups are any array-likes: numpy, polars, pandas, lists. Options
follow the data as keywords; results are frozen, hold numpy arrays and have `.to_frame()`. Input that cannot
be used raises a `DataError` that names the rows; missing values are never dropped. Without a single event
estimators return and tests and models raise `NoEventsError`.
"""

from __future__ import annotations

from equipoise.survival._normal import ChiSquared
from equipoise.survival._number import Difference, Quantile, Ratio
from equipoise.survival._restricted_mean import RestrictedMean
from equipoise.survival.concordance import Concordance
from equipoise.survival.conditional import conditional_survival
from equipoise.survival.cox import cause_specific_cox, cox
from equipoise.survival.cox_prediction import BaselineHazard, CoxSurvival
from equipoise.survival.cox_profile import ProfileInterval
from equipoise.survival.cox_result import Cox
from equipoise.survival.fine_gray import FineGray, PredictedIncidence, fine_gray
from equipoise.survival.follow_up import MedianFollowUp, median_follow_up
from equipoise.survival.gray import GrayTest, gray_test
from equipoise.survival.incidence import (
    CumulativeIncidence,
    IncidenceAt,
    IncidenceCurve,
    cumulative_incidence,
)
from equipoise.survival.kaplan_meier import KaplanMeier, Quantiles, SurvivalAt, kaplan_meier
from equipoise.survival.landmark import Landmark, landmark
from equipoise.survival.logrank import LogRank, logrank
from equipoise.survival.lwyy import lwyy
from equipoise.survival.max_combo import MaxCombo, max_combo
from equipoise.survival.milestone import Milestone, milestone
from equipoise.survival.nelson_aalen import HazardAt, NelsonAalen, nelson_aalen
from equipoise.survival.occupation import Occupation, OccupationAt, occupation_probabilities
from equipoise.survival.parametric import parametric
from equipoise.survival.parametric_model import ParametricModel, PredictedSurvival
from equipoise.survival.proportional_hazards import ProportionalHazardsTest
from equipoise.survival.recurrent import (
    MeanCumulativeCount,
    MeanCumulativeFunction,
    MeanNumberAt,
    mean_cumulative_count,
    mean_cumulative_function,
)
from equipoise.survival.rmst import Rmst, RmstComparison, rmst
from equipoise.survival.rmst_regression import RmstRegression
from equipoise.survival.royston_parmar import royston_parmar
from equipoise.survival.smoothed_hazard import SmoothedHazard, smoothed_hazard
from equipoise.survival.time_dependent import StartStop, time_dependent
from equipoise.survival.trend import TrendTest, logrank_trend
from equipoise.survival.turnbull import Turnbull, turnbull
from equipoise.survival.win_ratio import WinRatio, win_ratio

__all__ = [
    "BaselineHazard",
    "ChiSquared",
    "Concordance",
    "Cox",
    "CoxSurvival",
    "CumulativeIncidence",
    "Difference",
    "FineGray",
    "GrayTest",
    "HazardAt",
    "IncidenceAt",
    "IncidenceCurve",
    "KaplanMeier",
    "Landmark",
    "LogRank",
    "MaxCombo",
    "MeanCumulativeCount",
    "MeanCumulativeFunction",
    "MeanNumberAt",
    "MedianFollowUp",
    "Milestone",
    "NelsonAalen",
    "Occupation",
    "OccupationAt",
    "ParametricModel",
    "PredictedIncidence",
    "PredictedSurvival",
    "ProfileInterval",
    "ProportionalHazardsTest",
    "Quantile",
    "Quantiles",
    "Ratio",
    "RestrictedMean",
    "Rmst",
    "RmstComparison",
    "RmstRegression",
    "SmoothedHazard",
    "StartStop",
    "SurvivalAt",
    "TrendTest",
    "Turnbull",
    "WinRatio",
    "cause_specific_cox",
    "conditional_survival",
    "cox",
    "cumulative_incidence",
    "fine_gray",
    "gray_test",
    "kaplan_meier",
    "landmark",
    "logrank",
    "logrank_trend",
    "lwyy",
    "max_combo",
    "mean_cumulative_count",
    "mean_cumulative_function",
    "median_follow_up",
    "milestone",
    "nelson_aalen",
    "occupation_probabilities",
    "parametric",
    "rmst",
    "royston_parmar",
    "smoothed_hazard",
    "time_dependent",
    "turnbull",
    "win_ratio",
]
