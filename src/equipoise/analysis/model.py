"""The Cox models of an analysis: strata, covariates, and the design matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from equipoise.analysis.context import Frame
from equipoise.analysis.names import column_of
from equipoise.analysis.sample import Sample
from equipoise.errors import DataError
from equipoise.protocol import Protocol
from equipoise.protocol.checks.allocation import SITE, list_variables
from equipoise.survival import Cox, cox

TIES: Final = "efron"

Column = NDArray[np.float64]
Columns = dict[str, Column]
"""Columns of a design matrix by name; the names stand in what a model says of itself."""


@dataclass(frozen=True, slots=True)
class Strata:
    """What an analysis is stratified by: the names to report, and each participant's stratum."""

    names: tuple[str, ...]
    values: NDArray[Any] | None


def strata_of(frame: Frame, sample: Sample) -> Strata:
    """The strata that the protocol states; the allocation's factors count as randomised, site aside.

    Raises:
        DataError: the table does not say what they were.
    """
    stated = frame.analysis.strata
    if stated in ("none", ()):
        return Strata((), None)
    if stated == "allocation":
        return _as_randomised(frame.protocol, sample)
    columns = [sample.column(column_of(frame.protocol, name)).astype(str) for name in stated]
    joint = np.array([";".join(row) for row in zip(*columns, strict=True)])
    return Strata(tuple(stated), joint)


def _as_randomised(protocol: Protocol, sample: Sample) -> Strata:
    """STRATAR, which holds the levels of the list's factors as they counted; a list without factors has no strata."""
    names = tuple(name for name in list_variables(protocol, protocol.allocation_step.list) if name != SITE)
    if not names:
        return Strata((), None)
    given = sample.frame["STRATAR"].fill_null("").to_list() if "STRATAR" in sample.frame.columns else []
    if not any(given):
        example = ";".join(f"{name}=..." for name in names)
        raise DataError(
            f"STRATAR is missing, and the analysis is stratified by {', '.join(names)} as randomised: write each "
            f"participant's stratum there, such as {example}, or name columns under strata"
        )
    values = sample.column("STRATAR")
    return Strata(tuple(sorted(names)), values) if len(set(values.tolist())) > 1 else Strata((), None)


def covariates_of(frame: Frame, sample: Sample) -> Columns:
    """Columns of the covariates that the model adjusts for; a choice becomes one column a level but its first."""
    columns: Columns = {}
    for name in frame.analysis.covariates:
        values = sample.column(column_of(frame.protocol, name))
        if frame.protocol.dictionary[name].type in ("integer", "decimal"):
            columns[name] = _numbers(name, values)
        else:
            columns |= indicators(name, values, levels_of(frame, name, values)[1:])
    return columns


def indicators(name: str, values: NDArray[Any], levels: list[str]) -> Columns:
    """A column of ones and zeros for each level."""
    return {f"{name} = {level}": (values == level).astype(np.float64) for level in levels}


def arm_columns(sample: Sample) -> Columns:
    """A column of ones and zeros for each arm but the reference."""
    return {f"arm {name}": (sample.arm == i).astype(np.float64) for i, name in enumerate(sample.arms) if i}


def _numbers(name: str, values: NDArray[Any]) -> Column:
    try:
        return np.asarray(values, dtype=np.float64)
    except ValueError as error:
        raise DataError(f"{name} is a number in the protocol, and not in the table: {error}") from None


def levels_of(frame: Frame, name: str, values: NDArray[Any]) -> list[str]:
    """The levels of a variable that occur, in the protocol's order.

    Raises:
        DataError: a value that the variable cannot have.
    """
    variable = frame.protocol.dictionary[name]
    known = list(variable.values or {}) if variable.type == "choice" else ["N", "Y"]
    if strange := sorted({str(value) for value in values.tolist()} - set(known)):
        raise DataError(f"{name} is '{strange[0]}' in the table: it is one of {', '.join(known)}")
    return [level for level in known if (values == level).any()]


def fit(frame: Frame, sample: Sample, columns: Columns, strata: Strata) -> Cox:
    """The Cox model of the sample on the columns, at the analysis's level."""
    return cox(
        sample.time,
        sample.event,
        np.column_stack(list(columns.values())),
        names=list(columns),
        entry=sample.entry if sample.delayed else None,
        strata=strata.values,
        ties=TIES,
        conf_level=frame.analysis.conf_level,
    )


def independent(base: Columns, more: Columns, strata: Strata) -> Columns:
    """Those of `more` that say something beyond the columns of `base`, the ones before them, and the strata."""
    centred = [_within(column, strata) for column in base.values()]
    kept: Columns = {}
    for name, column in more.items():
        extended = [*centred, _within(column, strata)]
        if np.linalg.matrix_rank(np.column_stack(extended)) == len(extended):
            centred = extended
            kept[name] = column
    return kept


def _within(column: Column, strata: Strata) -> Column:
    """A column less its mean in each stratum: a Cox model sees nothing else of it."""
    if strata.values is None:
        return np.asarray(column - column.mean())
    result = column.copy()
    for level in set(strata.values.tolist()):
        rows = strata.values == level
        result[rows] -= column[rows].mean()
    return result
