"""Simulate a design: draw trials, look at them, test, stop, and count.

Any trial is a pure function of scenario, seed and its number, and sums are taken in the order of the trials: the same
seed gives the same bytes on any number of threads or machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from equipoise.design.simulation.participants import TrialSource
from equipoise.design.simulation.ranges import Executor
from equipoise.design.simulation.result import Kept, Simulation
from equipoise.design.simulation.run import Progress, SimulationInterruptedError, run_plans
from equipoise.design.simulation.settings import Bounds, Settings
from equipoise.design.simulation.tests_at_looks import Test
from equipoise.errors import DesignError

__all__ = ["SimulationInterruptedError", "simulate", "simulate_many"]


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
    settings = Settings(
        replicates=replicates, seed=seed, events=events, dates=dates, alpha=alpha, sides=sides, bounds=bounds,
        futility=futility, information=information, tests=tests, max_duration=max_duration, conf_level=conf_level,
        keep=keep,
    )  # fmt: skip  # arguments that belong together share a line
    before = () if resume is None else (resume,)
    (result,) = run_plans(
        [settings.plan(scenario)], progress=progress, threads=threads, executor=executor, resume=before
    )
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
    settings = Settings(
        replicates=replicates, seed=seed, events=events, dates=dates, alpha=alpha, sides=sides, bounds=bounds,
        futility=futility, information=information, tests=tests, max_duration=max_duration, conf_level=conf_level,
        keep=keep,
    )  # fmt: skip  # arguments that belong together share a line
    plans = [settings.plan(scenario) for scenario in scenarios]
    return run_plans(plans, progress=progress, threads=threads, executor=executor, resume=resume)
