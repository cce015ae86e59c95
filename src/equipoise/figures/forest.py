"""Forest plot of a ratio by subgroup, the whole population on top."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from equipoise.errors import DataError
from equipoise.estimates import Estimate
from equipoise.figures import quote
from equipoise.figures.axis import Axis, log_ticks, tick_text
from equipoise.figures.figure import Figure
from equipoise.figures.numbers import interval, level, p_value, ratio
from equipoise.figures.palette import INK, MUTED, RULE, WASH
from equipoise.figures.scene import Scene
from equipoise.figures.typeface import text_width, wrap
from equipoise.protocol.model.variables import Variable

WIDE, NARROW = 720.0, 340.0
_LINE = 16.0
_LOWEST, _HIGHEST = 0.04, 25.0
_SQUARE = (5.0, 11.0)
_INDENT = 12.0


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the columns are."""

    width: float
    label_width: float
    arm_at: tuple[float, float]
    plot: tuple[float, float]
    text_at: float
    narrow: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the forest: a subgroup's variable, or an estimate."""

    label: str
    estimate: Estimate | None = None
    interaction: str = ""
    overall: bool = False


_WIDE_LAYOUT = _Layout(WIDE, 186, (248, 314), (334, 532), 548, narrow=False)
_NARROW_LAYOUT = _Layout(NARROW, 150, (0, 0), (164, 334), NARROW, narrow=True)


def forest(
    estimates: Sequence[Estimate],
    *,
    title: str = "",
    show_title: bool = True,
    variables: Mapping[str, Variable] | None = None,
    favours: tuple[str, str] | None = None,
    narrow: bool = False,
) -> Figure:
    """A ratio in all participants and in subgroups, on a logarithmic axis.

    Estimates that are no ratio of two arms are passed over, but for the p-values of interactions: those whose
    `p_method` or `measure` speaks of an interaction, told apart by the variable in `subgroup`.

    Args:
        estimates: of one endpoint and one comparison.
        title: what is compared; made from the estimates if not given.
        show_title: whether to draw the title; it names the figure for a screen reader in any case.
        variables: of the data dictionary, for the labels of subgroups.
        favours: the words left and right of no effect; the arms' names if not given, which is right where the
            event is a harm.
        narrow: the layout for a telephone, 340 instead of 720 pixels wide.

    Raises:
        DataError: no ratio to draw, or ratios of several endpoints or comparisons.
    """
    ratios = [item for item in estimates if item.unit == "ratio" and item.reference is not None]
    ratios = [item for item in ratios if "interaction" not in item.measure]
    _check(ratios)
    first = ratios[0]
    title = title or f"{first.measure.capitalize()} of {first.endpoint}, {first.comparison}"
    rows = _rows(ratios, _interactions(estimates), variables or {})
    layout = _NARROW_LAYOUT if narrow else _WIDE_LAYOUT
    axis = _axis(ratios, layout)
    scene = Scene()
    y = _heading(scene, title if show_title else "", layout)
    y = _columns(scene, ratios, layout, y)
    marks = Scene()  # over the vertical lines, which are over the shading
    spans: list[tuple[float, float]] = []
    for row in rows:
        end = _row(scene, marks, row, ratios, layout, axis, y)
        if not layout.narrow:
            spans.append((y, end))
        elif row.estimate is not None:
            spans.append((end - 2 * _LINE + 10, end))  # beside the numbers, not through them
        y = end
    _lines(scene, ratios, axis, spans)
    scene.marks += marks.marks
    words = favours or (f"Favours {first.arm}", f"Favours {first.reference}")
    y = _foot(scene, axis, layout, words, y)
    return Figure(title, _describe(rows, title, words), layout.width, y, tuple(scene.marks))


def _check(ratios: Sequence[Estimate]) -> None:
    if not ratios:
        raise DataError("no ratio of two arms among the estimates; a forest plot draws hazard ratios and their like")
    if len({(item.endpoint, item.measure, item.arm, item.reference) for item in ratios}) > 1:
        raise DataError("ratios of several endpoints, measures or comparisons; draw one forest plot for each")


def _interactions(estimates: Sequence[Estimate]) -> dict[str, str]:
    """The p-value of the interaction with each variable, as text."""
    found: dict[str, str] = {}
    for item in estimates:
        if "interaction" in item.measure or "interaction" in item.p_method:
            for variable in item.subgroup:
                if item.p_value is not None:
                    found.setdefault(variable, p_value(item.p_value).removeprefix("=\u00a0"))
    return found


def _rows(ratios: Sequence[Estimate], interactions: Mapping[str, str], variables: Mapping[str, Variable]) -> list[_Row]:
    """The overall estimates, then each variable with its values."""
    rows = [_Row(item.note if index else "All participants", item, overall=True) for index, item in _overall(ratios)]
    groups: dict[tuple[str, ...], list[Estimate]] = {}
    for item in ratios:
        if item.subgroup:
            groups.setdefault(tuple(item.subgroup), []).append(item)
    for names, items in groups.items():
        header = " and ".join(variables[name].label if name in variables else name for name in names)
        rows.append(_Row(header, interaction=" and ".join(filter(None, map(interactions.get, names)))))
        for item in items:
            label = ", ".join(value_label(variables, name, value) for name, value in item.subgroup.items())
            rows.append(_Row(label, item))
    return rows


