"""A derivation in words and plain tables, and as one JSON document."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from equipoise.design._checks import sided
from equipoise.estimates import significant
from equipoise.estimates.result import aligned, percent, show

if TYPE_CHECKING:
    from equipoise.design.fixed.looks import Looks
    from equipoise.design.plan.derivation import Derivation, Step
    from equipoise.design.plan.timeline import Timeline

_EVERY = 6
"""Months between the rows of the timeline as JSON holds it."""
_ROWS = 12
"""At most so many rows of it in words."""


def text(found: Derivation) -> str:
    """Everything, section by section."""
    return "\n\n".join("\n".join(part) for part in _sections(found) if part)


def _sections(found: Derivation) -> Iterator[list[str]]:
    yield list(_setting(found))
    if found.missing:
        yield ["The protocol does not say", *(f"  {item}" for item in found.missing)]
    if found.steps:
        yield ["Derivation", *_steps(found.steps)]
    if found.alternatives:
        yield ["The same question sized in other ways", *_steps(found.alternatives)]
    if found.looks is not None:
        yield ["Looks", *_looks(found.looks)]
    if found.what_if:
        note = f"  all {found.sizing.unit} until the planned end, also later than the endpoint's time"
        yield ["What if", *_what_if(found), *([note] if found.sizing.milestone is not None else [])]
    if found.timeline is not None:
        yield ["Timeline", *_timeline(found.timeline)]
    if found.detectable:
        yield ["Detectable hazard ratios at the planned level and power", *_detectable(found)]
    if found.at_effects:
        yield ["At effects that others have published", *_at_effects(found)]


def _setting(found: Derivation) -> Iterator[str]:
    sizing = found.sizing
    arms = f"{sizing.experimental_arm} versus {sizing.control_arm}" if sizing.experimental_arm else "no two arms"
    yield f"{found.trial}: {sizing.endpoint}, {arms}"
    parts = []
    if sizing.alpha is not None and sizing.sides is not None:
        parts.append(f"{sided(sizing.sides)} level {sizing.alpha:g}")
    if sizing.power is not None:
        parts.append(f"power {sizing.power:g}")
    if sizing.end is not None:
        parts.append(f"accrual {sizing.accrual:g} and follow-up {sizing.follow_up:g} months")
    if sizing.participants is not None:
        parts.append(f"{sizing.participants} participants planned")
    if parts:
        yield "; ".join(parts)


def _steps(steps: Sequence[Step]) -> Iterator[str]:
    width = max(len(step.label) for step in steps)
    for step in steps:
        yield f"  {step.label.ljust(width)}  {_value(step)}"
        yield f"  {' ' * width}  = {step.formula}"


def _value(step: Step) -> str:
    if step.rounded is None:
        return f"{step.value:.4g}"
    said = f"{step.value:.2f}" if step.value < 1e5 else f"{step.value:.0f}"
    words = [f"{said}, rounded up {step.rounded}" if not _is_whole(step.value) else said]
    if step.note:
        words.append(step.note)
    if step.printed is not None:
        words.append(f"stated {step.printed:g}" + _agreement(step))
    return "; ".join(words)


def _agreement(step: Step) -> str:
    names = {"exact": "exactly", "up": "rounded up", "nearest": "rounded to nearest", "down": "rounded down"}
    how = next((names[name] for name in ("exact", "up", "nearest", "down") if name in step.agreement), None)
    if how is not None:
        return f" ({how})"
    return f" ({100 * (step.printed / step.value - 1):+.1f} %)" if step.printed is not None else ""


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < 1e-9 * max(1.0, abs(value))


def _looks(looks: Looks) -> Iterator[str]:
    columns = ["information", "events", "month", "participants", "critical z", "critical hazard ratio"]
    counts = zip(looks.information, looks.events, looks.time, looks.enrolled, looks.z, looks.hazard_ratio, strict=True)
    yield from _table(
        columns, [[_fixed(value, d) for value, d in zip(row, (3, 1, 1, 0, 4, 3), strict=True)] for row in counts]
    )


def _what_if(found: Derivation) -> Iterator[str]:
    unit = found.sizing.unit
    columns = ["", "control median", "hazard ratio", f"{unit} by the end", "power", f"{unit} needed", "due in month"]
    rows = [
        [
            case.label,
            _fixed(case.control_median, 1),
            _fixed(case.hazard_ratio, 3),
            _fixed(case.events, 1),
            _fixed(case.power, 2),
            _fixed(case.needed, 1),
            "never" if case.due is None and case.needed is not None else _fixed(case.due, 1),
        ]
        for case in found.what_if
    ]
    yield from _table(columns, rows)


def _timeline(plan: Timeline) -> Iterator[str]:
    every = max(12, 12 * math.ceil(plan.months[-1] / 12 / _ROWS))
    last = plan.months.size - 1
    rows = [i for i, month in enumerate(plan.months.tolist()) if (month and month % every == 0) or i == last]
    columns = ["month", "participants", *(f"{plan.unit}, {name}" for name in plan.events)]
    counts = [plan.enrolled, *plan.events.values()]
    yield from _table(columns, [[f"{plan.months[i]:g}", *(f"{values[i]:.0f}" for values in counts)] for i in rows])
    yield from (f"  month {due.month:.1f}: {due.label}" for due in plan.moments)


def _detectable(found: Derivation) -> Iterator[str]:
    ratios = sorted({item.ratio for item in found.detectable})
    events = sorted({item.events for item in found.detectable})
    at = {(item.events, item.ratio): item.hazard_ratio for item in found.detectable}
    columns = [found.sizing.unit, *(f"{ratio:g} : 1" for ratio in ratios)]
    yield from _table(columns, [[f"{count:g}", *(_fixed(at[count, ratio], 3) for ratio in ratios)] for count in events])


def _at_effects(found: Derivation) -> Iterator[str]:
    unit = found.sizing.unit
    events = found.at_effects[0].events
    columns = ["", "hazard ratio", "interval", f"power, {events:.0f} {unit}", "assurance", f"{unit} needed"]
    rows = [
        [
            item.effect.label,
            _fixed(item.effect.hazard_ratio, 3),
            f"{item.effect.conf_low:.2f}-{item.effect.conf_high:.2f} ({percent(item.effect.conf_level)})",
            _fixed(item.power, 2),
            _fixed(item.assurance, 2),
            "no benefit" if item.needed is None else _fixed(item.needed, 0),
        ]
        for item in found.at_effects
    ]
    yield from _table(columns, rows)


def _fixed(value: float | None, decimals: int) -> str:
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.{decimals}f}" if abs(value) < 1e6 else show(value)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Aligned columns: the first to the left, the others to the right."""
    return [f"  {line}" for line in aligned([columns, *rows], left=1)]


