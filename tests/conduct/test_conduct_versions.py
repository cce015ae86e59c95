"""Amendments of a running trial: who is judged by which version, and what a new version may not change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from amended import EFFECT, SECOND, V1, V2, V3, amend, promised, refused, with_list
from small_trial import BLOCKS, DAY, FORM, TEXT, Clerk, after

from equipoise.analysis import analyse_ledger
from equipoise.conduct import Accepted, Refused, commands, fold, replay_allocations
from equipoise.errors import LedgerError
from equipoise.ledger import Journal
from equipoise.protocol import loads

LATER = after(31)


@pytest.fixture
def amended(clerk: Clerk) -> Clerk:
    """One participant under the first version, then the second is approved."""
    clerk.allocate("P1")
    clerk.screen("P2", age=72)
    assert isinstance(clerk(commands.Register, "P2", step="registration"), Refused)
    assert isinstance(amend(clerk, V2), Accepted)
    return clerk


def whole(clerk: Clerk) -> None:
    """The ledger folds to the desk's states and replays, given the texts."""
    assert fold(V1, clerk.desk.journal, [V2, V3]) == (clerk.desk.trial, clerk.desk.participants)
    assert replay_allocations(V1, clerk.desk.journal, [V3, V2]).problems == ()


def test_the_entry_says_what_was_amended_from_when_and_how(amended: Clerk) -> None:
    assert amended.last().version == "1"
    assert amended.last().data == {
        "version": "2",
        "digest": V2.digest,
        "on": EFFECT.isoformat(),
        "summary": "Older women may enter.",
        "changes": [
            "variables ecog added",
            "forms status added",
            "eligibility I1 changed",
            "eligibility E1 changed",
            "withdrawal W1 changed",
        ],
    }
    assert amended.desk.trial.version == "2"
    assert amended.desk.protocol is V2


def test_who_was_refused_by_the_first_version_enters_by_the_second_from_its_date_of_effect(amended: Clerk) -> None:
    assert isinstance(amended(commands.Register, "P2", step="registration", day=after(29)), Refused)
    assert amended.last().version == "1"
    ask = {"step": "registration", "day": LATER}
    unknown = amended(commands.Register, "P2", **ask)
    assert isinstance(unknown, Refused)  # the second version asks for the performance status
    assert [(item.criterion, item.verdict) for item in unknown.criteria if item.verdict != "pass"] == [
        ("I1", "unknown")
    ]
    assert "there is no form 'status'" in amended.refused(
        commands.Record, "P2", form="status", values={"ecog": 1}, day=LATER
    )
    amended.accepted(commands.Reconsent, "P2", version="2", day=LATER)
    amended.accepted(commands.Record, "P2", form="status", values={"ecog": 1}, day=LATER)
    decision = amended.accepted(commands.Register, "P2", **ask)
    assert not any("consented" in warning for warning in decision.warnings)
    assert amended.last().version == "2"
    whole(amended)


def test_who_enters_by_a_version_not_consented_to_is_to_be_asked_again(amended: Clerk) -> None:
    amended.accepted(commands.Screen, "P3", site="02")
    amended.accepted(commands.Record, "P3", form="screening", values=FORM)
    amended.accepted(commands.Judge, "P3", role="surgeon", answers={"I2": True})
    amended.accepted(commands.Judge, "P3", answers={"E1": False})
    decision = amended.accepted(commands.Register, "P3", step="registration")
    assert not any("consented" in warning for warning in decision.warnings)
    amended.assess("P3")
    allocated = amended.accepted(commands.Allocate, "P3", step="randomisation", day=LATER)
    assert allocated.warnings[-1:] == ("P3 has consented to version '1', and '2' is in force: ask again",)
    assert amended.last().version == "2"
    assert amended.state("P3").version == "1"
    whole(amended)


def test_who_is_screened_from_the_date_of_effect_consents_to_the_new_version(amended: Clerk) -> None:
    amended.accepted(commands.Screen, "P3", day=after(29))
    amended.accepted(commands.Screen, "P4", day=EFFECT)
    assert [amended.state(number).version for number in ("P1", "P3", "P4")] == ["1", "1", "2"]
    whole(amended)


