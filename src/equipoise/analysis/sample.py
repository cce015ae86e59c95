"""What an analysis takes out of ADTTE: the rows of one parameter and population, checked, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from equipoise.analysis.adsl import is_classified
from equipoise.analysis.context import competes
from equipoise.errors import DataError
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Count, Endpoint, Milestone, TimeToEvent
from equipoise.protocol.model.statistics import Analysis
from equipoise.units import DAYS_PER_MONTH

POPULATION_FLAGS = {"itt": "ITTFL", "registered": "ENRLFL", "per-protocol": "PPROTFL"}


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
        events: NDArray[np.int64] = (self.cause == 1).astype(np.int64)
        return events

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
        DataError: no rows, a missing or impossible time, censoring or entry, an arm that the protocol does not have, a
            competing event that the endpoint does not name, or a participant who stands in the table twice.
    """
    frame = in_population(adtte.filter(pl.col("PARAMCD") == code), analysis.population, code)
    if not frame.height:
        raise DataError(f"the table has no rows for {code} in the population '{analysis.population}'")
    frame = _typed(frame, code)
    _check(protocol, frame, code)
    frame = _with_entry(frame, code, needed=_starts_early(protocol, protocol.endpoints[analysis.endpoint]))
    if not competes(protocol, analysis.endpoint):
        mend = "name the event among the endpoint's `competing`, or use 1 (censored)"
        refuse(frame, pl.col("CNSR") == 2, f"{code}: CNSR is 2, and nothing competes with {analysis.endpoint},", mend)
    if not isinstance(protocol.endpoints[analysis.endpoint], Count):
        refuse(frame, pl.col("USUBJID").is_duplicated(), f"{code}: a participant has two rows", "keep one")
    present = set(frame["TRTP"].to_list())
    reference = protocol.reference_arm
    arms = tuple(name for name in (reference, *(a for a in protocol.arms if a != reference)) if name in present)
    places = {name: i for i, name in enumerate(arms)}
    return Sample(
        arms=arms,
        arm=frame["TRTP"].replace_strict(places, return_dtype=pl.Int64).to_numpy(),
        time=frame["AVAL"].to_numpy(),
        cause=frame["CNSR"].replace_strict({0: 1, 1: 0, 2: 2}, return_dtype=pl.Int64).to_numpy(),
        entry=frame["ENTRY"].to_numpy(),
        frame=frame,
    )


def from_origin(sample: Sample) -> Sample:
    """The same participants, all under observation from the origin on."""
    return replace(sample, entry=np.zeros_like(sample.entry))


def in_population(frame: pl.DataFrame, population: str, name: str) -> pl.DataFrame:
    """The rows of a population; a table without the flag of all randomised, or all registered, holds no one else.

    Args:
        frame: rows of ADTTE, ADSL or ADQS.
        population: as the analysis names it.
        name: what the rows are, for messages.

    Raises:
        DataError: a row without USUBJID, a flag other than Y or N, or the per-protocol population and no flag at all.
    """
    if nobody := int((frame["USUBJID"].cast(pl.String).fill_null("").str.strip_chars() == "").sum()):
        raise DataError(f"{name}: USUBJID is missing in {nobody} rows; say whose they are")
    flag = POPULATION_FLAGS[population]
    if flag in frame.columns:
        refuse(
            frame, ~pl.col(flag).is_in(["Y", "N"]).fill_null(value=False), f"{name}: {flag} is not Y or N", "use one"
        )
        return frame.filter(pl.col(flag) == "Y")
    if reason := unknown_population(frame, population):
        raise DataError(reason)
    return frame


def unknown_population(frame: pl.DataFrame, population: str) -> str:
    """Why it cannot be known who belongs to a population; empty if it can."""
    flag = POPULATION_FLAGS[population]
    if population != "per-protocol" or flag in frame.columns:
        return ""
    return f"the table has no column {flag}: who belongs to the per-protocol population is not known"


def _starts_early(protocol: Protocol, endpoint: Endpoint) -> bool:
    """Whether time runs before a random allocation, so that the day of entry must be known."""
    if isinstance(endpoint, Milestone):
        endpoint = protocol.endpoints[endpoint.of]
    early = isinstance(endpoint, TimeToEvent) and protocol.origin_precedes_allocation(endpoint.origin)
    return early and not is_classified(protocol)


