"""Write docs/validation/boundaries.md: how exact group-sequential boundaries are, and beside R's rpact.

Four things: bounds against the same on much finer panels; against rpact over a wide grid; where looks are close, the
size of both boundaries by two methods that share no code with either; and the published numbers' test file.

Ends with 1 if a target is missed. Without rpact nothing is held to it.

Run: python scripts/boundaries_page.py [--draws 100000000] [--out docs/validation]
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np
from machine import stamp, table
from numpy.typing import NDArray
from rpact_designs import Answer, Design, rpact_says, versions
from scipy.special import ndtr
from targets import Target, judged, target_table, within

from equipoise.design.sequential.crossing import solve_bounds
from equipoise.design.sequential.crossing_kernels import FREE, SYMMETRIC
from equipoise.design.sequential.spending import read_spending

Floats = NDArray[np.float64]
WIDTH, FINE = 5.0, 1.25
"""Panel widths: the default, and one a quarter of it."""
SPENDING = ("spending:obrien-fleming", "spending:pocock", "spending:hsd:-4", "spending:kim-demets:2")
CLASSICAL = ("obrien-fleming", "pocock", "wang-tsiatis:0.25", "haybittle-peto")
UNEVEN = (
    (0.5, 1.0), (0.25, 0.5, 1.0), (0.5, 0.75, 1.0), (0.3, 0.6, 0.8, 1.0), (0.1, 0.2, 0.9, 1.0), (0.2, 0.3, 0.4, 1.0),
    (0.6, 0.7, 0.8, 0.9, 1.0), (0.05, 0.15, 0.5, 0.95, 1.0),
)  # fmt: skip  # short items of one kind share a line
SOLVED, AGREES, EXACT = 1e-8, 1e-5, 1e-6
"""What finer panels may move a critical value by, rpact's may differ by, and the size by trapezoids may be away."""
USUAL = 4.5
"""Critical values beyond it are crossed by three or fewer in a million."""
READING = """
From about 0.02 down, rpact's last critical value leaves its course and its size the level asked for; where that is
above 0.025 a trial would claim more than it may, where it is below it would give power away."""
CLOSE = (0.1, 0.05, 0.03, 0.02, 0.015, 0.01, 0.005)
SIMULATED = (0.02, 0.01, 0.005)


def equal(k: int) -> tuple[float, ...]:
    return tuple(float(x) for x in np.arange(1, k + 1) / k)


# --- against finer panels ---------------------------------------------------------------------------------------------


def moved_by_finer_panels(information: Floats, words: str, alpha: float, *, sides: int) -> float:
    """The largest change of a critical value."""
    form = FREE if sides == 1 else SYMMETRIC
    spent = read_spending(words, "bounds").spent(information, alpha, sides)
    wanted, k = np.diff(spent, prepend=0.0) / sides, information.size
    bounds = [
        solve_bounds(
            information, np.full(k, -np.inf), np.full(k, np.nan), upper_wanted=wanted, form=form, width=width
        ).upper
        for width in (WIDTH, FINE)
    ]
    return float(np.max(np.abs(bounds[0] - bounds[1])))


def moved_by_panels() -> dict[str, tuple[int, float]]:
    """By kind of looks, how many designs there are and the largest change of a critical value."""
    cases: list[tuple[str, list[tuple[float, ...]]]] = [
        ("2 to 10 equal looks", [equal(k) for k in range(2, 11)]),
        ("20, 35 and 50 equal looks", [equal(k) for k in (20, 35, 50)]),
        ("uneven looks", list(UNEVEN)),
        ("looks 0.005 apart", [(0.5, 0.505, 1.0), (0.1, 0.105, 0.11, 1.0), (0.9, 0.905, 0.995, 1.0)]),
        ("looks 0.0001 apart", [(0.5, 0.5001, 1.0), (0.3, 0.3001, 0.3002, 0.9999, 1.0)]),
    ]
    found = {}
    for name, sets in cases:
        most = max(
            moved_by_finer_panels(np.array(looks), words, alpha, sides=sides)
            for looks, words, (alpha, sides) in product(sets, SPENDING, ((0.025, 1), (0.05, 2), (0.001, 1)))
        )
        found[name] = (len(sets) * len(SPENDING) * 3, most)
    return found


