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
from equipoise.survival import Cox, cox

TIES: Final = "efron"

Column = NDArray[np.float64]


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
        return _as_randomised(sample)
    columns = [sample.column(column_of(frame.protocol, name)).astype(str) for name in stated]
    joint = np.array([";".join(row) for row in zip(*columns, strict=True)])
    return Strata(tuple(stated), joint)


def _as_randomised(sample: Sample) -> Strata:
    """STRATAR; without factors it is empty, or absent, for everybody."""
    if "STRATAR" in sample.frame.columns and sample.frame["STRATAR"].null_count() == sample.frame.height:
        return Strata((), None)  # empty texts, read back from CSV
    values = sample.column("STRATAR")
    levels = sorted(set(values.tolist()))
    names = {part.split("=")[0] for level in levels for part in level.split(";") if "=" in part}
    return Strata(tuple(sorted(names)), values) if len(levels) > 1 else Strata((), None)


def covariates_of(frame: Frame, sample: Sample) -> list[Column]:
    """Columns of the covariates that the model adjusts for; a choice becomes one column a level but its first."""
    columns: list[Column] = []
    for name in frame.analysis.covariates:
        values = sample.column(column_of(frame.protocol, name))
        if frame.protocol.dictionary[name].type in ("integer", "decimal"):
            columns.append(_numbers(name, values))
        else:
            columns += [(values == level).astype(np.float64) for level in levels_of(frame, name, values)[1:]]
    return columns


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


def fit(frame: Frame, sample: Sample, columns: list[Column], strata: Strata) -> Cox:
    """The Cox model of the sample on the columns, at the analysis's level."""
    return cox(
        sample.time,
        sample.event,
        np.column_stack(columns),
        entry=sample.entry if sample.delayed else None,
        strata=strata.values,
        ties=TIES,
        conf_level=frame.analysis.conf_level,
    )


def independent(base: list[Column], more: list[Column], strata: Strata) -> list[Column]:
    """Those of `more` that say something beyond the columns of `base`, the ones before them, and the strata."""
    centred = [_within(column, strata) for column in base]
    kept: list[Column] = []
    for column in more:
        extended = [*centred, _within(column, strata)]
        if np.linalg.matrix_rank(np.column_stack(extended)) == len(extended):
            centred = extended
            kept.append(column)
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
