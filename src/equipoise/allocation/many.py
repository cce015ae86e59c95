"""The methods over many replicates at once: one participant at a time, all replicates side by side.

These are floats and decide no real allocation; a test holds each to the exact probabilities of its method.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import product

import numpy as np

from equipoise.allocation.biased_coin import BiasedCoin
from equipoise.allocation.big_stick import BigStick
from equipoise.allocation.block_urn import BlockUrn
from equipoise.allocation.blocks import PermutedBlocks
from equipoise.allocation.maximal import Maximal
from equipoise.allocation.method import Method
from equipoise.allocation.minimisation import Minimisation
from equipoise.allocation.population import Floats, Ints, Met
from equipoise.allocation.preference import Scheme, preference
from equipoise.allocation.ratio import Ratio
from equipoise.allocation.simple import Simple
from equipoise.allocation.state import StratumState
from equipoise.errors import AllocationError

MAX_TABLE = 2_000_000
"""Entries of the table of a maximal procedure."""

_TIE = 1e-9
"""Imbalances closer than this are equal: those of small whole counts and fractions differ by more."""


class Many(ABC):
    """A method at work in many replicates.

    Args:
        method: the method.
        met: the participants.

    Attributes:
        counts: (replicates, strata, arms); allocated so far.
    """

    def __init__(self, method: Method, met: Met) -> None:
        self.met = met
        self.share = np.array([share for _, share in method.ratio.shares], dtype=np.int64)
        self.by_ratio = self.share / self.share.sum()
        self.stratum, strata = met.group(method.strata)
        self.rows = np.arange(len(met.person))
        self.counts = np.zeros((len(self.rows), strata, len(self.share)), dtype=np.int64)

    def here(self, t: int) -> Ints:
        """(replicates, arms); counts in the stratum of participant `t`."""
        found: Ints = self.counts[self.rows, self.stratum[:, t]]
        return found

    @abstractmethod
    def probabilities(self, t: int) -> Floats:
        """(replicates, arms); the distribution of the arm of participant `t`."""

    def record(self, t: int, arm: Ints) -> None:
        """Count participant `t` into its arm."""
        self.counts[self.rows, self.stratum[:, t], arm] += 1


class _ManySimple(Many):
    def probabilities(self, t: int) -> Floats:  # noqa: ARG002 - nothing is remembered
        return np.tile(self.by_ratio, (len(self.rows), 1))


class _ManyBlocks(Many):
    def __init__(self, method: PermutedBlocks, met: Met) -> None:
        super().__init__(method, met)
        self.left = np.zeros_like(self.counts)
        self.whole = np.array([self.share * size // self.share.sum() for size in method.block_sizes])

    def probabilities(self, t: int) -> Floats:
        left = self.left[self.rows, self.stratum[:, t]]
        places = left.sum(axis=1, keepdims=True)
        found: Floats = np.where(places > 0, left / np.maximum(places, 1), self.by_ratio)
        return found

    def record(self, t: int, arm: Ints) -> None:
        super().record(t, arm)
        at = self.rows, self.stratum[:, t]
        size = (self.met.block_u[:, t] * len(self.whole)).astype(np.int64)
        left = self.left[at]
        left = np.where(left.any(axis=1, keepdims=True), left, self.whole[size])
        left[self.rows, arm] -= 1
        self.left[at] = left


class _ManyUrn(Many):
    def __init__(self, method: BlockUrn, met: Met) -> None:
        super().__init__(method, met)
        self.sets = method.size // method.ratio.total

    def probabilities(self, t: int) -> Floats:
        n = self.here(t)
        sets = self.sets + (n // self.share).min(axis=1, keepdims=True)
        balls = self.share * sets - n
        found: Floats = balls / balls.sum(axis=1, keepdims=True)
        return found


class _ManyCoin(Many):
    def __init__(self, method: BiasedCoin, met: Met) -> None:
        super().__init__(method, met)
        self.preferred = _when_preferred("best", method.ratio, method)

    def probabilities(self, t: int) -> Floats:
        n = self.here(t)
        return _shared(n == n.min(axis=1, keepdims=True), self.preferred, self.share)


class _ManyStick(Many):
    def __init__(self, method: BigStick, met: Met) -> None:
        super().__init__(method, met)
        self.limit = method.limit

    def probabilities(self, t: int) -> Floats:
        n = self.here(t)
        is_open = n - n.min(axis=1, keepdims=True) < self.limit
        found: Floats = is_open / is_open.sum(axis=1, keepdims=True)
        return found


class _ManyMaximal(Many):
    """Looks the probabilities up by how many places are left and how far each arm leads."""

    def __init__(self, method: Maximal, met: Met) -> None:
        super().__init__(method, met)
        arms, leads = len(self.share), method.limit + 1
        if (method.length + 1) * leads**arms * arms > MAX_TABLE:
            raise AllocationError(
                f"a maximal procedure of {method.length} places, limit {method.limit} and {arms} arms is too large "
                "to simulate; use a shorter one"
            )
        self.length = method.length
        self.code = leads ** np.arange(arms)
        self.table = np.zeros((method.length, leads**arms, arms))
        for lead in product(range(leads), repeat=arms):
            if min(lead) == 0:
                self._fill(method, lead)

    def _fill(self, method: Maximal, lead: tuple[int, ...]) -> None:
        """The probabilities at every place that these leads can be met at."""
        arms = method.ratio.arms
        for allocated in range(sum(lead), method.length + sum(lead), len(arms)):
            least = (allocated - sum(lead)) // len(arms)
            here = StratumState(allocated=allocated, arms={a: least + n for a, n in zip(arms, lead, strict=True)})
            by_arm = method._probabilities(here, {}).by_arm
            code = int(np.dot(self.code, lead))
            self.table[allocated % method.length, code] = [float(by_arm[arm]) for arm in arms]

    def probabilities(self, t: int) -> Floats:
        n = self.here(t)
        code = (n - n.min(axis=1, keepdims=True)) @ self.code
        found: Floats = self.table[n.sum(axis=1) % self.length, code]
        return found


class _ManyMinimisation(Many):
    def __init__(self, method: Minimisation, met: Met) -> None:
        super().__init__(method, met)
        self.method = method
        levels = [met.coded.counts[factor.name] for factor in method.factors]
        first = np.cumsum([0, *levels])
        place = np.stack([met.level(f.name) + int(at) for f, at in zip(method.factors, first, strict=False)], axis=2)
        self.place = place + self.stratum[:, :, None] * int(first[-1])
        self.margins = np.zeros(
            (len(self.rows), self.counts.shape[1] * int(first[-1]), len(self.share)), dtype=np.int64
        )
        self.weights = np.array([float(factor.weight) for factor in method.factors])
        self.times = np.array([method.ratio.common_multiple // share for _, share in method.ratio.shares])
        if method.scheme != "rank":
            self.preferred = _when_preferred(method.scheme, method.ratio, method)

    def probabilities(self, t: int) -> Floats:
        margins = self.margins[self.rows[:, None], self.place[:, t]]
        joined = np.stack([self._imbalance(margins, arm) for arm in range(len(self.share))], axis=1)
        tolerance = _TIE * (1 + joined)
        if self.method.scheme == "rank":
            return self._by_rank(joined, tolerance)
        tied = joined <= joined.min(axis=1, keepdims=True) + tolerance
        return _shared(tied, self.preferred, self.share)

    def record(self, t: int, arm: Ints) -> None:
        super().record(t, arm)
        self.margins[self.rows[:, None], self.place[:, t], arm[:, None]] += 1

    def _imbalance(self, margins: Ints, arm: int) -> Floats:
        """(replicates,); the weighted imbalance if the participant joined `arm`; as `total_imbalance`."""
        x = margins.copy()
        x[:, :, arm] += 1
        x *= self.times
        k, unit = len(self.times), self.method.ratio.common_multiple
        variance = (k * (x * x).sum(axis=2) - x.sum(axis=2) ** 2) / (k * (k - 1) * unit * unit)
        match self.method.measure:
            case "range":
                each = (x.max(axis=2) - x.min(axis=2)) / unit
            case "variance":
                each = variance
            case "sd":
                each = np.sqrt(variance)
            case _:
                apart = np.abs(x[:, :, :, None] - x[:, :, None, :]).sum(axis=(2, 3)) / 2
                each = apart / ((k - 1) * x.sum(axis=2))
        found: Floats = each @ self.weights
        return found

    def _by_rank(self, joined: Floats, tolerance: Floats) -> Floats:
        k, q = len(self.share), float(self.method.probability)
        apart = joined[:, :, None] - joined[:, None, :]
        below = (apart > tolerance[:, :, None]).sum(axis=2)
        level = (np.abs(apart) <= tolerance[:, :, None]).sum(axis=2)
        found: Floats = q - 2 * (k * q - 1) / (k * (k + 1)) * (below + (level + 1) / 2)
        return found


def many(method: Method, met: Met) -> Many:
    """The method at work for these participants.

    Raises:
        AllocationError: a variable whose levels are not known, a method that is not known or too large to simulate.
    """
    met.coded.require(method.variables)
    match method:
        case Simple():
            return _ManySimple(method, met)
        case PermutedBlocks():
            return _ManyBlocks(method, met)
        case BlockUrn():
            return _ManyUrn(method, met)
        case BiasedCoin():
            return _ManyCoin(method, met)
        case BigStick():
            return _ManyStick(method, met)
        case Maximal():
            return _ManyMaximal(method, met)
        case Minimisation():
            return _ManyMinimisation(method, met)
    raise AllocationError(f"the method {method.name} cannot be simulated; use one that this package has")


def _when_preferred(scheme: Scheme, ratio: Ratio, method: BiasedCoin | Minimisation) -> Floats:
    """(arms, arms); the probabilities of all arms (columns) when one alone is preferred (rows)."""
    rows = []
    for arm in ratio.arms:
        others = [other for other in ratio.arms if other != arm]
        by_arm = preference(scheme, ratio, method.probability, [[arm], others])
        rows.append([float(p) for p in by_arm.values()])
    return np.array(rows)


def _shared(tied: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], preferred: Floats, share: Ints) -> Floats:
    """The probabilities when these arms tie at the least; the tie rule is stated in `preference`."""
    weights = tied * share
    weights = weights / weights.sum(axis=1, keepdims=True)
    others = np.where(tied, 0.0, weights @ preferred)
    found: Floats = others + weights * (1 - others.sum(axis=1, keepdims=True))
    return found
