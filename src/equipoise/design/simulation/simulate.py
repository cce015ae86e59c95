"""Simulate a design: draw trials, look at them, test, stop, and count.

Any trial is a pure function of scenario, seed and its number, and sums are taken in the order of the trials: the same
seed gives the same bytes on any number of threads or machines.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from equipoise.design._checks import check_alpha, check_fraction, check_increasing, check_positive
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.simulation.job import Job, RangeResult, run_range
from equipoise.design.simulation.participants import TrialSource
from equipoise.design.simulation.ranges import Executor, in_order, ranges, threads_or
from equipoise.design.simulation.result import Settled, Simulation, Trials
from equipoise.design.simulation.scenario import Scenario
from equipoise.design.simulation.stopping import read_stopping
from equipoise.design.simulation.sums import Sums
from equipoise.design.simulation.tests_at_looks import Test, read
from equipoise.disease.philox import seed_word
from equipoise.errors import DesignError

Progress = Callable[[int, int], None]
Bounds = str | Sequence[float] | GroupSequential | None


class SimulationInterruptedError(KeyboardInterrupt):
    """Somebody interrupted a simulation; what was done is kept.

    Attributes:
        partial: the simulation as far as it went, to look at or to give to `resume`; None if nothing was done.
        complete: of many scenarios, the simulations that were complete.
    """

    def __init__(self, partial: Simulation | None, complete: Sequence[Simulation] = ()) -> None:
        self.partial = partial
        self.complete = list(complete)
        done = 0 if partial is None else partial.replicates
        super().__init__(f"interrupted after {done:,} trials")


def simulate(
    scenario: TrialSource,
    *,
    replicates: int,
    seed: int,
    events: Sequence[int] | None = None,
    dates: Sequence[float] | None = None,
    alpha: float,
    sides: int = 1,
    bounds: Bounds = None,
    futility: Sequence[float] | None = None,
    information: Sequence[float] | None = None,
    tests: Sequence[Test] = ("logrank",),
    max_duration: float | None = None,
    conf_level: float = 0.95,
    keep: Literal["all", "summary"] = "all",
    progress: Progress | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
    resume: Simulation | None = None,
) -> Simulation:
    """Simulate a design under a scenario.

    Args:
        scenario: what is assumed.
        replicates: trials to simulate.
        seed: 0 .. 2**64 - 1.
        events: (k,) events at which to look, increasing; or
        dates: (k,) months at which to look, increasing.
        alpha: total over the sides.
        sides: 1 or 2; power counts the benefit tail.
        bounds: (k,) critical values; a word such as `spending:obrien-fleming`; a `GroupSequential`; None: the interim
            looks do not stop, the last one tests at alpha. In a trial that does not reach its planned events the
            last look spends what is left of alpha, if the bounds are not given as numbers.
        futility: values of z at which interim looks stop the trial.
        information: (k,) fractions at the looks, for bounds by a word; by default the planned events over their last,
            or for dates the expected events.
        tests: names, see `tests_at_looks`; each judges the same trials by the same bounds. The first is shown.
        max_duration: month of the last look of trials that have not reached their planned events; by default they are
            followed until nothing more can happen.
        conf_level: of the intervals whose coverage is counted.
        keep: `all` keeps z and more of every trial; `summary` only what is added up, whatever the number of trials.
        progress: called with trials done and trials in all.
        threads: how many; by default one a core.
        executor: computes ranges instead of threads, such as a Dask client.
        resume: an interrupted or shorter simulation of the same to go on from.

    Raises:
        DesignError: requests that are impossible or contradict each other.
        SimulationInterruptedError: on a keyboard interrupt; it holds what is done.
    """
    job = _job(
        scenario, seed, events, dates, alpha=alpha, sides=sides, bounds=bounds, futility=futility,
        information=information, tests=tests, max_duration=max_duration, conf_level=conf_level, keep=keep == "all",
    )  # fmt: skip
    plan = _Plan(job, _check_replicates(replicates), alpha, sides)
    (result,) = _run([plan], progress=progress, threads=threads, executor=executor, resume=resume)
    return result


def simulate_many(
    scenarios: Sequence[TrialSource],
    *,
    replicates: int,
    seed: int,
    events: Sequence[int] | None = None,
    dates: Sequence[float] | None = None,
    alpha: float,
    sides: int = 1,
    bounds: Bounds = None,
    futility: Sequence[float] | None = None,
    information: Sequence[float] | None = None,
    tests: Sequence[Test] = ("logrank",),
    max_duration: float | None = None,
    conf_level: float = 0.95,
    keep: Literal["all", "summary"] = "summary",
    progress: Progress | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
) -> list[Simulation]:
    """Simulate one design under many scenarios with the same random numbers, all cores busy to the end.

    Arguments are those of `simulate`.

    Raises:
        DesignError: no scenarios, or requests that are impossible or contradict each other.
        SimulationInterruptedError: on a keyboard interrupt; it holds the scenarios that are complete, and the one at
            hand as far as it went.
    """
    if not scenarios:
        raise DesignError("there are no scenarios; give at least one")
    plans = [
        _Plan(
            _job(
                scenario, seed, events, dates, alpha=alpha, sides=sides, bounds=bounds, futility=futility,
                information=information, tests=tests, max_duration=max_duration, conf_level=conf_level,
                keep=keep == "all",
            ),
            _check_replicates(replicates), alpha, sides,
        )
        for scenario in scenarios
    ]  # fmt: skip
    return _run(plans, progress=progress, threads=threads, executor=executor, resume=None)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A job and how much of it."""

    job: Job
    replicates: int
    alpha: float
    sides: int


