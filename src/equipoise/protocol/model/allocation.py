"""Allocation lists, as the protocol states them."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, PlainSerializer, WithJsonSchema

from equipoise.protocol.model.base import Element, Name, Sourced

_FRACTION = re.compile(r"[-+]?[0-9]{1,18}(\.[0-9]{1,18}|/0{0,17}[1-9][0-9]{0,17})?(e-[0-9]{1,2})?")
"""Bounded in length: a Fraction of `1e99999999` would be computed for minutes."""


def _fraction(value: object) -> Fraction:
    text = str(value)
    if isinstance(value, bool) or not _FRACTION.fullmatch(text):
        raise ValueError("not a number or fraction; write 0.8 or 4/5")
    return Fraction(text)


ExactFraction = Annotated[
    Fraction,
    BeforeValidator(_fraction),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]}),
]
"""An exact fraction, written as 0.8 or 4/5."""

Ratio = Annotated[
    dict[str, Annotated[int, Field(ge=1, le=100)]],
    Field(description="Shares of all arms, in whole numbers: {A: 1, B: 2}."),
]

Limit = Annotated[
    int, Field(ge=1, le=100, description="How far an arm may lead another: the maximum tolerated imbalance.")
]

Ties = Annotated[
    Literal["by-ratio"],
    Field(
        description="Arms that come out exactly equal share their probability by the ratio; nothing else tells them."
    ),
]


class Factor(Element):
    """A minimisation factor."""

    variable: Name = Field(description="A choice or boolean variable, or `site`.")
    weight: ExactFraction = Field(default=Fraction(1), description="How much its margin counts, above 0.")


class ChanceList(Sourced):
    """What every list has that allocates by chance."""

    ratio: Ratio

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable that the list balances or stratifies by: strata, then factors."""
        return ()


class SimpleList(ChanceList):
    """Each participant by the ratio alone."""

    method: Literal["simple"]


class StratifiedList(ChanceList):
    """A list that runs apart in every stratum."""

    strata: tuple[Name, ...] = Field(
        default=(),
        description="Choice or boolean variables, or `site`; the list runs apart in each combination of their values.",
    )

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable that the list balances or stratifies by: strata, then factors."""
        return self.strata


class BlockList(StratifiedList):
    """Permuted blocks, within strata if there are any."""

    method: Literal["blocks"]
    sizes: tuple[int, ...] = Field(min_length=1, description="Block sizes; with several, each block's is drawn.")


class BlockUrnList(StratifiedList):
    """Zhao and Weng's block urn: balance as good as blocks of the same size, and harder to guess. Any ratio."""

    method: Literal["block-urn"]
    size: int = Field(ge=2, le=1000, description="Balls in the full urn: a multiple of the sum of the ratio.")


class BiasedCoinList(StratifiedList):
    """Efron's biased coin: the arm with the fewest is favoured. Equal arms only."""

    method: Literal["biased-coin"]
    probability: ExactFraction = Field(default=Fraction(2, 3), description="Of the arm with the fewest.")
    ties: Ties = "by-ratio"


class BigStickList(StratifiedList):
    """Soares and Wu's big stick: a fair coin, until an arm leads by the limit. Equal arms only."""

    method: Literal["big-stick"]
    limit: Limit


class MaximalList(StratifiedList):
    """Berger's maximal procedure: of all sequences within the limit, each is equally likely. Equal arms only."""

    method: Literal["maximal"]
    limit: Limit
    length: int = Field(
        ge=2,
        le=10_000,
        description="Places of a sequence, after which all arms are level: about as many as a stratum will have.",
    )


class MinimisationList(StratifiedList):
    """Pocock and Simon's minimisation; for unequal ratios with the scheme of Han, Enas and McEntegart."""

    method: Literal["minimisation"]
    factors: tuple[Factor, ...] = Field(min_length=1)
    measure: Literal["range", "variance", "sd", "marginal-balance"] = Field(
        default="range", description="How unequal a margin is; counts are divided by the shares of the ratio."
    )
    scheme: Literal["best", "rank", "biased-coin"] = Field(
        default="best",
        description=(
            "How the order of the arms becomes probabilities. best: the least imbalance has `probability`, the others "
            "share the rest by the ratio. rank: falling with the rank, for equal ratios. biased-coin: for unequal "
            "ratios, `probability` is that of an arm of the smallest share."
        ),
    )
    probability: ExactFraction = Field(
        default=Fraction(4, 5), description="Of the preferred arm; under scheme rank, Pocock and Simon's q."
    )
    ties: Ties = "by-ratio"

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable that the list balances or stratifies by: strata, then factors."""
        return (*self.strata, *(factor.variable for factor in self.factors))


class ClassifiedList(Sourced):
    """No chance: the arm that the participant's class leads to."""

    method: Literal["classified"]
    classification: Name


AllocationList = Annotated[
    SimpleList
    | BlockList
    | BlockUrnList
    | BiasedCoinList
    | BigStickList
    | MaximalList
    | MinimisationList
    | ClassifiedList,
    Discriminator("method"),
]
