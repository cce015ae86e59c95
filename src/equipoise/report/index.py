"""The index over several trials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from equipoise import figures
from equipoise.analysis.results import Curve, Results
from equipoise.estimates import Estimate
from equipoise.figures import Figure, quote
from equipoise.figures.palette import arm_styles
from equipoise.protocol import Protocol
from equipoise.report import words
from equipoise.report.choose import (
    classes_formed_later,
    effects,
    events_by_arm,
    in_brief,
    overall,
    test_of,
)
from equipoise.report.headline import adjustment, short, test_words
from equipoise.report.page import environment, software_version
from equipoise.report.pictures import LATER_CLASSES, in_order


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
        warning: what is wrong with these curves.
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
    warning: str = ""


def index_row(protocol: Protocol, results: Results, href: str | None = None) -> IndexRow:
    """The row of one trial; `href` is `ID/report.html` if not given."""
    flow = results.flow
    primary = words.primary_endpoint(protocol) or ""
    label = words.endpoint_labels(protocol).get(primary, primary)
    counted = events_by_arm(results.of(primary))
    curves = _curves(protocol, results, primary)
    styles = arm_styles(tuple(curve.arm for curve in curves))
    warning = LATER_CLASSES if curves and classes_formed_later(results.of(curves[0].endpoint)) else ""
    title = f"{protocol.acronym or protocol.id}: {label}"
    picture = figures.sparkline(curves, title=title, warning=warning) if curves else None
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
        result=primary_result(protocol, results, primary),
        arms=tuple((arm, style.color) for arm, style in styles.items()),
        picture=picture,
        warning=warning,
    )


def _curves(protocol: Protocol, results: Results, primary: str) -> list[Curve]:
    """The curves of the primary endpoint, or of the one that it is a milestone of."""
    of = getattr(protocol.endpoints.get(primary), "of", primary)
    own = [curve for curve in results.curves if curve.endpoint == of]
    return in_order(protocol, [curve for curve in own if (curve.kind, curve.cause) == (own[0].kind, own[0].cause)])


def primary_result(protocol: Protocol, results: Results, endpoint: str) -> str:
    """The primary result in a line: the effects with what tells them apart, else one value for each arm."""
    everyone = overall(results.of(endpoint))
    found = [item for item in effects(everyone) if item.value is not None]
    if found:
        several = len({item.comparison for item in found}) < len(found)
        return "; ".join(_effect(protocol, item, everyone, name_method=several) for item in found)
    values = in_brief(everyone)
    if values:
        shown = words.by_arm_words(protocol, {item.arm or "": short(item) for item in values})
        return f"{words.measure_of(protocol, values[0])}: {shown}"
    return "no estimate"


def _effect(protocol: Protocol, effect: Estimate, everyone: Sequence[Estimate], *, name_method: bool) -> str:
    """`Hazard ratio, B versus A: 0.86 (90 % CI 0.69–1.07), one-sided p = 0.13`; its method too, if asked."""
    method = f" ({words.method_words(protocol, effect.method)})" if name_method else ""
    parts = (words.measure_of(protocol, effect), effect.comparison + method, adjustment(protocol, effect))
    text = f"{', '.join(filter(None, parts))}: {quote.value(effect, unit=True)}"
    test, limits = test_of(effect, everyone), quote.limits(effect)
    p = quote.p(test)
    if p and effect.adjusted_for:
        p += f" ({test_words(protocol, effect, test)})"
    return text + (f" ({limits})" if limits else "") + (f", {p}" if p else "")


def render_index(
    rows: Iterable[IndexRow | tuple[Protocol, Results]], *, title: str = "", software: str | None = None
) -> str:
    """One HTML document that lists trials and links to their reports; the same input gives the same bytes.

    Args:
        rows: a row for each trial, or its protocol and results, the report then being at `ID/report.html`.
        title: of the page; "Rehearsed trials" or "Trials" if not given.
        software: name and version of the software; ours if not given.
    """
    listed = [row if isinstance(row, IndexRow) else index_row(*row) for row in rows]
    rehearsal = bool(listed) and all(row.source == "rehearsal" for row in listed)
    context = {
        "title": title or ("Rehearsed trials" if rehearsal else "Trials"),
        "rows": [(row, _svg(row)) for row in listed],
        "rehearsal": rehearsal,
        "software": software or software_version(),
    }
    return environment().get_template("index.html.j2").render(context)


def _svg(row: IndexRow) -> Markup:
    """The picture; the SVG writer escapes every text in it."""
    return Markup("" if row.picture is None else row.picture.svg(f"curves-{row.trial}"))
