"""What `--vary` takes: `hazard_ratio=0.6:1.0:0.05`, `control_median=20,40,69`."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from equipoise.errors import DesignError

_MOST_VALUES = 10_000
_LONGEST = 24
"""Characters of a number: a longer one is a slip."""


def read_grid(options: Iterable[str]) -> dict[str, list[float]]:
    """The values of each name. Decimals are added as decimals, so that 0.6:1.0:0.05 holds 0.65 and 1.0 themselves.

    Raises:
        DesignError: no name, a name twice, no values, or a range that holds nothing or misses its end.
    """
    grid: dict[str, list[float]] = {}
    for option in options:
        name, found, text = option.partition("=")
        name = name.strip()
        if not (name and found and text.strip()):
            raise DesignError(f"--vary {option!r} names no values; write it as in hazard_ratio=0.6:1.0:0.05")
        if name in grid:
            raise DesignError(f"--vary names {name} twice; give all its values at once, separated by commas")
        values = [value for part in text.split(",") for value in _values(option, part)]
        if len(set(values)) < len(values):
            raise DesignError(f"--vary {option!r} gives a value twice; give each once")
        grid[name] = [float(value) for value in values]
    return grid


def _values(option: str, part: str) -> list[Decimal]:
    """One number, or the numbers of one range, both ends among them."""
    numbers = [_number(option, text) for text in part.split(":")]
    if len(numbers) == 1:
        return numbers
    if len(numbers) != 3:
        raise DesignError(f"--vary {option!r}: a range is start:end:step, as in 0.6:1.0:0.05")
    start, end, step = numbers
    if step <= 0 or end < start:
        raise DesignError(f"--vary {option!r}: {part} holds no values; give a step above 0 and an end after the start")
    if (end - start) / step > _MOST_VALUES:
        raise DesignError(f"--vary {option!r}: {part} holds more than {_MOST_VALUES:,} values; give a larger step")
    steps, rest = divmod(end - start, step)
    if rest:
        raise DesignError(
            f"--vary {option!r}: steps of {step} from {start} come to {start + steps * step} and miss {end}; "
            "give a step that divides the range"
        )
    return [start + number * step for number in range(int(steps) + 1)]


def _number(option: str, text: str) -> Decimal:
    try:
        number = Decimal(text.strip()) if len(text) <= _LONGEST else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not -30 <= number.adjusted() <= 30:
        raise DesignError(f"--vary {option!r}: {text.strip()[:_LONGEST]!r} is no number; write it as in 0.65")
    return number
