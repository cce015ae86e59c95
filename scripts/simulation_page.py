"""Write docs/validation/simulation.md: simulated trials beside R's rpact, formulas, and what they promise.

Power and what is expected at the stop over a grid of trials beside rpact's own simulation; the distance from
Schoenfeld's and Freedman's formulas; the size of the test; bias and coverage after stopping. Ends with 1 if anything
that is held to a target misses it. Without rpact its columns stay empty and nothing is held to it.

Run: python scripts/simulation_page.py [--replicates 100000] [--rpact 15000] [--out docs/validation]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import fill

import numpy as np
from after_stopping import after_stopping
from machine import stamp, table
from numpy.typing import NDArray
from rpact_designs import versions
from rpact_simulations import Answer, rpact_simulates
from simulation_cases import GRID, HEADINGS, Case, size_cases
from targets import Target, judged, target_table, within

from equipoise.design.simulation.result import Simulated, Simulation
from equipoise.design.simulation.simulate import simulate

Floats = NDArray[np.float64]
ERRORS = 4.0
"""Joint standard errors that two simulations of the same may be apart."""
FORMULA = 0.015
"""What the power may be away from Schoenfeld's where that is claimed."""
SIZE, SIZE_EVENTS = 0.003, 240
"""What the size may be away from 0.025, and the events from which it is claimed."""
FORMULA_WORDS = """
While a share p of those at risk is in the experimental arm, an event adds (1 - h) sqrt(p (1 - p)) / (1 - p + p h) to
the expected z, per square root of an event: Freedman's formula at that moment's ratio. As the control arm empties
faster, p rises. At 1:1 that leads up from Freedman's value, which is below Schoenfeld's at every hazard ratio, to about
Schoenfeld's; at 2:1 it leads down from Freedman's value, which is above Schoenfeld's, and ends between the two. Hazard
ratio 0.5 with 66 events shows both:"""
BESIDE_WORDS = """
rpact {rpact} under R {r} simulates the same trials with its own numbers and its own bounds; one-sided tests only, so
two-sided ones are set beside its benefit tail. The columns «errors apart» are differences in joint standard errors.
Formulas take z to have variance 1; with several looks they go through the exact boundary-crossing probabilities."""
AT_STOP = ("month", "events", "participants")


def errors_apart(one: float, count: int, other: float, other_count: int) -> float:
    """How many joint standard errors two simulated shares are apart.

    The error is that of the pooled share with one trial added either way, so that it is not 0 where neither happens.
    """
    pooled = (one * count + other * other_count + 1.0) / (count + other_count + 2.0)
    return (one - other) / math.sqrt(pooled * (1.0 - pooled) * (1.0 / count + 1.0 / other_count))


def means_apart(one: float, error: float, other: float, other_error: float) -> float:
    """The same of two means; means that never vary are 0 or infinitely many errors apart."""
    joint = math.hypot(error, other_error)
    if joint == 0.0:
        return 0.0 if math.isclose(one, other, rel_tol=1e-9) else math.copysign(math.inf, one - other)
    return (one - other) / joint


@dataclass(frozen=True)
class Found:
    """A case as it was simulated.

    Attributes:
        number: in the tables.
        case: what was simulated.
        ours: what we found.
        rpact: what rpact found, if it is there.
    """

    number: int
    case: Case
    ours: Simulation
    rpact: Answer | None

    @property
    def at_stop(self) -> list[Simulated]:
        """Month, events and participants when the trial stops."""
        return [self.ours.expected_duration, self.ours.expected_events, self.ours.expected_participants]

    @cached_property
    def apart(self) -> list[float]:
        """Joint standard errors from rpact: power, then month, events and participants; empty without it."""
        if self.rpact is None:
            return []
        power = errors_apart(self.ours.power.value, self.ours.replicates, self.rpact.power, self.rpact.trials)
        means = zip(self.at_stop, self.rpact.at_stop, self.rpact.errors, strict=True)
        return [power, *(means_apart(own.value, own.error, float(mean), float(error)) for own, mean, error in means)]

    @property
    def from_schoenfeld(self) -> float:
        return self.ours.power.value - self.case.power_by("schoenfeld")

    @property
    def from_freedman(self) -> float:
        return self.ours.power.value - self.case.power_by("freedman")

    def power_cells(self) -> list[str]:
        power = self.ours.power
        theirs = ["", ""] if self.rpact is None else [f"{self.rpact.power:.4f}", f"{self.apart[0]:+.1f}"]
        formulas = [f"{self.case.power_by('schoenfeld'):.4f}", f"{self.from_schoenfeld:+.4f}"]
        other = [f"{self.case.power_by('freedman'):.4f}", f"{self.from_freedman:+.4f}"]
        return [str(self.number), f"{power.value:.4f} ± {power.error:.4f}", *theirs, *formulas, *other]

    def stop_cells(self) -> list[str]:
        cells, closed = [str(self.number)], self.case.expectations()
        for i, own in enumerate(self.at_stop):
            rpact = ["", ""] if self.rpact is None else [f"{self.rpact.at_stop[i]:.2f}", f"{self.apart[i + 1]:+.1f}"]
            cells += [f"{own.value:.2f}", *rpact, f"{closed[i]:.2f}"]
        return cells


