"""The variables that tests of the language of rules speak of, and what a refusal has to be like."""

from __future__ import annotations

import pytest

from equipoise.errors import RuleError
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules import compile_rule

DICTIONARY = {
    "p": Variable(label="p", type="boolean"),
    "q": Variable(label="q", type="boolean"),
    "age": Variable(label="age", type="integer", range=(0, 120)),
    "n": Variable(label="n", type="integer"),
    "ast": Variable(label="ast", type="decimal", decimals=1, range=(0, 5000)),
    "uln": Variable(label="uln", type="decimal", decimals=1, range=(0, 100)),
    "her2": Variable(label="her2", type="choice", values=["positive", "negative"]),
    "grade": Variable(label="grade", type="choice", values=["low", "high"]),
    "start": Variable(label="start", type="date"),
    "stop": Variable(label="stop", type="date"),
    "remark": Variable(label="remark", type="text"),
    "older": Variable(label="older", type="boolean", derived="age >= 65"),
}


def refusal(text: str, *, cohort: bool = False) -> RuleError:
    with pytest.raises(RuleError) as refused:
        compile_rule(text, DICTIONARY, cohort=cohort)
    message = str(refused.value)
    assert message.isprintable()
    assert len(message) <= 330
    assert refused.value.mend
    return refused.value
