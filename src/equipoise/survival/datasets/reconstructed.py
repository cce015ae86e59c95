"""Two-arm trials whose patients were reconstructed from published Kaplan-Meier curves.

The curves were digitised by the authors of kmdata and turned into patients with the algorithm of Guyot, Ades, Ouwens
and Welton (BMC Medical Research Methodology 2012; 12: 9). What comes out has the events and the censoring of the
figure, not the patients of the trial: there are no covariates, so nothing can be stratified or adjusted, and a
published hazard ratio that was is not met exactly. `docs/validation/kmdata.md` lists how near each data set comes.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import InputError
from equipoise.estimates.result import Result
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.datasets._lookup import DATA, locked, unknown
from equipoise.survival.datasets.classic import classic_names

if TYPE_CHECKING:
    import polars as pl

SOURCE = (
    "Redd R, Fell G, Rahman R. kmdata: reconstructed patient-level data from Kaplan-Meier curves of oncology trials, "
    "R package 1.0.1, github.com/raredd/kmdata, commit 8972d41b. MIT licence, copyright 2021 Robert Redd"
)
_JOURNALS = {
    "Ann Oncol": "Annals of Oncology",
    "JAMA Onc": "JAMA Oncology",
    "JCO": "Journal of Clinical Oncology",
    "JNCI": "Journal of the National Cancer Institute",
    "Lancet Onc": "Lancet Oncology",
    "NEJM": "New England Journal of Medicine",
}
_SIZE_TOLERANCE = 0.25
"""A data set whose size differs from the reported one by a larger share says so in its note."""
_COLUMNS = {
    "name": "name",
    "trial": "ClinicalTrial",
    "figure": "Figure",
    "pmid": "PubMedID",
    "journal": "Journal",
    "year": "Year",
    "title": "Title",
    "registration": "TrialRegistration",
    "cancer": "Cancer",
    "metastatic": "Metastatic",
    "subgroup": "Subgroups",
    "outcome": "Outcome",
    "unit": "Units",
    "hazard_ratio": "HazardRatio",
    "arms": "Arms",
    "number_of_arms": "NumberOfArms",
    "sample_size": "ReportedSampleSize",
    "randomisation_ratio": "RandomizationRatio",
    "randomised": "RandomizationType",
    "intervention": "InterventionClass",
    "design": "TrialDesign",
    "primary_result": "PrimaryStudyResults",
    "quality_at_risk": "qsAtRisk",
    "quality_events": "qsTotalEvents",
    "quality_hazard_ratio": "qsHazardRatio",
    "quality_median": "qsMedian",
    "quality_score": "QualityScore",
    "quality_maximum": "QualityMax",
    "quality": "QualityPercent",
}
"""The columns of `key()` and what they are called in kmdata."""
_NUMBERS = ("pmid", "year", "number_of_arms", "sample_size")
"""Columns of whole numbers, beside those on quality."""

_CORRECTED = {"LUXLung3-6_2A": {"ReportedSampleSize": "345"}}
"""Cells of kmdata that are slips. The paper of LUX-Lung 3 and 6 has 345 and 364 patients, run together as 345364; the
figure shows LUX-Lung 3."""


@dataclass(frozen=True, slots=True)
class Published:
    """What the publication says, and which one it is.

    Attributes:
        hazard_ratio: as printed; None where no one number fits the figure. Which arm it has below the line is not
            recorded, so that it may be the inverse of the second arm over the first.
        pmid: PubMed id of the publication.
        journal: its journal.
        year: its year.
        title: its title.
        registration: the trial's registration; None where not reported.
        trial: the trial's short name.
        figure: the figure that was digitised.
        cancer: site of the cancer.
        subgroup: the patients of the trial or of the figure, in kmdata's words; None where all.
        sample_size: the size that kmdata has for the trial; for some trials it is that of one arm.
        quality: agreement of the reconstruction with the publication in numbers at risk, events, hazard ratio and
            median, as far as they were printed, in per cent of the points that could be had.
    """

    hazard_ratio: float | None
    pmid: int
    journal: str
    year: int
    title: str
    registration: str | None
    trial: str
    figure: str
    cancer: str
    subgroup: str | None
    sample_size: int
    quality: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ReconstructedTrial(Result):
    """One reconstructed figure of one trial: n patients in two arms. The arrays cannot be written to.

    Attributes:
        name: its name in kmdata, trial and figure: `BOLERO3_2`.
        time: (n,) times in `unit`.
        event: (n,) 1 for an event, 0 for censored.
        arm: (n,) label of the arm.
        arm_index: (n,) 0 for the first of `arms`, 1 for the second.
        arms: the two labels.
        unit: of the times: `weeks`, `months` or `years`.
        outcome: the endpoint, as OS, PFS or DFS.
        published: the publication and its hazard ratio.
        citation: the publication as a reference, to cite where the data are used.
        source: where the reconstruction comes from, and its licence.
        note: what to mind; empty where nothing.
    """

    _shown: ClassVar[tuple[str, ...]] = ("time", "event", "arm", "arm_index")

    name: str
    time: Floats
    event: Ints
    arm: NDArray[np.str_]
    arm_index: Ints
    arms: tuple[str, str]
    unit: str
    outcome: str
    published: Published
    citation: str
    source: str
    note: str

    def _title(self) -> str:
        return (
            f"{self.name}: {self.outcome} in {self.unit}, {self.arms[1]} and {self.arms[0]}, "
            f"{self.time.size} patients, {int(self.event.sum())} events"
        )

    def _notes(self) -> list[str]:
        return [self.citation, *([self.note] if self.note else [])]


def names() -> tuple[str, ...]:
    """The names of the 173 reconstructed data sets, in the order of `key()`."""
    return tuple(_key_rows())


def load(name: str) -> ReconstructedTrial:
    """A reconstructed data set by its name.

    Args:
        name: one of `names()`, as `BOLERO3_2`.

    Raises:
        InputError: if no data set has that name; the message holds the nearest one.
    """
    import polars as pl  # noqa: PLC0415 - slow to import, and not needed by whoever brings their own data

    row = _key_rows().get(name)
    if row is None:
        raise _unknown(name)
    patients = _patients().filter(pl.col("dataset") == name)
    labels = dict(patients.select("arm_index", "arm").unique().rows())
    published = _published(row)
    return ReconstructedTrial(
        name=name,
        time=locked(np.array(patients["time"].to_numpy(), dtype=np.float64)),
        event=locked(np.array(patients["event"].to_numpy(), dtype=np.int64)),
        arm=locked(np.array(patients["arm"].to_list(), dtype=np.str_)),
        arm_index=locked(np.array(patients["arm_index"].to_numpy(), dtype=np.int64)),
        arms=(labels[0], labels[1]),
        unit=row["Units"],
        outcome=row["Outcome"],
        published=published,
        citation=f"{published.title}. {published.journal} {published.year}. PMID {published.pmid}",
        source=SOURCE,
        note=_size_note(patients.height, published.sample_size),
    )


def key() -> pl.DataFrame:
    """A row a reconstructed data set: the publication, the design of the trial and how good the reconstruction is.

    Columns: `name`, `trial`, `figure`, `pmid`, `journal`, `year`, `title`, `registration`, `cancer`, `metastatic`,
    `subgroup`, `outcome`, `unit`, `hazard_ratio` (as printed, its reference arm is not recorded), `arms` (both labels,
    in no order that means anything), `number_of_arms`, `sample_size`, `randomisation_ratio`, `randomised` (what is
    randomised: an agent, a dose, ...), `intervention`, `design`, `primary_result`, the points (0 to 3) for the
    agreement with the publication in `quality_at_risk`, `quality_events`, `quality_hazard_ratio` and `quality_median`,
    their sum `quality_score`, the most that was possible `quality_maximum`, and `quality` in per cent. What was not
    reported is null.
    """
    import polars as pl  # noqa: PLC0415 - slow to import, and not needed by whoever brings their own data

    rows = list(_key_rows().values())
    frame = pl.DataFrame({new: [_or_none(row[old]) for row in rows] for new, old in _COLUMNS.items()})
    whole = [name for name in frame.columns if name in _NUMBERS or name.startswith("quality")]
    return frame.with_columns(pl.col(whole).cast(pl.Int64), pl.col("hazard_ratio").cast(pl.Float64))


@cache
def _key_rows() -> dict[str, dict[str, str]]:
    """The rows of the key by name, as text."""
    with (DATA / "kmdata" / "key.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: {column: _tidy(text) for column, text in row.items()} for row in csv.DictReader(file)}
    for name, row in rows.items():
        row["Journal"] = _JOURNALS.get(row["Journal"], row["Journal"])
        row.update(_CORRECTED.get(name, {}))
    return rows


@cache
def _patients() -> pl.DataFrame:
    """All patients of all data sets."""
    import polars as pl  # noqa: PLC0415 - slow to import, and not needed by whoever brings their own data

    return pl.read_parquet(DATA / "kmdata" / "ipd.parquet")


def _tidy(text: str) -> str:
    """A cell of the key with plain blanks and without a footnote mark."""
    return " ".join(text.split()).rstrip("†")


def _or_none(text: str) -> str | None:
    """A cell of the key; None for not applicable and not reported."""
    return None if text in {"NA", "NR"} else text


def _published(row: dict[str, str]) -> Published:
    hazard_ratio = _or_none(row["HazardRatio"])
    return Published(
        hazard_ratio=None if hazard_ratio is None else float(hazard_ratio),
        pmid=int(row["PubMedID"]),
        journal=row["Journal"],
        year=int(row["Year"]),
        title=row["Title"],
        registration=_or_none(row["TrialRegistration"]),
        trial=row["ClinicalTrial"],
        figure=row["Figure"],
        cancer=row["Cancer"],
        subgroup=_or_none(row["Subgroups"]),
        sample_size=int(row["ReportedSampleSize"]),
        quality=int(row["QualityPercent"]),
    )


def _unknown(name: object) -> InputError:
    """The error for a name that no reconstructed data set has."""
    if str(name).lower() in classic_names():
        mend = f"use datasets.load_classic('{str(name).lower()}')"
        return InputError(f"'{name}' is no reconstructed trial", mend=mend)
    return unknown(name, names(), "datasets.names()")


def _size_note(n: int, reported: int) -> str:
    """What to say where the number of patients is far from the one reported."""
    if abs(n / reported - 1) <= _SIZE_TOLERANCE:
        return ""
    return (
        f"{n} patients, where {reported} are reported: the figure shows a subgroup or some of the arms, "
        "or the size reported is not that of the whole trial"
    )
