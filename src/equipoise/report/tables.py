"""Estimates as the rows of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from equipoise.estimates import Estimate
from equipoise.figures import quote
from equipoise.figures.numbers import NBSP, count, decimal, level
from equipoise.protocol import Protocol
from equipoise.report.choose import by_arm, is_follow_up, is_test, overall
from equipoise.report.words import arms_in_order, capitalised, measure_of, method_words, until, value_words

_SYMBOLS = {"z": "z", "chi-squared": "χ²"}


@dataclass(frozen=True, slots=True)
class Row:
    """One estimate as text."""

    measure: str
    who: str
    value: str
    missing: bool
    limits: str
    p: str
    p_method: str
    sizes: tuple[str, ...]
    how: str


@dataclass(frozen=True, slots=True)
class Cell:
    """The value of one arm."""

    value: str
    missing: bool
    limits: str
    n: str


@dataclass(frozen=True, slots=True)
class ArmTable:
    """Values side by side: a row a measure, a column an arm.

    Attributes:
        columns: id, label, and events and participants of each arm, as far as they are the same in all rows.
        level: of the intervals; empty if they differ, and then each cell carries its own.
        rows: measure, cells in the order of the columns (None where an arm has no such value), and the method.
        method: of all rows, where they have it in common; the rows' own are empty then.
    """

    columns: tuple[tuple[str, str, str], ...]
    level: str
    rows: tuple[tuple[str, tuple[Cell | None, ...], str], ...]
    method: str


@dataclass(frozen=True, slots=True)
class SubgroupTable:
    """The subgroups of one variable, and the test of interaction."""

    variable: str
    interaction: str
    rows: tuple[Row, ...]


def who(estimate: Estimate) -> str:
    """The arm, the comparison, or all."""
    if estimate.arm is not None and estimate.reference is not None:
        return f"{estimate.arm} vs {estimate.reference}"
    return estimate.arm if estimate.arm is not None else "All"


def row(protocol: Protocol, estimate: Estimate, *, measure: str = "") -> Row:
    """One estimate as text."""
    value = quote.value(estimate, unit=True)
    if estimate.value is not None and estimate.unit in _SYMBOLS:
        value = f"{_SYMBOLS[estimate.unit]}{NBSP}={NBSP}{decimal(estimate.value, 2)}"
    return Row(
        measure=measure or measure_of(protocol, estimate),
        who=who(estimate),
        value=value,
        missing=estimate.value is None,
        limits=quote.limits(estimate),
        p=quote.p(estimate),
        p_method=method_words(protocol, estimate.p_method) if estimate.p_value is not None else "",
        sizes=_sizes(protocol, estimate.events_by_arm, estimate.n_by_arm),
        how="; ".join(filter(None, (how(protocol, estimate), estimate.remark))),
    )


def _sizes(protocol: Protocol, events: Mapping[str, int], participants: Mapping[str, int]) -> tuple[str, ...]:
    """Events of participants of each arm, `A: 115/200`; a dash stands for a number that is not given."""
    return tuple(
        f"{arm}:{NBSP}" + "/".join(count(numbers[arm]) if arm in numbers else "–" for numbers in (events, participants))
        for arm in arms_in_order(protocol, (*participants, *events))
    )


def how(protocol: Protocol, estimate: Estimate) -> str:
    """The method and what belongs to it."""
    parts = [capitalised(method_words(protocol, estimate.method))] if estimate.method else []
    if estimate.ties:
        parts.append(f"ties {capitalised(estimate.ties)}")
    for word, names in (("stratified by", estimate.strata), ("adjusted for", estimate.adjusted_for)):
        if names:
            labels = (method_words(protocol, name) for name in names)
            parts.append(f"{word} {', '.join(labels)}")
    if estimate.population not in ("", "itt"):
        parts.append(f"population: {estimate.population}")
    return "; ".join(parts)


def arm_table(protocol: Protocol, estimates: Iterable[Estimate]) -> ArmTable | None:
    """The values of single arms, side by side in the protocol's order; None if there are none."""
    values = by_arm(estimates)
    if not values:
        return None
    arms = arms_in_order(protocol, (item.arm or "" for item in values))
    levels = {item.conf_level for item in values if quote.limits(item)}
    common = next(iter(levels)) if len(levels) == 1 else None
    sizes = {arm: _same(protocol, [item for item in values if item.arm == arm]) for arm in arms}
    keyed: dict[tuple[str, str], dict[str, Estimate]] = {}
    for item in values:
        keyed.setdefault((measure_of(protocol, item), how(protocol, item)), {}).setdefault(item.arm or "", item)
    rows: list[tuple[str, tuple[Cell | None, ...], str]] = []
    for (measure, method), cells in keyed.items():
        notes = dict.fromkeys(item.remark for item in cells.values() if item.remark)
        row_cells = tuple(_cell(cells[arm], common, show_n=not sizes[arm]) if arm in cells else None for arm in arms)
        rows.append((measure, row_cells, "; ".join(filter(None, (method, *notes)))))
    methods = {method for _, _, method in rows}
    shared = methods.pop() if len(methods) == 1 else ""
    columns = tuple((arm, protocol.arms[arm].label if arm in protocol.arms else "", sizes[arm]) for arm in arms)
    return ArmTable(
        columns=columns,
        level=level(common) if common is not None else "",
        rows=tuple((measure, cells, "" if shared else method) for measure, cells, method in rows),
        method=shared,
    )


