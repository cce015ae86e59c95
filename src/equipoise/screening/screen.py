"""Screen a table: one pass over it, one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import DataError, DesignError, InputError
from equipoise.protocol import Protocol
from equipoise.protocol.wording import clipped
from equipoise.screening.attrition import Tally, numbers_needed
from equipoise.screening.duck import DuckTable, Progress
from equipoise.screening.mapping import column_named, columns_of, nothing_found, read_mapping
from equipoise.screening.postgres import PostgresTable
from equipoise.screening.question import Question, days_of_entry, question
from equipoise.screening.reading import Column, Reading, absent, reading
from equipoise.screening.result import Screening, lacking
from equipoise.screening.spark import SparkTable
from equipoise.screening.statement import Statements
from equipoise.screening.table import Table, rows

if TYPE_CHECKING:
    import polars as pl

Engine = Literal["duckdb", "postgres", "spark"]

EXAMPLES = 3
"""Wrong values that a message quotes of a variable, and variables that it quotes."""


def screen(
    protocol: Protocol,
    data: str | Path | pl.DataFrame | Any,
    *,
    at: str | None = None,
    mapping: Mapping[str, str] | str | Path | None = None,
    on: date | None = None,
    engine: Engine = "duckdb",
    table: str | None = None,
    identity: str | None = None,
    not_recorded: Sequence[str] = (),
    out: str | Path | None = None,
    say: Callable[[str], None] | None = None,
    progress: Progress | None = None,
) -> Screening:
    """Which records of a table satisfy a protocol's criteria, and what stops the others, criterion by criterion.

    Args:
        protocol: the trial.
        data: for `duckdb` the path of a Parquet or CSV file, of a folder of Parquet files or of a DuckDB database, or a
            polars frame; for `postgres` a URL or a DB-API connection; for `spark` the path of a Parquet file or folder,
            or a Spark data frame.
        at: the step of entry whose criteria are asked; all of them if not said.
        mapping: columns of variables that are not named as they are: a mapping, or a YAML file of one.
        on: the day to take for the dates of screening and of the steps, where the table has no column of them.
        engine: what judges the table.
        table: the table, where the data are a database; `schema.table` if need be.
        identity: the column that identifies a record, for `out` and for messages.
        not_recorded: texts of a CSV file that mean "not recorded", such as `NA`; an empty field always does.
        out: file to write a verdict and its reasons to for every record, Parquet, or CSV if its name ends so (duckdb).
        say: is told, before the pass, what the table lacks.
        progress: is told how far the pass is, as done and total (duckdb).

    Raises:
        InputError: a file that cannot be read, a step, column or variable that is not there.
        DataError: values that the variables cannot have, with their records (counted from 1) and columns.
    """
    asked = question(protocol, at)
    mapped = read_mapping(mapping, protocol)
    written = None if out is None else Path(out).absolute()
    unfinished = None if written is None else written.with_name(f".{written.name}.unfinished")
    found = _opened(data, engine, table, not_recorded, unfinished)
    try:
        columns = found.columns()
        by_variable = columns_of(asked.variables, mapped, columns)
        if asked.variables and not by_variable:
            raise nothing_found(protocol, columns, found.label)
        readings, notes = _readings(asked, by_variable, on, found, columns)
        missing = _missing(asked, readings)
        for line in [*([lacking(missing)] if missing else []), *notes]:
            if say is not None:
                say(line)
        statements = _proven(found, Statements(asked, readings, found.relation, found.dialect))
        identifier = _identifier(identity, columns)
        watched = found.watched(progress) if isinstance(found, DuckTable) else nullcontext()
        with watched:
            tally, cohort = _counted(found, statements)
            if tally is None:
                raise _refused(found, statements, identifier)
            if unfinished is not None and written is not None and isinstance(found, DuckTable):
                _write(found, statements, identifier, unfinished, written)
    finally:
        found.close()
    return _result(asked, found, at=at, tally=tally, cohort=cohort, missing=missing, notes=notes)


def _opened(
    data: Any, engine: Engine, table: str | None, not_recorded: Sequence[str], unfinished: Path | None
) -> Table:
    """The table in its engine."""
    if engine == "duckdb":
        return DuckTable(data, table=table, not_recorded=not_recorded, writes=unfinished)
    if unfinished is not None:
        raise DesignError("verdicts by record are written by the engine duckdb: leave `out` away, or export the table")
    if not_recorded:
        raise DesignError("texts that mean 'not recorded' are for CSV files: use a view of the table")
    if engine == "postgres":
        return PostgresTable(data, table)
    if table is not None:
        raise DesignError("Spark takes a Parquet file or a data frame: leave the table out")
    return SparkTable(data)


def _readings(
    asked: Question, by_variable: Mapping[str, Column], on: date | None, table: Table, columns: Sequence[Column]
) -> tuple[list[Reading], tuple[str, ...]]:
    """How every variable is read, and what is to be said of it."""
    dictionary, days = asked.protocol.dictionary, days_of_entry(asked.protocol, on)
    readings, notes = [], []
    for variable in asked.variables:
        declared = dictionary[variable]
        if variable in by_variable:
            readings.append(reading(variable, declared, by_variable[variable], table.dialect))
        elif variable in days:
            readings.append(Reading(variable, None, f"CAST('{days[variable].isoformat()}' AS DATE)", said=True))
            notes.append(f"{variable} is taken to be {days[variable].isoformat()} for every record")
        else:
            readings.append(absent(variable, declared, table.dialect))
    derived = [item.name for item in columns if item.name in dictionary and dictionary[item.name].derived is not None]
    notes += [f"{name} is derived by the protocol, so it is computed and its column not read" for name in derived]
    judged = {item.judgement_variable for item in asked.protocol.eligibility if item.judgement is not None}
    notes += [f"{item.name} is a person's judgement, so it is not read" for item in columns if item.name in judged]
    return readings, tuple(notes)


def _missing(asked: Question, readings: Sequence[Reading]) -> dict[str, tuple[str, ...]]:
    """The variables that are not recorded for anybody, and what rests on them."""
    names = [item.variable for item in readings if item.column is None and not item.said]
    return {variable: asked.users_of(variable) for variable in names}


def _proven(table: Table, statements: Statements) -> Statements:
    """The statements without the checks that the lowest and the highest value of a column make needless."""
    provable = [item for item in statements.readings if item.extremes]
    if not table.knows_extremes or not provable:
        return statements
    answers = dict(zip((item.variable for item in provable), rows(table, statements.extremes())[0], strict=True))
    proven = {variable for variable, right in answers.items() if right is None or bool(right)}
    readings = [replace(item, wrong="") if item.variable in proven else item for item in statements.readings]
    return replace(statements, readings=readings)


def _identifier(identity: str | None, columns: Sequence[Column]) -> str | None:
    if identity is None:
        return None
    found = column_named(identity, columns)
    if found is None:
        raise InputError(f"the table has no column '{clipped(identity)}' that could identify a record")
    return found.sql


def _counted(table: Table, statements: Statements) -> tuple[Tally | None, Sequence[Any] | None]:
    """The counts, and what the cohort rules' expressions give for the eligible; no counts if a value is wrong."""
    width = numbers_needed(len(statements.question.ruled))
    tally, cohort = Tally(len(statements.question.ruled)), None
    for batch in table.batches(statements.patterns()):
        numbers = [np.asarray(column, dtype=np.int64) for column in batch[: width + 1]]
        if np.any(np.asarray(batch[width + 1], dtype=np.int64)):
            return None, None
        eligible: NDArray[np.bool_] = tally.add(np.column_stack(numbers[:width]), numbers[width])
        for place in np.flatnonzero(eligible):
            cohort = [column[int(place)] for column in batch[width + 2 :]]
    return tally, cohort


