"""What a simulation found: operating characteristics, each with its Monte-Carlo error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from equipoise.design._checks import sided
from equipoise.design.simulation.numbers import Floats, Ints
from equipoise.design.simulation.stopping import Stopping
from equipoise.design.simulation.sums import Sums
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result, show

_ROUNDING = 1e-12


class Simulated(float):
    """A number with its Monte-Carlo error.

    Attributes:
        value: the number itself.
        error: its standard error over the simulated trials.
    """

    __slots__ = ("error",)
    error: float

    def __new__(cls, value: float, error: float) -> Simulated:
        """A float with its error."""
        self = super().__new__(cls, value)
        self.error = error
        return self

    def __getnewargs__(self) -> tuple[float, float]:  # type: ignore[override]  # float's is (float,)
        """What `__new__` takes, so that it can be pickled."""
        return float(self), self.error

    @property
    def value(self) -> float:
        """The number as a plain float."""
        return float(self)

    def __repr__(self) -> str:
        """The number and its error."""
        return f"{show(float(self))} (Monte-Carlo error {show(self.error)})"


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """The simulated trials one by one, (r,) or (r, k); with `keep="summary"` r is 0.

    Attributes:
        z: (t, r, k) of every test, NaN at looks not held.
        events: (r, k) events of the looks, NaN at looks not held; so for the others.
        dates: (r, k) month of each look.
        enrolled: (r, k) participants who had come.
        reached: (r, k) whether the planned events or date were reached.
        log_hazard_ratio: (r, k) Cox estimate, infinite where one arm has no event.
        std_error: (r, k) of it.
        stopping_look: (t, r) look at which each test stopped the trial, from 0.
        stopped_for: (t, r) 0 nothing shown, 1 benefit, 2 futility, 3 harm.
    """

    z: Floats
    events: Floats
    dates: Floats
    enrolled: Floats
    reached: Ints
    log_hazard_ratio: Floats
    std_error: Floats
    stopping_look: Ints
    stopped_for: Ints

    @classmethod
    def joined(cls, parts: list[Trials], tests: int, looks: int) -> Trials:
        """Many ranges as one."""
        if not parts:
            none = np.empty((0, looks))
            whole = np.empty((tests, 0), dtype=np.int64)
            return cls(np.empty((tests, 0, looks)), none, none, none, none.astype(np.int64), none, none, whole, whole)
        return cls(
            *(
                np.concatenate([getattr(part, name) for part in parts], axis=1 if name in _BY_TEST else 0)
                for name in cls.__slots__
            )
        )

    def first(self, replicates: int) -> Trials:
        """The first of them."""
        return type(self)(
            *(
                getattr(self, name)[:, :replicates] if name in _BY_TEST else getattr(self, name)[:replicates]
                for name in type(self).__slots__
            )
        )


_BY_TEST = {"z", "stopping_look", "stopped_for"}


@dataclass(frozen=True, slots=True)
class Settled:
    """The sums over the first trials.

    Attributes:
        replicates: how many trials.
        sums: over them, one a test.
        job: digest of what was simulated.
    """

    replicates: int
    sums: tuple[Sums, ...]
    job: str


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What was done of a simulation, as much as is needed to go on with it.

    Attributes:
        settled: all ranges that are whole; more trials are added to these.
        all: everything that was done; it differs if the last range was a shorter one.
        trials: the trials one by one, if they are kept.
    """

    settled: Settled
    all: Settled
    trials: Trials


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Simulation(Result):
    """A simulated design under one scenario, judged by one test; `of` gives the other tests of the same trials.

    A look is one at planned events or on a planned date. A trial whose planned events never come is analysed at the
    maximum date (or when nothing more can happen) as its last look; an interim look that is never reached is not held.

    Attributes:
        test: its name.
        tests: all tests of the simulation.
        replicates: simulated trials.
        asked: trials that were asked for; more than `replicates` if somebody interrupted.
        seed: of the random numbers.
        alpha: total over the sides.
        sides: 1 or 2.
        planned_events: (k,) or empty.
        planned_dates: (k,) or empty.
        stopping: the bounds.
        true_log_hazard_ratio: of the scenario; NaN where hazards are not proportional.
        conf_level: of the interval whose coverage is counted.
        sums: of every test.
        trials: the trials one by one.
        settled: the sums over all ranges that are whole, from which it can be gone on.
    """

    test: str
    tests: tuple[str, ...]
    replicates: int
    asked: int
    seed: int
    alpha: float
    sides: int
    planned_events: tuple[int, ...]
    planned_dates: tuple[float, ...]
    stopping: Stopping
    true_log_hazard_ratio: float
    conf_level: float
    sums: tuple[Sums, ...]
    trials: Trials
    settled: Settled

    def of(self, test: str) -> Simulation:
        """The same trials judged by another of the tests.

        Raises:
            DesignError: a test that was not simulated.
        """
        if test not in self.tests:
            raise DesignError(f"test = {test!r} was not simulated; the tests are {', '.join(self.tests)}")
        fields = {name: getattr(self, name) for name in Simulation.__slots__}
        return Simulation(**(fields | {"test": test}))

    @property
    def kept(self) -> Kept:
        """What is needed to go on with it: for `resume`, and for `equipoise.design.simulation.saved`."""
        return Kept(self.settled, Settled(self.replicates, self.sums, self.settled.job), self.trials)

    @property
    def _sums(self) -> Sums:
        return self.sums[self.tests.index(self.test)]

    @property
    def looks(self) -> int:
        """How many looks there are."""
        return len(self.stopping.critical)

    def _share(self, count: float) -> Simulated:
        p = count / self.replicates
        return Simulated(p, math.sqrt(p * (1.0 - p) / self.replicates))

    def _mean(self, sums: Floats, n: float, less: float = 0.0) -> Simulated:
        if n < 2:
            return Simulated(math.nan, math.nan)
        mean = float(sums[0]) / n
        variance = (float(sums[1]) / n - mean * mean) * n / (n - 1.0)
        if variance < _ROUNDING * mean * mean:  # what rounding leaves of a number that never varies
            variance = 0.0
        return Simulated(mean - less, math.sqrt(variance / n))

    @property
    def power(self) -> Simulated:
        """Share of trials that show benefit at any look; in a scenario without effect that is the size."""
        return self._share(int(self._sums.benefit.sum()))

    @property
    def power_by_look(self) -> Floats:
        """(k,) share that shows benefit at this look and not before; sums to `power`."""
        return self._sums.benefit / self.replicates

    @property
    def futility_by_look(self) -> Floats:
        """(k,) share that stops for futility at this look."""
        return self._sums.futility / self.replicates

    @property
    def harm(self) -> Simulated:
        """Share of trials that show harm at any look."""
        return self._share(int(self._sums.harm.sum()))

    @property
    def stopped_by_look(self) -> Floats:
        """(k,) share that ends with this look, whatever for; sums to 1."""
        return self._sums.stopped / self.replicates

    @property
    def expected_events(self) -> Simulated:
        """Mean events when the trial stops."""
        return self._mean(self._sums.at_stop[0], self.replicates)

    @property
    def expected_duration(self) -> Simulated:
        """Mean months until the trial stops."""
        return self._mean(self._sums.at_stop[1], self.replicates)

    @property
    def expected_participants(self) -> Simulated:
        """Mean participants when the trial stops."""
        return self._mean(self._sums.at_stop[2], self.replicates)

    @property
    def not_reached(self) -> Simulated:
        """Share of trials whose planned events of the last look never come, or not by the maximum date."""
        return self._share(self._sums.unfinished)

    @property
    def bias(self) -> Simulated:
        """Mean of the log hazard ratio estimated when the trial stops, less the true one.

        Over trials with a finite estimate; NaN where hazards are not proportional.
        """
        return self._mean(self._sums.estimate, self._sums.estimates, self.true_log_hazard_ratio)

    @property
    def mean_log_hazard_ratio(self) -> Simulated:
        """Mean of the log hazard ratio estimated when the trial stops, over trials with a finite estimate."""
        return self._mean(self._sums.estimate, self._sums.estimates)

    @property
    def coverage(self) -> Simulated:
        """Share of the usual intervals, made when the trial stops, that cover the true log hazard ratio."""
        n = self._sums.estimates
        if n == 0 or math.isnan(self.true_log_hazard_ratio):
            return Simulated(math.nan, math.nan)
        p = self._sums.covered / n
        return Simulated(p, math.sqrt(p * (1.0 - p) / n))

    @property
    def look_events(self) -> Floats:
        """(k,) mean events of the looks that are held, if no look stops the trial."""
        return self._sums.events / self._held

    @property
    def look_dates(self) -> Floats:
        """(k,) mean month of the looks that are held, if no look stops the trial."""
        return self._sums.date / self._held

    @property
    def _held(self) -> Floats:
        """(k,) looks held, NaN where none was."""
        held = self._sums.held.astype(np.float64)
        held[-1] = self.replicates
        return np.where(held > 0.0, held, np.nan)

    @property
    def look_reached(self) -> Floats:
        """(k,) share of trials that reach the planned events or date of the look, if no look stops the trial."""
        return self._sums.held / self.replicates

    @property
    def mean_z(self) -> Floats:
        """(k,) mean z of the looks that are held, if no look stops the trial."""
        return self._sums.z[:, 0] / np.where(self._sums.tested > 0, self._sums.tested, np.nan)

    @property
    def untested(self) -> int:
        """Last looks at which the test could not be done: no events, or a curve that is not known far enough."""
        return self.replicates - int(self._sums.tested[-1])

    @property
    def z(self) -> Floats:
        """(r, k) z of the test at each look, whether an earlier look stopped the trial or not."""
        of_test: Floats = self.trials.z[self.tests.index(self.test)]
        return of_test

    @property
    def events(self) -> Floats:
        """(r, k) events at each look."""
        return self.trials.events

    @property
    def dates(self) -> Floats:
        """(r, k) month of each look."""
        return self.trials.dates

    @property
    def stopping_look(self) -> Ints:
        """(r,) the look at which the trial stopped, from 0."""
        look: Ints = self.trials.stopping_look[self.tests.index(self.test)]
        return look

    @property
    def stopped_for(self) -> Ints:
        """(r,) what for: 0 nothing shown, 1 benefit, 2 futility, 3 harm."""
        what: Ints = self.trials.stopped_for[self.tests.index(self.test)]
        return what

    @property
    def duration(self) -> Floats:
        """(r,) months until the trial stopped."""
        look = self.stopping_look
        return np.asarray(self.trials.dates[np.arange(look.size), look])

    @property
    def critical_values(self) -> Floats:
        """(k,) critical values."""
        return np.array(self.stopping.critical)

    def _title(self) -> str:
        part = "" if self.replicates == self.asked else f" of {self.asked:,}"
        return f"{self.replicates:,}{part} simulated trials, {self.test}, seed {self.seed}"

    def _columns(self) -> Mapping[str, Column]:
        columns: dict[str, Column] = {"look": np.arange(1, self.looks + 1)}
        if self.planned_events:
            columns["planned_events"] = self.planned_events
        else:
            columns["planned_month"] = self.planned_dates
        columns |= {
            "reached": self.look_reached,
            "events": self.look_events,
            "month": self.look_dates,
            "mean_z": self.mean_z,
            "critical_value": self.critical_values,
            "power": self.power_by_look,
        }
        if self._sums.futility.any():
            columns["futility"] = self.futility_by_look
        return columns | {"stopped": self.stopped_by_look}

    def _notes(self) -> list[str]:
        notes = [
            f"power {self.power!r} at {sided(self.sides)} alpha {show(self.alpha)}",
            f"when it stops: {self.expected_events!r} events, {self.expected_participants!r} participants, "
            f"{self.expected_duration!r} months",
        ]
        if not math.isnan(self.true_log_hazard_ratio):
            notes.append(
                f"log hazard ratio {show(self.true_log_hazard_ratio)}: bias {self.bias!r}, coverage of the "
                f"{100 * self.conf_level:g} % interval {self.coverage!r}"
            )
        if self._sums.unfinished:
            notes.append(f"{self._sums.unfinished:,} trials never reached their planned events")
        if self.untested:
            notes.append(f"in {self.untested:,} trials the test could not be done at the last look; they show nothing")
        return notes