def _same(protocol: Protocol, estimates: Sequence[Estimate]) -> str:
    """Events and participants of one arm if all its values rest on the same ones; else empty."""
    # a share at a time rests on the events until then, and the column is of all follow-up where some value is
    timeless = [item for item in estimates if item.at is None] or estimates
    sizes = {(item.events_by_arm.get(item.arm or ""), item.n_by_arm.get(item.arm or "")) for item in timeless}
    events, participants = next(iter(sizes))
    participants_differ = len({item.n_by_arm.get(item.arm or "") for item in estimates}) > 1
    if len(sizes) > 1 or participants_differ or participants is None:
        return ""
    if events is None:
        return f"n{NBSP}={NBSP}{count(participants)}"
    if all(item.measure == "proportion" for item in estimates):
        return f"{count(events)} of {count(participants)}"
    by = until(protocol, estimates[0].endpoint)
    return f"{count(events)} {'event' if events == 1 else 'events'}{by} in {count(participants)}"


def _cell(estimate: Estimate, common: float | None, *, show_n: bool) -> Cell:
    limits = quote.limits(estimate)
    if common is not None:
        limits = limits.split(f"CI{NBSP}", 1)[-1]
    total = estimate.n_by_arm.get(estimate.arm or "")
    n = f"n{NBSP}={NBSP}{count(total)}" if show_n and total is not None else ""
    return Cell(quote.value(estimate, unit=True), estimate.value is None, limits, n)


def comparison_rows(protocol: Protocol, estimates: Iterable[Estimate]) -> list[Row]:
    """Everything that is not of a single arm: comparisons and tests as given, then the follow-up."""
    found = [item for item in overall(estimates) if item.arm is None or item.reference is not None]
    tests_of_more = [item for item in found if not is_follow_up(item)]
    return [row(protocol, item) for item in (*tests_of_more, *(item for item in found if is_follow_up(item)))]


def subgroup_tables(protocol: Protocol, estimates: Iterable[Estimate]) -> list[SubgroupTable]:
    """Subgroups by variable."""
    grouped: dict[tuple[str, ...], list[Estimate]] = {}
    for item in estimates:
        if item.subgroup:
            grouped.setdefault(tuple(item.subgroup), []).append(item)
    tables = []
    for names, items in grouped.items():
        labels = (protocol.dictionary[name].label if name in protocol.dictionary else name for name in names)
        tested = next((item for item in items if "interaction" in item.measure + item.p_method and quote.p(item)), None)
        interaction = (
            f"interaction: {quote.p(tested)} ({tested.p_method.removeprefix('interaction ')})" if tested else ""
        )
        rows = [row(protocol, item, measure=_values(protocol, item)) for item in items if not is_test(item)]
        tables.append(SubgroupTable(" and ".join(labels), interaction, tuple(rows)))
    return tables


def _values(protocol: Protocol, estimate: Estimate) -> str:
    return ", ".join(value_words(protocol, name, value) for name, value in estimate.subgroup.items())


def groups(estimates: Sequence[Estimate], order: Iterable[str]) -> dict[str, list[Estimate]]:
    """Estimates by endpoint, in the protocol's order, endpoints that it does not name last."""
    found: dict[str, list[Estimate]] = {name: [] for name in order}
    for item in estimates:
        found.setdefault(item.endpoint, []).append(item)
    return {name: items for name, items in found.items() if items}