def _refused(table: Table, statements: Statements, identifier: str | None) -> DataError:
    """The error of values that the variables cannot have: how many, and the first ones with record and column."""
    counts = [int(count) for count in rows(table, statements.wrong_values())[0]]
    wrong = [(item, count) for item, count in zip(statements.fallible, counts, strict=True) if count]
    quoted = []
    for item, count in wrong[:EXAMPLES]:
        assert item.column is not None
        examples = rows(table, statements.examples(item, EXAMPLES, record=table.record, identity=identifier))
        shown = ", ".join(f"'{clipped(value)}'{_which(record, key)}" for record, key, value in examples)
        more = f" and {count - len(examples):,} more" if count > len(examples) else ""
        quoted.append(f"column '{clipped(item.column.name)}' has {shown}{more}, and {item.variable} is {item.wants}")
    if len(wrong) > EXAMPLES:
        quoted.append(f"{len(wrong) - EXAMPLES} more columns have such values")
    return DataError(f"{table.label}: {'; '.join(quoted)}: mend the values, leave empty what is not recorded")


def _which(record: Any, key: Any) -> str:
    """Which record a value is of."""
    parts = [] if record is None else [f"record {int(record):,}"]
    parts += [] if key is None else [clipped(key)]
    return f" ({', '.join(parts)})" if parts else ""


