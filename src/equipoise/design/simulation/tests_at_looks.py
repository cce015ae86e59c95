"""The tests that a simulation can do at its looks, by name, and their z.

    logrank, fh:RHO:GAMMA, mwlrt:T_STAR     weighted log-rank tests, as in `log_rank_weights`
    gehan, tarone-ware, peto, modified-peto other weights, as in `equipoise.survival.logrank`
    maxcombo, or a tuple of the above       the largest of several; its z is that of its one-sided p
    cox                                     Wald test of the hazard ratio (Efron ties)
    rmst:TAU                                difference of restricted means to TAU months
    milestone:T                             difference of Kaplan-Meier survival at T months

z is positive where the experimental arm is better. Where a test cannot be done (no events, a curve that is not known as
far as TAU) it is NaN, and rejects nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from equipoise.design.simulation.largest_of_normals import can_be_done, largest_p, order_of_tests
from equipoise.design.simulation.look_kernels import MILESTONE, RESTRICTED_MEAN
from equipoise.design.simulation.numbers import Floats, Ints
from equipoise.design.simulation.plain_kernels import LOG_HAZARD_RATIO, STD_ERROR, Z
from equipoise.design.weighted.log_rank_weights import Weight, read_test, read_tests
from equipoise.errors import DesignError
from equipoise.survival import logrank_kernels as schemes

Test = str | tuple[str, ...]

_OTHER_WEIGHTS = {
    "gehan": schemes.GEHAN,
    "tarone-ware": schemes.TARONE_WARE,
    "peto": schemes.PETO,
    "modified-peto": schemes.MODIFIED_PETO,
}
_CONTRASTS = {"rmst": RESTRICTED_MEAN, "milestone": MILESTONE}
_KNOWN = "logrank, fh:0:1, mwlrt:12, maxcombo, cox, rmst:60, milestone:24, gehan, tarone-ware, peto, modified-peto"


@dataclass(frozen=True, slots=True)
class Combination:
    """A max-combo test.

    Attributes:
        columns: (k,) its tests among the weighted tests, in the order of `order_of_tests`.
        dependent: from there.
    """

    columns: Ints
    dependent: int


@dataclass(frozen=True, slots=True)
class Tests:
    """The tests of a simulation, as the kernels take them.

    Attributes:
        names: one a test.
        weights: (w, 4) weighted tests, among them the parts of combinations.
        contrasts: (c, 2) kind and time.
        combinations: the combinations.
        sources: for each test, what it is and which of its kind: `logrank`, `cox`, `weighted`, `contrast`,
            `combination`.
    """

    __test__ = False  # so that pytest does not take the name for a class of tests

    names: tuple[str, ...]
    weights: Floats
    contrasts: Floats
    combinations: tuple[Combination, ...]
    sources: tuple[tuple[str, int], ...]

    @property
    def plain(self) -> bool:
        """Whether the plain kernel does them all."""
        return all(kind in {"logrank", "cox"} for kind, _ in self.sources)


def read(tests: Sequence[Test], unit: float = 1.0) -> Tests:
    """The tests by their names.

    Args:
        tests: names; a tuple is a combination.
        unit: length of a month in the time unit of the trials.

    Raises:
        DesignError: no test, an unknown one, the same twice, or a combination that is not supported.
    """
    if isinstance(tests, str) or not tests:
        raise DesignError(f"tests = {tests!r}; give a list of names, such as ['logrank']")
    weights: list[tuple[float, float, float, float]] = []
    contrasts: list[tuple[float, float]] = []
    combinations: list[Combination] = []
    sources, names = [], []
    for test in tests:
        name = test if isinstance(test, str) else f"max({', '.join(test)})"
        kind, _, number = name.partition(":")
        if name in {"logrank", "cox"}:
            sources.append((name, 0))
        elif name in _OTHER_WEIGHTS:
            sources.append(("weighted", len(weights)))
            weights.append((float(_OTHER_WEIGHTS[name]), 0.0, 0.0, math.inf))
        elif kind in _CONTRASTS:
            sources.append(("contrast", len(contrasts)))
            contrasts.append((float(_CONTRASTS[kind]), _months(name, number) * unit))
        elif name == "maxcombo" or not isinstance(test, str):
            parts = read_tests(test)
            order, dependent = _ordered(name, parts)
            sources.append(("combination", len(combinations)))
            combinations.append(Combination(len(weights) + order, dependent))
            weights += [_row(part, unit) for part in parts]
        elif kind in {"fh", "mwlrt"}:
            sources.append(("weighted", len(weights)))
            weights.append(_row(read_test(name), unit))
        else:
            raise DesignError(f"test = {name!r} is none; give some of {_KNOWN}")
        names.append(name)
    if len(set(names)) < len(names):
        raise DesignError(f"tests: {', '.join(names)}: one is there twice; give each once")
    return Tests(
        tuple(names),
        np.array(weights, dtype=np.float64).reshape(-1, 4),
        np.array(contrasts, dtype=np.float64).reshape(-1, 2),
        tuple(combinations),
        tuple(sources),
    )


def _months(name: str, number: str) -> float:
    try:
        months = float(number)
    except ValueError:
        months = math.nan
    if not (math.isfinite(months) and months > 0.0):
        raise DesignError(f"test = {name!r}; give months above 0 after the colon, such as rmst:60")
    return months


def _row(weight: Weight, unit: float) -> tuple[float, float, float, float]:
    """A weighted test as the kernel takes it."""
    if weight.rho < 0.0:
        return float(schemes.MODESTLY_WEIGHTED), 0.0, 0.0, weight.t_star * unit
    return float(schemes.FLEMING_HARRINGTON), weight.rho, weight.gamma, math.inf


def _ordered(name: str, parts: Sequence[Weight]) -> tuple[Ints, int]:
    if len(parts) < 2:
        raise DesignError(f"test = {name!r} combines one test; give two or more, or the test alone")
    if not can_be_done(parts):
        raise DesignError(f"test = {name!r} combines too many tests; give up to three, or maxcombo")
    return order_of_tests(parts)


def z_of(tests: Tests, out: Floats, weighted: Floats, covariance: Floats, contrast: Floats) -> Floats:
    """z of each test.

    Args:
        tests: t of them.
        out: (r, k, COLUMNS) of the kernel.
        weighted: (r, k, w) z of the weighted tests.
        covariance: (r, k, w, w) their covariance, lower triangle.
        contrast: (r, k, c) z of the contrasts.

    Returns:
        (t, r, k).
    """
    z = np.empty((len(tests.names), *out.shape[:2]))
    for i, (kind, which) in enumerate(tests.sources):
        match kind:
            case "logrank":
                z[i] = out[:, :, Z]
            case "cox":
                z[i] = -out[:, :, LOG_HAZARD_RATIO] / out[:, :, STD_ERROR]
            case "weighted":
                z[i] = weighted[:, :, which]
            case "contrast":
                z[i] = contrast[:, :, which]
            case _:
                z[i] = _z_of_largest(tests.combinations[which], weighted, covariance)
    return z


def _z_of_largest(combination: Combination, weighted: Floats, covariance: Floats) -> Floats:
    """The z whose upper tail is the p-value of the largest."""
    columns = combination.columns
    r, k = weighted.shape[:2]
    largest = weighted[:, :, columns].max(axis=2)
    high, low = np.maximum.outer(columns, columns), np.minimum.outer(columns, columns)
    joint = covariance[:, :, high, low].reshape(r * k, columns.size, columns.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(np.diagonal(joint, axis1=1, axis2=2))
        correlation = joint / (spread[:, :, None] * spread[:, None, :])
    p = largest_p(largest.ravel(), correlation, combination.dependent).reshape(r, k)
    return -np.asarray(ndtri(p), dtype=np.float64)
