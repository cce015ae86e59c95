"""Names made comparable: what counts as the same, and what does not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persons import PROTOCOL

from equipoise.conduct.identity import missing, normalised, problems_of, pseudonym

KEY = bytes(range(32))
PERSON: dict[str, Any] = {
    "family_name": "Müller-Lüdenscheidt",
    "given_name": "Anna María",
    "birth_date": date(1961, 5, 3),
    "hospital_number": "H 12-345",
}


def same(**changed: Any) -> bool:
    """Whether somebody with these changes counts as the same person."""
    return pseudonym(KEY, PROTOCOL, {**PERSON, **changed}) == pseudonym(KEY, PROTOCOL, PERSON)


@pytest.mark.parametrize(
    "changed",
    [
        {"family_name": "MÜLLER LÜDENSCHEIDT"},
        {"family_name": "  muller-ludenscheidt "},
        {"family_name": "Mu\u0308ller-Lüdenscheidt"},  # u and a combining diaeresis
        {"family_name": "Ｍüller－Lüdenscheidt"},  # full-width letters and hyphen
        {"family_name": "Anna María", "given_name": "Müller-Lüdenscheidt"},
        {"family_name": "Lüdenscheidt", "given_name": "Maria Anna Müller"},
        {"hospital_number": "h12345"},
        {"hospital_number": "Ｈ１２３４５"},
        {"hospital_number": "H.12/345"},
        {"telephone": "not compared"},
    ],
)
def test_what_is_written_differently_counts_as_the_same(changed: dict[str, Any]) -> None:
    assert same(**changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"family_name": "Mueller-Luedenscheidt"},  # a transcription is another spelling
        {"family_name": "Müllerlüdenscheidt"},
        {"family_name": "Müller"},  # the name of before a marriage
        {"given_name": "Anne María"},
        {"birth_date": date(1961, 3, 5)},
        {"hospital_number": "H 12-354"},
        {"hospital_number": "H 012-345"},
    ],
)
def test_what_is_spelled_otherwise_counts_as_another_person(changed: dict[str, Any]) -> None:
    assert not same(**changed)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("O'Brien", "OBRIEN", True),
        ("O\u2019Brien", "O'Brien", True),
        ("Łukasz Sørensen", "lukasz sorensen", True),
        ("Straße", "STRASSE", True),
        ("ﾀﾅｶ", "タナカ", True),  # half-width katakana
        ("タナカ", "たなか", True),
        ("カトウ", "ガトウ", False),  # a voiced sound is another letter
        ("田中", "たなか", False),  # characters and their reading
        ("Θεοδωράκης", "θεοδωρακης", True),
        ("Семён", "СЕМЕН", True),
    ],
)
def test_scripts(one: str, other: str, equal: bool) -> None:
    assert (normalised(PROTOCOL, {**PERSON, "family_name": one}) == normalised(
        PROTOCOL, {**PERSON, "family_name": other})) is equal  # fmt: skip  # short items of one kind share a line


@given(st.permutations(["Anna", "María", "Müller", "Lüdenscheidt"]), st.integers(0, 4))
def test_the_order_of_names_never_counts(names: list[str], cut: int) -> None:
    family, given_ = " ".join(names[:cut]), " ".join(names[cut:])
    assert same(family_name=family, given_name=given_)


@given(st.text(max_size=30))
def test_any_text_can_be_compared_and_case_never_counts(text: str) -> None:
    if not any("\ud800" <= character <= "\udfff" for character in text):
        # twice: what Unicode calls one letter's case can change another's form only once
        assert len(pseudonym(KEY, PROTOCOL, {**PERSON, "family_name": text})) == 64


def test_another_key_gives_another_pseudonym() -> None:
    assert pseudonym(KEY, PROTOCOL, PERSON) != pseudonym(bytes(32), PROTOCOL, PERSON)


def test_a_value_that_says_nothing_is_missing_and_one_of_another_type_is_told_without_quoting_it() -> None:
    assert missing(PROTOCOL, {**PERSON, "family_name": " - ", "birth_date": None}) == ["family_name", "birth_date"]
    told = problems_of(PROTOCOL, {"birth_date": "Anna Berg", "family_name": 3, "age": 54, "Anna Berg": 1})
    assert len(told) == 4
    assert not any("Anna" in problem for problem in told)
    assert problems_of(PROTOCOL, PERSON) == []
