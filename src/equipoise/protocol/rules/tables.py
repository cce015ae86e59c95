"""Judge whole tables with DuckDB: the same rules, one scan."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from equipoise.errors import DataError
from equipoise.protocol.rules.rule import Rule

if TYPE_CHECKING:
    import duckdb
    import polars as pl


@cache
def engine() -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that can reach no file, no network and no extension."""
    import duckdb  # noqa: PLC0415 - most users of rules judge one participant and need no engine

    return duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "lock_configuration": "true",
        },
    )


def judge_table(frame: pl.DataFrame, rules: Mapping[str, Rule]) -> pl.DataFrame:
    """True, false or null for every row and rule.

    Args:
        frame: one row a participant, columns named as the variables; a null is a value not recorded yet.
        rules: by the name that the result's column gets.

    Raises:
        DataError: a variable that a rule needs is not a column.
    """
    needed = {name for rule in rules.values() for name in rule.variables}
    if missing := sorted(needed - set(frame.columns)):
        raise DataError(f"the table has no column {', '.join(missing)}: add it, empty where nothing was recorded")
    columns = ", ".join(f'({rule.sql("duckdb")}) AS "{name}"' for name, rule in rules.items())
    cursor = engine().cursor()
    try:
        cursor.register("participants", frame.select(sorted(needed)) if needed else frame)
        answer: pl.DataFrame = cursor.sql(f"SELECT {columns} FROM participants").pl()  # noqa: S608 - typed rules, names of the model
        return answer
    finally:
        cursor.close()


def judge_cohort_table(frame: pl.DataFrame, rule: Rule) -> bool | None:
    """True, false or unknown for a cohort rule over the rows of a table."""
    answer: bool | None = judge_table(frame, {"answer": rule})["answer"][0]
    return answer
