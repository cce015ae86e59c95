"""Run the ranges of many simulations, add up their results in order, and keep what is done when somebody interrupts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from equipoise.design.simulation.job import Job, RangeResult, run_range
from equipoise.design.simulation.ranges import Executor, WorkersLostError, in_order, ranges, threads_or
from equipoise.design.simulation.result import Kept, Settled, Simulation, Trials
from equipoise.design.simulation.tests_at_looks import read
from equipoise.errors import DesignError

Progress = Callable[[int, int], None]
"""Called with trials done and trials in all."""


class SimulationInterruptedError(KeyboardInterrupt):
    """Somebody interrupted a simulation, or all machines were lost; what was done is kept.

    Attributes:
        partial: the simulation as far as it went, to look at or to give to `resume`; None if nothing was done.
        complete: of many scenarios, the simulations that were complete.
    """

    def __init__(self, partial: Simulation | None, complete: Sequence[Simulation] = ()) -> None:
        self.partial = partial
        self.complete = list(complete)
        done = 0 if partial is None else partial.replicates
        super().__init__(f"interrupted after {done:,} trials")

    @property
    def done(self) -> list[Simulation]:
        """All that was done, complete or not."""
        return self.complete if self.partial is None else [*self.complete, self.partial]


@dataclass(frozen=True, slots=True)
class Plan:
    """A job and how much of it; `equipoise.design.simulation.settings.Settings` makes it."""

    job: Job
    replicates: int
    alpha: float
    sides: int


class _Tally:
    """The results of one job, taken in order."""

    def __init__(self, plan: Plan, kept: Kept | None) -> None:
        self.plan = plan
        self.parts: list[Trials] = []
        self.settled = self.all = Settled(0, (), plan.job.digest)
        if kept is not None:
            _check(plan, kept)
            self.settled = kept.settled
            self.all = kept.all if kept.all.replicates == plan.replicates else kept.settled
            if plan.job.keep:
                self.parts = [kept.trials.first(self.all.replicates)]
        self.begin = self.all.replicates

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be done."""
        return self.all.replicates == self.plan.replicates

    def calls(self) -> Iterator[tuple[Job, int, int]]:
        """What is left to be done."""
        for first, last in ranges(self.begin, self.plan.replicates, self.plan.job.range_size):
            yield self.plan.job, first, last

    def take(self, result: RangeResult) -> None:
        """Add the next range; an interrupt in between leaves what was there before."""
        before = self.all.sums
        sums = tuple(a + b for a, b in zip(before, result.sums, strict=True)) if before else result.sums
        if result.trials is not None:
            self.parts.append(result.trials)
        self.all = Settled(result.last, sums, self.all.job)
        if result.last - result.first == self.plan.job.range_size:
            self.settled = self.all

    def result(self) -> Simulation | None:
        """The simulation as far as it went."""
        job, plan, done = self.plan.job, self.plan, self.all
        if done.replicates == 0:
            return None
        names = read(job.tests).names
        return Simulation(
            test=names[0],
            tests=names,
            replicates=done.replicates,
            asked=plan.replicates,
            seed=job.seed,
            alpha=plan.alpha,
            sides=plan.sides,
            planned_events=job.events,
            planned_dates=job.dates,
            stopping=job.stopping,
            true_log_hazard_ratio=job.source.log_hazard_ratio,
            conf_level=job.conf_level,
            sums=done.sums,
            trials=Trials.joined(self.parts, len(names), job.looks).first(done.replicates),
            settled=self.settled,
        )


def _check(plan: Plan, kept: Kept) -> None:
    """Refuse to go on from something else, or from more than is asked."""
    if kept.settled.job != plan.job.digest:
        raise DesignError("resume: that simulation is of something else; give the same scenario and options")
    if kept.settled.replicates > plan.replicates:
        raise DesignError(f"resume: that has {kept.all.replicates:,} trials already; ask for more")
    tests, looks = len(read(plan.job.tests).names), plan.job.looks
    whole = kept.settled.replicates % plan.job.range_size == 0
    fits = all(len(of.sums) == tests and all(one.looks == looks for one in of.sums) for of in (kept.settled, kept.all))
    if not (whole and fits):
        raise DesignError("resume: its sums do not fit this simulation; begin anew")
    if plan.job.keep and (
        kept.trials.z.shape[::2] != (tests, looks) or kept.trials.z.shape[1] < kept.settled.replicates
    ):
        raise DesignError("resume: its trials were not kept; ask for keep='summary', or begin anew")


def run_plans(
    plans: Sequence[Plan],
    *,
    progress: Progress | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
    resume: Sequence[Simulation | Kept] = (),
) -> list[Simulation]:
    """Run all ranges of all plans, in order, so that all cores are busy to the end.

    Args:
        plans: what to simulate; those that are the same are simulated once each.
        progress: called with trials done and trials in all.
        threads: how many; by default one a core.
        executor: computes ranges instead of threads.
        resume: what was done before, of some of the plans in any order.

    Raises:
        DesignError: `resume` holds something that is in no plan.
        SimulationInterruptedError: on a keyboard interrupt, or where all workers are lost; it holds what is done.
    """
    given = [one.kept if isinstance(one, Simulation) else one for one in resume]
    kept = {one.settled.job: one for one in given}
    if kept.keys() - {plan.job.digest for plan in plans}:
        raise DesignError("resume: that simulation is of something else; give the same scenario and options")
    tallies = [_Tally(plan, kept.get(plan.job.digest)) for plan in plans]
    total, done = sum(plan.replicates for plan in plans), sum(tally.begin for tally in tallies)
    calls = (call for tally in tallies for call in tally.calls())
    at = 0
    try:
        with threads_or(executor, threads) as (workers, ahead):
            for result in in_order(run_range, calls, workers, ahead):
                while tallies[at].complete:
                    at += 1
                tallies[at].take(result)
                done += result.last - result.first
                if progress is not None:
                    progress(done, total)
    except (KeyboardInterrupt, WorkersLostError) as interrupt:
        whole = [tally for tally in tallies if tally.complete]
        part = [tally for tally in tallies if not tally.complete and tally.all.replicates]
        # those after the first incomplete one hold what they were resumed with
        more = _results(whole) + _results(part[1:])
        raise SimulationInterruptedError(part[0].result() if part else None, more) from interrupt
    return _results(tallies)


def _results(tallies: Sequence[_Tally]) -> list[Simulation]:
    return [result for tally in tallies if (result := tally.result()) is not None]
