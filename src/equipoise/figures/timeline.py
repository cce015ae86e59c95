"""The timeline of a design: participants and expected events over the months of a trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.design.plan.timeline import Floats, Timeline
from equipoise.errors import DataError
from equipoise.figures.axis import Axis, month_ticks, tick_text
from equipoise.figures.figure import Figure
from equipoise.figures.palette import ARM_STYLES, GRID, INK, MUTED, ArmStyle
from equipoise.figures.scene import Scene
from equipoise.figures.typeface import text_width, wrap

WIDE, NARROW = 720.0, 340.0
_PLOT_HEIGHT = {WIDE: 280.0, NARROW: 215.0}
_ROW = 17.0
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where marks go, and how months and counts become pixels."""

    scene: Scene
    time: Axis
    count: Axis


def timeline(plan: Timeline, *, title: str = "", narrow: bool = False) -> Figure:
    """Participants enrolled, and events expected under each assumption.

    Args:
        plan: what is expected when.
        title: drawn above; it names the figure for a screen reader.
        narrow: the layout for a telephone, 340 instead of 720 pixels wide.

    Raises:
        DataError: fewer than two months.
    """
    if plan.months.size < 2:
        raise DataError("a timeline needs at least two months; give the months of the trial")
    width = NARROW if narrow else WIDE
    scene = Scene()
    y = 0.0
    for line in wrap(title, 15, width, bold=True) if title else []:
        y += 19
        scene.text(0, y, line, size=15, bold=True)
    y = _legend(scene, plan, width, y + 8)
    top, bottom = y + 18, y + 18 + _PLOT_HEIGHT[width]
    counts = _count_ticks(_highest(plan))
    gutter = max(text_width(tick_text(tick), 12) for tick in counts) + 12
    time = Axis(0.0, float(plan.months[-1]), gutter, width - 14)
    plot = _Plot(scene, time, Axis(0.0, counts[-1], bottom, top))
    _frame(plot, month_ticks(time.high, 6 if narrow else 13), counts)
    _required(plot, plan)
    _curve(plot, plan.months, plan.enrolled, ArmStyle(MUTED, ()))
    for style, values in zip(_styles(plan), plan.events.values(), strict=True):
        _curve(plot, plan.months, values, style)
    middle = (time.start + time.end) / 2
    scene.text(middle, bottom + 35, "Months since the first participant", anchor="middle", color=MUTED)
    y = _moments(plot, plan, width)
    return Figure(title or "Timeline", describe(plan), width, y + 6, tuple(scene.marks))


def describe(plan: Timeline) -> str:
    """The figure in sentences."""
    end = plan.months[-1]
    parts = [f"{plan.enrolled[-1]:.0f} participants are enrolled."]
    parts += [
        f"{values[-1]:.0f} {plan.unit} are expected by month {end:.0f}: {name}." for name, values in plan.events.items()
    ]
    if plan.required is not None:
        parts.append(f"The analysis waits for {plan.required:.0f} {plan.unit}.")
    parts += [f"Month {due.month:.0f}: {due.label}." for due in plan.moments]
    return " ".join(parts)


def _styles(plan: Timeline) -> list[ArmStyle]:
    return [ARM_STYLES[index % len(ARM_STYLES)] for index in range(len(plan.events))]


def _highest(plan: Timeline) -> float:
    return max(float(plan.enrolled[-1]), plan.required or 0.0, *(float(v[-1]) for v in plan.events.values()))


def _count_ticks(highest: float) -> list[float]:
    """Four to six round counts from 0 up, the last at or above `highest`."""
    size = 10 ** math.floor(math.log10(max(highest, 1.0) / 5))
    step = next(size * part for part in _STEPS if size * part * 5 >= highest)
    step = max(step, 1.0)
    return [step * index for index in range(math.ceil(highest / step - 1e-9) + 1)]


def _legend(scene: Scene, plan: Timeline, width: float, y: float) -> float:
    """A row for each curve; returns where they end."""
    entries = [(ArmStyle(MUTED, ()), "Participants")]
    entries += [
        (style, f"Expected {plan.unit}, {name}") for style, name in zip(_styles(plan), plan.events, strict=True)
    ]
    for style, label in entries:
        scene.line((2, y + 8), (32, y + 8), color=style.color, width=2.2, dash=style.dash)
        for line in wrap(label, 12, width - 40):
            scene.text(40, y + 12, line)
            y += _ROW
    return y


def _frame(plot: _Plot, months: Sequence[float], counts: Sequence[float]) -> None:
    """Axes, their ticks and a light grid."""
    scene, time, count = plot.scene, plot.time, plot.count
    for tick in counts:
        y = count(tick)
        if tick:
            scene.line((time.start, y), (time.end, y), color=GRID)
        scene.text(time.start - 8, y + 4, tick_text(tick), anchor="end")
    scene.line((time.start, count.end), (time.start, count.start), (time.end, count.start))
    for tick in months:
        x = time(tick)
        scene.line((x, count.start), (x, count.start + 5))
        scene.text(x, count.start + 18, tick_text(tick), anchor="middle")


def _required(plot: _Plot, plan: Timeline) -> None:
    """A rule at the events that the analysis waits for."""
    if plan.required is None:
        return
    y = plot.count(plan.required)
    plot.scene.line((plot.time.start, y), (plot.time.end, y), color=INK, dash=(1.5, 2.5))
    plot.scene.text(plot.time.start + 6, y - 5, f"{plan.required:.0f} {plan.unit} required", size=11)


def _curve(plot: _Plot, months: Floats, values: Floats, style: ArmStyle) -> None:
    points = [(plot.time(x), plot.count(y)) for x, y in zip(months.tolist(), values.tolist(), strict=True)]
    plot.scene.line(*points, color=style.color, width=2, dash=style.dash)


def _moments(plot: _Plot, plan: Timeline, width: float) -> float:
    """A numbered vertical rule for each moment, and what the numbers mean below; returns where they end."""
    top, bottom = plot.count.end, plot.count.start
    y = bottom + 52
    for number, due in enumerate(plan.moments, 1):
        x = plot.time(due.month)
        plot.scene.line((x, top), (x, bottom), color=MUTED, dash=(3.0, 3.0))
        plot.scene.text(x, top - 5, str(number), size=11, anchor="middle", color=MUTED, bold=True)
        for line in wrap(f"{number}  Month {due.month:.0f}: {due.label}", 12, width):
            plot.scene.text(0, y, line, color=MUTED)
            y += _ROW
    return y - _ROW + 4
