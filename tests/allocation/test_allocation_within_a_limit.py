"""Efron's coin, the big stick, the block urn and the maximal procedure: what each of them promises."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb, prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.allocation import BiasedCoin, BigStick, BlockUrn, ListState, Maximal, Method, Ratio
from equipoise.errors import AllocationError

ONE_TO_ONE = Ratio.of({"A": 1, "B": 1})
THREE_EQUAL = Ratio.of({"A": 1, "B": 1, "C": 1})
ONE_TO_TWO = Ratio.of({"A": 1, "B": 2})


def after(method: Method, arms: str, *, by_hand: str = "") -> dict[str, Fraction]:
    """The distribution after these arms were drawn, and then those given by hand."""
    state = ListState()
    for arm in arms:
        state = method.advance(state, {}, arm)
    for arm in by_hand:
        state = method.advance_by_hand(state, {}, arm)
    return dict(method.probabilities(state, {}).by_arm)


def chance_of(method: Method, sequence: str) -> Fraction:
    """The probability of a whole sequence."""
    return prod((after(method, sequence[:i])[arm] for i, arm in enumerate(sequence)), start=Fraction(1))


def leads(sequence: str, arms: str) -> list[int]:
    """The largest lead of an arm over another after each place."""
    counts = [[sequence[:i].count(arm) for arm in arms] for i in range(1, len(sequence) + 1)]
    return [max(n) - min(n) for n in counts]


# -- Efron's biased coin ------------------------------------------------------------------------------------


def test_the_coin_favours_the_arm_with_the_fewest_and_is_fair_when_all_are_level() -> None:
    coin = BiasedCoin(ONE_TO_ONE)
    assert coin.probability == Fraction(2, 3)
    assert after(coin, "") == {"A": Fraction(1, 2), "B": Fraction(1, 2)}
    assert after(coin, "A") == {"A": Fraction(1, 3), "B": Fraction(2, 3)}
    assert after(coin, "AB") == {"A": Fraction(1, 2), "B": Fraction(1, 2)}
    assert after(coin, "ABBB") == {"A": Fraction(2, 3), "B": Fraction(1, 3)}


def test_the_coin_is_the_same_however_far_an_arm_lags() -> None:
    assert after(BiasedCoin(ONE_TO_ONE, Fraction(7, 10)), "A" * 9) == after(
        BiasedCoin(ONE_TO_ONE, Fraction(7, 10)), "A"
    )


def test_arms_of_three_that_tie_at_the_fewest_share() -> None:
    # p = 2/3: A alone ahead; half the time B gets 2/3 and C 1/6, half the time the reverse; A gets 1/6 either way
    assert after(BiasedCoin(THREE_EQUAL), "A") == {"A": Fraction(1, 6), "B": Fraction(5, 12), "C": Fraction(5, 12)}


@pytest.mark.parametrize("p", [Fraction(2, 5), Fraction(11, 10)])
def test_a_coin_that_does_not_favour_the_arm_that_lags_is_refused(p: Fraction) -> None:
    with pytest.raises(AllocationError, match="lies outside 1/2 to 1"):
        BiasedCoin(ONE_TO_ONE, p)


# -- the big stick ------------------------------------------------------------------------------------------


def test_the_stick_is_a_fair_coin_until_an_arm_leads_by_the_limit() -> None:
    stick = BigStick(ONE_TO_ONE, 2)
    assert after(stick, "A") == {"A": Fraction(1, 2), "B": Fraction(1, 2)}
    assert after(stick, "AA") == {"A": 0, "B": 1}
    assert after(stick, "AAB") == {"A": Fraction(1, 2), "B": Fraction(1, 2)}


def test_of_three_arms_only_those_at_the_limit_are_closed() -> None:
    stick = BigStick(THREE_EQUAL, 2)
    assert after(stick, "AA") == {"A": 0, "B": Fraction(1, 2), "C": Fraction(1, 2)}
    assert after(stick, "AABB") == {"A": 0, "B": 0, "C": 1}


def test_an_arm_that_was_given_by_hand_beyond_the_limit_stays_closed_until_it_is_caught_up_with() -> None:
    assert after(BigStick(ONE_TO_ONE, 2), "AA", by_hand="AA") == {"A": 0, "B": 1}
    assert after(BigStick(ONE_TO_ONE, 2), "AA", by_hand="AAB") == {"A": 0, "B": 1}
    assert after(BigStick(ONE_TO_ONE, 2), "AA", by_hand="AABBB") == {"A": Fraction(1, 2), "B": Fraction(1, 2)}


# -- the block urn ------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(st.sampled_from((ONE_TO_ONE, ONE_TO_TWO, Ratio.of({"A": 2, "B": 3, "C": 1}))), st.integers(1, 3), st.data())
def test_the_urn_never_leaves_the_bounds_of_blocks_of_its_size(ratio: Ratio, times: int, data: st.DataObject) -> None:
    urn, state = BlockUrn(ratio, times * ratio.total), ListState()
    for _ in range(4 * ratio.total):
        by_arm = urn.probabilities(state, {}).by_arm
        state = urn.advance(state, {}, data.draw(st.sampled_from([arm for arm, p in by_arm.items() if p])))
        n = state.at("all").arms
        sets = min(n.get(arm, 0) // share for arm, share in ratio.shares)
        assert all(n.get(arm, 0) <= share * (sets + times) for arm, share in ratio.shares)


def test_an_urn_with_one_set_is_a_block_of_it() -> None:
    urn = BlockUrn(ONE_TO_TWO, 3)
    assert after(urn, "") == {"A": Fraction(1, 3), "B": Fraction(2, 3)}
    assert after(urn, "B") == {"A": Fraction(1, 2), "B": Fraction(1, 2)}
    assert after(urn, "BA") == {"A": 0, "B": 1}
    assert after(urn, "BAB") == {"A": Fraction(1, 3), "B": Fraction(2, 3)}


def test_an_arm_given_by_hand_beyond_its_balls_has_none_until_they_are_back() -> None:
    urn = BlockUrn(ONE_TO_ONE, 4)
    assert after(urn, "AA", by_hand="AA") == {"A": 0, "B": 1}
    # A 4, B 3: three sets are back, so the urn holds 5 - 4 of A and 5 - 3 of B
    assert after(urn, "AA", by_hand="AABBB") == {"A": Fraction(1, 3), "B": Fraction(2, 3)}


@pytest.mark.parametrize("size", [0, 1, 4, -3, True])
def test_an_urn_that_cannot_hold_the_ratio_is_refused(size: int) -> None:
    with pytest.raises(AllocationError, match="urn"):
        BlockUrn(ONE_TO_TWO, size)


# -- the maximal procedure ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arms", "limit", "length"), [("AB", 1, 6), ("AB", 2, 8), ("AB", 3, 8), ("ABC", 1, 6), ("ABC", 2, 6)]
)
def test_every_admissible_sequence_is_equally_likely_and_no_other_is_possible(
    arms: str, limit: int, length: int
) -> None:
    method = Maximal(Ratio.of(dict.fromkeys(arms, 1)), limit, length)
    sequences = ["".join(letters) for letters in product(arms, repeat=length)]
    level = [sequence for sequence in sequences if len({sequence.count(arm) for arm in arms}) == 1]
    admissible = {sequence for sequence in level if max(leads(sequence, arms)) <= limit}
    assert admissible
    for sequence in sequences:
        expected = Fraction(1, len(admissible)) if sequence in admissible else 0
        assert (chance_of(method, sequence) if sequence in admissible else _possible(method, sequence)) == expected


def _possible(method: Method, sequence: str) -> Fraction:
    """The probability of a sequence, where one that cannot happen need not be followed to its end."""
    chance, state = Fraction(1), ListState()
    for arm in sequence:
        chance *= method.probabilities(state, {}).by_arm[arm]
        if not chance:
            return chance
        state = method.advance(state, {}, arm)
    return chance


def test_with_a_limit_of_half_the_length_every_order_of_a_block_is_as_likely() -> None:
    # then the limit never binds, and what is left is the random allocation rule: C(8, 4) = 70 orders
    assert chance_of(Maximal(ONE_TO_ONE, 4, 8), "AABABBBA") == Fraction(1, comb(8, 4))


def test_with_a_limit_of_one_every_second_place_is_certain() -> None:
    method = Maximal(ONE_TO_ONE, 1, 10)
    assert after(method, "ABBA") == {"A": Fraction(1, 2), "B": Fraction(1, 2)}
    assert after(method, "ABBAB") == {"A": 1, "B": 0}


def test_after_its_length_a_sequence_starts_anew() -> None:
    method = Maximal(ONE_TO_ONE, 2, 4)
    assert after(method, "ABBA") == after(method, "")
    assert after(method, "ABBAAA") == after(method, "AA") == {"A": 0, "B": 1}


def test_where_no_admissible_way_is_left_by_hand_the_arms_with_the_fewest_catch_up() -> None:
    method = Maximal(ONE_TO_ONE, 2, 8)
    assert after(method, "AA", by_hand="AA") == {"A": 0, "B": 1}  # A leads by 4
    assert after(method, "AA", by_hand="AAB") == {"A": 0, "B": 1}
    assert after(method, "AA", by_hand="AABB") == {"A": 0, "B": 1}  # A leads by 2, with two places left
    assert after(method, "AA", by_hand="AABBBB") == after(method, "")


# -- what they refuse ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: BiasedCoin(ONE_TO_TWO), "the biased coin is defined for equal shares, and the ratio is 1:2"),
        (lambda: BigStick(ONE_TO_TWO, 3), "the big stick is defined for equal shares"),
        (lambda: Maximal(ONE_TO_TWO, 3, 12), "the maximal procedure is defined for equal shares"),
        (lambda: BigStick(ONE_TO_ONE, 0), "the limit is 0; use a whole number from 1"),
        (lambda: BigStick(ONE_TO_ONE, True), "the limit is True"),
        (lambda: Maximal(ONE_TO_ONE, 2, 9), "2 arms cannot be level after 9 places"),
        (lambda: Maximal(ONE_TO_ONE, 5, 8), "no arm can lead by 5 in 8 places that end level; use a limit up to 4"),
        (lambda: Maximal(THREE_EQUAL, 40, 3000), "too many states; use a shorter one"),
    ],
)
def test_what_has_no_definition_is_refused_with_what_to_do_instead(make: object, said: str) -> None:
    with pytest.raises(AllocationError) as refused:
        make()
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (BiasedCoin(ONE_TO_ONE, strata=("site",)), "biased coin of 2/3 per site"),
        (BigStick(ONE_TO_ONE, 3), "big stick of 3"),
        (BlockUrn(ONE_TO_ONE, 6, strata=("site", "her2")), "block urn of 6 per site and her2"),
        (Maximal(ONE_TO_ONE, 3, 20), "maximal procedure of 20, limit 3"),
    ],
)
def test_a_method_says_what_it_is_in_a_few_words(method: Method, words: str) -> None:
    assert str(method) == words


@pytest.mark.parametrize(
    ("method", "arms", "why"),
    [
        (BiasedCoin(ONE_TO_ONE), "A", "arm B has the fewest: it has the probability 2/3"),
        (BiasedCoin(ONE_TO_ONE), "AB", "all arms are level: each has its share of the ratio"),
        (BiasedCoin(THREE_EQUAL), "A", "arms B, C have the fewest: they share 5/6"),
        (BigStick(ONE_TO_ONE, 2), "A", "no arm leads by 2: each has its share of the ratio"),
        (BigStick(ONE_TO_ONE, 2), "AA", "arm A leads by 2 or more: B alone can be drawn"),
        (BlockUrn(ONE_TO_ONE, 4), "A", "each arm has its share of the 3 balls in the urn: A 1, B 2"),
        (Maximal(ONE_TO_ONE, 2, 4), "A", "each arm has its share of the 3 admissible ways to fill the 3 places left"),
    ],
)
def test_each_distribution_is_explained_in_a_sentence(method: Method, arms: str, why: str) -> None:
    state = ListState()
    for arm in arms:
        state = method.advance(state, {}, arm)
    assert method.probabilities(state, {}).why == why
