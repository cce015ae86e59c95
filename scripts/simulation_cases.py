"""The trials that `simulation_page.py` simulates: a grid, and what each is in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rpact_designs import Design

from equipoise.design.accrual import Accrual
from equipoise.design.formulas import EventsMethod, effect_per_event
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.simulation.scenario import Scenario

Floats = NDArray[np.float64]
DROPOUT_TIME = 12.0


@dataclass(frozen=True)
class Case:
    """A trial and its looks.

    Attributes:
        n: participants.
        events: at the looks.
        hazard_ratio: experimental over control.
        median: of the control arm, months.
        accrual: months of uniform accrual, or the ends of periods and their falling numbers of participants a month.
        ratio: experimental to control participants.
        dropout: lost in twelve months were there no events.
        bounds: in the protocol's words; one look needs none.
        futility: a beta-spending function, or empty.
        binding: whether it is.
        alpha: total over the sides.
        sides: 1 or 2.
    """

    n: int
    events: tuple[int, ...]
    hazard_ratio: float
    median: float
    accrual: float | tuple[tuple[float, ...], tuple[float, ...]]
    ratio: float = 1.0
    dropout: float = 0.0
    bounds: str = "spending:obrien-fleming"
    futility: str = ""
    binding: bool = False
    alpha: float = 0.025
    sides: int = 1

    def design(self, sides: int | None = None) -> Design:
        """The bounds as both packages take them; with `sides=1` those of the benefit tail alone."""
        sides = self.sides if sides is None else sides
        looks = tuple(count / self.events[-1] for count in self.events)
        alpha = self.alpha * sides / self.sides
        return Design(looks, self.bounds, alpha, sides, self.futility, 0.8, self.binding)

    @cached_property
    def boundaries(self) -> GroupSequential:
        return self.design().ours()

    @property
    def periods(self) -> Accrual:
        return Accrual(*self.accrual) if isinstance(self.accrual, tuple) else Accrual.uniform(self.n, self.accrual)

    @property
    def late_periods(self) -> Accrual:
        """Each period late by half the time between two entries, and nobody in the gaps.

        Even entries lie in the middle of the time that each stands for, rpact's at its end: so they are the same.
        """
        ends, rates, start = list[float](), list[float](), 0.0
        for end, rate in zip(self.periods.ends, self.periods.rates, strict=True):
            ends += [start + 0.5 / rate, end + 0.5 / rate]
            rates += [0.0, rate]
            start = end
        return Accrual(tuple(ends), tuple(rates))

    @cached_property
    def scenario(self) -> Scenario:
        """Entries are those of rpact."""
        return Scenario.two_arm(
            n=self.n, accrual=self.late_periods, control_median=self.median, hazard_ratio=self.hazard_ratio,
            dropout=self.dropout, dropout_time=DROPOUT_TIME, ratio=self.ratio, entry="even",
        )  # fmt: skip  # arguments that belong together share a line

    def drift(self, method: EventsMethod) -> float:
        """Expected z at the last look by a formula."""
        return effect_per_event(self.hazard_ratio, ratio=self.ratio, method=method) * math.sqrt(self.events[-1])

    def power_by(self, method: EventsMethod) -> float:
        """Power by a formula and the exact boundary crossing probabilities."""
        return self.boundaries.power(self.drift(method))

    def expectations(self) -> Floats:
        """Month, events and participants expected when the trial stops: Schoenfeld's drift, and expected dates."""
        dates = np.array([self.scenario.expected_date(count) for count in self.events])
        come = np.asarray(self.late_periods.enrolled(dates))
        stopping = self.boundaries.crossing(self.drift("schoenfeld")).stopping
        return np.array([stopping @ dates, stopping @ np.array(self.events), stopping @ come])

    @property
    def claimed(self) -> bool:
        """Whether simulation is held to Schoenfeld: as many in each arm, and enough events."""
        return self.ratio == 1.0 and self.events[-1] >= 60

    @property
    def shown_ratio(self) -> str:
        return f"{self.ratio:g}:1" if self.ratio >= 1.0 else f"1:{1.0 / self.ratio:g}"

    @property
    def shown_bounds(self) -> str:
        """Alpha, and the bounds where there are several looks."""
        level = f"{'one' if self.sides == 1 else 'two'}-sided {self.alpha:g}"
        if len(self.events) == 1:
            return level
        futile = f"; futility {self.futility}{', binding' if self.binding else ''}" if self.futility else ""
        return f"{level}, {self.bounds}{futile}"

    @property
    def cells(self) -> list[str]:
        """What it is, for a table."""
        months = f"{self.accrual:g}" if not isinstance(self.accrual, tuple) else f"{self.periods.duration:g}, in steps"
        return [
            f"{self.n}", ", ".join(map(str, self.events)), f"{self.hazard_ratio:.4g}", f"{self.median:g}", months,
            self.shown_ratio, f"{100 * self.dropout:g}", self.shown_bounds,
        ]  # fmt: skip  # short items of one kind share a line