def _overall(ratios: Sequence[Estimate]) -> list[tuple[int, Estimate]]:
    return list(enumerate(item for item in ratios if not item.subgroup))


def value_label(variables: Mapping[str, Variable], name: str, value: str) -> str:
    """The label of a variable's value."""
    values = variables[name].values if name in variables else None
    return (values or {}).get(value, value)


def _axis(ratios: Sequence[Estimate], layout: _Layout) -> Axis:
    """Wide enough for every interval, within reason; an interval that leaves it ends in an arrow."""
    limits = [
        value
        for item in ratios
        for value in (item.value, item.conf_low, item.conf_high)
        if value is not None and value > 0
    ]
    low = max(min([0.5, *limits]) * 0.92, _LOWEST)
    high = min(max([2.0, *limits]) * 1.08, _HIGHEST)
    return Axis(low, high, *layout.plot, scale=math.log)


def _heading(scene: Scene, title: str, layout: _Layout) -> float:
    y = 0.0
    if title:
        for line in wrap(title, 15, layout.width, bold=True):
            y += 19
            scene.text(0, y, line, size=15, bold=True)
        y += 10
    return y


def _columns(scene: Scene, ratios: Sequence[Estimate], layout: _Layout, y: float) -> float:
    """The heads of the columns."""
    first = ratios[0]
    name = "HR" if first.measure == "hazard ratio" else first.measure.capitalize()
    head = f"{name} ({level(_common_level(ratios) or 0)}\u00a0CI)" if _common_level(ratios) else f"{name} (CI)"
    if layout.narrow:
        scene.text(0, y + 14, "Subgroup", bold=True)
        scene.text(0, y + 29, f"events/n: {first.arm}; {first.reference}", size=11, color=MUTED)
        scene.text(layout.text_at, y + 14, head, bold=True, anchor="end")
        y += 37
    else:
        scene.text(0, y + 29, "Subgroup", bold=True)
        scene.text(sum(layout.arm_at) / 2 - 8, y + 14, "Events/participants", size=11, color=MUTED, anchor="middle")
        for at, arm in zip(layout.arm_at, (first.arm, first.reference), strict=True):
            scene.text(at, y + 29, arm or "", bold=True, anchor="end")
        scene.text(layout.text_at, y + 29, head, bold=True)
        if any(item.subgroup for item in ratios):
            scene.text(layout.width, y + 14, "p of", size=11, color=MUTED, anchor="end")
            scene.text(layout.width, y + 29, "interaction", size=11, color=MUTED, anchor="end")
        y += 37
    scene.line((0, y), (layout.width, y), color=RULE)
    return y + 4


def _common_level(ratios: Sequence[Estimate]) -> float | None:
    """The level of the intervals if they have one in common."""
    levels = {item.conf_level for item in ratios if item.conf_level is not None}
    return next(iter(levels)) if len(levels) == 1 else None


def _row(
    scene: Scene,
    marks: Scene,
    row: _Row,
    ratios: Sequence[Estimate],
    layout: _Layout,
    axis: Axis,
    y: float,
) -> float:
    """One line of the forest; returns where it ends."""
    strong = row.estimate is None or row.overall
    indent = 0.0 if strong else _INDENT
    room = (layout.label_width if row.estimate else layout.plot[1]) - indent
    labels = wrap(row.label, 12, room, bold=strong)
    height = _LINE * len(labels) + 6
    if layout.narrow and row.estimate is not None:
        height = max(height + _LINE - 2, 2 * _LINE + 6)
    elif row.estimate is None:
        height += 3
    if row.overall:
        scene.box(0, y, layout.width, height, fill=WASH, stroke=None)
    base = y + height / 2 + 4 if len(labels) == 1 and not layout.narrow else y + 16
    for index, line in enumerate(labels):
        scene.text(indent, base + index * _LINE, line, bold=strong)
    if row.estimate is None:
        _interaction(scene, row, layout, base)
        return y + height
    _numbers(scene, row, ratios, layout, base, y + height)
    _interval(marks, row, ratios, axis, y + height - 13 if layout.narrow else base - 4)
    return y + height


def _interaction(scene: Scene, row: _Row, layout: _Layout, base: float) -> None:
    if row.interaction:
        text = f"interaction p {row.interaction}" if layout.narrow else row.interaction
        scene.text(layout.width, base, text, anchor="end", color=MUTED if layout.narrow else INK)


