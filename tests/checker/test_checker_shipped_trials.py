"""What the checker finds in the five shipped trials: every slip that is known of their documents, by id and place."""

from __future__ import annotations

import pytest
from edited_protocols import found_in, of

from equipoise import trials

# Each entry is a slip that was found by reading the document and recomputing its numbers by hand.
EXPECTED = {
    "jcog1017": {
        ("claim-margin", "claims.planned"),
        ("claim-rounded-nearest", "claims.events"),
        ("allocation-factors-left-out", "analyses.0.strata"),
        ("conf-levels-mixed", "reported"),
        ("control-lived-longer", "reported.3"),
        ("judgement-only", "eligibility.I7"),
        ("not-significant-underpowered", "reported.0"),
        ("registry-fields-missing", "registry"),
        ("subgroup-without-interaction", "source"),
        ("variable-unused", "variables.diagnosis_date"),
    },
    "tehran": {
        ("allocation-method-unsaid", "allocation.main.method"),
        ("arm-order", "arms.A"),
        ("claim-rounded-down", "claims.total"),
        ("claim-rounded-oddly", "claims.survival_1"),
        ("claim-rounded-oddly", "claims.survival_control"),
        ("claim-rounded-on-the-way", "claims.total"),
        ("claim-sign-lost", "claims.survival_control"),
        ("claim-unit", "claims.incidence_rate.unit"),
        ("design-conservative", "design.participants"),
        ("effect-beyond-cited", "design.hazard_ratio"),
        ("endpoint-sizing-analysis", "design.primary"),
        ("enrolment-not-specified", "registry.enrolment"),
        ("exclusion-redundant", "eligibility.E4.rule"),
        ("judgement-only", "eligibility.I2"),
        ("page-section-empty", "source"),
        ("registry-fields-missing", "registry"),
        ("section-empty", "source"),
        ("stray-digits", "source"),
        ("variable-unused", "variables.diagnosis_date"),
        ("window-too-short", "registry.completion"),
    },
    "henan": {
        ("cohort-rule-in-criteria", "cohort_rules.C1"),
        ("endpoints-same-events", "endpoints.distant_pfs.events"),
        ("enrolment-not-specified", "registry.enrolment"),
        ("events-differ-by-arm", "endpoints.local_pfs.events_by_arm"),
        ("exclusion-and-withdrawal", "withdrawal.W2"),
        ("exclusion-redundant", "eligibility.E2.rule"),
        ("horizon-before-median", "endpoints.os.horizon_months"),
        ("judgement-only", "eligibility.I6"),
        ("origin-before-allocation", "endpoints.os.origin"),
        ("origins-differ", "endpoints.os.origin"),
        ("registry-fields-missing", "registry"),
        ("withdrawal-in-exclusions", "withdrawal.W1"),
        ("withdrawn", "registry.status"),
    },
    "changhai": {
        ("class-without-control", "allocation.main"),
        ("endpoint-two-names", "endpoints.dpfs.text"),
        ("guarantee-time", "endpoints.os.origin"),
        ("horizon-short", "endpoints.os.horizon_months"),
        ("judgement-only", "eligibility.E3"),
        ("registry-fields-missing", "registry"),
        ("sample-size-not-derived", "design.participants"),
        ("start-after-update", "registry.start"),
        ("threshold-not-in-text", "eligibility.I3.rule"),
        ("variable-unused", "variables.bone_metastases"),
    },
    "breclim2": {
        ("age-limit-strict", "eligibility.I2.rule"),
        ("exclusion-partly-redundant", "eligibility.E4.rule"),
        ("judgement-only", "eligibility.I6"),
        ("one-site-multicentre", "registry.locations"),
        ("registry-fields-missing", "registry"),
        ("sample-size-not-derived", "design.participants"),
        ("section-empty", "source"),
        ("time-frame-twice", "endpoints.os_3y.at_months"),
        ("variable-unused", "variables.diagnosis_date"),
    },
}


@pytest.mark.parametrize("trial", trials.shipped())
def test_every_known_slip_is_found_and_nothing_else(trial: str) -> None:
    found = {(item.id, item.where) for item in found_in(trial) if item.id != "assumed"}
    assert found == EXPECTED[trial]


@pytest.mark.parametrize("trial", trials.shipped())
def test_no_shipped_trial_contradicts_itself_in_its_file(trial: str) -> None:
    assert [str(item) for item in found_in(trial) if item.severity == "error"] == []


