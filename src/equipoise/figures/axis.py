"""From data to pixels, and where to put ticks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 36, 48, 60, 120, 240, 480, 960)
_LOG_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 10.0, 20.0, 50.0, 100.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: data from `low` to `high` over the pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    scale: Callable[[float], float] = float

    def __call__(self, value: float) -> float:
        """The pixel of a value; values beyond the ends stay at the ends."""
        low, high = self.scale(self.low), self.scale(self.high)
        share = (self.scale(value) - low) / (high - low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def month_ticks(last: float, most: int, offered: Sequence[float] = ()) -> list[float]:
    """Ticks from 0 to `last` months, at most `most`: evenly taken from those offered, or multiples of a round step."""
    inside = sorted({0.0, *(time for time in offered if 0 <= time <= last + 1e-9)})
    if len(inside) > 1:
        for every in range(1, len(inside) + 1):
            taken = inside[::every]
            if len(taken) <= most and _even(taken):
                return taken
    step = next((s for s in _MONTH_STEPS if last / s <= most - 1), math.ceil(last / (most - 1)))
    return [float(step * index) for index in range(int(last / step + 1e-9) + 1)]


def _even(ticks: list[float]) -> bool:
    steps = [b - a for a, b in pairwise(ticks)]
    return not steps or max(steps) - min(steps) < 1e-6 * max(steps)


def log_ticks(low: float, high: float) -> list[float]:
    """Round ratios between two limits; 0.25 and 4 instead of 0.2 and 5 where the axis is short."""
    inside = [tick for tick in _LOG_TICKS if low * 0.999 <= tick <= high * 1.001]
    left_out = {0.2, 5.0} if high / low <= 40 else {0.25, 4.0, 0.02, 0.05, 20.0, 50.0}
    return [tick for tick in inside if tick not in left_out]


def tick_text(value: float) -> str:
    """A tick, without trailing zeros."""
    return f"{value:g}"
