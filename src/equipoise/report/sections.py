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
from equipoise.report.choose import overall, primary_effects, test_of
from equipoise.report.pictures import Picture, curve_pictures, forest_pictures, markup
from equipoise.report.tables import Row, row, rows


@dataclass(frozen=True, slots=True)
class Section:
    """One endpoint: its definition, figures and tables."""

    id: str
    label: str
    role: str
    definition: str
    notes: tuple[str, ...]
    curves: tuple[Picture, ...]
    forests: tuple[Picture, ...]
    rows: tuple[Row, ...]
    subgroups: tuple[Row, ...]


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
        notes=tuple(dict.fromkeys(notes)),
        curves=tuple(curve_pictures(protocol, [c for c in results.curves if c.endpoint == name], label, estimates)),
        forests=tuple(forest_pictures(protocol, name, label, estimates)),
        rows=tuple(rows(protocol, overall(estimates))),
        subgroups=tuple(row(protocol, item) for item in estimates if item.subgroup),
    )


@dataclass(frozen=True, slots=True)
class PrimaryResult:
    """What stands in the box beside the headline."""

    label: str
    measure: str
    value: str
    limits: str
    p: str
    picture: Markup


def primary_result(protocol: Protocol, endpoint: str, estimates: Sequence[Estimate]) -> PrimaryResult | None:
    """The primary endpoint's effect, where there is one and only one."""
    effects = primary_effects(estimates)
    if len(effects) != 1 or effects[0].value is None:
        return None
    effect = effects[0]
    test = test_of(effect, overall(estimates))
    at = f" at {effect.at:g}{numbers.NBSP}months" if effect.at is not None else ""
    favours = (f"favours {effect.arm}", f"favours {effect.reference}")
    label = words.endpoint_labels(protocol).get(endpoint, endpoint)
    title = f"{words.capitalised(effect.measure)}{at}, {effect.comparison}"
    figure = figures.interval(
        effect, title=f"{label}: {title}", favours=favours if effect.unit == "ratio" else ("", "")
    )
    return PrimaryResult(
        label=label,
        measure=title,
        value=quote.value(effect, unit=True),
        limits=quote.limits(effect),
        p=f"{quote.p(test)} ({test.p_method})" if test.p_value is not None else "",
        picture=markup(figure, "primary-result"),
    )
