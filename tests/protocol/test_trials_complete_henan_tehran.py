"""Nothing of two source documents is dropped.

The expected ids follow the order of the documents: NCT04199520 (Henan) and NCT04697043 (Tehran).
"""

from __future__ import annotations

import pytest
from quoted_passages import unquoted
from trial_criteria import load

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
