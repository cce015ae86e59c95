"""Everything that is validated by long runs: each writes a page of docs/validation/ and says whether it meets its
targets.

Here: JCOG1017, (a) the disease model alone, 200,000 participants, (b) whole trials through the conduct core; and
Changhai, the guarantee-time bias of its design, simulated directly and in whole trials. The other pages have scripts
of their own, which are run one after the other. What is compared with R is left out where R is not installed. Ends
with 1 if a target is missed.

Run: python scripts/validate.py [--only jcog1017 simulation ...] [--quick | --long] [--out docs/validation]
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import TypeVar

import calibrate_jcog1017 as calibration
import guarantee_time
from machine import stamp, table

from equipoise.analysis import Results
from equipoise.protocol import load
from equipoise.protocol.disease_model import disease_model
from equipoise.rehearsal import analyse_rehearsal, rehearse

T = TypeVar("T")

PARTICIPANTS = 200_000
NOISE_SEEDS = 5
"""Seeds of the disease model beside the first, which is held to the targets."""


@dataclass(frozen=True)
class Line:
    """One number held to a target; without a tolerance it is only shown."""

    what: str
    value: float
    target: float
    tolerance: float = math.inf
    spread: str = ""

    @property
    def met(self) -> bool:
        return abs(self.value - self.target) <= self.tolerance

    def cells(self) -> list[str]:
        if math.isinf(self.tolerance):
            return [self.what, f"{self.value:.3f}", f"{self.target:g}", "-", self.spread, "shown only"]
        verdict = "pass" if self.met else "**missed**"
        return [self.what, f"{self.value:.3f}", f"{self.target:g}", f"± {self.tolerance:g}", self.spread, verdict]


def progress(what: str, done: int, of: int) -> None:
    print(f"\r{what}: {done} of {of}", end="\n" if done == of else "", file=sys.stderr, flush=True)


def each(what: str, work: Callable[[int], T], seeds: Sequence[int]) -> list[T]:
    """`work` of every seed in parallel processes, in the order of the seeds."""
    found = []
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        for item in pool.map(work, seeds):
            found.append(item)
            progress(what, len(found), len(seeds))
    return found


def disease_model_alone() -> list[Line]:
    """(a) of JCOG1017: seed 1 is held to the targets; the others show the noise."""
    protocol = load("jcog1017")
    model = disease_model(protocol)
    rows = []
    for seed in range(1, NOISE_SEEDS + 2):
        trial = calibration.Trial.draw(protocol, PARTICIPANTS, seed)
        rows.append(asdict(calibration.numbers(trial, trial.run(model))))
        progress("disease model", seed, NOISE_SEEDS + 1)
    published, tolerance = asdict(calibration.PUBLISHED), asdict(calibration.TOLERANCE)
    return [
        Line(LABELS[name], rows[0][name], published[name], tolerance[name], _range([row[name] for row in rows]))
        for name in published
    ]


LABELS = {
    "os_ratio": "OS hazard ratio B versus A",
    "lrfs_ratio": "LRFS hazard ratio B versus A",
    "os_median_a": "Median OS in arm A (months)",
    "lrfs_median_a": "Median LRFS in arm A (months)",
    "lrfs_median_b": "Median LRFS in arm B (months)",
    "deaths": "Deaths among 407",
    "os_median_b": "Median OS in arm B (months)",
}


def _range(values: Iterable[float]) -> str:
    found = list(values)
    return f"{min(found):.3f} to {max(found):.3f}"


def one_jcog1017(seed: int) -> dict[str, float]:
    """What one rehearsal reports."""
    _, results = analyse_rehearsal(rehearse(load("jcog1017"), seed=seed))
    os_ratio = next(item for item in results.of("os", "hazard ratio") if not item.subgroup)
    lrfs_ratio = results.of("lrfs", "hazard ratio")[0]
    return {
        "randomised": float(sum(os_ratio.n_by_arm.values())),
        "deaths": float(sum(os_ratio.events_by_arm.values())),
        "log_os_ratio": math.log(os_ratio.value or math.nan),
        "log_lrfs_ratio": math.log(lrfs_ratio.value or math.nan),
        "os_median_a": _median(results, "os", "A"),
        "os_median_b": _median(results, "os", "B"),
        "lrfs_median_a": _median(results, "lrfs", "A"),
        "lrfs_median_b": _median(results, "lrfs", "B"),
        **{f"follow_up_{i}": item.value or math.nan for i, item in enumerate(results.of("os", "median follow-up"))},
    }


def _median(results: Results, endpoint: str, arm: str) -> float:
    found = next(item for item in results.of(endpoint, "median") if item.arm == arm)
    return math.nan if found.value is None else found.value


def whole_trials(seeds: Sequence[int]) -> list[Line]:
    """(b) of JCOG1017: means over whole trials."""
    rows = each("rehearsals of jcog1017", one_jcog1017, seeds)

    def line(what: str, key: str, target: float, tolerance: float = math.inf) -> Line:
        values = [row[key] for row in rows]
        reached = [value for value in values if not math.isnan(value)]
        missing = "" if len(reached) == len(values) else f"; not reached in {len(values) - len(reached)}"
        spread = f"SD {stdev(reached):.3f}, standard error {stdev(reached) / math.sqrt(len(reached)):.3f}{missing}"
        return Line(what, fmean(reached), target, tolerance, spread)

    return [
        line("Mean log OS hazard ratio", "log_os_ratio", round(math.log(0.857), 4), 0.065),
        line("Mean log LRFS hazard ratio", "log_lrfs_ratio", round(math.log(0.415), 4), 0.06),
        line("Mean deaths", "deaths", 221, 7),
        line("Mean of the median OS in arm A (months)", "os_median_a", 69, 4),
        line("Mean of the median LRFS in arm A (months)", "lrfs_median_a", 20, 2),
        line("Mean of the median LRFS in arm B (months)", "lrfs_median_b", 63, 4),
        line("Mean of the median OS in arm B (months)", "os_median_b", 75),
        line("Mean randomised", "randomised", 407),
        line("Mean of the median follow-up, observed time of all randomised (months)", "follow_up_1", 60),
        line("Mean of the median follow-up, reverse Kaplan-Meier (months)", "follow_up_0", 88),
    ]


def write_jcog1017(model: list[Line], trials: list[Line], seeds: int, out: Path) -> None:
    columns = ["number", "value", "target", "tolerance", "spread", "result"]
    text = f"""# JCOG1017: do its assumptions give what the trial published?

