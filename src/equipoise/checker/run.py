"""All checks, in one list; a check is a pure function of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from equipoise.checker import (
    analyses,
    arms,
    assumed,
    claims,
    criteria,
    design,
    dictionary,
    endpoints,
    lists,
    registry,
    reported,
    texts,
)
from equipoise.checker.finding import SEVERITIES, Finding
from equipoise.protocol import Protocol

CHECKS: tuple[Callable[[Protocol], Iterator[Finding]], ...] = (
    texts.quotes_not_in_the_document,
    texts.empty_sections,
    texts.stray_digits,
    texts.subgroups_without_interaction,
    assumed.values_left_open,
    arms.order_of_treatments,
    lists.withdrawal_among_exclusions,
    lists.withdrawal_that_also_excludes,
    lists.cohort_rules_among_inclusions,
    criteria.never_passed,
    criteria.redundant_exclusions,
    criteria.strict_age_limits,
    criteria.thresholds_of_ours,
    criteria.left_to_judgement,
    dictionary.recorded_and_never_used,
    endpoints.origin_before_allocation,
    endpoints.different_origins,
    endpoints.same_events,
    endpoints.events_that_differ_by_arm,
    endpoints.two_names,
    endpoints.time_frame_twice,
    endpoints.short_horizons,
    design.without_level_or_power,
    design.without_effect,
    design.own_number_of_events,
    design.events_expected,
    design.effect_beyond_what_is_cited,
    design.against_what_was_observed,
    analyses.primary_not_analysed,
    analyses.question_sizing_and_analysis,
    analyses.level_against_alpha,
    analyses.factors_left_out,
    analyses.method_named_by_the_analysis,
    analyses.classes_compared,
    claims.numbers_derived_again,
    claims.rates_per_person,
    reported.without_participants,
    reported.ratio_interval_and_p,
    reported.more_events_than_participants,
    reported.ratio_against_medians,
    reported.mixed_levels,
    reported.not_significant_for_want_of_events,
    registry.enrolment,
    registry.dates_in_order,
    registry.window_of_accrual_and_follow_up,
    registry.duration,
    registry.sites,
    registry.allocation,
    registry.limits_of_age_and_sex,
    registry.withdrawn,
    registry.start_after_last_update,
    registry.missing_fields,
)


def findings(protocol: Protocol, *, today: date | None = None) -> tuple[Finding, ...]:
    """What does not add up in a protocol, gravest first, then by line.

    Args:
        protocol: a loaded protocol.
        today: the day that the registry's status is held against; without it, the latest date that the record itself
            carries, so that the same file always gives the same findings.
    """
    found = [item for check in CHECKS for item in check(protocol)]
    found += registry.status_against_completion(protocol, today)
    order = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    return tuple(sorted(found, key=lambda item: (order[item.severity], item.line or 0, item.id, item.where)))
