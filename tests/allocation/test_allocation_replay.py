"""One allocation after the other: explained, folded back from its record, and replayed."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.allocation import (
    BY_HAND,
    BiasedCoin,
    BigStick,
    BlockUrn,
    Factor,
    ListState,
    Maximal,
    Method,
    Minimisation,
    PermutedBlocks,
    Ratio,
    Simple,
    advance_recorded,
    allocate,
    allocate_by_hand,
    block_draw,
    differences,
    draw,
)
from equipoise.errors import AllocationError

SEED = bytes(range(32))
RATIO = Ratio.of({"A": 1, "B": 1})
LISTS: tuple[Method, ...] = (
    Simple(Ratio.of({"B": 2, "A": 1})),
    PermutedBlocks(RATIO, (2, 4, 6), strata=("site", "her2")),
    PermutedBlocks(Ratio.of({"A": 1, "B": 1, "C": 2}), (8,)),
    Minimisation(RATIO, (Factor("site"), Factor("her2", Fraction(1, 2))), Fraction(4, 5), "sd"),
    Minimisation(Ratio.of({"A": 3, "B": 1}), (Factor("her2"),), Fraction(3, 4), "variance", strata=("site",)),
    Minimisation(Ratio.of({"A": 3, "B": 1}), (Factor("her2"),), Fraction(2, 5), "marginal-balance", "biased-coin"),
    Minimisation(Ratio.of({"A": 1, "B": 1, "C": 1}), (Factor("her2"),), Fraction(1, 2), "range", "rank"),
    BlockUrn(Ratio.of({"A": 1, "B": 2}), 6, strata=("her2",)),
    BiasedCoin(RATIO, Fraction(7, 10), strata=("site",)),
    BigStick(Ratio.of({"A": 1, "B": 1, "C": 1}), 2),
    Maximal(RATIO, 2, 6, strata=("site",)),
)
participants = st.lists(
    st.fixed_dictionaries({"site": st.sampled_from("12"), "her2": st.sampled_from(("+", "|"))}), max_size=20
)


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(LISTS), participants)
def test_a_list_replays_from_its_records_and_the_seed_without_a_difference(
    method: Method, levels_of: list[dict[str, str]]
) -> None:
    state, records = ListState(), []
    for levels in levels_of:
        made = allocate(method, state, levels, seed=SEED, list_id="main")
        size = None if made.block is None else made.block.size
        state = method.advance(state, levels, made.arm, block_size=size)
        # the ledger sorts keys, so a record must not depend on their order
        records.append(json.loads(json.dumps(made.explain(), sort_keys=True)))
    replayed = ListState()
    for record in records:
        assert differences(method, replayed, record, seed=SEED) == ()
        replayed = advance_recorded(method, replayed, record)
    assert replayed == state
    assert len({(record["stratum"], record["k"]) for record in records}) == len(records)


def test_the_explanation_of_a_minimised_allocation_holds_all_that_led_to_it() -> None:
    method = Minimisation(RATIO, (Factor("her2"),), Fraction(4, 5))
    state = method.advance(ListState(), {"her2": "+"}, "A")
    # printf 'main|all|2' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...1f: ed1d4cbdf1e91ced...
    assert allocate(method, state, {"her2": "+", "age": "40"}, seed=SEED, list_id="main").explain() == {
        "list": "main",
        "method": "minimisation",
        "stratum": "all",
        "k": 2,
        "levels": {"her2": "+"},
        "imbalance": {"A": "2", "B": "0"},
        "preferred": ["B"],
        "tie": False,
        "probabilities": {"A": "1/5", "B": "4/5"},
        "why": "arm B would leave the least imbalance, 0: it has the probability 4/5",
        "block": None,
        "draw": str(0xED1D4CBDF1E91CED),
        "arm": "B",
    }


def test_a_random_block_size_is_drawn_from_its_own_stream_and_explained() -> None:
    method = PermutedBlocks(RATIO, (2, 4))
    made = allocate(method, ListState(), {}, seed=SEED, list_id="main").explain()
    size_draw = block_draw(SEED, "main", "all", 1)  # dd15...: the upper half, hence the second size
    assert made["block"] == {"number": 1, "size": 4, "draw": str(size_draw)}
    assert made["draw"] == str(draw(SEED, "main", "all", 1))
    assert made["imbalance"] == {"A": None, "B": None}


def test_a_single_block_size_takes_no_draw() -> None:
    made = allocate(PermutedBlocks(RATIO, (4,)), ListState(), {}, seed=SEED, list_id="main")
    assert made.explain()["block"] == {"number": 1, "size": 4, "draw": None}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("arm", "A"),
        ("draw", "0"),
        ("k", 3),
        ("stratum", "every"),
        ("levels", {"her2": "-"}),
        ("imbalance", {"A": "2", "B": "1"}),
        ("probabilities", {"A": "1/2", "B": "1/2"}),
        ("preferred", ["A"]),
        ("tie", True),
        ("method", "simple"),
        ("block", {"number": 1, "size": 2, "draw": None}),
        ("list", "other"),
    ],
)
def test_a_record_changed_in_any_field_is_found_by_the_replay(field: str, value: Any) -> None:
    method = Minimisation(RATIO, (Factor("her2"),), Fraction(4, 5))
    state = method.advance(ListState(), {"her2": "+"}, "A")
    record = allocate(method, state, {"her2": "+"}, seed=SEED, list_id="main").explain()
    assert differences(method, state, record, seed=SEED) == ()
    assert differences(method, state, {**record, field: value}, seed=SEED)
    del record[field]
    if field not in ("levels", "list"):
        assert differences(method, state, record, seed=SEED)


def test_another_seed_does_not_replay() -> None:
    record = allocate(Simple(RATIO), ListState(), {}, seed=SEED, list_id="main").explain()
    (found,) = [d for d in differences(Simple(RATIO), ListState(), record, seed=bytes(32)) if "draw" in d]
    assert found.startswith("draw: recorded '")


@pytest.mark.parametrize(
    "record", [{}, {"levels": [], "arm": "A", "block": None}, {"levels": {}, "arm": "A", "block": 4}]
)
def test_what_is_no_record_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(AllocationError):
        advance_recorded(PermutedBlocks(RATIO, (4,), strata=("site",)), ListState(), record)
    with pytest.raises(AllocationError):
        differences(Simple(RATIO), ListState(), record, seed=SEED)


def test_after_an_allocation_by_hand_the_next_draw_has_the_next_number() -> None:
    method = Minimisation(RATIO, (Factor("her2"),), Fraction(1))
    state = method.advance_by_hand(ListState(), {"her2": "+"}, "A")
    made = allocate(method, state, {"her2": "+"}, seed=SEED, list_id="main")
    assert (made.k, made.arm) == (2, "B")


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(LISTS), participants, st.data())
def test_a_list_with_allocations_by_hand_replays_and_shows_which_they_were(
    method: Method, levels_of: list[dict[str, str]], data: st.DataObject
) -> None:
    state, records = ListState(), []
    for levels in levels_of:
        if data.draw(st.booleans()):
            made = allocate(method, state, levels, seed=SEED, list_id="main").explain()
        else:
            arm = data.draw(st.sampled_from(method.ratio.arms))
            made = allocate_by_hand(method, state, levels, arm, list_id="main").explain()
        records.append(json.loads(json.dumps(made, sort_keys=True)))
        state = advance_recorded(method, state, records[-1])
    replayed = ListState()
    for record in records:
        seed = None if record["method"] == BY_HAND else SEED
        assert differences(method, replayed, record, seed=seed) == ()
        replayed = advance_recorded(method, replayed, record)
    assert replayed == state
    assert len({(record["stratum"], record["k"]) for record in records}) == len(records)


def test_the_record_of_an_allocation_by_hand_holds_no_draw_and_what_chance_would_have_given() -> None:
    method = Minimisation(RATIO, (Factor("her2"),), Fraction(4, 5))
    state = method.advance(ListState(), {"her2": "+"}, "A")
    given_by_hand = allocate_by_hand(method, state, {"her2": "+", "age": "40"}, "A", list_id="main")
    assert given_by_hand.explain() == {
        "list": "main",
        "method": "by-hand",
        "stratum": "all",
        "k": 2,
        "levels": {"her2": "+"},
        "probabilities": {"A": "1/5", "B": "4/5"},
        "arm": "A",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("k", 3),
        ("stratum", "every"),
        ("levels", {"her2": "-"}),
        ("probabilities", {"A": "1/2", "B": "1/2"}),
    ],
)
def test_a_record_by_hand_changed_in_a_field_that_follows_is_found(field: str, value: Any) -> None:
    method = Minimisation(RATIO, (Factor("her2"),), Fraction(4, 5))
    state = method.advance(ListState(), {"her2": "+"}, "A")
    record = allocate_by_hand(method, state, {"her2": "+"}, "A", list_id="main").explain()
    assert differences(method, state, record, seed=None) == ()
    assert differences(method, state, {**record, field: value}, seed=None)


def test_an_arm_by_hand_that_the_list_has_not_and_a_draw_without_its_seed_are_refused() -> None:
    with pytest.raises(AllocationError, match="'C' is not an arm"):
        allocate_by_hand(Simple(RATIO), ListState(), {}, "C", list_id="main")
    record = allocate(Simple(RATIO), ListState(), {}, seed=SEED, list_id="main").explain()
    with pytest.raises(AllocationError, match="the seed of list 'main' is not given"):
        differences(Simple(RATIO), ListState(), record, seed=None)


def test_a_state_that_is_none_is_refused() -> None:
    with pytest.raises(AllocationError):
        ListState.from_json({"all": {"allocated": 1, "colour": "red"}})
