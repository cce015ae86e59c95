"""The small trial with all that keeps its data right: windows, queries, deviations, partial dates, a sweep."""

from __future__ import annotations

from small_trial import TEXT

QUALITY = (
    TEXT.replace("id: small", "id: quality")
    .replace(
        "follow_up: {every_months: 3, forms: [visit]}",
        "follow_up: {every_months: 3, forms: [visit], window: {before: 14, after: 10}}",
    )
    .replace(
        "diagnosis_date: {label: Date of diagnosis, type: date}",
        "diagnosis_date: {label: Date of diagnosis, type: date, adam: DIAGDT,"
        " partial: {impute: middle, not_after: registration_date}}",
    )
    .replace(
        "death: {label: Death, kind: death, causes: [cancer, other]}",
        "death: {label: Death, kind: death, causes: [cancer, other], partial: {impute: middle}}",
    )
    .replace(
        "allocation:\n",
        """\
queries:
  - {id: Q1, form: screening, when: diagnosis_date > screening_date, message: Diagnosed after screening?}
  - {id: Q2, form: visit, when: pain > 8 AND age < 60, message: Is the pain that strong?, severity: major}
deviations:
  outside_arm: {severity: major, per_protocol: excluded}
  ineligible: {severity: major, per_protocol: excluded}
  other_levels: {severity: minor, per_protocol: kept}
  out_of_window: {severity: minor, per_protocol: kept}
  missed_visit: {severity: minor, per_protocol: kept}
sweep: {allowance_days: 30, sources: [registry, phone]}
allocation:
""",
        1,
    )
)
