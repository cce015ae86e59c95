"""Survival and incidence curves by arm, with confidence bands, censoring ticks and numbers at risk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.analysis.results import Curve, Floats
from equipoise.estimates import Estimate
from equipoise.figures import quote
from equipoise.figures.axis import Axis, month_ticks, tick_text
from equipoise.figures.figure import Figure
from equipoise.figures.palette import GRID, INK, MUTED, RULE, ArmStyle, arm_styles
from equipoise.figures.scene import Scene
from equipoise.figures.step_curve import check_curves, describe, end_of, facts_of, last_time, median_of, placed, steps
from equipoise.figures.typeface import text_width, wrap

WIDE, NARROW = 720.0, 340.0
_PLOT_HEIGHT = {WIDE: 280.0, NARROW: 215.0}
_ROW = 17.0
_TICK = 3.5
_CEILINGS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)


def kaplan_meier(
    curves: Sequence[Curve],
    *,
    title: str = "",
    show_title: bool = True,
    estimates: Iterable[Estimate] = (),
    origin: str = "",
    value_label: str = "",
    warning: str = "",
    narrow: bool = False,
) -> Figure:
    """Curves of one endpoint, one for each arm.

    Args:
        curves: of one endpoint and one kind (and one cause, if they are incidences), in the order of the arms.
        title: the endpoint's label; its id if not given.
        show_title: whether to draw the title; it names the figure for a screen reader in any case.
        estimates: of this endpoint: medians and events for the legend, the comparisons below it.
        origin: where time starts, for the axis: `randomisation`.
        value_label: what the curves show, for the axis; made from the kind if not given.
        warning: what is wrong with the curves, such as a bias; drawn above them and said in the description.
        narrow: the layout for a telephone, 340 instead of 720 pixels wide.

    Raises:
        DataError: no curves, curves of several endpoints or kinds, or two of one arm.
    """
    check_curves(curves)
    width = NARROW if narrow else WIDE
    title = title or curves[0].endpoint
    found = [item for item in estimates if item.endpoint == curves[0].endpoint and not item.subgroup]
    arms = _arms(curves, found)
    scene = Scene()
    y = _heading(scene, title if show_title else "", width)
    y = _legend(scene, arms, width, y)
    y = _comparisons(scene, found, width, y)
    y = _warning(scene, warning, width, y)
    label = value_label or _value_label(curves[0])
    for line in wrap(label, 12, width):
        scene.text(0, y + 12, line, color=MUTED)
        y += _ROW
    y -= _ROW
    gutter = _gutter(curves, narrow)
    last = last_time(curves)
    time = Axis(0.0, last, gutter, width - 14)
    ceiling = _ceiling(curves)
    top = y + 24
    bottom = top + _PLOT_HEIGHT[width]
    share = Axis(0.0, ceiling, bottom, top)
    ticks = month_ticks(last, 6 if narrow else 13, curves[0].risk_times.tolist())
    _frame(scene, time, share, ticks, width)
    _medians(scene, arms, time, share)
    for arm in arms:
        _band(scene, arm, time, share)
    for arm in arms:
        _curve(scene, arm, time, share)
    caption = f"Months since {origin}" if origin else "Months"
    scene.text((time.start + time.end) / 2, bottom + 35, caption, anchor="middle", color=MUTED)
    height = _at_risk(scene, arms, time, ticks, bottom + 54)
    return Figure(
        title, describe(curves, found, title, origin, ticks, warning=warning), width, height + 6, tuple(scene.marks)
    )


@dataclass(frozen=True, slots=True)
class _Arm:
    """A curve, how it is drawn, and what its legend says."""

    curve: Curve
    style: ArmStyle
    facts: str
    median: float | None

    @property
    def name(self) -> str:
        """The arm's id."""
        return self.curve.arm


def _arms(curves: Sequence[Curve], estimates: Sequence[Estimate]) -> list[_Arm]:
    styles = arm_styles(tuple(curve.arm for curve in curves))
    arms = []
    for curve in curves:
        median = median_of(curve, estimates)
        arms.append(_Arm(curve, styles[curve.arm], facts_of(curve, estimates), median.value if median else None))
    return arms


def _heading(scene: Scene, title: str, width: float) -> float:
    """The title; returns where it ends."""
    if not title:
        return 0.0
    y = 4.0
    for line in wrap(title, 15, width, bold=True):
        y += 19
        scene.text(0, y - 5, line, size=15, bold=True)
    return y + 4


def _legend(scene: Scene, arms: Sequence[_Arm], width: float, y: float) -> float:
    """A row for each arm with its line, name, events and median; returns where it ends."""
    name_at = 40 + max(text_width(arm.name, 12, bold=True) for arm in arms) + 10
    room = width - name_at
    for arm in arms:
        label, facts, color = arm.curve.label, arm.facts, arm.style.color
        beside = width > NARROW and text_width(label, 12) + text_width(facts, 12) + 24 <= room
        scene.line((2, y + 8), (32, y + 8), color=color, width=2.2, dash=arm.style.dash)
        scene.text(40, y + 12, arm.name, bold=True, color=color)
        if beside:
            scene.text(width, y + 12, facts, anchor="end", color=MUTED)
        for line in wrap(label, 12, room):
            scene.text(name_at, y + 12, line)
            y += _ROW
        if facts and not beside:
            for line in wrap(facts, 12, room):
                scene.text(name_at, y + 12, line, color=MUTED)
                y += _ROW
    return y


