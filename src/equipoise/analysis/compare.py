"""Arms against the reference: log-rank test and Cox model, stratified and adjusted as the protocol says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.analysis.context import Frame, joined, p_value
from equipoise.analysis.names import column_of
from equipoise.analysis.tables import Sample
from equipoise.errors import DataError, NoEventsError
from equipoise.estimates import Estimate
from equipoise.survival import Cox, cox, logrank

TIES = "efron"
NO_EVENTS = "no events"


@dataclass(frozen=True, slots=True)
class Strata:
    """What an analysis is stratified by: the names to report, and each participant's stratum."""

    names: tuple[str, ...]
    values: NDArray[Any] | None


def strata_of(frame: Frame, sample: Sample) -> Strata:
    """The strata that the protocol states; the allocation's factors count as randomised, site aside."""
    stated = frame.analysis.strata
    if stated == "none" or stated == ():
        return Strata((), None)
    if stated == "allocation":
        values = sample.frame["STRATAR"].to_numpy() if "STRATAR" in sample.frame.columns else None
        if values is None or len(set(values.tolist())) < 2:
            return Strata((), None)
        names = tuple(dict.fromkeys(part.split("=")[0] for value in set(values.tolist()) for part in value.split(";")))
        return Strata(tuple(sorted(names)), values)
    columns = [sample.column(column_of(frame.protocol, name)).astype(str) for name in stated]
    joint = np.array([";".join(row) for row in zip(*columns, strict=True)])
    return Strata(tuple(stated), joint)


def covariates_of(frame: Frame, sample: Sample) -> tuple[list[NDArray[np.float64]], tuple[str, ...]]:
    """Columns of the covariates that the model adjusts for; a choice becomes one column a level but its first."""
    columns: list[NDArray[np.float64]] = []
    for name in frame.analysis.covariates:
        variable = frame.protocol.dictionary[name]
        values = sample.column(column_of(frame.protocol, name))
        if variable.type in ("integer", "decimal"):
            columns.append(values.astype(np.float64))
            continue
        known = list(variable.values or {}) if variable.type == "choice" else ["N", "Y"]
        present = [level for level in known if (values == level).any()]
        columns += [(values == level).astype(np.float64) for level in present[1:]]
    return columns, frame.analysis.covariates


def compare_arms(frame: Frame, sample: Sample, *, note: str = "", model: str = "") -> Iterator[Estimate]:
    """The test of the protocol, and the hazard ratio of every arm over the reference.

    Args:
        frame: the analysis.
        sample: its participants.
        note: what a reader must know of this sample, such as a bias.
        model: another name of the method, where the sample is not the plain one.
    """
    if len(sample.arms) < 2:
        yield frame.nothing("hazard ratio", f"only arm {sample.arms[0]} has participants", method="cox", unit="ratio")
        return
    strata = strata_of(frame, sample)
    try:
        test = _test(frame, sample, strata) if frame.analysis.test == "logrank" else None
        fitted = _fit(frame, sample, strata) if frame.analysis.model == "cox" else None
    except NoEventsError:
        for arm in sample.arms[1:]:
            yield frame.nothing(
                "hazard ratio",
                joined(NO_EVENTS, note),
                method=model or "cox",
                unit="ratio",
                arm=arm,
                reference=sample.arms[0],
                null_value=1,
                n_by_arm=sample.counts(),
                events_by_arm=sample.counts(sample.cause == 1),
            )
        return
    if fitted is None:
        if test is not None:
            yield test
        return
    for place in range(1, len(sample.arms)):
        yield _hazard_ratio(frame, sample, strata, fitted, place, test if len(sample.arms) == 2 else None, note, model)
    if test is not None and len(sample.arms) > 2:
        yield test


def _test(frame: Frame, sample: Sample, strata: Strata) -> Estimate:
    """The log-rank test: between two arms of its z, among more of its chi-squared."""
    groups = [f"{place:03}" for place in sample.arm]
    entry = sample.entry if sample.delayed else None
    found = logrank(sample.time, sample.event, groups, strata=strata.values, entry=entry)
    two = len(sample.arms) == 2
    sides = frame.analysis.sides if two else 2
    name = "log-rank" + (f", stratified by {', '.join(strata.names)}" if strata.names else "")
    return frame.estimate(
        "log-rank test",
        value=found.z if two else found.statistic,
        method=name,
        unit="z" if two else "chi-squared",
        p_value=p_value(found.z, sides) if two else found.p_value,
        p_method=name,
        sides=sides,
        null_value=0,
        arm=sample.arms[1] if two else None,
        reference=sample.arms[0] if two else None,
        strata=strata.names,
        n_by_arm=sample.counts(),
        events_by_arm=sample.counts(sample.cause == 1),
    )