def document(found: Derivation) -> dict[str, Any]:
    """The same as plain values with 10 significant digits, None for what is not known."""
    sizing = asdict(found.sizing)
    sizing["control"] = None if found.sizing.control is None else {"median": found.sizing.control.median}
    plan = found.timeline
    timeline = None
    if plan is not None:
        rows = [i for i, month in enumerate(plan.months.tolist()) if month % _EVERY == 0 or i == plan.months.size - 1]
        timeline = {
            "months": plan.months[rows].tolist(),
            "enrolled": plan.enrolled[rows].tolist(),
            "events": {name: values[rows].tolist() for name, values in plan.events.items()},
            "required": plan.required,
            "moments": [asdict(due) for due in plan.moments],
        }
    parts = {
        "trial": found.trial,
        "design": sizing,
        "missing": list(found.missing),
        "steps": [asdict(step) for step in found.steps],
        "alternatives": [asdict(step) for step in found.alternatives],
        "looks": [] if found.looks is None else found.looks.to_frame().to_dicts(),
        "what_if": [asdict(case) for case in found.what_if],
        "detectable": [asdict(item) for item in found.detectable],
        "at_effects": [asdict(item) for item in found.at_effects],
        "timeline": timeline,
    }
    plain: dict[str, Any] = _plain(parts)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return significant(value) if math.isfinite(value) else None
    return value
