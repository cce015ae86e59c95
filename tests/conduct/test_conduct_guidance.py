"""Advice on treatment with the values it rests on, departures from it, and crossover."""

from __future__ import annotations

import pytest
from small_trial import SAFETY, Clerk, after

import equipoise
from equipoise.conduct import Criteria, advice_for, commands, unexplained
from equipoise.protocol import loads

PROTOCOL = loads(SAFETY, file="safety.yaml")
TEHRAN = Criteria(equipoise.load("tehran"))


@pytest.fixture
def clerk() -> Clerk:
    """An open trial."""
    made = Clerk(PROTOCOL)
    made.open()
    return made


def in_arm(clerk: Clerk, arm: str) -> str:
    """The first participant allocated to an arm."""
    for number in range(1, 20):
        if clerk.allocate(f"P{number}") == arm:
            return f"P{number}"
    raise AssertionError(f"nobody in arm {arm}")


def test_an_allocation_answers_with_the_advice_that_holds_and_the_values_that_decided(clerk: Clerk) -> None:
    clerk.register()
    clerk.assess()
    answer = clerk.accepted(commands.Allocate, step="randomisation")
    assert answer.advice[0] == "drugs: Targeted therapy (her2 = positive)"
    assert answer.advice[-1] == "axilla: Dissect the axilla (age = 54)"
    if answer.arm == "A":  # the second row needs pain, which nobody has recorded
        assert answer.advice[1] == "drugs: whether 'A stronger drug' is advised cannot be told: pain not recorded"


def test_an_unknown_value_is_said_to_be_missing_and_never_silently_no_advice() -> None:
    found = {item.row: item for item in advice_for(TEHRAN, {}) if item.guidance == "axilla"}
    assert [item.holds for item in found.values()] == ["unknown", "unknown"]
    assert found[1].missing == ("axillary_nodes_palpable", "n_stage")
    # one palpable node decides, whatever the N category
    decided = [item for item in advice_for(TEHRAN, {"axillary_nodes_palpable": True}) if item.guidance == "axilla"]
    assert [(item.row, item.holds, dict(item.values)) for item in decided] == [
        (1, "yes", {"axillary_nodes_palpable": True})
    ]


def test_tehran_highly_recommends_dissection_for_palpable_or_positive_nodes() -> None:
    # "highly recommended if palpable and/or tumor positive lymph nodes in the axillary region are present"
    def axilla(palpable: bool, n_stage: str) -> list[str]:
        values = {"axillary_nodes_palpable": palpable, "n_stage": n_stage}
        return [item.advise for item in advice_for(TEHRAN, values) if item.guidance == "axilla"]

    recommended = ["Axillary lymph node dissection is highly recommended"]
    assert axilla(True, "N0") == axilla(False, "N1") == axilla(True, "N2") == recommended
    assert axilla(False, "N0") == ["Axillary lymph node dissection at the discretion of the treating physician"]


def test_tehran_sees_a_margin_that_was_involved_and_not_re_excised() -> None:
    operated = {"breast_surgery": "lumpectomy", "resection_margin": "involved", "arm": "A", "restaging_response": "PR"}
    (found,) = [item for item in advice_for(TEHRAN, operated) if item.row == 3 and item.guidance.startswith("surgery")]
    assert found.departed is None  # not recorded whether it was re-excised
    for answer, departed in (("not_done", True), ("done_free", False)):
        values = {**operated, "re_excision": answer}
        (found,) = [
            item for item in advice_for(TEHRAN, values) if item.row == 3 and item.guidance.startswith("surgery")
        ]
        assert found.departed is departed


def test_a_form_that_departs_from_advice_says_so_and_the_departure_needs_a_reason(clerk: Clerk) -> None:
    clerk.allocate()
    recorded = clerk.accepted(commands.Record, form="operation", values={"axilla": False}, day=after(5))
    assert recorded.warnings == (
        "this departs from the advice of axilla: Dissect the axilla (age = 54); enter the departure with its reason",
    )
    assert [item.guidance for item in unexplained(clerk.desk.criteria, clerk.state())] == ["axilla"]
    departs = {"guidance": "axilla", "given": "no dissection", "day": after(6)}
    assert "needs a reason" in clerk.refused(commands.Depart, **departs)
    clerk.accepted(commands.Depart, reason="the participant refused", **departs)
    data = clerk.last().data
    assert (data["advice"], data["values"], data["given"]) == (["Dissect the axilla"], {"age": 54}, "no dissection")
    assert clerk.last().reason == "the participant refused"
    assert unexplained(clerk.desk.criteria, clerk.state()) == ()


