"""Requests that are impossible or contradict each other are refused with what to do about it."""

import pytest

from equipoise.design.accrual import Accrual
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.simulation.disease_scenario import DiseaseEndpoint, DiseaseScenario, ProgressionCrossover
from equipoise.design.simulation.operating_characteristics import operating_characteristics
from equipoise.design.simulation.scenario import Scenario
from equipoise.design.simulation.simulate import simulate, simulate_many
from equipoise.design.survival_function import Survival
from equipoise.disease import DiseaseModel, Transition, Weibull
from equipoise.errors import DesignError

USUAL = {"n": 100, "accrual": 20, "control_median": 12, "hazard_ratio": 0.7}
DESIGN = {"replicates": 10, "seed": 1, "events": [20, 50], "alpha": 0.025}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n": 1}, "n = 1"),
        ({"n": 10.5}, "whole number"),
        ({"accrual": Accrual((float("inf"),), (3.0,))}, "accrual does not end"),
        ({"control_median": None}, "control arm is missing"),
        ({"hazard_ratio": None}, "the effect is missing"),
        ({"hazard_ratio": -1.0}, "hazard_ratio = -1"),
        ({"experimental": Survival.from_median(20)}, "give one"),
        ({"dropout": 1.0}, "dropout = 1"),
        ({"ratio": 0.0}, "ratio"),
        ({"site_sd": 0.3}, "two or more if they differ"),
        ({"crossover": 1.5}, "crossover"),
        ({"entry": "sorted"}, "random or even"),
        ({"control_median": None, "control": Survival.exponential(0.0)}, "no arm has any events"),
    ],
)
def test_a_scenario_that_contradicts_itself_is_refused(changes, message):
    with pytest.raises(DesignError, match=message):
        Scenario.two_arm(**(USUAL | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"replicates": 0}, "replicates = 0"),
        ({"seed": -1}, "seed -1"),
        ({"events": [50, 20]}, "increasing"),
        ({"events": [20.5]}, "whole numbers"),
        ({"events": [50, 101]}, "of 100 participants"),
        ({"events": []}, "no looks"),
        ({"events": None}, "at events or at dates"),
        ({"dates": [10.0]}, "at events or at dates"),
        ({"events": None, "dates": [10.0], "max_duration": 5.0}, "max_duration"),
        ({"alpha": 0.6}, "alpha = 0.6"),
        ({"sides": 3}, "sides = 3"),
        ({"bounds": [2.0]}, "one critical value a look"),
        ({"bounds": "lan"}, "bounds"),
        ({"bounds": GroupSequential([0.5, 1.0], alpha=0.05)}, "give both the same"),
        ({"bounds": [3.0, 2.0], "futility": [3.5]}, "not below the critical value"),
        ({"futility": [1.0, 1.0, 1.0]}, "one value for each but the last"),
        ({"tests": "logrank"}, "list of names"),
        ({"tests": ()}, "list of names"),
        ({"tests": ("wilcoxon",)}, "'wilcoxon' is none"),
        ({"tests": ("rmst:soon",)}, "months above 0"),
        ({"tests": ("logrank", "logrank")}, "twice"),
        ({"tests": (("logrank",),)}, "combines one test"),
        ({"tests": (("fh:0:1", "fh:0:2", "fh:2:0", "fh:1:1"),)}, "combines too many"),
        ({"threads": 0}, "threads = 0"),
        ({"conf_level": 1.0}, "conf_level"),
    ],
)
def test_a_simulation_that_cannot_be_is_refused(changes, message):
    with pytest.raises(DesignError, match=message):
        simulate(Scenario.two_arm(**USUAL), **(DESIGN | changes))


def test_only_the_same_simulation_can_be_resumed():
    scenario = Scenario.two_arm(**USUAL)
    done = simulate(scenario, **DESIGN)
    with pytest.raises(DesignError, match="something else"):
        simulate(scenario, **(DESIGN | {"seed": 2}), resume=done)
    with pytest.raises(DesignError, match="was not simulated"):
        done.of("cox")


def test_scenarios_are_needed():
    with pytest.raises(DesignError, match="no scenarios"):
        simulate_many([], **DESIGN)
    with pytest.raises(DesignError, match="at least one"):
        operating_characteristics({}, **DESIGN)
    with pytest.raises(DesignError, match="counted from 0"):
        Scenario.two_arm(**USUAL).participants(1, -1)


MODEL = DiseaseModel(
    arms=("A", "B"),
    cancer_death=Transition(hazard=Weibull.from_rate(0.02)),
    local_progression=Transition(hazard=Weibull.from_rate(0.02)),
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n": 0}, "n = 0"),
        ({"arms": ("A", "C")}, "'C' is not in the model"),
        ({"endpoint": DiseaseEndpoint(("local_progression",), censor="last_visit")}, "give visits_every"),
        ({"stratify_by": ("her2",)}, "no covariate"),
        ({"covariates": {"her2": {"yes": 0.5}}}, "do not sum to 1"),
        ({"sites": 1, "site_sd": 0.5}, "two or more"),
        ({"true_hazard_ratio": 0.0}, "true_hazard_ratio"),
    ],
)
def test_a_disease_scenario_that_contradicts_itself_is_refused(changes, message):
    with pytest.raises(DesignError, match=message):
        DiseaseScenario(**({"model": MODEL, "n": 100, "accrual": 20.0} | changes))


def test_endpoints_and_crossover_that_cannot_be_are_refused():
    with pytest.raises(DesignError, match="relapse"):
        DiseaseEndpoint(("relapse",))
    with pytest.raises(DesignError, match="deaths alone"):
        DiseaseEndpoint(("death",), censor="last_visit")
    with pytest.raises(DesignError, match="probability of crossover"):
        ProgressionCrossover(probability=1.5)
    with pytest.raises(DesignError, match="need the expected information"):
        simulate(
            DiseaseScenario(model=MODEL, n=100, accrual=20.0),
            replicates=1,
            seed=1,
            dates=[10.0, 20.0],
            alpha=0.05,
            bounds="pocock",
        )