# --- against rpact ----------------------------------------------------------------------------------------------------


def grid() -> dict[str, list[Design]]:
    """Designs by family; in all of them looks are at least 0.05 apart."""
    looks = [*(equal(k) for k in range(2, 11)), *UNEVEN]
    levels = ((0.025, 1), (0.05, 1), (0.05, 2))
    plain = {
        family: [Design(i, words, alpha, sides) for i, words, (alpha, sides) in product(looks, rules, levels)]
        for family, rules in (("spending", SPENDING), ("classical", CLASSICAL))
    }
    some = [equal(2), equal(3), equal(5), *UNEVEN[:5]]
    futility = ("spending:obrien-fleming", "spending:pocock", "spending:hsd:-2", "spending:kim-demets:2")
    beta = {
        f"beta spending, {'binding' if binding else 'not binding'}": [
            Design(i, words, 0.025, 1, futile, power, binding)
            for i, words, futile, power in product(some, SPENDING[::2], futility, (0.8, 0.9))
        ]
        for binding in (False, True)
    }
    return plain | beta


@dataclass(frozen=True)
class Beside:
    """A design with both packages' numbers."""

    design: Design
    answer: Answer

    @property
    def differences(self) -> Floats:
        """Of the critical values; infinite where rpact gives no bound."""
        return np.abs(self.design.ours().critical_values - self.answer.critical)

    @property
    def usual(self) -> float:
        """The largest where the critical value is usual, so that the exit is more than a few in a million."""
        return float(np.max(self.differences, where=self.design.ours().critical_values <= USUAL, initial=0.0))

    @property
    def unusual(self) -> float:
        """The largest finite one elsewhere."""
        where = (self.design.ours().critical_values > USUAL) & np.isfinite(self.differences)
        return float(np.max(self.differences, where=where, initial=0.0))

    @property
    def lower(self) -> tuple[float, float]:
        """Differences of futility values and of the inflation; 0 where there are none."""
        if not self.design.futility:
            return 0.0, 0.0
        ours = self.design.ours()
        futility = float(np.max(np.abs(ours.futility_values[:-1] - self.answer.futility)))
        return futility, abs(ours.inflation - self.answer.inflation)

    @cached_property
    def sizes(self) -> tuple[float, float]:
        """Of our critical values and of rpact's, by trapezoids."""
        looks = np.array(self.design.information)
        ours, theirs = self.design.ours().critical_values, self.answer.critical
        return size_by_trapezoids(looks, ours), size_by_trapezoids(looks, theirs)

    @property
    def explained(self) -> bool:
        """Whether it is as rpact's, or else our size is nearer to the level asked for."""
        level = self.design.alpha / self.design.sides
        return self.usual <= AGREES or abs(self.sizes[0] - level) < abs(self.sizes[1] - level)

    def exception(self) -> list[str]:
        """A row for a design that differs by more than `AGREES` at a usual critical value."""
        words = f"{self.design.bounds}, {self.design.sides}-sided {self.design.alpha:g}"
        looks = ", ".join(f"{x:g}" for x in self.design.information)
        return [words, looks, f"{self.usual:.1e}", *[f"{size:.8f}" for size in self.sizes]]


def compared() -> dict[str, list[Beside]]:
    """Both packages' numbers by family."""
    found = {}
    for family, designs in grid().items():
        answers = rpact_says(designs)
        assert answers is not None
        found[family] = [Beside(design, answer) for design, answer in zip(designs, answers, strict=True)]
    return found


def agreement_row(family: str, rows: Sequence[Beside]) -> list[str]:
    futility, inflation = (max(row.lower[i] for row in rows) for i in (0, 1))
    lower = [f"{futility:.0e}", f"{inflation:.0e}"] if futility else ["", ""]
    absent = sum(bool(np.isinf(row.answer.critical).any()) for row in rows)
    most = [f"{max(row.usual for row in rows):.0e}", f"{max(row.unusual for row in rows):.0e}"]
    return [family, str(len(rows)), *most, str(absent), *lower]


# --- close looks ------------------------------------------------------------------------------------------------------