{stamp("numpy", "numba", "equipoise")}

Made by `make validate`. The targets are marginal results of the trial (Shien et al., Br J Cancer 2025; ASCO 2023
abstract 523), met as the trial measures them: progression counts on the visit that finds it, and the data cut-off falls
48 months after the last registration. The parameters are those of the shipped protocol; nothing is copied here. Arm B's
median OS was published as 75 months and is shown, never a target.

## The disease model alone

{PARTICIPANTS:,} participants, seed 1; the spread is the range over seeds 1 to {NOISE_SEEDS + 1}.

{table(columns, [line.cells() for line in model])}

## Whole trials through the conduct core

{seeds} rehearsals, seeds 1 to {seeds}: screening, registration, induction, minimisation, visits, deaths, cut-off, and
the analysis of the ledger's data sets.

{table(columns, [line.cells() for line in trials])}

The two medians of follow-up have different definitions: the published 60 months is close to the median observed time of
all randomised, in which the dead count with their time to death, and not to the reverse Kaplan-Meier estimate.
"""
    (out / "jcog1017_calibration.md").write_text(text, encoding="utf-8")


ANALYSES = ("ever against never, from diagnosis (as written)", "12-month landmark", "time-dependent Cox")
NULL_RATIOS = (0.744, 1.01, 1.01)
"""Of a simulation by others of the same design."""


def one_direct(replicate: int) -> tuple[float, float, float]:
    """Log hazard ratios of one directly simulated trial."""
    return guarantee_time.log_ratios(guarantee_time.draw(replicate))


def one_changhai(seed: int) -> tuple[float, float, float]:
    """Log hazard ratios of OS that the analysis of one rehearsal of Changhai reports."""
    _, results = analyse_rehearsal(rehearse(load("changhai"), seed=seed))
    found = {
        item.method: item.value or math.nan for item in results.of("os", "hazard ratio") if item.arm == "any other"
    }
    methods = ("cox, ever against never, as written", "cox, landmark at 12 months", "cox, time-dependent class")
    naive, landmark, moving = (math.log(found[method]) for method in methods)
    return naive, landmark, moving


def ratio_lines(rows: Sequence[tuple[float, float, float]], tolerance: float) -> list[Line]:
    """Hazard ratios at the mean logarithm, with the standard error of the mean."""
    lines = []
    for what, target, values in zip(ANALYSES, NULL_RATIOS, zip(*rows, strict=True), strict=True):
        error = stdev(values) / math.sqrt(len(values))
        lines.append(Line(what, math.exp(fmean(values)), target, tolerance, f"standard error of the log {error:.3f}"))
    return lines


def write_changhai(direct: list[Line], trials: list[Line], counts: tuple[int, int], out: Path) -> None:
    columns = ["analysis", "hazard ratio", "expected", "tolerance", "spread", "result"]
    text = f"""# Changhai: the size of the guarantee-time bias

{stamp("numpy", "numba", "equipoise")}

Made by `make validate`. The design counts survival from diagnosis and forms its arms by a response that comes later:
whoever is in an arm of responders has lived long enough to respond. Here **no class and no operation changes any
hazard**, so the true hazard ratio is 1. A ratio from diagnosis shows a benefit all the same; the landmark and the
time-dependent analysis do not.

## Simulated directly

