"""Who is to be allocated: how many, at how many sites, with which levels. What a simulation draws from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from equipoise.errors import AllocationError

SITE = "site"
"""The variable that is drawn for itself: every site is equally likely."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_STREAM = 0x616C6C6F63617465  # "allocate" in ASCII: sets these draws apart from others of the same seed


@dataclass(frozen=True, slots=True)
class Population:
    """Participants to come.

    Attributes:
        participants: how many are allocated.
        sites: how many sites they come from, each as likely as the others.
        levels: {variable: levels}, columns of one length: people as they are met. Each participant to come has the
            levels of one of them, drawn with replacement, so that variables that go together stay together. Without a
            variable besides the site it is empty.
        source: where these numbers are from, for a reader.

    Raises:
        AllocationError: a number below 1, columns of different lengths or without anybody, `site` among the variables.
    """

    participants: int
    sites: int = 1
    levels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self) -> None:
        """Check the numbers and the columns."""
        for what, value in (("participants", self.participants), ("sites", self.sites)):
            if value < 1:
                raise AllocationError(f"{value} {what} are none; give at least 1")
        if SITE in self.levels:
            raise AllocationError("the site is drawn for itself; take it out of the levels")
        lengths = {len(column) for column in self.levels.values()}
        if len(lengths) > 1 or 0 in lengths:
            raise AllocationError(
                "the levels of the variables differ in length, or are empty; give one each per person"
            )


@dataclass(frozen=True, slots=True)
class Coded:
    """A population as numbers.

    Attributes:
        population: what it is.
        codes: {variable: level of each person met, as a number from 0}.
        counts: {variable: how many levels it has}, the site among them.
    """

    population: Population
    codes: Mapping[str, Ints]
    counts: Mapping[str, int]

    @classmethod
    def of(cls, population: Population) -> Coded:
        """The levels of a population, numbered in alphabetical order."""
        codes = {
            name: np.unique(np.asarray(column), return_inverse=True)[1] for name, column in population.levels.items()
        }
        counts = {name: int(column.max()) + 1 for name, column in codes.items()}
        return cls(population, codes, {SITE: population.sites, **counts})

    def require(self, variables: Sequence[str]) -> None:
        """Raise AllocationError unless the levels of all these variables are known."""
        if missing := [name for name in variables if name not in self.counts]:
            raise AllocationError(
                f"the levels of {', '.join(missing)} are not in the population; it knows {', '.join(self.counts)}"
            )

    def combined(self, variables: Sequence[str]) -> tuple[Ints | None, int]:
        """The combination of the variables' levels, but for the site's, of each person met, and how many there are."""
        columns = [self.codes[name] for name in variables if name != SITE]
        if not columns:
            return None, 1
        _, found = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
        return found.reshape(-1), int(found.max()) + 1


@dataclass(frozen=True, slots=True)
class Met:
    """Participants of a range of replicates, and the chance of their allocation.

    Attributes:
        coded: the population they are of.
        person: (replicates, participants); which person met each of them is like.
        site: (replicates, participants); from 0.
        arm_u: uniform numbers in [0, 1) that decide arms.
        block_u: uniform numbers in [0, 1) that decide sizes of blocks.
    """

    coded: Coded
    person: Ints
    site: Ints
    arm_u: Floats
    block_u: Floats

    @classmethod
    def draw(cls, coded: Coded, seed: int, replicates: range) -> Met:
        """Draw them; what a replicate gets depends on the seed and its number alone."""
        people = max((len(column) for column in coded.codes.values()), default=1)
        n = coded.population.participants
        u = np.empty((len(replicates), 4, n))
        for row, number in enumerate(replicates):
            key = np.array([seed, _STREAM], dtype=np.uint64)
            counter = np.array([0, 0, number, 0], dtype=np.uint64)
            u[row] = np.random.Generator(np.random.Philox(key=key, counter=counter)).random((4, n))
        person = (u[:, 0] * people).astype(np.int64)
        site = (u[:, 1] * coded.population.sites).astype(np.int64)
        return cls(coded, person, site, u[:, 2], u[:, 3])

    def level(self, variable: str) -> Ints:
        """(replicates, participants); the level of a variable."""
        return self.site if variable == SITE else self.coded.codes[variable][self.person]

    def group(self, variables: Sequence[str]) -> tuple[Ints, int]:
        """(replicates, participants); the combination of levels of these variables, and how many there can be."""
        found, count = self.coded.combined(variables)
        combined = np.zeros_like(self.person) if found is None else found[self.person]
        if SITE not in variables:
            return combined, count
        return combined * self.coded.population.sites + self.site, count * self.coded.population.sites
