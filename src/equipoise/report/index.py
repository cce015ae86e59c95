"""The index over several trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from equipoise import figures
from equipoise.analysis.results import Curve, Results
from equipoise.figures import Figure, numbers, quote
from equipoise.figures.palette import arm_styles
from equipoise.protocol import Protocol
from equipoise.report import words
from equipoise.report.choose import overall, primary_effects, test_of
from equipoise.report.headline import by_arm
from equipoise.report.page import environment, software_version


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One trial in the index.

    Attributes:
        trial: its id.
        title: its title.
        href: of its report, relative to the index.
        source: `rehearsal` or `trial data`.
        registered: how many passed the first step.
        allocated: how many have an arm.
        verb: `Randomised` or `Assigned`.
        events: of the primary endpoint; None where it has none.
        endpoint: label of the primary endpoint.
        result: the primary result in a line.
        arms: id and colour of each arm, for the legend of the picture.
        picture: curves of the primary endpoint.
    """

    trial: str
    title: str
    href: str
    source: str
    registered: int | None
    allocated: int | None
    verb: str
    events: int | None
    endpoint: str
    result: str
    arms: tuple[tuple[str, str], ...] = ()
    picture: Figure | None = None


def index_row(protocol: Protocol, results: Results, href: str | None = None) -> IndexRow:
    """The row of one trial; `href` is `ID/report.html` if not given."""
    flow = results.flow
    primary = words.primary_endpoint(protocol) or ""
    label = words.endpoint_labels(protocol).get(primary, primary)
    counted = next((item.events_by_arm for item in overall(results.of(primary)) if item.events_by_arm), None)
    curves = _curves(protocol, results, primary)
    styles = arm_styles(tuple(curve.arm for curve in curves))
    picture = figures.sparkline(curves, title=f"{protocol.acronym or protocol.id}: {label}") if curves else None
    return IndexRow(
        trial=protocol.id,
        title=protocol.title,
        href=href or f"{protocol.id}/report.html",
        source=results.source,
        registered=flow.steps[0].passed if flow is not None and flow.steps else None,
        allocated=sum(arm.allocated for arm in flow.arms) if flow is not None else None,
        verb=words.allocation_verb(protocol),
        events=sum(counted.values()) if counted else None,
        endpoint=label,
        result=primary_result(results, primary),
        arms=tuple((arm, style.color) for arm, style in styles.items()),
        picture=picture,
    )


def _curves(protocol: Protocol, results: Results, primary: str) -> list[Curve]:
    """The curves of the primary endpoint, or of the one that it is a milestone of."""
    of = getattr(protocol.endpoints.get(primary), "of", primary)
    own = [curve for curve in results.curves if curve.endpoint == primary]
    own = own or [curve for curve in results.curves if curve.endpoint == of]
    return [curve for curve in own if (curve.kind, curve.cause) == (own[0].kind, own[0].cause)]


def primary_result(results: Results, endpoint: str) -> str:
    """The primary result in a line: the effect if there is one, else values by arm."""
    everyone = overall(results.of(endpoint))
    effects = [item for item in primary_effects(everyone) if item.value is not None]
    if len(effects) == 1:
        effect = effects[0]
        p = quote.p(test_of(effect, everyone))
        at = f" at {effect.at:g}{numbers.NBSP}months" if effect.at is not None else ""
        name = "HR" if effect.measure == "hazard ratio" else words.capitalised(effect.measure)
        limits = quote.limits(effect)
        text = f"{name}{at} {effect.comparison} {quote.value(effect, unit=True)}{f' ({limits})' if limits else ''}"
        return f"{text}, {p}" if p else text
    values = by_arm(everyone)
    if values:
        return f"{words.capitalised(values[0])}: {', '.join(values[1])}"
    return "not given" if not everyone else quote.value_and_limits(everyone[0])


def render_index(rows: Sequence[IndexRow], *, title: str = "Trials", software: str | None = None) -> str:
    """One HTML document that lists trials and links to their reports; the same input gives the same bytes."""
    context = {
        "title": title,
        "rows": [(row, _svg(row)) for row in rows],
        "rehearsal": bool(rows) and all(row.source == "rehearsal" for row in rows),
        "software": software or software_version(),
    }
    return environment().get_template("index.html.j2").render(context)


def _svg(row: IndexRow) -> Markup:
    """The picture; the SVG writer escapes every text in it."""
    return Markup("" if row.picture is None else row.picture.svg(f"curves-{row.trial}"))
