"""The data sets of an analysis, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from equipoise.errors import InputError

NEEDED = ("USUBJID", "TRTP", "PARAMCD", "AVAL", "CNSR")
"""Columns that an ADTTE cannot do without."""

_NO_TEXT = frozenset(
    {"ADT", "AGE", "ASEQ", "AVAL", "AVISITN", "CNSR", "DTHDT", "ENRLDT", "ENTRY", "EOSDT", "LSTALVDT", "RANDDT"}
    | {"SCRNDT", "SRCSEQ", "STARTDT", "SWITCHDT", "SWITCHDY"}
)
"""Columns of CSV files whose type is told from what they hold; all others are text, so that arm 1 stays '1'."""


@dataclass(frozen=True, slots=True)
class Datasets:
    """ADaM data sets of one trial; `adsl` and `adqs` may be absent where only ADTTE is at hand."""

    adtte: pl.DataFrame
    adsl: pl.DataFrame | None = None
    adqs: pl.DataFrame | None = None

    def write(self, folder: Path) -> None:
        """Write each data set as Parquet."""
        for name in ("adsl", "adtte", "adqs"):
            frame: pl.DataFrame | None = getattr(self, name)
            if frame is not None and (frame.height or name != "adqs"):
                frame.write_parquet(folder / f"{name}.parquet")

    @classmethod
    def read(cls, path: Path) -> Datasets:
        """Read ADTTE from a file (Parquet or CSV) or a folder, with the ADSL and ADQS beside it if there are any.

        Raises:
            InputError: it cannot be read, or lacks a column.
        """
        adtte = path / "adtte.parquet" if path.is_dir() else path
        beside = [
            _read(found) if (found := adtte.parent / f"{name}.parquet").is_file() else None for name in ("adsl", "adqs")
        ]
        frame = _read(adtte)
        if missing := [name for name in NEEDED if name not in frame.columns]:
            raise InputError(
                f"the table has no column {', '.join(missing)}", file=adtte, mend="ADTTE needs " + ", ".join(NEEDED)
            )
        return cls(frame, *beside)


def _read(path: Path) -> pl.DataFrame:
    try:
        return _read_csv(path) if path.suffix.lower() == ".csv" else pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).split("\n", 1)[0][:120]
        raise InputError(f"cannot read the table: {reason}", file=path, mend="give a Parquet or CSV file") from None


def _read_csv(path: Path) -> pl.DataFrame:
    names = pl.read_csv(path, n_rows=0).columns
    text = {name: pl.String for name in names if name not in _NO_TEXT}
    return pl.read_csv(path, try_parse_dates=True, infer_schema_length=None, schema_overrides=text)
