"""The figures of a page, each in a wide and a narrow layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from equipoise import figures
from equipoise.analysis.results import Curve, Results
from equipoise.estimates import Estimate
from equipoise.figures import Figure, numbers
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import TimeToEvent
from equipoise.report import words
from equipoise.report.choose import by_arm, classes_formed_later, effects, stands

LATER_CLASSES = "biased: classes formed by later response (guarantee-time)"
"""What stands by every curve of such classes."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure in its two layouts, as SVG, with its caption."""

    wide: Markup
    narrow: Markup
    caption: str


def markup(figure: Figure, id: str) -> Markup:
    """A figure as part of a page; the SVG writer escapes every text in it."""
    return Markup(figure.svg(id))


def flow_picture(protocol: Protocol, results: Results) -> Picture | None:
    """The participant flow, if there is one."""
    if results.flow is None:
        return None
    verb = words.allocation_verb(protocol)
    wide, narrow = (figures.flow(results.flow, show_title=False, allocation=verb, narrow=n) for n in (False, True))
    return Picture(markup(wide, "flow-wide"), markup(narrow, "flow-narrow"), "")


def curve_pictures(
    protocol: Protocol, curves: Sequence[Curve], label: str, estimates: Sequence[Estimate]
) -> Iterator[Picture]:
    """A picture for each kind of curve and each cause, arms in the protocol's order."""
    by_kind: dict[tuple[str, str], list[Curve]] = {}
    for curve in in_order(protocol, curves):
        by_kind.setdefault((curve.kind, curve.cause), []).append(curve)
    # several ratios of one comparison (a landmark, a time-dependent arm) stand in the table, each with its method
    ratios = effects(estimates)
    crowded = len(ratios) > len({item.comparison for item in ratios}) or len(ratios) > 3
    shown = [*by_arm(estimates), *(() if crowded else ratios)]
    warning = LATER_CLASSES if classes_formed_later(estimates) else ""
    for index, ((kind, cause), own) in enumerate(by_kind.items()):
        endpoint = protocol.endpoints.get(own[0].endpoint)
        origin = endpoint.origin if isinstance(endpoint, TimeToEvent) else ""
        of = _counted(protocol, own[0].endpoint, cause, label) if kind == "incidence" else ""
        wide, narrow = (
            figures.kaplan_meier(
                own,
                title=f"{label}: cumulative incidence{of}" if kind == "incidence" else label,
                show_title=False,
                estimates=shown,
                origin=words.origin_words(protocol, origin),
                warning=warning,
                value_label=words.value_label(protocol, own[0].endpoint, kind),
                narrow=n,
            )
            for n in (False, True)
        )
        stem = f"curves-{own[0].endpoint}-{index}"
        what = "Kaplan–Meier estimate" if kind == "survival" else f"Cumulative incidence{of}, Aalen–Johansen estimate,"
        ticks = "; ticks are censored participants" if kind == "survival" else ""
        entry = "registration" if warning else "allocation"  # a class is known after time starts to count
        late = f"; nobody is at risk before {entry} (delayed entry)" if _enter_late(own) else ""
        caption = f"{label}. {what} with {numbers.level(own[0].conf_level)} pointwise limits{ticks}{late}."
        caption += f" {words.capitalised(warning)}." if warning else ""
        yield Picture(markup(wide, f"{stem}-wide"), markup(narrow, f"{stem}-narrow"), caption)


def _counted(protocol: Protocol, endpoint: str, cause: str, label: str) -> str:
    """The event that an incidence counts, ` of death (breast cancer)`."""
    event = words.counted_event(protocol, endpoint) or (cause if cause != label else "")
    return f" of {event}" if event else ""


def _enter_late(curves: Sequence[Curve]) -> bool:
    """Whether nobody is at risk at time 0, though there are participants."""
    return all(curve.at_risk.size and not curve.at_risk[0] and curve.at_risk.any() for curve in curves)


def in_order(protocol: Protocol, curves: Sequence[Curve]) -> list[Curve]:
    """In the protocol's order of arms, so that an arm has the same colour in every figure."""
    order = {arm: place for place, arm in enumerate(protocol.arms)}
    return sorted(curves, key=lambda curve: order.get(curve.arm, len(order)))


def forest_pictures(protocol: Protocol, name: str, label: str, estimates: Sequence[Estimate]) -> Iterator[Picture]:
    """A forest plot for each comparison that has subgroups."""
    ratios = [item for item in estimates if item.unit == "ratio" and item.reference is not None and stands(item)]
    comparisons = dict.fromkeys((item.measure, item.arm, item.reference) for item in ratios if item.subgroup)
    for index, (measure, arm, reference) in enumerate(comparisons):
        own = [item for item in ratios if (item.measure, item.arm, item.reference) == (measure, arm, reference)]
        tests = [item for item in estimates if "interaction" in item.measure and item not in own]
        title = f"{label}, {measure} of {arm} versus {reference} by subgroup"
        wide, narrow = (
            figures.forest([*own, *tests], title=title, show_title=False, variables=protocol.dictionary, narrow=n)
            for n in (False, True)
        )
        stem = f"forest-{name}-{index}"
        caption = (
            f"{title}. The area of a square grows with its weight. Subgroups are not sized for tests of their own."
        )
        yield Picture(markup(wide, f"{stem}-wide"), markup(narrow, f"{stem}-narrow"), caption)