def _comparisons(scene: Scene, estimates: Sequence[Estimate], width: float, y: float) -> float:
    """The hazard ratios, as text under the legend; returns where they end."""
    for item in estimates:
        if item.measure == "hazard ratio" and item.reference is not None:
            for line in wrap(f"Hazard ratio {item.comparison} {quote.value_and_limits(item)}", 12, width):
                scene.text(0, y + 14, line)
                y += _ROW
    return y + 8


def _warning(scene: Scene, warning: str, width: float, y: float) -> float:
    """What is wrong with the curves, in bold; returns where it ends."""
    if not warning:
        return y
    for line in wrap(_sentence(warning), 12, width, bold=True):
        scene.text(0, y + 10, line, bold=True)
        y += _ROW
    return y + 6


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _value_label(curve: Curve) -> str:
    if curve.kind == "survival":
        return "Event-free, %"
    of = f" of {curve.cause.replace('_', ' ').replace(':', ', ')}" if curve.cause else ""
    return f"Cumulative incidence{of}, %"


def _gutter(curves: Sequence[Curve], narrow: bool) -> float:
    """Space left of the axis: for its numbers, and for the arms' names before the numbers at risk."""
    name = max(text_width(curve.arm, 12, bold=True) for curve in curves)
    digits = max((text_width(str(int(curve.at_risk.max(initial=0))), 12) for curve in curves), default=0)
    return min(max(38.0, name + digits / 2 + 10), 74.0 if narrow else 160.0)


def _ceiling(curves: Sequence[Curve]) -> float:
    """The top of the axis: 100 % for survival, the next round share above an incidence and its limits."""
    if curves[0].kind == "survival":
        return 1.0
    highest = max((_highest(part) for curve in curves for part in (curve.value, curve.conf_high)), default=1.0)
    return next((value for value in _CEILINGS if highest <= value), 1.0)


def _highest(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if known.size else 0.0


def _frame(scene: Scene, time: Axis, share: Axis, ticks: Sequence[float], width: float) -> None:
    """Axes, their ticks and a light grid."""
    parts = 5 if round(share.high * 10) in (5, 10) else 4
    for index in range(parts + 1):
        value = share.high * index / parts
        y = share(value)
        if index:
            scene.line((time.start, y), (time.end, y), color=GRID)
        scene.text(time.start - 8, y + 4, tick_text(round(100 * value, 1)), anchor="end")
    scene.line((time.start, share.end), (time.start, share.start), (time.end, share.start), color=INK)
    for tick in ticks:
        x = time(tick)
        scene.line((x, share.start), (x, share.start + 5), color=INK)
        anchor_inside = x + text_width(tick_text(tick), 12) / 2 > width
        scene.text(
            width if anchor_inside else x,
            share.start + 18,
            tick_text(tick),
            anchor="end" if anchor_inside else "middle",
        )


def _medians(scene: Scene, arms: Sequence[_Arm], time: Axis, share: Axis) -> None:
    """Thin dotted lines from the half to each median."""
    reached = [(arm, arm.median) for arm in arms if arm.median is not None and arm.median <= time.high]
    if not reached:
        return
    y = share(0.5)
    last = time(max(median for _, median in reached))
    scene.line((time.start, y), (last, y), color=MUTED, dash=(1.5, 2.5))
    for arm, median in reached:
        scene.line((time(median), y), (time(median), share.start), color=arm.style.color, dash=(1.5, 2.5))


def _band(scene: Scene, arm: _Arm, time: Axis, share: Axis) -> None:
    """The confidence band."""
    curve = arm.curve
    if not np.isfinite(curve.conf_low).any():
        return
    last = end_of(curve)
    low = placed(steps(curve, curve.conf_low, last), time, share)
    high = placed(steps(curve, curve.conf_high, last), time, share)
    scene.area(*high, *reversed(low), fill=arm.style.color, opacity=0.13)


def _curve(scene: Scene, arm: _Arm, time: Axis, share: Axis) -> None:
    """The curve, and a tick where a participant is censored."""
    curve, style = arm.curve, arm.style
    scene.line(
        *placed(steps(curve, curve.value, end_of(curve)), time, share), color=style.color, width=2, dash=style.dash
    )
    if curve.kind != "survival":
        return
    values = np.concatenate(([1.0], curve.value))
    places = np.searchsorted(curve.time, curve.censored, side="right")
    spots = {
        (round(time(moment), 1), round(share(float(values[place])), 1))
        for moment, place in zip(curve.censored.tolist(), places.tolist(), strict=True)
    }
    ticks = [[(x, y - _TICK), (x, y + _TICK)] for x, y in sorted(spots)]
    scene.lines(ticks, color=style.color, width=0.9)


def _at_risk(scene: Scene, arms: Sequence[_Arm], time: Axis, ticks: Sequence[float], y: float) -> float:
    """The numbers at risk under the ticks; returns where they end."""
    if not any(arm.curve.risk_times.size for arm in arms):
        return y - 14
    scene.line((0, y), (time.end + 14, y), color=RULE)
    y += 17
    scene.text(0, y, "Number at risk", bold=True)
    for arm in arms:
        y += _ROW
        counts = dict(zip(np.round(arm.curve.risk_times, 6).tolist(), arm.curve.at_risk.tolist(), strict=True))
        scene.text(0, y, arm.name, bold=True, color=arm.style.color)
        room = time.start - text_width(str(counts.get(0.0, "")), 12) / 2 - 4
        if text_width(arm.name, 12, bold=True) > room:
            y += _ROW
        for tick in ticks:
            if round(tick, 6) in counts:
                scene.text(time(tick), y, str(counts[round(tick, 6)]), anchor="middle")
    return y + 4
