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

Ratio = dict[str, Annotated[int, Field(ge=1, le=100)]]


class Factor(Element):
    """A minimisation factor."""

    variable: Name = Field(description="A choice variable, or `site`.")
    weight: ExactFraction = Fraction(1)


class SimpleList(Sourced):
    """Each participant by the ratio alone."""

    method: Literal["simple"]
    ratio: Ratio


class BlockList(Sourced):
    """Permuted blocks, within strata if there are any."""

    method: Literal["blocks"]
    ratio: Ratio
    sizes: tuple[int, ...] = Field(min_length=1, description="Block sizes; with several, each block's is drawn.")
    strata: tuple[Name, ...] = ()


class MinimisationList(Sourced):
    """Pocock and Simon's minimisation."""

    method: Literal["minimisation"]
    ratio: Ratio
    factors: tuple[Factor, ...] = Field(min_length=1)
    measure: Literal["range", "variance", "sd"] = "range"
    probability: ExactFraction = Fraction(4, 5)


class ClassifiedList(Sourced):
    """No chance: the arm that the participant's class leads to."""

    method: Literal["classified"]
    classification: Name


AllocationList = Annotated[SimpleList | BlockList | MinimisationList | ClassifiedList, Discriminator("method")]