HEADINGS = [
    "n", "events", "hazard ratio", "control median", "accrual", "ratio", "lost in a year, %", "alpha and bounds",
]  # fmt: skip  # short items of one kind share a line

ONE_LOOK = (
    Case(407, (221,), 0.75, 60, 85, dropout=0.05),
    Case(407, (221,), 1.0, 60, 85, dropout=0.05),
    Case(410, (359,), 20 / 26, 20, 84, alpha=0.05),
    Case(400, (240,), 0.7, 12, 24),
    Case(400, (240,), 1.0, 12, 24),
    Case(362, (273,), 0.7, 40, 41, alpha=0.05, sides=2),
    Case(1000, (508,), 0.78, 30, 40, dropout=0.05),
    Case(750, (300,), 0.8, 36, 30, dropout=0.15),
    Case(300, (180,), 0.7, 12, ((6.0, 27.0), (15.0, 10.0))),
    Case(300, (180,), 1.3, 12, 24),
    Case(300, (290,), 0.75, 10, 12),
    Case(200, (130,), 0.6, 24, 36, dropout=0.05),
    Case(200, (100,), 0.6, 12, 18),
    Case(120, (66,), 0.5, 24, 36),
    Case(120, (66,), 1.0, 24, 36),
    Case(80, (40,), 0.5, 12, 12),
    Case(60, (20,), 0.4, 6, 12),
    Case(120, (66,), 0.5, 24, 36, ratio=2.0),
    Case(120, (66,), 1.0, 24, 36, ratio=2.0),
    Case(300, (160,), 0.65, 18, 24, ratio=2.0),
    Case(450, (300,), 0.75, 24, 36, ratio=2.0, dropout=0.05),
    Case(450, (300,), 1.0, 24, 36, ratio=2.0, dropout=0.05),
    Case(300, (160,), 0.65, 18, 24, ratio=0.5),
    Case(400, (240,), 0.7, 18, 30, ratio=3.0),
)
TWO_LOOKS = (
    Case(407, (110, 221), 0.75, 60, 85, dropout=0.05),
    Case(407, (110, 221), 1.0, 60, 85, dropout=0.05),
    Case(200, (60, 120), 0.6, 12, 18, bounds="spending:pocock"),
    Case(201, (60, 120), 0.6, 12, 18, bounds="spending:pocock", ratio=2.0),
    Case(400, (80, 240), 0.7, 18, 24, bounds="spending:hsd:-4"),
    Case(400, (120, 240), 0.7, 18, 24, futility="spending:hsd:-2"),
    Case(300, (90, 180), 0.65, 18, 24, bounds="obrien-fleming", alpha=0.05, sides=2),
)
THREE_LOOKS = (
    Case(407, (100, 160, 221), 0.75, 60, 85, dropout=0.05),
    Case(407, (100, 160, 221), 1.0, 60, 85, dropout=0.05),
    Case(300, (60, 120, 180), 0.7, 12, 24, bounds="pocock"),
    Case(300, (60, 120, 180), 1.0, 12, 24, bounds="pocock"),
    Case(300, (60, 120, 180), 0.7, 12, 24, bounds="wang-tsiatis:0.25", dropout=0.1),
    Case(120, (22, 44, 66), 0.5, 24, 36),
    Case(360, (80, 160, 240), 0.7, 18, 30, ratio=2.0),
    Case(360, (80, 160, 240), 1.0, 18, 30, ratio=2.0),
    Case(360, (80, 160, 240), 0.7, 18, 30, bounds="haybittle-peto", alpha=0.05, sides=2),
    Case(360, (80, 160, 240), 0.7, 18, 30, futility="spending:obrien-fleming", binding=True),
    Case(300, (60, 120, 180), 0.7, 12, ((6.0, 27.0), (15.0, 10.0)), bounds="spending:kim-demets:2"),
)
GRID = (*ONE_LOOK, *TWO_LOOKS, *THREE_LOOKS)

SIZES = (20, 40, 66, 100, 160, 240, 400, 800)
"""Events at which the size is simulated; 1.5 times as many participants."""


def size_cases() -> list[Case]:
    """Trials without an effect: by ratio and events; then with three looks."""
    one = [Case(3 * d // 2, (d,), 1.0, 24, 36, ratio=ratio) for ratio in (1.0, 2.0, 0.5) for d in SIZES]
    looks = [
        Case(3 * d // 2, (round(d / 3), round(2 * d / 3), d), 1.0, 24, 36, ratio=ratio)
        for ratio in (1.0, 2.0)
        for d in (66, 240, 400)
    ]
    return [*one, *looks]
