"""What holds for every method, and what each of them promises."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.allocation import (
    METHODS,
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
    StratumState,
    margin_imbalance,
    preference,
)
from equipoise.allocation.imbalance import Measure
from equipoise.allocation.preference import Scheme
from equipoise.errors import AllocationError

ONE_TO_ONE = Ratio.of({"A": 1, "B": 1})
THREE_EQUAL = Ratio.of({"A": 1, "B": 1, "C": 1})

ratios = st.lists(st.integers(1, 4), min_size=2, max_size=4).map(
    lambda shares: Ratio(tuple(zip("ABCD", shares, strict=False)))
)
measures: st.SearchStrategy[Measure] = st.sampled_from(("range", "variance", "sd", "marginal-balance"))
counts = st.integers(0, 12)


def from_least(least: Fraction) -> st.SearchStrategy[Fraction]:
    """Probabilities from `least` to 1, both ends among them."""
    return st.integers(0, 12).map(lambda step: least + (1 - least) * Fraction(step, 12))


@st.composite
def methods(draw: st.DrawFn) -> Method:
    """Any method with any ratio; factors f and g, stratum s."""
    ratio = draw(ratios)
    strata: tuple[str, ...] = draw(st.sampled_from(((), ("s",))))
    kind = draw(st.sampled_from(("simple", "blocks", "urn", "coin", "stick", "maximal", "minimisation")))
    equal = Ratio.of(dict.fromkeys(ratio.arms, 1))
    if kind == "simple":
        return Simple(ratio, strata=strata)
    if kind == "blocks":
        times = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3, unique=True))
        return PermutedBlocks(ratio, tuple(n * ratio.total for n in times), strata=strata)
    if kind == "urn":
        return BlockUrn(ratio, draw(st.integers(1, 3)) * ratio.total, strata=strata)
    if kind == "coin":
        return BiasedCoin(equal, draw(from_least(Fraction(1, len(equal.arms)))), strata=strata)
    if kind == "stick":
        return BigStick(equal, draw(st.integers(1, 3)), strata=strata)
    if kind == "maximal":
        times = draw(st.integers(2, 5))
        return Maximal(equal, draw(st.integers(1, 2)), times * len(equal.arms), strata=strata)
    scheme: Scheme = draw(st.sampled_from(("best", "biased-coin")))
    p = draw(from_least(max(ratio.probabilities().values())))
    factors = (Factor("f"), Factor("g", draw(st.fractions(Fraction(1, 9), 3, max_denominator=9))))
    return Minimisation(ratio, factors, p, draw(measures), scheme, strata=strata)


def levels_strategy() -> st.SearchStrategy[dict[str, str]]:
    level = st.sampled_from(("x", "y"))
    return st.fixed_dictionaries({"f": level, "g": level, "s": level})


@settings(deadline=None, max_examples=60)
@given(methods(), st.lists(st.tuples(levels_strategy(), st.integers(0, 10**6)), max_size=25))
def test_probabilities_are_declared_in_order_and_sum_to_one_wherever_a_list_gets(
    method: Method, steps: list[tuple[dict[str, str], int]]
) -> None:
    state = ListState()
    for made, (levels, pick) in enumerate(steps):
        by_arm = method.probabilities(state, levels).by_arm
        assert tuple(by_arm) == method.ratio.arms
        assert sum(by_arm.values()) == 1
        assert min(by_arm.values()) >= 0
        possible = [arm for arm, p in by_arm.items() if p]
        sizes = method.block_sizes_due(state, levels)
        size = sizes[pick % len(sizes)] if sizes else None
        before = state.to_json()
        after = method.advance(state, levels, possible[pick % len(possible)], block_size=size)
        assert state.to_json() == before
        assert sum(here.allocated for here in after.strata.values()) == made + 1
        state = after
    assert ListState.from_json(state.to_json()) == state


@settings(deadline=None, max_examples=60)
@given(methods(), st.lists(st.tuples(levels_strategy(), st.integers(0, 10**6), st.booleans()), max_size=25))
def test_a_list_goes_on_whatever_was_given_by_hand_in_between(
    method: Method, steps: list[tuple[dict[str, str], int, bool]]
) -> None:
    state = ListState()
    for levels, pick, by_hand in steps:
        by_arm = method.probabilities(state, levels).by_arm
        assert sum(by_arm.values()) == 1
        assert min(by_arm.values()) >= 0
        if by_hand:
            state = method.advance_by_hand(state, levels, method.ratio.arms[pick % len(by_arm)])
            continue
        possible = [arm for arm, p in by_arm.items() if p]
        sizes = method.block_sizes_due(state, levels)
        size = sizes[pick % len(sizes)] if sizes else None
        state = method.advance(state, levels, possible[pick % len(possible)], block_size=size)
    assert sum(here.allocated for here in state.strata.values()) == len(steps)


# -- ratio --------------------------------------------------------------------------------------------------


def test_a_ratio_is_kept_in_lowest_terms_and_declared_order() -> None:
    assert Ratio.of({"B": 4, "A": 2}) == Ratio((("B", 2), ("A", 1)))
    assert Ratio.of({"B": 2, "A": 1}) != Ratio.of({"A": 1, "B": 2})
    assert Ratio.of({"B": 4, "A": 2}).probabilities() == {"B": Fraction(2, 3), "A": Fraction(1, 3)}


@pytest.mark.parametrize(
    "shares",
    [
        (),
        (("A", 1),),
        (("A", 1), ("A", 1)),
        (("A", 1), ("", 1)),
        (("A", 1), ("B", 0)),
        (("A", 1), ("B", True)),
    ],
)
def test_a_ratio_that_cannot_allocate_is_refused(shares: tuple[tuple[str, int], ...]) -> None:
    with pytest.raises(AllocationError):
        Ratio(shares)


# -- simple -------------------------------------------------------------------------------------------------


def test_simple_randomisation_keeps_the_ratio_whatever_came_before() -> None:
    method = Simple(Ratio.of({"A": 2, "B": 1}))
    state = ListState()
    for _ in range(5):
        assert method.probabilities(state, {}).by_arm == {"A": Fraction(2, 3), "B": Fraction(1, 3)}
        state = method.advance(state, {}, "A")
    assert state.at("all").arms == {"A": 5}


def test_simple_randomisation_refuses_a_block_and_an_unknown_arm() -> None:
    with pytest.raises(AllocationError, match="no blocks"):
        Simple(ONE_TO_ONE).advance(ListState(), {}, "A", block_size=4)
    with pytest.raises(AllocationError, match="not an arm"):
        Simple(ONE_TO_ONE).advance(ListState(), {}, "C")


# -- permuted blocks ----------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(ratios, st.lists(st.tuples(st.integers(1, 3), st.randoms(use_true_random=False)), min_size=1, max_size=4))
def test_every_full_block_holds_the_ratio(ratio: Ratio, blocks: list[tuple[int, object]]) -> None:
    method = PermutedBlocks(ratio, tuple(n * ratio.total for n in (1, 2, 3)))
    state, places = ListState(), 0
    for times, random in blocks:
        size: int | None = times * ratio.total
        places += times
        for _ in range(times * ratio.total):
            possible = [arm for arm, p in method.probabilities(state, {}).by_arm.items() if p]
            state = method.advance(state, {}, random.choice(possible), block_size=size)
            size = None
        assert state.at("all").arms == {arm: share * places for arm, share in ratio.shares}
        assert state.at("all").left == {}
    assert state.at("all").blocks == len(blocks)


def test_every_order_of_a_block_is_equally_likely() -> None:
    method = PermutedBlocks(Ratio.of({"A": 2, "B": 1, "C": 1}), (4,))
    orders = set(permutations("AABC"))
    for order in orders:
        state, chance = ListState(), Fraction(1)
        for arm in order:
            chance *= method.probabilities(state, {}).by_arm[arm]
            state = method.advance(state, {}, arm)
        assert chance == Fraction(1, len(orders))


def test_each_stratum_has_its_own_blocks() -> None:
    method = PermutedBlocks(ONE_TO_ONE, (2,), strata=("site",))
    state = method.advance(ListState(), {"site": "1"}, "A")
    assert method.probabilities(state, {"site": "1"}).by_arm == {"A": 0, "B": 1}
    assert method.probabilities(state, {"site": "2"}).by_arm == {"A": Fraction(1, 2), "B": Fraction(1, 2)}
    assert method.stratum({"site": "1", "age": "old"}) == "site=1"


@pytest.mark.parametrize("sizes", [(), (3,), (2, 2), (0,), (-2,)])
def test_block_sizes_that_cannot_hold_the_ratio_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(AllocationError):
        PermutedBlocks(ONE_TO_ONE, sizes)


def test_a_block_is_not_opened_within_another_nor_without_a_known_size() -> None:
    method = PermutedBlocks(ONE_TO_ONE, (2, 4))
    with pytest.raises(AllocationError, match="None"):
        method.advance(ListState(), {}, "A")
    with pytest.raises(AllocationError, match="6"):
        method.advance(ListState(), {}, "A", block_size=6)
    opened = method.advance(ListState(), {}, "A", block_size=2)
    with pytest.raises(AllocationError, match="places left"):
        method.advance(opened, {}, "B", block_size=2)
    with pytest.raises(AllocationError, match="no place left"):
        method.advance(opened, {}, "A")


def test_an_allocation_by_hand_takes_a_place_where_there_is_one_and_counts_where_there_is_none() -> None:
    method = PermutedBlocks(ONE_TO_ONE, (4,))
    state = method.advance(ListState(), {}, "A")
    state = method.advance_by_hand(state, {}, "A")
    assert state.at("all").left == {"A": 0, "B": 2}
    state = method.advance_by_hand(state, {}, "A")
    assert state.at("all").left == {"A": 0, "B": 2}
    assert (state.at("all").allocated, state.at("all").arms) == (3, {"A": 3})


# -- minimisation -------------------------------------------------------------------------------------------


def with_margins(margins: dict[str, dict[str, int]]) -> tuple[ListState, dict[str, str]]:
    """A state whose margins at level x are these, and the levels of a participant who meets them."""
    state = StratumState(margins={name: {"x": n} for name, n in margins.items()})
    return ListState({"all": state}), dict.fromkeys(margins, "x")


@settings(deadline=None)
@given(st.integers(2, 4), st.integers(0, 9), measures)
def test_equal_margins_are_a_tie_with_equal_probabilities(arms: int, n: int, measure: Measure) -> None:
    ratio = Ratio.of(dict.fromkeys("ABCD"[:arms], 1))
    state, levels = with_margins({"f": dict.fromkeys(ratio.arms, n), "g": dict.fromkeys(ratio.arms, n)})
    result = Minimisation(ratio, (Factor("f"), Factor("g")), Fraction(9, 10), measure).probabilities(state, levels)
    assert result.tie
    assert result.preferred == ratio.arms
    assert result.by_arm == dict.fromkeys(ratio.arms, Fraction(1, arms))


@settings(deadline=None)
@given(st.data(), ratios, measures, st.sampled_from(("best", "biased-coin")))
def test_permuting_the_arms_permutes_the_probabilities(
    data: st.DataObject, ratio: Ratio, measure: Measure, scheme: Scheme
) -> None:
    state, levels = with_margins({f: {arm: data.draw(counts) for arm in ratio.arms} for f in ("f", "g")})
    p = data.draw(from_least(max(ratio.probabilities().values())))
    factors = (Factor("f"), Factor("g", Fraction(2, 3)))
    permuted = Ratio(tuple(data.draw(st.permutations(ratio.shares))))
    one = Minimisation(ratio, factors, p, measure, scheme).probabilities(state, levels)
    other = Minimisation(permuted, factors, p, measure, scheme).probabilities(state, levels)
    assert one.by_arm == other.by_arm
    assert set(one.preferred) == set(other.preferred)
    assert tuple(other.by_arm) == permuted.arms


@settings(deadline=None)
@given(st.data(), ratios, st.sampled_from(("best", "biased-coin")))
def test_preferred_arms_get_at_least_their_share_and_the_others_at_most(
    data: st.DataObject, ratio: Ratio, scheme: Scheme
) -> None:
    fractions = ratio.probabilities()
    least = max(fractions.values()) if scheme == "best" else min(fractions.values())
    p = data.draw(from_least(least))
    arms = data.draw(st.permutations(ratio.arms))
    tied = data.draw(st.integers(1, len(arms)))
    by_arm = preference(scheme, ratio, p, [list(arms[:tied]), *[[arm] for arm in arms[tied:]]])
    assert sum(by_arm.values()) == 1
    assert all(by_arm[arm] >= fractions[arm] for arm in arms[:tied])
    assert all(by_arm[arm] <= fractions[arm] for arm in arms[tied:])
    assert len({by_arm[arm] / fractions[arm] for arm in arms[:tied]}) == 1


def test_a_tie_of_two_among_three_equals_breaking_it_at_random_first() -> None:
    # p = 4/5: half the time A gets 4/5 and B 1/10, half the time the reverse; C gets 1/10 either way
    by_arm = preference("best", THREE_EQUAL, Fraction(4, 5), [["A", "B"], ["C"]])
    assert by_arm == {"A": Fraction(9, 20), "B": Fraction(9, 20), "C": Fraction(1, 10)}


def test_arms_tied_at_a_rank_share_the_probabilities_of_their_ranks() -> None:
    # N = 3, q = 1/2: ranks get 5/12, 4/12, 3/12
    by_arm = preference("rank", THREE_EQUAL, Fraction(1, 2), [["B"], ["A", "C"]])
    assert by_arm == {"A": Fraction(7, 24), "B": Fraction(5, 12), "C": Fraction(7, 24)}
    state, levels = with_margins({"f": {"A": 1, "B": 0, "C": 1}})
    result = Minimisation(THREE_EQUAL, (Factor("f"),), Fraction(1, 2), scheme="rank").probabilities(state, levels)
    assert (result.by_arm, result.tie, result.preferred) == (by_arm, True, ("B",))


def test_the_biased_coin_keeps_the_ratio_when_each_arm_is_preferred_by_its_share() -> None:
    ratio = Ratio.of({"A": 1, "B": 2, "C": 3})
    mean = dict.fromkeys(ratio.arms, Fraction(0))
    for best in ratio.arms:
        others = [arm for arm in ratio.arms if arm != best]
        for arm, p in preference("biased-coin", ratio, Fraction(7, 10), [[best], others]).items():
            mean[arm] += ratio.fraction(best) * p
    assert mean == ratio.probabilities()


def test_a_tie_between_weighted_deviations_is_found_where_floats_miss_it() -> None:
    # A would leave 1/10 * 2 + 1/5 * 2 + 0, B 0 + 0 + 3/10 * 2, each times sqrt(1/2)
    assert 0.1 * 2 + 0.2 * 2 != 0.3 * 2
    factors = (Factor("f", Fraction(1, 10)), Factor("g", Fraction(1, 5)), Factor("h", Fraction(3, 10)))
    state, levels = with_margins({"f": {"A": 1}, "g": {"A": 1}, "h": {"B": 1}})
    for measure in ("range", "sd"):
        result = Minimisation(ONE_TO_ONE, factors, Fraction(1), measure).probabilities(state, levels)
        assert result.tie


@settings(deadline=None)
@given(ratios, st.integers(1, 6), measures)
def test_a_margin_in_the_ratio_has_no_imbalance(ratio: Ratio, times: int, measure: Measure) -> None:
    in_ratio = {arm: share * times for arm, share in ratio.shares}
    none = margin_imbalance(measure, ratio, {})
    assert margin_imbalance(measure, ratio, in_ratio) == none
    assert margin_imbalance(measure, ratio, {**in_ratio, "A": in_ratio["A"] + 1}) > none


def test_margins_are_counted_by_factor_and_level_and_only_where_the_participant_stands() -> None:
    method = Minimisation(ONE_TO_ONE, (Factor("f"), Factor("g")), Fraction(4, 5))
    state = method.advance(ListState(), {"f": "x", "g": "y", "other": "z"}, "A")
    state = method.advance(state, {"f": "x", "g": "x"}, "B")
    state = method.advance_by_hand(state, {"f": "y", "g": "x"}, "B")
    assert state.at("all").margins == {
        "f": {"x": {"A": 1, "B": 1}, "y": {"B": 1}},
        "g": {"y": {"A": 1}, "x": {"B": 2}},
    }
    assert method.probabilities(state, {"f": "x", "g": "x"}).by_arm == {
        "A": Fraction(4, 5),
        "B": Fraction(1, 5),
    }


@pytest.mark.parametrize(
    ("ratio", "scheme", "p"),
    [
        ({"A": 1, "B": 1}, "best", Fraction(2, 5)),
        ({"A": 3, "B": 1}, "best", Fraction(7, 10)),
        ({"A": 1, "B": 1}, "best", Fraction(11, 10)),
        ({"A": 3, "B": 1}, "biased-coin", Fraction(1, 5)),
        ({"A": 3, "B": 1}, "rank", Fraction(1, 2)),
        ({"A": 1, "B": 1, "C": 1, "D": 1}, "rank", Fraction(3, 4)),
        ({"A": 1, "B": 1}, "worst", Fraction(1, 2)),
    ],
)
def test_a_probability_that_does_not_favour_the_preferred_arm_is_refused(
    ratio: dict[str, int], scheme: Scheme, p: Fraction
) -> None:
    with pytest.raises(AllocationError):
        Minimisation(Ratio.of(ratio), (Factor("f"),), p, scheme=scheme)


def test_minimisation_refuses_no_factor_an_unknown_measure_and_a_variable_counted_twice() -> None:
    with pytest.raises(AllocationError, match="no factor"):
        Minimisation(ONE_TO_ONE, (), Fraction(4, 5))
    with pytest.raises(AllocationError, match="measure"):
        Minimisation(ONE_TO_ONE, (Factor("f"),), Fraction(4, 5), "maximum")
    with pytest.raises(AllocationError, match="twice"):
        Minimisation(ONE_TO_ONE, (Factor("f"), Factor("f")), Fraction(4, 5))
    with pytest.raises(AllocationError, match="site is counted twice"):
        Minimisation(ONE_TO_ONE, (Factor("site"),), Fraction(4, 5), strata=("site",))
    with pytest.raises(AllocationError, match="weighs nothing"):
        Factor("f", Fraction(0))


@pytest.mark.parametrize("levels", [{}, {"f": None}, {"f": 1}])
def test_a_missing_level_is_refused_and_never_guessed(levels: dict[str, str]) -> None:
    method = Minimisation(ONE_TO_ONE, (Factor("f"),), Fraction(4, 5))
    with pytest.raises(AllocationError, match="'f' has no level"):
        method.probabilities(ListState(), levels)


def test_the_registry_names_each_method_by_the_name_it_records() -> None:
    expected = {
        "simple": Simple,
        "permuted-blocks": PermutedBlocks,
        "block-urn": BlockUrn,
        "biased-coin": BiasedCoin,
        "big-stick": BigStick,
        "maximal": Maximal,
        "minimisation": Minimisation,
    }
    assert expected == METHODS
