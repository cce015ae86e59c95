"""Speed of simulation: plain trials beside rpact, growth, threads, a grid, and trials that are not plain.

rpact is given the same design in the same run and its answer is compared before times are believed: a difference is an
error. Its rows stay empty where R or rpact is not installed. Writes Markdown to standard output.

Run: python scripts/bench_simulation.py [--trials 200000]
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from machine import stamp, table

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
    def row(self) -> list[str]:
        each = f"{1e6 * self.processor / self.trials:.1f}" if self.processor else ""
        return [self.what, f"{self.trials:,}", f"{self.trials / self.wall:,.0f}", each, f"{self.power:.4f}"]


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
    wall = processor = math.inf
    for _ in range(repeats):
        begin, begin_processor = time.perf_counter(), time.process_time()
        found = run(trials)
        wall = min(wall, time.perf_counter() - begin)
        processor = min(processor, time.process_time() - begin_processor)
    return Speed(what, trials, wall, processor, found.power.value)


def looked_at(events: Sequence[int], threads: int) -> Callable[[int], Simulation]:
    bounds = None if len(events) == 1 else "spending:obrien-fleming"

    def run(trials: int) -> Simulation:
        return simulate(
            plain(), replicates=trials, seed=1, events=events, alpha=0.025, bounds=bounds, keep="summary",
            threads=threads,
        )  # fmt: skip

    return run


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
    return Speed(f"rpact {version}, {look_words(events)}", trials, float(seconds), 0.0, float(power))


def look_words(events: Sequence[int]) -> str:
    return "one look" if len(events) == 1 else f"{len(events)} looks"


def check_same(ours: Speed, theirs: Speed) -> None:
    """Refuse to compare times of different answers: four joint Monte-Carlo errors."""
    error = math.sqrt(ours.power * (1 - ours.power) * (1 / ours.trials + 1 / theirs.trials))
    if abs(ours.power - theirs.power) > 4 * error:
        sys.exit(f"{ours.what}: power {ours.power} and {theirs.power} ({theirs.what}) differ by more than chance")


def plain_speeds(trials: int) -> list[Speed]:
    cores = os.cpu_count() or 1
    speeds = []
    for events in (ONE_LOOK, THREE_LOOKS):
        words = look_words(events)
        own = [measured(f"{words}, {t} thread(s)", trials, looked_at(events, t)) for t in sorted({1, cores})]
        theirs = by_rpact(events, 20_000)
        if theirs is not None:
            check_same(own[-1], theirs)
            own.append(theirs)
        speeds += own
    return speeds


def other_speeds() -> list[Speed]:
    """Trials that are not plain."""
    control = Survival.from_median(MEDIAN)
    delayed = Scenario.two_arm(
        n=PARTICIPANTS, accrual=ACCRUAL, control=control, experimental=delayed_effect(control, 6, 0.6), dropout=0.05
    )

    def of(scenario: Scenario | DiseaseScenario, *tests: str) -> Callable[[int], Simulation]:
        return lambda trials: simulate(
            scenario, replicates=trials, seed=1, events=ONE_LOOK, alpha=0.025, tests=tests, keep="summary"
        )

    return [
        measured("delayed effect, log-rank", 20_000, of(delayed, "logrank"), 3),
        measured("delayed effect, Fleming-Harrington (0, 1)", 20_000, of(delayed, "fh:0:1"), 3),
        measured("delayed effect, max-combo of four", 5_000, of(delayed, "maxcombo"), 3),
        measured("delayed effect, restricted mean to 60 months", 20_000, of(delayed, "rmst:60"), 3),
        measured("disease model, local progression or death", 4_000, of(disease(), "logrank"), 3),
    ]


def growth() -> list[list[str]]:
    """Time and memory as the number of trials grows."""
    rows = []
    for trials in (10_000, 100_000, 1_000_000):
        speed = measured("", trials, looked_at(ONE_LOOK, os.cpu_count() or 1), 1)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows.append([f"{trials:,}", f"{speed.wall:.2f}", f"{trials / speed.wall:,.0f}", f"{memory:.0f}"])
    return rows


def grid_seconds() -> float:
    """300 plain scenarios of 10,000 trials each."""
    scenarios = [
        Scenario.two_arm(n=400, accrual=60, control_median=12 + 3 * i, hazard_ratio=0.5 + 0.035 * j, dropout=0.05)
        for i in range(20)
        for j in range(15)
    ]
    begin = time.perf_counter()
    simulate_many(scenarios, replicates=10_000, seed=1, events=[221], alpha=0.025)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200_000)
    trials = parser.parse_args().trials
    head = ["what", "trials", "trials a second", "processor microseconds a trial", "power"]
    print(stamp("numba", "numpy"))
    print(table(head, [speed.row for speed in plain_speeds(trials)]))
    print(table(head, [speed.row for speed in other_speeds()]))
    print(table(["trials", "seconds", "trials a second", "largest memory, MB"], growth()))
    print(f"300 scenarios of 10,000 trials: {grid_seconds():.1f} s")


if __name__ == "__main__":
    main()