def _numbers(scene: Scene, row: _Row, ratios: Sequence[Estimate], layout: _Layout, base: float, bottom: float) -> None:
    """Events, participants, the ratio and its interval, as text."""
    item = row.estimate
    assert item is not None
    both = [quote.events_and_participants(item, arm) for arm in (item.arm, item.reference)]
    if layout.narrow:
        indent = 0.0 if row.overall else _INDENT
        scene.text(indent, bottom - 8, "; ".join(filter(None, both)), size=11, color=MUTED)
    else:
        for at, text in zip(layout.arm_at, both, strict=True):
            scene.text(at, base, text, anchor="end")
    text = _ratio_text(item, with_level=_common_level(ratios) is None)
    room = layout.width - layout.label_width if layout.narrow else layout.width - layout.text_at
    text = wrap(text, 12, room)[0]
    scene.text(layout.text_at, base, text, bold=row.overall, anchor="end" if layout.narrow else "start")


def _ratio_text(item: Estimate, *, with_level: bool) -> str:
    if item.value is None:
        return item.note
    if with_level or (item.conf_low is None and item.conf_high is None):
        return quote.value_and_limits(item)
    low, high = (None if limit is None else ratio(limit) for limit in (item.conf_low, item.conf_high))
    return f"{ratio(item.value)} ({interval(low, high)})"


def _interval(scene: Scene, row: _Row, ratios: Sequence[Estimate], axis: Axis, y: float) -> None:
    """The interval, with a square at the estimate, or a diamond for all participants."""
    item = row.estimate
    if item is None or item.value is None or item.value <= 0:
        return
    low = item.conf_low if item.conf_low is not None and item.conf_low > 0 else axis.low / 2
    high = item.conf_high if item.conf_high is not None else axis.high * 2
    middle = axis(item.value)
    if row.overall:
        scene.area((axis(low), y), (middle, y - 7), (axis(high), y), (middle, y + 7), fill=INK)
        return
    if item.conf_level is not None:
        for limit, inside in ((low, low >= axis.low), (high, high <= axis.high)):
            if inside:
                scene.line((middle, y), (axis(limit), y), width=1.3)
            else:
                scene.arrow((middle, y), (axis(limit), y), width=1.3)
    half = _side(item, ratios) / 2
    corners = (
        (middle - half, y - half),
        (middle + half, y - half),
        (middle + half, y + half),
        (middle - half, y + half),
    )
    scene.area(*corners, fill=INK)


def _side(item: Estimate, ratios: Sequence[Estimate]) -> float:
    """Side of the square: its area grows with the estimate's weight, 1/SE²."""
    smallest = min((other.std_error for other in ratios if other.subgroup and other.std_error), default=None)
    if not item.std_error or smallest is None:
        return sum(_SQUARE) / 2
    return max(_SQUARE[0], _SQUARE[1] * smallest / item.std_error)


def _lines(scene: Scene, ratios: Sequence[Estimate], axis: Axis, spans: Sequence[tuple[float, float]]) -> None:
    """No effect, and the overall estimate, down the rows."""
    spans = [*spans, (spans[-1][1], spans[-1][1] + 4)]
    scene.lines([[(axis(1), top), (axis(1), bottom)] for top, bottom in spans], color=MUTED)
    overall = next((item.value for item in ratios if not item.subgroup and item.value is not None), None)
    if overall is not None and axis.low < overall < axis.high:
        x = axis(overall)
        scene.lines([[(x, top), (x, bottom)] for top, bottom in spans], color=MUTED, dash=(2.0, 3.0))


def _foot(scene: Scene, axis: Axis, layout: _Layout, favours: tuple[str, str], y: float) -> float:
    """The axis and the words for its two directions."""
    y += 4
    scene.line((axis.start, y), (axis.end, y))
    free = -math.inf
    for tick in log_ticks(axis.low, axis.high):
        x, half = axis(tick), text_width(tick_text(tick), 11) / 2
        scene.line((x, y), (x, y + 4))
        if x - half > free:
            scene.text(x, y + 17, tick_text(tick), size=11, anchor="middle")
            free = x + half + 5
    one = axis(1)
    y += 34
    words = (f"←\u00a0{favours[0]}", f"{favours[1]}\u00a0→")
    left, right = (wrap(word, 11, room) for word, room in zip(words, _rooms(layout, one), strict=True))
    for index, line in enumerate(left):
        scene.text(one - 8, y + index * 14, line, size=11, anchor="end")
    for index, line in enumerate(right):
        scene.text(one + 8, y + index * 14, line, size=11)
    return y + 14 * (max(len(left), len(right)) - 1) + 8


def _rooms(layout: _Layout, one: float) -> tuple[float, float]:
    """How wide the words left and right of no effect may be."""
    return one - 8, layout.width - one - 8


def _describe(rows: Sequence[_Row], title: str, favours: tuple[str, str]) -> str:
    """The figure in sentences."""
    parts = [f"Forest plot: {title}. Below 1: {_uncapitalised(favours[0])}; above 1: {_uncapitalised(favours[1])}."]
    for row in rows:
        if row.estimate is None:
            parts.append(f"{row.label}{': interaction p ' + row.interaction if row.interaction else ''}.")
        else:
            parts.append(f"{row.label}: {quote.value_and_limits(row.estimate)}.")
    return " ".join(parts)


def _uncapitalised(text: str) -> str:
    return text[:1].lower() + text[1:]