def _fit(frame: Frame, sample: Sample, strata: Strata) -> Cox:
    arms = [(sample.arm == place).astype(np.float64) for place in range(1, len(sample.arms))]
    others, _ = covariates_of(frame, sample)
    return cox(
        sample.time,
        sample.event,
        np.column_stack([*arms, *others]),
        entry=sample.entry if sample.delayed else None,
        strata=strata.values,
        ties=TIES,
        conf_level=frame.analysis.conf_level,
    )


def _hazard_ratio(
    frame: Frame,
    sample: Sample,
    strata: Strata,
    fitted: Cox,
    place: int,
    test: Estimate | None,
    note: str,
    model: str,
) -> Estimate:
    """The hazard ratio of one arm; its p is that of the protocol's test, or Wald's where there is none."""
    at = place - 1
    z = float(fitted.coef[at] / fitted.std_error[at])
    sides = frame.analysis.sides
    wald = None if z != z else p_value(z, sides)
    p, method = (test.p_value, test.p_method) if test is not None else (wald, "Wald")
    return frame.estimate(
        "hazard ratio",
        value=_usable(fitted.hazard_ratio[at]),
        std_error=fitted.std_error[at],
        conf_low=fitted.conf_low[at],
        conf_high=fitted.conf_high[at],
        conf_level=frame.analysis.conf_level,
        p_value=p,
        p_method=method if p is not None else "",
        sides=sides if p is not None else None,
        null_value=1,
        arm=sample.arms[place],
        reference=sample.arms[0],
        method=model or ("cox, cause-specific" if (sample.cause == 2).any() else "cox"),
        unit="ratio",
        strata=strata.names,
        adjusted_for=frame.analysis.covariates,
        ties=TIES,
        n_by_arm=sample.counts(),
        events_by_arm=sample.counts(sample.cause == 1),
        note=joined(note, fitted.note or ""),
    )


def _usable(ratio: float) -> float | None:
    """A ratio of 0 or infinity is no estimate: an arm without events."""
    return None if ratio in (0, float("inf")) else float(ratio)


def subgroup_estimates(frame: Frame, sample: Sample) -> Iterator[Estimate]:
    """The hazard ratio within each level of each subgroup variable, with the test of interaction."""
    if len(sample.arms) != 2 or frame.analysis.model != "cox":
        return
    for name in frame.analysis.subgroups:
        variable = frame.protocol.dictionary[name]
        values = sample.column(column_of(frame.protocol, name))
        known = list(variable.values or {}) if variable.type == "choice" else ["Y", "N"]
        levels = [level for level in known if (values == level).any()]
        p = _interaction(frame, sample, values, levels)
        for level in levels:
            yield _subgroup(frame, sample.take(values == level), name, level, p)


def _subgroup(frame: Frame, part: Sample, name: str, level: str, p: float | None) -> Estimate:
    shared: dict[str, Any] = {
        "method": "cox",
        "unit": "ratio",
        "arm": part.arms[1],
        "reference": part.arms[0],
        "null_value": 1,
        "subgroup": {name: level},
        "n_by_arm": part.counts(),
        "events_by_arm": part.counts(part.cause == 1),
        "p_value": p,
        "p_method": "interaction likelihood ratio" if p is not None else "",
        "sides": 2 if p is not None else None,
        "ties": TIES,
    }
    strata = strata_of(frame, part)
    shared["strata"] = strata.names
    try:
        fitted = _fit(frame, part, strata)
    except NoEventsError:
        return frame.nothing("hazard ratio", NO_EVENTS, **shared)
    except DataError as error:
        return frame.nothing("hazard ratio", str(error), **shared)
    return frame.estimate(
        "hazard ratio",
        value=_usable(fitted.hazard_ratio[0]),
        std_error=fitted.std_error[0],
        conf_low=fitted.conf_low[0],
        conf_high=fitted.conf_high[0],
        conf_level=frame.analysis.conf_level,
        note=fitted.note or "",
        adjusted_for=frame.analysis.covariates,
        **shared,
    )


def _interaction(frame: Frame, sample: Sample, values: NDArray[Any], levels: list[str]) -> float | None:
    """p of the likelihood ratio of models with and without arm by subgroup; the p of a subgroup that counts."""
    from scipy.special import gammaincc  # noqa: PLC0415 - only here

    if len(levels) < 2:
        return None
    arm = (sample.arm == 1).astype(np.float64)
    groups = [(values == level).astype(np.float64) for level in levels[1:]]
    others, _ = covariates_of(frame, sample)
    options: dict[str, Any] = {
        "entry": sample.entry if sample.delayed else None,
        "strata": strata_of(frame, sample).values,
        "ties": TIES,
    }
    try:
        small = cox(sample.time, sample.event, np.column_stack([arm, *groups, *others]), **options)
        large = cox(
            sample.time, sample.event, np.column_stack([arm, *groups, *(arm * g for g in groups), *others]), **options
        )
    except DataError:
        return None
    statistic = 2 * (large.log_likelihood[1] - small.log_likelihood[1])
    return float(gammaincc(len(groups) / 2, max(statistic, 0.0) / 2))
