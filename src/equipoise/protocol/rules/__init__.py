"""Rules: SQL boolean expressions over a trial's variables, with three truth values and exact numbers."""

from equipoise.protocol.rules.evaluate import Count, Judged, Value, Values
from equipoise.protocol.rules.partial import PartialDate, imputed, imputed_of
from equipoise.protocol.rules.rule import Dialect, Rule, Verdict, compile_rule
from equipoise.protocol.rules.tables import judge_cohort_table, judge_table

__all__ = [
    "Count",
    "Dialect",
    "Judged",
    "PartialDate",
    "Rule",
    "Value",
    "Values",
    "Verdict",
    "compile_rule",
    "imputed",
    "imputed_of",
    "judge_cohort_table",
    "judge_table",
]
