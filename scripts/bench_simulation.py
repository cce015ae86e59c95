"""Speed of simulated trials: plain ones beside rpact, two workers beside one, a grid, and trials that are not plain.

rpact is given the same design in the same run and its answer is compared before times are believed: a difference is an
error. Its rows stay empty where R or rpact is not installed. `bench.py` calls it.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec

from bench_timings import say
from machine import table
from targets import Target, at_least, within

from equipoise.design.effects import delayed_effect
from equipoise.design.simulation.disease_scenario import DiseaseEndpoint, DiseaseScenario
from equipoise.design.simulation.result import Simulation
from equipoise.design.simulation.scenario import Scenario
from equipoise.design.simulation.simulate import simulate, simulate_many
from equipoise.design.survival_function import Survival
from equipoise.disease import DiseaseModel, Transition, Weibull

PARTICIPANTS, ACCRUAL, MEDIAN, HAZARD_RATIO = 407, 85, 60, 0.75
ONE_LOOK, THREE_LOOKS = (221,), (100, 160, 221)
REPEATS = 5
WORKERS = 2
WARM = 40_000
"""Trials that give every worker process work before the clock starts."""
EFFICIENCY = 0.85
"""Of each of so many workers, beside one."""
GRID_SCENARIOS, GRID_REPLICATES, GRID_SECONDS = (20, 15), 10_000, 60.0
LEAST = {ONE_LOOK: (100_000, 8.0), THREE_LOOKS: (50_000, 15.0)}
"""Trials a second to be reached, and times rpact's, by the looks."""

RPACT = """
suppressMessages(library(rpact))
events <- c({events})
design <- if (length(events) == 1) getDesignGroupSequential(kMax = 1, alpha = 0.025, sided = 1) else
  getDesignGroupSequential(kMax = length(events), alpha = 0.025, informationRates = events / max(events),
                           typeOfDesign = "asOF")
run <- function(n) getSimulationSurvival(design, hazardRatio = {hazard_ratio}, lambda2 = log(2) / {median},
  directionUpper = FALSE, plannedEvents = events, maxNumberOfSubjects = {participants}, accrualTime = {accrual},
  dropoutRate1 = 0.05, dropoutRate2 = 0.05, dropoutTime = 12, maxNumberOfIterations = n, seed = 1)
run(100)
seconds <- min(sapply(1:3, function(i) system.time(result <<- run({trials}))[["elapsed"]]))
cat(seconds, result$overallReject, as.character(packageVersion("rpact")), "\\n")
"""


@dataclass(frozen=True)
class Speed:
    """What was measured.

    Attributes:
        what: in words.
        trials: how many at a time.
        wall: seconds, the least of several.
        processor: seconds of all threads, the least of several.
        power: the answer.
    """

    what: str
    trials: int
    wall: float
    processor: float
    power: float

    @property
    def rate(self) -> float:
        """Trials a second."""
        return self.trials / self.wall

    def best(self, other: Speed) -> Speed:
        """The less of both times: other work seldom leaves a run every core."""
        return replace(self, wall=min(self.wall, other.wall), processor=min(self.processor, other.processor))

    @property
    def row(self) -> list[str]:
        each = f"{1e6 * self.processor / self.trials:.1f}" if self.processor else ""
        return [self.what, f"{self.trials:,}", f"{self.rate:,.0f}", each, f"{self.power:.4f}"]


def plain() -> Scenario:
    return Scenario.two_arm(
        n=PARTICIPANTS,
        accrual=ACCRUAL,
        control_median=MEDIAN,
        hazard_ratio=HAZARD_RATIO,
        dropout=0.05,
        dropout_time=12,
        entry="even",
    )


def disease() -> DiseaseScenario:
    model = DiseaseModel(
        arms=("A", "B"),
        cancer_death=Transition(
            hazard=Weibull.from_rate(0.01), hazard_ratio={"B": 0.75}, after={"distant_progression": 3.0}
        ),
        dropout=Transition(hazard=Weibull.from_rate(0.004)),
        local_progression=Transition(hazard=Weibull.from_rate(0.01), hazard_ratio={"B": 0.4}),
        distant_progression=Transition(hazard=Weibull.from_rate(0.012)),
    )
    return DiseaseScenario(
        model=model,
        n=PARTICIPANTS,
        accrual=float(ACCRUAL),
        visits_every=((3, 24), (6, 240)),
        endpoint=DiseaseEndpoint(("local_progression", "death"), censor="last_visit"),
    )


def measured(what: str, trials: int, run: Callable[[int], Simulation], repeats: int = REPEATS) -> Speed:
    """The least time of several runs; a short one first compiles."""
    run(64)
    say(f"{what or 'trials'}: {trials:,}")
    wall = processor = math.inf
    for _ in range(repeats):
        begin, begin_processor = time.perf_counter(), time.process_time()
        found = run(trials)
        wall = min(wall, time.perf_counter() - begin)
        processor = min(processor, time.process_time() - begin_processor)
    return Speed(what, trials, wall, processor, found.power.value)


