"""What is measured at a visit and how it is judged: RECIST 1.1, TNM, EORTC questionnaires, adverse events.

    baseline = Baseline(day, (Lesion("T1", "breast"),), (Finding.measured("T1", 50),))
    course = judge(baseline, [Visit(later, (Finding.measured("T1", 30),))])
    course.assessments[0].overall.response  # "PR"

Pure functions over frozen values: no protocol, no storage, no clock. Diameters are exact (whole micrometres), so a
patient exactly at a limit is decided right.
"""

from equipoise.assessment.adverse_event import (
    SERIOUSNESS,
    AdverseEvent,
    Deadline,
    ReportingRule,
    Seriousness,
    report_by,
    worst_grades,
)
from equipoise.assessment.best_response import (
    Best,
    BestResponse,
    Recorded,
    ResponseDuration,
    TimePoint,
    best_response,
    confirmed_response,
    duration_of_response,
)
from equipoise.assessment.course import OVERALL, Assessment, Course, Judgement, judge
from equipoise.assessment.criteria import BestRule, Progression, Recist
from equipoise.assessment.lesion import (
    BREAST_AND_REGIONAL_NODES,
    METASTATIC,
    PRIMARY,
    Finding,
    Lesion,
    NewLesion,
    compartment_of,
)
from equipoise.assessment.non_target_response import NonTargetResult
from equipoise.assessment.questionnaire import QLQ_BR23, QLQ_C30, Questionnaire, Scale, Score, scores
from equipoise.assessment.readings import RULES, Assessor, Counts, Reading, disagreements, that_counts
from equipoise.assessment.staging import (
    M_CATEGORIES,
    N_CATEGORIES,
    PREFIXES,
    STAGE_GROUPS,
    T_CATEGORIES,
    Prefix,
    Tnm,
    group_problem,
    stage_group,
    tnm_problems,
)
from equipoise.assessment.tables import (
    RESPONSES,
    Response,
    combined_response,
    response_with_targets,
    response_without_targets,
)
from equipoise.assessment.target_response import TargetResult
from equipoise.assessment.targets import proposed_targets, target_problems
from equipoise.assessment.visit import Baseline, Resection, Visit

__all__ = [
    "BREAST_AND_REGIONAL_NODES",
    "METASTATIC",
    "M_CATEGORIES",
    "N_CATEGORIES",
    "OVERALL",
    "PREFIXES",
    "PRIMARY",
    "QLQ_BR23",
    "QLQ_C30",
    "RESPONSES",
    "RULES",
    "SERIOUSNESS",
    "STAGE_GROUPS",
    "T_CATEGORIES",
    "AdverseEvent",
    "Assessment",
    "Assessor",
    "Baseline",
    "Best",
    "BestResponse",
    "BestRule",
    "Counts",
    "Course",
    "Deadline",
    "Finding",
    "Judgement",
    "Lesion",
    "NewLesion",
    "NonTargetResult",
    "Prefix",
    "Progression",
    "Questionnaire",
    "Reading",
    "Recist",
    "Recorded",
    "ReportingRule",
    "Resection",
    "Response",
    "ResponseDuration",
    "Scale",
    "Score",
    "Seriousness",
    "TargetResult",
    "TimePoint",
    "Tnm",
    "Visit",
    "best_response",
    "combined_response",
    "compartment_of",
    "confirmed_response",
    "disagreements",
    "duration_of_response",
    "group_problem",
    "judge",
    "proposed_targets",
    "report_by",
    "response_with_targets",
    "response_without_targets",
    "scores",
    "stage_group",
    "target_problems",
    "that_counts",
    "tnm_problems",
    "worst_grades",
]
