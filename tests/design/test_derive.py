"""The designs of the five trials derived again, against numbers recomputed from their documents and publications.

Where no other source is named, an expected number follows from the closed formula in the comment beside it.
"""

import math

import pytest

import equipoise as eq
from equipoise.design.plan.derive import derive
from equipoise.errors import DesignError
from equipoise.trials import protocol_path, shipped
from equipoise.trials.published_effects import PublishedEffect

POOLED = PublishedEffect("five randomised trials", 0.911, 0.792, 1.047, 0.95)


@pytest.fixture(scope="module")
def found():
    return {name: derive(eq.load(name), effects=[POOLED]) for name in shipped()}


def case(derivation, label):
    return next(item for item in derivation.what_if if item.label.startswith(label) and "reported)" not in item.label)


def test_jcog1017_needs_359_27_deaths_which_359_is_the_nearest_of(found):
    step = found["jcog1017"].step("events")
    assert step.value == pytest.approx(359.27, abs=0.005)  # 4 (1.64485 + 0.84162)^2 / ln(20 / 26)^2
    assert step.rounded == 360
    assert step.printed == 359
    assert step.agreement == ("nearest", "down")


def test_jcog1017_needs_393_participants_for_359_deaths_and_plans_410(found):
    step = found["jcog1017"].step("participants")
    assert step.value == pytest.approx(392.9, abs=0.05)
    assert (step.rounded, step.printed) == (393, 410)
    assert case(found["jcog1017"], "as planned").events == pytest.approx(374.6, abs=0.05)


def test_jcog1017_with_the_hazard_ratio_kept_at_a_control_median_of_69_months(found):
    kept = case(found["jcog1017"], "control median 69 months, as reported: hazard ratio kept")
    assert kept.events == pytest.approx(220.4, abs=0.05)
    assert kept.power == pytest.approx(0.62, abs=0.005)


def test_jcog1017_with_the_six_months_kept_at_a_control_median_of_69_months(found):
    label = "control median 69 months, as reported: 6 months kept"
    kept = case(found["jcog1017"], label)
    assert kept.hazard_ratio == pytest.approx(69 / 75)
    assert kept.needed == pytest.approx(3557, abs=0.5)  # 4 (1.64485 + 0.84162)^2 / ln(69 / 75)^2
    assert kept.due is None  # 410 participants never have so many
    seen = case(found["jcog1017"], f"{label}, with the 221 deaths reported")
    assert seen.power == pytest.approx(0.15, abs=0.005)


def test_tehran_needs_66_deaths_and_more_participants_than_it_printed(found):
    tehran = found["tehran"]
    assert tehran.step("events").value == pytest.approx(65.35, abs=0.005)  # 4 (1.95996 + 0.84162)^2 / ln(0.5)^2
    assert tehran.step("events").agreement == ("up",)
    assert tehran.step("probability").value == pytest.approx(0.3073, abs=5e-5)  # 1 - (exp(-0.5) + exp(-0.25)) / 2
    assert tehran.step("participants").value == pytest.approx(214.7, abs=0.06)
    assert "216 in whole arms" in tehran.step("participants").note
    assert tehran.step("enrolled").value == pytest.approx(240)  # 216 / 0.9, and not the 236 printed
    assert tehran.step("enrolled").agreement == ()


def test_tehran_as_a_proportion_and_with_everybody_followed_to_the_end(found):
    tehran = found["tehran"]
    assert tehran.step("per_arm_as_proportion").value == pytest.approx(111.4, abs=0.05)
    assert tehran.step("probability_to_the_end").value == pytest.approx(0.46, abs=0.005)
    assert tehran.step("participants_to_the_end").rounded == 143


def test_changhai_has_no_derivation_and_detectable_ratios_by_split_and_deaths(found):
    changhai = found["changhai"]
    assert changhai.steps == ()
    assert any("hazard ratio" in item for item in changhai.missing)
    assert case(changhai, "no difference").events == pytest.approx(273, abs=0.5)
    ratios = {item.ratio for item in changhai.detectable}
    assert len(ratios) == 4
    by_split = {item.ratio: item.hazard_ratio for item in changhai.detectable if item.events == 273}
    assert by_split[1.0] == max(by_split.values())  # equal arms detect the smallest effect
    # Schoenfeld solved for the ratio
    assert by_split[1.0] == pytest.approx(math.exp(-2 * 2.801585 / math.sqrt(273)), abs=1e-6)


def test_breclim2_detects_these_ratios_with_100_to_160_deaths(found):
    # the registry's 200 participants: 0.57, 0.60, 0.62, 0.64 at power 0.80, two-sided 0.05
    ratios = {item.events: round(item.hazard_ratio, 2) for item in found["breclim2"].detectable}
    assert [ratios[events] for events in (100, 120, 140, 160)] == [0.57, 0.60, 0.62, 0.64]


