"""Published results: whether ratio, interval, p-value, medians and numbers of participants fit one another."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from equipoise.checker.finding import Finding, error, note, warning
from equipoise.design.formulas import implied_events, log_standard_error, p_of
from equipoise.estimates import Estimate
from equipoise.protocol import Protocol
from equipoise.protocol.model.trial import Path
from equipoise.protocol.printed import of_float

_BOUND = re.compile(r"\bp\b[^.;,]*<\s*0?\.\d+")
_LEVELS = (0.90, 0.95, 0.99)
_SMALLEST = 1e-6
"""A ratio beyond is no estimate."""
_FAR_FROM_CENTRE = 0.25
"""Standard errors that a ratio may lie from the middle of its interval; likelihood intervals are not quite even."""


@dataclass(frozen=True, slots=True)
class _Ratio:
    """A reported ratio with its interval."""

    path: Path
    estimate: Estimate
    value: float
    low: float
    high: float
    level: float
    half: float

    @property
    def std_error(self) -> float:
        return log_standard_error(self.low, self.high, self.level)

    def p_range(self, level: float, sides: int) -> tuple[float, float]:
        """The p-values that numbers rounded to the printed digits can have come from."""
        found = []
        for ways in product((-1, 0, 1), repeat=3):
            value, low, high = (
                x + way * self.half for x, way in zip((self.value, self.low, self.high), ways, strict=True)
            )
            if 0 < low < high and value > 0:
                found.append(p_of(math.log(value) / log_standard_error(low, high, level), sides))
        return min(found), max(found)

    @property
    def name(self) -> str:
        """As a message speaks of it."""
        item = self.estimate
        return (
            f"{item.endpoint} {item.measure} {self.value:g} ({100 * self.level:g} % CI {self.low:g} to {self.high:g})"
            f"{f' in {item.source}' if item.source else ''}"
        )


def _ratios(protocol: Protocol) -> Iterator[_Ratio]:
    for i, item in enumerate(protocol.reported):
        if item.null_value != 1 or item.value is None or item.conf_low is None or item.conf_high is None:
            continue
        if item.conf_level is None or not 0.5 <= item.conf_level <= 0.9999:
            continue
        if not (_SMALLEST < item.conf_low < item.conf_high < 1 / _SMALLEST and _SMALLEST < item.value < 1 / _SMALLEST):
            continue
        half = min(of_float(x).half_unit for x in (item.value, item.conf_low, item.conf_high))
        yield _Ratio(("reported", i), item, item.value, item.conf_low, item.conf_high, item.conf_level, half)


def without_participants(protocol: Protocol) -> Iterator[Finding]:
    """Results of a trial in which nobody was enrolled."""
    withdrawn = (protocol.registry.status or "").lower() == "withdrawn"
    if protocol.reported and (protocol.registry.enrolled == 0 or (withdrawn and protocol.registry.enrolled is None)):
        what = f"{len(protocol.reported)} results are reported of a trial that enrolled nobody"
        mend = "take them out, or correct registry.enrolled and registry.status"
        yield error(protocol, ("reported",), "results-without-participants", what, mend)


def ratio_interval_and_p(protocol: Protocol) -> Iterator[Finding]:
    """The ratio in the middle of its interval, and the p-value that both give at the sides named."""
    for ratio in _ratios(protocol):
        item = ratio.estimate
        middle = math.sqrt(ratio.low * ratio.high)
        # the share of a standard error that rounding of the three printed numbers alone can make up
        rounding = ratio.half * (1 / ratio.value + 0.5 / ratio.low + 0.5 / ratio.high)
        if abs(math.log(ratio.value / middle)) > _FAR_FROM_CENTRE * ratio.std_error + rounding:
            what = f"{ratio.name}: the middle of that interval is {middle:.3g}, so one of the three is wrong"
            yield warning(protocol, ratio.path, "hr-off-centre", what, "check the three against the publication")
        if item.p_value is not None and item.sides is not None:
            yield from _p_value(protocol, ratio, item.p_value, item.sides)


def _p_value(protocol: Protocol, ratio: _Ratio, p: float, sides: int) -> Iterator[Finding]:
    """Half as much again is allowed: the p-value may be of the log-rank test and the interval of the Cox model."""
    low, high = ratio.p_range(ratio.level, sides)
    slack = of_float(p).half_unit
    bound = bool(_BOUND.search(ratio.estimate.note))
    if low - slack <= 1.5 * p and (bound or p <= 1.5 * (high + slack)):
        return
    derived = p_of(math.log(ratio.value) / ratio.std_error, sides)
    fits = [
        (level, side)
        for level, side in product(_LEVELS, (1, 2))
        if (level, side) != (ratio.level, sides) and _within(ratio.p_range(level, side), p, slack)
    ]
    reading = "; it fits if " + " or ".join(
        f"the interval is of {100 * level:g} % and the p-value {'one' if side == 1 else 'two'}-sided"
        for level, side in fits
    )
    said = "one" if sides == 1 else "two"
    what = f"{ratio.name} gives a {said}-sided p of {derived:.2g} and not {p:g}{reading if fits else ''}"
    yield warning(protocol, ratio.path, "hr-ci-p", what, "check level, sides and numbers against the publication")


def _within(limits: tuple[float, float], p: float, slack: float) -> bool:
    return limits[0] - slack <= p <= limits[1] + slack


def more_events_than_participants(protocol: Protocol) -> Iterator[Finding]:
    """An interval so narrow that it needs more events than there are, or were, to have them."""
    for ratio in _ratios(protocol):
        item = ratio.estimate
        n = (item.n_by_arm.get(item.arm or "", 0), item.n_by_arm.get(item.reference or "", 0))
        if 0 in n:
            continue
        # the widest interval that the printed digits allow, so that rounding raises no alarm
        widest = log_standard_error(max(ratio.low - ratio.half, 1e-9), ratio.high + ratio.half, ratio.level)
        needed = implied_events(widest, n)
        known = sum(item.events_by_arm.values()) if item.events_by_arm else sum(n)
        # a covariate can narrow the interval a little; more than a fifth it cannot
        if needed > (1.2 * known if item.events_by_arm else known):
            kind = "events" if item.events_by_arm else "participants"
            about = implied_events(ratio.std_error, n)
            what = f"{ratio.name} needs about {about:.0f} events, and there were {known} {kind}"
            mend = "check the level of the interval and the analysis it is from; do not pool it as it stands"
            yield warning(protocol, ratio.path, "hr-more-events-than-participants", what, mend)


def ratio_against_medians(protocol: Protocol) -> Iterator[Finding]:
    """A hazard ratio that favours one arm, and medians that favour the other."""
    for ratio in _ratios(protocol):
        item = ratio.estimate
        medians = {
            other.arm: other.value
            for other in protocol.reported
            if other.measure == "median"
            and other.endpoint == item.endpoint
            and other.value is not None
            and dict(other.subgroup) == dict(item.subgroup)
        }
        ours, theirs = medians.get(item.arm), medians.get(item.reference)
        if ours is None or theirs is None or item.measure != "hazard ratio":
            continue
        if (ratio.value < 1) == (ours < theirs) and ours != theirs and ratio.value != 1:
            what = (
                f"{ratio.name} of {item.arm} over {item.reference} speaks against the medians {ours:g} and {theirs:g}"
            )
            mend = (
                f"ask which arm is the reference: the other way round it is {1 / ratio.value:.3g}; or the curves cross"
            )
            yield warning(protocol, ratio.path, "hr-against-medians", what, mend)


def mixed_levels(protocol: Protocol) -> Iterator[Finding]:
    """Intervals of more than one level in one report."""
    levels: dict[float, list[str]] = {}
    for item in protocol.reported:
        if item.conf_level is not None and item.endpoint not in levels.setdefault(item.conf_level, []):
            levels[item.conf_level].append(item.endpoint)
    if len(levels) > 1:
        shown = " and ".join(f"{100 * level:g} % ({', '.join(levels[level])})" for level in sorted(levels))
        what = f"the reported intervals are of different levels: {shown}"
        mend = "carry the level with each; read as 95 %, a 90 % interval gives its trial a weight of 1.42"
        yield note(protocol, ("reported",), "conf-levels-mixed", what, mend)


def not_significant_for_want_of_events(protocol: Protocol) -> Iterator[Finding]:
    """No significant difference, in a trial that saw fewer events than it was designed for."""
    design = protocol.design
    if design is None or design.events is None or design.alpha is None:
        return
    for ratio in _ratios(protocol):
        item = ratio.estimate
        if item.endpoint != design.primary or item.p_value is None or item.p_value <= design.alpha or item.subgroup:
            continue
        counted = sum(item.events_by_arm.values())
        seen = counted or implied_events(ratio.std_error)
        if seen < 0.9 * design.events:
            what = (
                f"{ratio.name} is not significant at {'' if counted else 'about '}{seen:.0f} of the {design.events}"
                f" events planned, an information of {seen / design.events:.2f}"
            )
            mend = "do not read it as no effect: the power was below the one planned"
            yield note(protocol, ratio.path, "not-significant-underpowered", what, mend)
            return