class _Tally:
    """The results of one job, taken in order."""

    def __init__(self, plan: _Plan, resume: Simulation | None) -> None:
        self.plan = plan
        self.begin = 0
        self.done = 0
        self.sums: tuple[Sums, ...] = ()
        self.parts: list[Trials] = []
        self.settled = Settled(0, (), plan.job.digest)
        if resume is not None:
            if resume.settled.job != plan.job.digest:
                raise DesignError("resume: that simulation is of something else; give the same scenario and options")
            if resume.settled.replicates > plan.replicates:
                raise DesignError(f"resume: that has {resume.replicates:,} trials already; ask for more")
            self.settled = resume.settled
            self.begin = self.done = resume.settled.replicates
            self.sums = resume.settled.sums
            if plan.job.keep:
                self.parts = [resume.trials.first(self.done)]

    def calls(self) -> Iterator[tuple[Job, int, int]]:
        """What is left to be done."""
        for first, last in ranges(self.begin, self.plan.replicates, self.plan.job.range_size):
            yield self.plan.job, first, last

    def take(self, result: RangeResult) -> None:
        """Add the next range."""
        self.sums = tuple(a + b for a, b in zip(self.sums, result.sums, strict=True)) if self.sums else result.sums
        self.done = result.last
        if result.trials is not None:
            self.parts.append(result.trials)
        if result.last - result.first == self.plan.job.range_size:
            self.settled = Settled(self.done, self.sums, self.settled.job)

    def result(self) -> Simulation | None:
        """The simulation as far as it went."""
        job, plan = self.plan.job, self.plan
        if self.done == 0:
            return None
        names = read(job.tests).names
        return Simulation(
            test=names[0],
            tests=names,
            replicates=self.done,
            asked=plan.replicates,
            seed=job.seed,
            alpha=plan.alpha,
            sides=plan.sides,
            planned_events=job.events,
            planned_dates=job.dates,
            stopping=job.stopping,
            true_log_hazard_ratio=job.source.log_hazard_ratio,
            conf_level=job.conf_level,
            sums=self.sums,
            trials=Trials.joined(self.parts, len(names), job.looks),
            settled=self.settled,
        )


def _results(tallies: Sequence[_Tally]) -> list[Simulation]:
    return [result for tally in tallies if (result := tally.result()) is not None]


def _run(
    plans: Sequence[_Plan],
    *,
    progress: Progress | None,
    threads: int | None,
    executor: Executor | None,
    resume: Simulation | None,
) -> list[Simulation]:
    """Run all ranges of all jobs, in order."""
    tallies = [_Tally(plan, resume) for plan in plans]
    total, done = sum(plan.replicates for plan in plans), sum(tally.begin for tally in tallies)
    calls = (call for tally in tallies for call in tally.calls())
    at = 0
    try:
        with threads_or(executor, threads) as (workers, ahead):
            for result in in_order(run_range, calls, workers, ahead):
                while tallies[at].done == tallies[at].plan.replicates:
                    at += 1
                tallies[at].take(result)
                done += result.last - result.first
                if progress is not None:
                    progress(done, total)
    except KeyboardInterrupt as interrupt:
        whole = [tally for tally in tallies if tally.done == tally.plan.replicates]
        part = next((tally.result() for tally in tallies if tally.done < tally.plan.replicates), None)
        raise SimulationInterruptedError(part, _results(whole)) from interrupt
    return _results(tallies)


def _job(
    scenario: TrialSource,
    seed: int,
    events: Sequence[int] | None,
    dates: Sequence[float] | None,
    *,
    alpha: float,
    sides: int,
    bounds: Bounds,
    futility: Sequence[float] | None,
    information: Sequence[float] | None,
    tests: Sequence[Test],
    max_duration: float | None,
    conf_level: float,
    keep: bool,
) -> Job:
    seed_word(seed)
    check_alpha(alpha, sides)
    check_fraction("conf_level", conf_level)
    if (events is None) == (dates is None):
        raise DesignError("looks are at events or at dates; give one of the two")
    read(tests)
    planned_events = _check_events(events, scenario.n) if events is not None else ()
    planned_dates = check_increasing("dates (months)", dates) if dates is not None else ()
    if dates is not None and max_duration is not None:
        raise DesignError("max_duration is for looks at events; leave it out, the last date ends the trial")
    looks = len(planned_events) or len(planned_dates)
    if looks == 0:
        raise DesignError("there are no looks; give events or dates")
    if isinstance(bounds, str) and information is None:
        information = _information(scenario, planned_events, planned_dates)
    return Job(
        source=scenario,
        seed=int(seed),
        events=planned_events,
        dates=planned_dates,
        max_duration=math.inf if max_duration is None else check_positive("max_duration (months)", max_duration),
        tests=tuple(test if isinstance(test, str) else tuple(test) for test in tests),
        stopping=read_stopping(bounds, futility, looks=looks, information=information, alpha=alpha, sides=sides),
        conf_level=float(conf_level),
        keep=keep,
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
