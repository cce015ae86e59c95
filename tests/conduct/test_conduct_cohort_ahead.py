"""A rule about the cohort warns before it breaks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from small_trial import TEXT, Clerk, small

import equipoise
from equipoise.conduct import Criteria, TrialState, commands, tallies_of
from equipoise.conduct.cohort import judge_cohort, looked_ahead
from equipoise.conduct.context import Context
from equipoise.protocol import Protocol, loads

HENAN = equipoise.load("henan")
WITHOUT = {"her2": "positive", "targeted_therapy": False}
WITH = {"her2": "positive", "targeted_therapy": True}
OTHER = {"her2": "negative", "targeted_therapy": False}
WARNING = (
    "one more participant with her2 = positive and targeted_therapy = no breaks C1: "
    "At least 80 % of HER2-positive participants receive targeted therapy"
)


def ahead(protocol: Protocol, rows: list[dict[str, Any]], step: str = "randomisation") -> tuple[str, ...]:
    """What is said once these have been randomised."""
    context = counted(protocol, rows, step)
    judged = [rule for rule in protocol.cohort_rules if len(rows) >= rule.start]
    broken = [rule for rule in judged if judge_cohort(context, rule) == "fail"]
    return looked_ahead(context, step, [], len(rows), broken)


def counted(protocol: Protocol, rows: list[dict[str, Any]], step: str = "randomisation") -> Context:
    """A trial in which these have passed a step."""
    criteria = Criteria(protocol)
    return Context(criteria, TrialState(), None, {}, tallies_of(criteria, [((step,), row) for row in rows]))


def test_henan_warns_when_one_more_without_targeted_therapy_would_break_its_ninth_criterion() -> None:
    # I9: "not less than 80% of the total HER2-positive patients". 8 of 10 holds, 8 of 11 does not.
    assert ahead(HENAN, [WITH] * 8 + [WITHOUT] * 2 + [OTHER] * 3) == (WARNING,)
    # 9 of 10 holds, and so does 9 of 11 (0.818)
    assert ahead(HENAN, [WITH] * 9 + [WITHOUT] + [OTHER] * 3) == ()
    # 7 of 10 is broken already, which is another warning
    assert ahead(HENAN, [WITH] * 7 + [WITHOUT] * 3) == ()


def test_it_looks_ahead_from_the_participant_before_the_first_that_is_judged() -> None:
    assert ahead(HENAN, [WITH] * 4 + [WITHOUT] + [OTHER] * 3) == ()  # 8 randomised: the ninth is not judged
    assert ahead(HENAN, [WITH] * 4 + [WITHOUT] + [OTHER] * 4) == (WARNING,)


def test_whoever_comes_next_breaks_a_rule_that_only_was_not_judged_yet() -> None:
    # 3 of 5 with targeted therapy among 9: the tenth is judged, and one more with it makes 4 of 6 (0.667)
    (said,) = ahead(HENAN, [WITH] * 3 + [WITHOUT] * 2 + [OTHER] * 4)
    assert said.startswith("one more participant of whatever values breaks C1")


def test_the_answer_to_an_entry_says_it() -> None:
    clerk = Clerk(small())
    clerk.open()
    answers = []
    for number in range(4):
        clerk.register(f"P{number}", targeted=True)
        clerk.assess(f"P{number}")
        answers.append(clerk.accepted(commands.Allocate, f"P{number}", step="randomisation"))
    warned = "one more participant with her2 = positive and targeted = no breaks C1"
    # with 2, 3 of 4 HER2-positive next makes 2 of 3 (0.667); with 4 it makes 4 of 5 (0.8), which holds
    assert [any(text.startswith(warned) for text in answer.warnings) for answer in answers] == [
        False,
        True,
        True,
        False,
    ]


def test_numbers_are_tried_around_what_the_rule_names() -> None:
    rule = "  - {id: C9, label: No two of 65 or more, of: registration, rule: count(*) FILTER (WHERE age >= 65) < 2}\n"
    protocol = loads(TEXT.replace("cohort_rules:\n", "cohort_rules:\n" + rule), file="small.yaml")
    said = ahead(protocol, [{"age": 70}, {"age": 40}], step="registration")
    assert [text.split(" breaks ")[0] for text in said if "C9" in text] == [
        "one more participant with age = 65",
        "one more participant with age = 66",
        "one more participant with age = 120",
    ]


rows = st.lists(st.sampled_from([WITH, WITHOUT, OTHER, {"her2": "positive"}, {}]), max_size=25)


@given(rows=rows)
def test_it_warns_exactly_when_the_next_such_participant_fails_the_rule(rows: list[dict[str, Any]]) -> None:
    (rule,) = HENAN.cohort_rules
    protocol = HENAN.model_copy(update={"cohort_rules": (rule.model_copy(update={"start": 1}),)})
    context = counted(protocol, rows)
    positive = [row for row in rows if row.get("her2") == "positive"]
    treated = sum(row.get("targeted_therapy") is True for row in positive)
    breaks = Decimal(treated) < Decimal("0.8") * (len(positive) + 1)
    now = judge_cohort(context, rule)
    assert (now == "fail") == (Decimal(treated) < Decimal("0.8") * len(positive))
    assert (bool(ahead(protocol, rows)) if now != "fail" else breaks) == breaks


def test_it_is_bounded() -> None:
    names = [f"v{i}" for i in range(10)]
    declared = "".join(f"  {name}: {{label: {name}, type: boolean}}\n" for name in names)
    rule = f"count(*) FILTER (WHERE {' AND '.join(names)}) < 1"
    text = TEXT.replace("variables:\n", "variables:\n" + declared, 1)
    text = text.replace(
        "cohort_rules:\n", f"cohort_rules:\n  - {{id: C9, label: None, of: registration, rule: '{rule}'}}\n"
    )
    text = text.replace("variables: [age,", f"variables: [{', '.join(names)}, age,")
    assert not [said for said in ahead(loads(text, file="wide.yaml"), [{}], step="registration") if "C9" in said]
