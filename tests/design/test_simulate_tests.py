"""Every test at the looks, strata, non-proportional hazards and the disease model: the same as the estimators."""

import numpy as np
import pytest
from scipy.special import ndtri

from equipoise.design.accrual import Accrual
from equipoise.design.effects import delayed_effect
from equipoise.design.population import PopulationStratum
from equipoise.design.simulation.disease_scenario import (
    OVERALL_SURVIVAL,
    DiseaseEndpoint,
    DiseaseScenario,
    ProgressionCrossover,
)
from equipoise.design.simulation.operating_characteristics import operating_characteristics
from equipoise.design.simulation.scenario import Scenario
from equipoise.design.simulation.simulate import simulate
from equipoise.design.survival_function import Survival
from equipoise.disease import DiseaseModel, Transition, Weibull
from equipoise.survival import cox, logrank, max_combo, milestone, rmst

TESTS = ("logrank", "fh:0:1", "fh:0.5:0", "mwlrt:12", "gehan", "tarone-ware", "peto", "modified-peto", "cox")
CURVES = ("rmst:24", "milestone:12", "maxcombo", ("logrank", "fh:0:1"), ("logrank", "fh:0:1", "fh:1:0"))


def weighted(data, **options):
    return -logrank(data["time"], data["event"], data["arm"], strata=data["stratum"], time_tolerance=0.0, **options).z


def expected_z(data, month):
    """z of every test from the estimators; `month` is a month in the unit of the times."""
    columns = data["time"], data["event"], data["arm"]
    model = cox(data["time"], data["event"], {"arm": data["arm"]}, strata=data["stratum"], time_tolerance=0.0)
    return {
        "logrank": weighted(data),
        "fh:0:1": weighted(data, gamma=1.0),
        "fh:0.5:0": weighted(data, rho=0.5),
        "mwlrt:12": weighted(data, t_star=12.0 * month),
        **{name: weighted(data, weights=name) for name in ("gehan", "tarone-ware", "peto", "modified-peto")},
        "cox": -float(model.coef[0] / model.std_error[0]),
        "rmst:24": rmst(*columns, tau=24.0 * month, time_tolerance=0.0).difference.z,
        "milestone:12": milestone(*columns, at=12.0 * month, time_tolerance=0.0).difference.z,
    }


def strata(**changes):
    parts = [
        PopulationStratum(share=0.3, control=Survival.from_median(12.0)),
        PopulationStratum(share=0.7, control=Survival.piecewise((6.0,), (0.01, 0.03)).with_cure(0.2), hazard_ratio=0.7),
    ]
    usual = {"n": 400, "accrual": Accrual((12.0, 36.0), (5.0, 20.0)), "strata": parts, "hazard_ratio": 0.8}
    return Scenario.two_arm(**(usual | {"dropout": (0.05, 0.1), "ratio": 2.0} | changes))


@pytest.fixture(scope="module")
def stratified():
    scenario = strata(crossover=0.1, non_adherence=0.05, sites=10, site_sd=0.3)
    return scenario, simulate(
        scenario, replicates=60, seed=21, events=[150, 260], alpha=0.025, tests=TESTS + CURVES[:2]
    )


def test_stratified_tests_and_curves_are_those_of_the_estimators(stratified):
    scenario, found = stratified
    for replicate in range(12):
        for look in range(2):
            data = scenario.participants(21, replicate, cut=float(found.dates[replicate, look]))
            assert data["event"].sum() == found.events[replicate, look]
            for name, z in expected_z(data, 1.0).items():
                # the estimator's Newton steps end at 1e-9
                allowed = 1e-8 if name == "cox" else 1e-10
                assert found.of(name).z[replicate, look] == pytest.approx(z, abs=allowed), name


def test_a_curve_that_is_not_known_far_enough_gives_no_z_and_shows_nothing(stratified):
    scenario, _ = stratified
    early = simulate(scenario, replicates=60, seed=21, dates=[30.0], alpha=0.025, tests=("rmst:36", "logrank"))
    assert np.isnan(early.z).all()
    assert early.power == 0.0
    assert early.untested == 60
    assert np.isfinite(early.of("logrank").z).all()


