"""The same person is in the trial once; a failed screening may be followed by another, and both numbers stay."""

from __future__ import annotations

import pytest
from persons import ONE, PERSONS, PROTOCOL, TWO
from small_trial import FORM, Clerk, after

from equipoise.conduct import Refused, commands, fold, replay_allocations
from equipoise.errors import ProtocolError
from equipoise.ledger import Journal
from equipoise.protocol import loads


@pytest.fixture
def ward() -> Clerk:
    """A clerk of an open trial that tells persons apart."""
    clerk = Clerk(PROTOCOL)
    clerk.open()
    return clerk


def screen(clerk: Clerk, number: str, pseudonym: str, *, age: int = 54, days: int = 0, **said: object) -> None:
    """Screen somebody, and record what registration asks for."""
    clerk.accepted(commands.Screen, number, pseudonym=pseudonym, day=after(days), **said)
    clerk.accepted(commands.Record, number, form="screening", values={**FORM, "age": age}, day=after(days))
    clerk.accepted(commands.Judge, number, role="surgeon", answers={"I2": True}, day=after(days))
    clerk.accepted(commands.Judge, number, answers={"E1": False}, day=after(days))


def fail(clerk: Clerk, number: str, pseudonym: str, **said: object) -> None:
    """A screening that fails."""
    screen(clerk, number, pseudonym, age=75, **said)
    assert isinstance(clerk(commands.Register, number, step="registration"), Refused)


def whole(clerk: Clerk) -> None:
    assert fold(clerk.protocol, clerk.desk.journal) == (clerk.desk.trial, clerk.desk.participants)
    assert replay_allocations(clerk.protocol, clerk.desk.journal).problems == ()


def test_a_person_in_screening_or_in_the_trial_gets_no_second_number_at_any_site(ward: Clerk) -> None:
    screen(ward, "P1", ONE, site="01")
    again = {"pseudonym": ONE, "site": "02"}
    told = ward.refused(commands.Screen, "P2", **again)
    assert told == "P1 at site 01 is the same person: P1 has not been refused, and is still in screening"
    ward.accepted(commands.Register, "P1", step="registration")
    told = ward.refused(commands.Screen, "P2", **again)
    assert told == "P1 at site 01 is the same person: P1 passed 'registration' on 2024-03-01, and is in the trial"
    ward.assess("P1")
    ward.accepted(commands.Allocate, "P1", step="randomisation")
    for rescreens in (None, "P1"):
        told = ward.refused(commands.Screen, "P2", **again, rescreens=rescreens)
        assert told.endswith("P1 was allocated, and is in the trial")
    ward.accepted(commands.Screen, "P2", pseudonym=TWO, site="02")
    whole(ward)


def test_a_failed_screening_is_followed_by_another_that_says_so(ward: Clerk) -> None:
    fail(ward, "P1", ONE)
    told = ward.refused(commands.Screen, "P2", pseudonym=ONE, site="02")
    assert told == "P1 at site 01 is the same person: the screening failed, so say so (rescreens 'P1')"
    screen(ward, "P2", ONE, site="02", rescreens="P1", days=9)
    assert ward.state("P2").rescreens == "P1"
    later = ward.state("P1").rescreened
    assert later is not None
    assert (later.number, later.on) == ("P2", after(9))
    assert ward.state("P2").values.keys() >= FORM.keys()
    ward.accepted(commands.Register, "P2", step="registration", day=after(9))
    whole(ward)


def test_values_and_answers_are_not_copied_and_criteria_are_judged_anew(ward: Clerk) -> None:
    fail(ward, "P1", ONE)
    ward.accepted(commands.Screen, "P2", pseudonym=ONE, rescreens="P1", day=after(9))
    assert ward.state("P2").values == {"screening_date": after(9)}
    decision = ward(commands.Register, "P2", step="registration", day=after(9))
    assert isinstance(decision, Refused)
    assert {item.verdict for item in decision.criteria} == {"unknown"}


def test_who_was_screened_again_takes_no_further_step_under_the_earlier_number(ward: Clerk) -> None:
    fail(ward, "P1", ONE)
    ward.accepted(commands.Correct, "P1", variable="age", value=54, reason="typed wrongly")
    ward.accepted(commands.Screen, "P2", pseudonym=ONE, rescreens="P1", day=after(9))
    told = ward.refused(commands.Register, "P1", step="registration", day=after(10))
    assert told == "P1 was screened again as P2 on 2024-03-10"
    ward.accepted(commands.Correct, "P1", variable="age", value=55, reason="typed wrongly")
    assert "was screened again as P2" in ward.refused(commands.Screen, "P3", pseudonym=ONE, rescreens="P1")
    whole(ward)


def test_a_chain_of_screenings_links_each_to_the_one_before(ward: Clerk) -> None:
    fail(ward, "P1", ONE)
    fail(ward, "P2", ONE, rescreens="P1")
    screen(ward, "P3", ONE, rescreens="P2")
    ward.accepted(commands.Register, "P3", step="registration")
    assert "P3 passed 'registration'" in ward.refused(commands.Screen, "P4", pseudonym=ONE)
    whole(ward)


