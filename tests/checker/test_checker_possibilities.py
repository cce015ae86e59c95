"""Whether conditions can hold together: what is said never to happen never does."""

from __future__ import annotations

import pytest
from edited_protocols import edited
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.checker.possibilities import Possibilities
from equipoise.protocol.rules import compile_rule
from equipoise.protocol.rules.language import Node

TEHRAN = edited("tehran")


def node(text: str, trial: str = "tehran") -> Node:
    return compile_rule(text, edited(trial).dictionary).node


def never(*texts: str, trial: str = "tehran") -> bool:
    return Possibilities(edited(trial)).never(*(node(text, trial) for text in texts))


@pytest.mark.parametrize(
    "texts",
    [
        ("t_stage = 'T4' AND NOT t4_resectable", "t_stage IN ('T1', 'T2') OR (t_stage = 'T4' AND t4_resectable)"),
        ("age < 18", "age >= 18"),
        ("age > 17", "age < 18"),
        ("bilateral", "NOT bilateral"),
        ("hormone_receptor = 'positive'", "er = 'negative' AND pr = 'negative'"),
        ("global_health > 50", "global_health <= 50"),
        ("diagnosis_date < screening_date", "NOT diagnosis_date < screening_date"),
    ],
)
def test_what_cannot_hold_together_is_known_not_to(texts: tuple[str, ...]) -> None:
    assert never(*texts)


@pytest.mark.parametrize(
    "texts",
    [
        ("age <= 18", "age >= 18"),
        ("age > 17", "age < 19"),
        ("global_health > 50", "global_health < 51"),
        ("global_health > 50", "global_health < 50.1 OR bilateral"),
        ("diagnosis_date < screening_date", "other_malignancy_date < screening_date"),
        ("diagnosis_date >= DATE '2020-01-01'", "diagnosis_date > DATE '2020-01-01'"),
        ("diagnosis_date > DATE '2020-01-01'",),
        ("hormone_receptor = 'positive'", "er = 'negative'"),
        ("axillary_nodes_palpable", "n_stage = 'N0'"),
    ],
)
def test_what_can_hold_together_is_never_denied(texts: tuple[str, ...]) -> None:
    assert not never(*texts)


def test_progression_of_the_metastases_makes_the_overall_response_progression() -> None:
    assert never("induction_metastatic = 'PD'", "induction_response IN ('CR', 'PR', 'SD')", trial="henan")
    assert not never("induction_metastatic = 'SD'", "induction_response IN ('CR', 'PR', 'SD')", trial="henan")


def test_too_many_cases_are_left_undecided() -> None:
    variables = [name for name, item in TEHRAN.variables.items() if item.type == "choice" and item.derived is None]
    everything = " AND ".join(f"{name} = {name}" for name in variables)
    all_named = " AND ".join(
        f"{name} <> 'x'".replace("'x'", f"'{next(iter(TEHRAN.variables[name].values or ()))}'") for name in variables
    )
    assert everything
    assert not never(all_named, "age < 1", "age > 1", "comorbidity", "bilateral", "ecog > 1", "t4_resectable")


@settings(deadline=None, max_examples=100)
@given(
    low=st.integers(0, 20),
    high=st.integers(0, 20),
    at=st.integers(0, 20),
    lower=st.sampled_from([">", ">="]),
    upper=st.sampled_from(["<", "<="]),
)
def test_limits_on_a_whole_number_are_decided_as_counting_would(
    low: int, high: int, at: int, lower: str, upper: str
) -> None:
    texts = [f"age {lower} {low}", f"age {upper} {high}", f"age <> {at}"]
    rules = [compile_rule(text, TEHRAN.dictionary) for text in texts]
    counted = any(all(rule.judge({"age": age}).value for rule in rules) for age in range(121))
    assert Possibilities(TEHRAN).never(*(rule.node for rule in rules)) == (not counted)
