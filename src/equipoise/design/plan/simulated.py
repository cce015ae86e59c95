"""Simulate a protocol's design, under what it assumes and under what else might be true."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.design._checks import sided
from equipoise.design.accrual import Accrual
from equipoise.design.plan.scenario import Model, PlannedTrial, protocol_scenario
from equipoise.design.simulation.ranges import Executor
from equipoise.design.simulation.result import Kept, Simulated, Simulation
from equipoise.design.simulation.run import Progress, run_plans
from equipoise.design.simulation.tests_at_looks import Test
from equipoise.errors import DesignError
from equipoise.estimates import significant
from equipoise.estimates.result import Column, Result, aligned, percent, show
from equipoise.protocol import Protocol

_MOST_CASES = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One combination of what is varied.

    Attributes:
        changes: what is other than the protocol has it.
        planned: the trial.
        simulation: of it.
        no_effect: of the same trial with both arms alike; its power is the size.
    """

    changes: Mapping[str, float]
    planned: PlannedTrial
    simulation: Simulation
    no_effect: Simulation


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SimulatedDesign(Result):
    """What a protocol's design does under each of several cases, by each of its tests.

    Attributes:
        trial: id.
        label: of the primary endpoint and the two arms.
        model: `design` or `disease`.
        varied: names of what is varied.
        cases: one a combination of what is varied; one only if nothing is.
    """

    trial: str
    label: str
    model: Model
    varied: tuple[str, ...]
    cases: tuple[Case, ...]

    @property
    def first(self) -> Simulation:
        """The simulation of the first case."""
        return self.cases[0].simulation

    def _rows(self) -> Iterator[tuple[Case, Simulation, Simulation]]:
        for case in self.cases:
            for test in case.simulation.tests:
                yield case, case.simulation.of(test), case.no_effect.of(test)

    def _title(self) -> str:
        words = {"design": "model of its design", "disease": "disease model of its assumptions"}
        return f"{self.trial}: {self.label}; {words[self.model]}"

    def _columns(self) -> Mapping[str, Column]:
        rows = list(self._rows())
        columns: dict[str, Column] = {name: [case.changes[name] for case, _, _ in rows] for name in self.varied}
        columns["test"] = [one.test for _, one, _ in rows]
        for name, numbers in _numbers(rows).items():
            columns[name] = [number.value for number in numbers]
            if name in _WITH_ERROR:
                columns[f"{name}_error"] = [number.error for number in numbers]
        for look in range(self.first.looks if self.first.looks > 1 else 0):
            columns[f"power_at_look_{look + 1}"] = [float(one.power_by_look[look]) for _, one, _ in rows]
        return columns

    def _notes(self) -> list[str]:
        notes = [
            "± Monte-Carlo error; power and size count the benefit tail, size where both arms are alike; events,\n"
            "participants and months when the trial stops; bias of the log hazard ratio then, coverage of its usual\n"
            f"{percent(self.first.conf_level)} interval"
        ]
        notes += dict.fromkeys(note for case in self.cases for note in case.planned.notes)
        if untested := sum(case.simulation.of(test).untested for case in self.cases for test in self.first.tests):
            notes.append(f"in {untested:,} trials a test could not be done at the last look; they show nothing")
        return notes

    def __str__(self) -> str:
        """The setting, the looks if there is one case, and a row for each case and test."""
        first = self.first
        level = f"{sided(first.sides)} level {first.alpha:g}"
        parts = [
            self._title(),
            f"{first.replicates:,} simulated trials{'' if len(self.cases) == 1 else ' of each case'}, "
            f"seed {first.seed}; {level}",
        ]
        if len(self.cases) == 1:
            parts += [_setting(self.cases[0]), "", *_looks(self.cases[0])]
        rows = list(self._rows())
        columns = {name: [show(case.changes[name]) for case, _, _ in rows] for name in self.varied}
        columns["test"] = [one.test for _, one, _ in rows]
        for name, numbers in _numbers(rows).items():
            if any(not math.isnan(number) for number in numbers):
                columns[name.replace("_", " ")] = [_shown(name, number) for number in numbers]
        parts += ["", *_table(columns), "", *self._notes()]
        return "\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Plain values with 10 significant digits, for JSON; None where there is no value."""
        first = self.first
        return {
            "trial": self.trial,
            "endpoint": self.label,
            "model": self.model,
            "replicates": first.replicates,
            "seed": first.seed,
            "alpha": first.alpha,
            "sides": first.sides,
            "notes": self._notes()[1:],
            "cases": [
                {
                    "changes": {name: significant(value) for name, value in case.changes.items()},
                    "participants": case.planned.scenario.n,
                    "hazard_ratio": significant(math.exp(case.simulation.true_log_hazard_ratio)),
                    "planned_events": list(case.planned.events),
                    "planned_months": [significant(date) for date in case.planned.dates],
                    "latest_month": None
                    if case.planned.max_duration is None
                    else significant(case.planned.max_duration),
                    "tests": [
                        _document(case.simulation.of(test), case.no_effect.of(test)) for test in case.simulation.tests
                    ],
                }
                for case in self.cases
            ],
        }


