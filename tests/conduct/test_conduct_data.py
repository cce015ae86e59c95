"""What is recorded: forms, judgements, responses, visits, corrections."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_trial import DAY, Clerk, after

from equipoise.conduct import Refused, commands, fold
from equipoise.conduct.values import check_value, from_json, recorded_json, to_json
from equipoise.errors import LedgerError
from equipoise.protocol.model.variables import Variable


@pytest.fixture
def screened(clerk: Clerk) -> Clerk:
    clerk.accepted(commands.Screen)
    return clerk


# --- forms


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("age", "54", "age is a number (whole, or a Decimal), not '54'"),
        ("age", True, "age is a number (whole, or a Decimal), not True"),
        ("age", 54.0, "age is a number (whole, or a Decimal), not 54.0"),
        ("age", None, "age is a number (whole, or a Decimal), not None"),
        ("age", Decimal("54.5"), "age is recorded with a whole number, and this is 54.5"),
        ("age", -1, "age lies between 0 and 120, and this is -1"),
        ("age", 121, "age lies between 0 and 120, and this is 121"),
        pytest.param("age", 10**5000, "age has up to 12 digits before the point", id="a huge age"),
        ("creatinine", Decimal("88.55"), "creatinine is recorded with 1 digits after the point, and this is 88.55"),
        ("creatinine", Decimal("3000.1"), "creatinine lies between 0 and 3000, and this is 3000.1"),
        ("creatinine", Decimal("NaN"), "creatinine is a number, not NaN"),
        ("creatinine", Decimal("sNaN"), "creatinine is a number, not sNaN"),
        ("creatinine", Decimal("-Infinity"), "creatinine is a number, not -Infinity"),
        ("creatinine", Decimal("1E+40"), "creatinine has up to 12 digits before the point"),
        ("creatinine", Decimal("1E-9999"), "creatinine is recorded with 1 digits after the point, and this is 1E-9999"),
        ("creatinine", Decimal("0E-9999"), "creatinine is recorded with 1 digits after the point, and this is 0E-9999"),
        ("sex", "femal", "sex is one of female, male, not 'femal'"),
        ("sex", 1, "sex is one of female, male, not 1"),
        ("targeted", "yes", "targeted is true or false, not 'yes'"),
        ("targeted", 1, "targeted is true or false, not 1"),
        pytest.param("targeted", 10**5000, "targeted is true or false, not a number of more than 60 digits", id="huge"),
        ("diagnosis_date", "2024-02-01", "diagnosis_date is a date, not '2024-02-01'"),
        (
            "diagnosis_date",
            datetime(2024, 2, 1, tzinfo=UTC),
            "diagnosis_date is a date, not 2024-02-01 00:00:00+00:00",
        ),
        pytest.param("remark", "x" * 2001, "remark is a text of up to 2000 characters", id="a long remark"),
        ("diagnosis_date", date(1799, 12, 31), "diagnosis_date lies within the years 1800 to 2500, this is 1799-12-31"),
        ("diagnosis_date", date(2501, 1, 1), "diagnosis_date lies within the years 1800 to 2500, this is 2501-01-01"),
        ("remark", "half a pair \ud800", "remark is a text of up to 2000 characters"),
        ("remark", 7, "remark is a text of up to 2000 characters"),
        ("family_name", "Curie", "family_name identifies a person and never enters the ledger"),
        ("age_group", "old", "'age_group' is not on the form 'screening'"),
        ("pain", 3, "'pain' is not on the form 'screening'"),
        ("heigth", 170, "'heigth' is not on the form 'screening'"),
    ],
)
def test_a_value_that_its_variable_does_not_admit_is_refused(
    screened: Clerk, name: str, value: object, reason: str
) -> None:
    assert screened.refused(commands.Record, form="screening", values={name: value}) == reason


def test_every_wrong_value_of_a_form_is_named_and_none_of_the_others_is_recorded(screened: Clerk) -> None:
    values = {"age": 121, "sex": "female", "her2": "unknown"}
    reason = screened.refused(commands.Record, form="screening", values=values)
    assert reason.startswith("age lies between")
    assert "her2 is one of positive, negative" in reason
    assert "sex" not in screened.state().values


def test_a_form_that_is_unknown_or_empty_is_refused(screened: Clerk) -> None:
    assert screened.refused(commands.Record, form="labs", values={"age": 5}) == (
        "there is no form 'labs' (there is screening, visit)"
    )
    assert screened.refused(commands.Record, form="screening", values={}) == "the form 'screening' is empty"


def test_values_stand_in_the_ledger_exactly(screened: Clerk) -> None:
    values = {
        "age": Decimal("54"),
        "creatinine": Decimal("88.50"),
        "targeted": False,
        "diagnosis_date": date(1887, 6, 5),
        "remark": "Größe\n上海",
    }
    screened.accepted(commands.Record, form="screening", values=values)
    assert screened.last().data["values"] == {
        "age": 54,
        "creatinine": "88.50",
        "targeted": False,
        "diagnosis_date": "1887-06-05",
        "remark": "Größe\n上海",
    }
    known = screened.state().values
    assert {name: known[name] for name in values} == values
    assert type(known["age"]) is int
    assert type(known["creatinine"]) is Decimal


def test_a_form_may_be_of_a_day_before_screening_and_may_be_filled_in_parts(screened: Clerk) -> None:
    screened.accepted(commands.Record, form="screening", values={"age": 54}, day=after(-10))
    screened.accepted(commands.Record, form="screening", values={"sex": "female"})
    assert [record.on for record in screened.state().forms] == [after(-10), DAY]
    assert screened.state().last_alive == DAY


def test_a_value_is_recorded_once_and_then_corrected(screened: Clerk) -> None:
    screened.accepted(commands.Record, form="screening", values={"age": 54})
    reason = screened.refused(commands.Record, form="screening", values={"age": 55})
    assert reason == "age has been recorded; a correction with its reason changes it"


def test_a_form_that_repeats_is_filled_in_at_every_visit(screened: Clerk) -> None:
    for i, pain in enumerate((3, 5)):
        screened.accepted(commands.Record, form="visit", values={"pain": pain}, visit=f"M{3 * i}", day=after(90 * i))
    assert screened.state().values["pain"] == 5
    assert [(record.visit, record.values["pain"]) for record in screened.state().forms] == [("M0", 3), ("M3", 5)]


# --- values: in and out of the ledger

VARIABLES = {
    "integer": Variable(label="x", type="integer"),
    "decimal": Variable(label="x", type="decimal", decimals=9),
    "boolean": Variable(label="x", type="boolean"),
    "choice": Variable(label="x", type="choice", values=["a", "b"]),
    "date": Variable(label="x", type="date"),
    "text": Variable(label="x", type="text"),
}
anything = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.sampled_from(["a", "b"])
    | st.dates()
    | st.datetimes()
    | st.integers(-(10**13), 10**13).map(Decimal)
    | st.decimals(-(10**12), 10**12, places=9)
)


@given(st.sampled_from(sorted(VARIABLES)), anything)
def test_a_value_that_is_admitted_comes_back_from_the_ledger_as_it_was(kind: str, value: object) -> None:
    variable = VARIABLES[kind]
    if check_value("x", variable, value) is None:
        back = from_json(variable, recorded_json(variable, value))
        assert back == value
        assert isinstance(back, {"integer": int, "decimal": Decimal, "date": date, "boolean": bool}.get(kind, str))


def test_a_derived_value_is_not_recorded() -> None:
    variable = Variable(label="x", type="choice", values=["a"], derived="CASE WHEN age > 5 THEN 'a' END")
    assert check_value("x", variable, "a") == "x is derived, so it is not recorded"


@given(st.integers(-(10**11), 10**11), st.integers(0, 30))
def test_zeros_at_the_end_are_no_decimals(number: int, zeros: int) -> None:
    value = Decimal(number).scaleb(0)
    text = Decimal(f"{value}.{'0' * zeros}") if zeros else value
    assert check_value("x", VARIABLES["integer"], text) is None
    assert check_value("x", VARIABLES["integer"], text + Decimal("0.5")) is not None


def test_there_is_one_zero() -> None:
    assert to_json(Decimal("-0.0")) == "0.0"
    assert to_json(Decimal("0E+50")) == "0"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "5"),
        ("integer", True),
        ("decimal", "five"),
        ("decimal", None),
        ("decimal", True),
        ("boolean", "true"),
        ("date", "2024-02-30"),
        ("date", 20240201),
        ("choice", 1),
        ("text", ["a"]),
        ("integer", 10**12),
        ("decimal", "NaN"),
        ("decimal", "-Infinity"),
        ("decimal", "1e3"),
        ("decimal", "1_000"),
        ("decimal", " 5"),
        ("decimal", "05"),
        ("decimal", "-0.0"),
        ("decimal", "٣"),
        ("decimal", "1000000000000"),
        ("decimal", "1." + "0" * 3000 + "1"),
        ("date", "20240201"),
        ("date", "2024-W05-4"),
        ("date", "1799-12-31"),
        ("choice", "c"),
        ("text", "x" * 2001),
    ],
)
def test_an_entry_with_a_value_of_another_type_is_not_read(kind: str, value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_json(VARIABLES[kind], value)


# --- judgements


def test_a_judgement_is_given_by_the_role_that_the_criterion_names(screened: Clerk) -> None:
    reason = screened.refused(commands.Judge, role="investigator", answers={"I2": True})
    assert reason == "criterion I2 is judged by the surgeon, not by the investigator"
    screened.accepted(commands.Judge, role="surgeon", answers={"I2": True})
    assert screened.state().values["judged_i2"] is True


@pytest.mark.parametrize("answer", ["no", "", 0, 1, None, [True]])
def test_a_judgement_is_true_or_false_and_nothing_else(screened: Clerk, answer: object) -> None:
    reason = screened.refused(commands.Judge, role="surgeon", answers={"I2": answer})
    assert reason == "I2 is answered by true or false"
    assert "judged_i2" not in screened.state().values


def test_a_judgement_in_a_ledger_that_is_neither_true_nor_false_is_not_folded(screened: Clerk) -> None:
    told = {"time": "2024-03-01T09:00:00Z", "actor": "eve", "role": "surgeon", "site": "01", "participant": "P1"}
    data = {"on": "2024-03-01", "answers": {"I2": "no"}}
    screened.desk.journal.append(**told, kind="judge", command="x", version="1", reason=None, data=data)
    with pytest.raises(LedgerError, match="judged_i2 with neither true nor false"):
        fold(screened.protocol, screened.desk.journal)


def test_a_part_of_a_criterion_that_is_no_truth_is_a_defect(clerk: Clerk) -> None:
    criterion = next(item for item in clerk.protocol.eligibility if item.id == "I2")
    with pytest.raises(AssertionError, match="neither true, false nor unknown"):
        clerk.desk.criteria.judge(criterion, {"judged_i2": "no"})


def test_a_criterion_without_a_judgement_is_not_judged(screened: Clerk) -> None:
    assert screened.refused(commands.Judge, answers={"I1": True}) == "criterion 'I1' is no judgement"
    assert screened.refused(commands.Judge, answers={"X9": True}) == "criterion 'X9' is no judgement"
    assert screened.refused(commands.Judge, answers={}) == "no judgement was answered"


def test_an_answer_may_change_before_its_step_and_needs_a_reason_after_it(clerk: Clerk) -> None:
    clerk.screen()
    clerk.accepted(commands.Judge, role="surgeon", answers={"I2": False})
    clerk.accepted(commands.Judge, role="surgeon", answers={"I2": True})
    clerk.accepted(commands.Register, step="registration")
    clerk.accepted(commands.Judge, role="surgeon", answers={"I2": True})
    reason = clerk.refused(commands.Judge, role="surgeon", answers={"I2": False})
    assert reason == "I2 has been judged at 'registration', and another answer needs a reason"
    clerk.accepted(commands.Judge, role="surgeon", answers={"I2": False}, reason="the scan was read again")
    assert clerk.state().values["judged_i2"] is False
    assert clerk.last().reason == "the scan was read again"
    assert "registration" in clerk.state().steps


# --- responses and classes


def test_a_response_is_given_for_every_compartment(screened: Clerk) -> None:
    responses = {"primary": "cr", "lung": "PR"}
    reason = screened.refused(commands.Assess, name="induction", responses=responses)
    assert "the response of 'metastatic' is missing" in reason
    assert "there is no compartment 'lung'" in reason
    assert "'cr' is no response (one of CR, PR, SD, non-CR/non-PD, PD, NE)" in reason


def test_an_assessment_that_the_pathway_lacks_is_refused(screened: Clerk) -> None:
    responses = {"primary": "CR", "metastatic": "CR"}
    reason = screened.refused(commands.Assess, name="restaging", responses=responses)
    assert reason == "there is no assessment 'restaging' (there is follow_up, induction)"


@pytest.mark.parametrize(
    ("primary", "metastatic", "overall"),
    [
        ("CR", "CR", "CR"),
        ("CR", "PR", "PR"),
        ("PR", "SD", "SD"),
        ("CR", "non-CR/non-PD", "non-CR/non-PD"),
        ("CR", "NE", "NE"),
        ("PD", "NE", "PD"),
        ("SD", "PD", "PD"),
    ],
)
def test_progression_anywhere_is_progression_and_else_the_least_response_counts(
    screened: Clerk, primary: str, metastatic: str, overall: str
) -> None:
    responses = {"primary": primary, "metastatic": metastatic}
    screened.accepted(commands.Assess, name="induction", responses=responses, day=after(9))
    state = screened.state()
    assert state.values["induction_response"] == overall
    assert state.values["induction_primary"] == primary
    assert state.values["induction_date"] == after(9)
    assert state.last_alive == after(9)


def test_an_assessment_in_follow_up_leaves_the_earlier_one_as_it_was(screened: Clerk) -> None:
    screened.assess(response="PR")
    responses = {"primary": "PD", "metastatic": "PD"}
    screened.accepted(commands.Assess, name="follow_up", responses=responses, day=after(90), visit="M3")
    assert screened.state().values["induction_response"] == "PR"
    assert [item.overall for item in screened.state().assessments] == ["PR", "PD"]


def test_the_newest_assessment_is_that_of_the_newest_day_whenever_it_is_entered(screened: Clerk) -> None:
    screened.assess(response="PR", day=after(20))
    screened.assess(response="PD", day=after(10))
    state = screened.state()
    assert (state.values["induction_response"], state.values["induction_date"]) == ("PR", after(20))
    assert [item.on for item in state.assessments] == [after(10), after(20)]
    screened.assess(response="SD", day=after(20))
    assert screened.state().values["induction_response"] == "SD"  # of one day, the one entered last


def test_the_newest_form_is_that_of_the_newest_day_whenever_it_is_entered(screened: Clerk) -> None:
    for pain, days in ((5, 90), (3, 30)):
        screened.accepted(commands.Record, form="visit", values={"pain": pain}, day=after(days))
    assert screened.state().values["pain"] == 5
    assert [record.values["pain"] for record in screened.state().forms] == [3, 5]
    screened.accepted(commands.Correct, variable="pain", value=6, reason="typed wrongly", day=after(90))
    assert [record.values["pain"] for record in screened.state().forms] == [3, 6]


def test_an_assessment_that_a_passed_step_rested_on_is_made_again_only_with_a_reason(clerk: Clerk) -> None:
    clerk.allocate()
    responses = {"primary": "CR", "metastatic": "CR"}
    again = {"name": "induction", "responses": responses, "day": after(1)}
    reason = clerk.refused(commands.Assess, **again)
    assert reason == "'randomisation' was passed on 'induction', so to assess it again needs a reason"
    clerk.accepted(commands.Assess, **again, reason="the scan was read again")
    assert clerk.state().values["induction_response"] == "CR"
    clerk.accepted(commands.Assess, **{**again, "name": "follow_up"})


def test_a_classification_that_is_not_there_is_refused(screened: Clerk) -> None:
    assert screened.refused(commands.Classify, by="stage") == "there is no classification 'stage' (there is none)"


# --- visits


def test_who_came_was_alive_and_who_missed_a_visit_may_not_have_been(screened: Clerk) -> None:
    screened.accepted(commands.Visit, visit="M3", day=after(90))
    screened.accepted(commands.Visit, visit="M6", day=after(180), missed=True)
    state = screened.state()
    assert (state.visits, state.missed, state.last_alive) == ((after(90),), (after(180),), after(90))


def test_who_is_known_alive_on_a_day_stays_so_whatever_is_entered_later(screened: Clerk) -> None:
    screened.accepted(commands.Visit, visit="M3", day=after(90))
    screened.accepted(commands.Visit, visit="M1", day=after(30))
    assert screened.state().last_alive == after(90)


# --- corrections


def test_a_correction_needs_a_reason_and_keeps_the_old_value(clerk: Clerk) -> None:
    clerk.screen()
    for reason in (None, "", "  "):
        assert clerk.refused(commands.Correct, variable="age", value=45, reason=reason) == "a correction needs a reason"
    clerk.accepted(commands.Correct, variable="age", value=45, reason="read wrongly")
    entry = clerk.last()
    assert (entry.kind, entry.reason) == ("correct", "read wrongly")
    assert entry.data == {"new": 45, "old": 54, "on": "2024-03-01", "variable": "age"}
    assert clerk.state().values["age"] == 45
    assert clerk.state().corrections == 1


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("age", 121, "age lies between 0 and 120"),
        ("age", 54, "age is 54 already"),
        ("sex", "x", "sex is one of female, male"),
        ("remark", "x", "remark has not been recorded, so there is nothing to correct"),
        ("family_name", "Curie", "has not been recorded"),
        ("age_group", "old", "has not been recorded"),
        ("arm", "A", "'arm' is not a recorded variable"),
        ("judged_i2", False, "is not a recorded variable"),
        ("registration_date", DAY, "is not a recorded variable"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(clerk: Clerk, variable: str, value: object, reason: str) -> None:
    clerk.allocate()
    assert reason in clerk.refused(commands.Correct, variable=variable, value=value, reason="because")


def test_a_correction_never_changes_arm_counts_or_levels(clerk: Clerk) -> None:
    arm = clerk.allocate()
    lists, levels = clerk.desk.trial.lists, clerk.state().at_allocation
    clerk.accepted(commands.Correct, variable="her2", value="negative", reason="central review")
    clerk.accepted(commands.Correct, variable="age", value=68, reason="date of birth")
    state = clerk.state()
    assert (state.values["her2"], state.values["age"]) == ("negative", 68)
    assert state.arm == state.values["arm"] == arm
    assert clerk.desk.trial.lists == lists
    assert state.at_allocation == levels == {"site": "01", "her2": "positive", "age_group": "young"}


def test_a_correction_reaches_the_newest_form_that_holds_the_value(clerk: Clerk) -> None:
    clerk.screen()
    for visit, pain in (("M0", 3), ("M3", 5)):
        clerk.accepted(commands.Record, form="visit", values={"pain": pain}, visit=visit)
    clerk.accepted(commands.Correct, variable="pain", value=6, reason="typed wrongly")
    clerk.accepted(commands.Correct, variable="age", value=45, reason="typed wrongly")
    forms = clerk.state().forms
    assert [record.values["pain"] for record in forms if record.form == "visit"] == [3, 6]
    assert next(record.values["age"] for record in forms if record.form == "screening") == 45


def test_a_correction_is_admitted_after_death_and_after_leaving(clerk: Clerk) -> None:
    clerk.screen()
    clerk.accepted(commands.Withdraw, rule="W3", day=after(1))
    clerk.accepted(commands.Happen, event="death", cause="other", day=after(1))
    clerk.accepted(commands.Correct, variable="age", value=45, reason="read wrongly", day=after(30))
    assert clerk.state().values["age"] == 45


def test_a_correction_of_what_a_passed_step_rested_on_is_accepted_with_warnings(clerk: Clerk) -> None:
    clerk.allocate()
    answer = clerk.accepted(commands.Correct, variable="age", value=72, reason="date of birth")
    assert answer.warnings == (
        "'registration' was passed, and I1 fail: Woman of 18 to 70 (age = 72)",
        "'registration' was passed, and E1 fail: Not fit (age = 72)",
        "list 'main' balanced age_group: arm, counts and level stay as randomised",
    )
    assert clerk.accepted(commands.Correct, variable="age", value=71, reason="again").warnings == ()
    answers = {"I2": False}
    warned = clerk.accepted(commands.Judge, role="surgeon", answers=answers, reason="read again").warnings
    assert warned == ("'registration' was passed, and I2 fail: Operable (judged_i2 = no)",)


def test_a_correction_changes_what_the_next_step_is_judged_on(clerk: Clerk) -> None:
    clerk.screen()
    clerk.accepted(commands.Correct, variable="sex", value="male", reason="the wrong box")
    decision = clerk(commands.Register, step="registration")
    assert isinstance(decision, Refused)
    assert decision.reasons == ("I1 fail: Woman of 18 to 70 (sex = male)",)
