"""Screening, registration, allocation: who gets in, into which arm, and what a refusal says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from small_trial import BLOCKS, DAY, SEEDS, SIMPLE, TWICE, Clerk, after, small

from equipoise.allocation import commitment
from equipoise.conduct import Accepted, Refused, commands, decide, replay_allocations
from equipoise.protocol import Protocol, loads


def test_a_participant_is_screened_once_at_a_site(clerk: Clerk) -> None:
    clerk.accepted(commands.Screen, site="02")
    assert clerk.state().site == "02"
    assert clerk.state().screened_on == DAY
    assert clerk.state().version == "1"
    assert clerk.desk.trial.screened == 1
    assert clerk.refused(commands.Screen) == "there is a participant P1 already"
    assert clerk.refused(commands.Screen, "P2", site=None) == "a participant is screened at a site"


def test_who_meets_every_criterion_is_registered_to_the_digit_of_a_limit(clerk: Clerk) -> None:
    clerk.screen()
    clerk.accepted(commands.Register, step="registration")
    assert clerk.state().steps == {"registration": DAY}
    assert clerk.state().values["registration_date"] == DAY
    assert clerk.desk.trial.passed == {"registration": 1}
    assert clerk.last().data == {"number": 1, "on": "2024-03-01", "step": "registration"}


def test_a_refusal_names_every_failed_and_unknown_criterion_with_its_values(clerk: Clerk) -> None:
    clerk.accepted(commands.Screen)
    values = {"age": 75, "sex": "female", "creatinine": Decimal("88.6"), "creatinine_uln": Decimal(59)}
    clerk.accepted(commands.Record, form="screening", values=values)
    decision = clerk(commands.Register, step="registration")
    assert isinstance(decision, Refused)
    assert decision.reasons == (
        "I1 fail: Woman of 18 to 70 (age = 75)",
        "I2 unknown: Operable (judged_i2 = not recorded)",
        "I3 fail: Kidneys work (creatinine = 88.6, creatinine_uln = 59)",
        "E1 fail: Not fit (age = 75)",
    )
    assert [(item.criterion, item.verdict) for item in decision.criteria] == [
        ("I1", "fail"),
        ("I2", "unknown"),
        ("I3", "fail"),
        ("E1", "fail"),
    ]


def test_a_refused_registration_is_an_entry_and_may_be_asked_for_again(clerk: Clerk) -> None:
    clerk.screen(age=75, sex=None)
    before = len(clerk.desk.journal)
    clerk(commands.Register, step="registration")
    entry = clerk.last()
    assert (len(clerk.desk.journal), entry.kind) == (before + 1, "refuse")
    assert entry.data["criteria"] == [
        {"criterion": "I1", "values": {"age": 75}, "verdict": "fail"},
        {"criterion": "E1", "values": {"age": 75}, "verdict": "fail"},
    ]
    assert clerk.state().refusals[0].failed == ("I1", "E1")
    assert clerk.state().steps == {}
    clerk.accepted(commands.Correct, variable="age", value=57, reason="a slip of the pen")
    clerk.accepted(commands.Record, form="screening", values={"sex": "female"})
    clerk.accepted(commands.Register, step="registration")


@pytest.mark.parametrize(
    ("missing", "named"),
    [("age", "I1"), ("sex", "I1"), ("creatinine", "I3"), ("creatinine_uln", "I3")],
)
def test_a_value_not_recorded_leaves_its_criterion_unknown_and_nobody_in(
    clerk: Clerk, missing: str, named: str
) -> None:
    clerk.screen(**{missing: None})
    decision = clerk(commands.Register, step="registration")
    assert isinstance(decision, Refused)
    assert any(r.startswith(f"{named} unknown") and f"{missing} = not recorded" in r for r in decision.reasons)
    assert named in clerk.state().refusals[0].unknown


def test_a_rule_and_a_judgement_exclude_each_by_itself(clerk: Clerk) -> None:
    clerk.screen(age=70)
    clerk.screen("P2")
    clerk.accepted(commands.Judge, "P2", answers={"E1": True})
    for number, decided in (("P1", "age = 70"), ("P2", "judged_e1 = yes")):
        decision = clerk(commands.Register, number, step="registration")
        assert isinstance(decision, Refused)
        assert decision.reasons == (f"E1 fail: Not fit ({decided})",)


def test_a_criterion_of_two_parts_is_unknown_while_one_is_and_the_other_does_not_decide(clerk: Clerk) -> None:
    clerk.screen("P1", age=None)  # not judged unfit, and the age not known
    clerk.screen("P2", age=None)
    clerk.accepted(commands.Judge, "P2", answers={"E1": True})
    for number, expected in (
        ("P1", "E1 unknown: Not fit (age = not recorded)"),
        ("P2", "E1 fail: Not fit (judged_e1 = yes)"),
    ):
        decision = clerk(commands.Register, number, step="registration")
        assert isinstance(decision, Refused)
        assert decision.reasons[-1] == expected


def test_nobody_is_registered_twice(clerk: Clerk) -> None:
    clerk.register()
    assert clerk.refused(commands.Register, step="registration") == "P1 passed 'registration' on 2024-03-01"


def test_a_step_that_the_pathway_lacks_or_of_the_other_kind_is_refused(clerk: Clerk) -> None:
    clerk.register()
    assert clerk.refused(commands.Register, step="second") == (
        "the pathway has no such step 'second' (there is registration)"
    )
    assert "there is registration" in clerk.refused(commands.Register, step="randomisation")
    assert "there is randomisation" in clerk.refused(commands.Allocate, step="registration")


def test_nobody_is_allocated_before_registration(clerk: Clerk) -> None:
    clerk.screen()
    assert clerk.refused(commands.Allocate, step="randomisation") == (
        "P1 has not passed 'registration', which comes before 'randomisation'"
    )


def test_nobody_is_allocated_on_a_day_before_registration(clerk: Clerk) -> None:
    clerk.screen()
    clerk.accepted(commands.Register, step="registration", day=after(5))
    clerk.assess()
    reason = clerk.refused(commands.Allocate, step="randomisation", day=after(4))
    assert reason == "2024-03-05 is before P1 passed 'registration' (2024-03-06)"


@pytest.mark.parametrize(("response", "verdict"), [("PD", "fail"), ("NE", "fail"), (None, "unknown")])
def test_the_condition_of_a_step_is_judged_like_a_criterion(clerk: Clerk, response: str | None, verdict: str) -> None:
    clerk.register()
    if response is not None:
        clerk.assess(response=response)
    decision = clerk(commands.Allocate, step="randomisation")
    assert isinstance(decision, Refused)
    shown = response or "not recorded"
    condition = "induction_response IN ('CR', 'PR', 'SD')"
    assert decision.reasons == (f"randomisation {verdict}: {condition} (induction_response = {shown})",)
    assert clerk.state().arm is None


def test_a_criterion_may_speak_of_the_date_of_its_own_step(clerk: Clerk) -> None:
    clerk.register(diagnosis_date=date(2023, 3, 5))
    clerk.assess()
    decision = clerk(commands.Allocate, step="randomisation", day=date(2024, 3, 6))
    assert isinstance(decision, Refused)
    assert decision.reasons == (
        "I4 fail: Within a year (diagnosis_date = 2023-03-05, randomisation_date = 2024-03-06)",
    )
    clerk.accepted(commands.Allocate, step="randomisation", day=date(2024, 3, 5))


def test_an_allocation_keeps_everything_that_explains_it(clerk: Clerk) -> None:
    arm = clerk.allocate()
    data = clerk.last().data
    assert data["arm"] == arm
    assert data["levels"] == {"site": "01", "her2": "positive", "age_group": "young"}
    assert (data["list"], data["method"], data["stratum"], data["k"]) == ("main", "minimisation", "all", 1)
    assert data["probabilities"] == {"A": "1/2", "B": "1/2"}
    assert set(data) >= {"draw", "imbalance", "preferred", "tie", "why", "block", "step", "on", "number"}
    assert clerk.state().assignments[0].arm == arm
    assert clerk.state().values["arm"] == arm
    assert clerk.state().at_allocation == data["levels"]


@pytest.mark.parametrize("days", [2, 30])
def test_an_allocation_is_of_the_day_of_its_draw_or_says_why_not(clerk: Clerk, days: int) -> None:
    clerk.register()
    clerk.assess()
    at = datetime.combine(after(days), time(9), UTC)
    reason = clerk.refused(commands.Allocate, step="randomisation", at=at)
    assert reason == f"the arm is drawn now ({after(days)}), so to be allocated on {DAY} needs a reason"
    clerk.accepted(commands.Allocate, step="randomisation", at=at, reason="the line was down")
    clerk.finish()
    assert replay_allocations(clerk.protocol, clerk.desk.journal).problems == ()


def test_nobody_is_allocated_twice(clerk: Clerk) -> None:
    clerk.allocate()
    assert clerk.refused(commands.Allocate, step="randomisation") == "P1 passed 'randomisation' on 2024-03-01"
    assert clerk.desk.trial.lists["main"].at("all").allocated == 1


def test_a_second_randomisation_has_its_own_list_and_the_first_arm_and_levels_count() -> None:
    clerk = Clerk(loads(TWICE, file="twice.yaml"), seeds={**SEEDS, "second": bytes(32)})
    clerk.open()
    clerk.register()
    clerk.assess()
    reason = clerk.refused(commands.Allocate, step="maintenance")
    assert reason == "P1 has not passed 'randomisation', which comes before 'maintenance'"
    first = clerk.accepted(commands.Allocate, step="randomisation").arm
    levels = clerk.state().at_allocation
    clerk.accepted(commands.Allocate, step="maintenance", day=after(90))
    assert clerk.last().data["stratum"] == "targeted=true"
    state = clerk.state()
    assert [item.step for item in state.assignments] == ["randomisation", "maintenance"]
    assert state.arm == state.values["arm"] == first
    assert state.at_allocation == levels
    assert set(clerk.desk.trial.lists) == {"main", "second"}
    clerk.finish()
    replay = replay_allocations(clerk.protocol, clerk.desk.journal)
    assert (replay.allocations, replay.problems) == (2, ())


def test_every_missing_factor_is_named(clerk: Clerk) -> None:
    clerk.register(her2=None)
    clerk.assess()
    assert clerk.refused(commands.Allocate, step="randomisation") == (
        "her2 is not recorded, and the allocation balances it"
    )


@pytest.mark.parametrize("allocation", [None, BLOCKS, SIMPLE])
def test_the_same_seeds_give_the_same_arms_and_others_give_others(allocation: str | None) -> None:
    protocol = small() if allocation is None else small(allocation)

    def arms(seed: bytes) -> list[str]:
        clerk = Clerk(protocol, seeds={"main": seed})
        clerk.open()
        return [clerk.allocate(f"P{i}", her2=("positive", "negative")[i % 3 == 0], site=f"0{i % 2}") for i in range(24)]

    first = arms(bytes(32))
    assert arms(bytes(32)) == first
    assert set(first) == {"A", "B"}
    assert any(arms(bytes([i]) * 32) != first for i in range(1, 3))


def test_no_arm_without_the_seed_that_was_committed_to(protocol: Protocol) -> None:
    for seeds, reason in (
        ({}, "the seed of list 'main' is not at hand"),
        ({"main": bytes(32)}, "the seed of list 'main' is not the one committed to"),
        ({"main": b"short"}, "list 'main' cannot allocate: the seed has 5 bytes; give exactly 32"),
    ):
        clerk = Clerk(protocol)
        clerk.desk._seeds = seeds
        clerk.open()
        clerk.register()
        clerk.assess()
        assert clerk.refused(commands.Allocate, step="randomisation") == reason


def test_no_arm_once_the_seeds_are_revealed(clerk: Clerk) -> None:
    clerk.register()
    clerk.assess()
    clerk.accepted(commands.Reveal, seeds={"main": clerk.seeds["main"].hex()})
    assert "have been revealed" in clerk.refused(commands.Allocate, step="randomisation")


def test_a_site_or_a_number_that_a_list_cannot_hold_never_gets_there(clerk: Clerk) -> None:
    for text in ("", " ", " 01", "0\n1", "01\0", "\ud800", "x" * 101):
        assert "1 to 100 characters" in clerk.refused(commands.Screen, site=text)
        assert "1 to 100 characters" in clerk.refused(commands.Screen, text)
    assert clerk.allocate("P|1;=%", site="上海|1;=%") in ("A", "B")


def test_decide_changes_nothing_it_is_given(clerk: Clerk) -> None:
    clerk.register()
    clerk.assess()
    trial, state = clerk.desk.trial, clerk.state()
    before = repr(trial), repr(state)
    command = clerk.command(commands.Allocate, step="randomisation")
    answers = {
        decide(clerk.desk.criteria, trial, state, replace(command, id=f"again{i}"), seeds=clerk.seeds).__repr__()
        for i in range(3)
    }
    assert len(answers) == 1
    assert (repr(trial), repr(state)) == before


# --- cohort rules


def enrol(clerk: Clerk, count: int, **values: object) -> list[Accepted]:
    """Allocate so many more; their answers."""
    answers = []
    for _ in range(count):
        number = f"P{len(clerk.desk.participants) + 1}"
        clerk.register(number, **values)
        clerk.assess(number)
        answers.append(clerk.accepted(commands.Allocate, number, step="randomisation"))
    return answers


def verdicts(clerk: Clerk) -> list[tuple[str, str, int]]:
    """Every cohort entry so far."""
    found = [entry.data for entry in clerk.desk.journal if entry.kind == "cohort"]
    return [(data["rule"], data["verdict"], data["participants"]) for data in found]


def broken(answer: Accepted) -> tuple[str, ...]:
    """The warnings of rules that do not hold; those of what comes next are told elsewhere."""
    return tuple(text for text in answer.warnings if "does not hold" in text)


def test_a_cohort_rule_warns_from_its_first_participant_on_and_never_refuses(clerk: Clerk) -> None:
    answers = enrol(clerk, 4, targeted=False)
    warning = "C1 does not hold: Four fifths of HER2-positive participants get targeted therapy"
    assert [broken(answer) for answer in answers] == [(), (), (warning,), (warning,)]
    assert [v for v in verdicts(clerk) if v[0] == "C1"] == [("C1", "fail", 3), ("C1", "fail", 4)]
    assert clerk.desk.trial.passed["randomisation"] == 4


def test_a_cohort_rule_holds_at_its_limit_and_says_nothing(clerk: Clerk) -> None:
    enrol(clerk, 4, targeted=True)
    assert broken(enrol(clerk, 1, targeted=False)[0]) == ()  # 4 of 5 is four fifths
    assert enrol(clerk, 1, targeted=False)[0].warnings != ()  # 4 of 6 is not


def test_a_cohort_rule_counts_those_who_passed_its_own_step(clerk: Clerk) -> None:
    # C1 is of randomisation: who was registered and not allocated does not count, whatever C2 counts
    for i in range(5):
        clerk.register(f"R{i}", targeted=False)
    assert [broken(answer) for answer in enrol(clerk, 3, targeted=True)] == [(), (), ()]
    assert {v for v in verdicts(clerk) if v[0] == "C1"} == set()
    # C2 is of registration, from the second on: nobody is old
    assert [v for v in verdicts(clerk) if v[0] == "C2"] == [("C2", "fail", n) for n in range(2, 9)]


def test_a_registration_warns_of_a_cohort_rule_too(clerk: Clerk) -> None:
    clerk.register("P1")
    clerk.screen("P2")
    answer = clerk.accepted(commands.Register, "P2", step="registration")
    assert answer.warnings == ("C2 does not hold: Somebody is old",)
    clerk.screen("P3", age=68)
    assert clerk.accepted(commands.Register, "P3", step="registration").warnings == ()


def test_cohort_rules_are_judged_on_demand_held_or_not(clerk: Clerk) -> None:
    enrol(clerk, 1, targeted=False)
    answer = clerk.accepted(commands.CheckCohort)
    assert verdicts(clerk) == [("C1", "fail", 1), ("C2", "fail", 1)]
    assert len(answer.warnings) == 2
    enrol(clerk, 1, age=66)
    clerk.accepted(commands.CheckCohort)
    assert verdicts(clerk)[-1] == ("C2", "pass", 2)


def test_a_filter_of_a_cohort_rule_counts_only_what_is_recorded_as_true(clerk: Clerk) -> None:
    answers = enrol(clerk, 3, targeted=None)
    clerk.accepted(commands.CheckCohort)
    assert [v for v in verdicts(clerk) if v[0] == "C1"] == [("C1", "fail", 3), ("C1", "fail", 3)]
    assert answers[2].warnings != ()


def test_the_commitment_of_a_seed_is_its_hash(clerk: Clerk) -> None:
    # sha256 of the bytes 0 to 31: python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(32)))' | openssl sha256
    assert clerk.desk.trial.commitments == {"main": "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"}
    assert commitment(clerk.seeds["main"]) == clerk.desk.trial.commitments["main"]
