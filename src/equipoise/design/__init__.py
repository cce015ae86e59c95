"""How many participants, when to look, and what if the assumptions fail.

    from equipoise.design import GroupSequential, Scenario, sample_size, simulate

    size = sample_size(0.75, control_median=60, accrual=85, follow_up=24, alpha=0.025, power=0.8)
    looks = GroupSequential([0.5, 1.0], alpha=0.025, bounds="spending:obrien-fleming")
    found = simulate(Scenario.two_arm(n=407, accrual=85, control_median=60, hazard_ratio=0.75),
                     replicates=10_000, seed=1, events=[110, 221], alpha=0.025, bounds=looks)

Times are months. Positive z favours the experimental arm; a hazard ratio is experimental over control; alpha is total
over its sides. Only `derive` and `protocol_scenario` know protocols: everything else takes numbers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from equipoise.design.accrual import Accrual
    from equipoise.design.after_looks import after_looks
    from equipoise.design.assurance import assurance, power_at_published
    from equipoise.design.at_risk import Stratum
    from equipoise.design.average_hazard_ratio import average_hazard_ratio
    from equipoise.design.conditional_power import conditional_power, information_needed, predictive_power
    from equipoise.design.crossing import crossing_probabilities
    from equipoise.design.derivation import Effect
    from equipoise.design.derive import derive
    from equipoise.design.effects import (
        crossing_hazards,
        cure_effect,
        delayed_effect,
        diminishing_effect,
        piecewise_effect,
        proportional,
    )
    from equipoise.design.expected import (
        Arm,
        calendar_time,
        event_probability,
        expected_events,
        expected_exposure,
        expected_losses,
    )
    from equipoise.design.fixed_time import fixed_time_power, milestone_size, rmst_size
    from equipoise.design.formulas import (
        critical_hazard_ratio,
        detectable_hazard_ratio,
        events_required,
        hazard_ratio_of_z,
        power_for_events,
        z_of_hazard_ratio,
    )
    from equipoise.design.group_sequential import GroupSequential
    from equipoise.design.lakatos import lakatos_size
    from equipoise.design.max_combo_design import max_combo_power
    from equipoise.design.population import PopulationStratum
    from equipoise.design.power import power
    from equipoise.design.prior import DriftPrior, NormalPrior, PointsPrior
    from equipoise.design.projection import project_events
    from equipoise.design.proportions import proportion_power, proportion_size
    from equipoise.design.reestimation import blinded_control, reestimate
    from equipoise.design.sample_size import sample_size
    from equipoise.design.scenario import Scenario
    from equipoise.design.simulate import SimulationInterruptedError, simulate, simulate_many
    from equipoise.design.survival_function import Survival
    from equipoise.design.weighted_sample_size import sample_size_weighted
    from equipoise.design.weighted_tests import weighted_test

_HOME = {
    "accrual": ("Accrual",),
    "after_looks": ("after_looks",),
    "assurance": ("assurance", "power_at_published"),
    "at_risk": ("Stratum",),
    "average_hazard_ratio": ("average_hazard_ratio",),
    "conditional_power": ("conditional_power", "information_needed", "predictive_power"),
    "crossing": ("crossing_probabilities",),
    "derivation": ("Effect",),
    "derive": ("derive",),
    "effects": (
        "crossing_hazards", "cure_effect", "delayed_effect", "diminishing_effect", "piecewise_effect", "proportional",
    ),
    "expected": (
        "Arm", "calendar_time", "event_probability", "expected_events", "expected_exposure", "expected_losses",
    ),
    "fixed_time": ("fixed_time_power", "milestone_size", "rmst_size"),
    "formulas": (
        "critical_hazard_ratio", "detectable_hazard_ratio", "events_required", "hazard_ratio_of_z",
        "power_for_events", "z_of_hazard_ratio",
    ),
    "group_sequential": ("GroupSequential",),
    "lakatos": ("lakatos_size",),
    "max_combo_design": ("max_combo_power",),
    "population": ("PopulationStratum",),
    "power": ("power",),
    "prior": ("DriftPrior", "NormalPrior", "PointsPrior"),
    "projection": ("project_events",),
    "proportions": ("proportion_power", "proportion_size"),
    "reestimation": ("blinded_control", "reestimate"),
    "sample_size": ("sample_size",),
    "scenario": ("Scenario",),
    "simulate": ("SimulationInterruptedError", "simulate", "simulate_many"),
    "survival_function": ("Survival",),
    "weighted_sample_size": ("sample_size_weighted",),
    "weighted_tests": ("weighted_test",),
}  # fmt: skip
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "Accrual",
]


def __getattr__(name: str) -> Any:
    """Import what is offered when it is first asked for, so that checking a protocol stays quick."""
    if name in _MODULE:
        return getattr(import_module(f"equipoise.design.{_MODULE[name]}"), name)
    raise AttributeError(f"module 'equipoise.design' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
