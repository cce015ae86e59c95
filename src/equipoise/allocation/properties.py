"""How well a method balances a trial's own participants, and how easily its next arm is guessed.

    population = Population(410, sites=30, levels={"subtype": ["her2", "luminal", ...]})
    others = usual_methods(method.ratio, method.variables, sites=30)
    found = compare({"this trial": method, **{str(other): other for other in others}}, population)
    print(found)

`exact_properties` enumerates one list without factors; `simulate_properties` takes any method, with its strata,
factors and sites.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from equipoise.allocation.biased_coin import BiasedCoin
from equipoise.allocation.big_stick import BigStick
from equipoise.allocation.block_urn import BlockUrn
from equipoise.allocation.blocks import PermutedBlocks
from equipoise.allocation.enumeration import ExactProperties, convergence_guess, exact_properties, imbalance_of
from equipoise.allocation.many import many
from equipoise.allocation.method import Method
from equipoise.allocation.minimisation import Factor, Minimisation
from equipoise.allocation.population import SITE, Coded, Floats, Ints, Met, Population
from equipoise.allocation.preference import Scheme
from equipoise.allocation.ratio import Ratio
from equipoise.allocation.simple import Simple
from equipoise.errors import AllocationError
from equipoise.estimates.result import Column, Result

__all__ = [
    "SITE",
    "Comparison",
    "ExactProperties",
    "Population",
    "Properties",
    "compare",
    "convergence_guess",
    "exact_properties",
    "imbalance_of",
    "simulate_properties",
    "usual_methods",
]

Progress = Callable[[int, int], None]

_HEADINGS = {
    "guess_at_site_percent": "guess at site, %",
    "guess_knowing_all_percent": "guess knowing all, %",
    "certain_percent": "certain, %",
    "apart_at_95_percent": "95 % within",
}
"""How columns are called in print, where other than by their names."""
_CELLS = 2_000_000
"""Numbers that a range of replicates may hold at once, in participants times replicates."""


@dataclass(frozen=True, slots=True)
class Properties:
    """Of one method, simulated for one population; means over replicates.

    Imbalance is that of `imbalance_of`: with equal shares the largest arm less the smallest, in participants.

    Attributes:
        label: what the method is called here.
        method: its name.
        settings: the method in a few words.
        participants: allocated in each replicate.
        replicates: how many were simulated.
        guess: share of correct guesses at a site, by the convergence strategy: the investigator expects the arm that
            is furthest below its share among the participants of the own site (and, where the list has strata, of
            the same stratum). See `ExactProperties`.
        guess_error: its Monte Carlo standard error.
        known_guess: share of correct guesses of somebody who knows the method, every allocation of the trial and the
            size of every open block.
        deterministic: share of allocations that are certain to the same.
        imbalance: at the end, over the whole trial.
        imbalance_95: at the end 95 % of trials have at most this.
        within_sites: at the end, mean over sites.
        within_strata: mean over combinations of the factors' levels.
        by_factor: {variable: mean over its levels}.
    """

    label: str
    method: str
    settings: str
    participants: int
    replicates: int
    guess: float
    guess_error: float
    known_guess: float
    deterministic: float
    imbalance: float
    imbalance_95: float
    within_sites: float
    within_strata: float
    by_factor: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Everything by name, JSON-safe."""
        shown = {name: getattr(self, name) for name in self.__slots__}
        return {**shown, "by_factor": dict(self.by_factor)}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comparison(Result):
    """Properties of several methods for one population; the first is the one in question.

    Its table shows in per cent how often the next arm is guessed right at a site and by who knows everything, and how
    often it is certain; and in participants how far the arms end apart: in the whole trial on average and in 95 % of
    trials, in a site, at a level of a factor and in a stratum (a combination of the factors' levels) on average.

    Attributes:
        population: the participants.
        rows: one a method.
        chance: the share of correct guesses that chance alone gives: that of the arm of the largest share.
        seed: of the simulation.
    """

    population: Population
    rows: tuple[Properties, ...]
    chance: float
    seed: int

    def _title(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """What was simulated, in a line."""
        people, sites = self.population.participants, self.population.sites
        where = "one site" if sites == 1 else f"{sites} sites"
        return f"Allocation of {people:,} participants at {where}, {self.rows[0].replicates:,} times"

    def _columns(self) -> Mapping[str, Column]:
        rows = self.rows
        columns: dict[str, Column] = {
            "method": [row.label for row in rows],
            "guess_at_site_percent": [100 * row.guess for row in rows],
            "guess_knowing_all_percent": [100 * row.known_guess for row in rows],
            "certain_percent": [100 * row.deterministic for row in rows],
            "apart": [row.imbalance for row in rows],
            "apart_at_95_percent": [row.imbalance_95 for row in rows],
        }
        if self.population.sites > 1:
            columns["in_a_site"] = [row.within_sites for row in rows]
        if factors := len(rows[0].by_factor):
            columns["by_a_factor"] = [sum(row.by_factor.values()) / factors for row in rows]
            columns["in_a_stratum"] = [row.within_strata for row in rows]
        return columns

    def _cells(self) -> tuple[list[str], list[list[str]], int]:
        names, rows = self.table()
        return names, rows, len(rows)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Headings of the columns, and the rows as texts with one decimal."""
        columns = self._columns()
        rows = [
            [cell if isinstance(cell, str) else f"{cell:.1f}" for cell in row]
            for row in zip(*columns.values(), strict=True)
        ]
        return [_HEADINGS.get(name, name.replace("_", " ")) for name in columns], rows

    def _notes(self) -> list[str]:
        return [*self.notes, self.meaning]

    @property
    def notes(self) -> tuple[str, ...]:
        """Where the participants are from, and how certain the numbers are."""
        worst = max(row.guess_error for row in self.rows)
        source = f"Participants: {self.population.source}. " if self.population.source else ""
        return (f"{source}Monte Carlo error of a guess: at most {100 * worst:.2f} %.",)

    @property
    def meaning(self) -> str:
        """The first row in a sentence."""
        row = self.rows[0]
        certain = (
            "none of the allocations is certain beforehand"
            if row.deterministic == 0
            else f"{_hundred(row.deterministic)} of 100 allocations are certain to who knows the whole list"
        )
        return (
            f"An investigator who expects the arm that lags at the own site is right {_hundred(row.guess)} times in "
            f"100 (chance alone: {_hundred(self.chance)}); {certain}; the arms end {row.imbalance:.1f} apart on "
            f"average, and in 95 % of trials at most {row.imbalance_95:.0f}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything by name, JSON-safe; levels are left out, since they are many."""
        return {
            "participants": self.population.participants,
            "sites": self.population.sites,
            "source": self.population.source,
            "replicates": self.rows[0].replicates,
            "seed": self.seed,
            "chance": self.chance,
            "methods": [row.to_dict() for row in self.rows],
            "meaning": self.meaning,
        }


def compare(
    methods: Mapping[str, Method],
    population: Population,
    *,
    replicates: int = 1000,
    seed: int = 1,
    progress: Progress | None = None,
) -> Comparison:
    """Simulate several methods for the same participants.

    Args:
        methods: {label: method}; the first is the one in question. All of one ratio.
        population: the participants to come.
        replicates: how many trials of each, from 2.
        seed: a whole number from 0; the same seed gives the same numbers, and every method the same participants.
        progress: called with replicates done and replicates in all.

    Raises:
        AllocationError: no method, ratios that differ, or as `simulate_properties`.
    """
    if len({method.ratio for method in methods.values()}) != 1:
        raise AllocationError("methods are compared for one ratio; give at least one, and the same ratio to each")
    total = replicates * len(methods)
    rows = []
    for i, (label, method) in enumerate(methods.items()):
        advance = None if progress is None else lambda done, _all, before=i * replicates: progress(before + done, total)
        found = simulate_properties(method, population, replicates=replicates, seed=seed, label=label, progress=advance)
        rows.append(found)
    chance = max(next(iter(methods.values())).ratio.probabilities().values())
    return Comparison(population, tuple(rows), float(chance), seed)


def usual_methods(ratio: Ratio, variables: Sequence[str], *, sites: int) -> tuple[Method, ...]:
    """What other methods a designer would weigh: those with a definition for this ratio.

    Args:
        ratio: the arms and their shares.
        variables: what the trial's list balances; minimisation here balances all of them and the site.
        sites: with one site nothing is stratified by it.
    """
    strata = (SITE,) if sites > 1 else ()
    total = ratio.total
    found: list[Method] = [Simple(ratio)]
    for sizes in ((total,), (2 * total,), (2 * total, 3 * total)):
        found.append(PermutedBlocks(ratio, sizes, strata=strata))
    found.append(BlockUrn(ratio, 2 * total, strata=strata))
    if ratio.equal:
        found += [BiasedCoin(ratio, strata=strata), BigStick(ratio, 2, strata=strata)]
    names = (name for name in (*strata, *variables) if sites > 1 or name != SITE)
    if factors := tuple(map(Factor, dict.fromkeys(names))):
        scheme: Scheme = "best" if ratio.equal else "biased-coin"
        found.append(Minimisation(ratio, factors, Fraction(4, 5), scheme=scheme))
    return tuple(found)


def simulate_properties(
    method: Method,
    population: Population,
    *,
    replicates: int = 1000,
    seed: int = 1,
    label: str = "",
    progress: Progress | None = None,
) -> Properties:
    """Simulate whole trials by a method.

    Participants come one after the other, from a site and with levels drawn from the population. What is counted of
    a guess is the probability of its being right, which varies less than whether it was.

    Args:
        method: any method of this package.
        population: the participants to come; it knows every variable of the method.
        replicates: how many trials, from 2.
        seed: a whole number from 0.
        label: what to call it; the method in a few words if not said.
        progress: called with replicates done and replicates in all.

    Raises:
        AllocationError: too few replicates, a negative seed, a variable that the population does not know, a method
            too large to simulate.
    """
    if replicates < 2 or not 0 <= seed < 2**63:
        raise AllocationError("simulate from 2 replicates, with a seed from 0 to 2**63 - 1")
    coded = Coded.of(population)
    coded.require(method.variables)
    step = max(1, min(500, _CELLS // population.participants))
    parts = []
    for first in range(0, replicates, step):
        chunk = range(first, min(first + step, replicates))
        parts.append(_trials(method, Met.draw(coded, seed, chunk)))
        if progress is not None:
            progress(chunk.stop, replicates)
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Properties(
        label=label or str(method),
        method=method.name,
        settings=str(method),
        participants=population.participants,
        replicates=replicates,
        guess=float(found["guess"].mean()),
        guess_error=float(found["guess"].std(ddof=1) / np.sqrt(replicates)),
        known_guess=float(found["known"].mean()),
        deterministic=float(found["certain"].mean()),
        imbalance=float(found["overall"].mean()),
        imbalance_95=float(np.quantile(found["overall"], 0.95, method="higher")),
        within_sites=float(found[SITE].mean()),
        within_strata=float(found["strata"].mean()),
        by_factor={name: float(found[f"by {name}"].mean()) for name in population.levels},
    )


def _trials(method: Method, met: Met) -> dict[str, Floats]:
    """One number a replicate for each property."""
    at_work = many(method, met)
    replicates, n = met.person.shape
    share = at_work.share
    group, groups = met.group(tuple(dict.fromkeys((*method.strata, SITE))))
    seen = np.zeros((replicates, groups, len(share)), dtype=np.int64)
    arms = np.empty((replicates, n), dtype=np.int64)
    sums = {name: np.zeros(replicates) for name in ("guess", "known", "certain")}
    rows = at_work.rows
    for t in range(n):
        p = at_work.probabilities(t)
        arm = _draw(p, met.arm_u[:, t])
        most = p.max(axis=1)
        sums["guess"] += (_guess(seen[rows, group[:, t]], share) * p).sum(axis=1)
        sums["known"] += most
        sums["certain"] += most > 1 - 1e-12
        at_work.record(t, arm)
        seen[rows, group[:, t], arm] += 1
        arms[:, t] = arm
    found = {name: value / n for name, value in sums.items()}
    levels = tuple(met.coded.codes)
    groupings = {"overall": (), SITE: (SITE,), "strata": levels, **{f"by {name}": (name,) for name in levels}}
    return found | {name: _apart(*met.group(by), arms, share) for name, by in groupings.items()}


def _draw(p: Floats, u: Floats) -> Ints:
    """The first arm whose cumulative probability exceeds u."""
    cumulative = np.cumsum(p, axis=1)
    cumulative[cumulative > 1 - 1e-12] = 1.0  # an arm of probability 0 after the last possible one is never drawn
    found: Ints = (u[:, None] >= cumulative).sum(axis=1)
    return found


def _guess(seen: Ints, share: Ints) -> Floats:
    """As `convergence_guess`, for many counts at once; products of whole numbers compare exactly."""
    below = seen * (np.lcm.reduce(share) // share)
    likely = np.where(below == below.min(axis=1, keepdims=True), share, 0)
    chosen = likely == likely.max(axis=1, keepdims=True)
    found: Floats = chosen / chosen.sum(axis=1, keepdims=True)
    return found


def _apart(group: Ints, groups: int, arms: Ints, share: Ints) -> Floats:
    """(replicates,); mean over groups with anybody in them of the imbalance at the end."""
    replicates, k = len(arms), len(share)
    place = (np.arange(replicates)[:, None] * groups + group) * k + arms
    counts = np.bincount(place.ravel(), minlength=replicates * groups * k).reshape(replicates, groups, k)
    scaled = counts * (share.mean() / share)
    apart = scaled.max(axis=2) - scaled.min(axis=2)
    anybody = counts.any(axis=2)
    found: Floats = (apart * anybody).sum(axis=1) / anybody.sum(axis=1)
    return found


def _hundred(share: float) -> str:
    return f"{100 * share:.0f}"
