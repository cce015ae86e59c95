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
    drawing = _Drawing(ratios, _NARROW_LAYOUT if narrow else _WIDE_LAYOUT)
    words = favours or (f"Favours {first.arm}", f"Favours {first.reference}")
    height = drawing.draw(rows, title if show_title else "", words)
    return Figure(title, _describe(rows, title, words), drawing.layout.width, height, tuple(drawing.scene.marks))


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


class _Drawing:
    """The scene as it grows, and what every row needs to know."""

    def __init__(self, ratios: Sequence[Estimate], layout: _Layout) -> None:
        self.ratios = ratios
        self.layout = layout
        self.axis = _axis(ratios, layout)
        levels = {item.conf_level for item in ratios if item.conf_level is not None}
        self.common_level = next(iter(levels)) if len(levels) == 1 else None
        self.smallest_error = min((item.std_error for item in ratios if item.subgroup and item.std_error), default=None)
        self.scene = Scene()
        self.over = Scene()  # intervals: over the vertical lines, which are over the shading

    def draw(self, rows: Sequence[_Row], title: str, favours: tuple[str, str]) -> float:
        """Everything from top to bottom; returns the height."""
        y = self._columns(self._heading(title))
        spans: list[tuple[float, float]] = []
        for row in rows:
            end = self._row(row, y)
            if not self.layout.narrow:
                spans.append((y, end))
            elif row.estimate is not None:
                spans.append((end - 20, end - 5))  # beside the numbers, not through them
            y = end
        self._lines(spans)
        self.scene.marks += self.over.marks
        return self._foot(favours, y)

    def _heading(self, title: str) -> float:
        if not title:
            return 0.0
        y = 0.0
        for line in wrap(title, 15, self.layout.width, bold=True):
            y += 19
            self.scene.text(0, y, line, size=15, bold=True)
        return y + 10

    def _columns(self, y: float) -> float:
        """The heads of the columns."""
        scene, layout, first = self.scene, self.layout, self.ratios[0]
        name = "HR" if first.measure == "hazard ratio" else first.measure.capitalize()
        head = f"{name} ({level(self.common_level)}\u00a0CI)" if self.common_level else f"{name} (CI)"
        if layout.narrow:
            scene.text(0, y + 14, "Subgroup", bold=True)
            scene.text(0, y + 29, f"events/n: {first.arm}; {first.reference}", size=11, color=MUTED)
            scene.text(layout.text_at, y + 14, head, bold=True, anchor="end")
        else:
            scene.text(0, y + 29, "Subgroup", bold=True)
            middle = sum(layout.arm_at) / 2 - 8
            scene.text(middle, y + 14, "Events/participants", size=11, color=MUTED, anchor="middle")
            for at, arm in zip(layout.arm_at, (first.arm, first.reference), strict=True):
                scene.text(at, y + 29, arm or "", bold=True, anchor="end")
            scene.text(layout.text_at, y + 29, head, bold=True)
            if any(item.subgroup for item in self.ratios):
                scene.text(layout.width, y + 14, "p of", size=11, color=MUTED, anchor="end")
                scene.text(layout.width, y + 29, "interaction", size=11, color=MUTED, anchor="end")
        scene.line((0, y + 37), (layout.width, y + 37), color=RULE)
        return y + 41

    def _row(self, row: _Row, y: float) -> float:
        """One line of the forest; returns where it ends."""
        layout, item = self.layout, row.estimate
        strong = item is None or row.overall
        indent = 0.0 if strong else _INDENT
        labels = wrap(row.label, 12, (layout.label_width if item else layout.plot[1]) - indent, bold=strong)
        height = _LINE * len(labels) + (9 if item is None else 6)
        if layout.narrow and item is not None:
            height += _LINE - 2
        if row.overall:
            self.scene.box(0, y, layout.width, height, fill=WASH, stroke=None)
        base = y + height / 2 + 4 if len(labels) == 1 and not layout.narrow else y + 16
        for index, line in enumerate(labels):
            self.scene.text(indent, base + index * _LINE, line, bold=strong)
        if item is not None:
            self._numbers(item, base, y + height)
            self._interval(item, y + height - 13 if layout.narrow else base - 4)
        elif row.interaction:
            text = f"interaction p\u00a0{row.interaction}" if layout.narrow else row.interaction
            self.scene.text(layout.width, base, text, anchor="end", color=MUTED if layout.narrow else INK)
        return y + height

    def _numbers(self, item: Estimate, base: float, bottom: float) -> None:
        """Events, participants, the ratio and its interval, as text."""
        layout, overall = self.layout, not item.subgroup
        both = [quote.events_and_participants(item, arm) for arm in (item.arm, item.reference)]
        if layout.narrow:
            text = "; ".join(filter(None, both))
            self.scene.text(0 if overall else _INDENT, bottom - 8, text, size=11, color=MUTED)
        else:
            for at, text in zip(layout.arm_at, both, strict=True):
                self.scene.text(at, base, text, anchor="end")
        room = layout.width - (layout.label_width if layout.narrow else layout.text_at)
        line = wrap(_ratio_text(item, with_level=self.common_level is None), 12, room)[0]
        self.scene.text(layout.text_at, base, line, bold=overall, anchor="end" if layout.narrow else "start")

    def _interval(self, item: Estimate, y: float) -> None:
        """The interval, with a square at the estimate, or a diamond for all participants."""
        axis, over = self.axis, self.over
        if item.value is None or item.value <= 0:
            return
        low = item.conf_low if item.conf_low is not None and item.conf_low > 0 else axis.low / 2
        high = item.conf_high if item.conf_high is not None else axis.high * 2
        middle = axis(item.value)
        if not item.subgroup:
            over.area((axis(low), y), (middle, y - 7), (axis(high), y), (middle, y + 7), fill=INK)
            return
        if item.conf_level is not None:
            for limit, inside in ((low, low >= axis.low), (high, high <= axis.high)):
                draw = over.line if inside else over.arrow
                draw((middle, y), (axis(limit), y), width=1.3)
        half = self._side(item) / 2
        left, right = middle - half, middle + half
        over.area((left, y - half), (right, y - half), (right, y + half), (left, y + half), fill=INK)

    def _side(self, item: Estimate) -> float:
        """Side of the square: its area grows with the estimate's weight, 1/SE²."""
        if not item.std_error or self.smallest_error is None:
            return sum(_SQUARE) / 2
        return max(_SQUARE[0], _SQUARE[1] * self.smallest_error / item.std_error)

    def _lines(self, spans: list[tuple[float, float]]) -> None:
        """No effect, and the overall estimate, down the rows."""
        axis, end = self.axis, spans[-1][1]
        spans = [*spans, (end, end + 4)]
        self.scene.lines([[(axis(1), top), (axis(1), bottom)] for top, bottom in spans], color=MUTED)
        overall = next((item.value for item in self.ratios if not item.subgroup and item.value is not None), None)
        if overall is not None and axis.low < overall < axis.high:
            x = axis(overall)
            self.scene.lines([[(x, top), (x, bottom)] for top, bottom in spans], color=MUTED, dash=(2.0, 3.0))

    def _foot(self, favours: tuple[str, str], y: float) -> float:
        """The axis and the words for its two directions; returns where they end."""
        scene, axis = self.scene, self.axis
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
        left = wrap(f"←\u00a0{favours[0]}", 11, one - 8)
        right = wrap(f"{favours[1]}\u00a0→", 11, self.layout.width - one - 8)
        for index, line in enumerate(left):
            scene.text(one - 8, y + index * 14, line, size=11, anchor="end")
        for index, line in enumerate(right):
            scene.text(one + 8, y + index * 14, line, size=11)
        return y + 14 * (max(len(left), len(right)) - 1) + 8


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


def _ratio_text(item: Estimate, *, with_level: bool) -> str:
    if item.value is None:
        return item.reason
    if with_level or (item.conf_low is None and item.conf_high is None):
        return quote.value_and_limits(item)
    low, high = (None if limit is None else ratio(limit) for limit in (item.conf_low, item.conf_high))
    return f"{ratio(item.value)} ({interval(low, high)})"


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
