"""What is believed of the effect before the trial: priors on the log hazard ratio and on the drift.

The drift is the expected z of a fixed test at information 1, positive towards benefit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.design._checks import check_fraction, check_hazard_ratio, check_positive, check_ratio
from equipoise.design.formulas import Benefit, effect_per_event, log_standard_error, normal_cdf
from equipoise.errors import DesignError
from equipoise.trials.published_effects import PublishedEffect

Floats = NDArray[np.float64]


def drift_of_hazard_ratio(
    hazard_ratio: float, events: float, *, ratio: float = 1.0, benefit: Benefit = "below"
) -> float:
    """The drift of a log-rank test whose information 1 is `events` (Schoenfeld); positive towards benefit."""
    check_positive("events", events)
    return towards(benefit) * effect_per_event(hazard_ratio, ratio=ratio) * math.sqrt(events)


def hazard_ratio_of_drift(drift: float, events: float, *, ratio: float = 1.0, benefit: Benefit = "below") -> float:
    """The hazard ratio that has this drift: the inverse of `drift_of_hazard_ratio`."""
    return math.exp(-towards(benefit) * drift * log_ratio_std_error(events, ratio))


def log_ratio_std_error(events: float, ratio: float = 1.0) -> float:
    """Standard error of a log hazard ratio after so many events: (1 + ratio) / sqrt(ratio x events)."""
    return (1.0 + check_ratio(ratio)) / math.sqrt(ratio * check_positive("events", events))


def towards(benefit: Benefit) -> int:
    """1 where a hazard ratio below 1 is benefit, -1 where one above is."""
    if benefit not in ("below", "above"):
        raise DesignError(f'benefit = {benefit!r}; give "below" or "above": the side of 1 where a hazard ratio is good')
    return 1 if benefit == "below" else -1


@dataclass(frozen=True, slots=True)
class DriftPrior:
    """A normal prior on the drift.

    Attributes:
        mean: of the drift.
        std_dev: of the drift; 0 for one that is known.
    """

    mean: float
    std_dev: float

    def __post_init__(self) -> None:
        """Refuse what is no normal distribution."""
        if not (math.isfinite(self.mean) and math.isfinite(self.std_dev) and self.std_dev >= 0.0):
            raise DesignError(
                f"prior: mean {self.mean}, standard deviation {self.std_dev}; give numbers, the second from 0 up"
            )

    def probability_above(self, drift: float) -> float:
        """Prior probability of a larger drift."""
        if self.std_dev == 0.0:
            return float(self.mean > drift)
        return normal_cdf((self.mean - drift) / self.std_dev)


@dataclass(frozen=True, slots=True)
class NormalPrior:
    """A normal prior on the log hazard ratio.

    Attributes:
        hazard_ratio: its median.
        std_dev: of the log hazard ratio; 0 for one that is known.
    """

    hazard_ratio: float
    std_dev: float

    def __post_init__(self) -> None:
        """Refuse what is no normal distribution."""
        check_hazard_ratio(self.hazard_ratio)
        if not (math.isfinite(self.std_dev) and self.std_dev >= 0.0):
            raise DesignError(f"prior: standard deviation {self.std_dev}; give a number from 0 up")

    @classmethod
    def from_interval(cls, hazard_ratio: float, conf_low: float, conf_high: float, *, conf_level: float) -> NormalPrior:
        """The prior that a published estimate with its interval stands for.

        Args:
            hazard_ratio: the estimate.
            conf_low: lower limit.
            conf_high: upper limit.
            conf_level: 0.95 for a 95 % interval. It has no default: read as 95 %, a 90 % interval is too sure.

        Raises:
            DesignError: limits that do not enclose the estimate.
        """
        check_fraction("conf_level", conf_level)
        check_positive("conf_low", conf_low)
        if not conf_low < hazard_ratio < conf_high < math.inf:
            raise DesignError(
                f"hazard ratio {hazard_ratio:g} with limits {conf_low:g} and {conf_high:g}; "
                "give limits on either side of the estimate"
            )
        return cls(hazard_ratio, log_standard_error(conf_low, conf_high, conf_level))

    @classmethod
    def from_effect(cls, effect: PublishedEffect) -> NormalPrior:
        """The prior that a published effect stands for, as `from_interval`."""
        limits = effect.conf_low, effect.conf_high
        return cls.from_interval(effect.hazard_ratio, *limits, conf_level=effect.conf_level)

    @classmethod
    def from_events(cls, hazard_ratio: float, events: float, *, ratio: float = 1.0) -> NormalPrior:
        """The prior that a trial with so many events leaves (Spiegelhalter, Freedman and Parmar 1994)."""
        return cls(hazard_ratio, log_ratio_std_error(events, ratio))

    def on_drift(self, events: float, *, ratio: float = 1.0, benefit: Benefit = "below") -> DriftPrior:
        """The same prior, on the drift of a trial whose information 1 is `events`."""
        mean = drift_of_hazard_ratio(self.hazard_ratio, events, ratio=ratio, benefit=benefit)
        return DriftPrior(mean, self.std_dev / log_ratio_std_error(events, ratio))

    def __str__(self) -> str:
        """The median hazard ratio, and the standard deviation of the logarithm."""
        return f"normal log hazard ratio, median {self.hazard_ratio:.4g}, standard deviation {self.std_dev:.4g}"


@dataclass(frozen=True, slots=True)
class PointsPrior:
    """A prior of a few hazard ratios, each with a weight.

    Attributes:
        hazard_ratios: the possible values.
        weights: their probabilities; they are scaled to sum to 1.
    """

    hazard_ratios: tuple[float, ...]
    weights: tuple[float, ...]

    def __init__(self, hazard_ratios: Sequence[float], weights: Sequence[float] | None = None) -> None:
        """Equal weights unless given."""
        points = tuple(check_hazard_ratio(value) for value in hazard_ratios)
        masses = np.ones(len(points)) if weights is None else np.asarray(weights, dtype=float)
        if not points or masses.shape != (len(points),):
            raise DesignError(f"prior: {masses.size} weights for {len(points)} hazard ratios; give one for each")
        if not (np.all(np.isfinite(masses)) and np.all(masses >= 0.0) and masses.sum() > 0.0):
            raise DesignError("prior: weights must be from 0 up, and not all 0")
        object.__setattr__(self, "hazard_ratios", points)
        object.__setattr__(self, "weights", tuple((masses / masses.sum()).tolist()))

    def __str__(self) -> str:
        """The points and their probabilities."""
        pairs = zip(self.hazard_ratios, self.weights, strict=True)
        return ", ".join(f"hazard ratio {value:g} with probability {weight:.3g}" for value, weight in pairs)


Prior = NormalPrior | PointsPrior
