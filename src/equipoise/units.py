"""Lengths of time, in one place: a month is 30.4375 days and a year 365.25 everywhere in Equipoise."""

from __future__ import annotations

import math
from datetime import date, timedelta

DAYS_PER_MONTH = 30.4375


def days_to_months(days: float) -> float:
    """Convert days to months of 30.4375 days."""
    return days / DAYS_PER_MONTH


def months_to_days(months: float) -> float:
    """Convert months of 30.4375 days to days."""
    return months * DAYS_PER_MONTH


def date_after_months(start: date, months: float) -> date:
    """The day that lies `months` months of 30.4375 days after `start`, rounded up to a whole day."""
    return start + timedelta(days=math.ceil(months_to_days(months) - 1e-9))
