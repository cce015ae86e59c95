"""What every design refuses, in one wording: where, what is wrong, how to mend it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from equipoise.errors import DesignError


def check_positive(name: str, value: float) -> float:
    """`value`, a finite number above 0."""
    number = float(value)
    if not (math.isfinite(number) and number > 0):
        raise DesignError(f"{name} = {value}; give a number above 0")
    return number


def check_not_negative(name: str, value: float) -> float:
    """`value`, a finite number from 0 up."""
    number = float(value)
    if not (math.isfinite(number) and number >= 0):
        raise DesignError(f"{name} = {value}; give a number from 0 up")
    return number


def check_count(name: str, value: float, most: int = 1_000_000) -> int:
    """`value`, a whole number from 1 to `most`."""
    if not (math.isfinite(value) and value == int(value) and 1 <= value <= most):
        raise DesignError(f"{name} = {value:g}; give a whole number from 1 to {most:,}")
    return int(value)


def check_fraction(name: str, value: float) -> float:
    """`value`, strictly between 0 and 1."""
    number = float(value)
    if not 0 < number < 1:
        raise DesignError(f"{name} = {value}; give a number between 0 and 1")
    return number


def check_share(name: str, value: float) -> float:
    """`value`, from 0 up and below 1: a share that is lost, cured, or not treated as planned."""
    number = float(value)
    if not 0 <= number < 1:
        raise DesignError(f"{name} = {value}; give a number from 0 up and below 1")
    return number


def check_increasing(name: str, values: Sequence[float], *, open_end: bool = False) -> tuple[float, ...]:
    """`values` as a tuple of increasing numbers above 0; with `open_end` the last may be infinite."""
    numbers = tuple(float(value) for value in values)
    finite = numbers[:-1] if open_end and numbers and numbers[-1] == math.inf else numbers
    rising = all(before < after for before, after in zip((0.0, *numbers), numbers, strict=False))
    if not (rising and all(math.isfinite(number) for number in finite)):
        raise DesignError(f"{name} = {list(numbers)}; give increasing numbers above 0")
    return numbers


def check_rates(name: str, values: Sequence[float]) -> tuple[float, ...]:
    """`values` as a tuple of finite numbers from 0 up."""
    numbers = tuple(float(value) for value in values)
    if not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise DesignError(f"{name} = {list(numbers)}; give numbers from 0 up")
    return numbers


def sided(sides: int) -> str:
    """How a test with so many sides is called."""
    return "one-sided" if sides == 1 else "two-sided"


def check_alpha(alpha: float, sides: int) -> float:
    """`alpha`, total over one or two sides; half of it is left for each tail of two."""
    if sides not in (1, 2):
        raise DesignError(f"sides = {sides}; give 1 or 2")
    if not 0 < alpha < sides / 2:
        raise DesignError(f"alpha = {alpha}, {sided(sides)}; give a number above 0 and below {sides / 2:g}")
    return float(alpha)


def check_power(power: float, alpha: float, sides: int) -> float:
    """`power` below 1 and above the size of the benefit tail: a test has that much power without any effect."""
    check_alpha(alpha, sides)
    if not alpha / sides < power < 1:
        raise DesignError(f"power = {power} at alpha = {alpha}; give a number above {alpha / sides:g} and below 1")
    return float(power)


def check_ratio(ratio: float) -> float:
    """`ratio` of treatment to control participants."""
    return check_positive("ratio (treatment to control)", ratio)


def check_hazard_ratio(hazard_ratio: float, *, null: float | None = None) -> float:
    """`hazard_ratio` above 0, and other than `null` where a size is asked."""
    number = check_positive("hazard_ratio", hazard_ratio)
    if null is not None and number == null:
        raise DesignError(
            f"hazard_ratio = {hazard_ratio} is the null hypothesis; give a ratio that the trial is to show"
        )
    return number
