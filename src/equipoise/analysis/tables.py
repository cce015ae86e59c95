"""The data sets of an analysis, and what an analysis takes out of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from equipoise.errors import DataError, InputError
from equipoise.protocol import Protocol
from equipoise.protocol.model.statistics import Analysis
from equipoise.units import DAYS_PER_MONTH

NEEDED = ("USUBJID", "TRTP", "PARAMCD", "AVAL", "CNSR")


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
            _read(found) if (found := adtte.parent / f"{n}.parquet").is_file() else None for n in ("adsl", "adqs")
        ]
        frame = _read(adtte)
        if missing := [name for name in NEEDED if name not in frame.columns]:
            raise InputError(
                f"the table has no column {', '.join(missing)}", file=adtte, mend="ADTTE needs " + ", ".join(NEEDED)
            )
        return cls(frame, *beside)


def _read(path: Path) -> pl.DataFrame:
    try:
        if path.suffix.lower() == ".csv":
            return pl.read_csv(path, try_parse_dates=True, infer_schema_length=None)
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).split("\n", 1)[0][:120]
        raise InputError(f"cannot read the table: {reason}", file=path, mend="give a Parquet or CSV file") from None


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows of one parameter that an analysis takes, as arrays. Times in days.

    Attributes:
        arms: present in the data, the reference first, then in the protocol's order.
        arm: of each participant, as place in `arms`, shape (n,).
        time: AVAL, shape (n,).
        cause: 0 censored, 1 event, 2 competing, shape (n,).
        entry: days from origin to entry under observation, shape (n,).
        frame: the rows themselves.
    """

    arms: tuple[str, ...]
    arm: NDArray[np.int64]
    time: NDArray[np.float64]
    cause: NDArray[np.int64]
    entry: NDArray[np.float64]
    frame: pl.DataFrame

    @property
    def event(self) -> NDArray[np.int64]:
        """1 for the event, 0 for everything else."""
        return (self.cause == 1).astype(np.int64)

    @property
    def delayed(self) -> bool:
        """Whether anybody entered after the origin."""
        return bool((self.entry > 0).any())

    @property
    def months(self) -> NDArray[np.float64]:
        """Time in months."""
        return self.time / DAYS_PER_MONTH

    @property
    def entry_months(self) -> NDArray[np.float64] | None:
        """Entry in months; None where nobody enters late."""
        return self.entry / DAYS_PER_MONTH if self.delayed else None

    def take(self, rows: NDArray[np.bool_]) -> Sample:
        """The same analysis of some of the rows."""
        return Sample(
            self.arms, self.arm[rows], self.time[rows], self.cause[rows], self.entry[rows], self.frame.filter(rows)
        )

    def counts(self, rows: NDArray[np.bool_] | None = None) -> dict[str, int]:
        """Participants by arm, among `rows` if given."""
        chosen = self.arm if rows is None else self.arm[rows]
        return {name: int((chosen == i).sum()) for i, name in enumerate(self.arms)}

    def column(self, name: str) -> NDArray[Any]:
        """A column; a missing value is an error that names the participants."""
        if name not in self.frame.columns:
            raise DataError(f"the table has no column {name}: the protocol's analysis needs it")
        series = self.frame[name]
        if series.null_count():
            who = self.frame.filter(series.is_null())["USUBJID"].head(5).to_list()
            raise DataError(f"{name} is missing for {series.null_count()} participants ({', '.join(who)}): record it")
        return series.to_numpy()


def sample_of(protocol: Protocol, adtte: pl.DataFrame, code: str, analysis: Analysis) -> Sample:
    """The sample of one parameter in the population of an analysis.

    Raises:
        DataError: no rows, a missing time or censoring, an arm that the protocol does not have.
    """
    frame = adtte.filter(pl.col("PARAMCD") == code)
    if analysis.population == "itt" and "ITTFL" in frame.columns:
        frame = frame.filter(pl.col("ITTFL") == "Y")
    if not frame.height:
        raise DataError(f"the table has no rows for {code}")
    for name in ("AVAL", "CNSR", "TRTP"):
        if frame[name].null_count():
            who = frame.filter(pl.col(name).is_null())["USUBJID"].head(5).to_list()
            raise DataError(f"{code}: {name} is missing for {', '.join(who)}: record what it rests on")
    if unknown := sorted(set(frame["TRTP"].to_list()) - set(protocol.arms)):
        raise DataError(f"{code}: TRTP '{unknown[0]}' is no arm of the protocol ({', '.join(protocol.arms)})")
    if bad := sorted(set(frame["CNSR"].to_list()) - {0, 1, 2}):
        raise DataError(f"{code}: CNSR {bad[0]} is none of 0 (event), 1 (censored), 2 (competing event)")
    present = set(frame["TRTP"].to_list())
    reference = protocol.reference_arm
    arms = tuple(name for name in (reference, *(a for a in protocol.arms if a != reference)) if name in present)
    places = {name: i for i, name in enumerate(arms)}
    cause = frame["CNSR"].replace_strict({0: 1, 1: 0, 2: 2}, return_dtype=pl.Int64).to_numpy()
    entry = frame["ENTRY"].fill_null(0).cast(pl.Float64).to_numpy() if "ENTRY" in frame.columns else None
    return Sample(
        arms=arms,
        arm=frame["TRTP"].replace_strict(places, return_dtype=pl.Int64).to_numpy(),
        time=frame["AVAL"].cast(pl.Float64).to_numpy(),
        cause=cause,
        entry=np.zeros(frame.height) if entry is None else entry,
        frame=frame,
    )