def simulate_protocol(
    protocol: Protocol,
    *,
    replicates: int = 10_000,
    seed: int = 1,
    model: Model = "design",
    vary: Mapping[str, Sequence[float]] | None = None,
    tests: Sequence[Test] | None = None,
    bounds: str | Sequence[float] | None = None,
    interim: Sequence[float] | None = None,
    progress: Progress | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
    resume: Sequence[Simulation | Kept] = (),
) -> SimulatedDesign:
    """Simulate a protocol's design: its operating characteristics, and its size where there is no effect.

    Args:
        protocol: with a design.
        replicates: trials of each case, and as many without an effect.
        seed: 0 .. 2**64 - 1; the same random numbers serve all cases.
        model: see `protocol_scenario`, and so for `tests`, `bounds` and `interim`.
        vary: values to go through, by the names of `equipoise.design.plan.scenario.CHANGES`; of several, all
            combinations.
        tests: instead of the protocol's.
        bounds: instead of the protocol's.
        interim: instead of the protocol's.
        progress: called with trials done and trials in all.
        threads: how many; by default one a core.
        executor: computes ranges of trials instead of threads.
        resume: what an interrupted run of the same has left.

    Raises:
        DesignError: a protocol that cannot be simulated, or contradictions.
        SimulationInterruptedError: on a keyboard interrupt; it holds what is done.
    """
    names = tuple(vary or {})
    planned = []
    for changes in _cases(vary or {}):
        try:
            found = protocol_scenario(
                protocol, model=model, changes=changes, tests=tests, bounds=bounds, interim=interim
            )
            plans = [one.plan(replicates=replicates, seed=seed) for one in (found, found.without_effect())]
        except DesignError as error:
            where = ", ".join(f"{name}={value:g}" for name, value in changes.items())
            raise DesignError(f"{where}: {error}" if where else str(error)) from error
        planned.append((changes, found, plans))
    # cases share what they have in common, such as the trial without an effect of several hazard ratios
    wanted = {plan.job.digest: plan for _, _, plans in planned for plan in plans}
    done = run_plans(list(wanted.values()), progress=progress, threads=threads, executor=executor, resume=resume)
    by_job = dict(zip(wanted, done, strict=True))
    cases = tuple(
        Case(changes, found, *(by_job[plan.job.digest] for plan in plans)) for changes, found, plans in planned
    )
    return SimulatedDesign(protocol.id, _label(protocol), model, names, cases)


def _cases(vary: Mapping[str, Sequence[float]]) -> list[dict[str, float]]:
    """Every combination, the last name fastest."""
    for name, values in vary.items():
        if not values:
            raise DesignError(f"{name} is varied over no values; give at least one")
    if (count := math.prod(len(values) for values in vary.values())) > _MOST_CASES:
        raise DesignError(f"{count:,} combinations are varied; at most {_MOST_CASES:,} can be")
    return [dict(zip(vary, values, strict=True)) for values in itertools.product(*vary.values())]


