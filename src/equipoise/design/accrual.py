"""How participants come in: a piecewise-constant intensity."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from numpy.typing import NDArray

from equipoise.design._checks import check_increasing, check_not_negative, check_positive, check_rates
from equipoise.errors import DesignError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Accrual:
    """Participants a month, constant within periods that follow each other from month 0.

    Attributes:
        ends: (periods,) month at which each period ends, increasing; the last may be infinite, for recruitment
            that goes on at its last rate.
        rates: (periods,) participants a month, or relative intensities where a size is to be found; 0 is a pause.

    Raises:
        DesignError: ends that do not increase, rates below 0 or all 0, or lengths that do not fit.
    """

    ends: tuple[float, ...]
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what is no accrual."""
        object.__setattr__(self, "ends", check_increasing("ends of accrual (months)", self.ends, open_end=True))
        object.__setattr__(self, "rates", check_rates("accrual rates (participants a month)", self.rates))
        if not self.ends or len(self.ends) != len(self.rates):
            raise DesignError(f"{len(self.rates)} accrual rates for {len(self.ends)} ends; give one rate a period")
        if max(self.rates) == 0:
            raise DesignError("accrual rates are all 0; nobody would come in")

    @classmethod
    def uniform(cls, n: float, duration: float) -> Accrual:
        """`n` participants evenly over `duration` months."""
        months = check_positive("accrual (months)", duration)
        return cls((months,), (check_positive("n", n) / months,))

    @classmethod
    def periods(cls, durations: Sequence[float], rates: Sequence[float]) -> Accrual:
        """Periods by how long each lasts, instead of when it ends."""
        return cls(tuple(itertools.accumulate(durations)), tuple(rates))

    def __str__(self) -> str:
        """Participants and months."""
        if math.isinf(self.duration):
            return f"{self.rates[-1]:.5g} participants a month in the end, without end"
        periods = "" if len(self.ends) == 1 else f" in {len(self.ends)} periods"
        return f"{self.total:.5g} participants over {self.duration:.5g} months{periods}"

    @property
    def starts(self) -> tuple[float, ...]:
        """(periods,) month at which each period begins."""
        return (0.0, *self.ends[:-1])

    @property
    def duration(self) -> float:
        """Months until accrual ends."""
        return self.ends[-1]

    @property
    def total(self) -> float:
        """Participants in all; infinite if accrual does not end."""
        return math.fsum(
            rate * (end - start) if rate > 0 else 0.0
            for start, end, rate in zip(self.starts, self.ends, self.rates, strict=True)
        )

    @overload
    def enrolled(self, t: float) -> float: ...
    @overload
    def enrolled(self, t: Floats) -> Floats: ...
    def enrolled(self, t: float | Floats) -> float | Floats:
        """Participants who came in by month `t`."""
        inside = np.clip(np.asarray(t, dtype=np.float64)[..., None], self.starts, self.ends) - np.array(self.starts)
        values = (inside * np.array(self.rates)).sum(axis=-1)
        return float(values) if np.ndim(t) == 0 else values

    def time_of(self, n: float) -> float:
        """The month by which `n` participants have come in.

        Raises:
            DesignError: more than come in all.
        """
        left = check_not_negative("n", n)
        if left > self.total * (1 + 1e-12):
            raise DesignError(f"{n:g} participants, but accrual ends with {self.total:g}; lengthen accrual")
        for start, end, rate in zip(self.starts, self.ends, self.rates, strict=True):
            if rate > 0 and left <= rate * (end - start) * (1 + 1e-12):
                return min(start + left / rate, end)
            left -= rate * (end - start) if rate > 0 else 0.0
        return self.duration

    def scaled_to(self, n: float) -> Accrual:
        """The same shape with `n` participants in all.

        Raises:
            DesignError: accrual that does not end.
        """
        if math.isinf(self.total):
            raise DesignError("accrual that does not end has no total; end it with until(months)")
        factor = check_positive("n", n) / self.total
        return replace(self, rates=tuple(rate * factor for rate in self.rates))

    def until(self, month: float) -> Accrual:
        """The same rates, ended at `month`; the last period is cut short, or goes on."""
        check_positive("end of accrual (months)", month)
        kept = [end for end in self.ends[:-1] if end < month]
        return Accrual((*kept, month), self.rates[: len(kept) + 1])
