"""One ratio or difference with its interval, as a small picture beside its number."""

from __future__ import annotations

import math

from equipoise.errors import DataError
from equipoise.estimates import Estimate
from equipoise.figures import quote
from equipoise.figures.axis import Axis, log_ticks, tick_text
from equipoise.figures.figure import Figure
from equipoise.figures.palette import INK, MUTED
from equipoise.figures.scene import Scene
from equipoise.figures.typeface import wrap

_WIDTH, _HEIGHT = 260.0, 74.0


def interval(estimate: Estimate, *, title: str = "", favours: tuple[str, str] = ("", "")) -> Figure:
    """The estimate and its interval against no effect, 260 by 74 pixels.

    Args:
        estimate: a comparison: a ratio is drawn on a logarithmic axis, a difference on a linear one.
        title: what it is; made from the estimate if not given.
        favours: the words left and right of no effect.

    Raises:
        DataError: the estimate has no value, or compares nothing.
    """
    null = estimate.null_value
    if estimate.value is None or null is None:
        raise DataError(f"{estimate.endpoint} {estimate.measure}: nothing to draw; give a comparison that has a value")
    axis = _axis(estimate, null)
    scene = Scene()
    y, floor = 17.0, 36.0
    x = axis(null)
    scene.line((x, 4), (x, floor), color=MUTED, dash=(2.0, 3.0))
    scene.line((axis.start, floor), (axis.end, floor), color=MUTED)
    low = axis.low if estimate.conf_low is None else estimate.conf_low
    high = axis.high if estimate.conf_high is None else estimate.conf_high
    if estimate.conf_level is not None:
        scene.line((axis(low), y), (axis(high), y), width=2)
    middle = axis(estimate.value)
    scene.area((middle - 6, y), (middle, y - 6), (middle + 6, y), (middle, y + 6), fill=INK)
    ticks = log_ticks(axis.low, axis.high) if estimate.unit == "ratio" else [null]
    for tick in ticks:
        scene.line((axis(tick), floor), (axis(tick), floor + 4), color=MUTED)
        scene.text(axis(tick), floor + 17, tick_text(tick), size=11, anchor="middle", color=MUTED)
    left = wrap(f"←\u00a0{favours[0]}", 11, x - 8)[0] if favours[0] else ""
    right = wrap(f"{favours[1]}\u00a0→", 11, _WIDTH - x - 8)[0] if favours[1] else ""
    scene.text(x - 8, _HEIGHT - 5, left, size=11, anchor="end", color=MUTED)
    scene.text(x + 8, _HEIGHT - 5, right, size=11, color=MUTED)
    title = title or f"{estimate.endpoint} {estimate.measure} {estimate.comparison}"
    return Figure(title, f"{title}: {quote.value_and_limits(estimate)}.", _WIDTH, _HEIGHT, tuple(scene.marks))


def _axis(estimate: Estimate, null: float) -> Axis:
    """Symmetric around no effect, so that both directions have the same room."""
    values = [item for item in (estimate.value, estimate.conf_low, estimate.conf_high) if item is not None]
    if estimate.unit == "ratio":
        reach = max([math.log(2.2), *(abs(math.log(item / null)) for item in values if item > 0)]) * 1.05
        return Axis(null * math.exp(-reach), null * math.exp(reach), 8, _WIDTH - 8, scale=math.log)
    reach = max(abs(item - null) for item in values) * 1.15 or 1.0
    return Axis(null - reach, null + reach, 8, _WIDTH - 8)
