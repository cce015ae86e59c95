"""Files of records: which they are, and what a CSV file's first line says."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from equipoise.errors import InputError

DELIMITERS = (",", ";", "\t", "|")
_CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")
_PARQUET = (".parquet", ".pq")
_DATABASE = (".duckdb", ".ddb")
_LONGEST_HEAD = 1_000_000
_PATTERN_SIGNS = "*?[]{}"


@dataclass(frozen=True, slots=True)
class Records:
    """Files that make up a table, all of one kind.

    Attributes:
        kind: `parquet`, `csv` or `database`.
        paths: absolute; one, except where a folder of Parquet files is a table.
        named: as the user named it.
    """

    kind: str
    paths: tuple[str, ...]
    named: str


@dataclass(frozen=True, slots=True)
class CsvHead:
    """What the first line of a CSV file says."""

    delimiter: str
    columns: tuple[str, ...]


def records_of(path: str | Path) -> Records:
    """The files of a path: a Parquet or CSV file, a folder of Parquet files, a DuckDB database.

    Raises:
        InputError: there is nothing of the kind.
    """
    named, found = str(path), Path(path).absolute()
    if found.is_dir():
        parts = sorted(str(part) for part in found.iterdir() if part.is_file() and part.name.endswith(_PARQUET))
        if not parts:
            raise InputError("no Parquet file is in this folder", file=named, mend="name a file of records")
        return Records("parquet", _plain(parts, named), named)
    if not found.is_file():
        raise InputError("there is no such file", file=named, mend="name a Parquet or CSV file")
    for kind, endings in (("parquet", _PARQUET), ("csv", _CSV), ("database", _DATABASE)):
        if named.lower().endswith(endings):
            return Records(kind, _plain([str(found)], named), named)
    known = ", ".join((*_PARQUET, *_CSV, *_DATABASE))
    raise InputError("what kind of file this is cannot be told from its name", file=named, mend=f"known are {known}")


def csv_head(path: str, named: str) -> CsvHead:
    """The delimiter and the columns of a CSV file: the delimiter that parts its first line into most names.

    Raises:
        InputError: empty, not UTF-8, or no line of names.
    """
    try:
        with _opened(path) as stream:
            head = stream.read(_LONGEST_HEAD)
        if not head.strip():
            raise InputError("the file is empty", file=named, mend="its first line names the columns")
        delimiter = max(DELIMITERS, key=_first_line(head).count)
        columns = next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter))
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text", file=named, mend="save it as UTF-8") from None
    except (csv.Error, EOFError, gzip.BadGzipFile) as error:
        raise InputError(f"cannot read it: {error}", file=named, line=1, mend="check its first line") from None
    return CsvHead(delimiter, tuple(column.strip() for column in columns))


def _first_line(text: str) -> str:
    """The first line without what stands in quotes; a line may end within them."""
    plain = []
    for place, part in enumerate(text.split('"')):
        line = "" if place % 2 else part.lstrip("\r\n") if place == 0 else part
        ended = re.search("[\r\n]", line)
        plain.append(line[: ended.start()] if ended else line)
        if ended:
            break
    return "".join(plain)


def _opened(path: str) -> IO[str]:
    if path.lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return Path(path).open(encoding="utf-8-sig", newline="")


def _plain(paths: Sequence[str], named: str) -> tuple[str, ...]:
    """Paths that an engine takes for themselves and not for a pattern of names."""
    for path in paths:
        if any(sign in path for sign in _PATTERN_SIGNS):
            raise InputError(
                "the path holds one of * ? [ ] { }, which the engine takes for a pattern", file=named, mend="rename it"
            )
    return tuple(paths)