def _write(table: DuckTable, statements: Statements, identifier: str | None, unfinished: Path, written: Path) -> None:
    """Every record's verdict, whole or not at all."""
    assert table.record is not None
    try:
        as_csv = written.name.lower().endswith(".csv")
        table.write(statements.records(record=table.record, identity=identifier), unfinished, as_csv=as_csv)
        unfinished.replace(written)
    finally:
        unfinished.unlink(missing_ok=True)


def _result(
    asked: Question,
    table: Table,
    *,
    at: str | None,
    tally: Tally,
    cohort: Sequence[Any] | None,
    missing: Mapping[str, tuple[str, ...]],
    notes: tuple[str, ...],
) -> Screening:
    ruled = [place for place, item in enumerate(asked.criteria) if item.rule is not None]
    judged = np.array([item.judgement is not None for item in asked.criteria], bool)

    def spread(counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Counts of the criteria with a rule, at their places among all; 0 for the others."""
        every = np.zeros(len(asked.criteria), np.int64)
        every[ruled] = counts
        return every

    first, failed, unknown = spread(tally.first), spread(tally.failed), spread(tally.unknown)
    others = tally.records - failed - unknown
    return Screening(
        trial=asked.protocol.id,
        version=asked.protocol.version,
        source=table.label,
        engine=table.dialect,
        at=at,
        records=tally.records,
        eligible=tally.eligible,
        undecided=tally.undecided,
        ineligible=tally.ineligible,
        criterion=tuple(item.id for item in asked.criteria),
        kind=tuple(item.kind for item in asked.criteria),
        step=tuple(item.at for item in asked.criteria),
        title=tuple(item.title for item in asked.criteria),
        judge=tuple(item.judgement for item in asked.criteria),
        first=first,
        remaining=tally.records - np.cumsum(first),
        alone=spread(tally.alone),
        failed=failed,
        unknown=unknown,
        passed=np.where(judged, 0, others),
        needs_judgement=np.where(judged, others, 0),
        cohort=_cohort(asked, cohort, tally.eligible, tuple(missing)),
        missing=missing,
        notes=notes,
    )


def _cohort(asked: Question, found: Sequence[Any] | None, eligible: int, missing: Sequence[str]) -> tuple[Any, ...]:
    """Every rule about all participants, judged."""
    checks, at = [], 0
    for item in asked.cohort:
        width = 1 + len(item.counts)
        checks.append(item.check(None if found is None else found[at : at + width], eligible, missing))
        at += width
    return tuple(checks)
