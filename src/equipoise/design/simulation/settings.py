"""How the trials of a simulation are looked at and judged, read and checked once for any number of scenarios."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from equipoise.design._checks import check_alpha, check_fraction, check_increasing, check_positive
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.simulation.job import Job
from equipoise.design.simulation.participants import TrialSource
from equipoise.design.simulation.run import Plan
from equipoise.design.simulation.scenario import Scenario
from equipoise.design.simulation.stopping import read_stopping
from equipoise.design.simulation.tests_at_looks import Test, read
from equipoise.disease.philox import seed_word
from equipoise.errors import DesignError

Bounds = str | Sequence[float] | GroupSequential | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `simulate` is told besides the scenario; it says what each of them is."""

    replicates: int
    seed: int
    events: Sequence[int] | None = None
    dates: Sequence[float] | None = None
    alpha: float
    sides: int = 1
    bounds: Bounds = None
    futility: Sequence[float] | None = None
    information: Sequence[float] | None = None
    tests: Sequence[Test] = ("logrank",)
    max_duration: float | None = None
    conf_level: float = 0.95
    keep: Literal["all", "summary"] = "summary"

    def plan(self, scenario: TrialSource) -> Plan:
        """What is to be simulated of a scenario, for `equipoise.design.simulation.run.run_plans`.

        Raises:
            DesignError: requests that are impossible or contradict each other.
        """
        return Plan(self._job(scenario), _check_replicates(self.replicates), self.alpha, self.sides)

    def _job(self, scenario: TrialSource) -> Job:
        seed_word(self.seed)
        check_alpha(self.alpha, self.sides)
        check_fraction("conf_level", self.conf_level)
        if (self.events is None) == (self.dates is None):
            raise DesignError("looks are at events or at dates; give one of the two")
        read(self.tests)
        events = _check_events(self.events, scenario.n) if self.events is not None else ()
        dates = check_increasing("dates (months)", self.dates) if self.dates is not None else ()
        if self.dates is not None and self.max_duration is not None:
            raise DesignError("max_duration is for looks at events; leave it out, the last date ends the trial")
        looks = len(events) or len(dates)
        if looks == 0:
            raise DesignError("there are no looks; give events or dates")
        longest = math.inf if self.max_duration is None else check_positive("max_duration (months)", self.max_duration)
        information = self.information
        if isinstance(self.bounds, str) and information is None:
            information = _information(scenario, events, dates)
        return Job(
            source=scenario,
            seed=int(self.seed),
            events=events,
            dates=dates,
            max_duration=longest,
            tests=tuple(test if isinstance(test, str) else tuple(test) for test in self.tests),
            stopping=read_stopping(
                self.bounds, self.futility, looks=looks, information=information, alpha=self.alpha, sides=self.sides
            ),
            conf_level=float(self.conf_level),
            keep=self.keep == "all",
        )


def _information(scenario: TrialSource, events: tuple[int, ...], dates: tuple[float, ...]) -> tuple[float, ...]:
    if events:
        return tuple(count / events[-1] for count in events)
    if not isinstance(scenario, Scenario):
        raise DesignError("bounds by a word at dates need the expected information; give information")
    expected = scenario.expected_events(dates)
    return tuple((expected / expected[-1]).tolist())


def _check_replicates(replicates: int) -> int:
    if replicates != int(replicates) or replicates < 1:
        raise DesignError(f"replicates = {replicates}; give a whole number from 1 up")
    return int(replicates)


def _check_events(events: Sequence[int], n: int) -> tuple[int, ...]:
    counts = check_increasing("events", events)
    if any(count != int(count) for count in counts):
        raise DesignError(f"events = {list(events)}; give whole numbers")
    if counts and counts[-1] > n:
        raise DesignError(f"events = {list(events)} of {n} participants; there can be no more than one each")
    return tuple(int(count) for count in counts)
