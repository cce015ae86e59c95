"""Data sets that textbooks and R's survival package use, with the coding of time and event made one.

The tables are as published: same rows, same columns, same codes. `time` and `event` beside them follow the convention
of this package (0 censored, 1 event, or the cause where there are several), so that nobody has to remember that lung
has 1 for censored and 2 for dead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from equipoise.estimates.result import Result
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.datasets._lookup import DATA, locked, unknown

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class _Coding:
    """How a table says time and event, and where it comes from."""

    time: str
    event: str
    codes: tuple[str, ...]
    """What stands in the event column: for censored first, then for each cause."""
    causes: tuple[str, ...]
    unit: str
    about: str
    source: str


_CLASSIC = {
    "aml": _Coding(
        time="time",
        event="status",
        codes=("0", "1"),
        causes=("relapse",),
        unit="weeks",
        about="remission of acute myelogenous leukaemia, maintenance chemotherapy (x) or none",
        source="Miller RG. Survival Analysis. Wiley 1981",
    ),
    "lung": _Coding(
        time="time",
        event="status",
        codes=("1", "2"),
        causes=("death",),
        unit="days",
        about="advanced lung cancer, performance scores rated by physician and patient (sex: 1 male, 2 female)",
        source="Loprinzi CL, Laurie JA, Wieand HS, et al. Prospective evaluation of prognostic variables from "
        "patient-completed questionnaires. Journal of Clinical Oncology 1994; 12: 601-7",
    ),
    "ovarian": _Coding(
        time="futime",
        event="fustat",
        codes=("0", "1"),
        causes=("death",),
        unit="days",
        about="a randomised trial of two treatments (rx) of advanced ovarian cancer",
        source="Edmonson JH, Fleming TR, Decker DG, et al. Different chemotherapeutic sensitivities and host factors "
        "affecting prognosis in advanced ovarian carcinoma versus minimal residual disease. "
        "Cancer Treatment Reports 1979; 63: 241-7",
    ),
    "pbc": _Coding(
        time="time",
        event="status",
        codes=("0", "1", "2"),
        causes=("transplant", "death"),
        unit="days",
        about="primary biliary cholangitis at the Mayo Clinic; rows 0 to 311 were randomised (trt)",
        source="Therneau TM, Grambsch PM. Modeling Survival Data: Extending the Cox Model. Springer 2000",
    ),
    "transplant": _Coding(
        time="futime",
        event="event",
        codes=("censored", "death", "ltx", "withdraw"),
        causes=("death", "transplant", "withdrawal"),
        unit="days",
        about="the waiting list for a liver transplant, 1990 to 1999, by blood group (abo)",
        source="Kim WR, Therneau TM, Benson JT, et al. Deaths on the liver transplant waiting list: an analysis of "
        "competing risks. Hepatology 2006; 43: 345-51",
    ),
    "veteran": _Coding(
        time="time",
        event="status",
        codes=("0", "1"),
        causes=("death",),
        unit="days",
        about="the Veterans' Administration randomised trial of two treatments (trt) of lung cancer",
        source="Kalbfleisch JD, Prentice RL. The Statistical Analysis of Failure Time Data. Wiley 1980",
    ),
    "whas500": _Coding(
        time="lenfol",
        event="fstat",
        codes=("0", "1"),
        causes=("death",),
        unit="days",
        about="the Worcester Heart Attack Study: 500 patients from admission on",
        source="Hosmer DW, Lemeshow S, May S. Applied Survival Analysis, second edition. Wiley 2008",
    ),
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ClassicData(Result):
    """One classic data set of n subjects. The arrays cannot be written to; `to_frame()` gives the table.

    Attributes:
        name: as in R.
        time: (n,) times in `unit`.
        event: (n,) 0 for censored, else the number of the cause in `causes`, counted from 1.
        causes: what the events are; one, or several that compete.
        unit: of the times.
        about: what it is.
        source: where it was published.
    """

    _shown: ClassVar[tuple[str, ...]] = ("time", "event")

    name: str
    time: Floats
    event: Ints
    causes: tuple[str, ...]
    unit: str
    about: str
    source: str

    def to_frame(self) -> pl.DataFrame:
        """The table as published: its own names and codes, missing values null."""
        return _table(self.name)

    def _title(self) -> str:
        return f"{self.name}: {self.about}; {self.time.size} subjects, times in {self.unit}"

    def _notes(self) -> list[str]:
        return [", ".join(f"{number}: {cause}" for number, cause in enumerate(self.causes, 1)), self.source]


def classic_names() -> tuple[str, ...]:
    """The names of the classic data sets, in alphabetical order."""
    return tuple(_CLASSIC)


def load_classic(name: str) -> ClassicData:
    """A classic data set by its name in R.

    Args:
        name: one of `classic_names()`, as `lung`.

    Raises:
        InputError: if no classic data set has that name; the message holds the nearest one.
    """
    coding = _CLASSIC.get(name)
    if coding is None:
        raise unknown(name, classic_names(), "datasets.classic_names()")
    table = _table(name)
    return ClassicData(
        name=name,
        time=locked(np.array(table[coding.time].to_numpy(), dtype=np.float64)),
        event=locked(np.array([coding.codes.index(str(code)) for code in table[coding.event]], dtype=np.int64)),
        causes=coding.causes,
        unit=coding.unit,
        about=coding.about,
        source=coding.source,
    )


def _table(name: str) -> pl.DataFrame:
    """The table of a classic data set."""
    import polars as pl  # noqa: PLC0415 - slow to import, and not needed by whoever brings their own data

    return pl.read_csv(DATA / "classic" / f"{name}.csv", null_values="NA", infer_schema_length=None)