def test_henan_derives_the_assumed_design(found):
    henan = found["henan"]
    assert henan.step("events").rounded == 121
    assert henan.step("participants").value == pytest.approx(246.4, abs=0.05)
    assert "248 in whole arms" in henan.step("participants").note


def test_power_at_a_published_effect_and_its_assurance(found):
    at = found["jcog1017"].at_effects[0]
    assert (at.events, at.effect) == (359, POOLED)
    drift = math.sqrt(359) / 2 * -math.log(0.911)
    assert at.power == pytest.approx(0.5 * math.erfc((1.6448536 - drift) / math.sqrt(2)), abs=1e-7)
    # the interval's standard error on the scale of the drift; O'Hagan, Stevens and Campbell 2005, closed form
    spread = math.log(1.047 / 0.792) / (2 * 1.959964) * math.sqrt(359) / 2
    z = (drift - 1.6448536) / math.sqrt(1 + spread**2)
    assert at.assurance == pytest.approx(0.5 * math.erfc(-z / math.sqrt(2)), abs=1e-6)
    assert at.needed == pytest.approx(2846, abs=1)


def test_a_control_median_can_be_asked_for(found):
    asked = derive(eq.load("tehran"), control_medians=[60.0])
    kept = case(asked, "control median 60 months: hazard ratio kept")
    assert kept.control_median == pytest.approx(60)
    assert kept.events < case(asked, "as planned").events


def test_the_timeline_ends_where_the_plan_does(found):
    plan = found["jcog1017"].timeline
    assert plan.months[-1] == 132
    assert plan.enrolled[-1] == pytest.approx(410)
    assert plan.events["hazard ratio 0.769"][-1] == pytest.approx(374.6, abs=0.05)
    assert [due.label for due in plan.moments] == ["accrual ends", "359 deaths are expected", "planned analysis"]


@pytest.mark.parametrize("trial", shipped())
def test_every_number_of_the_text_comes_in_the_dictionary_too(found, trial):
    document = found[trial].to_dict()
    assert document["trial"] == trial
    assert [step["name"] for step in document["steps"]] == [step.name for step in found[trial].steps]
    assert len(document["what_if"]) == len(found[trial].what_if)
    for title in ("What if", "Timeline", "Detectable hazard ratios"):
        assert title in str(found[trial])
    assert "<pre>" in found[trial]._repr_html_()


def test_a_protocol_without_a_design_is_told_so():
    text = protocol_path("jcog1017").read_text(encoding="utf-8")
    start = text.index("\ndesign:\n") + 1
    end = text.index("\n\n", start)
    protocol = eq.loads(text[:start] + text[end:], file="no-design.yaml")
    with pytest.raises(DesignError, match=r"no-design\.yaml has no design; add one"):
        derive(protocol)


def test_a_design_without_level_says_what_is_missing_and_derives_the_rest():
    text = (
        protocol_path("jcog1017").read_text(encoding="utf-8").replace("  alpha: 0.05\n  sides: 1\n  power: 0.8\n", "")
    )
    partial = derive(eq.loads(text, file="x.yaml"))
    assert partial.missing[0].startswith("alpha, sides, power")
    assert partial.steps == ()
    assert case(partial, "as planned").events == pytest.approx(374.6, abs=0.05)
    assert math.isnan(case(partial, "as planned").power)


def with_interim(**changes):
    text = protocol_path("jcog1017").read_text(encoding="utf-8")
    lines = "".join(f"  {name}: {value}\n" for name, value in changes.items())
    return eq.loads(text.replace("  events: 359\n", lines), file="x.yaml")


def test_interim_looks_inflate_the_events_and_have_their_months_and_bounds():
    planned = derive(with_interim(interim="[0.5]", bounds="spending:obrien-fleming"))
    sequential = eq.design.GroupSequential([0.5, 1.0], alpha=0.05, power=0.8)
    assert planned.step("inflation").value == pytest.approx(sequential.inflation)
    assert planned.step("events").value == pytest.approx(planned.step("fixed_events").value * sequential.inflation)
    assert planned.looks.z == pytest.approx(sequential.critical_values)
    rounded = planned.step("events").rounded
    assert planned.looks.events == pytest.approx([rounded / 2, rounded])
    assert [due.label for due in planned.timeline.moments][:1] == ["interim look 1"]
    assert "Looks" in str(planned)
    assert planned.to_dict()["looks"][0]["information"] == 0.5


def test_looks_that_the_participants_cannot_reach_are_said():
    planned = derive(with_interim(interim="[0.5]", events=415))
    assert planned.looks is None
    assert any("never reached" in item for item in planned.missing)
