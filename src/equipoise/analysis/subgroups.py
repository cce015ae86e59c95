"""Subgroups: the hazard ratio within each level of a variable, and the test of interaction.

The p-value that counts is that of the interaction: whether the effect differs between the levels. A hazard ratio within
one level carries no p-value of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from equipoise.analysis.compare import NO_EVENTS, ratio_fields
from equipoise.analysis.context import Frame, joined
from equipoise.analysis.model import (
    TIES,
    Columns,
    arm_columns,
    covariates_of,
    fit,
    independent,
    indicators,
    levels_of,
    strata_of,
)
from equipoise.analysis.names import column_of
from equipoise.analysis.sample import Sample
from equipoise.errors import DataError
from equipoise.estimates import Estimate


def subgroup_estimates(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    """The hazard ratio within each level of each subgroup variable, with the p-value of the interaction."""
    if len(sample.arms) != 2 or frame.analysis.model != "cox":
        return
    for name in frame.analysis.subgroups:
        values = sample.column(column_of(frame.protocol, name))
        levels = levels_of(frame, name, values)
        p = interaction_p(frame, sample, values, levels) if sample.event.any() else None
        for level in levels:
            yield _subgroup(frame, sample.take(values == level), {name: level}, p)


def interaction_p(frame: Frame, sample: Sample, values: NDArray[Any], levels: list[str]) -> float | str:
    """p of the likelihood ratio of the models with and without arm by subgroup, or why it cannot be tested.

    Both models have the analysis's strata and covariates and the subgroup itself, as far as these do not hold it
    already: within strata of the subgroup variable its own effect is part of the baseline hazards.
    """
    from scipy.special import gammaincc  # noqa: PLC0415 - only here

    if len(levels) < 2:
        return "one level only"
    if empty := [level for level in levels if not sample.event[values == level].any()]:
        return f"no events where it is {empty[0]}"
    strata = strata_of(frame, sample)
    base = arm_columns(sample)
    (arm,) = base.values()
    groups = indicators("subgroup", values, levels[1:])
    base |= independent(base, covariates_of(frame, sample), strata)
    base |= independent(base, groups, strata)
    by_arm: Columns = {f"arm by {name}": arm * group for name, group in groups.items()}
    products = independent(base, by_arm, strata)
    if not products:
        return "both arms are in one level only"
    try:
        without, with_them = (fit(frame, sample, columns, strata) for columns in (base, base | products))
    except DataError as error:
        return f"the model cannot be fitted: {error}"
    statistic = 2 * (with_them.log_likelihood[1] - without.log_likelihood[1])
    return float(gammaincc(len(products) / 2, max(statistic, 0.0) / 2))


def _subgroup(frame: Frame, part: Sample, subgroup: dict[str, str], p: float | str | None) -> Estimate:
    strata = strata_of(frame, part)
    shared: dict[str, Any] = {
        "method": "cox, cause-specific" if frame.competing else "cox",
        "unit": "ratio",
        "arm": part.arms[1],
        "reference": part.arms[0],
        "null_value": 1,
        "subgroup": subgroup,
        "n_by_arm": part.counts(),
        "events_by_arm": part.counts(part.cause == 1),
        "ties": TIES,
        "strata": strata.names,
        "adjusted_for": frame.analysis.covariates,
    }
    untested = f"interaction not tested: {p}" if isinstance(p, str) else ""
    if isinstance(p, float):
        shared |= {"p_value": p, "p_method": "interaction likelihood ratio", "sides": 2}
    if empty := [arm for arm, n in part.counts().items() if not n]:
        return frame.nothing("hazard ratio", joined(f"no participants in arm {empty[0]}", untested), **shared)
    if not part.event.any():
        return frame.nothing("hazard ratio", joined(NO_EVENTS, untested), **shared)
    try:
        fitted = fit(frame, part, arm_columns(part) | covariates_of(frame, part), strata)
    except DataError as error:
        return frame.nothing("hazard ratio", joined(f"the model cannot be fitted: {error}", untested), **shared)
    return frame.estimate("hazard ratio", note=joined(fitted.note, untested), **ratio_fields(fitted, 0), **shared)