def _with_entry(frame: pl.DataFrame, code: str, *, needed: bool) -> pl.DataFrame:
    """ENTRY as it stands where it is needed; elsewhere 0 for who has none."""
    mend = "it is the day of allocation less that of the origin"
    if needed and "ENTRY" not in frame.columns:
        raise DataError(f"{code}: the table has no column ENTRY, and time runs before allocation; {mend}")
    if "ENTRY" not in frame.columns:
        return frame.with_columns(ENTRY=pl.lit(0.0))
    missing = pl.col("ENTRY").is_null() | pl.col("ENTRY").is_nan()
    if needed:
        refuse(frame, missing, f"{code}: ENTRY is missing", mend)
    frame = frame.with_columns(ENTRY=pl.when(missing).then(0.0).otherwise(pl.col("ENTRY")))
    refuse(frame, pl.col("ENTRY") < 0, f"{code}: ENTRY is below 0", "use 0 for who entered at the origin")
    late = pl.col("ENTRY") >= pl.col("AVAL")
    refuse(frame, late, f"{code}: AVAL ends before ENTRY, the start of observation", "correct the dates")
    return frame


def _typed(frame: pl.DataFrame, code: str) -> pl.DataFrame:
    """AVAL, CNSR and ENTRY, if it is there, as floats, arms and participants as text."""
    numbers = [name for name in ("AVAL", "CNSR", "ENTRY") if name in frame.columns]
    try:
        return frame.with_columns(
            pl.col(numbers).cast(pl.Float64),
            pl.col("TRTP").cast(pl.String),
            pl.col("USUBJID").cast(pl.String),
        )
    except pl.exceptions.PolarsError as error:
        reason = str(error).split("\n", 1)[0][:120]
        raise DataError(f"{code}: AVAL, CNSR and ENTRY are numbers: {reason}") from None


def _check(protocol: Protocol, frame: pl.DataFrame, code: str) -> None:
    for name in ("AVAL", "CNSR", "TRTP"):
        missing = pl.col(name).is_null() if name == "TRTP" else pl.col(name).is_null() | pl.col(name).is_nan()
        refuse(frame, missing, f"{code}: {name} is missing{_why(frame, missing)}", "record what it rests on")
    arms = ", ".join(protocol.arms)
    refuse(frame, ~pl.col("TRTP").is_in(list(protocol.arms)), f"{code}: TRTP is no arm of the protocol", f"use {arms}")
    codes = "use 0 (event), 1 (censored) or 2 (competing event)"
    refuse(frame, ~pl.col("CNSR").is_in([0.0, 1.0, 2.0]), f"{code}: CNSR is no code", codes)
    whole = pl.col("AVAL") == pl.col("AVAL").round()
    in_days = "AVAL is in days, ADT - STARTDT + 1: convert months by 30.4375 and round up"
    refuse(frame, ~whole, f"{code}: AVAL is no whole number of days", in_days)
    possible = pl.col("AVAL").is_finite() & (pl.col("AVAL") > 0)
    refuse(frame, ~possible, f"{code}: AVAL is not above 0", "it is ADT - STARTDT + 1 in days")


def _why(frame: pl.DataFrame, missing: pl.Expr) -> str:
    """What the table says of rows that lack something, in brackets."""
    if "CNSDTDSC" not in frame.columns:
        return ""
    said = frame.filter(missing)["CNSDTDSC"].drop_nulls().unique(maintain_order=True).cast(pl.String).to_list()
    return f" ({', '.join(said)})" if any(said) else ""


def refuse(frame: pl.DataFrame, wrong: pl.Expr, what: str, mend: str) -> None:
    """Raise if any row is wrong; names the participants."""
    found = frame.filter(wrong)
    if found.height:
        who = found["USUBJID"].unique(maintain_order=True)
        more = f" and {who.len() - 5} more" if who.len() > 5 else ""
        raise DataError(f"{what} for {', '.join(who.head(5).to_list())}{more}; {mend}")