def test_a_withdrawal_means_what_the_version_consented_to_says(amended: Clerk) -> None:
    amended.accepted(commands.Screen, "P4", day=EFFECT)
    amended.accepted(commands.Screen, "P5", day=after(2))
    amended.accepted(commands.Reconsent, "P5", version="2", day=LATER)
    for number in ("P1", "P4", "P5"):
        amended.accepted(commands.Withdraw, number, rule="W1", day=after(40))
    assert [amended.state(number).left.follow_up for number in ("P1", "P4", "P5")] == [
        "stops",
        "continues",
        "continues",
    ]
    whole(amended)


def test_consent_is_to_a_newer_version_that_is_in_force(amended: Clerk) -> None:
    ask = commands.Reconsent
    assert (
        amended.refused(ask, version="2", day=after(29)) == "version '1' is in force at 01 on 2024-03-30, and not '2'"
    )
    assert amended.refused(ask, version="7", day=LATER) == "the trial has no version '7' (there is 1, 2)"
    amended.accepted(ask, version="2", day=LATER)
    assert amended.refused(ask, version="1", day=LATER) == "P1 has consented to version '2'"
    amended.accepted(commands.Happen, event="death", cause="other", day=after(50))
    assert "died" in amended.refused(ask, version="2", day=after(51))
    assert amended.state().version == "2"
    whole(amended)


def test_a_list_goes_on_counting(amended: Clerk) -> None:
    before = amended.desk.trial.lists["main"]
    amended.accepted(commands.Screen, "P3", day=LATER)
    amended.accepted(commands.Record, "P3", form="screening", values={**FORM, "age": 74}, day=LATER)
    amended.accepted(commands.Record, "P3", form="status", values={"ecog": 0}, day=LATER)
    amended.accepted(commands.Judge, "P3", role="surgeon", answers={"I2": True}, day=LATER)
    amended.accepted(commands.Judge, "P3", answers={"E1": False}, day=LATER)
    amended.accepted(commands.Register, "P3", step="registration", day=LATER)
    amended.assess("P3", day=LATER)
    amended.accepted(commands.Allocate, "P3", step="randomisation", day=LATER)
    assert amended.last().data["k"] == 2
    assert before.at("all").allocated == 1
    assert amended.desk.trial.lists["main"].at("all").allocated == 2
    amended.finish()
    whole(amended)
    replay = replay_allocations(V1, amended.desk.journal, [V2])
    assert (replay.allocations, replay.revealed) == (2, True)


