"""ADSL and the flow of participants, from states made by hand and from a small ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from analysis_states import CUT, death, lost, on, participant, trial

from equipoise.allocation import BY_HAND, commitment
from equipoise.analysis import flow_of, make_datasets
from equipoise.analysis.adqs import make_adqs
from equipoise.analysis.adsl import make_adsl
from equipoise.analysis.at_cut import at_cut
from equipoise.conduct import Desk, commands
from equipoise.conduct.state import FormRecord, Left, Refusal, Rescreened
from equipoise.errors import DataError
from equipoise.protocol import loads
from equipoise.trials import protocol_path


def row(state, cut=CUT):
    return make_adsl(trial(), {state.number: state}, cut).row(0, named=True)


def test_adsl_says_who_where_and_when():
    found = row(participant(arm="B", alive=1000, at_allocation={"organs_involved": "multiple", "site": "S01"}))
    assert (found["USUBJID"], found["SUBJID"], found["SITEID"]) == ("jcog1017-00001", "00001", "S01")
    assert (found["ENRLFL"], found["ENRLDT"], found["RANDFL"], found["RANDDT"]) == ("Y", on(-92), "Y", on(0))
    assert (found["ARMCD"], found["TRT01P"], found["ARM"]) == ("B", "B", trial().arms["B"].label)
    assert found["STRATAR"] == "organs_involved=multiple"  # the site is left out
    assert (found["EOSSTT"], found["DTHFL"], found["LSTALVDT"]) == ("ONGOING", "N", on(1000))


def test_an_arm_given_by_hand_is_marked_in_adsl_and_counted_in_the_flow():
    drawn, given = participant("00001"), participant("00002", arm="B")
    given = replace(given, assignments=(replace(given.assignments[0], method=BY_HAND),))
    assert row(given)["ALLOCMTD"] == "by-hand"
    arms = flow_of(trial(), {"00001": drawn, "00002": given}, CUT).arms
    assert {arm.arm: (arm.allocated, arm.by_hand) for arm in arms} == {"A": (1, 0), "B": (1, 1)}


def test_derived_variables_stand_in_adsl():
    found = row(participant())
    assert (found["ORGANS"], found["SUBTYPE"], found["METASTATIC_ORGANS"]) == ("multiple", "luminal", 2)


def test_a_death_ends_the_study():
    found = row(participant(events=[death(300, "other")]))
    assert (found["DTHFL"], found["DTHDT"], found["DTHCAUS"]) == ("Y", on(300), "other")
    assert (found["EOSSTT"], found["EOSDT"], found["DCSREAS"]) == ("DISCONTINUED", on(300), "Death")


def test_what_happens_after_the_cut_off_is_not_in_adsl():
    found = row(participant(events=[death(300)]), cut=on(200))
    assert (found["DTHFL"], found["DTHDT"], found["LSTALVDT"], found["EOSSTT"]) == ("N", None, on(200), "ONGOING")
    found = row(participant(events=[death(300)]), cut=on(-10))
    assert (found["RANDFL"], found["ARMCD"], found["ENRLFL"]) == ("N", "", "Y")


def test_who_is_screened_after_the_cut_off_is_not_there():
    assert make_adsl(trial(), {"00001": participant()}, on(-93)).height == 0


def test_leaving_treatment_only_is_no_end_of_study():
    found = row(participant(alive=1000, left=Left("W1", on(200), "continues")))
    assert found["EOSSTT"] == "ONGOING"
    found = row(participant(alive=200, left=Left("W1", on(200), "stops")))
    assert (found["EOSSTT"], found["DCSREAS"]) == ("DISCONTINUED", "Consent withdrawn")
    assert row(participant(alive=200, left=lost(200)))["DCSREAS"] == "Lost to follow-up"


def refused():
    state = replace(participant(), assignments=(), steps={"registration": on(-92)})
    return replace(state, refusals=(Refusal("randomisation", on(0), ("I6",), ()),))


def test_who_did_not_pass_randomisation_is_no_longer_ongoing():
    found = row(refused())
    assert (found["EOSSTT"], found["EOSDT"], found["RANDFL"]) == ("DISCONTINUED", on(0), "N")
    assert "randomisation" in found["DCSREAS"]


def test_a_boolean_asked_again_and_again_is_whether_it_ever_was_true():
    answers = [(30, False), (60, True), (90, False)]
    forms = tuple(FormRecord("visit", on(d), f"M{d}", {"local_ulcer_or_bleeding": value}) for d, value in answers)
    state = participant(alive=1000, forms=forms)
    state = replace(state, values={**state.values, "local_ulcer_or_bleeding": False})
    assert row(state)["LOCAL_ULCER_OR_BLEEDING"] == "Y"
    assert row(state, cut=on(59))["LOCAL_ULCER_OR_BLEEDING"] == "N"
    assert row(state, cut=on(29))["LOCAL_ULCER_OR_BLEEDING"] is None


def test_a_variable_cannot_take_one_of_adsl_s_own_columns():
    text = protocol_path("jcog1017").read_text(encoding="utf-8").replace("adam: AGE", "adam: ARMCD")
    with pytest.raises(DataError, match="ARMCD of variable age belongs to ADSL"):
        make_adsl(loads(text), {}, CUT)


def test_the_flow_counts_everybody_once():
    states = {
        "00001": participant("00001", "A", alive=1000),
        "00002": participant("00002", "A", events=[death(100)]),
        "00003": participant("00003", "B", alive=300, left=lost(300)),
        "00004": replace(refused(), number="00004"),
        "00005": replace(participant("00005"), assignments=(), steps={}),
    }
    flow = flow_of(trial(), states, CUT)
    assert flow.screened == 5
    registration, randomisation = flow.steps
    assert (registration.assessed, registration.passed) == (5, 4)
    assert (randomisation.assessed, randomisation.passed) == (4, 3)
    assert sum(randomisation.not_passed.values()) == 1
    assert next(iter(randomisation.not_passed)).startswith("I6")
    a, b = flow.arms
    assert (a.allocated, a.died, a.in_follow_up, a.analysed) == (2, 1, 1, 2)
    assert (b.allocated, b.left, b.in_follow_up) == (1, {"Lost to follow-up": 1}, 0)


def test_the_flow_counts_persons_and_their_screenings():
    again = Rescreened("00003", on(-20))
    states = {
        "00001": participant("00001", "A", alive=1000),
        "00002": replace(refused(), number="00002", assignments=(), steps={}, rescreened=again),
        "00003": replace(participant("00003", "B", alive=300), rescreens="00002"),
    }
    flow = flow_of(trial(), states, CUT)
    assert (flow.screened, flow.rescreened, flow.screenings) == (2, 1, 3)
    assert (flow.steps[0].assessed, flow.steps[0].passed, flow.steps[0].not_passed) == (2, 2, {})
    assert flow.to_dict()["rescreened"] == 1
    later = {**states, "00002": replace(states["00002"], rescreened=Rescreened("00003", on(1000 + 1)))}
    del later["00003"]
    assert (flow_of(trial(), later, CUT).screened, flow_of(trial(), later, CUT).rescreened) == (2, 0)


class Office:
    """A ledger of one participant, command by command."""

    def __init__(self):
        protocol, seed = trial(), bytes(32)
        self.desk = Desk(protocol, seeds={"main": seed})
        self.count = 0
        digest = {"protocol_digest": protocol.digest, "commitments": {"main": commitment(seed)}}
        self(commands.Open, -100, **digest)

    def __call__(self, kind, days, **settings):
        self.count += 1
        at = datetime.combine(on(days), time(9), tzinfo=UTC)
        if kind is not commands.Open:
            settings |= {"participant": "00001", "on": on(days)}
        settings = {"role": "investigator", "site": "S01"} | settings
        return self.desk.require(kind(id=f"c{self.count}", at=at, actor="test", **settings))


@pytest.fixture
def office():
    """One participant randomised on day 0."""
    submit = Office()
    values = {
        "informed_consent": True, "age": 50, "sex": "female", "diagnosis_date": on(-120), "m_stage": "M1",
        "de_novo": True, "histology_invasive": True, "measurable_metastases": 2, "er": "positive", "her2": "negative",
        "menopausal_status": "post", "metastatic_organs": 1,
    }  # fmt: skip  # short items of one kind share a line
    submit(commands.Screen, -92)
    submit(commands.Record, -92, form="screening", values=values)
    submit(commands.Register, -92, step="registration")
    lesions = (
        commands.Described(id="B1", site="breast", found="40"), commands.Described(id="L1", site="liver", found="30")
    )  # fmt: skip  # short items of one kind share a line
    submit(commands.DescribeLesions, -92, lesions=lesions)
    submit(commands.AssessLesions, 0, name="induction", findings={"B1": "20", "L1": "30"})
    submit(commands.Judge, 0, answers={"I7": True})
    submit(commands.Allocate, 0, step="randomisation")
    return submit


def test_a_correction_changes_the_covariate_and_not_the_stratum(office):
    before = make_datasets(trial(), office.desk.participants, CUT)
    office(commands.Correct, 20, variable="metastatic_organs", value=3, reason="second lesion on the scan of day -95")
    after = make_datasets(trial(), office.desk.participants, CUT)
    for table in (before, after):
        assert "organs_involved=single" in table.adsl["STRATAR"][0]
        assert "organs_involved=single" in table.adtte["STRATAR"][0]
    assert (before.adsl["ORGANS"][0], after.adsl["ORGANS"][0]) == ("single", "multiple")
    assert (before.adtte["ORGANS"][0], after.adtte["ORGANS"][0]) == ("single", "multiple")
    assert before.adsl["ARMCD"][0] == after.adsl["ARMCD"][0]


def test_srcseq_is_the_number_of_the_entry_that_holds_the_event(office):
    office(commands.AssessLesions, 90, name="follow_up", findings={"B1": "60", "L1": "30"}, visit="M3")
    office(commands.Happen, 90, event="local_progression")
    office(commands.Happen, 200, event="death", cause="other")
    adtte = make_datasets(trial(), office.desk.participants, CUT).adtte
    entries = {entry.seq: entry for entry in office.desk.journal}
    traced = {row["PARAMCD"]: entries[row["SRCSEQ"]] for row in adtte.iter_rows(named=True)}
    assert traced["LRFS"].data["event"] == "local_progression"
    assert traced["LRFS"].data["on"] == on(90).isoformat()
    assert traced["OS"].data["event"] == "death"
    assert traced["OS"].kind == "event"


def test_a_form_entered_late_does_not_bring_later_values_before_the_cut_off():
    late = FormRecord("visit", on(300), "M10", {"metastatic_organs": 5})
    early = FormRecord("visit", on(30), "M1", {"metastatic_organs": 2})
    other = FormRecord("visit", on(60), "M2", {"local_ulcer_or_bleeding": False})
    for forms in ((late, early, other), (early, late, other), (early, other, late)):
        state = participant(alive=1000, forms=forms)
        state = replace(state, values={**state.values, "metastatic_organs": 5})
        assert row(state, cut=on(100))["METASTATIC_ORGANS"] == 2
        assert row(state)["METASTATIC_ORGANS"] == 5


def test_a_judgement_after_the_cut_off_is_not_known_yet(office):
    (state,) = office.desk.participants.values()
    variable = next(item.judgement_variable for item in trial().eligibility if item.id == "I7")
    assert at_cut(trial(), state, on(0)).values[variable] is True
    assert variable not in at_cut(trial(), state, on(-1)).values


def test_the_flow_gives_the_last_refusal_as_adsl_does():
    twice = (Refusal("randomisation", on(0), ("I5",), ()), Refusal("randomisation", on(5), ("I6",), ()))
    flow = flow_of(trial(), {"00001": replace(refused(), refusals=twice)}, CUT)
    assert next(iter(flow.steps[1].not_passed)).startswith("I6")


def scored(*records):
    """A participant of the Tehran trial with forms of quality of life: day, visit, score."""
    forms = tuple(FormRecord("quality_of_life", on(d), visit, {"global_health": v}) for d, visit, v in records)
    return {"00001": participant("00001", "A", alive=1000, forms=forms)}


def test_adqs_holds_the_latest_score_of_a_visit():
    table = make_adqs(trial("tehran"), scored((180, "M6", 60), (190, "M6", 70), (185, "M6", 50)), CUT)
    assert table.select("AVISITN", "AVAL", "ITTFL", "TRTP").rows() == [(6.0, 70.0, "Y", "A")]


def test_two_scores_of_one_visit_and_day_are_refused_unless_they_are_one():
    assert make_adqs(trial("tehran"), scored((180, "M6", 60), (180, "M6", 60)), CUT).height == 1
    with pytest.raises(DataError, match="tehran-00001: two different scores at visit M6"):
        make_adqs(trial("tehran"), scored((180, "M6", 60), (180, "M6", 61)), CUT)


def test_scores_without_a_month_stay_in_the_table():
    table = make_adqs(trial("tehran"), scored((0, None, 50), (9, "unplanned", 60)), CUT)
    assert table.sort("AVISIT").select("AVISIT", "AVISITN").rows() == [("", None), ("unplanned", None)]