HEADINGS = ["what", "trials", "trials a second", "processor microseconds a trial", "power"]


def looked_at(events: Sequence[int], threads: int) -> Callable[[int], Simulation]:
    """Plain trials with these looks on so many threads."""
    bounds = None if len(events) == 1 else "spending:obrien-fleming"

    def run(trials: int) -> Simulation:
        return simulate(
            plain(), replicates=trials, seed=1, events=events, alpha=0.025, bounds=bounds, keep="summary",
            threads=threads,
        )  # fmt: skip  # arguments that belong together share a line

    return run


def look_words(events: Sequence[int]) -> str:
    return "one look" if len(events) == 1 else f"{len(events)} looks"


# --- beside rpact -----------------------------------------------------------------------------------------------------


def by_rpact(events: Sequence[int], trials: int) -> Speed | None:
    """The same by rpact, on the one thread that it uses; None where it is not installed."""
    if shutil.which("Rscript") is None:
        return None
    script = RPACT.format(
        events=", ".join(map(str, events)),
        hazard_ratio=HAZARD_RATIO,
        median=MEDIAN,
        participants=PARTICIPANTS,
        accrual=ACCRUAL,
        trials=trials,
    )
    done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None
    seconds, power, version = done.stdout.split()[-3:]
    return Speed(f"{look_words(events)}, rpact {version}", trials, float(seconds), 0.0, float(power))


def check_same(ours: Speed, theirs: Speed) -> None:
    """Refuse to compare times of different answers: four joint Monte-Carlo errors."""
    error = math.sqrt(ours.power * (1 - ours.power) * (1 / ours.trials + 1 / theirs.trials))
    if abs(ours.power - theirs.power) > 4 * error:
        raise SystemExit(f"{ours.what}: power {ours.power}, and {theirs.power} by {theirs.what}: more than chance")


@dataclass(frozen=True)
class Beside:
    """Plain trials with the same looks.

    Attributes:
        events: at the looks.
        one: on one thread.
        all: on one thread a core.
        rpact: by rpact; None without it.
    """

    events: tuple[int, ...]
    one: Speed
    all: Speed
    rpact: Speed | None

    @classmethod
    def measured(cls, events: tuple[int, ...], trials: int, rpact_trials: int) -> Beside:
        """Ours before and after rpact's."""
        cores, words = os.cpu_count() or 1, look_words(events)

        def ours(threads: int) -> Speed:
            return measured(f"{words}, {threads} thread(s)", trials, looked_at(events, threads))

        before = ours(1), ours(cores)
        theirs = by_rpact(events, rpact_trials)
        if theirs is not None:
            check_same(before[1], theirs)
        return cls(events, before[0].best(ours(1)), before[1].best(ours(cores)), theirs)

    @property
    def rows(self) -> list[list[str]]:
        return [speed.row for speed in (self.one, self.all, self.rpact) if speed is not None]

    @property
    def targets(self) -> list[Target]:
        """Trials a second, and times rpact's."""
        least, times = LEAST[self.events]
        words = f"plain trials, {look_words(self.events)}, every core"
        rate = self.all.rate
        found = at_least(f"{words}: at least {least:,} a second", rate, least, f"{rate:,.0f}")
        ratio = None if self.rpact is None else rate / self.rpact.rate
        text = "" if self.rpact is None else f"{ratio:.1f} times ({rate:,.0f} beside {self.rpact.rate:,.0f})"
        return [found, at_least(f"the same: at least {times:g} times as many as rpact", ratio, times, text)]


# --- workers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shared:
    """The same trials by one worker and by several.

    Attributes:
        workers: what they are.
        one: by one of them.
        several: by `WORKERS`.
    """

    workers: str
    one: Speed
    several: Speed

    @property
    def efficiency(self) -> float:
        return self.several.rate / self.one.rate / WORKERS

    @property
    def row(self) -> list[str]:
        rates = [f"{speed.rate:,.0f}" for speed in (self.one, self.several)]
        return [self.workers, f"{self.one.trials:,}", *rates, f"{self.efficiency:.2f}"]

    @property
    def target(self) -> Target:
        words = f"{WORKERS} {self.workers}: each at least {EFFICIENCY} as fast as one alone"
        return at_least(words, self.efficiency, EFFICIENCY, f"{self.efficiency:.2f}")


def by_threads(trials: int) -> Shared:
    """Threads of one process, one and several in turn so that both meet the same other work."""
    one, several = (measured("", 64, looked_at(ONE_LOOK, threads), 1) for threads in (1, WORKERS))
    one, several = (replace(speed, trials=trials, wall=math.inf) for speed in (one, several))
    for _ in range(REPEATS):
        one = one.best(measured("one thread", trials, looked_at(ONE_LOOK, 1), 1))
        several = several.best(measured(f"{WORKERS} threads", trials, looked_at(ONE_LOOK, WORKERS), 1))
    return Shared("threads", one, several)


