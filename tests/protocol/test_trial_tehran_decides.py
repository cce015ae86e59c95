"""Tehran (NCT04697043) decides as its document says; its course, endpoints and numbers are those printed."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date

import pytest
from trial_criteria import Row, load, not_passed, verdicts

from equipoise.protocol.model.allocation import MinimisationList
from equipoise.protocol.model.endpoints import Count, Milestone, Proportion, Score
from equipoise.protocol.model.pathway import Crossover
from equipoise.protocol.rules import compile_rule

TEHRAN_PASSES: Row = {
    "screening_date": date(2021, 3, 1),
    "registration_date": date(2021, 3, 1),
    "randomisation_date": date(2021, 3, 1),
    "informed_consent": True,
    "age": 50,
    "m_stage": "M1",
    "histology_proven": True,
    "er": "positive",
    "pr": "negative",
    "her2": "not_overexpressed",
    "t_stage": "T2",
    "n_stage": "N1",
    "prior_invasive_breast_cancer": False,
    "other_malignancy": "none",
    "breast_tumour_surgery": False,
    "breast_tumour_radiotherapy": False,
    "bilateral": False,
    "judged_i2": True,
    "judged_i6": True,
}


class TestTehran:
    """NCT04697043: randomised right after the diagnosis."""

    def test_a_participant_passes_everything_though_what_does_not_apply_is_missing(self) -> None:
        assert "t4_resectable" not in TEHRAN_PASSES
        assert "other_malignancy_date" not in TEHRAN_PASSES
        assert not_passed(load("tehran"), TEHRAN_PASSES) == []

    @pytest.mark.parametrize(
        ("change", "fails"),
        [
            ({"m_stage": "M0"}, "I1"),
            ({"judged_i2": False}, "I2"),
            ({"histology_proven": False}, "I3"),
            ({"er": "negative", "pr": "unknown"}, "I4"),
            ({"er": "unknown", "pr": "negative"}, "I4"),
            ({"her2": "unknown"}, "I4"),
            ({"t_stage": "TX"}, "I5"),
            ({"t_stage": "T0"}, "I5"),
            ({"n_stage": "NX"}, "I5"),
            ({"judged_i6": False}, "I6"),
            ({"age": 17}, "I7"),
            ({"informed_consent": False}, "I8"),
            ({"prior_invasive_breast_cancer": True}, "E1"),
            # ten years to the day before screening
            ({"other_malignancy": "other", "other_malignancy_date": date(2011, 3, 1)}, "E2"),
            ({"breast_tumour_surgery": True}, "E3"),
            ({"breast_tumour_radiotherapy": True}, "E3"),
            ({"bilateral": True}, "E5"),
        ],
    )
    def test_one_fact_fails_one_criterion(self, change: Row, fails: str) -> None:
        protocol = load("tehran")
        assert verdicts(protocol, {**TEHRAN_PASSES, **change})[fails] is False
        assert not_passed(protocol, {**TEHRAN_PASSES, **change}) == [fails]

    def test_an_irresectable_t4_tumour_fails_the_inclusion_and_the_exclusion(self) -> None:
        row = {**TEHRAN_PASSES, "t_stage": "T4", "t4_resectable": False}
        assert not_passed(load("tehran"), row) == ["I5", "E4"]

    @pytest.mark.parametrize(
        "limit",
        [
            {"age": 18},
            {"age": 95},
            {"sex": "male"},
            {"t_stage": "T1"},
            {"t_stage": "T3"},
            {"t_stage": "T4", "t4_resectable": True},
            {"n_stage": "N0"},
            {"n_stage": "N3"},
            # one positive receptor settles the hormonal status; both negative is known as well
            {"er": "positive", "pr": None},
            {"er": "unknown", "pr": "positive"},
            {"er": "negative", "pr": "negative"},
            {"her2": "overexpressed"},
            # a day more than ten years before screening, and exceptions at any time
            {"other_malignancy": "other", "other_malignancy_date": date(2011, 2, 28)},
            {"other_malignancy": "basal_cell_skin", "other_malignancy_date": date(2021, 1, 1)},
            {"other_malignancy": "cervical_early", "other_malignancy_date": date(2021, 1, 1)},
        ],
    )
    def test_at_the_limit_a_participant_passes(self, limit: Row) -> None:
        assert not_passed(load("tehran"), {**TEHRAN_PASSES, **limit}) == []

    def test_nothing_recorded_passes_nothing(self) -> None:
        assert set(verdicts(load("tehran"), {}).values()) == {None}

    def test_the_primary_endpoint_is_survival_at_two_years(self) -> None:
        protocol = load("tehran")
        primary = protocol.endpoints["survival_2y"]
        assert isinstance(primary, Milestone)
        assert (primary.of, primary.at_months) == ("os", 24)
        assert protocol.times_to_event()["os"].origin == "randomisation"
        assert protocol.design is not None
        assert protocol.design.primary == "survival_2y"

    def test_the_other_endpoints_are_a_score_counts_and_a_proportion(self) -> None:
        endpoints = load("tehran").endpoints
        assert isinstance(endpoints["quality_of_life"], Score)
        unplanned, axillary = endpoints["unplanned_local"], endpoints["axillary"]
        assert isinstance(unplanned, Count)
        assert isinstance(axillary, Count)
        assert (unplanned.events, unplanned.terminal) == (("unplanned_local_therapy",), ("death",))
        assert axillary.events == ("axillary_dissection", "axillary_radiotherapy")

    @pytest.mark.parametrize(("done", "counted"), [("lumpectomy", True), ("mastectomy", True), ("not_done", False)])
    def test_margins_are_counted_among_the_operated(self, done: str, counted: bool) -> None:
        protocol = load("tehran")
        margins = protocol.endpoints["margins"]
        assert isinstance(margins, Proportion)
        assert margins.among is not None
        assert compile_rule(margins.among, protocol.dictionary).judge({"breast_surgery": done}).value is counted

    def test_surgery_in_the_systemic_arm_is_an_unplanned_local_therapy(self) -> None:
        (crossover,) = [step for step in load("tehran").steps if isinstance(step, Crossover)]
        assert (crossover.arms, crossover.intervention) == (("B",), "breast_surgery")
        assert crossover.event == "unplanned_local_therapy"

    def test_the_cox_model_is_adjusted_for_the_minimisation_factors(self) -> None:
        protocol = load("tehran")
        allocation = protocol.allocation["main"]
        assert isinstance(allocation, MinimisationList)
        factors = tuple(factor.variable for factor in allocation.factors)
        assert factors == ("dominant_site", "hormone_receptor", "her2")
        assert len(set(allocation.ratio.values())) == 1
        cox = next(analysis for analysis in protocol.analyses if analysis.endpoint == "os")
        assert (cox.model, cox.population, cox.covariates) == ("cox", "itt", factors)

    @pytest.mark.parametrize(
        ("row", "advice"),
        [
            ({"hormone_receptor": "positive"}, {"Hormonal treatment"}),
            ({"hormone_receptor": "positive", "rapid_progression": True}, {"Hormonal treatment", "Chemotherapy"}),
            ({"hormone_receptor": "negative", "extensive_visceral": True}, {"Chemotherapy"}),
            ({"hormone_receptor": "negative", "extensive_visceral": False}, set()),
        ],
    )
    def test_systemic_therapy_is_advised_by_receptors_and_course(self, row: Row, advice: set[str]) -> None:
        protocol = load("tehran")
        receptors = "positive" if row["hormone_receptor"] == "positive" else "negative"
        values = {"er": receptors, "pr": "negative", "her2": "not_overexpressed", **row}
        table = next(item for item in protocol.guidance if item.id == "systemic_therapy")
        advised = {
            line.advise
            for line in table.rows
            if compile_rule(line.when, protocol.dictionary).judge(values).value is True
        }
        assert advised == advice

    def test_the_design_is_the_printed_one(self) -> None:
        design = load("tehran").design
        assert design is not None
        assert (design.alpha, design.sides, design.power, design.hazard_ratio) == (0.05, 2, 0.8, 0.5)
        assert design.control_survival == pytest.approx(math.exp(-0.5))  # printed 0.60
        assert (design.survival_at, design.loss) == (24, 0.1)
        assert (design.events, design.participants, design.interim) == (66, 236, ())
        assert "Interim analysis ;" in design.quotes

    def test_the_registry_fields_are_the_printed_ones(self) -> None:
        registry = load("tehran").registry
        assert (registry.status, registry.phase) == ("Recruiting", "N/A")
        assert (registry.start, registry.completion) == (date(2020, 11, 20), date(2021, 12, 20))
        assert registry.contacts == ()

    def test_the_twenty_trials_under_see_also_are_there(self) -> None:
        others = load("tehran").registry.see_also
        assert len({item.id for item in others}) == 20
        assert Counter(item.status for item in others) == {
            "Recruiting": 8,
            "Completed": 4,
            "Active, not recruiting": 3,
            "Not yet recruiting": 2,
            "Withdrawn": 2,
            "Terminated": 1,
        }
        assert [item.id for item in others if item.phase is None] == ["NCT05559528", "NCT04566458"]
        assert "NCT03870919" in {item.id for item in others}

    def test_a_rehearsal_has_the_size_of_the_design(self) -> None:
        protocol = load("tehran")
        assert protocol.assumptions is not None
        assert protocol.design is not None
        assert protocol.assumptions.accrual.participants == protocol.design.participants
        assert not protocol.criteria_at("randomisation")
