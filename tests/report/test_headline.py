"""The result in brief: what it quotes, and how it is worded."""

from dataclasses import replace

import pytest

import made_up
from equipoise.analysis.results import Results
from equipoise.estimates import Estimate
from equipoise.protocol import load
from equipoise.report.choose import effects, in_brief
from equipoise.report.headline import headline, reading
from equipoise.report.words import definition, method_words, uncapitalised
from equipoise.trials import shipped

JCOG1017 = load("jcog1017")


def ratio(value=0.86, low=0.69, high=1.07, **changes):
    """JCOG1017's overall survival (Br J Cancer 2025): HR 0.86, 90 % CI 0.69-1.07, one-sided p = 0.13."""
    fields = {
        "endpoint": "os",
        "measure": "hazard ratio",
        "method": "cox",
        "unit": "ratio",
        "value": value,
        "conf_low": low,
        "conf_high": high,
        "conf_level": 0.9,
        "p_value": 0.13,
        "p_method": "log-rank",
        "sides": 1,
        "null_value": 1,
        "arm": "B",
        "reference": "A",
    }
    return Estimate(**(fields | changes))


def text(*estimates):
    found = headline(JCOG1017, Results("jcog1017", "2", "trial data", "2022-05-31", estimates))
    return "\n".join(f"{item.lead} {item.text}".strip() for item in found).replace("\u00a0", " ")


def test_an_interval_around_no_difference_is_described_by_what_it_holds():
    said = text(ratio())
    assert "was 0.86 (90 % CI 0.69–1.07; one-sided p = 0.13, log-rank)" in said
    assert "anything from a hazard 31 % lower to one 7 % higher with B" in said
    assert "higher with B (no difference included) agrees with these data at that level" in said
    assert "not evidence of its absence" in said


@pytest.mark.parametrize(("low", "high", "side"), [(0.5, 0.9, "below"), (1.1, 1.9, "above")])
def test_an_interval_on_one_side_says_which_and_no_more(low, high, side):
    said = reading(ratio((low + high) / 2, low, high)).replace("\u00a0", " ")
    assert said == f"The 90 % interval lies {side} 1, the value of no difference."


@pytest.mark.parametrize("word", ["significant", "did not", "failed", "trend", "proves", "effective", "no effect"])
def test_nothing_is_concluded_from_a_p_value(word):
    for found in (ratio(), ratio(0.5, 0.4, 0.6, p_value=0.0001), ratio(p_value=0.5)):
        assert word not in text(found)
    assert word not in text(*made_up.jcog1017().estimates)


def test_a_biased_or_a_sensitivity_estimate_is_not_the_headline():
    said = text(
        ratio(0.5, 0.4, 0.6, role="biased", note="time before allocation counts"),
        ratio(0.9, 0.8, 1.01),
        ratio(0.7, 0.6, 0.8, role="sensitivity", note="two missed visits censored"),
    )
    assert "0.90 (90 % CI" in said
    assert "0.50" not in said
    assert "0.70" not in said


def test_several_effects_of_one_comparison_carry_their_method():
    said = text(ratio(method="cox, landmark at 12 months"), ratio(1.02, method="cox, time-dependent class"))
    assert "(Cox, landmark at 12 months) was 0.86" in said
    assert "(Cox, time-dependent class) was 1.02" in said
    assert "interval includes" not in said


def test_an_effect_that_could_not_be_estimated_says_why():
    none = ratio(None, None, None, p_value=None, p_method="", sides=None, note="no events")
    assert "could not be given (no events)" in text(none)
    assert "could not be given (no events)" in text(replace(none, note="no events; delayed entry at allocation"))


def test_events_are_those_of_all_participants():
    values = [
        Estimate(
            endpoint="os",
            measure="median",
            unit="month",
            value=60,
            arm=arm,
            n_by_arm={arm: 200},
            events_by_arm={arm: n},
        )
        for arm, n in (("B", 108), ("A", 113))
    ]
    said = text(*values, ratio(events_by_arm={"A": 80, "B": 70}))
    assert "221 events were counted (113 in arm A and 108 in arm B)" in said


def test_values_by_arm_are_medians_or_the_latest_time_that_all_arms_share():
    def survival(arm, at, value):
        return Estimate(endpoint="os", measure="survival", unit="probability", arm=arm, at=at, value=value, note="x")

    times = [survival("A", 12, 0.9), survival("B", 12, 0.8), survival("A", 24, 0.7), survival("B", 24, None)]
    assert [item.at for item in in_brief(times)] == [12, 12]
    median = Estimate(endpoint="os", measure="median", unit="month", arm="A", value=60)
    assert in_brief([*times, median]) == [median]
    assert in_brief([]) == []


def test_hazard_ratios_go_before_differences():
    difference = ratio(0.1, 0.0, 0.2, measure="survival difference", unit="probability", null_value=0)
    assert effects([difference, ratio()]) == [ratio()]
    assert effects([difference]) == [difference]


@pytest.mark.parametrize("trial", shipped())
def test_every_endpoint_has_a_definition_without_loose_ends(trial):
    protocol = load(trial)
    for endpoint in protocol.endpoints.values():
        said = str(definition(protocol, endpoint))
        assert said.endswith(".")
        assert "None" not in said
        assert "  " not in said


def test_words_keep_abbreviations_and_names():
    assert uncapitalised("Overall survival") == "overall survival"
    assert uncapitalised("HER2 status") == "HER2 status"
    assert uncapitalised("PFS-2") == "PFS-2"
    assert method_words(JCOG1017, "log-rank, stratified by organs_involved, subtype") == (
        "log-rank, stratified by organs involved, clinical subtype"
    )
    assert method_words(JCOG1017, "kaplan-meier") == "Kaplan–Meier"


def test_an_adjusted_ratio_beside_an_unadjusted_test_says_both():
    said = text(ratio(adjusted_for=("organs_involved", "subtype"), p_method="unadjusted log-rank"))
    assert "hazard ratio of B versus A, adjusted for organs involved and clinical subtype, was 0.86" in said
    assert "p = 0.13, unadjusted log-rank)" in said
    alone = ratio(adjusted_for=("subtype",), p_value=None, p_method="", sides=None)
    test = ratio(measure="log-rank test", unit="z", null_value=0)
    assert "p = 0.13, unadjusted log-rank)" in text(alone, test)
    assert "adjusted" not in text(ratio())


def test_medians_that_count_from_different_days_say_from_which():
    henan = load("henan")

    def said(*endpoints):
        changes = {"arm": "surgery", "reference": "systemic"}
        found = [ratio(endpoint=name, **changes) for name in endpoints]
        found += [Estimate(endpoint=n, measure="median", unit="month", value=40, arm="surgery") for n in endpoints]
        results = Results("henan", "1", "trial data", "2022-05-31", tuple(found))
        return " ".join(item.text for item in headline(henan, results))

    assert "The median from diagnosis was" in said("os", "pfs")
    assert "The median from randomisation was" in said("os", "pfs")
    assert "The median was" in said("os")