def test_the_plain_path_and_the_general_path_give_the_same_log_rank():
    scenario = Scenario.two_arm(n=301, accrual=40, control_median=20, hazard_ratio=0.7, dropout=0.1)
    plain = simulate(scenario, replicates=300, seed=2, events=[80, 180], alpha=0.025)
    general = simulate(scenario, replicates=300, seed=2, events=[80, 180], alpha=0.025, tests=("logrank", "fh:0:1"))
    for name in ("z", "events", "dates"):
        assert getattr(general, name) == pytest.approx(getattr(plain, name), abs=1e-11)
    for name in ("enrolled", "log_hazard_ratio", "std_error"):
        assert getattr(general.trials, name) == pytest.approx(getattr(plain.trials, name), abs=1e-8)


def test_max_combo_is_that_of_the_estimator():
    scenario = Scenario.two_arm(
        n=300,
        accrual=24,
        control=Survival.from_median(12),
        experimental=delayed_effect(Survival.from_median(12), 4, 0.5),
    )
    found = simulate(scenario, replicates=40, seed=2, events=[200], alpha=0.025, tests=CURVES[2:])
    weights = {
        "maxcombo": ((0, 0), (0, 1), (1, 0), (1, 1)),
        "max(logrank, fh:0:1)": ((0, 0), (0, 1)),
        "max(logrank, fh:0:1, fh:1:0)": ((0, 0), (0, 1), (1, 0)),
    }
    for replicate in range(0, 40, 8):
        data = scenario.participants(2, replicate, cut=float(found.dates[replicate, 0]))
        for name, pairs in weights.items():
            reference = max_combo(data["time"], data["event"], data["arm"], weights=pairs, sides=1, time_tolerance=0.0)
            z = found.of(name).z[replicate, 0]
            assert z == pytest.approx(-ndtri(reference.p_value), abs=2e-6)


def test_size_of_weighted_tests_and_their_largest():
    scenario = Scenario.two_arm(n=400, accrual=24, control_median=12, hazard_ratio=1.0)
    names = ("logrank", "fh:0:1", "maxcombo", "rmst:24", "milestone:12")
    found = simulate(scenario, replicates=8_000, seed=5, events=[300], alpha=0.025, tests=names, keep="summary")
    for name in names:
        size = found.of(name).power
        assert abs(size - 0.025) < 4 * size.error + 0.001, name


def test_events_by_date_are_those_of_the_closed_form_with_strata_cure_and_dilution():
    scenario = strata(crossover=0.1, non_adherence=0.05)
    dates = [15.0, 36.0, 70.0]
    found = simulate(scenario, replicates=4_000, seed=3, dates=dates, alpha=0.025)
    error = found.events.std(axis=0) / np.sqrt(4_000)
    assert (np.abs(found.look_events - scenario.expected_events(dates)) < 4 * error).all()


def test_arms_are_balanced_within_strata_unless_each_is_drawn_alone():
    rows = strata().rows(1, 0, 20)
    for stratum in range(2):
        for arm, inside in zip(rows.arm, rows.stratum == stratum, strict=True):
            assert abs(arm[inside].sum() - inside.sum() * 2 / 3) < 1
    alone = strata(allocation="simple").rows(1, 0, 50).arm
    assert abs(alone.mean() - 2 / 3) < 4 * np.sqrt(2 / 9 / alone.size)
    assert alone.sum(axis=1).std() > 5


def test_dilution_costs_power_and_sites_keep_the_size():
    scenario = Scenario.two_arm(n=300, accrual=24, control_median=12, hazard_ratio=0.65)
    design = {"replicates": 2_000, "seed": 7, "events": [200], "alpha": 0.025, "keep": "summary"}
    pure = simulate(scenario, **design).power
    diluted = Scenario.two_arm(n=300, accrual=24, control_median=12, hazard_ratio=0.65, crossover=0.2)
    assert simulate(diluted, **design).power < pure - 4 * pure.error
    sites = Scenario.two_arm(n=300, accrual=24, control_median=12, hazard_ratio=1.0, sites=30, site_sd=0.5)
    size = simulate(sites, **design).power
    assert abs(size - 0.025) < 4 * size.error


