"""A design under several scenarios, and its size under none, in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.design.simulation.result import Simulation
from equipoise.design.simulation.scenario import Scenario
from equipoise.design.simulation.simulate import simulate_many
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OperatingCharacteristics(Result):
    """What a design does under each of several scenarios, by each of its tests.

    Attributes:
        scenarios: names.
        simulations: one a scenario.
    """

    scenarios: tuple[str, ...]
    simulations: tuple[Simulation, ...]

    def __getitem__(self, scenario: str) -> Simulation:
        """The simulation of a scenario."""
        if scenario not in self.scenarios:
            raise DesignError(f"scenario {scenario!r} was not simulated; there are {', '.join(self.scenarios)}")
        return self.simulations[self.scenarios.index(scenario)]

    def _title(self) -> str:
        first = self.simulations[0]
        return f"Operating characteristics, {first.replicates:,} trials each, seed {first.seed}"

    def _columns(self) -> Mapping[str, Column]:
        rows = [
            (name, simulation.of(test))
            for name, simulation in zip(self.scenarios, self.simulations, strict=True)
            for test in simulation.tests
        ]
        return {
            "scenario": [name for name, _ in rows],
            "test": [one.test for _, one in rows],
            "power": [one.power.value for _, one in rows],
            "power_error": [one.power.error for _, one in rows],
            "events": [one.expected_events.value for _, one in rows],
            "participants": [one.expected_participants.value for _, one in rows],
            "months": [one.expected_duration.value for _, one in rows],
            "not_reached": [one.not_reached.value for _, one in rows],
            "bias": [one.bias.value for _, one in rows],
            "coverage": [one.coverage.value for _, one in rows],
        }

    def _notes(self) -> list[str]:
        return ["power where there is no effect is the size of the test; bias is of the log hazard ratio"]


def operating_characteristics(
    scenarios: Scenario | Mapping[str, Scenario], *, replicates: int, seed: int, alpha: float, **design: Any
) -> OperatingCharacteristics:
    """Simulate one design under several scenarios, and under no effect.

    Args:
        scenarios: by name; or one, which is called `planned`. The first is also simulated without its effect, as `no
            effect`, which gives the size of the tests.
        replicates: trials of each.
        seed: 0 .. 2**64 - 1; the same random numbers are used for all.
        alpha: total over the sides.
        design: what `simulate_many` takes: events or dates, bounds, tests ...

    Raises:
        DesignError: requests that are impossible or contradict each other.
    """
    named = {"planned": scenarios} if isinstance(scenarios, Scenario) else dict(scenarios)
    if not named or "no effect" in named:
        raise DesignError("scenarios: give at least one, and none called 'no effect', which is made from the first")
    every = named | {"no effect": next(iter(named.values())).without_effect()}
    chosen: Sequence[Scenario] = list(every.values())
    results = simulate_many(chosen, replicates=replicates, seed=seed, alpha=alpha, **design)
    return OperatingCharacteristics(tuple(every), tuple(results))
