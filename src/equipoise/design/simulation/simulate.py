"""Simulate a design: draw trials, look at them, test, stop, and count.

Any trial is a pure function of scenario, seed and its number, and sums are taken in the order of the trials: the same
seed gives the same bytes on any number of threads or machines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from equipoise.design._checks import check_alpha, check_fraction, check_increasing, check_positive
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.simulation.job import Job
from equipoise.design.simulation.participants import TrialSource
from equipoise.design.simulation.ranges import Executor
from equipoise.design.simulation.result import Kept, Simulation
from equipoise.design.simulation.run import Plan, Progress, SimulationInterruptedError, run_plans
from equipoise.design.simulation.scenario import Scenario
from equipoise.design.simulation.stopping import read_stopping
from equipoise.design.simulation.tests_at_looks import Test, read
from equipoise.disease.philox import seed_word
from equipoise.errors import DesignError

__all__ = ["Bounds", "Progress", "SimulationInterruptedError", "plan", "simulate", "simulate_many"]

Bounds = str | Sequence[float] | GroupSequential | None


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
    resume: Simulation | Kept | None = None,
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
        resume: an interrupted or shorter simulation of the same to go on from, or what a file keeps of it
            (`equipoise.design.simulation.saved`).

    Raises:
        DesignError: requests that are impossible or contradict each other.
        SimulationInterruptedError: on a keyboard interrupt; it holds what is done.
    """
    wanted = plan(
        scenario, replicates=replicates, seed=seed, events=events, dates=dates, alpha=alpha, sides=sides,
        bounds=bounds, futility=futility, information=information, tests=tests, max_duration=max_duration,
        conf_level=conf_level, keep=keep,
    )  # fmt: skip
    before = () if resume is None else (resume,)
    (result,) = run_plans([wanted], progress=progress, threads=threads, executor=executor, resume=before)
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
    resume: Sequence[Simulation | Kept] = (),
) -> list[Simulation]:
    """Simulate one design under many scenarios with the same random numbers, all cores busy to the end.

    Arguments are those of `simulate`; `resume` takes what an interrupt has left of some of the scenarios.

    Raises:
        DesignError: no scenarios, or requests that are impossible or contradict each other.
        SimulationInterruptedError: on a keyboard interrupt; it holds the scenarios that are complete, and the one at
            hand as far as it went.
    """
    if not scenarios:
        raise DesignError("there are no scenarios; give at least one")
    plans = [
        plan(
            scenario, replicates=replicates, seed=seed, events=events, dates=dates, alpha=alpha, sides=sides,
            bounds=bounds, futility=futility, information=information, tests=tests, max_duration=max_duration,
            conf_level=conf_level, keep=keep,
        )
        for scenario in scenarios
    ]  # fmt: skip
    return run_plans(plans, progress=progress, threads=threads, executor=executor, resume=resume)


def plan(
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
    keep: Literal["all", "summary"] = "summary",
) -> Plan:
    """What `simulate` would do with these arguments, for `run_plans`: for scenarios whose looks differ.

    Raises:
        DesignError: requests that are impossible or contradict each other.
    """
    job = _job(
        scenario, seed, events, dates, alpha=alpha, sides=sides, bounds=bounds, futility=futility,
        information=information, tests=tests, max_duration=max_duration, conf_level=conf_level, keep=keep == "all",
    )  # fmt: skip
    return Plan(job, _check_replicates(replicates), alpha, sides)


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
