"""Allocation lists: arms, strata and factors that exist, and settings that do not contradict each other."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from equipoise.allocation import Maximal, Ratio
from equipoise.allocation.preference import preference_range
from equipoise.errors import AllocationError
from equipoise.protocol.checks.report import fail, require
from equipoise.protocol.model.allocation import (
    BiasedCoinList,
    BigStickList,
    BlockList,
    BlockUrnList,
    ChanceList,
    ClassifiedList,
    MaximalList,
    MinimisationList,
    StratifiedList,
)

if TYPE_CHECKING:
    from equipoise.protocol.model.trial import Path, Protocol

SITE = "site"
"""The name by which a list can take the site as a stratum or factor, like a variable."""


def list_variables(protocol: Protocol, name: str) -> tuple[str, ...]:
    """The variables that an allocation list balances or stratifies by."""
    item = protocol.allocation[name]
    return item.variables if isinstance(item, ChanceList) else ()


def check_lists(protocol: Protocol) -> None:
    """Check every allocation list."""
    for name, item in protocol.allocation.items():
        path: Path = ("allocation", name)
        if isinstance(item, ClassifiedList):
            _check_classified(protocol, path, item)
            continue
        _check_ratio(protocol, path, item)
        if isinstance(item, StratifiedList):
            _check_strata(protocol, path, item)
        match item:
            case BlockList():
                for i, size in enumerate(item.sizes):
                    _check_holds(protocol, (*path, "sizes", i), "a block", size, item.ratio)
                _check_named_once(protocol, (*path, "sizes"), "the size", item.sizes)
            case BlockUrnList():
                _check_holds(protocol, (*path, "size"), "an urn", item.size, item.ratio)
            case BiasedCoinList():
                _check_equal(protocol, path, item.ratio, "Efron's biased coin")
                _check_probability(protocol, path, item.probability, Fraction(1, len(item.ratio)), Fraction(1))
            case BigStickList():
                _check_equal(protocol, path, item.ratio, "the big stick")
            case MaximalList():
                _check_equal(protocol, path, item.ratio, "the maximal procedure")
                _check_maximal(protocol, path, item)
            case MinimisationList():
                _check_minimisation(protocol, path, item)
            case _:
                pass


def _check_classified(protocol: Protocol, path: Path, item: ClassifiedList) -> None:
    known = protocol.classifications
    require(protocol, (*path, "classification"), item.classification, known, "classification", "classifications")
    for j, row in enumerate(known[item.classification].rows):
        if row.arm is None:
            place = ("classifications", item.classification, "rows", j)
            fail(protocol, place, "this class leads to no arm, and arms are assigned by it", "add arm:")


def _check_ratio(protocol: Protocol, path: Path, item: ChanceList) -> None:
    for arm in item.ratio:
        require(protocol, (*path, "ratio", arm), arm, protocol.arms, "arm", "arms")
    if missing := [arm for arm in protocol.arms if arm not in item.ratio]:
        fail(protocol, (*path, "ratio"), f"arm '{missing[0]}' is not in the ratio", "add it, or take the arm out")
    if len(item.ratio) < 2:
        fail(protocol, (*path, "ratio"), "a list with one arm has nothing to draw", "declare a second arm")


def _check_strata(protocol: Protocol, path: Path, item: StratifiedList) -> None:
    for i, variable in enumerate(item.strata):
        _check_factor(protocol, (*path, "strata", i), variable)
    _check_named_once(protocol, (*path, "strata"), "stratum", item.strata)


def _check_named_once(protocol: Protocol, path: Path, what: str, names: Iterable[object]) -> None:
    seen: set[object] = set()
    for i, name in enumerate(names):
        if name in seen:
            fail(protocol, (*path, i), f"{what} '{name}' stands twice", "keep one")
        seen.add(name)


def _check_holds(protocol: Protocol, path: Path, what: str, size: int, ratio: dict[str, int]) -> None:
    total = Ratio.of(ratio).total
    if size < 1 or size % total:
        fail(protocol, path, f"{what} of {size} cannot hold the ratio", f"use a multiple of {total}")


def _check_equal(protocol: Protocol, path: Path, ratio: dict[str, int], what: str) -> None:
    if len(set(ratio.values())) > 1:
        fail(
            protocol,
            (*path, "ratio"),
            f"{what} has no definition for unequal shares",
            "use equal ones, or method block-urn, blocks, or minimisation with scheme biased-coin",
        )


def _check_probability(protocol: Protocol, path: Path, p: Fraction, least: Fraction, most: Fraction) -> None:
    if not least <= p <= most:
        fail(
            protocol,
            (*path, "probability"),
            f"the preferred arm's probability {p} is below its share by the ratio, or above {most}",
            f"use {float(least):g} to {float(most):g}",
        )


def _check_maximal(protocol: Protocol, path: Path, item: MaximalList) -> None:
    arms = len(item.ratio)
    if item.length % arms:
        what = f"{arms} arms cannot be level after {item.length} places"
        fail(protocol, (*path, "length"), what, f"use a multiple of {arms}")
    if item.limit > item.length // arms:
        what = f"no arm can lead by {item.limit} in {item.length} places that end level"
        fail(protocol, (*path, "limit"), what, f"use a limit up to {item.length // arms}")
    try:
        Maximal(Ratio.of(item.ratio), item.limit, item.length)
    except AllocationError as error:
        what, _, mend = str(error).partition("; ")
        fail(protocol, (*path, "length"), what, mend)


def _check_minimisation(protocol: Protocol, path: Path, item: MinimisationList) -> None:
    names = [factor.variable for factor in item.factors]
    for i, factor in enumerate(item.factors):
        _check_factor(protocol, (*path, "factors", i, "variable"), factor.variable)
        if factor.variable in names[:i]:
            what = f"factor '{factor.variable}' stands twice"
            fail(protocol, (*path, "factors", i), what, "keep one, with its weight")
        if factor.variable in item.strata:
            what = f"'{factor.variable}' is a stratum already, and as a factor it would count twice"
            fail(protocol, (*path, "factors", i), what, "take it out of the factors, or out of the strata")
        if factor.weight <= 0:
            what = "a weight is above 0"
            fail(protocol, (*path, "factors", i, "weight"), what, "raise it, or take the factor out")
    if item.scheme == "rank" and len(set(item.ratio.values())) > 1:
        what = "rank probabilities would not keep an unequal ratio"
        fail(protocol, (*path, "scheme"), what, "use scheme biased-coin, or equal shares")
    _check_probability(protocol, path, item.probability, *preference_range(item.scheme, Ratio.of(item.ratio)))


def _check_factor(protocol: Protocol, path: Path, name: str) -> None:
    if name == SITE:
        return
    require(protocol, path, name, protocol.dictionary, "variable", "variables")
    if protocol.dictionary[name].type not in ("choice", "boolean"):
        fail(protocol, path, f"'{name}' has no fixed set of values to balance", "use a choice, or derive one")
