"""Which column holds which variable: by its name, or as a mapping says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.errors import DataError, InputError
from equipoise.protocol import Protocol
from equipoise.protocol.wording import clipped, did_you_mean
from equipoise.protocol.yaml_tree import Lines, read_file, read_tree
from equipoise.screening.reading import Column


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping of variables to columns, and the file and lines it was read from."""

    columns: Mapping[str, Any]
    file: str | None = None
    lines: Lines | None = None

    def error(self, message: str, variable: str, mend: str) -> InputError:
        """An error about one line of it."""
        line = None if self.lines is None else self.lines.get((variable,))
        return InputError(message, file=self.file, line=line, mend=mend)


def read_mapping(mapping: Mapping[str, str] | str | Path | None, protocol: Protocol) -> Mapped:
    """A mapping from a YAML file (`variable: column`) or given as one; it names variables that are recorded.

    Raises:
        InputError: not such a file, or a name that is no recorded variable; with its line.
    """
    if mapping is None:
        return Mapped({})
    if isinstance(mapping, str | Path):
        path = Path(mapping)
        if not path.is_file():
            raise InputError("there is no such file", file=path, mend="name a YAML file of lines 'variable: column'")
        tree, lines = read_tree(read_file(path), str(path))
        mapped = Mapped({str(key): value for key, value in tree.items()}, str(path), lines)
    else:
        mapped = Mapped(dict(mapping))
    for variable, column in mapped.columns.items():
        declared = protocol.dictionary.get(variable)
        shown = clipped(variable)
        if declared is None:
            mend = did_you_mean(variable, protocol.dictionary, "on the left stand variables of the protocol")
            raise mapped.error(f"{protocol.id} has no variable '{shown}'", variable, mend)
        if declared.derived is not None:
            raise mapped.error(f"'{shown}' is derived, so it is not read", variable, "map what it is derived from")
        if not isinstance(column, str) or not column:
            raise mapped.error(f"'{shown}' is read from a column, named by a text", variable, "put the name in quotes")
    return mapped


def columns_of(variables: Sequence[str], mapped: Mapped, columns: Sequence[Column]) -> dict[str, Column]:
    """The column of every variable that has one: the one it is mapped to, or the one of its name.

    A column is found by its exact name, else by its name in other capitals if there is one such.

    Raises:
        InputError: a variable is mapped to a column that is not there.
        DataError: two columns could be meant.
    """
    found = {}
    for variable in variables:
        wanted = mapped.columns.get(variable)
        column = column_named(wanted or variable, columns)
        if column is not None:
            found[variable] = column
        elif wanted is not None:
            mend = did_you_mean(wanted, [item.name for item in columns], _listed(columns))
            raise mapped.error(f"the table has no column '{clipped(wanted)}'", variable, mend)
    return found


def column_named(wanted: str, columns: Sequence[Column]) -> Column | None:
    """The column of a name, or None.

    Raises:
        DataError: two columns could be meant.
    """
    exact = [item for item in columns if item.name == wanted]
    for close in (exact, [item for item in columns if item.name.lower() == wanted.lower()]):
        if len(close) > 1:
            names = ", ".join(f"'{clipped(item.name)}'" for item in close[:3])
            raise DataError(f"the table has several columns that '{clipped(wanted)}' may be ({names}): rename one")
        if close:
            return close[0]
    return None


def _listed(columns: Sequence[Column]) -> str:
    """The columns of the table, for a message."""
    return "its columns are " + clipped(", ".join(item.name for item in columns), 120)


def nothing_found(protocol: Protocol, columns: Sequence[Column], label: str) -> DataError:
    """The error of a table that has none of the variables."""
    return DataError(
        f"{label}: none of the variables that the criteria of {protocol.id} rest on is a column; {_listed(columns)}: "
        "map variables to columns"
    )
