"""Records in files or in a frame, by DuckDB: it can reach the files it is given, and nothing else."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from pyarrow import ArrowException, parquet  # type: ignore[import-untyped]  # pyarrow ships no types

from equipoise.errors import InputError
from equipoise.protocol.rules import Dialect
from equipoise.protocol.wording import clipped
from equipoise.screening.dialect import literal, name
from equipoise.screening.files import Records, csv_head, records_of
from equipoise.screening.reading import Column, Family
from equipoise.screening.table import BATCH

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[int, int], None]

MEMORY = "2GB"
"""What the engine holds in memory before it goes to disk."""

_FRAME, _DATABASE = "records", "hospital"
_POLL = 0.25
_INTEGERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
_FAMILIES: dict[str, Family] = {
    "BOOLEAN": "boolean",
    "FLOAT": "float",
    "DOUBLE": "float",
    "VARCHAR": "text",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    '"NULL"': "nothing",
}
_CSV_LINE = re.compile(r"CSV Error on Line: (\d+)\n(?:Original Line:[^\n]*\n)?([^\n]*)")


class DuckTable:
    """A table that DuckDB reads.

    Args:
        data: path of a file or folder, or a polars frame.
        table: the table, where the file is a database.
        not_recorded: texts of a CSV file that mean "not recorded", besides an empty one.
        writes: a file that `write` may write.

    Raises:
        InputError: there is no such file, or it is no table.
    """

    dialect: Dialect = "duckdb"
    record: str | None = "ROW_NUMBER() OVER ()"
    knows_extremes: bool = False

    def __init__(
        self,
        data: str | Path | pl.DataFrame,
        *,
        table: str | None = None,
        not_recorded: Sequence[str] = (),
        writes: Path | None = None,
    ) -> None:
        self._spill = tempfile.TemporaryDirectory(prefix="equipoise-")
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": MEMORY,
            "temp_directory": self._spill.name,
        }
        self._connection = duckdb.connect(":memory:", config=config)
        self._parameters: list[Any] = []
        self._header: tuple[str, ...] | None = None
        self._names: Sequence[str] | None = None
        try:
            self._open(data, table, tuple(not_recorded), writes)
        except BaseException:
            self.close()
            raise

    def _open(
        self, data: str | Path | pl.DataFrame, table: str | None, not_recorded: tuple[str, ...], writes: Path | None
    ) -> None:
        if not isinstance(data, str | Path):
            self._lock(() if writes is None else (str(writes),))
            self._connection.register(_FRAME, data)
            self._names = data.columns
            self.label, self.relation = "a data frame", _FRAME
            return
        found = records_of(data)
        self.label = found.named
        if (table is None) == (found.kind == "database"):
            mend = "name its table" if table is None else "leave the table out, or name a database"
            raise InputError("a table is named for a database, and only for one", file=found.named, mend=mend)
        if table is not None:
            with self._said(found.named):
                self._connection.execute(f"ATTACH {literal(found.paths[0], 'duckdb')} AS {_DATABASE} (READ_ONLY)")
        self._lock((*found.paths, *(() if writes is None else (str(writes),))))
        self.relation = self._relation(found, table, not_recorded)

    def _lock(self, paths: Sequence[str]) -> None:
        """From now on, no file but these, no network, no extension, and no way back."""
        allowed = ", ".join(literal(path, "duckdb") for path in paths)
        self._connection.execute(f"SET allowed_paths = [{allowed}]")
        for setting in ("enable_progress_bar = true", "enable_progress_bar_print = false", "progress_bar_time = 0"):
            self._connection.execute(f"SET {setting}")
        for setting in ("enable_external_access = false", "lock_configuration = true"):
            self._connection.execute(f"SET {setting}")

    def _relation(self, found: Records, table: str | None, not_recorded: tuple[str, ...]) -> str:
        if table is not None:
            return ".".join(name(part, "duckdb") for part in (_DATABASE, *table.split(".", 1)))
        if found.kind == "parquet":
            self._parameters = [list(found.paths)]
            self.knows_extremes = True  # they stand in the foot of the file
            with self._said(found.named):
                self._names = parquet.read_schema(found.paths[0]).names
            return "read_parquet(?, hive_partitioning = false)"  # the names of folders are no data
        head = csv_head(found.paths[0], found.named)
        self._header = head.columns
        # columns by place: names may stand twice, or differ in their capitals only
        columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(head.columns)))
        self._parameters = [found.paths[0], head.delimiter, ["", *not_recorded]]
        return (
            "read_csv(?, auto_detect = false, header = true, delim = ?, nullstr = ?, quote = '\"', escape = '\"', "
            f"columns = {{{columns}}}, hive_partitioning = false)"
        )

    def columns(self) -> tuple[Column, ...]:
        """Its columns, in order; those of a CSV file are texts."""
        with self._said(self.label):
            described = self._connection.execute(f"DESCRIBE FROM {self.relation}", self._parameters).fetchall()
        if self._header is not None:
            places = zip(self._header, described, strict=True)
            return tuple(Column(title, name(row[0], "duckdb"), "text", "VARCHAR", padded=True) for title, row in places)
        _told_apart(self._names or [row[0] for row in described], self.label)
        return tuple(_column(row[0], row[1]) for row in described)

    def batches(self, statement: str) -> Iterator[Sequence[Sequence[Any]]]:
        """The rows of a statement, some at a time, column by column."""
        with self._said(self.label):
            for batch in self._connection.sql(statement, params=self._parameters).to_arrow_reader(BATCH):
                # with nulls among them, numpy would make floats of whole numbers, and NaN of null
                yield [
                    column.to_pylist() if column.null_count else column.to_numpy(zero_copy_only=False)
                    for column in batch.columns
                ]

    def write(self, statement: str, path: Path, *, as_csv: bool) -> None:
        """Write the rows of a statement to a file, Parquet or CSV."""
        form = "csv, HEADER" if as_csv else "parquet, COMPRESSION zstd"
        with self._said(self.label):
            self._connection.execute(
                f"COPY ({statement}) TO {literal(str(path), 'duckdb')} (FORMAT {form})", self._parameters
            )

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()
        self._spill.cleanup()

    @contextmanager
    def watched(self, progress: Progress | None) -> Iterator[None]:
        """Tell `progress` how far a statement has come, in per cent, while it runs."""
        if progress is None:
            yield
            return
        done = threading.Event()

        def poll() -> None:
            while not done.wait(_POLL):
                progress(max(int(self._connection.query_progress()), 0), 100)

        watcher = threading.Thread(target=poll, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    @contextmanager
    def _said(self, named: str) -> Iterator[None]:
        """An error of the engine about a file, in a line."""
        try:
            yield
        except (duckdb.Error, ArrowException) as error:
            text = str(error)
            if found := _CSV_LINE.search(text):
                mend = "every line has as many fields as the first, in UTF-8"
                raise InputError(found[2].strip(), file=named, line=int(found[1]), mend=mend) from None
            reason = clipped(text.partition("\n")[0], 160)
            raise InputError(f"cannot read the table: {reason}", file=named, mend="check the file") from None


def _told_apart(names: Sequence[str], named: str) -> None:
    """Refuse names that DuckDB takes for one: it would rename one of the columns, and another be read for it."""
    seen: dict[str, str] = {}
    for title in names:
        if (other := seen.setdefault(title.lower(), title)) != title or names.count(title) > 1:
            what = f"columns '{clipped(other)}' and '{clipped(title)}' differ in capitals only"
            raise InputError(what, file=named, mend="rename one of them")


def _column(title: str, kind: str) -> Column:
    """A column of a typed table."""
    family: Family = _FAMILIES.get(kind, "other")
    scale = None
    if _INTEGERS.fullmatch(kind):
        family = "integer"
    elif found := re.fullmatch(r"DECIMAL\(\d+,\s*(\d+)\)", kind):
        family, scale = "decimal", int(found[1])
    elif kind.startswith("ENUM("):
        family, kind = "text", "ENUM"
    return Column(title, name(title, "duckdb"), family, kind, scale)
