"""The visits of follow-up: their months, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.protocol.model.pathway import FollowUp

MAX_MONTHS = 600


def visit_months(step: FollowUp) -> Iterator[float]:
    """Months of the visits after the start, at the latest until the step's length."""
    month, limit = 0.0, min(step.months or MAX_MONTHS, MAX_MONTHS)
    while True:
        late = step.change_after_months is not None and month >= step.change_after_months
        month += step.then_every_months if late and step.then_every_months is not None else step.every_months
        if month > limit + 1e-9:
            return
        yield month


def visit_name(month: float) -> str:
    """What the visit at a month is called where it is recorded: `M3`."""
    return f"M{month:g}"
