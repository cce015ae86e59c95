"""Numbers that carry their interval."""

from __future__ import annotations

import math

from equipoise.estimates.result import show, show_p
from equipoise.survival._arrays import Floats
from equipoise.survival._normal import critical_value, two_sided_p


class Quantile(float):
    """The time by which a share of participants has had the event: a number that carries its limits.

    NaN means that the curve does not come down so far ("not reached").

    Attributes:
        value: the time, the same as the number itself.
        conf_low: lower limit, NaN where the band does not reach the level.
        conf_high: upper limit.
        probability: the share, 0.5 for the median.
    """

    __slots__ = ("conf_high", "conf_low", "probability")
    conf_low: float
    conf_high: float
    probability: float

    def __new__(cls, value: float, conf_low: float, conf_high: float, probability: float) -> Quantile:
        """A float with its limits."""
        self = super().__new__(cls, value)
        self.conf_low, self.conf_high, self.probability = conf_low, conf_high, probability
        return self

    def __getnewargs__(self) -> tuple[float, float, float, float]:  # type: ignore[override]  # float's is (float,)
        """What `__new__` takes, so that it can be pickled."""
        return float(self), self.conf_low, self.conf_high, self.probability

    @property
    def value(self) -> float:
        """The time as a plain float."""
        return float(self)

    def __repr__(self) -> str:
        """The time and its limits; a dash where not reached."""
        return f"{show(float(self))} ({show(self.conf_low)} to {show(self.conf_high)})"


class Difference(float):
    """A difference of two independent estimates: a number that carries its normal interval and test.

    Attributes:
        value: the difference, the same as the number itself.
        std_error: its standard error.
        conf_low: lower limit.
        conf_high: upper limit.
        conf_level: two-sided level.
        z: value / std_error; NaN where the standard error is 0 or missing.
        p_value: two-sided.
    """

    __slots__ = ("conf_high", "conf_level", "conf_low", "p_value", "std_error", "z")
    std_error: float
    conf_low: float
    conf_high: float
    conf_level: float
    z: float
    p_value: float

    def __new__(cls, value: float, std_error: float, conf_level: float) -> Difference:
        """A float with its interval and test."""
        self = super().__new__(cls, value)
        width = critical_value(conf_level) * std_error
        self.std_error, self.conf_level = std_error, conf_level
        self.conf_low, self.conf_high = value - width, value + width
        self.z = value / std_error if std_error > 0.0 else math.nan
        self.p_value = two_sided_p(self.z)
        return self

    def __getnewargs__(self) -> tuple[float, float, float]:  # type: ignore[override]  # float's is (float,)
        """What `__new__` takes, so that it can be pickled."""
        return float(self), self.std_error, self.conf_level

    @property
    def value(self) -> float:
        """The difference as a plain float."""
        return float(self)

    def __repr__(self) -> str:
        """The difference, its limits, standard error and p."""
        limits = f"{show(self.conf_low)} to {show(self.conf_high)}"
        return f"{show(float(self))} ({limits}), standard error {show(self.std_error)}, p {show_p(self.p_value)}"


def difference_of(one: float, other: float, one_error: float, other_error: float, conf_level: float) -> Difference:
    """One of two independent estimates, with their standard errors, less the other."""
    return Difference(one - other, math.hypot(one_error, other_error), conf_level)


def last_less_first(estimates: Floats, std_errors: Floats, conf_level: float) -> Difference | None:
    """The last of independent estimates less the first; None where there is only one."""
    if estimates.size < 2:
        return None
    return difference_of(
        float(estimates[-1]), float(estimates[0]), float(std_errors[-1]), float(std_errors[0]), conf_level
    )


class Ratio(float):
    """A ratio of two independent estimates: a number that carries its interval and test, normal on the log scale.

    Attributes:
        value: the ratio, the same as the number itself.
        log_std_error: standard error of its logarithm.
        conf_low: lower limit.
        conf_high: upper limit.
        conf_level: two-sided level.
        z: log(value) / log_std_error; NaN where the standard error is 0 or missing.
        p_value: two-sided.
    """

    __slots__ = ("conf_high", "conf_level", "conf_low", "log_std_error", "p_value", "z")
    log_std_error: float
    conf_low: float
    conf_high: float
    conf_level: float
    z: float
    p_value: float

    def __new__(cls, value: float, log_std_error: float, conf_level: float) -> Ratio:
        """A float with its interval and test."""
        self = super().__new__(cls, value)
        width = critical_value(conf_level) * log_std_error
        known = value > 0.0 and math.isfinite(value) and math.isfinite(width)
        self.log_std_error, self.conf_level = log_std_error, conf_level
        self.conf_low = value * math.exp(-width) if known else math.nan
        self.conf_high = value * math.exp(width) if known else math.nan
        self.z = math.log(value) / log_std_error if known and log_std_error > 0.0 else math.nan
        self.p_value = two_sided_p(self.z)
        return self

    def __getnewargs__(self) -> tuple[float, float, float]:  # type: ignore[override]  # float's is (float,)
        """What `__new__` takes, so that it can be pickled."""
        return float(self), self.log_std_error, self.conf_level

    @property
    def value(self) -> float:
        """The ratio as a plain float."""
        return float(self)

    def __repr__(self) -> str:
        """The ratio, its limits and p."""
        return f"{show(float(self))} ({show(self.conf_low)} to {show(self.conf_high)}), p {show_p(self.p_value)}"


def ratio_of(one: float, other: float, one_error: float, other_error: float, conf_level: float) -> Ratio:
    """One of two independent estimates, with their standard errors, over the other. Delta method."""
    if not (other > 0.0 and one >= 0.0):
        return Ratio(math.nan, math.nan, conf_level)
    spread = math.hypot(one_error / one, other_error / other) if one > 0.0 else math.nan
    return Ratio(one / other, spread, conf_level)