@pytest.mark.parametrize("trial", trials.shipped())
def test_every_finding_has_its_line_and_says_what_and_how_to_mend(trial: str) -> None:
    for item in found_in(trial):
        assert item.line is not None
        assert item.what
        assert item.mend
        assert str(item).startswith(f"{trial}.yaml:{item.line}: {item.severity}: ")
        assert "\n" not in str(item)


@pytest.mark.parametrize("trial", trials.shipped())
def test_the_gravest_come_first_and_then_by_line(trial: str) -> None:
    order = [("error", "warning", "note").index(item.severity) for item in found_in(trial)]
    assert order == sorted(order)
    lines = [(item.severity, item.line) for item in found_in(trial)]
    assert lines == sorted(lines, key=lambda pair: (("error", "warning", "note").index(pair[0]), pair[1] or 0))


@pytest.mark.parametrize(
    ("trial", "name", "numbers"),
    [
        # Schoenfeld, 20 against 26 months, one-sided 0.05, power 0.80: 359.27; rounding up gives 360
        ("jcog1017", "claim-rounded-nearest", ["359", "359.27", "360"]),
        # 359 events within 84 + 48 months need 392.9 participants, so 410 are 4 % more
        ("jcog1017", "claim-margin", ["410", "392.89", "4 %"]),
        # standard error 0.1334 from the 90 % interval: 225 events, of 359 planned 0.63 (221 deaths published: 0.616)
        ("jcog1017", "not-significant-underpowered", ["225", "359", "0.63"]),
        # the same design with the observed control median of 69 months expects 220.4 deaths; as planned 374.6
        ("jcog1017", "control-lived-longer", ["20 months", "69", "220 events", "375"]),
        # read as 95 %, an interval of 90 % gives a weight of (1.96 / 1.645)^2 = 1.42
        ("jcog1017", "conf-levels-mixed", ["90 % (os)", "95 % (lrfs)", "1.42"]),
        # 66 / 0.31 = 212.90
        ("tehran", "claim-rounded-down", ["212.90", "213", "214 in equal arms"]),
        # 66 / (1 - (exp(-0.5) + exp(-0.25)) / 2) = 66 / 0.3073 = 214.75
        ("tehran", "claim-rounded-on-the-way", ["214.75", "216 in equal arms"]),
        ("tehran", "claim-sign-lost", ["exp{0.5}", "1.649", "0.6065"]),
        ("tehran", "claim-unit", ["25 events per person-2 years", "each person 25 events"]),
        ("tehran", "window-too-short", ["13 months", "36", "24", "60", "Recruiting"]),
        ("tehran", "endpoint-sizing-analysis", ["24 months", "66", "log-rank", "Cox", "three"]),
        # sqrt(66) / 2 x |log 0.61| - 1.96 = 0.048
        ("tehran", "effect-beyond-cited", ["0.50", "0.61", "0.52"]),
        # 1 month is 30.4375 days: from 2022-08-01 to 2030-12-31 are 8.4 years
        ("changhai", "horizon-short", ["5 years", "8.4 years"]),
        ("changhai", "guarantee-time", ["os, dpfs and lrpfs", "diagnosis"]),
        ("henan", "withdrawal-in-exclusions", ["5 reasons", "W1, W2, W3, W4 and W5"]),
        ("henan", "withdrawn", ["0 participants"]),
        # 200 participants detect 0.57, 0.60, 0.62, 0.64 with 100, 120, 140, 160 events, power 0.80, two-sided 0.05
        ("breclim2", "sample-size-not-derived", ["200", "100, 120, 140, 160", "0.57, 0.60, 0.62, 0.64"]),
        ("breclim2", "age-limit-strict", ["18 years", "age > 18"]),
    ],
)
def test_the_messages_carry_the_numbers(trial: str, name: str, numbers: list[str]) -> None:
    (finding,) = of(name, found_in(trial))
    for number in numbers:
        assert number in f"{finding.what}; {finding.mend}"


def test_a_finding_as_a_dictionary_has_every_field() -> None:
    (finding,) = of("age-limit-strict", found_in("breclim2"))
    data = finding.to_dict()
    assert sorted(data) == ["file", "id", "line", "mend", "severity", "what", "where"]
    assert (data["id"], data["severity"], data["where"]) == ("age-limit-strict", "warning", "eligibility.I2.rule")
    assert data["file"] == "breclim2.yaml"