def size_by_trapezoids(information: Floats, upper: Floats) -> float:
    """One-sided size by plain trapezoids in the score on two grids, and their limit: no code of the package."""
    sizes = []
    for points in (2001, 4001):
        size, w, mass, before = 0.0, np.zeros(1), np.ones(1), 0.0
        for now, bound in zip(information, upper, strict=True):
            root, step = math.sqrt(now), math.sqrt(now - before)
            size += float(mass @ ndtr((w - bound * root) / step))
            target = np.linspace(-9 * root, bound * root, points)
            density = np.concatenate(
                [np.exp(-0.5 * ((part[:, None] - w) / step) ** 2) @ mass for part in np.array_split(target, 20)]
            ) / (step * math.sqrt(2 * math.pi))
            weight = np.full(points, target[1] - target[0])
            weight[[0, -1]] *= 0.5
            w, mass, before = target, density * weight, now
        sizes.append(size)
    return (4 * sizes[1] - sizes[0]) / 3


def sizes_by_simulation(information: Floats, bounds: Sequence[Floats], draws: int, seed: int) -> list[float]:
    """Shares of simulated walks under no effect that cross, the same walks for all bounds."""
    rng = np.random.default_rng(seed)
    crossed, chunk = np.zeros(len(bounds)), 1_000_000
    steps = np.sqrt(np.diff(information, prepend=0.0))
    for _ in range(max(1, draws // chunk)):
        score, outside = np.zeros(chunk), np.zeros((len(bounds), chunk), dtype=bool)
        for k, step in enumerate(steps):
            score += step * rng.standard_normal(chunk)
            for i, bound in enumerate(bounds):
                outside[i] |= score >= bound[k] * math.sqrt(information[k])
        crossed += outside.sum(axis=1)
    return [float(x) / (max(1, draws // chunk) * chunk) for x in crossed]


@dataclass(frozen=True)
class Close:
    """Two looks close to each other, before the last."""

    design: Design
    rpact: Floats | None
    seed: int

    @property
    def apart(self) -> float:
        return self.design.information[1] - self.design.information[0]

    @property
    def bounds(self) -> list[Floats]:
        """Our critical values, and rpact's if it is there."""
        ours = self.design.ours().critical_values
        return [ours] if self.rpact is None else [ours, self.rpact]

    @cached_property
    def sizes(self) -> list[float]:
        """Their sizes by trapezoids."""
        return [size_by_trapezoids(np.array(self.design.information), bound) for bound in self.bounds]

    def row(self, draws: int) -> list[str]:
        looks, both = np.array(self.design.information), self.bounds
        exact = [f"{size:.6f}" for size in self.sizes]
        simulated = [""] * len(both)
        if round(self.apart, 6) in SIMULATED and draws:
            simulated = [f"{size:.6f}" for size in sizes_by_simulation(looks, both, draws, self.seed)]
        last = [f"{bound[-1]:.5f}" for bound in both]
        cells = [self.design.bounds, f"{self.apart:g}"]
        for values in (last, exact, simulated):
            cells += [*values, *[""] * (2 - len(values))]
        return cells


def close_looks() -> list[Close]:
    designs = [
        Design((0.5, 0.5 + apart, 1.0), words)
        for words, apart in product(("spending:obrien-fleming", "spending:pocock", "pocock"), CLOSE)
    ]
    answers = rpact_says(designs)
    return [Close(design, None if answers is None else answers[i].critical, seed=i) for i, design in enumerate(designs)]


# --- the page ---------------------------------------------------------------------------------------------------------


def targets(panels: dict[str, tuple[int, float]], found: dict[str, list[Beside]], close: list[Close]) -> list[Target]:
    """What the bounds are held to."""
    moved = max(most for _, most in panels.values())
    beside = [row for rows in found.values() for row in rows]
    agree = sum(row.usual <= AGREES for row in beside)
    away = max(abs(look.sizes[0] - 0.025) for look in close)
    return [
        within(f"critical values on finer panels: within {SOLVED:g}", moved, SOLVED, f"{moved:.0e} at most"),
        Target(
            f"critical values up to {USUAL:g}: within {AGREES:g} of rpact's, or of a size nearer to what was asked",
            f"{agree} and {len(beside) - agree} of {len(beside)} designs" if beside else "",
            all(row.explained for row in beside) if beside else None,
        ),
        within(f"looks that are close: size within {EXACT:g} of 0.025", away, EXACT, f"{away:.0e} at most"),
    ]


def beside_rpact(found: dict[str, list[Beside]]) -> str:
    if not found:
        return "rpact was not installed where this page was made: nothing to compare with."
    columns = [
        "family",
        "designs",
        f"critical values to {USUAL:g}",
        f"beyond {USUAL:g}",
        "designs with a bound that is infinite in rpact",
        "futility values",
        "inflation",
    ]
    exceptions = [row.exception() for rows in found.values() for row in rows if row.usual > AGREES]
    named = ["bounds", "looks", "largest difference", "size: ours", "rpact"]
    far = [
        float(row.design.ours().critical_values[np.isinf(row.answer.critical)].min())
        for rows in found.values()
        for row in rows
        if np.isinf(row.answer.critical).any()
    ]
    absent = f"\nWhere ours is {min(far):.2f} or more it gives an infinite one." if far else ""
    listed = f"None differ by more than {AGREES:g} at a critical value up to {USUAL:g}."
    if exceptions:
        lead = f"At critical values up to {USUAL:g} these differ by more than {AGREES:g} (size by trapezoids in numpy):"
        listed = f"{lead}\n\n{table(named, exceptions)}"
    rpact, r = (versions()[name] for name in ("rpact", "R"))
    return f"""The largest differences from rpact {rpact} under R {r}, over 2 to 10 equal looks and eight uneven sets at
least 0.05 apart; one-sided 0.025 and 0.05 and two-sided 0.05; power 0.8 and 0.9.

{table(columns, [agreement_row(family, rows) for family, rows in found.items()])}

rpact's root search has a tolerance of 1e-8, which leaves critical values far out loose.{absent}

{listed}"""


def page(draws: int) -> tuple[str, list[Target]]:
    """The page and its targets."""
    panels, found, close = moved_by_panels(), compared() if "rpact" in versions() else {}, close_looks()
    verdicts = targets(panels, found, close)
    finer = [[name, str(count), f"{most:.0e}"] for name, (count, most) in panels.items()]
    error = math.sqrt(0.025 * 0.975 / draws) if draws else math.nan
    reading = "" if "rpact" not in versions() else READING
    columns = ["bounds", "apart", "last value: ours", "rpact", "size: ours", "rpact", "simulated: ours", "rpact"]
    text = f"""# Group-sequential boundaries

{stamp("numpy", "numba", "equipoise")}

Made by `python scripts/boundaries_page.py`. Published numbers (gsDesign's tests, East, SAS, rpact, Jennison and
Turnbull) are held in `tests/design/test_sequential_published.py`; the properties that every design must have in
`tests/design/test_sequential_invariants.py`.

{target_table(verdicts)}

## The method

The score z sqrt(information) is a Brownian motion. Its density among the trials that go on is carried from look to look
by integrals over the continuation region. It is as smooth as the step that made it, sqrt(I(k) - I(k-1)), and it meets
the step sqrt(I(k+1) - I(k)) next; panels of 16 Gauss-Legendre nodes, {WIDTH:g} times the scale of their product wide,
resolve it wherever the looks lie. Bounds are found by Newton's method on the logarithm of the exit probability.

## The same on finer panels

The largest change of any critical value when panels are {WIDTH / FINE:g} times finer: four spending functions,
one-sided 0.025 and 0.001 and two-sided 0.05.

{table(["looks", "designs", "largest change"], finer)}

## Beside rpact

{beside_rpact(found)}

## Looks that are close

Looks at 0.5, a little later, and 1; one-sided 0.025. The size is computed for both sets of critical values by
trapezoids in plain numpy, and for some by {draws:,} simulated walks (standard error {error:.1e}). Both methods know
nothing of either package. Bounds that are right have a size of 0.025.

{table(columns, [look.row(draws) for look in close])}
{reading}
"""
    return text, verdicts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=100_000_000, help="simulated walks a case; 0 for none")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "validation")
    options = parser.parse_args()
    text, verdicts = page(options.draws)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "boundaries.md").write_text(text, encoding="utf-8")
    return judged("Group-sequential boundaries", verdicts)


if __name__ == "__main__":
    sys.exit(main())
