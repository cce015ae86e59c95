"""Analysis: from the ledger's states to ADaM data sets, and from those to estimates."""

from equipoise.analysis.analyse import analyse, primary_estimate
from equipoise.analysis.cohort import cohort_verdicts
from equipoise.analysis.completeness import Completeness, completeness
from equipoise.analysis.deviations import DeviationCount, deviation_counts
from equipoise.analysis.flow import flow_of
from equipoise.analysis.of_ledger import analyse_ledger, analyse_participants, make_datasets
from equipoise.analysis.results import (
    CohortVerdict,
    Curve,
    Flow,
    FlowArm,
    FlowStep,
    Results,
    SafetyArm,
    SafetyTable,
)
from equipoise.analysis.safety import safety_of
from equipoise.analysis.tables import Datasets

__all__ = [
    "CohortVerdict",
    "Completeness",
    "Curve",
    "Datasets",
    "DeviationCount",
    "Flow",
    "FlowArm",
    "FlowStep",
    "Results",
    "SafetyArm",
    "SafetyTable",
    "analyse",
    "analyse_ledger",
    "analyse_participants",
    "cohort_verdicts",
    "completeness",
    "deviation_counts",
    "flow_of",
    "make_datasets",
    "primary_estimate",
    "safety_of",
]
