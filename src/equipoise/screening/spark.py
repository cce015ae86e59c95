"""Records in Spark SQL: a Parquet file in local mode, or a data frame of the caller's session."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from equipoise.errors import InputError
from equipoise.protocol.rules import Dialect
from equipoise.screening.dialect import name
from equipoise.screening.files import records_of
from equipoise.screening.reading import Column, Family
from equipoise.screening.table import BATCH

_VIEW = "equipoise_records"
_FAMILIES: dict[str, Family] = {
    "tinyint": "integer",
    "smallint": "integer",
    "int": "integer",
    "bigint": "integer",
    "float": "float",
    "double": "float",
    "boolean": "boolean",
    "string": "text",
    "date": "date",
    "timestamp_ntz": "timestamp",
    "void": "nothing",
}


class SparkTable:
    """A table that Spark reads.

    Args:
        data: the path of a Parquet file or of a folder of them, or a Spark data frame.

    Raises:
        InputError: there is no such file, or no Spark on this machine.
    """

    dialect: Dialect = "spark"
    record: str | None = None
    knows_extremes: bool = False

    def __init__(self, data: Any) -> None:
        self.relation = name(_VIEW, "spark")
        self._frame = _read(data) if isinstance(data, str | Path) else data
        self.label = str(data) if isinstance(data, str | Path) else "a Spark data frame"
        self._frame.createOrReplaceTempView(_VIEW)

    def columns(self) -> tuple[Column, ...]:
        """Its columns, in order."""
        return tuple(_column(title, kind) for title, kind in self._frame.dtypes)

    def batches(self, statement: str) -> Iterator[Sequence[Sequence[Any]]]:
        """The rows of a statement, some at a time, column by column."""
        held: list[Any] = []
        for row in self._frame.sparkSession.sql(statement).toLocalIterator():
            held.append(row)
            if len(held) == BATCH:
                yield list(zip(*held, strict=True))
                held = []
        if held:
            yield list(zip(*held, strict=True))

    def close(self) -> None:
        """Forget the view; the session goes on."""
        self._frame.sparkSession.catalog.dropTempView(_VIEW)


def _read(path: str | Path) -> Any:
    found = records_of(path)
    if found.kind != "parquet":
        raise InputError("Spark is given Parquet files", file=found.named, mend="screen other files with duckdb")
    try:
        session = import_module("pyspark.sql").SparkSession.builder
    except ImportError:
        raise InputError("pyspark is not installed", mend="install it, and Java, or screen with duckdb") from None
    try:
        running = session.master("local[*]").config("spark.ui.enabled", "false").getOrCreate()
    except RuntimeError as error:
        raise InputError(f"Spark does not start: {error}", mend="check that Java is installed") from None
    return running.read.parquet(*(Path(part).as_uri() for part in found.paths))


def _column(title: str, kind: str) -> Column:
    family: Family = _FAMILIES.get(kind, "other")
    scale = None
    if found := re.fullmatch(r"decimal\(\d+,(\d+)\)", kind):
        family, scale = "decimal", int(found[1])
    # in Spark's words of SQL, for casts and messages
    return Column(title, name(title, "spark"), family, kind.upper(), scale)
