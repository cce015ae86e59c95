"""From an allocation list of the protocol to the method that allocates, and a participant's levels in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from equipoise.allocation import (
    BiasedCoin,
    BigStick,
    BlockUrn,
    Factor,
    Maximal,
    Method,
    Minimisation,
    PermutedBlocks,
    Ratio,
    Simple,
)
from equipoise.conduct.eligibility import Criteria
from equipoise.errors import AllocationError
from equipoise.protocol import Protocol
from equipoise.protocol.checks.allocation import SITE, list_variables
from equipoise.protocol.model.allocation import (
    BiasedCoinList,
    BigStickList,
    BlockList,
    BlockUrnList,
    ChanceList,
    ClassifiedList,
    MaximalList,
    MinimisationList,
)


def method_of(protocol: Protocol, name: str) -> Method:
    """The allocation method of a list with chance."""
    item = protocol.allocation[name]
    if (known := _MADE.get(id(item))) is not None and known[0] is item and known[1] is protocol.arms:
        return known[2]
    method = _method(item.model_dump_json(), type(item), tuple(protocol.arms))
    if len(_MADE) >= _MOST:
        _MADE.clear()
    _MADE[id(item)] = (item, protocol.arms, method)
    return method


_MOST = 64
_MADE: dict[int, tuple[object, object, Method]] = {}
"""Methods by the very objects that they were made of, which never change: not even their text is written anew."""


@lru_cache(maxsize=64)
def _method(settings: str, kind: type[Any], arms: tuple[str, ...]) -> Method:
    item = kind.model_validate_json(settings)
    if not isinstance(item, ChanceList):
        raise AllocationError("a list by class allocates without chance")
    ratio = Ratio(tuple((arm, item.ratio[arm]) for arm in arms))
    match item:
        case BlockList():
            return PermutedBlocks(ratio, item.sizes, strata=item.strata)
        case BlockUrnList():
            return BlockUrn(ratio, item.size, strata=item.strata)
        case BiasedCoinList():
            return BiasedCoin(ratio, item.probability, strata=item.strata)
        case BigStickList():
            return BigStick(ratio, item.limit, strata=item.strata)
        case MaximalList():
            return Maximal(ratio, item.limit, item.length, strata=item.strata)
        case MinimisationList():
            factors = tuple(Factor(factor.variable, factor.weight) for factor in item.factors)
            return Minimisation(ratio, factors, item.probability, item.measure, item.scheme, strata=item.strata)
        case _:
            return Simple(ratio)


def levels_of(criteria: Criteria, name: str, values: Mapping[str, Any], site: str) -> dict[str, str | None]:
    """A participant's level of every variable that a list balances; None where it is not known."""
    found: dict[str, str | None] = {}
    for variable in list_variables(criteria.protocol, name):
        value = site if variable == SITE else criteria.derive(variable, values)
        found[variable] = None if value is None else level(value)
    return found


def level(value: Any) -> str:
    """A value as a level."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def arm_of_class(protocol: Protocol, name: str, values: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """A participant's newest class by the table of a list without chance, and the arm it leads to."""
    item = protocol.allocation[name]
    if not isinstance(item, ClassifiedList):
        return None, None
    found = values.get(item.classification)
    rows = protocol.classifications[item.classification].rows
    return next(((row.value, row.arm) for row in rows if row.value == found), (None, None))
