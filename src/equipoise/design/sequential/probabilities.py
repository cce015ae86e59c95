"""What a sequential test does under several effects: the table that a protocol prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.design.sequential.crossing import Crossing
from equipoise.design.sequential.crossing_kernels import Floats
from equipoise.estimates.result import Column, Result, show


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SequentialProbabilities(Result):
    """First exits of a sequential test under several drifts.

    Attributes:
        drift: (D,) expected z at information 1.
        information: (K,) at the looks.
        upper: (D, K) probability to leave through the upper bound at this look and not before.
        lower: (D, K) the same through the lower bound.
        expected_information: (D,) mean information at the end, in the unit of `information`.
    """

    drift: Floats
    information: Floats
    upper: Floats
    lower: Floats
    expected_information: Floats

    @classmethod
    def of(cls, crossings: Sequence[Crossing]) -> SequentialProbabilities:
        """From the exits under each drift."""
        return cls(
            np.array([crossing.drift for crossing in crossings]),
            crossings[0].information,
            np.array([crossing.upper for crossing in crossings]),
            np.array([crossing.lower for crossing in crossings]),
            np.array([crossing.expected_information for crossing in crossings]),
        )

    @property
    def power(self) -> Floats:
        """(D,) probability to leave through an upper bound at all."""
        return np.asarray(self.upper.sum(axis=1))

    def _title(self) -> str:
        return f"First crossings over {self.information.size} looks under {self.drift.size} drifts"

    def _columns(self) -> Mapping[str, Column]:
        drifts, looks = self.upper.shape
        return {
            "drift": np.repeat(self.drift, looks),
            "look": np.tile(np.arange(1, looks + 1), drifts),
            "information": np.tile(self.information, drifts),
            "probability_above": self.upper.ravel(),
            "probability_above_so_far": np.cumsum(self.upper, axis=1).ravel(),
            "probability_below": self.lower.ravel(),
            "probability_below_so_far": np.cumsum(self.lower, axis=1).ravel(),
        }

    def _notes(self) -> list[str]:
        return [
            f"drift {show(float(drift))}: {show(float(power))} above in all, expected information {show(float(mean))}"
            for drift, power, mean in zip(self.drift, self.power, self.expected_information, strict=True)
        ]
