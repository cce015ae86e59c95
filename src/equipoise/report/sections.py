"""What the page says of each endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from equipoise import figures
from equipoise.analysis.results import Results
from equipoise.estimates import Estimate
from equipoise.figures import numbers, quote
from equipoise.protocol import Protocol
from equipoise.report import words
from equipoise.report.choose import effects, overall, test_of
from equipoise.report.headline import adjustment, test_words
from equipoise.report.pictures import Picture, curve_pictures, forest_pictures, markup
from equipoise.report.tables import (
    ArmTable,
    Row,
    SubgroupTable,
    arm_table,
    comparison_rows,
    subgroup_tables,
)


@dataclass(frozen=True, slots=True)
class Section:
    """One endpoint: its definition, figures and tables."""

    id: str
    label: str
    role: str
    definition: str
    rules: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    curves: tuple[Picture, ...]
    forests: tuple[Picture, ...]
    arms: ArmTable | None
    comparisons: tuple[Row, ...]
    subgroups: tuple[SubgroupTable, ...]


def section(protocol: Protocol, results: Results, name: str, estimates: Sequence[Estimate]) -> Section:
    """Everything about one endpoint."""
    endpoint = protocol.endpoints.get(name)
    label = words.endpoint_labels(protocol).get(name, name)
    notes = [endpoint.note] if endpoint is not None and endpoint.note else []
    notes += [item.note for item in protocol.analyses if item.endpoint == name and item.note]
    return Section(
        id=f"endpoint-{name}",
        label=label,
        role=endpoint.role if endpoint is not None else "sensitivity",
        definition=words.definition(protocol, endpoint) if endpoint is not None else "",
        rules=words.rules(endpoint),
        notes=tuple(dict.fromkeys(notes)),
        curves=tuple(curve_pictures(protocol, [c for c in results.curves if c.endpoint == name], label, estimates)),
        forests=tuple(forest_pictures(protocol, name, label, estimates)),
        arms=arm_table(protocol, estimates),
        comparisons=tuple(comparison_rows(protocol, estimates)),
        subgroups=tuple(subgroup_tables(protocol, estimates)),
    )


@dataclass(frozen=True, slots=True)
class PrimaryResult:
    """What stands in the box beside the headline."""

    label: str
    measure: str
    value: str
    unit: str
    limits: str
    p: str
    picture: Markup


def primary_result(protocol: Protocol, endpoint: str, estimates: Sequence[Estimate]) -> PrimaryResult | None:
    """The primary endpoint's effect, where there is one and only one."""
    found = effects(estimates)
    if len(found) != 1 or found[0].value is None:
        return None
    effect = found[0]
    test = test_of(effect, overall(estimates))
    favours = (f"favours {effect.arm}", f"favours {effect.reference}") if effect.unit == "ratio" else ("", "")
    label = words.endpoint_labels(protocol).get(endpoint, endpoint)
    title = ", ".join(
        filter(None, (words.measure_of(protocol, effect), effect.comparison, adjustment(protocol, effect)))
    )
    return PrimaryResult(
        label=label,
        measure=title,
        value=quote.value(effect),
        unit=numbers.unit_word(effect.unit, difference=quote.is_difference(effect)),
        limits=quote.limits(effect),
        p=f"{quote.p(test)} ({test_words(protocol, effect, test)})" if test.p_value is not None else "",
        picture=markup(figures.interval(effect, title=f"{label}: {title}", favours=favours), "primary-result"),
    )
