"""The data sets of an analysis, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from equipoise.errors import InputError

NEEDED = ("USUBJID", "TRTP", "PARAMCD", "AVAL", "CNSR")
"""Columns that an ADTTE cannot do without."""

TRIAL_DATA = "trial data"
SOURCE_KEY, CUT_KEY = "equipoise.source", "equipoise.data_cut"
"""Keys of the metadata of a Parquet file that say what the data are, and their cut-off date."""

_NO_TEXT = frozenset(
    {
        "ADT",
        "AENDT",
        "AGE",
        "ASEQ",
        "ASTDT",
        "ATOXGRN",
        "AVAL",
        "AVISITN",
        "CNSR",
        "DTHDT",
        "ENRLDT",
        "ENTRY",
        "EOSDT",
        "LSTALVDT",
        "RANDDT",
    }
    | {"SCRNDT", "SRCSEQ", "STARTDT", "SWITCHDT", "SWITCHDY"}
)
"""Columns of CSV files whose type is told from what they hold; all others are text, so that arm 1 stays '1'."""


@dataclass(frozen=True, slots=True)
class Datasets:
    """ADaM data sets of one trial; `adsl`, `adqs` and `adae` may be absent where only ADTTE is at hand."""

    adtte: pl.DataFrame
    adsl: pl.DataFrame | None = None
    adqs: pl.DataFrame | None = None
    source: str = TRIAL_DATA
    data_cut: str = ""
    adae: pl.DataFrame | None = None

    @property
    def files(self) -> dict[str, pl.DataFrame]:
        """The data sets that are there, by file name; an ADQS or ADAE without rows is none."""
        frames = {"adsl": self.adsl, "adtte": self.adtte, "adqs": self.adqs, "adae": self.adae}
        return {
            f"{name}.parquet": frame
            for name, frame in frames.items()
            if frame is not None and (frame.height or name not in ("adqs", "adae"))
        }

    def write_one(self, name: str, path: Path) -> None:
        """Write the data set of a file name, and in its metadata what the data are: synthetic ones stay marked."""
        self.files[name].write_parquet(path, metadata={SOURCE_KEY: self.source, CUT_KEY: self.data_cut})

    def write(self, folder: Path) -> None:
        """Write each data set as Parquet."""
        for name in self.files:
            self.write_one(name, folder / name)

    @classmethod
    def read(cls, path: Path) -> Datasets:
        """Read ADTTE from a file (Parquet or CSV) or a folder, with the ADSL, ADQS and ADAE beside it if there are any.

        Raises:
            InputError: it cannot be read, or lacks a column.
        """
        adtte = _table_in(path, "adtte") or path / "adtte.parquet" if path.is_dir() else path
        adsl, adqs, adae = (
            _read(found) if (found := _table_in(adtte.parent, name)) is not None else None
            for name in ("adsl", "adqs", "adae")
        )
        frame = _read(adtte)
        if missing := [name for name in NEEDED if name not in frame.columns]:
            raise InputError(
                f"the table has no column {', '.join(missing)}", file=adtte, mend="ADTTE needs " + ", ".join(NEEDED)
            )
        known = pl.read_parquet_metadata(adtte) if adtte.suffix.lower() != ".csv" else {}
        return cls(frame, adsl, adqs, known.get(SOURCE_KEY, TRIAL_DATA), known.get(CUT_KEY, ""), adae)


def _table_in(folder: Path, name: str) -> Path | None:
    """A data set in a folder, as Parquet or else as CSV."""
    return next((path for end in ("parquet", "csv") if (path := folder / f"{name}.{end}").is_file()), None)


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
