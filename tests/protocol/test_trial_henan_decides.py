"""Henan (NCT04199520) decides as its document says; its course, endpoints and numbers are those printed."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

import pytest
from trial_criteria import Row, load, not_passed, verdicts

from equipoise.protocol.model.endpoints import TimeToEvent
from equipoise.protocol.model.pathway import Assess, FollowUp, Randomise, Register, Treat
from equipoise.protocol.rules import compile_rule

HENAN_PASSES: Row = {
    "screening_date": date(2020, 3, 2),
    "registration_date": date(2020, 3, 2),
    "randomisation_date": date(2020, 9, 10),
    "informed_consent": True,
    "consent_date": date(2020, 3, 1),
    "age": 48,
    "sex": "female",
    "diagnosis_date": date(2020, 2, 10),
    "histology_invasive": True,
    "m_stage": "M1",
    "metastases_measured": True,
    "metastatic_organs": 2,
    "er": "positive",
    "pr": "negative",
    "her2": "negative",
    "bilateral": False,
    "other_malignancy": "none",
    "ecog": 0,
    "judged_i6": True,
    "regimen": "chemotherapy",
    "systemic_start_date": date(2020, 3, 5),
    "chemotherapy_cycles": 6,
    "induction_response": "PR",
    "induction_primary": "PR",
    "induction_metastatic": "SD",
    "judged_i10": True,
    "judged_i11": True,
    "brain_metastases": "none",
    "liver_metastases": "controlled",
    "metastases_controlled": True,
    "breast_radiotherapy": False,
    "major_surgery": False,
    "judged_e7": False,
    "pregnancy": "not_possible",
}


class TestHenan:
    """NCT04199520: randomised after response to systemic therapy."""

    def test_a_participant_passes_everything_though_dates_of_what_never_was_are_missing(self) -> None:
        for name in ("other_malignancy_date", "breast_radiotherapy_date", "major_surgery_date", "endocrine_months"):
            assert name not in HENAN_PASSES
        assert not_passed(load("henan"), HENAN_PASSES) == []

    @pytest.mark.parametrize(
        ("change", "fails"),
        [
            ({"informed_consent": False}, "I1"),
            ({"consent_date": date(2020, 3, 3)}, "I1"),
            ({"age": 17}, "I2"),
            ({"age": 71}, "I2"),
            ({"sex": "male"}, "I2"),
            ({"histology_invasive": False}, "I3"),
            ({"m_stage": "M0"}, "I3"),
            ({"metastases_measured": False}, "I3"),
            ({"er": "unknown"}, "I4"),
            ({"pr": "unknown"}, "I4"),
            ({"her2": "unknown"}, "I4"),
            ({"ecog": 2}, "I5"),
            ({"judged_i6": False}, "I6"),
            # one year and a day after diagnosis
            ({"randomisation_date": date(2021, 2, 11)}, "I7"),
            # systemic therapy before the diagnosis counts if it came first
            ({"systemic_start_date": date(2019, 9, 9)}, "I7"),
            ({"induction_response": "PD", "induction_primary": "PD"}, "I8"),
            ({"induction_response": "NE", "induction_metastatic": "NE"}, "I8"),
            ({"chemotherapy_cycles": 3}, "I8"),
            ({"regimen": "both", "chemotherapy_cycles": 3, "endocrine_months": Decimal("8.0")}, "I8"),
            ({"regimen": "endocrine", "endocrine_months": Decimal("5.9")}, "I8"),
            ({"regimen": "her2_only"}, "I8"),
            ({"judged_i10": False}, "I10"),
            ({"judged_i11": False}, "I11"),
            ({"bilateral": True}, "E1"),
            ({"brain_metastases": "uncontrolled"}, "E3"),
            ({"liver_metastases": "uncontrolled"}, "E3"),
            ({"metastases_controlled": False}, "E3"),
            ({"breast_radiotherapy": True, "breast_radiotherapy_date": date(2020, 2, 11)}, "E4"),
            # five years to the day before screening
            ({"other_malignancy": "other", "other_malignancy_date": date(2015, 3, 2)}, "E5"),
            # four weeks to the day before randomisation
            ({"major_surgery": True, "major_surgery_date": date(2020, 8, 13), "major_surgery_recovered": True}, "E6"),
            ({"major_surgery": True, "major_surgery_date": date(2020, 1, 1), "major_surgery_recovered": False}, "E6"),
            ({"judged_e7": True}, "E7"),
            ({"pregnancy": "pregnant"}, "E8"),
        ],
    )
    def test_one_fact_fails_one_criterion(self, change: Row, fails: str) -> None:
        protocol = load("henan")
        assert verdicts(protocol, {**HENAN_PASSES, **change})[fails] is False
        assert not_passed(protocol, {**HENAN_PASSES, **change}) == [fails]

    def test_progression_of_the_metastases_fails_the_inclusion_and_the_exclusion(self) -> None:
        row = {**HENAN_PASSES, "induction_response": "PD", "induction_metastatic": "PD"}
        assert not_passed(load("henan"), row) == ["I8", "E2"]

    @pytest.mark.parametrize(
        "limit",
        [
            {"age": 18},
            {"age": 70},
            {"ecog": 1},
            {"consent_date": date(2020, 3, 2)},
            # one year to the day after diagnosis, and after a diagnosis on 29 February
            {"randomisation_date": date(2021, 2, 10)},
            {"diagnosis_date": date(2020, 2, 29), "randomisation_date": date(2021, 2, 28)},
            {"chemotherapy_cycles": 4},
            {"regimen": "both", "chemotherapy_cycles": 4, "endocrine_months": Decimal("1.0")},
            {"regimen": "endocrine", "chemotherapy_cycles": None, "endocrine_months": Decimal("6.0")},
            {"induction_response": "CR"},
            {"induction_response": "SD"},
            # a day more than five years before screening, and exceptions at any time
            {"other_malignancy": "other", "other_malignancy_date": date(2015, 3, 1)},
            {"other_malignancy": "cervical_in_situ_treated", "other_malignancy_date": date(2020, 1, 1)},
            {"other_malignancy": "skin_non_melanoma", "other_malignancy_date": date(2020, 1, 1)},
            {"other_malignancy": "uterine_stage_1", "other_malignancy_date": date(2020, 1, 1)},
            # four weeks and a day before randomisation
            {"major_surgery": True, "major_surgery_date": date(2020, 8, 12), "major_surgery_recovered": True},
            {"breast_radiotherapy": True, "breast_radiotherapy_date": date(2020, 2, 10)},
            # one organ, not controlled, is not "multiple"
            {"metastatic_organs": 1, "metastases_controlled": False},
        ],
    )
    def test_at_the_limit_a_participant_passes(self, limit: Row) -> None:
        assert not_passed(load("henan"), {**HENAN_PASSES, **limit}) == []

    def test_nothing_recorded_passes_nothing(self) -> None:
        assert set(verdicts(load("henan"), {}).values()) == {None}

    @pytest.mark.parametrize(
        ("targeted", "holds"), [((True,) * 8 + (False,) * 2, True), ((True,) * 7 + (False,) * 3, False), ((), True)]
    )
    def test_four_fifths_of_her2_positive_participants_need_targeted_therapy(
        self, targeted: tuple[bool, ...], holds: bool
    ) -> None:
        protocol = load("henan")
        (item,) = protocol.cohort_rules
        rule = compile_rule(item.rule, protocol.dictionary, cohort=True)
        rows: list[Row] = [{"her2": "positive", "targeted_therapy": given} for given in targeted]
        rows += [{"her2": "negative", "targeted_therapy": False}] * 5
        assert rule.judge_cohort(rows) is holds
        assert (item.of, item.start) == ("randomisation", 10)

    def test_survival_alone_counts_from_diagnosis_and_everything_is_up_to_two_years(self) -> None:
        protocol = load("henan")
        times = protocol.times_to_event()
        assert set(times) == set(protocol.endpoints)
        assert {name: item.origin for name, item in times.items() if item.origin != "randomisation"} == {
            "os": "diagnosis"
        }
        assert protocol.origin_precedes_allocation("diagnosis")
        assert {item.horizon_months for item in times.values()} == {24}

    def test_local_progression_is_another_event_in_each_arm_and_death_competes(self) -> None:
        local = load("henan").endpoints["local_pfs"]
        assert isinstance(local, TimeToEvent)
        assert local.events_of("surgery") == ("local_recurrence",)
        assert local.events_of("systemic") == ("local_progression",)
        assert local.competing == ("death",)

    def test_distant_progression_free_survival_equals_progression_free_survival_as_printed(self) -> None:
        times = load("henan").times_to_event()
        assert times["distant_pfs"].events == times["pfs"].events
        assert "equals PFS" in (times["distant_pfs"].note or "")

    def test_deaths_of_other_causes_compete_with_death_of_breast_cancer(self) -> None:
        bcss = load("henan").times_to_event()["bcss"]
        assert (bcss.events, bcss.competing) == (("death:breast_cancer",), ("death:other",))

    def test_progression_free_survival_has_both_sensitivity_analyses(self) -> None:
        missed, therapy = load("henan").times_to_event()["pfs"].sensitivity
        assert (missed.missed_visits, therapy.new_therapy) == (2, ("new_therapy",))

    def test_participants_are_registered_treated_assessed_randomised_treated_and_followed(self) -> None:
        kinds = [type(step) for step in load("henan").steps]
        assert kinds == [Register, Treat, Assess, Randomise, Treat, FollowUp]

    def test_consent_ends_follow_up_and_nothing_else_does(self) -> None:
        rules = {rule.id: rule for rule in load("henan").withdrawal}
        assert {rule.by for rule in rules.values()} == {"participant", "investigator", "sponsor"}
        assert [name for name, rule in rules.items() if rule.effect.follow_up == "stops"] == ["W1"]
        assert all(rule.effect.data == "kept" for rule in rules.values())

    def test_the_registry_fields_are_the_printed_ones(self) -> None:
        registry = load("henan").registry
        assert (registry.status, registry.phase, registry.enrolment) == ("WITHDRAWN", "Phase 2", "Not specified")
        assert registry.enrolled == 0
        assert (registry.start, registry.completion, registry.masking, registry.allocation) == (None,) * 4

    def test_the_assumed_size_follows_from_its_formula(self) -> None:
        # Schoenfeld 1983: 4 (z(1 - alpha/2) + z(power))^2 / log(HR)^2; z as in any table of the normal distribution
        design = load("henan").design
        assert design is not None
        assert design.hazard_ratio is not None
        assert design.control_median is not None
        events = 4 * (1.959964 + 0.841621) ** 2 / math.log(design.hazard_ratio) ** 2
        assert math.ceil(events) == design.events

        def dying(rate: float) -> float:
            """Probability of death with follow-up uniform over 24 to 60 months."""
            return 1 - (math.exp(-24 * rate) - math.exp(-60 * rate)) / (36 * rate)

        control = math.log(2) / design.control_median
        share = (dying(control) + dying(control * design.hazard_ratio)) / 2
        assert design.participants == 2 * math.ceil(math.ceil(events) / share / 2)
