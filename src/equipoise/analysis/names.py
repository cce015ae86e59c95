"""Names of columns: ADaM's where the protocol gives one, else the variable's name in capitals."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from equipoise.errors import DataError
from equipoise.protocol import Protocol


def column_of(protocol: Protocol, variable: str) -> str:
    """The ADSL column of a variable."""
    item = protocol.dictionary[variable]
    return item.adam or variable.upper()


def check_columns(protocol: Protocol, variables: Iterable[str], fixed: Collection[str]) -> None:
    """Refuse variables whose columns would overwrite each other, or one of ADSL's own.

    Raises:
        DataError: names the column and the variable.
    """
    taken = dict.fromkeys(fixed, "ADSL itself")
    for name in variables:
        column = column_of(protocol, name)
        if column in taken:
            raise DataError(
                f"column {column} of variable {name} belongs to {taken[column]}: give {name} another `adam`"
            )
        taken[column] = name


def grouping_variables(protocol: Protocol) -> tuple[str, ...]:
    """Variables that analyses group by, stratify by or adjust for, in order of first mention."""
    names: list[str] = []
    for analysis in protocol.analyses:
        strata = () if isinstance(analysis.strata, str) else analysis.strata
        names += [*analysis.subgroups, *analysis.covariates, *strata]
    return tuple(dict.fromkeys(names))