def by_processes(trials: int) -> Shared | None:
    """Workers of a Dask cluster on this machine, started before the clock; None where Dask is not installed."""
    if find_spec("distributed") is None:
        return None
    speeds = []
    for count in (1, WORKERS):
        with dask_workers(count) as run:
            run(WARM)
            speeds.append(measured(f"{count} Dask worker(s)", trials, run))
    return Shared("Dask worker processes", *speeds)


@contextmanager
def dask_workers(count: int) -> Iterator[Callable[[int], Simulation]]:
    """Plain trials on so many worker processes of one thread, with their scheduler here."""
    from distributed import LocalCluster

    from equipoise.design.simulation.cluster import cluster

    with (
        LocalCluster(n_workers=count, threads_per_worker=1, processes=True, dashboard_address=":0") as local,
        cluster(local.scheduler_address) as executor,
    ):
        yield lambda trials: simulate(
            plain(), replicates=trials, seed=1, events=ONE_LOOK, alpha=0.025, keep="summary", executor=executor
        )


# --- grids, and trials that are not plain -----------------------------------------------------------------------------


def grid_seconds(replicates: int) -> float:
    """So many plain scenarios of so many trials each."""
    medians, ratios = GRID_SCENARIOS
    scenarios = [
        Scenario.two_arm(n=400, accrual=60, control_median=12 + 3 * i, hazard_ratio=0.5 + 0.035 * j, dropout=0.05)
        for i in range(medians)
        for j in range(ratios)
    ]
    say(f"{len(scenarios)} scenarios of {replicates:,} trials")
    begin = time.perf_counter()
    simulate_many(scenarios, replicates=replicates, seed=1, events=ONE_LOOK, alpha=0.025)
    return time.perf_counter() - begin


def grid_target(seconds: float, replicates: int) -> Target:
    count = math.prod(GRID_SCENARIOS)
    words = f"a grid of {count} scenarios, {replicates:,} trials each: under {GRID_SECONDS:g} s"
    return within(words, seconds, GRID_SECONDS, f"{seconds:.1f} s")


def other_speeds(share: float) -> list[Speed]:
    """Trials that are not plain; fewer of them with a `share` below 1."""
    control = Survival.from_median(MEDIAN)
    delayed = Scenario.two_arm(
        n=PARTICIPANTS, accrual=ACCRUAL, control=control, experimental=delayed_effect(control, 6, 0.6), dropout=0.05
    )

    def speed(words: str, trials: int, scenario: Scenario | DiseaseScenario, test: str) -> Speed:
        def run(count: int) -> Simulation:
            return simulate(
                scenario, replicates=count, seed=1, events=ONE_LOOK, alpha=0.025, tests=[test], keep="summary"
            )

        return measured(words, int(trials * share), run, 3)

    return [
        speed("delayed effect, log-rank", 20_000, delayed, "logrank"),
        speed("delayed effect, Fleming-Harrington (0, 1)", 20_000, delayed, "fh:0:1"),
        speed("delayed effect, max-combo of four", 5_000, delayed, "maxcombo"),
        speed("delayed effect, restricted mean to 60 months", 20_000, delayed, "rmst:60"),
        speed("disease model, local progression or death", 4_000, disease(), "logrank"),
    ]


# --- all of it --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """All that is measured of simulation.

    Attributes:
        beside: plain trials beside rpact, by looks.
        shared: one worker and several.
        other: trials that are not plain.
        grid: seconds of the grid.
        grid_replicates: trials of each of its scenarios.
    """

    beside: list[Beside]
    shared: list[Shared]
    other: list[Speed]
    grid: float
    grid_replicates: int

    @classmethod
    def now(cls, share: float) -> Measured:
        """Measure; with a `share` below 1 fewer trials, to see that it works."""
        trials, rpact_trials, many = int(100_000 * share), int(20_000 * share), int(200_000 * share)
        grid_replicates = max(64, int(GRID_REPLICATES * share))
        beside = [Beside.measured(events, trials, rpact_trials) for events in (ONE_LOOK, THREE_LOOKS)]
        shared = [found for found in (by_threads(many), by_processes(many)) if found is not None]
        return cls(beside, shared, other_speeds(share), grid_seconds(grid_replicates), grid_replicates)

    @property
    def targets(self) -> list[Target]:
        plain_ones = [target for row in self.beside for target in row.targets]
        return [
            *plain_ones,
            grid_target(self.grid, self.grid_replicates),
            *(shared.target for shared in self.shared),
        ]

    @property
    def rows(self) -> list[list[str]]:
        return [*(row for beside in self.beside for row in beside.rows), *(speed.row for speed in self.other)]

    @property
    def shared_table(self) -> str:
        headings = ["workers", "trials", "a second by one", f"by {WORKERS}", "of each beside one alone"]
        return table(headings, [shared.row for shared in self.shared])
