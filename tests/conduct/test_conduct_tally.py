"""What cohort rules count is kept from entry to entry, and is what counting everybody anew gives."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_trial import CLASSES, TEXT, Clerk, after

from equipoise.conduct import ParticipantState, Tally, commands, tallies_of
from equipoise.protocol import loads
from equipoise.protocol.rules import Count

SUMS = TEXT.replace(
    "withdrawal:",
    """\
  - {id: C3, label: Pain is bearable, rule: sum(pain) <= 5 * count(*), of: registration}
  - {id: C4, label: Kidneys, rule: sum(creatinine) FILTER (WHERE age >= 50) < 100 * count(*), of: randomisation}
withdrawal:""",
)
PARTICIPANTS = ["P1", "P2", "P3"]
acts = st.tuples(
    st.sampled_from(["on", "on", "on", "pain", "age", "targeted", "strike", "die"]),
    st.sampled_from(PARTICIPANTS),
    st.integers(0, 10),
)


def rows(clerk: Clerk, step: str) -> list[ParticipantState]:
    """Who has passed a step."""
    return [state for state in clerk.desk.participants.values() if step in state.steps]


def holds(clerk: Clerk) -> None:
    """The tallies are those of everybody, and judge as their rows do."""
    criteria, tallies = clerk.desk.criteria, clerk.desk._tallies[clerk.protocol.version]
    states = clerk.desk.participants.values()
    everybody = [(state.steps, state.values) for state in states]
    assert clerk.desk._tallies == {name: tallies_of(item, everybody) for name, item in criteria.versions.items()}
    for rule in clerk.protocol.cohort_rules:
        compiled, counted = criteria.rule(rule.rule, cohort=True), rows(clerk, rule.of)
        assert tallies[rule.id].participants == len(counted)
        by_rows = compiled.judge_cohort([state.values for state in counted])
        assert compiled.judge_counts(tallies[rule.id].counts) is by_rows


@given(st.lists(acts, max_size=25))
def test_tallies_are_those_of_counting_everybody_anew(asked: list[tuple[str, str, int]]) -> None:
    clerk = Clerk(loads(SUMS, file="small.yaml"))
    clerk.open()
    for what, who, number in asked:
        known = clerk.desk.participants.get(who)
        steps = {} if known is None else known.steps
        if what == "on" and known is None:
            clerk.screen(who, age=45 + number, her2=("positive", "negative")[number % 2], targeted=number > 4)
        elif what == "on" and "registration" not in steps:
            clerk(commands.Register, who, step="registration")
            clerk(commands.Assess, who, name="induction", responses={"primary": "PR", "metastatic": "PR"})
        elif what == "on":
            clerk(commands.Allocate, who, step="randomisation")
        elif what == "pain":
            clerk(commands.Record, who, form="visit", values={"pain": number}, visit="m3", day=after(number))
        elif what in ("age", "targeted"):
            value = 60 + number if what == "age" else number > 4
            clerk(commands.Correct, who, variable=what, value=value, reason="typed wrongly")
        elif what == "strike":
            clerk(commands.Strike, who, entry=max(len(clerk.desk.journal) - number, 1), reason="another person's")
        elif what == "die":
            clerk(commands.Happen, who, event="death", cause="cancer", day=after(20))
        holds(clerk)


def test_a_change_of_class_counts_a_participant_once_and_in_the_new_arm() -> None:
    clerk = Clerk(loads(CLASSES, file="classes.yaml"), {})
    clerk.open(commitments={})
    for who, found in (("P1", "CR"), ("P2", "PD")):
        clerk.accepted(commands.Screen, who, site="01")
        clerk.accepted(commands.Record, who, form="screening", values={"fit": True})
        clerk.accepted(commands.Register, who, step="registration")
        clerk.accepted(commands.Judge, who, role="board", answers={"I2": True})
        for day, response in ((9, found), (99, "PD")):
            responses = {"primary": "PR", "metastatic": response}
            clerk.accepted(commands.Assess, who, name="evaluation", responses=responses, day=after(day))
            clerk.accepted(commands.Classify, who, by="response_class", day=after(day))
            clerk.accepted(commands.Allocate, who, step="assignment", day=after(day))
            holds(clerk)
    assert clerk.desk._tallies[clerk.protocol.version]["C1"].participants == 2


@pytest.mark.parametrize("total", [Fraction(0), Fraction(-7, 3), Fraction(10**30, 7)])
def test_a_tally_comes_back_from_json_as_it_was(total: Fraction) -> None:
    tally = Tally(3, (Count(2, 1, total), Count()))
    assert Tally.from_json(json.loads(json.dumps(tally.to_json()))) == tally
