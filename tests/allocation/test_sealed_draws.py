"""The sealed draws: known answers from another tool, and the choice of an arm counted exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.allocation import DRAW_RANGE, block_draw, choose, commitment, draw, stratum_key
from equipoise.errors import AllocationError

SEED = bytes(range(32))  # 00 01 02 ... 1f


def test_the_commitment_is_what_openssl_prints() -> None:
    # printf of the 32 bytes 00..1f | openssl dgst -sha256
    assert commitment(SEED) == "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"


@pytest.mark.parametrize(
    ("stratum", "k", "first_eight_bytes"),
    [
        # printf 'main|all|1' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...1f, the first 16 digits
        ("all", 1, "c79fc5e29ac40c93"),
        ("all", 2, "ed1d4cbdf1e91ced"),
        ("site=01;her2=positive", 1, "5a4c0c6c2ea24ead"),
        ("site=é%7C%3D", 7, "eee8747f310ebbcc"),
    ],
)
def test_a_draw_is_the_hmac_that_openssl_prints(stratum: str, k: int, first_eight_bytes: str) -> None:
    assert draw(SEED, "main", stratum, k) == int(first_eight_bytes, 16)


def test_the_draw_of_a_block_size_is_the_hmac_of_its_own_text() -> None:
    # printf 'main|all|block|1' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...1f
    assert block_draw(SEED, "main", "all", 1) == 0xDD156EB590931847


@pytest.mark.parametrize(
    ("seed", "list_id", "stratum", "k"),
    [
        (SEED[:31], "main", "all", 1),
        (SEED, "", "all", 1),
        (SEED, "ma|in", "all", 1),
        (SEED, "main", "all|block", 1),
        (SEED, "main", "site=\ud800", 1),
        (SEED, "main", "all", 0),
    ],
)
def test_a_draw_that_could_be_confused_or_repeated_is_refused(seed: bytes, list_id: str, stratum: str, k: int) -> None:
    with pytest.raises(AllocationError):
        draw(seed, list_id, stratum, k)


def test_the_message_about_a_wrong_seed_does_not_show_the_seed() -> None:
    with pytest.raises(AllocationError) as refused:
        commitment(b"secret")
    assert "secret" not in str(refused.value)


def test_an_arm_is_chosen_when_its_cumulative_probability_exceeds_u_and_not_when_it_equals_it() -> None:
    halves = {"A": Fraction(1, 2), "B": Fraction(1, 2)}
    assert choose(halves, DRAW_RANGE // 2 - 1) == "A"
    assert choose(halves, DRAW_RANGE // 2) == "B"


def test_an_arm_of_probability_zero_is_never_chosen() -> None:
    probabilities = {"A": Fraction(0), "B": Fraction(1), "C": Fraction(0)}
    assert {choose(probabilities, u) for u in (0, 1, DRAW_RANGE - 1)} == {"B"}


@pytest.mark.parametrize(
    ("probabilities", "integer"),
    [
        ({"A": Fraction(1, 2)}, 0),
        ({"A": Fraction(3, 2), "B": Fraction(-1, 2)}, 0),
        ({"A": Fraction(1)}, -1),
        ({"A": Fraction(1)}, DRAW_RANGE),
    ],
)
def test_probabilities_that_are_none_and_draws_out_of_range_are_refused(
    probabilities: dict[str, Fraction], integer: int
) -> None:
    with pytest.raises(AllocationError):
        choose(probabilities, integer)


@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=2, max_size=6).filter(any))
def test_the_number_of_draws_that_choose_an_arm_is_its_probability_times_their_range(
    parts: list[int],
) -> None:
    probabilities = {str(i): Fraction(part, sum(parts)) for i, part in enumerate(parts)}
    before = 0
    for arm, probability in probabilities.items():
        here = _first_draw_beyond(probabilities, int(arm))
        assert abs((here - before) - probability * DRAW_RANGE) < 1
        before = here
    assert before == DRAW_RANGE


def _first_draw_beyond(probabilities: dict[str, Fraction], arm: int) -> int:
    """The least draw that chooses an arm after `arm`, by bisection."""
    low, high = 0, DRAW_RANGE
    while low < high:
        middle = (low + high) // 2
        if int(choose(probabilities, middle)) > arm:
            high = middle
        else:
            low = middle + 1
    return low


_text = st.text(alphabet="a|=;%27CDé", max_size=4)
_strata = st.lists(st.tuples(_text, _text), max_size=3)


@settings(deadline=None)
@given(_strata, _strata)
def test_two_strata_never_share_a_key_and_no_key_holds_a_bar(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    assert (stratum_key(one) == stratum_key(other)) == (one == other)
    assert "|" not in stratum_key(one)
