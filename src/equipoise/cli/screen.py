"""`equipoise screen T --data F`: which records of a database satisfy a trial's criteria, and what stops the others."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from equipoise.cli.output import AsJson, Trial, note, print_json, progress, say

if TYPE_CHECKING:
    from equipoise.screening.screen import Engine

NAME = "screen"
EXAMPLE = (
    "Examples: equipoise screen henan --data patients.parquet --at registration --on 2026-01-31;"
    " equipoise screen henan --data patients.csv --map columns.yaml --id patient --out verdicts.parquet;"
    " equipoise screen henan --engine postgresql://reader@server/hospital --table patients --json"
)


def run(
    trial: Trial,
    *,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Records: Parquet, CSV, a folder of Parquet files, or a DuckDB database."),
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="What judges them: duckdb, spark, or the URL of a PostgreSQL database.")
    ] = "duckdb",
    table: Annotated[str | None, typer.Option("--table", help="The table of a database, or SCHEMA.TABLE.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Step of entry whose criteria are asked; all if not said.")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on", formats=["%Y-%m-%d"], help="Day of screening and of the steps, where no column has it: YYYY-MM-DD."
        ),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--map", help="YAML file of columns that are named otherwise: 'variable: column'.")
    ] = None,
    identity: Annotated[
        str | None, typer.Option("--id", help="Column that identifies a record, for --out and for messages.")
    ] = None,
    not_recorded: Annotated[
        list[str] | None,
        typer.Option("--not-recorded", help="Text of a CSV file that means 'not recorded', such as NA; repeatable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write every record's verdict and reasons here; .parquet or .csv.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Screen a database: which records satisfy a trial's criteria, and what stops the others, by criterion."""
    from equipoise.protocol import load
    from equipoise.screening import screen

    source, judge = _source(data, engine)
    protocol = load(trial)
    with progress(f"screening for {protocol.id}") as advance:
        found = screen(
            protocol,
            source,
            at=at,
            mapping=mapping,
            on=None if on is None else on.date(),
            engine=judge,
            table=table,
            identity=identity,
            not_recorded=not_recorded or (),
            out=out,
            say=note,
            progress=advance,
        )
    if as_json:
        print_json(found.to_dict())
        return
    say(str(found))
    if out is not None:
        say(f"written to {out}: {found.records:,} verdicts")


def _source(data: Path | None, engine: str) -> tuple[Any, Engine]:
    """What is screened, and by what."""
    if engine.startswith(("postgresql://", "postgres://")):
        if data is not None:
            raise typer.BadParameter("a database is named by --engine and --table; leave --data out")
        return engine, "postgres"
    if engine not in ("duckdb", "spark"):
        raise typer.BadParameter("--engine is duckdb, spark, or a URL that begins with postgresql://")
    if data is None:
        raise typer.BadParameter("name the records with --data, or a database with --engine and --table")
    return data, "duckdb" if engine == "duckdb" else "spark"