def test_a_departure_is_a_deviation_only_where_the_protocol_says_so(clerk: Clerk) -> None:
    clerk.allocate()
    why = {"reason": "heart failure", "day": after(5), "given": "another drug"}
    clerk.accepted(commands.Depart, guidance="drugs", **why)
    assert "deviation" not in clerk.last().data
    clerk.accepted(commands.Depart, guidance="axilla", **why)
    assert clerk.last().data["deviation"] == "minor"
    assert [item.deviation for item in clerk.state().departures] == [None, "minor"]


def test_nobody_departs_from_advice_that_does_not_hold_and_what_is_missing_is_named(clerk: Clerk) -> None:
    clerk.allocate(her2="negative", age=40)
    why = {"reason": "heart failure", "day": after(5), "given": "another drug"}
    assert "it advises nothing" in clerk.refused(commands.Depart, guidance="axilla", **why)
    assert "there is no guidance 'diet' (there is drugs, axilla)" in clerk.refused(
        commands.Depart, guidance="diet", **why
    )
    clerk.screen("P2", age=None)
    assert "cannot be told: age not recorded" in clerk.refused(commands.Depart, "P2", guidance="axilla", **why)


def test_a_crossover_is_confirmed_by_its_role_with_a_reason_out_of_the_choices(clerk: Clerk) -> None:
    number = in_arm(clerk, "A")
    event = {"event": "late_surgery", "day": after(100)}
    assert "confirmed by the surgeon, not by the investigator" in clerk.refused(
        commands.Happen, number, crossover_reason="wound_problems", **event
    )
    assert "one of local_progression, wound_problems" in clerk.refused(commands.Happen, number, role="surgeon", **event)
    clerk.accepted(commands.Record, number, form="visit", values={"pain": 6}, visit="M3", day=after(90))
    done = clerk.accepted(commands.Happen, number, role="surgeon", crossover_reason="wound_problems", **event)
    assert done.warnings == ()
    data = clerk.last().data
    assert (data["crossover"], data["crossover_reason"], data["permitted"]) == (True, "wound_problems", True)


def test_a_crossover_never_changes_the_arm_and_is_recorded_even_where_its_rule_does_not_hold(clerk: Clerk) -> None:
    number = in_arm(clerk, "A")
    event = {"event": "late_surgery", "role": "surgeon", "crossover_reason": "wound_problems"}
    unknown = clerk.accepted(commands.Happen, number, day=after(50), **event)
    assert "cannot be told: pain is not recorded" in unknown.warnings[0]
    assert "permitted" not in clerk.last().data
    clerk.accepted(commands.Record, number, form="visit", values={"pain": 2}, visit="M3", day=after(90))
    against = clerk.accepted(commands.Happen, number, day=after(100), **event)
    assert "does not permit" in against.warnings[0]
    assert clerk.last().data["permitted"] is False
    state = clerk.state(number)
    assert (state.arm, state.current_arm) == ("A", "A")
    assert [item.event for item in state.events] == ["late_surgery", "late_surgery"]


def test_the_treatment_of_a_crossover_asks_for_the_event_that_counts_it(clerk: Clerk) -> None:
    number = in_arm(clerk, "A")
    operation = {"intervention": "surgery", "status": "done"}
    asked = clerk.accepted(commands.Treat, number, day=after(50), **operation)
    assert asked.warnings == (
        "Surgery in arm A is a crossover: record the event 'late_surgery' with its reason; the arm stays",
    )
    clerk.accepted(
        commands.Happen, number, event="late_surgery", role="surgeon", crossover_reason="wound_problems", day=after(60)
    )
    assert clerk.accepted(commands.Treat, number, day=after(60), **operation).warnings == ()


def test_in_the_other_arm_the_same_event_is_no_crossover(clerk: Clerk) -> None:
    number = in_arm(clerk, "B")
    reason = {"event": "late_surgery", "crossover_reason": "wound_problems", "day": after(50)}
    assert "is no crossover here" in clerk.refused(commands.Happen, number, **reason)
    clerk.accepted(commands.Happen, number, event="late_surgery", day=after(50))
    assert "crossover" not in clerk.last().data