def simulated(case: Case, replicates: int, seed: int) -> Simulation:
    return simulate(
        case.scenario, replicates=replicates, seed=seed, events=case.events, alpha=case.alpha, sides=case.sides,
        bounds=case.boundaries, keep="summary",
    )  # fmt: skip  # arguments that belong together share a line


def grid(replicates: int, rpact_replicates: int) -> list[Found]:
    """All cases by both packages."""
    trials = [rpact_replicates if len(case.events) == 1 else 2 * rpact_replicates // 3 for case in GRID]
    answers = rpact_simulates(GRID, trials)
    return [
        Found(i, case, simulated(case, replicates, i), None if answers is None else answers[i - 1])
        for i, case in enumerate(GRID, start=1)
    ]


# --- what is held to a target -----------------------------------------------------------------------------------------


def rpact_targets(found: Sequence[Found]) -> list[Target]:
    """Power, and what is expected at the stop."""
    targets = []
    for name, places in (("power", [0]), ("month, events and participants at the stop", [1, 2, 3])):
        most = max((abs(row.apart[i]) for row in found for i in places if row.apart), default=None)
        words = f"{name}: within {ERRORS:g} joint standard errors of rpact, {len(found)} trials"
        targets.append(within(words, most, ERRORS, "" if most is None else f"at most {most:.1f}"))
    return targets


def formula_target(found: Sequence[Found]) -> Target:
    """The distance from Schoenfeld where it is claimed."""
    rows = [row for row in found if row.case.claimed]
    most = max(rows, key=lambda row: abs(row.from_schoenfeld))
    words = f"1:1 and at least 60 events: power within {FORMULA} of Schoenfeld's ({len(rows)} trials)"
    return within(
        words, abs(most.from_schoenfeld), FORMULA, f"at most {abs(most.from_schoenfeld):.4f} (trial {most.number})"
    )


def size_target(found: Sequence[tuple[Case, Simulation]]) -> Target:
    """The size where it is claimed."""
    sizes = [sim.power.value for case, sim in found if case.ratio == 1.0 and case.events[-1] >= SIZE_EVENTS]
    words = f"1:1 and at least {SIZE_EVENTS} events: one-sided size 0.025 ± {SIZE} ({len(sizes)} trials)"
    most = max(abs(size - 0.025) for size in sizes)
    return within(words, most, SIZE, f"{min(sizes):.4f} to {max(sizes):.4f}")


# --- the sections -----------------------------------------------------------------------------------------------------


def formulas_section(found: Sequence[Found]) -> str:
    """How far power is from the formulas, by kind of trial."""
    effect = [row for row in found if row.case.hazard_ratio < 1.0]
    kinds = {
        "1:1, at least 60 events": [row for row in effect if row.case.claimed],
        "1:1, fewer events": [row for row in effect if row.case.ratio == 1.0 and not row.case.claimed],
        "more in the experimental arm": [row for row in effect if row.case.ratio > 1.0],
        "more in the control arm": [row for row in effect if row.case.ratio < 1.0],
    }
    rows = []
    for kind, members in kinds.items():
        spans = []
        for away in ([row.from_schoenfeld for row in members], [row.from_freedman for row in members]):
            beyond = sum(abs(value) > FORMULA for value in away)
            spans += [f"{min(away):+.4f} to {max(away):+.4f}", str(beyond)]
        rows.append([kind, str(len(members)), *spans])
    return table(
        ["trials with an effect", "how many", "less Schoenfeld", f"beyond {FORMULA}", "less Freedman",
         f"beyond {FORMULA}"], rows,
    )  # fmt: skip  # arguments that belong together share a line


def odd_section(found: Sequence[Found]) -> str:
    """Hazard ratio 0.5 with 66 events: power, and z beside what the formulas take it to be."""
    rows = []
    for row in found:
        case = row.case
        if (case.hazard_ratio, case.events) != (0.5, (66,)):
            continue
        z = simulate(
            case.scenario, replicates=row.ours.replicates, seed=row.ours.seed, events=case.events, alpha=case.alpha
        ).z[:, 0]
        rpact = "" if row.rpact is None else f"{row.rpact.power:.4f}"
        drifts = [f"{case.drift(method):.3f}" for method in ("schoenfeld", "freedman")]
        powers = [f"{case.power_by(method):.4f}" for method in ("schoenfeld", "freedman")]
        rows.append([
            case.shown_ratio, f"{row.ours.power.value:.4f}", rpact, *powers, f"{z.mean():.3f}", *drifts,
            f"{z.std(ddof=1):.3f}",
        ])  # fmt: skip  # arguments that belong together share a line
    formulas = ["Schoenfeld", "Freedman"]
    return table(["ratio", "power", "rpact", *formulas, "mean z", *formulas, "SD of z (formulas: 1)"], rows)


def sizes(replicates: int) -> list[tuple[Case, Simulation]]:
    return [(case, simulated(case, replicates, 1000 + i)) for i, case in enumerate(size_cases())]


def size_section(found: Sequence[tuple[Case, Simulation]]) -> str:
    """A row for each number of events, a column for each ratio and number of looks."""
    columns = list(dict.fromkeys((len(case.events), case.ratio) for case, _ in found))
    rows = []
    for events in sorted({case.events[-1] for case, _ in found}):
        cells = {
            (len(case.events), case.ratio): f"{sim.power.value:.4f}" for case, sim in found if case.events[-1] == events
        }
        rows.append([str(events), *(cells.get(kind, "") for kind in columns)])
    names = [
        f"{Case(10, (5,), 1.0, 1.0, 1.0, ratio=ratio).shown_ratio}, {'one look' if looks == 1 else f'{looks} looks'}"
        for looks, ratio in columns
    ]
    return table(["events", *names], rows)


def agreement_words() -> str:
    if "rpact" not in versions():
        return "R with rpact was not there when this page was made: its columns are empty, and nothing is held to them."
    return BESIDE_WORDS.format(rpact=versions()["rpact"], r=versions()["R"])


def page(replicates: int, rpact_replicates: int) -> tuple[str, list[Target]]:
    """The page and its targets."""
    began = time.perf_counter()
    found, null = grid(replicates, rpact_replicates), sizes(2 * replicates)
    stopped, stop_targets = after_stopping(replicates)
    targets = [*rpact_targets(found), formula_target(found), size_target(null), *stop_targets]
    power = ["", "power", "rpact", "errors apart", "Schoenfeld", "difference", "Freedman", "difference"]
    stop = ["", *(head for name in AT_STOP for head in (name, "rpact", "errors apart", "closed form"))]
    size_error = math.sqrt(0.025 * 0.975 / (2 * replicates))
    return (
        f"""# Simulated trials

{stamp("numpy", "numba", "equipoise")}

Made by `python scripts/simulation_page.py` in {(time.perf_counter() - began) / 60:.1f} minutes; part of
`make validate`. {replicates:,} trials of each kind, seeds fixed: our numbers are the same whenever it is run. That z,
the estimate and its error are those of `equipoise.survival` on the same participants is held in
`tests/design/test_simulated_trials.py`.

{target_table(targets)}

## The trials

Times in months; entries evenly spaced and arms in turn, as rpact has them; log-rank test.

{table(["", *HEADINGS], [[str(row.number), *row.case.cells] for row in found])}

## Power

{fill(agreement_words().strip(), 120)}

{table(power, [row.power_cells() for row in found])}

## How far the formulas are

{formulas_section(found)}

{fill(FORMULA_WORDS.strip(), 120)}

{odd_section(found)}

## Size

How often the test shows benefit where there is no effect; one-sided 0.025, O'Brien-Fleming spending with three looks.
The Monte-Carlo error of 0.025 is {size_error:.5f}. With few events or unequal arms it is the normal distribution that
fails: z is skewed, and the benefit tail is too heavy where the experimental arm is the larger one, too light where it
is the smaller.

{size_section(null)}

## When the trial stops

The closed form takes each look at its expected date and Schoenfeld's probabilities of stopping there.

{table(stop, [row.stop_cells() for row in found])}

{stopped}
""",
        targets,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=100_000, help="our trials of each kind")
    parser.add_argument("--rpact", type=int, default=15_000, help="rpact's; two thirds of them with several looks")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "validation")
    options = parser.parse_args()
    text, targets = page(options.replicates, options.rpact)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "simulation.md").write_text(text, encoding="utf-8")
    return judged("Simulated trials", targets)


if __name__ == "__main__":
    sys.exit(main())