{counts[0]} trials of 362 participants: median survival 40 months, evaluations at months 3, 6, 9 and 12, each converting
a survivor with probability 0.18, accrual over 41 months, cut-off in month 105.

{table(columns, [line.cells() for line in direct])}

## Whole trials through the conduct core

{counts[1]} rehearsals of the shipped protocol, seeds 1 to {counts[1]}, as its own analyses report them. Registration
lies a few days after diagnosis.

{table(columns, [line.cells() for line in trials])}
"""
    (out / "changhai_guarantee_time.md").write_text(text, encoding="utf-8")


def report(title: str, lines: list[Line]) -> bool:
    """Print a table; whether every target in it is met."""
    print(f"\n{title}")
    for line in lines:
        what, *numbers, verdict = line.cells()
        print(f"  {what:72} {numbers[0]:>9}  target {numbers[1]:>8} {numbers[2]:>8}  {verdict:10}  {numbers[3]}")
    return all(line.met for line in lines)


def jcog1017(seeds: int, out: Path) -> bool:
    """Its page, and whether its targets are met."""
    model, trials = disease_model_alone(), whole_trials(range(1, seeds + 1))
    write_jcog1017(model, trials, seeds, out)
    met = [report("JCOG1017, the disease model alone", model), report("JCOG1017, whole trials", trials)]
    return all(met)


def changhai(seeds: int, replicates: int, out: Path) -> bool:
    """The same of Changhai."""
    direct = ratio_lines(each("direct simulations of changhai", one_direct, range(replicates)), 0.025)
    trials = ratio_lines(each("rehearsals of changhai", one_changhai, range(1, seeds + 1)), 0.06)
    write_changhai(direct, trials, (replicates, seeds), out)
    met = [
        report("Changhai, no effect, simulated directly", direct),
        report("Changhai, no effect, whole trials", trials),
    ]
    return all(met)


@dataclass(frozen=True)
class Script:
    """A script that writes a page and ends with 1 if it misses a target.

    Attributes:
        file: its name.
        quick: its arguments for a short run.
        long: its arguments for the long run.
        out: what its `--out` is, in the folder of the pages: a file's name, or empty for the folder itself.
    """

    file: str
    quick: tuple[str, ...]
    out: str = ""
    long: tuple[str, ...] = ()

    def run(self, out: Path, *, quick: bool, long: bool) -> bool:
        command = [sys.executable, str(Path(__file__).with_name(self.file)), "--out", str(out / self.out)]
        size = self.quick if quick else self.long if long else ()
        return subprocess.run([*command, *size], check=False).returncode == 0


SCRIPTS = {
    "survival": Script("calibrate_survival.py", ("--replicates", "50"), "survival_calibration.md"),
    "kmdata": Script("kmdata_page.py", (), "kmdata.md"),
    "boundaries": Script("boundaries_page.py", ("--draws", "0")),
    "non-proportional": Script("non_proportional_page.py", ("--replicates", "100")),
    "simulation": Script("simulation_page.py", ("--replicates", "2000", "--rpact", "300")),
    "crash": Script(
        "crash_page.py", ("--clients", "8", "--participants", "60", "--kills", "10"), long=("--participants", "5000")
    ),
}
PARTS = ("jcog1017", "changhai", *SCRIPTS)


def run_part(name: str, options: argparse.Namespace, out: Path) -> bool:
    """Write a page; whether its targets are met."""
    seeds, replicates = (4, 40) if options.quick else (options.seeds, options.replicates)
    if name == "jcog1017":
        return jcog1017(seeds, out)
    if name == "changhai":
        return changhai(seeds, replicates, out)
    return SCRIPTS[name].run(out, quick=options.quick, long=options.long)


def run_parts(options: argparse.Namespace, out: Path) -> int:
    """Run what was chosen; say how long each took; 1 if a target was missed."""
    out.mkdir(parents=True, exist_ok=True)
    rows, met = [], []
    for name in options.only or PARTS:
        began = time.perf_counter()
        met.append(run_part(name, options, out))
        rows.append((name, time.perf_counter() - began, "no target missed" if met[-1] else "a target is missed"))
    print()
    for name, seconds, verdict in [*rows, ("together", sum(row[1] for row in rows), "")]:
        print(f"{name:20}{seconds:8.0f} s  {verdict}".rstrip())
    return 0 if all(met) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=f"some of {', '.join(PARTS)}")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="short runs, to see that they work: no page is kept")
    size.add_argument("--long", action="store_true", help="5,000 participants instead of 1,500 among killed clients")
    parser.add_argument("--seeds", type=int, default=40, help="whole trials of each protocol")
    parser.add_argument("--replicates", type=int, default=400, help="trials of the direct simulation of Changhai")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "docs" / "validation")
    options = parser.parse_args()
    if not options.quick:
        return run_parts(options, options.out)
    with tempfile.TemporaryDirectory() as folder:
        return run_parts(options, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
