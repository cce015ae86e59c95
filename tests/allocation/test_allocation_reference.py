"""Published and open-source numbers, one test an id; tests/data/allocation states the source of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from equipoise.allocation import (
    BiasedCoin,
    BlockUrn,
    Factor,
    Imbalance,
    ListState,
    Minimisation,
    PermutedBlocks,
    Ratio,
    RootSum,
    StratumState,
    margin_imbalance,
    parse_fraction,
    preference,
)
from equipoise.allocation.enumeration import exact_properties
from equipoise.allocation.imbalance import Measure
from equipoise.allocation.preference import Scheme

_FILE = Path(__file__).parents[1] / "data" / "allocation" / "conduct.json"
REFERENCE: dict[str, dict[str, Any]] = {
    entry["id"]: entry for entry in json.loads(_FILE.read_text(encoding="utf-8"))["values"]
}
BLOCK_IDS = [name for name in REFERENCE if name.startswith("PRED-PBD-")]


ONE_TO_ONE = Ratio.of({"A": 1, "B": 1})
COIN_IDS = [name for name in REFERENCE if name.startswith("BCD-")]


def test_every_entry_of_the_file_is_tested_here() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert (len(BLOCK_IDS), len(COIN_IDS)) == (5, 3)
    assert [name for name in REFERENCE if name not in BLOCK_IDS + COIN_IDS and f'"{name}"' not in here] == []


def test_ranks_give_the_probabilities_of_pocock_and_simon_section_3() -> None:
    entry = REFERENCE["MIN-PS75-3"]
    probabilities = _by_imbalance("rank", entry["inputs"]["G"], parse_fraction(entry["inputs"]["q"]))
    assert probabilities == [parse_fraction(p) for p in entry["expected"]["prob"]]


def test_best_only_gives_the_probabilities_of_four_arms_with_two_thirds() -> None:
    entry = REFERENCE["MIN-PS75-4"]
    probabilities = _by_imbalance("best", entry["inputs"]["G"], parse_fraction(entry["inputs"]["p_best"]))
    assert probabilities == [parse_fraction(p) for p in entry["expected"]["prob"]]


@pytest.mark.parametrize(
    ("measure", "key", "places"),
    [
        ("range", "range", 0),
        ("sd", "sd", 3),
        ("variance", "variance", 3),
        ("marginal-balance", "marginal_balance", 4),
    ],
)
def test_the_measures_on_7_8_7_are_those_of_han_2009(measure: Measure, key: str, places: int) -> None:
    entry = REFERENCE["MIN-HAN09-2"]
    counts = dict(zip("ABC", entry["inputs"]["counts"], strict=True))
    value = margin_imbalance(measure, Ratio.of({"A": 1, "B": 1, "C": 1}), counts)
    assert round(_number(value), places) == pytest.approx(entry["expected"][key])


@pytest.mark.parametrize("name", ["MIN-HAN09-BCM-AC", "MIN-HAN09-BCM-DI"])
def test_the_biased_coin_for_unequal_ratios_is_that_of_han_2009(name: str) -> None:
    entry = REFERENCE[name]
    ratio, preferred = Ratio.of(entry["inputs"]["ratios"]), entry["inputs"]["preferred"]
    others = [arm for arm in ratio.arms if arm != preferred]
    p = parse_fraction(entry["inputs"]["p_high_smallest"])
    by_arm = preference("biased-coin", ratio, p, [[preferred], others])
    assert list(by_arm.values()) == [parse_fraction(p) for p in entry["expected"]["prob_AC_PL_DI"]]


@pytest.mark.parametrize("name", ["MIN-SMALL-1", "MIN-SMALL-2"])
def test_the_total_imbalance_after_each_assignment_is_that_of_smallerize(name: str) -> None:
    entry = REFERENCE[name]
    weights = entry["inputs"].get("weights", [1, 1])
    result = _minimise({"A": 1, "B": 1}, entry["inputs"]["margins"], weights)
    assert [result.imbalance["A"], result.imbalance["B"]] == [parse_fraction(g) for g in entry["expected"]["G"]]
    assert result.preferred == ("B",)


@pytest.mark.parametrize("case", ["with_site", "without_site"])
def test_a_site_counted_as_a_factor_turns_the_decision_of_slice(case: str) -> None:
    entry = REFERENCE["MIN-SLICE-SITE"]
    margins = dict(entry["inputs"]["margins"])
    if case == "without_site":
        del margins["Site"]
    result = _minimise(entry["inputs"]["ratio"], margins, [1] * len(margins))
    assert result.preferred == (entry["expected"][case]["choose"],)


@pytest.mark.parametrize("name", BLOCK_IDS)
def test_permuted_blocks_are_predictable_as_published(name: str) -> None:
    entry = REFERENCE[name]
    size = int(name.removeprefix("PRED-PBD-b="))
    method = PermutedBlocks(ONE_TO_ONE, (size,))
    exact = entry["expected"]["exact_complete_blocks"]
    found = exact_properties(method, size)
    assert found.deterministic == pytest.approx(1 / (size / 2 + 1), abs=1e-12)  # the closed form of the entry's note
    assert found.deterministic == pytest.approx(exact["deterministic"], abs=5.1e-5)
    assert found.correct_guess == pytest.approx(exact["correct_guess"], abs=5.1e-5)
    # the published values are means of 5,000 simulated runs of 100 participants, printed to 3 places
    found, published = exact_properties(method, 100), entry["expected"]["published_sim"]
    assert found.deterministic == pytest.approx(published["deterministic"], abs=0.0015)
    assert found.correct_guess == pytest.approx(published["correct_guess"], abs=0.0015)


@pytest.mark.parametrize("name", COIN_IDS)
def test_the_biased_coin_of_efron_has_the_properties_of_zhao_2011(name: str) -> None:
    entry = REFERENCE[name]
    found = exact_properties(BiasedCoin(ONE_TO_ONE, parse_fraction(entry["inputs"]["p"])), entry["inputs"]["n"])
    ours = {
        "avg_exact_balance": found.balanced,
        "sd_final": found.imbalance_rms,
        "max_imb": found.imbalance_max,
        "correct_guess": found.correct_guess,
        "entropy": found.entropy,
    }
    for key, value in entry["expected"]["exact"].items():
        places = len(str(value).partition(".")[2])
        assert ours[key] == pytest.approx(value, abs=0.51 * 10**-places), key
    # the published values are means of 5,000 simulated runs: three standard errors of each
    errors = {"avg_exact_balance": 0.005, "sd_final": 0.07, "max_imb": 0.06, "correct_guess": 0.005, "entropy": 0.001}
    for key, value in entry["expected"]["published_sim"].items():
        assert ours[key] == pytest.approx(value, abs=errors[key]), key


def test_the_block_urn_gives_the_printed_probabilities_and_sequence_of_zhao_and_weng_2011() -> None:
    entry = REFERENCE["BUD-1"]
    method, state = BlockUrn(ONE_TO_ONE, 6), ListState()
    probabilities, sequence = [], ""
    for u in entry["inputs"]["uniforms"]:
        p = method.probabilities(state, {}).by_arm["A"]
        arm = "A" if parse_fraction(u) <= p else "B"
        probabilities.append(p)
        sequence += arm
        state = method.advance(state, {}, arm)
    assert probabilities == [parse_fraction(p) for p in entry["expected"]["pA"]]
    assert sequence == entry["expected"]["seq"]
    assert [state.at("all").arms[arm] for arm in "AB"] == entry["expected"]["final"]


def _by_imbalance(scheme: Scheme, imbalance: Sequence[int], p: Fraction) -> list[Fraction]:
    """Probabilities of arms with these different imbalances."""
    arms = [f"arm {i}" for i in range(len(imbalance))]
    order = [[arms[i]] for i in sorted(range(len(arms)), key=imbalance.__getitem__)]
    return list(preference(scheme, Ratio.of(dict.fromkeys(arms, 1)), p, order).values())


def _number(value: Imbalance) -> float:
    return float(value.rounded() if isinstance(value, RootSum) else value)


def _minimise(ratio: Mapping[str, int], margins: Mapping[str, Sequence[int]], weights: Sequence[float]) -> Any:
    """The distribution for a participant whose margins hold these counts, by range."""
    arms = Ratio.of(ratio)
    factors = tuple(Factor(name, parse_fraction(w)) for name, w in zip(margins, weights, strict=True))
    state = StratumState(margins={name: {"here": dict(zip(arms.arms, n, strict=True))} for name, n in margins.items()})
    method = Minimisation(arms, factors, Fraction(4, 5))
    return method.probabilities(ListState({"all": state}), dict.fromkeys(margins, "here"))
