"""One allocation from the sealed stream, its explanation as JSON-safe values, and its replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from equipoise.allocation.by_hand import BY_HAND, allocate_by_hand
from equipoise.allocation.draws import block_draw, choose, draw
from equipoise.allocation.exact import imbalance_text
from equipoise.allocation.method import Method, Probabilities
from equipoise.allocation.state import ListState
from equipoise.errors import AllocationError


@dataclass(frozen=True)
class OpenedBlock:
    """The block that an allocation opened: its number in the stratum, its size, and the draw of its size.

    `draw` is None where the method knows a single size, since then none is drawn.
    """

    number: int
    size: int
    draw: int | None


@dataclass(frozen=True)
class Allocation:
    """One allocation and everything that explains it.

    Attributes:
        list_id: the list.
        method: the method's name.
        stratum: the stratum's key.
        k: the number of the draw in its stratum, from 1.
        levels: {variable: level} of strata and factors, as randomised.
        probabilities: the distribution it was drawn from.
        draw: the 64-bit integer.
        arm: the arm drawn.
        block: the block that it opened, if it did.
    """

    list_id: str
    method: str
    stratum: str
    k: int
    levels: Mapping[str, str]
    probabilities: Probabilities
    draw: int
    arm: str
    block: OpenedBlock | None

    def explain(self) -> dict[str, Any]:
        """The allocation as JSON-safe values.

        Fractions are text ("4/5"), imbalances are text ("8/3"; standard deviations are decimals of 12 places)
        or null, the 64-bit draws are decimal text, counts are integers. It tells what may come next in a
        block and in the margins, so it is for the ledger and not for the eyes of those who enrol.
        """
        shown = self.probabilities
        return {
            "list": self.list_id,
            "method": self.method,
            "stratum": self.stratum,
            "k": self.k,
            "levels": dict(self.levels),
            "imbalance": {a: None if g is None else imbalance_text(g) for a, g in shown.imbalance.items()},
            "preferred": list(shown.preferred),
            "tie": shown.tie,
            "probabilities": {arm: str(p) for arm, p in shown.by_arm.items()},
            "why": shown.why,
            "block": None if self.block is None else _block_json(self.block),
            "draw": str(self.draw),
            "arm": self.arm,
        }


def allocate(method: Method, state: ListState, levels: Mapping[str, str], *, seed: bytes, list_id: str) -> Allocation:
    """Make the next allocation; the state after it is `advance_recorded` or `method.advance` with its values.

    Args:
        method: how to allocate.
        state: the list before it.
        levels: {variable: level} of the participant; at least `method.variables`.
        seed: the list's 32 secret bytes.
        list_id: the list's name in the protocol, without a bar (`|`).

    Raises:
        AllocationError: a missing level, a wrong seed, a wrong list name.
    """
    used, stratum = method.used_levels(levels), method.stratum(levels)
    probabilities = method.probabilities(state, used)
    k = state.at(stratum).allocated + 1
    integer = draw(seed, list_id, stratum, k)
    return Allocation(
        list_id=list_id,
        method=method.name,
        stratum=stratum,
        k=k,
        levels=used,
        probabilities=probabilities,
        draw=integer,
        arm=choose(probabilities.by_arm, integer),
        block=_open_block(method, state, used, seed, list_id),
    )


def advance_recorded(method: Method, state: ListState, record: Mapping[str, Any]) -> ListState:
    """The state after an allocation, drawn or by hand, that `explain` recorded; needs no seed.

    Raises:
        AllocationError: the record lacks a part, or the method could not have made it in this state.
    """
    try:
        levels, arm = record["levels"], record["arm"]
        if record["method"] == BY_HAND:
            return method.advance_by_hand(state, levels, arm)
        block = record["block"]
        size = None if block is None else block["size"]
        return method.advance(state, levels, arm, block_size=size)
    except (KeyError, TypeError, AttributeError) as error:
        raise AllocationError(f"not the record of an allocation ({error!r}); give what explain() returned") from error


def differences(method: Method, state: ListState, record: Mapping[str, Any], *, seed: bytes | None) -> tuple[str, ...]:
    """Replay a record with the revealed seed and say in what it differs; empty if in nothing.

    The sentence `why` is for readers and is not compared. A record of an allocation by hand holds no draw: its arm is
    taken as it is, and the rest compared.

    Args:
        method: as the protocol version in force had it.
        state: the list before the allocation, folded from the earlier records.
        record: what `explain` returned, read back from JSON.
        seed: the revealed seed; not needed for a record of an allocation by hand.

    Raises:
        AllocationError: the record has no levels or no list to replay, the seed is not 32 bytes or missing, or the
            arm of an allocation by hand is none of the list.
    """
    levels, list_id = record.get("levels"), record.get("list")
    if not isinstance(levels, Mapping) or not isinstance(list_id, str):
        raise AllocationError("the record has no levels or no list; give what explain() returned")
    if record.get("method") == BY_HAND:
        expected = allocate_by_hand(method, state, levels, str(record.get("arm")), list_id=list_id).explain()
    elif seed is None:
        raise AllocationError(f"the seed of list {list_id!r} is not given; a draw is replayed with it")
    else:
        expected = allocate(method, state, levels, seed=seed, list_id=list_id).explain()
    return tuple(
        f"{name}: recorded {record.get(name)!r}, replayed {value!r}"
        for name, value in expected.items()
        if name != "why" and (name not in record or record[name] != value)
    )


def _open_block(
    method: Method, state: ListState, levels: Mapping[str, str], seed: bytes, list_id: str
) -> OpenedBlock | None:
    sizes = method.block_sizes_due(state, levels)
    if not sizes:
        return None
    stratum = method.stratum(levels)
    number = state.at(stratum).blocks + 1
    if len(sizes) == 1:
        return OpenedBlock(number, sizes[0], None)
    integer = block_draw(seed, list_id, stratum, number)
    return OpenedBlock(number, choose(dict.fromkeys(sizes, Fraction(1, len(sizes))), integer), integer)


def _block_json(block: OpenedBlock) -> dict[str, Any]:
    return {
        "number": block.number,
        "size": block.size,
        "draw": None if block.draw is None else str(block.draw),
    }