@pytest.mark.parametrize(
    ("rescreens", "pseudonym", "why"),
    [
        ("P9", TWO, "there is no participant P9 who could be screened again"),
        ("P5", TWO, "there is no participant P5 who could be screened again"),
        ("P1", TWO, "P1 is another person by name and dates"),
        ("P2", "3" * 64, "P2 has not been refused, and is still in screening"),
        ("P3", "3" * 64, "P3 died on 2024-03-03"),
    ],
)
def test_only_a_failed_screening_of_the_same_person_is_followed(
    ward: Clerk, rescreens: str, pseudonym: str, why: str
) -> None:
    fail(ward, "P1", ONE)
    screen(ward, "P2", "2" * 63 + "0")
    fail(ward, "P3", "3" * 64)
    ward.accepted(commands.Happen, "P3", event="death", cause="other", day=after(2))
    assert ward.refused(commands.Screen, "P5", pseudonym=pseudonym, rescreens=rescreens, day=after(5)) == why


def test_who_left_during_screening_can_be_screened_again(ward: Clerk) -> None:
    screen(ward, "P1", ONE)
    ward.accepted(commands.Withdraw, "P1", rule="W1", day=after(1))
    assert "rescreens 'P1'" in ward.refused(commands.Screen, "P2", pseudonym=ONE, day=after(5))
    ward.accepted(commands.Screen, "P2", pseudonym=ONE, rescreens="P1", day=after(5))
    whole(ward)


def test_a_screening_without_a_pseudonym_needs_a_reason_and_warns(ward: Clerk) -> None:
    assert "needs a reason" in ward.refused(commands.Screen)
    decision = ward.accepted(commands.Screen, reason="date of birth not known")
    assert decision.warnings == ("without a pseudonym, nothing tells whether this person is in the trial already",)
    assert "64 hexadecimal digits" in ward.refused(commands.Screen, "P2", pseudonym="Anna Berg")


def test_a_trial_that_declares_no_identity_takes_no_pseudonym(clerk: Clerk) -> None:
    assert "declares no `identity`" in clerk.refused(commands.Screen, pseudonym=ONE)


def test_a_second_number_that_was_forged_is_found(ward: Clerk) -> None:
    screen(ward, "P1", ONE)
    ward.accepted(commands.Screen, "P2", pseudonym=TWO)
    forged = Journal()
    for entry in ward.desk.journal:
        body = {name: getattr(entry, name) for name in entry.__dataclass_fields__ if name not in ("seq", "prev")}
        if entry.participant == "P2":
            body["data"] = {**entry.data, "pseudonym": ONE}
        forged.append(**body)
    ((_, what),) = replay_allocations(PROTOCOL, forged).problems
    assert what == "P1 at site 01 is the same person: P1 has not been refused, and is still in screening"


def test_erasing_is_an_entry_with_its_reason_and_comes_after_anything(ward: Clerk) -> None:
    screen(ward, "P1", ONE)
    ward.accepted(commands.Withdraw, "P1", rule="W5", day=after(1))
    assert ward.refused(commands.Erase, "P1", day=after(2)) == "to erase what identifies a person needs a reason"
    ward.accepted(commands.Erase, "P1", reason="asked for", day=after(2))
    assert ward.state("P1").erased_on == after(2)
    assert (ward.last().kind, ward.last().reason, ward.last().data) == ("erase", "asked for", {"on": "2024-03-03"})
    assert "was erased on 2024-03-03" in ward.refused(commands.Erase, "P1", reason="again", day=after(3))
    whole(ward)


@pytest.mark.parametrize(
    ("identity", "why"),
    [
        ("[surname]", r"persons\.yaml:\d+: .*surname"),
        ("[family_name, age]", r"persons\.yaml:\d+: .*'age' is not identifying"),
        ("[family_name, family_name]", r"persons\.yaml:\d+: .*stands twice"),
    ],
)
def test_identity_names_identifying_variables_each_once(identity: str, why: str) -> None:
    text = PERSONS.replace("[family_name, given_name, birth_date, hospital_number]", identity)
    with pytest.raises(ProtocolError, match=why):
        loads(text, file="persons.yaml")


def test_an_amendment_cannot_change_what_pseudonyms_are_made_of(ward: Clerk) -> None:
    text = PERSONS.replace(", birth_date, hospital_number]", ", birth_date]").replace(
        "summary: The first.}]", 'summary: The first.}, {number: "2", summary: Fewer.}]'
    )
    new = loads(text, file="new.yaml")
    said = {"protocol_digest": new.digest, "on": after(9)}
    screen(ward, "P1", ONE)
    decision = ward.desk.amend(new, ward.command(commands.Amend, None, **said))
    assert isinstance(decision, Refused)
    assert decision.reasons == (
        "persons are told apart by family_name, given_name, birth_date, hospital_number: "
        "their pseudonyms cannot be compared with others",
    )


def test_numbers_are_linked_in_a_trial_without_pseudonyms_too(clerk: Clerk) -> None:
    clerk.screen("P1", age=75)
    assert isinstance(clerk(commands.Register, "P1", step="registration"), Refused)
    clerk.accepted(commands.Screen, "P2", rescreens="P1", site="02", day=after(1))
    assert (clerk.last().kind, clerk.last().participant, clerk.last().site) == ("rescreened", "P1", "02")
    assert "screened again as P2" in clerk.refused(commands.Screen, "P3", rescreens="P1", day=after(2))
    whole(clerk)


def test_an_allocated_participant_is_never_screened_again(clerk: Clerk) -> None:
    clerk.allocate("P1")
    assert clerk.refused(commands.Screen, "P2", rescreens="P1") == "P1 was allocated, and is in the trial"
