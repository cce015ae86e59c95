"""Lesions are recorded and the response is judged: by reading, by compartment, and anew when the past changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_trial import BASELINE, DAY, LESIONS, TEXT, UNCHANGED, Clerk, after, read_by

from equipoise.analysis.adtte import make_adtte
from equipoise.analysis.at_cut import at_cut
from equipoise.assessment import Baseline, Finding, Lesion, NewLesion, Resection, Visit, judge
from equipoise.conduct import Accepted, commands, fold, replay_allocations
from equipoise.conduct.progressions import unmatched
from equipoise.conduct.responses import best_of, disagreements, duration_of, progressed_on
from equipoise.ledger import Journal
from equipoise.protocol import Protocol, loads

PROTOCOL = loads(LESIONS, file="lesions.yaml")
WHY = "read again"


def reading_by(rule: str) -> Protocol:
    """The protocol with another reading that counts."""
    return loads(LESIONS.replace("recorded: lesions", f'recorded: lesions, reading: "{rule}"'), file="lesions.yaml")


def enter(protocol: Protocol = PROTOCOL) -> Clerk:
    """A clerk with one participant who is registered and whose lesions are described."""
    clerk = Clerk(protocol)
    clerk.open()
    clerk.register()
    clerk.describe()
    return clerk


@pytest.fixture
def lesions() -> Clerk:
    return enter()


def seq(clerk: Clerk, kind: str) -> int:
    """Number of the newest entry of a kind."""
    return [entry.seq for entry in clerk.desk.journal if entry.kind == kind][-1]


def responses(clerk: Clerk) -> list[str]:
    return [item.overall for item in clerk.state().assessments]


# --- judged, not typed


def test_the_response_is_judged_by_compartment_and_overall_and_the_entry_keeps_what_decided(lesions: Clerk) -> None:
    lesions.find("induction", day=after(90), B1="24", G1="9", L1="36")
    data: Any = lesions.last().data
    assert data["findings"] == {"B1": "24", "G1": "9", "L1": "36", "K1": "present"}
    # primary 60 mm to 33 mm is -45 %; liver 40 to 36 is -10 %; all 100 to 69 is -31 %
    assert (data["responses"], data["overall"]) == ({"primary": "PR", "metastatic": "SD"}, "PR")
    whole = data["judged"]["overall"]
    assert (whole["sum_mm"], whole["baseline_mm"], whole["nadir_mm"]) == ("69", "100", "100")
    assert whole["why"].startswith("target lesions PR: sum 69 mm, baseline 100 mm (-31.00 %), nadir 100 mm")
    values = lesions.state().values
    assert [values[f"induction_{part}"] for part in ("primary", "metastatic", "response", "date")] == [
        "PR",
        "SD",
        "PR",
        after(90),
    ]


def test_an_assessment_may_have_a_rule_of_progression_of_its_own(lesions: Clerk) -> None:
    lesions.find("induction", day=after(90), L1="44")  # +10 %, and 4 mm: the induction has 10 % and no least growth
    assert lesions.state().values["induction_metastatic"] == "PD"
    lesions.find(day=after(180), L1="47")  # +17.5 % over the nadir of 40: the trial has 20 %
    assert lesions.state().assessments[-1].responses["metastatic"] == "SD"


def test_a_typed_response_is_refused_where_lesions_are_recorded_and_the_reverse(lesions: Clerk, clerk: Clerk) -> None:
    both = {"primary": "PR", "metastatic": "PR"}
    reason = lesions.refused(commands.Assess, name="induction", responses=both)
    assert reason == "the response is judged from the lesions: record what was found of them"
    clerk.register()
    for kind, told in (
        (commands.AssessLesions, {"name": "induction", "findings": {}}),
        (commands.DescribeLesions, {"lesions": BASELINE}),
    ):
        assert clerk.refused(kind, **told) == "the trial records responses, and no lesions"


def test_nobody_who_progressed_by_the_findings_is_randomised(lesions: Clerk) -> None:
    lesions.find("induction", day=after(90), new={"N1": "lung"})
    decision = lesions(commands.Allocate, step="randomisation", day=after(90))
    assert "induction_response = PD" in "; ".join(decision.reasons)


# --- what is refused

DESCRIBED: list[tuple[tuple[commands.Described, ...], str]] = [
    ((), "no lesion at baseline; without disease there is no response to judge"),
    ((replace(BASELINE[0], found="9.9"),), "B1: longest diameter 9.9 mm, measurable from 10 mm; make it non-target"),
    ((replace(BASELINE[1], found="14"),), "G1: short axis 14 mm, measurable from 15 mm; make it non-target"),
    ((replace(BASELINE[0], found=None),), "B1: a target lesion without a diameter at baseline"),
    ((BASELINE[0], replace(BASELINE[2], id="B1")), "two lesions of baseline have one id; give each its own"),
    (tuple(replace(BASELINE[2], id=f"L{i}") for i in range(3)), "3 target lesions in liver; choose at most 2"),
    (
        tuple(replace(BASELINE[2], id=f"L{i}", site=f"organ {i}") for i in range(6)),
        "6 target lesions; choose at most 5, the rest are non-target",
    ),
    ((replace(BASELINE[0], method="eye"),), "B1: 'eye' is no method (one of CT, MRI, caliper, chest X-ray)"),
    ((replace(BASELINE[0], slice_mm="thick"),), "B1: 'thick' is no thickness of slices in mm"),
    ((replace(BASELINE[0], slice_mm="25"),), "B1: longest diameter 40 mm, measurable from 50 mm"),
    ((replace(BASELINE[0], found="large"),), "B1: 'large' is no finding (a diameter in mm, or absent, too small"),
    ((replace(BASELINE[0], found="worse"),), "B1"),
    ((replace(BASELINE[0], role="chief"),), "lesion B1: role 'chief'; give 'target' or 'non-target'"),
    ((replace(BASELINE[0], id=""),), "the id of a lesion has 1 to 100 characters"),
    ((replace(BASELINE[0], node=1),), "whether lesion B1 is a node is true or false"),  # type: ignore[arg-type]  # what is refused
]


@pytest.mark.parametrize(("described", "why"), DESCRIBED, ids=[why[:45] for _, why in DESCRIBED])
def test_lesions_that_cannot_be_a_baseline_are_refused_with_the_reason(
    described: tuple[commands.Described, ...], why: str
) -> None:
    clerk = Clerk(PROTOCOL)
    clerk.open()
    clerk.register()
    assert why in clerk.refused(commands.DescribeLesions, lesions=described)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"findings": {"X1": "10"}}, "X1 on 2024-05-30: no lesion of baseline; record it as a new lesion"),
        ({"findings": {"B1": "worse"}}, "B1 on 2024-05-30: a target lesion cannot be 'worse'"),
        ({"findings": {"B1": "1e1"}}, "B1: '1e1' is no finding"),
        ({"findings": {"B1": "12.3456"}}, "B1: '12.3456' is no finding"),
        ({"findings": {"B1": "-4"}}, "B1: '-4' is no finding"),
        ({"findings": {"B1": "1001"}}, "a diameter of 1001 mm is outside 0 to 1000 mm"),
        ({"new": {"B1": "lung"}}, "new lesion B1 on 2024-05-30: known from baseline; give it another id"),
        ({"new": {"": "lung"}}, "a new lesion has a name and a site of 1 to 100 printable characters"),
        ({"new": {"N1": "lung"}, "doubtful": {"N1": "lung"}}, "new lesion N1 is both beyond doubt and doubtful"),
        ({"reading": "second"}, "'second' is no reading (one of local, central, adjudicator)"),
        ({"name": "restaging"}, "there is no assessment 'restaging' (there is follow_up, induction)"),
        ({"day": DAY}, f"'follow_up' on {DAY} cannot be judged: no lesions are described before that day"),
        ({"reading": "central"}, "no lesions are described before that day"),
    ],
)
def test_findings_that_cannot_be_are_refused_with_the_reason(lesions: Clerk, given: dict[str, Any], why: str) -> None:
    told = {"name": "follow_up", "findings": UNCHANGED, "day": date(2024, 5, 30), **given}
    assert why in lesions.refused(commands.AssessLesions, **read_by(told))


def test_another_reading_of_a_day_and_another_baseline_need_a_reason(lesions: Clerk) -> None:
    lesions.find(day=after(90))
    again = {"name": "follow_up", "findings": {**UNCHANGED, "L1": "20"}, "day": after(90)}
    reason = lesions.refused(commands.AssessLesions, **again)
    assert reason == f"the local reading of {after(90)} is recorded, and another one needs a reason"
    lesions.accepted(commands.AssessLesions, **again, reason=WHY)
    assert [item.responses["metastatic"] for item in lesions.state().assessments] == ["PR"]
    for day in (0, 90):
        reason = lesions.refused(commands.DescribeLesions, lesions=BASELINE, day=after(day))
        assert reason.endswith("needs a reason")


# --- the past changes


def test_a_lesion_in_doubt_that_is_confirmed_is_progression_from_the_visit_that_saw_it_first(lesions: Clerk) -> None:
    lesions.find(day=after(90), doubtful={"N1": "lung"})
    assert responses(lesions) == ["SD"]
    decision = lesions.find(day=after(180), new={"N1": "lung"})
    assert responses(lesions) == ["PD", "PD"]
    told = f"'follow_up' on {after(90)} was SD (primary SD, metastatic SD), and is PD (primary SD, metastatic PD) now"
    assert told in decision.warnings
    assert lesions.last().data["overall"] == "PD"
    assert next(e for e in lesions.desk.journal if e.kind == "assess").data["overall"] == "SD"  # as it was known then


def test_an_assessment_that_is_struck_out_or_read_again_changes_what_later_ones_are_judged_by(lesions: Clerk) -> None:
    lesions.find(day=after(90), L1="20")
    nadir = seq(lesions, "assess")
    lesions.find(day=after(180), L1="28")  # +40 % over 20 mm
    assert [item.responses["metastatic"] for item in lesions.state().assessments] == ["PR", "PD"]
    warned = lesions.accepted(commands.Strike, entry=nadir, reason=WHY, day=after(190)).warnings
    assert [item.responses["metastatic"] for item in lesions.state().assessments] == ["PR"]  # 28 of 40 is -30 %
    assert any(text.startswith(f"'follow_up' on {after(180)} was SD (primary SD, metastatic PD)") for text in warned)
    lesions.find(day=after(90), L1="20")
    assert [item.responses["metastatic"] for item in lesions.state().assessments] == ["PR", "PD"]


def test_to_strike_out_an_assessment_that_a_step_rested_on_warns(lesions: Clerk) -> None:
    lesions.find("induction", day=after(90))
    lesions.accepted(commands.Allocate, step="randomisation", day=after(90))
    warned = lesions.accepted(commands.Strike, entry=seq(lesions, "assess"), reason=WHY, day=after(91)).warnings
    assert any("'randomisation' was passed, and randomisation unknown" in text for text in warned)


def test_to_read_again_what_a_step_rested_on_warns_when_it_would_not_pass(lesions: Clerk) -> None:
    lesions.find("induction", day=after(90))
    lesions.accepted(commands.Allocate, step="randomisation", day=after(90))
    worse = {"name": "induction", "findings": {**UNCHANGED, "L1": "60"}, "day": after(90), "reason": WHY}
    warned = lesions.accepted(commands.AssessLesions, **worse).warnings
    assert any("'randomisation' was passed, and randomisation fail" in text for text in warned)


def test_a_baseline_that_assessments_rest_on_is_not_struck_out_but_described_anew(lesions: Clerk) -> None:
    lesions.find(day=after(90), L1="30")
    reason = lesions.refused(commands.Strike, entry=seq(lesions, "lesions"), reason=WHY, day=after(91))
    assert reason.endswith("no lesions are described before that day; strike that out first")
    larger = (*BASELINE[:2], replace(BASELINE[2], found="50"), BASELINE[3])
    warned = lesions.describe(lesions=larger, reason="measured on the wrong slice").warnings
    assert lesions.state().assessments[0].responses["metastatic"] == "PR"  # 30 of 50 is -40 %; of 40 it was -25 %
    assert len(warned) == 1
    assert warned[0].startswith(f"'follow_up' on {after(90)} was SD")
    fewer = lesions.refused(commands.DescribeLesions, lesions=BASELINE[:2], reason=WHY)
    assert "cannot be judged: K1 on" in fewer


def test_a_new_baseline_starts_a_new_line_of_treatment(lesions: Clerk) -> None:
    lesions.find(day=after(90), L1="60")
    assert lesions.state().assessments[-1].responses["metastatic"] == "PD"
    grown = (*BASELINE[:2], replace(BASELINE[2], found="60"), BASELINE[3])
    lesions.describe(lesions=grown, reason="second line", day=after(90))
    lesions.find(day=after(180), L1="42")
    newest = lesions.state().assessments[-1]
    assert (newest.responses["metastatic"], newest.line) == ("PR", after(90))
    assert lesions.state().assessments[0].line == DAY


# --- surgery


def test_resected_lesions_leave_the_sum_and_surgery_makes_neither_pr_nor_cr(lesions: Clerk) -> None:
    lesions.find("induction", day=after(90))
    lesions.accepted(commands.Treat, intervention="surgery", status="done", lesions=("B1", "G1"), day=after(100))
    assert lesions.last().data["lesions"] == ["B1", "G1"]
    lesions.find(day=after(180), B1=None, G1=None)
    newest = lesions.state().assessments[-1]
    assert newest.responses == {"primary": "SD", "metastatic": "SD"}
    assert newest.overall == "SD"
    assert lesions.last().data["judged"]["overall"]["sum_mm"] == "40"
    lesions.find(day=after(270), B1=None, G1=None, L1="48")  # the sum after surgery, 40 mm, is the new baseline
    assert lesions.state().assessments[-1].overall == "PD"


def test_disease_that_comes_back_where_it_was_resected_is_a_new_lesion(lesions: Clerk) -> None:
    lesions.accepted(commands.Treat, intervention="surgery", status="done", lesions=("B1",), day=after(10))
    reason = lesions.refused(commands.AssessLesions, name="follow_up", findings=UNCHANGED, day=after(90))
    assert "B1 on 2024-05-30: resected before that day; record disease that came back as new" in reason
    lesions.find(day=after(90), B1=None, new={"B2": "Breast"})
    assert lesions.state().assessments[-1].responses == {"primary": "PD", "metastatic": "SD"}
    lesions.find(day=after(180), B1=None, new={"B2": "breast", "N1": "contralateral axillary"})
    assert lesions.state().assessments[-1].responses["metastatic"] == "PD"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"lesions": ("X1",)}, "X1 is no lesion of baseline (there is B1, G1, K1, L1)"),
        ({"lesions": ("B1", "B1")}, "a lesion is named twice"),
        ({"status": "started"}, "lesions are taken out by a procedure that is done"),
        ({"intervention": "drug"}, "lesions are taken out by a procedure that is done, not by 'drug'"),
        ({"day": after(10)}, "B1 on 2024-05-30: resected before that day"),
    ],
)
def test_what_cannot_be_resected_is_refused(lesions: Clerk, given: dict[str, Any], why: str) -> None:
    lesions.find(day=after(90))
    told = {"intervention": "surgery", "status": "done", "lesions": ("B1",), "day": after(95), **given}
    assert why in lesions.refused(commands.Treat, **told)


def test_what_was_resected_is_not_resected_again(lesions: Clerk) -> None:
    told = {"intervention": "surgery", "status": "done", "lesions": ("B1",)}
    lesions.accepted(commands.Treat, **told, day=after(10))
    assert lesions.refused(commands.Treat, **told, day=after(20)) == f"B1 was resected on {after(10)}"


def test_a_trial_that_records_responses_resects_no_lesions(clerk: Clerk) -> None:
    clerk.allocate()
    reason = clerk.refused(commands.Treat, intervention="surgery", status="done", lesions=("B1",))
    assert reason == "the trial records no lesions, so none is taken out of the sum"


# --- readings


def read_by_both(rule: str, local: str, central: str) -> Clerk:
    clerk = enter(reading_by(rule))
    clerk.describe(reading="central")
    clerk.find("induction", day=after(90), L1=local)
    clerk.find("induction", day=after(90), L1=central, reading="central")
    return clerk


@pytest.mark.parametrize(
    ("rule", "counts", "response"),
    [
        ("local", "local", "PR"),
        ("central", "central", "SD"),
        ("central, else local", "central", "SD"),
        ("agreed, else adjudicator", "", "NE"),
    ],
)
def test_the_reading_that_counts_is_the_protocols(rule: str, counts: str, response: str) -> None:
    clerk = read_by_both(rule, local="20", central="36")
    (found,) = clerk.state().assessments
    assert (found.reading, found.responses["metastatic"]) == (counts, response)
    assert disagreements(clerk.state()) == (("induction", after(90), ("metastatic",)),)
    assert clerk.state().values.get("induction_metastatic") == (response if counts else None)


def test_without_a_reading_that_counts_nobody_is_randomised() -> None:
    clerk = enter(reading_by("central"))
    clerk.find("induction", day=after(90))
    (found,) = clerk.state().assessments
    assert (found.overall, found.why) == ("NE", "by 'central' no reading counts yet")
    decision = clerk(commands.Allocate, step="randomisation", day=after(90))
    assert "induction_response = not recorded" in str(decision.reasons) or "unknown" in str(decision.reasons)


def test_readings_that_agree_in_every_part_need_no_adjudicator() -> None:
    clerk = read_by_both("agreed, else adjudicator", local="38", central="36")
    assert clerk.state().assessments[0].reading == "central"
    assert disagreements(clerk.state()) == ()
    reason = clerk.refused(
        commands.Adjudicate, name="induction", agrees_with="local", role="adjudicator", day=after(90)
    )
    assert reason == f"the local and the central reading of 'induction' on {after(90)} do not disagree"


def test_the_adjudicator_agrees_with_a_reading_and_that_one_counts() -> None:
    clerk = read_by_both("agreed, else adjudicator", local="20", central="36")
    assert "is none of the readings" in clerk.refused(
        commands.Adjudicate, name="induction", agrees_with="x", role="adjudicator", day=after(90)
    )
    clerk.accepted(commands.Adjudicate, name="induction", agrees_with="local", role="adjudicator", day=after(90))
    data: Any = clerk.last().data
    assert (clerk.last().kind, data["agrees_with"], data["responses"]["metastatic"]) == ("adjudicate", "local", "PR")
    (found,) = clerk.state().assessments
    assert (found.reading, found.responses["metastatic"]) == ("adjudicator", "PR")
    reason = clerk.refused(
        commands.Adjudicate, name="induction", agrees_with="central", role="adjudicator", day=after(90)
    )
    assert reason.endswith("another one needs a reason")
    assert replay_allocations(clerk.protocol, clerk.desk.journal).problems == ()


def test_a_reading_is_made_by_its_reader_and_nobody_else() -> None:
    clerk = enter(reading_by("central"))
    told = {"name": "induction", "findings": UNCHANGED, "day": after(90)}
    reason = clerk.refused(commands.AssessLesions, **told, reading="central")
    assert reason == "a central reading is not made by the investigator"
    reason = clerk.refused(commands.AssessLesions, **told, role="central reader")
    assert reason == "a local reading is not made by the central reader"
    reason = clerk.refused(commands.Adjudicate, name="induction", agrees_with="local", day=after(90))
    assert reason == "readings that differ are adjudicated by the adjudicator, not by the investigator"


def test_each_reader_follows_lesions_of_their_own() -> None:
    clerk = enter(reading_by("central, else local"))
    clerk.describe(reading="central", lesions=(commands.Described(id="C1", site="lung", found="30"),))
    findings = {"C1": "20"}
    clerk.accepted(
        commands.AssessLesions,
        name="induction",
        findings=findings,
        reading="central",
        role="central reader",
        day=after(90),
    )
    (found,) = clerk.state().assessments
    assert (dict(found.responses), found.overall) == ({"metastatic": "PR"}, "PR")
    assert "induction_primary" not in clerk.state().values  # that reader saw no disease there: nothing to respond


def test_typed_responses_are_read_by_local_and_central_too() -> None:
    text = TEXT.replace("metastatic]}", 'metastatic], reading: "central, else local"}')
    clerk = Clerk(loads(text, file="small.yaml"))
    clerk.open()
    clerk.register()
    clerk.assess(response="PR")
    assert clerk.state().values["induction_response"] == "PR"
    clerk.assess(response="SD", reading="central", role="central reader")
    assert clerk.state().values["induction_response"] == "SD"
    assert disagreements(clerk.state()) == (("induction", DAY, ("overall", "metastatic", "primary")),)
    assert clerk.last().data["reading"] == "central"


# --- progression, best response, duration


def test_a_progression_that_assessments_find_is_an_event_that_nobody_enters(lesions: Clerk) -> None:
    lesions.find("induction", day=after(90))
    lesions.accepted(commands.Allocate, step="randomisation", day=after(90))
    lesions.find(day=after(180), L1="60", B1="80")
    state = lesions.state()
    found = [(item.event, item.on, item.found) for item in state.events]
    assert ("progression", after(180), True) in found
    assert (("recurrence", after(180), True) in found) == (state.arm == "B")  # counts in arm B only
    reason = lesions.refused(commands.Happen, event="progression", day=after(181))
    assert reason == "'progression' is found by the assessments of response, and nobody enters it"
    rows = make_adtte(lesions.protocol, lesions.desk.participants, data_cut=after(400)).rows(named=True)
    pfs = next(row for row in rows if row["PARAMCD"] == "PFS")
    assert (pfs["ADT"], pfs["CNSR"], pfs["SRCSEQ"]) == (after(180), 0, seq(lesions, "assess"))
    lesions.accepted(commands.Strike, entry=seq(lesions, "assess"), reason=WHY, day=after(190))
    assert lesions.state().events == ()


def test_only_the_first_progression_of_a_line_is_the_event(lesions: Clerk) -> None:
    for n, size in enumerate(("60", "80", "120"), start=1):
        lesions.find(day=after(90 * n), L1=size)
    assert [item.on for item in lesions.state().events] == [after(90)]  # overall 120 of 100 mm, +20 %
    lesions.describe(reason="second line", day=after(270), lesions=(replace(BASELINE[2], found="120"),))
    lesions.accepted(commands.AssessLesions, name="follow_up", findings={"L1": "150"}, day=after(360))
    assert [item.on for item in lesions.state().events] == [after(90), after(360)]


def test_the_best_response_its_duration_and_the_progression_follow_from_the_assessments(lesions: Clerk) -> None:
    for n, size in enumerate(("40", "10", "40"), start=1):
        lesions.find(day=after(90 * n), L1=size)
    state, protocol = lesions.state(), lesions.protocol
    best = best_of(protocol, state, DAY)
    assert (best.response, best.on) == ("PR", after(180))  # 70 of 100 mm
    lasted = duration_of(protocol, state, DAY)
    assert lasted is not None
    assert (lasted.start, lasted.end, lasted.ended) == (after(180), after(270), True)  # 100 of 70 mm is +42 %
    assert progressed_on(state, DAY) == after(270)
    assert progressed_on(state, DAY, "primary") is None
    assert best_of(protocol, state, DAY, part="primary").response == "SD"
    confirmed = loads(LESIONS.replace("recorded: lesions", "recorded: lesions, confirmation: true"), file="l.yaml")
    assert best_of(confirmed, fold(confirmed, lesions.desk.journal)[1]["P1"], DAY).response == "SD"


def test_progression_without_its_event_and_an_event_without_progression_are_told(clerk: Clerk) -> None:
    text = TEXT.replace("events: [death]}", "events: [death, progression]}")
    clerk = Clerk(loads(text, file="small.yaml"))
    clerk.open()
    clerk.allocate()
    worse = {"primary": "SD", "metastatic": "PD"}
    warned = clerk.accepted(commands.Assess, name="follow_up", responses=worse, day=after(90)).warnings
    told = f"progression (metastatic) on {after(90)}, and no progression is recorded on that day"
    assert told in warned
    assert unmatched(clerk.protocol, clerk.state()) == (told,)
    assert clerk.accepted(commands.Happen, event="progression", day=after(90)).warnings == ()
    assert unmatched(clerk.protocol, clerk.state()) == ()
    warned = clerk.accepted(commands.Happen, event="progression", day=after(120)).warnings
    assert warned == (f"progression on {after(120)}, and no assessment of that day found it",)


def test_at_a_data_cut_off_a_lesion_in_doubt_is_still_in_doubt(lesions: Clerk) -> None:
    lesions.find("induction", day=after(90), doubtful={"N1": "lung"})
    lesions.find(day=after(180), new={"N1": "lung"})
    state = lesions.state()
    assert (state.values["induction_response"], [item.on for item in state.events]) == ("PD", [after(90)])
    earlier = at_cut(PROTOCOL, state, after(100))
    assert [item.overall for item in earlier.assessments] == ["SD"]
    assert (earlier.values["induction_response"], earlier.events) == ("SD", ())


def test_a_procedure_takes_out_the_lesions_of_its_compartment() -> None:
    text = LESIONS.replace("label: Surgery, kind: procedure}", "label: Surgery, kind: procedure, resects: primary}")
    clerk = enter(loads(text, file="lesions.yaml"))
    reason = clerk.refused(commands.Treat, intervention="surgery", status="done", lesions=("B1", "L1"))
    assert reason == "L1 is metastatic, and 'surgery' takes out primary lesions"
    clerk.accepted(commands.Treat, intervention="surgery", status="done", lesions=("B1",))


# --- the ledger


def test_replay_finds_a_response_that_does_not_follow_from_its_findings(lesions: Clerk) -> None:
    lesions.find("induction", day=after(90))
    copy = Journal()
    for entry in lesions.desk.journal:
        members = {name: getattr(entry, name) for name in entry.__slots__ if name not in ("seq", "prev")}
        if entry.kind == "assess":
            members["data"] = {**entry.data, "overall": "PR"}
        copy.append(**members)
    ((number, what),) = replay_allocations(PROTOCOL, copy).problems
    assert number == seq(lesions, "assess")
    assert what == "overall: recorded 'PR', by the findings 'SD'"


# --- whatever the order of entry, what conduct judges is what `assessment.judge` gives

LESION_OF = {lesion.id: Lesion(lesion.id, lesion.site, lesion.role, lesion.node) for lesion in BASELINE}  # type: ignore[arg-type]  # a role
PLAIN = Baseline(
    DAY,
    tuple(LESION_OF.values()),
    tuple(Finding.measured(lesion.id, lesion.found) for lesion in BASELINE if lesion.found is not None),
)
sizes = st.sampled_from(["0", "4", "12", "28", "30.5", "40", "48", "55", "absent", "too small", "not evaluated"])
visit = st.fixed_dictionaries(
    {"B1": sizes, "G1": sizes, "L1": sizes, "K1": st.sampled_from(["present", "absent", "worse", "not evaluated"])}
)
seen = st.tuples(visit, st.sampled_from([{}, {}, {"N1": "lung"}]), st.sampled_from([{}, {}, {"N2": "breast"}]))


def as_finding(lesion: str, text: str) -> Finding:
    return Finding.measured(lesion, text) if text[0].isdigit() else Finding(lesion, text)  # type: ignore[arg-type]  # a state


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(
    visits=st.dictionaries(st.integers(1, 9), seen, min_size=1, max_size=6),
    operated=st.none() | st.integers(1, 9),
    order=st.randoms(use_true_random=False),
)
def test_the_responses_are_those_of_the_criteria_in_whatever_order_they_are_entered(
    visits: dict[int, Any], operated: int | None, order: Any
) -> None:
    clerk = enter()
    gone = () if operated is None else (Resection(after(90 * operated), ("B1",)),)
    acts = [("visit", n) for n in visits] + ([("surgery", operated)] if operated is not None else [])
    order.shuffle(acts)
    expected = []
    for n, (found, new, doubtful) in sorted(visits.items()):
        left = {k: v for k, v in found.items() if k != "B1" or operated is None or n <= operated}
        news = [NewLesion(k, v) for k, v in new.items()] + [
            NewLesion(k, v, unequivocal=False) for k, v in doubtful.items()
        ]
        expected.append(Visit(after(90 * n), tuple(as_finding(k, v) for k, v in left.items()), tuple(news)))
    for what, n in acts:
        assert n is not None
        if what == "surgery":
            clerk.accepted(commands.Treat, intervention="surgery", status="done", lesions=("B1",), day=after(90 * n))
        else:
            found, new, doubtful = visits[n]
            left = {k: v for k, v in found.items() if k != "B1" or operated is None or n <= operated}
            told = {"name": "follow_up", "findings": left, "new": new, "doubtful": doubtful}
            clerk.accepted(commands.AssessLesions, **told, day=after(90 * n))
    course = judge(PLAIN, expected, resections=gone, criteria=PROTOCOL.response.recist)
    assert [(item.on, item.overall, item.responses, item.why) for item in clerk.state().assessments] == [
        (each.on, each.overall.response, {k: part.response for k, part in each.parts.items()}, each.overall.why)
        for each in course.assessments
    ]
    assert fold(PROTOCOL, clerk.desk.journal)[1] == clerk.desk.participants
    assert replay_allocations(PROTOCOL, clerk.desk.journal).problems == ()
    number = seq(clerk, "assess")
    assert isinstance(clerk(commands.Strike, entry=number, reason=WHY, day=after(900)), Accepted)
    assert len(clerk.state().assessments) == len(visits) - 1
