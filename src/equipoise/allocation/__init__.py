"""Allocation: which arm comes next, with exact probabilities and draws that anyone can check.

A `Method` (`Simple`, `PermutedBlocks`, `BlockUrn`, `BiasedCoin`, `BigStick`, `Maximal`, `Minimisation`) is a pure
value. Given a `ListState` and a
participant's levels it says the exact probability of every arm; `allocate` turns them into an arm with the
list's sealed draw; `explain()` is what the ledger keeps; `advance_recorded` folds it back into the state
without the seed; `differences` replays it with the seed. `allocate_by_hand` records an arm that was not drawn. How
well a method balances and how easily it is guessed is in `equipoise.allocation.properties` (which loads numpy, and is
imported by itself).

    method = Minimisation(Ratio.of({"A": 1, "B": 1}), (Factor("site"), Factor("her2")), parse_fraction("4/5"))
    made = allocate(method, state, {"site": "01", "her2": "positive"}, seed=seed, list_id="main")
    state = advance_recorded(method, state, made.explain())

This package knows numbers only: no protocol, no ledger, no clock, and no randomness but the seed it is
handed.
"""

from equipoise.allocation.allocate import Allocation, OpenedBlock, advance_recorded, allocate, differences
from equipoise.allocation.biased_coin import BiasedCoin
from equipoise.allocation.big_stick import BigStick
from equipoise.allocation.block_urn import BlockUrn
from equipoise.allocation.blocks import PermutedBlocks
from equipoise.allocation.by_hand import BY_HAND, HandAllocation, allocate_by_hand
from equipoise.allocation.draws import DRAW_RANGE, SEED_BYTES, block_draw, choose, commitment, draw
from equipoise.allocation.exact import Imbalance, RootSum, imbalance_text, parse_fraction
from equipoise.allocation.imbalance import MEASURES, Measure, margin_imbalance, total_imbalance
from equipoise.allocation.maximal import Maximal
from equipoise.allocation.method import UNSTRATIFIED, Method, Probabilities, stratum_key
from equipoise.allocation.minimisation import Factor, Minimisation
from equipoise.allocation.preference import SCHEMES, Scheme, preference
from equipoise.allocation.ratio import Ratio
from equipoise.allocation.simple import Simple
from equipoise.allocation.state import ListState, StratumState

METHODS: dict[str, type[Method]] = {
    method.name: method for method in (Simple, PermutedBlocks, BlockUrn, BiasedCoin, BigStick, Maximal, Minimisation)
}

__all__ = [
    "BY_HAND",
    "DRAW_RANGE",
    "MEASURES",
    "METHODS",
    "SCHEMES",
    "SEED_BYTES",
    "UNSTRATIFIED",
    "Allocation",
    "BiasedCoin",
    "BigStick",
    "BlockUrn",
    "Factor",
    "HandAllocation",
    "Imbalance",
    "ListState",
    "Maximal",
    "Measure",
    "Method",
    "Minimisation",
    "OpenedBlock",
    "PermutedBlocks",
    "Probabilities",
    "Ratio",
    "RootSum",
    "Scheme",
    "Simple",
    "StratumState",
    "advance_recorded",
    "allocate",
    "allocate_by_hand",
    "block_draw",
    "choose",
    "commitment",
    "differences",
    "draw",
    "imbalance_text",
    "margin_imbalance",
    "parse_fraction",
    "preference",
    "stratum_key",
    "total_imbalance",
]
