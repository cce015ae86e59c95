"""A form that is a questionnaire: its items are recorded, its scores are derived."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from equipoise.assessment import QLQ_BR23, QLQ_C30, Questionnaire, scores
from equipoise.protocol.model.variables import Variable

QUESTIONNAIRES: Mapping[str, Questionnaire] = {"qlq-c30": QLQ_C30, "qlq-br23": QLQ_BR23}
_DECIMALS = 6


@cache
def item_variables(name: str) -> Mapping[str, Variable]:
    """The items as variables, `qlq_c30_1` and so on; the wording is the EORTC's and is not here."""
    questionnaire = QUESTIONNAIRES[name]
    found = {
        _variable(name, item): Variable(
            label=f"{questionnaire.name} item {item}", type="integer", range=(Decimal(1), Decimal(highest))
        )
        for item, highest in questionnaire.highest.items()
    }
    return MappingProxyType(found)


@cache
def score_variables(name: str) -> Mapping[str, Variable]:
    """The scores as variables, `qlq_c30_ql2` and so on."""
    questionnaire = QUESTIONNAIRES[name]
    found = {
        _variable(name, scale.name): Variable(
            label=f"{questionnaire.name} {scale.name} ({scale.kind} scale), scored",
            type="decimal",
            decimals=_DECIMALS,
            range=(Decimal(0), Decimal(100)),
        )
        for scale in questionnaire.scales
    }
    return MappingProxyType(found)


def higher_is(name: str) -> dict[str, Literal["better", "worse"]]:
    """What a high value of each score means."""
    scales = QUESTIONNAIRES[name].scales
    return {_variable(name, scale.name): "worse" if scale.kind == "symptom" else "better" for scale in scales}


def scored(name: str, values: Mapping[str, Any]) -> dict[str, Decimal]:
    """The scores that the items of one filled-in form give; one that cannot be known is left out."""
    answers = {item: values.get(_variable(name, item)) for item in QUESTIONNAIRES[name].highest}
    return {
        _variable(name, scale): Decimal(f"{found.value:.{_DECIMALS}f}")
        for scale, found in scores(QUESTIONNAIRES[name], answers).items()
        if found.value is not None
    }


def _variable(name: str, part: int | str) -> str:
    return f"{name.replace('-', '_')}_{str(part).lower()}"