def disease(**changes):
    model = DiseaseModel(
        arms=("A", "B"),
        cancer_death=Transition(
            hazard=Weibull.from_rate(0.008),
            hazard_ratio={"B": 0.75},
            after={"distant_progression": 3.0, "local_progression": 1.5},
            covariates={"her2": {"positive": 0.6}},
        ),
        other_death=Transition(hazard=Weibull.from_rate(0.001)),
        dropout=Transition(hazard=Weibull.from_rate(0.003)),
        local_progression=Transition(hazard=Weibull.from_rate(0.01), hazard_ratio={"B": 0.4}),
        distant_progression=Transition(hazard=Weibull.from_rate(0.012)),
    )
    usual = {
        "model": model,
        "n": 300,
        "accrual": 60.0,
        "visits_every": ((3, 24), (6, 240)),
        "covariates": {"her2": {"negative": 0.7, "positive": 0.3}},
        "stratify_by": ("her2",),
        "sites": 20,
        "site_sd": 0.3,
        "crossover": ProgressionCrossover(probability=0.4, delay=1.0),
        "non_adherence": (0.02, 0.05),
        "endpoint": DiseaseEndpoint(("local_progression", "death"), censor="last_visit"),
    }
    return DiseaseScenario(**(usual | changes))


def test_endpoints_of_one_disease_are_those_of_the_estimators_ties_and_all():
    scenario = disease()
    survival = scenario.analysed_by(OVERALL_SURVIVAL)
    design = {"replicates": 12, "seed": 3, "events": [100, 160], "alpha": 0.05}
    found = {
        "local": (scenario, simulate(scenario, tests=TESTS + CURVES[:2], **design)),
        "survival": (survival, simulate(survival, tests=TESTS + CURVES[:2], **design)),
    }
    assert (found["local"][1].dates == found["survival"][1].dates).all()
    assert (found["local"][1].events >= [100, 160]).all()
    for source, result in found.values():
        for replicate in range(6):
            for look in range(2):
                data = source.participants(3, replicate, cut=float(result.dates[replicate, look]))
                assert data["event"].sum() == result.events[replicate, look]
                for name, z in expected_z(data, 30.4375).items():
                    allowed = 1e-8 if name == "cox" else 1e-10
                    assert result.of(name).z[replicate, look] == pytest.approx(z, abs=allowed), name


def test_causes_of_death_add_up_to_all_deaths():
    dates = {"replicates": 200, "seed": 3, "dates": [60.0, 120.0], "alpha": 0.05}
    events = {
        name: simulate(disease(endpoint=DiseaseEndpoint((name,))), **dates).events
        for name in ("cancer_death", "other_death", "death")
    }
    assert (events["cancer_death"] + events["other_death"] == events["death"]).all()


def test_crossover_after_progression_costs_power_and_nothing_before_it():
    plain = {"sites": 1, "site_sd": 0.0, "non_adherence": (0.0, 0.0), "endpoint": OVERALL_SURVIVAL}
    none, all_of_them = (
        disease(crossover=None, **plain),
        disease(crossover=ProgressionCrossover(probability=1.0), **plain),
    )
    before, after = none.rows(3, 0, 40), all_of_them.rows(3, 0, 40)
    assert (before.exit[before.arm == 1] == after.exit[after.arm == 1]).all()
    assert (after.exit >= before.exit)[(before.event == 1) & (after.event == 1)].all()
    assert (after.exit > before.exit).any()
    design = {"replicates": 512, "seed": 3, "events": [150], "alpha": 0.05}
    assert simulate(all_of_them, **design).mean_z[-1] < simulate(none, **design).mean_z[-1]


def test_characteristics_hold_power_and_size_of_every_test():
    scenario = Scenario.two_arm(n=200, accrual=24, control_median=12, hazard_ratio=0.6)
    found = operating_characteristics(
        scenario, replicates=2_000, seed=1, alpha=0.025, events=[75, 150], bounds="pocock", tests=("logrank", "cox")
    )
    assert found.to_frame()["scenario"].to_list() == ["planned"] * 2 + ["no effect"] * 2
    assert found["planned"].power > 0.7
    assert abs(found["no effect"].power - 0.025) < 4 * found["no effect"].power.error
    assert "size of the test" in str(found)