def test_a_version_may_come_into_force_site_by_site(clerk: Clerk) -> None:
    assert isinstance(amend(clerk, V2, by_site=True), Accepted)
    for number, site in (("P1", "01"), ("P2", "02")):
        clerk.accepted(commands.Screen, number, site=site, day=LATER)
    assert clerk.state("P1").version == clerk.state("P2").version == "1"
    ask = {"version": "2", "at_site": "02", "participant": None}
    early = clerk.refused(commands.Activate, **ask, on=after(29))
    assert early == "version '2' takes effect on 2024-03-31, and not before at any site"
    clerk.accepted(commands.Activate, **ask, on=after(40))
    again = clerk.refused(commands.Activate, **ask, on=after(41))
    assert again == "version '2' is in force at 02 from 2024-04-10"
    for number, site, day in (("P3", "01", 41), ("P4", "02", 39), ("P5", "02", 40)):
        clerk.accepted(commands.Screen, number, site=site, day=after(day))
    assert [clerk.state(number).version for number in ("P3", "P4", "P5")] == ["1", "1", "2"]
    no_site = clerk.refused(commands.Activate, version="1", at_site="01", participant=None, on=after(40))
    assert no_site == "version '1' comes into force at every site at once"
    whole(clerk)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SECOND.replace("id: small", "id: large"), "the new text is of trial 'large', and this is 'small'"),
        (
            TEXT.replace("The first", "Another"),
            "version '1' is not newer: the trial has run by a version of that number",
        ),
        (
            SECOND.replace('{number: "1", summary: The first.}, ', ""),
            "version '2' is not newer: its list of versions does not name '1' before it",
        ),
        (
            with_list(SECOND, BLOCKS),
            "list 'main' has allocated by 'minimisation', and 'blocks' cannot take its counts over; "
            "give the new list a name of its own",
        ),
        (
            SECOND.replace("ratio: {A: 1, B: 1}", "ratio: {A: 1, B: 2}"),
            "list 'main' has counts by the ratio A 1, B 1, and not by A 1, B 2; give the new list a name of its own",
        ),
        (
            SECOND.replace("{variable: her2},", "{variable: her2}, {variable: targeted},"),
            "list 'main' has no margins of targeted: those allocated so far were not counted by it; "
            "give the new list a name of its own",
        ),
        (
            SECOND.replace("    ratio: {A: 1, B: 1}\n", "    ratio: {A: 1, B: 1}\n    strata: [sex]\n"),
            "list 'main' has counts by stratum of nothing, and not of sex; give the new list a name of its own",
        ),
        (
            SECOND.replace("age >= 65", "age >= 60"),
            "list 'main' has counted 'age_group' as derived before, and it is now derived otherwise; "
            "give the new list a name of its own",
        ),
        (
            SECOND.replace("diagnosis_date", "biopsy_date"),
            "'diagnosis_date' has been recorded, and the new version has no such variable (recorded of P1)",
        ),
        (
            SECOND.replace("Targeted therapy, type: boolean}", "Targeted, type: choice, values: ['no', 'yes']}")
            .replace("'positive' AND targeted)", "'positive' AND targeted = 'yes')"),
            "'targeted' is of type boolean, and would be choice; give the new variable another name",
        ),
        (
            SECOND.replace("[positive, negative]", "[present, negative]").replace("'positive'", "'present'"),
            "'her2' has been recorded as positive, which the new version does not admit (recorded of P1)",
        ),
        (
            SECOND.replace("judgement: surgeon", "judgement: board"),
            "I2 is an inclusion judged by the surgeon, and would be an inclusion judged by the board; "
            "give it another id",
        ),
    ],
)  # fmt: skip  # short items of one kind share a line
def test_what_a_new_version_cannot_carry_is_refused(clerk: Clerk, text: str, why: str) -> None:
    clerk.allocate("P1")
    assert refused(clerk, text) == why


def test_what_was_used_of_a_version_cannot_go(clerk: Clerk) -> None:
    clerk.allocate("P1")
    clerk.accepted(commands.Treat, intervention="surgery", status="done")
    clerk.accepted(commands.Happen, event="progression", day=after(3))
    clerk.accepted(commands.Withdraw, rule="W4", day=after(4))
    text = SECOND.replace("  surgery: {label: Surgery, kind: procedure}\n", "").replace("[drug, surgery]", "[drug]")
    text = text.replace("  - crossover: {arms: [A], intervention: surgery, event: late_surgery}\n", "")
    assert "intervention 'surgery' has been given" in refused(clerk, text)
    assert "event 'progression' has happened" in refused(clerk, SECOND.replace("  progression: {", "  growth: {"))
    assert "withdrawal rule 'W4' has been used" in refused(clerk, SECOND.replace("{id: W4", "{id: W5"))


def test_what_was_never_used_can_go_and_a_judgement_can(clerk: Clerk) -> None:
    text = with_list(SECOND, BLOCKS).replace("  progression: {", "  growth: {")
    clerk.screen("P1", diagnosis_date=None)
    dropped = "  - {id: I2, kind: inclusion, at: registration, label: Operable, judgement: surgeon}\n"
    assert dropped in text
    new = loads(text.replace(dropped, "").replace("diagnosis_date", "biopsy_date"), file="new.yaml")
    decision = amend(clerk, new)
    assert isinstance(decision, Accepted), decision
    assert fold(V1, clerk.desk.journal, [new])[1] == clerk.desk.participants