def _label(protocol: Protocol) -> str:
    assert protocol.design is not None
    others = [name for name in protocol.arms if name != protocol.reference_arm]
    return f"{protocol.label_of(protocol.design.primary)}, {' and '.join(others)} versus {protocol.reference_arm}"


_WITH_ERROR = {"power", "size", "bias", "coverage"}
_DECIMALS = {"power": 4, "size": 4, "events": 1, "participants": 1, "months": 1, "bias": 4, "coverage": 4}


def _numbers(rows: Sequence[tuple[Case, Simulation, Simulation]]) -> dict[str, list[Simulated]]:
    """The columns of the table that are numbers."""
    return {
        "power": [one.power for _, one, _ in rows],
        "size": [null.power for _, _, null in rows],
        "events": [one.expected_events for _, one, _ in rows],
        "participants": [one.expected_participants for _, one, _ in rows],
        "months": [one.expected_duration for _, one, _ in rows],
        "not_reached": [one.not_reached for _, one, _ in rows],
        "bias": [one.bias for _, one, _ in rows],
        "coverage": [one.coverage for _, one, _ in rows],
    }


def _shown(name: str, number: Simulated) -> str:
    if math.isnan(number):
        return "-"
    if name == "not_reached":
        return f"{100 * number:.1f} %"
    text = f"{number.value:.{_DECIMALS[name]}f}"
    return f"{text} ± {number.error:.4f}" if name in _WITH_ERROR else text


def _setting(case: Case) -> str:
    """Who comes, and what the effect is."""
    scenario, effect = case.planned.scenario, math.exp(case.simulation.true_log_hazard_ratio)
    months = scenario.accrual.duration if isinstance(scenario.accrual, Accrual) else scenario.accrual
    words = f"{scenario.n} participants over {months:.4g} months"
    return words if math.isnan(effect) else f"{words}, hazard ratio {effect:.4g}"


def _looks(case: Case) -> Iterator[str]:
    """The looks of one case, as its first test sees them."""
    one, planned = case.simulation, case.planned
    columns: dict[str, list[str]] = {"look": [str(look + 1) for look in range(one.looks)]}
    if planned.events:
        columns["planned events"] = [str(count) for count in planned.events]
        columns["reached"] = [f"{100 * share:.1f} %" for share in one.look_reached]
    columns |= {
        "events": [f"{value:.1f}" for value in one.look_events],
        "month": [f"{value:.1f}" for value in one.look_dates],
        "mean z": [f"{value:.3f}" for value in one.mean_z],
        "critical z": [f"{value:.4f}" for value in one.critical_values],
        f"power, {one.test}": [f"{value:.4f}" for value in one.power_by_look],
        "stopped": [f"{100 * value:.1f} %" for value in one.stopped_by_look],
    }
    yield from _table(columns)


def _table(columns: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"  {line}" for line in aligned([tuple(columns), *zip(*columns.values(), strict=True)])]


def _document(one: Simulation, null: Simulation) -> dict[str, Any]:
    """One test of one case."""
    numbers = {
        "power": one.power,
        "size": null.power,
        "harm": one.harm,
        "expected_events": one.expected_events,
        "expected_participants": one.expected_participants,
        "expected_months": one.expected_duration,
        "not_reached": one.not_reached,
        "bias": one.bias,
        "coverage": one.coverage,
    }
    document: dict[str, Any] = {"test": one.test}
    for name, number in numbers.items():
        document |= {name: significant(number.value), f"{name}_error": significant(number.error)}
    looks = {
        "power": one.power_by_look,
        "size": null.power_by_look,
        "stopped": one.stopped_by_look,
        "reached": one.look_reached,
        "events": one.look_events,
        "month": one.look_dates,
        "mean_z": one.mean_z,
        "critical_z": one.critical_values,
    }
    document["looks"] = [
        {"look": look + 1} | {name: significant(float(values[look])) for name, values in looks.items()}
        for look in range(one.looks)
    ]
    return document | {"untested": one.untested}
