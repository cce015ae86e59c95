"""Estimates of simulated trials that may stop early: bias, and how often intervals hold the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from machine import table
from numpy.typing import NDArray
from simulation_cases import Case
from targets import Target, within

from equipoise.design.sequential.after_looks import after_looks
from equipoise.design.simulation.result import Simulation
from equipoise.design.simulation.simulate import simulate

Floats = NDArray[np.float64]
DESIGNS = (
    Case(407, (100, 160, 221), 0.75, 60, 85, dropout=0.05),
    Case(300, (60, 120, 180), 0.7, 12, 24, bounds="pocock"),
)
STAGE_WISE = 10_000
"""Trials that are analysed by the stage-wise ordering."""
ERRORS = 4.0
"""Monte-Carlo standard errors that stage-wise shares may be away, beside what is allowed for finite samples."""
FINITE = 0.005
"""What the law of z in finite samples may add to that."""


@dataclass(frozen=True)
class Walks:
    """What normal theory expects of the estimate at the stop, by simulated Brownian motions: no code of the package."""

    bias: float
    coverage: float

    @classmethod
    def of(cls, case: Case, walks: int = 2_000_000) -> Walks:
        """Bias of the log hazard ratio and coverage of its usual 95 % interval."""
        information = np.array(case.events) * case.ratio / (1.0 + case.ratio) ** 2
        truth, critical = math.log(case.hazard_ratio), case.boundaries.critical_values
        rng = np.random.default_rng(1)
        score, estimate, error = np.zeros(walks), np.zeros(walks), np.zeros(walks)
        going, before = np.ones(walks, dtype=bool), 0.0
        for k, now in enumerate(information):
            score += math.sqrt(now - before) * rng.standard_normal(walks) - truth * (now - before)
            estimate[going], error[going] = -score[going] / now, 1.0 / math.sqrt(now)
            going &= score < critical[k] * math.sqrt(now)
            before = float(now)
        held = np.abs(estimate - truth) <= 1.959964 * error
        return cls(float(estimate.mean() - truth), float(held.mean()))


@dataclass(frozen=True)
class Stopped:
    """A design with its trials."""

    case: Case
    found: Simulation

    @classmethod
    def simulated(cls, case: Case, replicates: int, seed: int) -> Stopped:
        found = simulate(
            case.scenario,
            replicates=replicates,
            seed=seed,
            events=case.events,
            alpha=case.alpha,
            sides=case.sides,
            bounds=case.boundaries,
        )
        return cls(case, found)

    @property
    def usual_cells(self) -> list[str]:
        """The Cox estimate when the trial stops, as if there had been no looks before."""
        walks, bias, coverage = Walks.of(self.case), self.found.bias, self.found.coverage
        return [
            self.name,
            f"{self.found.power.value:.4f}",
            f"{bias.value:+.4f} ± {bias.error:.4f}",
            f"{walks.bias:+.4f}",
            f"{coverage.value:.4f} ± {coverage.error:.4f}",
            f"{walks.coverage:.4f}",
        ]

    @property
    def name(self) -> str:
        looks = ", ".join(map(str, self.case.events))
        return f"{self.case.bounds}, {looks} events, hazard ratio {self.case.hazard_ratio:g}"

    def stage_wise(self, trials: int) -> tuple[float, float]:
        """Shares of trials whose median-unbiased estimate is below the truth, and whose interval holds it."""
        below = held = 0
        for r in range(trials):
            k = int(self.found.stopping_look[r]) + 1
            z, events = self.found.z[r, :k], self.found.events[r, :k]
            final = after_looks(self.case.boundaries, z, events=events, ratio=self.case.ratio).final
            assert final is not None
            below += final.median_unbiased < self.case.hazard_ratio
            held += final.conf_low <= self.case.hazard_ratio <= final.conf_high
        return below / trials, held / trials


def after_stopping(replicates: int) -> tuple[str, list[Target]]:
    """The section and what it is held to."""
    cases = [replace(case, hazard_ratio=ratio) for case in DESIGNS for ratio in (case.hazard_ratio, 1.0)]
    designs = [Stopped.simulated(case, replicates, 2000 + i) for i, case in enumerate(cases)]
    trials = min(STAGE_WISE, replicates)
    shares = [design.stage_wise(trials) for design in designs]
    rows = [[d.name, f"{below:.4f}", f"{held:.4f}"] for d, (below, held) in zip(designs, shares, strict=True)]
    usual = ["design", "power", "bias of log hazard ratio", "normal theory", "coverage", "normal theory"]
    text = f"""## Estimates after stopping

The Cox estimate at the stop and its usual 95 % interval, as if there had been no looks; beside it, the same of two
million simulated Brownian motions. A trial that stops early has found a large effect: the estimate is too far from 1.

{table(usual, [design.usual_cells for design in designs])}

`after_looks` takes the looks into account: its estimate should be below the truth in half of all trials and its 95 %
interval hold it in 95 %. {trials:,} trials of each, by the log-rank z; Monte-Carlo errors
{math.sqrt(0.25 / trials):.4f} and {math.sqrt(0.95 * 0.05 / trials):.4f}.

{table(["design", "median-unbiased estimate below the truth", "stage-wise interval holds it"], rows)}"""
    error = math.sqrt(0.95 * 0.05 / trials)
    away = max(abs(held - 0.95) for _, held in shares)
    words = f"stage-wise 95 % interval after stopping: within {FINITE} and {ERRORS:g} standard errors of 0.95"
    return text, [within(words, away, FINITE + ERRORS * error, f"{away:.4f} at most")]