def test_a_new_list_is_committed_to_in_the_amendment(clerk: Clerk) -> None:
    clerk.allocate("P1")
    text = SECOND.replace("randomise: {list: main", "randomise: {list: second").replace(
        "\nallocation:\n", f"\nallocation:\n  {BLOCKS.replace('main', 'second')}\n"
    )
    assert refused(clerk, text) == "an amendment holds one commitment for each new list with chance (second)"
    wrong = refused(clerk, text, commitments={"second": "0"})
    assert wrong == "the commitment of list 'second' is not 64 hexadecimal digits"
    new = loads(text, file="new.yaml")
    assert isinstance(amend(clerk, new, commitments=promised("second")), Accepted)
    clerk.desk._seeds["second"] = clerk.seeds["second"] = clerk.seeds["main"]
    clerk.accepted(commands.Screen, "P2", day=LATER)
    clerk.accepted(commands.Record, "P2", form="screening", values=FORM, day=LATER)
    clerk.accepted(commands.Record, "P2", form="status", values={"ecog": 0}, day=LATER)
    clerk.accepted(commands.Judge, "P2", role="surgeon", answers={"I2": True}, day=LATER)
    clerk.accepted(commands.Judge, "P2", answers={"E1": False}, day=LATER)
    clerk.accepted(commands.Register, "P2", step="registration", day=LATER)
    clerk.assess("P2", day=LATER)
    clerk.accepted(commands.Allocate, "P2", step="randomisation", day=LATER)
    assert clerk.last().data["list"] == "second"
    clerk.finish()
    result = replay_allocations(V1, clerk.desk.journal, [new])
    assert (result.problems, result.allocations) == ((), 2)


def test_an_amendment_without_its_text_is_refused_and_can_be_asked_again(clerk: Clerk) -> None:
    command = clerk.command(commands.Amend, None, protocol_digest=V2.digest, on=EFFECT)
    decision = clerk.desk.submit(command)
    assert isinstance(decision, Refused)
    assert decision.reasons[0].startswith("the text of the new version is not at hand")
    assert isinstance(clerk.desk.amend(V1, replace(command, id="other")), Refused)
    again = replace(command, id="again")
    accepted = clerk.desk.amend(V2, again)
    assert isinstance(accepted, Accepted)
    assert clerk.desk.amend(V2, again) is accepted
    assert [entry.kind for entry in clerk.desk.journal].count("amend") == 1


def test_a_ledger_folds_only_with_the_text_of_every_version(amended: Clerk) -> None:
    with pytest.raises(LedgerError, match=r"version '2' of the protocol is not at hand \(there is 1\)"):
        fold(V1, amended.desk.journal)
    other = V2.model_copy()
    other._digest = "0" * 64
    with pytest.raises(LedgerError, match="another text of version '2'"):
        fold(V1, amended.desk.journal, [other])
    with pytest.raises(LedgerError, match="two texts are version '2'"):
        fold(V1, amended.desk.journal, [V2, other])
    problems = replay_allocations(V1, amended.desk.journal).problems
    assert "version '2' of the protocol is not at hand" in problems[0][1]


def test_a_third_version_follows_the_second_and_not_from_an_earlier_day(amended: Clerk) -> None:
    assert refused(amended, SECOND).startswith("version '2' is not newer")
    early = amend(amended, V3, on=after(29))
    assert isinstance(early, Refused)
    assert early.reasons == ("version '2' is in force from 2024-03-31, and a later one not from a day before",)
    assert isinstance(amend(amended, V3, on=after(60)), Accepted)
    for number, day in (("P7", 59), ("P8", 60)):
        amended.accepted(commands.Screen, number, day=after(day))
    assert [amended.state(number).version for number in ("P7", "P8")] == ["2", "3"]
    whole(amended)


def test_a_correction_is_judged_against_the_version_that_a_step_was_passed_by(amended: Clerk) -> None:
    corrected = amended.accepted(commands.Correct, variable="age", value=72, reason="typed wrongly", day=after(60))
    assert any("'registration' was passed, and I1 fail" in warning for warning in corrected.warnings)
    whole(amended)


