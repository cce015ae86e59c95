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
    from equipoise.design.fixed.fixed_time import fixed_time_power, milestone_size, rmst_size
    from equipoise.design.fixed.lakatos import lakatos_size
    from equipoise.design.fixed.power import power
    from equipoise.design.fixed.projection import project_events
    from equipoise.design.fixed.proportions import proportion_power, proportion_size
    from equipoise.design.fixed.reestimation import blinded_control, reestimate
    from equipoise.design.fixed.sample_size import sample_size
    from equipoise.design.formulas import (
        critical_hazard_ratio,
        detectable_hazard_ratio,
        events_required,
        hazard_ratio_of_survival,
        hazard_ratio_of_z,
        participants_for_events,
        power_for_events,
        z_of_hazard_ratio,
    )
    from equipoise.design.plan.derive import derive
    from equipoise.design.plan.scenario import protocol_scenario
    from equipoise.design.plan.simulated import simulate_protocol
    from equipoise.design.population import PopulationStratum
    from equipoise.design.sequential.after_looks import after_looks
    from equipoise.design.sequential.assurance import assurance, power_at_published
    from equipoise.design.sequential.conditional_power import conditional_power, information_needed, predictive_power
    from equipoise.design.sequential.crossing import crossing_probabilities
    from equipoise.design.sequential.group_sequential import GroupSequential
    from equipoise.design.sequential.prior import DriftPrior, NormalPrior, PointsPrior
    from equipoise.design.simulation.disease_scenario import DiseaseEndpoint, DiseaseScenario, ProgressionCrossover
    from equipoise.design.simulation.operating_characteristics import operating_characteristics
    from equipoise.design.simulation.run import SimulationInterruptedError
    from equipoise.design.simulation.scenario import Scenario
    from equipoise.design.simulation.simulate import simulate, simulate_many
    from equipoise.design.survival_function import Survival
    from equipoise.design.weighted.at_risk import Stratum
    from equipoise.design.weighted.average_hazard_ratio import average_hazard_ratio
    from equipoise.design.weighted.max_combo_design import max_combo_power
    from equipoise.design.weighted.weighted_sample_size import sample_size_weighted
    from equipoise.design.weighted.weighted_tests import weighted_test
    from equipoise.trials.published_effects import PublishedEffect

_HOME = {
    "accrual": ("Accrual",),
    "sequential.after_looks": ("after_looks",),
    "sequential.assurance": ("assurance", "power_at_published"),
    "weighted.at_risk": ("Stratum",),
    "weighted.average_hazard_ratio": ("average_hazard_ratio",),
    "sequential.conditional_power": ("conditional_power", "information_needed", "predictive_power"),
    "sequential.crossing": ("crossing_probabilities",),
    "plan.derivation": ("PublishedEffect",),
    "plan.derive": ("derive",),
    "plan.scenario": ("protocol_scenario",),
    "plan.simulated": ("simulate_protocol",),
    "effects": (
        "crossing_hazards", "cure_effect", "delayed_effect", "diminishing_effect", "piecewise_effect", "proportional",
    ),
    "expected": (
        "Arm", "calendar_time", "event_probability", "expected_events", "expected_exposure", "expected_losses",
    ),
    "fixed.fixed_time": ("fixed_time_power", "milestone_size", "rmst_size"),
    "formulas": (
        "critical_hazard_ratio", "detectable_hazard_ratio", "events_required", "hazard_ratio_of_survival",
        "hazard_ratio_of_z", "participants_for_events", "power_for_events", "z_of_hazard_ratio",
    ),
    "sequential.group_sequential": ("GroupSequential",),
    "fixed.lakatos": ("lakatos_size",),
    "weighted.max_combo_design": ("max_combo_power",),
    "population": ("PopulationStratum",),
    "fixed.power": ("power",),
    "sequential.prior": ("DriftPrior", "NormalPrior", "PointsPrior"),
    "fixed.projection": ("project_events",),
    "fixed.proportions": ("proportion_power", "proportion_size"),
    "fixed.reestimation": ("blinded_control", "reestimate"),
    "fixed.sample_size": ("sample_size",),
    "simulation.disease_scenario": ("DiseaseEndpoint", "DiseaseScenario", "ProgressionCrossover"),
    "simulation.operating_characteristics": ("operating_characteristics",),
    "simulation.scenario": ("Scenario",),
    "simulation.run": ("SimulationInterruptedError",),
    "simulation.simulate": ("simulate", "simulate_many"),
    "survival_function": ("Survival",),
    "weighted.weighted_sample_size": ("sample_size_weighted",),
    "weighted.weighted_tests": ("weighted_test",),
}  # fmt: skip  # short items of one kind share a line
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "Accrual",
    "Arm",
    "DiseaseEndpoint",
    "DiseaseScenario",
    "DriftPrior",
    "GroupSequential",
    "NormalPrior",
    "PointsPrior",
    "PopulationStratum",
    "ProgressionCrossover",
    "PublishedEffect",
    "Scenario",
    "SimulationInterruptedError",
    "Stratum",
    "Survival",
    "after_looks",
    "assurance",
    "average_hazard_ratio",
    "blinded_control",
    "calendar_time",
    "conditional_power",
    "critical_hazard_ratio",
    "crossing_hazards",
    "crossing_probabilities",
    "cure_effect",
    "delayed_effect",
    "derive",
    "detectable_hazard_ratio",
    "diminishing_effect",
    "event_probability",
    "events_required",
    "expected_events",
    "expected_exposure",
    "expected_losses",
    "fixed_time_power",
    "hazard_ratio_of_survival",
    "hazard_ratio_of_z",
    "information_needed",
    "lakatos_size",
    "max_combo_power",
    "milestone_size",
    "operating_characteristics",
    "participants_for_events",
    "piecewise_effect",
    "power",
    "power_at_published",
    "power_for_events",
    "predictive_power",
    "project_events",
    "proportion_power",
    "proportion_size",
    "proportional",
    "protocol_scenario",
    "reestimate",
    "rmst_size",
    "sample_size",
    "sample_size_weighted",
    "simulate",
    "simulate_many",
    "simulate_protocol",
    "weighted_test",
    "z_of_hazard_ratio",
]


def __getattr__(name: str) -> Any:
    """Import what is offered when it is first asked for, so that checking a protocol stays quick."""
    if name in _MODULE:
        globals()[name] = found = getattr(import_module(f"equipoise.design.{_MODULE[name]}"), name)
        return found
    raise AttributeError(f"module 'equipoise.design' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
