"""Nothing of two source documents is dropped, and their criteria decide as the documents say.

The expected ids follow the order of the documents: NCT04199520 (Henan) and NCT04697043 (Tehran).
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from quoted_passages import unquoted

from equipoise.protocol import Protocol
from equipoise.protocol import load as load_file
from equipoise.protocol.model.allocation import MinimisationList
from equipoise.protocol.model.endpoints import Count, Milestone, Proportion, Score, TimeToEvent
from equipoise.protocol.model.pathway import Assess, Crossover, FollowUp, Randomise, Register, Treat
from equipoise.protocol.rules import compile_rule

Row = dict[str, Any]
load = cache(load_file)

# What the documents name, by id. Henan's ninth inclusion criterion is about all participants together: C1.
CRITERIA = {
    "henan": [
        *("I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I10", "I11"),
        *("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8"),
    ],
    "tehran": ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "E1", "E2", "E3", "E4", "E5"],
}
JUDGED = {"henan": {"I6", "I10", "I11", "E7"}, "tehran": {"I2", "I6"}}
COHORT = {"henan": ["C1"], "tehran": []}
WITHDRAWAL = {"henan": ["W1", "W2", "W3", "W4", "W5"], "tehran": ["W1", "W2"]}
ENDPOINTS = {
    "henan": ["os", "pfs", "local_pfs", "distant_pfs", "bcss"],
    "tehran": ["survival_2y", "os", "quality_of_life", "unplanned_local", "axillary", "margins", "adverse_events"],
}
PRIMARY = {"henan": ["os"], "tehran": ["survival_2y"]}
ARMS = {"henan": ["surgery", "systemic"], "tehran": ["A", "B"]}
REFERENCE = {"henan": "systemic", "tehran": "B"}
# The printed numbers: of Tehran every step of the derivation, with the numbers it is said to rest on.
CLAIMS: dict[str, dict[str, tuple[str, set[str]]]] = {
    "henan": {"stage_iv_share": ("25", set()), "targeted_share": ("80", set())},
    "tehran": {
        "alpha": ("0.05", set()),
        "z_alpha": ("1.96", {"alpha", "sides"}),
        "beta": ("0.20", set()),
        "z_beta": ("0.84", {"power"}),
        "allocation": ("1/2", set()),
        "hazard_ratio": ("0.50", set()),
        "events": ("66", {"alpha", "sides", "power", "hazard_ratio"}),
        "accrual": ("36", set()),
        "follow_up": ("2", set()),
        "incidence_rate": ("25", set()),
        "lambda_t": ("0.5", {"rate", "years"}),
        "survival_control": ("0.60", {"lambda_t"}),
        "deaths_share": ("0.40", {"survival"}),
        "deaths_percent": ("40", {"survival"}),
        "survival_1": ("0.60", {"lambda_t"}),
        "survival_2": ("0.78", {"lambda_t", "hazard_ratio"}),
        "event_probability": ("0.31", {"survival_1", "survival_2"}),
        "total": ("212", {"events", "event_probability"}),
        "per_group": ("106", {"total", "groups"}),
        "loss": ("10", set()),
        "per_group_loss": ("118", {"per_group", "loss"}),
        "anticipated_survival": ("6", set()),
        "cited_patients": ("16023", set()),
        "cited_hazard_ratio": ("0.61", {"conf_low", "conf_high", "conf_level"}),
        "cited_local_treatment": ("35-60", set()),
        "cited_trials": ("3", set()),
    },
}
# What no quote covers: headings of the pages, and nothing else.
HEADINGS = {
    "henan": {
        *("MedPath", "Interventions", "Brief Summary", "Detailed Description", "Recruitment & Eligibility"),
        *("Inclusion Criteria", "Exclusion Criteria", "Study & Design", "Trial Locations"),
        "Arm && Interventions GroupInterventionDescription",
        *("Primary Outcome Measures NameTimeMethod", "Secondary Outcome Measures NameTimeMethod"),
        "© Copyright 2025. All Rights Reserved by MedPath",
    },
    "tehran": {
        *("Clinical Trials Logo Clinical Trial Summary", "Clinical Trial Description", "Randomization"),
        "Patient selection criteria The eligibility criteria for the study are:",
        *("Exclusion criteria are:", "Treatment options", "Data analysis"),
        "Study Design Related Conditions & MeSH terms",
        "See also Status Clinical Trial Phase",
    },
}


def verdicts(protocol: Protocol, row: Row) -> dict[str, bool | None]:
    """By criterion: True passes, False fails, None is not known."""
    found: dict[str, bool | None] = {}
    for criterion in protocol.eligibility:
        if criterion.rule is not None:
            holds: Any = compile_rule(criterion.rule, protocol.dictionary).judge(row).value
        else:
            holds = row.get(criterion.judgement_variable)
        found[criterion.id] = None if holds is None else holds is (criterion.kind == "inclusion")
    return found


def not_passed(protocol: Protocol, row: Row) -> list[str]:
    """Ids of the criteria that this participant does not pass."""
    return [name for name, verdict in verdicts(protocol, row).items() if verdict is not True]


@pytest.mark.parametrize("trial", CRITERIA)
class TestNothingIsDropped:
    """The parts that the documents name, by id."""

    def test_every_criterion_is_there_in_the_order_of_the_document(self, trial: str) -> None:
        protocol = load(trial)
        assert [criterion.id for criterion in protocol.eligibility] == CRITERIA[trial]
        assert [rule.id for rule in protocol.cohort_rules] == COHORT[trial]
        assert all(criterion.quotes for criterion in protocol.eligibility)
        assert all(c.kind == {"I": "inclusion", "E": "exclusion"}[c.id[0]] for c in protocol.eligibility)

    def test_a_human_judges_only_what_no_recorded_fact_decides(self, trial: str) -> None:
        judged = {criterion.id for criterion in load(trial).eligibility if criterion.judgement is not None}
        assert judged == JUDGED[trial]
        assert {criterion.id for criterion in load(trial).eligibility if criterion.rule is None} == judged

    def test_every_reason_to_leave_is_there(self, trial: str) -> None:
        assert [rule.id for rule in load(trial).withdrawal] == WITHDRAWAL[trial]

    def test_every_endpoint_is_there_with_its_words(self, trial: str) -> None:
        protocol = load(trial)
        assert list(protocol.endpoints) == ENDPOINTS[trial]
        assert [name for name, item in protocol.endpoints.items() if item.role == "primary"] == PRIMARY[trial]
        assert all(item.quotes for item in protocol.endpoints.values())

    def test_every_arm_is_there_and_the_one_without_surgery_is_the_reference(self, trial: str) -> None:
        protocol = load(trial)
        assert list(protocol.arms) == ARMS[trial]
        assert protocol.reference_arm == REFERENCE[trial]

    def test_every_printed_number_is_there_with_its_words_and_inputs(self, trial: str) -> None:
        claims = load(trial).claims
        assert {claim.id: (str(claim.printed), set(claim.inputs)) for claim in claims} == CLAIMS[trial]
        assert all(claim.quotes for claim in claims)

    def test_only_headings_of_the_document_are_quoted_nowhere(self, trial: str) -> None:
        assert set(unquoted(load(trial))) == HEADINGS[trial]

    def test_every_variable_recorded_before_allocation_can_be_rehearsed(self, trial: str) -> None:
        protocol = load(trial)
        assert protocol.assumptions is not None
        entry = {"screening", *(step.id for step in protocol.entry_steps)}
        drawn = protocol.assumptions.variables
        lacking = {
            (name, variable)
            for name, form in protocol.forms.items()
            if form.at in entry and not form.repeats
            for variable in form.variables
            if variable not in drawn
        }
        assert lacking == set()

    def test_no_result_is_attached_to_a_trial_without_results(self, trial: str) -> None:
        assert load(trial).reported == ()


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
