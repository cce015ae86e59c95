"""The participants of one simulated trial as a table, so that anybody can look at what was simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from equipoise.design.simulation.course_kernels import Rows
from equipoise.design.simulation.numbers import Floats
from equipoise.errors import DesignError

if TYPE_CHECKING:
    import polars


class TrialSource(Protocol):
    """What `simulate` needs of a scenario; `Scenario` and `DiseaseScenario` are such."""

    @property
    def n(self) -> int:
        """Participants."""

    @property
    def unit(self) -> float:
        """Length of a month in the time unit of the rows: 1, or 30.4375 where they hold days."""

    @property
    def strata(self) -> int:
        """How many strata."""

    @property
    def whole_days(self) -> bool:
        """Whether times are whole days, of which the day of entry is day 1, or months on a continuous scale."""

    @property
    def visits(self) -> Floats:
        """Times of the visits that participants without an event were last seen at; empty: they are watched."""

    @property
    def span(self) -> float:
        """A guess at the trial's length, in the unit of the rows."""

    @property
    def log_hazard_ratio(self) -> float:
        """The true one; NaN where there is none."""

    def rows(self, seed: int, first: int, last: int) -> Rows:
        """Draw trials `first` to `last` - 1."""


def participants_of(source: TrialSource, seed: int, replicate: int, cut: float | None) -> polars.DataFrame:
    """One trial, as drawn or as known at month `cut`; see `Scenario.participants`."""
    import polars as pl  # noqa: PLC0415 - a simulation must not pay for loading polars

    if replicate < 0:
        raise DesignError(f"replicate = {replicate}; they are counted from 0")
    drawn = source.rows(seed, replicate, replicate + 1)
    entry, exit_, event = drawn.entry[0], drawn.exit[0], drawn.event[0]
    known = np.ones(entry.size, dtype=bool)
    if cut is not None:
        date = np.floor(cut * source.unit + 1e-9) if source.whole_days else cut
        follow = date - entry
        known = follow >= 0.0 if source.whole_days else follow > 0.0
        left = entry + exit_ <= date
        if source.visits.size:
            days = np.concatenate([[0.0], source.visits])
            follow = days[np.searchsorted(days, np.maximum(follow, 0.0), side="right") - 1]
        event, exit_ = np.where(left, event, 0), np.where(left, exit_, follow)
    return pl.DataFrame(
        {
            "participant": np.arange(entry.size),
            "stratum": drawn.stratum[0],
            "arm": drawn.arm[0],
            "entry": entry / source.unit,
            "time": exit_ + 1.0 if source.whole_days else exit_,
            "event": event,
        }
    ).filter(pl.Series(known))