def forged(clerk: Clerk, kind: str, **changed: Any) -> str:
    """What replaying finds first where entries of a kind were changed and hashed anew."""
    journal = Journal()
    for entry in clerk.desk.journal:
        body: dict[str, Any] = {name: getattr(entry, name) for name in entry.__dataclass_fields__}
        del body["seq"], body["prev"]
        if entry.kind == kind:
            of_entry = {name: value for name, value in changed.items() if name == "version_of_entry"}
            data = {name: value for name, value in changed.items() if name not in of_entry}
            body |= {"data": {**entry.data, **data}, "version": of_entry.get("version_of_entry", entry.version)}
        journal.append(**body)
    seq, what = replay_allocations(V1, journal, [V2, V3]).problems[0]
    assert list(journal)[seq - 1].kind == kind
    return what


def test_what_was_forged_about_versions_is_found(clerk: Clerk) -> None:
    clerk.screen("P2", age=72)
    assert isinstance(clerk(commands.Register, "P2", step="registration"), Refused)
    amend(clerk, V2)
    amend(clerk, V3, on=after(60), by_site=True)
    clerk.accepted(commands.Activate, None, version="3", at_site="02", on=after(60))
    clerk.accepted(commands.Reconsent, "P2", version="2", day=LATER)
    whole(clerk)
    assert forged(clerk, "refuse", version_of_entry="2") == "version: recorded '2', in force or consented to is '1'"
    assert forged(clerk, "reconsent", on="2024-03-02").startswith("version '1' is in force at 01 on 2024-03-02")
    assert forged(clerk, "reconsent", before="0") == "before: recorded '0', by the entries before '1'"
    assert forged(clerk, "activate", on="2024-03-02").startswith("version '3' takes effect on 2024-04-30")
    assert forged(clerk, "activate", version="2") == "version '2' comes into force at every site at once"
    assert forged(clerk, "amend", changes=[]).startswith("changes: recorded []")
    assert "differ (second)" in forged(clerk, "amend", commitments={"second": "0" * 64})


def test_the_warning_names_a_judgement_that_was_reworded(clerk: Clerk) -> None:
    decision = amend(clerk, loads(SECOND.replace("label: Operable", "label: Surgery can be done"), file="new.yaml"))
    assert isinstance(decision, Accepted)
    assert decision.warnings == (
        "I2 is worded otherwise and keeps its id: answers given so far count for it as it is now",
    )


def test_before_the_date_of_effect_nothing_changes(amended: Clerk) -> None:
    amended.register("P9", site="02")
    assert {entry.version for entry in amended.desk.journal} == {"1"}
    assert amended.state("P9").steps == {"registration": DAY}


def test_a_date_of_effect_that_lies_behind_is_warned_about_and_changes_nothing_judged(clerk: Clerk) -> None:
    clerk.register("P1")
    decision = amend(clerk, V2, day=after(5), on=DAY)
    assert isinstance(decision, Accepted)
    told = "version '2' takes effect before today: what was judged since 2024-03-01 stays as it was judged"
    assert decision.warnings == (told,)
    clerk.accepted(commands.Screen, "P2", day=after(1))
    assert (clerk.state("P1").version, clerk.state("P2").version) == ("1", "2")
    whole(clerk)


def test_an_amended_trial_is_analysed_with_the_texts_of_its_versions(amended: Clerk) -> None:
    amended.accepted(commands.Freeze, analysis="final", cut_off=DAY)
    datasets, results = analyse_ledger(V2, amended.desk.journal, others=[V1])
    assert datasets.adsl is not None
    assert datasets.adsl["SUBJID"].to_list() == ["P1", "P2"]
    assert datasets.adsl["PROTVER"].to_list() == ["1", "1"]
    assert results.head == amended.desk.journal.first(len(amended.desk.journal) - 1).head
    with pytest.raises(LedgerError, match="is not at hand"):
        analyse_ledger(V1, amended.desk.journal)
