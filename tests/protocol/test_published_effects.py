"""The pooled effects that ship, and how a design names their question."""

import pytest

from equipoise.errors import InputError, ProtocolError
from equipoise.protocol import load, loads
from equipoise.trials import protocol_path, shipped
from equipoise.trials.published_effects import published_effects, questions


def test_randomised_evidence_stands_before_observational():
    effects = published_effects("primary_tumour_surgery")
    designs = [effect.design for effect in effects]
    assert designs == sorted(designs, reverse=True)
    assert set(designs) == {"randomised", "observational"}


@pytest.mark.parametrize("question", questions())
def test_every_effect_lies_within_its_interval_and_names_its_source(question):
    for effect in published_effects(question):
        assert effect.conf_low < effect.hazard_ratio < effect.conf_high, effect.label
        assert effect.conf_level == 0.95
        assert effect.source


def test_resection_of_metastases_is_not_weighed_with_effects_of_primary_tumour_surgery():
    questions_of = {name: load(name).design.question for name in shipped()}
    assert questions_of.pop("breclim2") is None  # the primary is out already; the metastases are resected
    assert set(questions_of.values()) == {"primary_tumour_surgery"}


def test_a_question_without_published_effects_is_refused_with_its_line():
    text = protocol_path("jcog1017").read_text(encoding="utf-8")
    wrong = text.replace("question: primary_tumour_surgery", "question: axillary_surgery")
    line = wrong[: wrong.index("question: axillary_surgery")].count("\n") + 1
    with pytest.raises(
        ProtocolError, match=r"no published effects .*axillary_surgery.*primary_tumour_surgery"
    ) as caught:
        loads(wrong, file="x.yaml")
    assert caught.value.line == line


def test_effects_on_another_question_are_refused():
    with pytest.raises(InputError, match=r"'\.\./x'; name one of"):
        published_effects("../x")
