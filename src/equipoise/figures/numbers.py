"""Numbers as journals print them. Spaces inside a quantity do not break; a minus is a minus sign."""

from __future__ import annotations

import math
from datetime import date

NBSP = "\u00a0"
NOT_REACHED = "not reached"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip  # short items of one kind share a line


def decimal(value: float, digits: int) -> str:
    """With so many decimals, a comma at thousands and no negative zero."""
    text = f"{value:,.{digits}f}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else "−" + text[1:]
    return text


def count(value: float) -> str:
    """A number of participants or events; decimals only if there are some."""
    return decimal(value, 0) if float(value).is_integer() else decimal(value, 2)


def ratio(value: float) -> str:
    """A ratio: two decimals, as hazard ratios are printed; two significant digits below 0.1, fewer decimals from 10."""
    if 0 < value < 0.095:
        return significant(value, 2)
    return decimal(value, 2 if value < 9.995 else 1 if value < 99.95 else 0)


def significant(value: float, digits: int = 3) -> str:
    """With so many significant digits, never in powers of ten."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)  # 0.0999 rounds to 0.10, which has one decimal less
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return decimal(rounded, decimals)


def percent(share: float, digits: int = 1) -> str:
    """A share of 1 as a percentage."""
    return decimal(100 * share, digits) + NBSP + "%"


def level(conf_level: float) -> str:
    """A confidence level: `90 %`, `97.5 %`."""
    return f"{100 * conf_level:.10g}{NBSP}%"


def months(value: float, digits: int = 1) -> str:
    """A time in months, with its unit."""
    return f"{decimal(value, digits)}{NBSP}months"


def p_value(value: float) -> str:
    """A p-value with its sign of comparison: `= 0.13`, `= 0.0043`, `< 0.0001`, `> 0.99`."""
    if value < 0.0001:
        return f"<{NBSP}0.0001"
    if value > 0.99:
        return f">{NBSP}0.99"
    # at most four decimals: p < 0.001 has one significant digit
    text = decimal(value, 2) if value >= 0.095 else significant(value, 2) if value >= 0.00095 else decimal(value, 4)
    return f"={NBSP}{text}"


def quantity(value: float, unit: str, *, difference: bool = False) -> str:
    """A value in its unit, the unit itself left out where the number shows it; percentages carry their sign."""
    match unit:
        case "month" | "day" | "year" | "score" | "point":
            return decimal(value, 1)
        case "ratio":
            return ratio(value)
        case "probability" | "proportion":
            return decimal(100 * value, 1) if difference else percent(value)
        case "participant" | "participants" | "event" | "events" | "count":
            return count(value)
        case _:
            return count(value) if float(value).is_integer() else significant(value)


def unit_word(unit: str, *, difference: bool = False) -> str:
    """The word that follows a quantity; empty where the number shows its unit itself."""
    if unit in ("probability", "proportion"):
        return "percentage points" if difference else ""
    if unit in ("ratio", "z", "chi-squared"):
        return ""
    return unit + "s" if unit in ("month", "day", "year", "participant", "event", "point") else unit


def interval(low: str | None, high: str | None) -> str:
    """Two limits: `0.69–1.07`; written out where one is negative or not reached."""
    if low is not None and high is not None and not low.startswith("−"):
        low = low.removesuffix(f"{NBSP}%") if high.endswith(f"{NBSP}%") else low
        return f"{low}–{high}"
    return f"{low or NOT_REACHED} to {high or NOT_REACHED}"


def day(iso: str | date | None) -> str:
    """A date in words, `31 May 2022`; a text that is no date stays what it is."""
    if not iso:
        return ""
    try:
        value = date.fromisoformat(iso) if isinstance(iso, str) else iso
    except ValueError:
        return str(iso)
    return f"{value.day}{NBSP}{_MONTHS[value.month - 1]} {value.year}"
