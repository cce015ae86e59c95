"""The five protocols as trials to be simulated, against the numbers of their documents and of what really happened."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import equipoise as eq
from equipoise.design.expected import event_probability
from equipoise.design.formulas import power_for_events
from equipoise.design.plan.randomised import randomised
from equipoise.design.plan.scenario import protocol_scenario
from equipoise.design.plan.simulated import simulate_protocol
from equipoise.design.simulation.disease_scenario import DiseaseEndpoint
from equipoise.design.simulation.run import run_plans
from equipoise.errors import DesignError
from equipoise.trials import protocol_path

JCOG, TEHRAN, HENAN, BRECLIM, CHANGHAI = map(eq.load, ("jcog1017", "tehran", "henan", "breclim2", "changhai"))


def simulated(planned, replicates=4_000):
    (found,) = run_plans([planned.plan(replicates=replicates, seed=3)])
    return found


def changed(trial, *edits):
    """A shipped protocol with other words in its file."""
    text = protocol_path(trial).read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return eq.loads(text)


def judged_by(trial, endpoint):
    """A shipped protocol whose primary endpoint is another one."""
    protocol = eq.load(trial)
    return protocol.model_copy(update={"design": protocol.design.model_copy(update={"primary": endpoint})})


def test_jcog1017_is_looked_at_at_359_deaths_and_has_the_power_of_schoenfeld():
    planned = protocol_scenario(JCOG)
    assert (planned.events, planned.dates, planned.max_duration) == ((359,), (), 132.0)
    assert (planned.alpha, planned.sides, planned.tests) == (0.05, 1, ("logrank",))
    assert (planned.scenario.n, planned.scenario.accrual.duration) == (410, 84.0)
    assert math.exp(planned.scenario.log_hazard_ratio) == pytest.approx(20 / 26)
    found = simulated(planned)
    # Schoenfeld 1983; its distance from a simulation is under 0.015 at 1:1 and so many events
    assert abs(found.power - power_for_events(359, 20 / 26, alpha=0.05)) < 4 * found.power.error + 0.015
    assert found.not_reached < 0.02


def test_jcog1017_at_the_control_median_of_69_has_about_220_deaths_and_power_0_62():
    # 221 deaths were reported; 220.4 expected and power 0.62 follow from the exponential model
    found = simulated(protocol_scenario(JCOG, changes={"control_median": 69}))
    assert found.not_reached == 1.0
    assert abs(found.expected_events - 220.4) < 4 * found.expected_events.error
    assert abs(found.power - 0.62) < 4 * found.power.error + 0.015


def test_jcog1017_s_assumptions_give_its_407_participants_and_its_221_deaths():
    planned = protocol_scenario(JCOG, model="disease")
    # 570 registered, 407 randomised, 221 deaths by the cut-off (ASCO 2023, abstract 523); first registration on
    # 2011-05-05, last on 2018-05-31, cut-off 48 months later, and 45 after the last randomisation since 3 months of
    # treatment come before it
    assert planned.scenario.n == 407
    assert planned.max_duration == pytest.approx(2583 / 30.4375 + 45)
    assert planned.scenario.arms == ("A", "B")
    assert planned.scenario.endpoint == DiseaseEndpoint(("death",))
    # unstratified test; allocation balances the factors other than site
    assert (planned.scenario.stratify_by, planned.scenario.balance_by) == ((), ("organs_involved", "subtype"))
    assert planned.scenario.covariates["organs_involved"] == pytest.approx({"single": 0.45, "multiple": 0.55})
    # by hand: er 0.72, her2 0.25
    subtypes = {"her2": 0.25, "luminal": 0.75 * 0.72, "triple_negative": 0.75 * 0.28}
    assert planned.scenario.covariates["subtype"] == pytest.approx(subtypes)
    found = simulated(planned, 1_000)
    assert abs(found.expected_events - 221) < 2


def test_tehran_is_judged_two_years_after_entry_and_beside_it_by_the_test_it_was_sized_by():
    planned = protocol_scenario(TEHRAN)
    assert (planned.events, planned.dates, planned.tests) == ((), (60.0,), ("milestone:24", "logrank"))
    found = simulated(planned)
    # 236 with a probability of death of 0.3073 by two years, were nobody lost
    arms = planned.scenario.arms
    deaths = 236 * sum(arm.share * float(event_probability(24, arm)) for arm in arms)
    assert deaths < 236 * 0.3073
    assert abs(found.expected_events - deaths) < 4 * found.expected_events.error
    # sized for 0.80 by a log-rank test with 66 deaths
    power = power_for_events(deaths, 0.5, alpha=0.05, sides=2)
    assert abs(found.of("logrank").power - power) < 4 * found.power.error + 0.015
    assert found.untested == 0


def test_tehran_s_assumptions_follow_everybody_for_27_months():
    planned = protocol_scenario(TEHRAN, model="disease")
    assert planned.scenario.follow_up == 27
    assert planned.scenario.n == 236
    drawn = planned.scenario.rows(1, 0, 20)
    assert drawn.exit.max() == math.floor(27 * 30.4375)
    # the assumptions meet two-year survivals of 0.60 and 0.78: deaths by two years of 236 are 73
    deaths = ((drawn.exit <= 24 * 30.4375) & (drawn.event == 1)).sum(axis=1)
    assert abs(deaths.mean() - 236 * (1 - (0.60 + 0.78) / 2)) < 4 * deaths.std() / math.sqrt(20) + 4


def test_henan_s_assumptions_randomise_as_many_as_a_rehearsal_and_stratify_by_its_factors():
    planned = protocol_scenario(HENAN, model="disease")
    # rehearsals with seeds 1, 2, 3 randomise 252, 249, 249 of 353 registered
    assert abs(planned.scenario.n - 250) <= 2
    assert planned.scenario.stratify_by == ("subtype", "organs_involved")
    assert planned.scenario.strata == 6
    assert "unknown" not in planned.scenario.covariates["subtype"]  # receptors have to be known
    assert any("defined from diagnosis" in note for note in planned.notes)
    assert simulated(planned, 500).power > 0.6


def test_of_henan_s_registered_the_share_is_that_of_its_criteria():
    step = HENAN.allocation_step
    found = randomised(HENAN, step, ["organs_involved"])
    # by hand: three judgements and E7 at 0.98, 0.96 stay, ECOG 0 or 1, response without progression (0.87) after the
    # therapy required, controlled metastases (E3), not pregnant, recovered from surgery; ECOG from a normal of
    # mean 0.5 and sd 0.5 cut at 0
    phi = lambda z: 0.5 * math.erfc(-z / math.sqrt(2))  # noqa: E731 - a formula
    ecog = (phi(2.0) - phi(-1.0)) / (1.0 - phi(-1.0))
    cycles = 0.22 + 0.06 + 0.5 + 0.04 + 0.16
    endocrine = 1.05 / 1.1  # uniform from 5.9 to 7.0, rounded to a tenth, at least 6.0
    therapy = 0.79 * cycles + 0.2 * endocrine
    controlled = 0.995 * 0.99 * (0.5 + 0.5 * 0.98)
    share = 0.98**4 * 0.96 * ecog * 0.87 * therapy * controlled * 0.998 * (1 - 0.05 * 0.03)
    assert found.share == pytest.approx(share, rel=1e-9)
    assert found.levels["organs_involved"]["single"] == pytest.approx(0.5 / (0.5 + 0.5 * 0.98))


def test_breclim2_has_no_effect_to_simulate_until_one_is_given():
    with pytest.raises(DesignError, match="does not say hazard_ratio"):
        protocol_scenario(BRECLIM)
    planned = protocol_scenario(BRECLIM, changes={"hazard_ratio": 0.6})
    # 200 participants; no events planned, so the look is at the end: 72 and 36 months. Cox regression is its only test
    assert (planned.dates, planned.tests, planned.scenario.n) == ((108.0,), ("cox",), 200)
    assert protocol_scenario(BRECLIM, model="disease").scenario.strata == 6


def test_changhai_randomises_nobody():
    for model in ("design", "disease"):
        with pytest.raises(DesignError, match="allocates nobody by chance: its 4 arms"):
            protocol_scenario(CHANGHAI, model=model)


def test_interim_looks_and_bounds_come_from_the_file_or_from_the_caller():
    protocol = changed(
        "jcog1017", ("  events: 359\n", "  events: 359\n  interim: [0.5]\n  bounds: 'spending:pocock'\n")
    )
    planned = protocol_scenario(protocol)
    assert planned.events == (180, 359)  # half of 359 rounded up
    assert (planned.bounds, planned.information) == ("spending:pocock", (180 / 359, 1.0))
    other = protocol_scenario(protocol, interim=[0.4, 0.8], bounds=[3.0, 2.5, 1.7])
    assert (other.events, other.bounds) == ((144, 288, 359), [3.0, 2.5, 1.7])
    assert protocol_scenario(JCOG, interim=[0.5]).bounds == "spending:obrien-fleming"
    assert simulated(planned, 200).looks == 2


@pytest.mark.parametrize(
    ("protocol", "options", "message"),
    [
        (JCOG, {"changes": {"medians": 3}}, "medians cannot be varied in the design model; vary some of hazard_ratio"),
        (JCOG, {"model": "disease", "changes": {"hazard_ratio": 0.7}}, "a hazard ratio for each transition"),
        (JCOG, {"changes": {"participants": 400.5}}, "participants = 400.5; give a whole number"),
        (JCOG, {"model": "disease", "changes": {"participants": 400.5}}, "participants = 400.5; give a whole number"),
        (JCOG, {"changes": {"events": 10.5}}, "events = 10.5; give a whole number"),
        (JCOG, {"changes": {"hazard_ratio": math.nan}}, "hazard_ratio = nan; give a number from 0.001"),
        (JCOG, {"changes": {"dropout": 1.0}}, "dropout = 1; give a number from 0 to 0.99"),
        (JCOG, {"interim": [0.5, 0.4]}, "interim = .* give increasing numbers"),
        (JCOG, {"interim": [1.5]}, "interim = 1.5; give a number between 0 and 1"),
        (TEHRAN, {"interim": [0.5]}, "interim looks of a milestone"),
        (TEHRAN, {"changes": {"events": 60}}, "judged 24 months after everybody's entry"),
        (BRECLIM, {"model": "disease", "interim": [0.5]}, "interim looks at events need planned events"),
    ],
)
def test_what_a_protocol_cannot_have_is_refused(protocol, options, message):
    with pytest.raises(DesignError, match=message):
        protocol_scenario(protocol, **options)


def test_protocols_that_leave_out_what_is_needed_are_refused_with_what_it_is():
    level = changed("jcog1017", ("  alpha: 0.05\n", ""))
    with pytest.raises(DesignError, match="states no level or no sides"):
        protocol_scenario(level)
    endless = changed("breclim2", ("  follow_up: 36\n", ""))
    with pytest.raises(DesignError, match="neither how many events nor when it ends"):
        protocol_scenario(endless, changes={"hazard_ratio": 0.6})
    upward = changed("jcog1017", ("  experimental_median: 26\n", "  experimental_median: 16\n"))
    with pytest.raises(DesignError, match="exchange the arms"):
        protocol_scenario(upward)
    origin = "    origin: {}\n    local_progression:"
    registered = changed("jcog1017", (origin.format("randomisation"), origin.format("registration")))
    with pytest.raises(DesignError, match="runs from registration"):
        protocol_scenario(registered, model="disease")


def test_endpoints_of_progression_are_seen_at_visits_and_other_events_refused():
    local = judged_by("jcog1017", "lrfs")
    scenario = protocol_scenario(local, model="disease").scenario
    assert scenario.endpoint == DiseaseEndpoint(("death", "local_progression"), censor="last_visit")
    assert scenario.visits_every[0][0] == 3
    assert simulated(protocol_scenario(local, model="disease"), 256).power > 0.95  # reported hazard ratio 0.415
    resection = judged_by("jcog1017", "resection_free")
    with pytest.raises(DesignError, match="does not have"):
        protocol_scenario(resection, model="disease")
    cancer = judged_by("henan", "bcss")
    assert protocol_scenario(cancer, model="disease").scenario.endpoint.events == ("cancer_death",)
    # recurrence in one arm and progression in the other are one thing in the disease model
    by_arm = judged_by("henan", "local_pfs")
    assert protocol_scenario(by_arm, model="disease").scenario.endpoint.events == ("local_progression",)


def test_without_effect_the_disease_model_rejects_at_its_level():
    planned = protocol_scenario(HENAN, model="disease").without_effect()
    found = simulated(planned, 3_000)
    assert abs(found.power - 0.025) < 4 * found.power.error + 0.003
    assert planned.scenario.log_hazard_ratio == 0.0
    assert abs(found.bias) < 4 * found.bias.error


def test_allocation_is_balanced_in_every_stratum_of_the_list_though_the_test_has_none():
    scenario = protocol_scenario(JCOG, model="disease").scenario
    drawn = scenario.rows(5, 0, 3)
    assert scenario.strata == 1
    assert (drawn.stratum == 0).all()
    assert (np.abs(drawn.arm.sum(axis=1) - 407 / 2) <= 3.5).all()  # half a participant in each of six strata, and one


def test_a_grid_shares_the_trials_without_an_effect_and_agrees_with_cases_alone():
    vary = {"hazard_ratio": [0.7, 0.8, 1.0], "control_median": [20.0, 40.0]}
    calls = []
    grid = simulate_protocol(JCOG, replicates=600, seed=2, vary=vary, progress=lambda *done: calls.append(done))
    assert calls[-1] == (600 * 6, 600 * 6)  # a hazard ratio of 1 is the trial without an effect
    frame = grid.to_frame()
    assert frame["hazard_ratio"].to_list() == [0.7, 0.7, 0.8, 0.8, 1.0, 1.0]
    assert frame["control_median"].to_list() == [20.0, 40.0] * 3
    assert frame["size"].to_list()[:2] == frame["power"].to_list()[4:]
    alone = simulate_protocol(JCOG, replicates=600, seed=2, vary={"hazard_ratio": [0.8], "control_median": [40.0]})
    assert alone.to_frame().equals(frame[3:4])
    assert alone.to_dict()["cases"] == [grid.to_dict()["cases"][3]]


def test_an_error_in_a_grid_names_its_case():
    with pytest.raises(DesignError, match=re.escape("events=500, participants=400: events = [500] of 400")):
        simulate_protocol(JCOG, vary={"events": [500], "participants": [600, 400]})
    with pytest.raises(DesignError, match="over no values"):
        simulate_protocol(JCOG, vary={"events": []})
    with pytest.raises(DesignError, match="at most 10,000"):
        simulate_protocol(JCOG, vary={"events": range(1, 201), "accrual": range(1, 101)})


def test_what_fails_is_seen_delay_crossover_and_non_adherence_cost_power():
    grid = simulate_protocol(JCOG, replicates=2_000, vary={"delay": [0, 12], "non_adherence": [0, 0.2]}).to_frame()
    power = dict(zip(grid.select("delay", "non_adherence").iter_rows(), grid["power"], strict=True))
    assert power[0, 0] - 0.1 > power[0, 0.2]
    assert power[0, 0] - 0.1 > power[12, 0]
    crossed = simulate_protocol(JCOG, replicates=2_000, vary={"crossover": [0.2], "dropout": [0.3]})
    assert "bias" not in str(crossed).splitlines()[6]  # hazards are not proportional
    assert crossed.cases[0].simulation.power < power[0, 0]
