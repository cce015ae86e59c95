"""A multi-state disease model: what happens to participants, and what a trial sees of it.

`DiseaseModel` says what can happen, `simulate` draws latent histories from it, `observe` turns them into what
visits, dropout and a data cut-off leave on record. `uniforms` gives keyed random numbers for everything else
that is drawn, and `response` turns those into responses to treatment. Time is in months in models and
histories, in days in records.
"""

from equipoise.disease._walk import PackedModel
from equipoise.disease.covariates import linear_predictors
from equipoise.disease.hazard import Hazard, PiecewiseConstant, Weibull
from equipoise.disease.histories import Histories
from equipoise.disease.model import PROGRESSIONS, TRANSITIONS, DiseaseModel, Transition
from equipoise.disease.observe import (
    Records,
    TimeToEvent,
    local_relapse_free_survival,
    observe,
    overall_survival,
    time_to_first,
    visit_months,
    whole_days,
)
from equipoise.disease.philox import uniforms
from equipoise.disease.response import RESPONSES, JointResponse, categorical, first_conversion
from equipoise.disease.simulate import NO_ARM, pack, simulate

__all__ = [
    "NO_ARM",
    "PROGRESSIONS",
    "RESPONSES",
    "TRANSITIONS",
    "DiseaseModel",
    "Hazard",
    "Histories",
    "JointResponse",
    "PackedModel",
    "PiecewiseConstant",
    "Records",
    "TimeToEvent",
    "Transition",
    "Weibull",
    "categorical",
    "first_conversion",
    "linear_predictors",
    "local_relapse_free_survival",
    "observe",
    "overall_survival",
    "pack",
    "simulate",
    "time_to_first",
    "uniforms",
    "visit_months",
    "whole_days",
]
