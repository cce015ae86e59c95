"""Simple randomisation: every allocation by the ratio alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from equipoise.allocation.method import Method, Probabilities
from equipoise.allocation.state import StratumState


@dataclass(frozen=True)
class Simple(Method):
    """Each arm with its share of the ratio, whatever came before."""

    name: ClassVar[str] = "simple"

    def _probabilities(
        self,
        here: StratumState,  # noqa: ARG002 - nothing is remembered
        levels: Mapping[str, str],  # noqa: ARG002 - nothing is remembered
    ) -> Probabilities:
        return Probabilities(
            by_arm=self.ratio.probabilities(),
            imbalance=dict.fromkeys(self.ratio.arms),
            preferred=(),
            tie=False,
            why="each arm has its share of the ratio",
        )
