"""Names of columns: ADaM's where the protocol gives one, else the variable's name in capitals."""

from __future__ import annotations

from equipoise.protocol import Protocol


def column_of(protocol: Protocol, variable: str) -> str:
    """The ADSL column of a variable."""
    item = protocol.dictionary[variable]
    return item.adam or variable.upper()


def grouping_variables(protocol: Protocol) -> tuple[str, ...]:
    """Variables that analyses group by, stratify by or adjust for, in order of first mention."""
    names: list[str] = []
    for analysis in protocol.analyses:
        strata = () if isinstance(analysis.strata, str) else analysis.strata
        names += [*analysis.subgroups, *analysis.covariates, *strata]
    return tuple(dict.fromkeys(names))
