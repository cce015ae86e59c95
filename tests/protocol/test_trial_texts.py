"""The shipped protocols quote their source documents to the letter, and say where everything else is from."""

from __future__ import annotations

from functools import cache

import pytest
from quoted_passages import all_quotes, missing, quotes

from equipoise import trials
from equipoise.protocol import load as load_file
from equipoise.protocol.model.base import Sourced

load = cache(load_file)


def test_the_five_trials_ship() -> None:
    assert trials.shipped() == ("breclim2", "changhai", "henan", "jcog1017", "tehran")


@pytest.mark.parametrize("trial", trials.shipped())
def test_every_quoted_text_is_in_the_source_document(trial: str) -> None:
    assert missing(load(trial)) == []


@pytest.mark.parametrize("trial", trials.shipped())
def test_a_quote_that_is_one_letter_off_is_found(trial: str) -> None:
    protocol = load(trial)
    first = protocol.arms[protocol.reference_arm]
    changed = first.model_copy(update={"text": first.quotes[0] + "§"})
    arms = {**protocol.arms, protocol.reference_arm: changed}
    found = missing(protocol.model_copy(update={"arms": arms}))
    assert found == [f"arms.{protocol.reference_arm}.text: {changed.text}"]


@pytest.mark.parametrize("trial", trials.shipped())
def test_quotes_are_found_at_every_depth_of_the_file(trial: str) -> None:
    protocol = load(trial)
    assert len(all_quotes(protocol)) >= 25
    sections = {place.split(".")[0].split("[")[0] for place, _ in quotes(protocol)}
    assert {"registry", "eligibility", "interventions", "arms", "pathway", "endpoints", "claims"} <= sections


@pytest.mark.parametrize("trial", trials.shipped())
def test_what_decides_is_quoted_or_has_a_source_or_says_why_it_was_assumed(trial: str) -> None:
    protocol = load(trial)
    sections: dict[str, list[tuple[str, Sourced]]] = {
        "eligibility": [(item.id, item) for item in protocol.eligibility],
        "cohort_rules": [(item.id, item) for item in protocol.cohort_rules],
        "withdrawal": [(item.id, item) for item in protocol.withdrawal],
        "arms": list(protocol.arms.items()),
        "guidance": [(item.id, item) for item in protocol.guidance],
        "classifications": list(protocol.classifications.items()),
        "allocation": list(protocol.allocation.items()),
        "endpoints": list(protocol.endpoints.items()),
        "claims": [(item.id, item) for item in protocol.claims],
        "versions": [(item.number, item) for item in protocol.versions],
    }
    if protocol.design is not None:
        sections["design"] = [("design", protocol.design)]
    bare = [
        f"{section}.{name}"
        for section, items in sections.items()
        for name, item in items
        if not (item.quotes or item.source or item.assumed)
    ]
    assert bare == []


@pytest.mark.parametrize("trial", trials.shipped())
def test_every_endpoint_is_analysed(trial: str) -> None:
    protocol = load(trial)
    assert {analysis.endpoint for analysis in protocol.analyses} == set(protocol.endpoints)
