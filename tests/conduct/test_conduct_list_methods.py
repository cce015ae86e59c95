"""Every method of allocation that a protocol can name: it rehearses, and verifies once its seed is revealed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from small_trial import TEXT, Clerk, small

from equipoise import findings
from equipoise.allocation import METHODS
from equipoise.cli import main
from equipoise.conduct import replay_allocations
from equipoise.conduct.lists import method_of
from equipoise.errors import ProtocolError
from equipoise.ledger import Journal
from equipoise.protocol import loads
from equipoise.rehearsal import rehearse
from equipoise.report.words import allocation

LISTS = {
    "simple": "main: {method: simple, ratio: {A: 2, B: 1}}",
    "blocks": "main: {method: blocks, ratio: {A: 1, B: 2}, sizes: [3, 6], strata: [site, her2]}",
    "block-urn": "main: {method: block-urn, ratio: {A: 1, B: 2}, size: 6, strata: [her2]}",
    "biased-coin": "main: {method: biased-coin, ratio: {A: 1, B: 1}, probability: 0.7, strata: [site], ties: by-ratio}",
    "big-stick": "main: {method: big-stick, ratio: {A: 1, B: 1}, limit: 3}",
    "maximal": "main: {method: maximal, ratio: {A: 1, B: 1}, limit: 3, length: 20, strata: [age_group]}",
    "minimisation": (
        "main: {method: minimisation, ratio: {A: 1, B: 1}, factors: [{variable: site}, {variable: her2, weight: 2}]}"
    ),
    "minimisation in strata": (
        "main: {method: minimisation, ratio: {A: 1, B: 1}, strata: [site], factors: [{variable: her2}], measure: sd}"
    ),
    "minimisation for an unequal ratio": (
        "main: {method: minimisation, ratio: {A: 1, B: 3}, factors: [{variable: her2}], scheme: biased-coin, "
        "probability: 0.6, measure: marginal-balance, ties: by-ratio}"
    ),
    "minimisation by rank": (
        "main: {method: minimisation, ratio: {A: 1, B: 1}, factors: [{variable: her2}], scheme: rank, "
        "probability: 3/4, measure: variance}"
    ),
}
ASSUMPTIONS = """\
assumptions:
  assumed: All of it.
  accrual: {start: 2026-01-01, end: 2026-12-31, participants: 30, sites: 3}
  cut_off_months: 6
  variables:
    age: {uniform: [40, 69]}
    sex: {constant: female}
    her2: {choice: {positive: 0.4, negative: 0.6}}
    targeted: {constant: true}
    creatinine: {constant: 80}
    creatinine_uln: {constant: 100}
    diagnosis_date: {days: {of: screening, between: [-60, -7]}}
  responses:
    induction: [{response: {primary: PR, metastatic: PR}, probability: 1.0}]
  disease:
    origin: registration
    cancer_death: {weibull: {shape: 1.0, scale: 40}}
    other_death: {weibull: {shape: 1.0, scale: 1500}}
"""


def text_of(allocation: str, *, assumptions: str = "") -> str:
    """The small trial with this list, as text."""
    minimisation = TEXT[TEXT.index("main:\n") : TEXT.index("\nevents:")]
    return TEXT.replace(minimisation, allocation) + assumptions


def test_every_method_that_allocates_by_chance_is_tried_here() -> None:
    tried = {re.search(r"method: ([\w-]+)", text)[1] for text in LISTS.values()}
    assert {name.replace("permuted-", "") for name in METHODS} == tried


@pytest.mark.parametrize("name", LISTS)
def test_a_rehearsal_by_each_method_verifies_after_its_seeds_are_revealed(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trial.yaml"
    path.write_text(text_of(LISTS[name], assumptions=ASSUMPTIONS), encoding="utf-8")
    protocol = loads(path.read_text(encoding="utf-8"), file=str(path))
    rehearsal = rehearse(protocol, seed=2)
    replayed = replay_allocations(protocol, rehearsal.journal)
    assert replayed.problems == ()
    assert replayed.allocations == sum(bool(state.assignments) for state in rehearsal.participants.values()) >= 20
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_bytes(rehearsal.journal.to_bytes())
    with pytest.raises(SystemExit) as left:
        main(["verify", str(ledger), "--trial", str(path)])
    assert not left.value.code
    assert f"{replayed.allocations} allocations replayed from the revealed seeds" in capsys.readouterr().out


@pytest.mark.parametrize("name", LISTS)
def test_an_arm_exchanged_under_any_method_is_found(name: str) -> None:
    clerk = Clerk(small(LISTS[name]))
    clerk.open()
    for i in range(6):
        clerk.allocate(f"P{i}", site=f"0{i % 2}", her2=("positive", "negative")[i % 2])
    clerk.finish()
    assert replay_allocations(clerk.protocol, clerk.desk.journal).problems == ()
    forged, changed = Journal(), 0
    for entry in clerk.desk.journal:
        parts: dict[str, Any] = {part: getattr(entry, part) for part in entry.__slots__ if part not in ("seq", "prev")}
        if entry.participant == "P3" and entry.kind == "allocate":
            changed = entry.seq
            parts["data"] = {**entry.data, "arm": "A" if entry.data["arm"] == "B" else "B"}
        forged.append(**parts)
    problems = replay_allocations(clerk.protocol, forged).problems
    assert problems[0][0] == changed


def test_a_list_becomes_the_method_that_it_says() -> None:
    words = {name: str(method_of(small(text), "main")) for name, text in LISTS.items()}
    assert words == {
        "simple": "simple",
        "blocks": "blocks of 3 and 6 per site and her2",
        "block-urn": "block urn of 6 per her2",
        "biased-coin": "biased coin of 7/10 per site",
        "big-stick": "big stick of 3",
        "maximal": "maximal procedure of 20, limit 3 per age_group",
        "minimisation": "minimisation over site, her2, p = 4/5",
        "minimisation in strata": "minimisation over her2, p = 4/5 per site",
        "minimisation for an unequal ratio": "minimisation over her2, p = 3/5",
        "minimisation by rank": "minimisation over her2, p = 3/4",
    }


def test_a_report_says_in_a_sentence_how_a_list_allocates() -> None:
    said = {name: allocation(small(text)) for name, text in LISTS.items()}
    assert said == {
        "simple": "Randomised 2:1, each participant by the ratio alone.",
        "blocks": "Randomised 1:2 in permuted blocks of 3 and 6, stratified by site and HER2.",
        "block-urn": "Randomised 1:2 by a block urn of 6, stratified by HER2.",
        "biased-coin": "Randomised 1:1 by Efron's biased coin of 0.7, stratified by site.",
        "big-stick": "Randomised 1:1 by the big stick, no arm leading by more than 3.",
        "maximal": (
            "Randomised 1:1 by the maximal procedure in sequences of 20, no arm leading by more than 3, "
            "stratified by age."
        ),
        "minimisation": "Randomised 1:1 by minimisation over site and HER2; range of the margins, probability 0.8.",
        "minimisation in strata": (
            "Randomised 1:1 by minimisation over HER2; sd of the margins, probability 0.8, stratified by site."
        ),
        "minimisation for an unequal ratio": (
            "Randomised 1:3 by minimisation over HER2; marginal-balance of the margins, biased-coin probability 0.6."
        ),
        "minimisation by rank": (
            "Randomised 1:1 by minimisation over HER2; variance of the margins, rank probability 0.75."
        ),
    }


@pytest.mark.parametrize("name", LISTS)
def test_the_checker_reads_a_list_of_every_method_even_if_its_source_names_it(name: str) -> None:
    quoted = LISTS[name].replace("main: {", 'main: {text: "by blocks, a coin or an urn", ')
    assert isinstance(findings(small(quoted)), list | tuple)


EQUAL = "ratio: {A: 1, B: 1}"
WRONG = {
    "a coin for an unequal ratio": (
        "{method: biased-coin,\n    ratio: {A: 1, B: 2}}",
        1,
        "allocation.main.ratio: Efron's biased coin has no definition for unequal shares",
    ),
    "a stick for an unequal ratio": (
        "{method: big-stick, limit: 3,\n    ratio: {A: 1, B: 2}}",
        1,
        "the big stick has no definition for unequal shares",
    ),
    "a maximal procedure for an unequal ratio": (
        "{method: maximal, limit: 3, length: 12,\n    ratio: {A: 1, B: 2}}",
        1,
        "the maximal procedure has no definition for unequal shares",
    ),
    "a coin against the arm that lags": (
        f"{{method: biased-coin, {EQUAL},\n    probability: 0.4}}",
        1,
        "allocation.main.probability: the preferred arm's probability 2/5 is below its share by the ratio, or above 1",
    ),
    "an urn that cannot hold the ratio": (
        "{method: block-urn, ratio: {A: 1, B: 2},\n    size: 4}",
        1,
        "allocation.main.size: an urn of 4 cannot hold the ratio; use a multiple of 3",
    ),
    "a block that cannot hold the ratio": (
        "{method: blocks, ratio: {A: 1, B: 2},\n    sizes: [4]}",
        1,
        "allocation.main.sizes.0: a block of 4 cannot hold the ratio; use a multiple of 3",
    ),
    "a block size twice": (
        f"{{method: blocks, {EQUAL},\n    sizes: [4, 4]}}",
        1,
        "allocation.main.sizes.1: the size '4' stands twice",
    ),
    "an odd sequence": (
        f"{{method: maximal, {EQUAL}, limit: 3,\n    length: 21}}",
        1,
        "allocation.main.length: 2 arms cannot be level after 21 places; use a multiple of 2",
    ),
    "a limit that is never reached": (
        f"{{method: maximal, {EQUAL}, length: 8,\n    limit: 5}}",
        1,
        "allocation.main.limit: no arm can lead by 5 in 8 places that end level; use a limit up to 4",
    ),
    "a sequence with too many states": (
        f"{{method: maximal, {EQUAL}, limit: 100,\n    length: 10000}}",
        1,
        "allocation.main.length: a sequence of 10000 places",
    ),
    "a limit of nothing": (
        f"{{method: big-stick, {EQUAL},\n    limit: 0}}",
        1,
        "allocation.main.limit: should be at least 1",
    ),
    "a stratum twice": (
        f"{{method: big-stick, {EQUAL}, limit: 2,\n    strata: [her2, her2]}}",
        1,
        "allocation.main.strata.1: stratum 'her2' stands twice; keep one",
    ),
    "a stratum without values": (
        f"{{method: big-stick, {EQUAL}, limit: 2,\n    strata: [age]}}",
        1,
        "allocation.main.strata.0: 'age' has no fixed set of values to balance",
    ),
    # MIN-SLICE-SITE: a list that runs per site and has the site as a factor too decides otherwise
    "a site counted twice": (
        f"{{method: minimisation, {EQUAL}, strata: [site],\n    factors: [{{variable: her2}}, {{variable: site}}]}}",
        1,
        "allocation.main.factors.1: 'site' is a stratum already, and as a factor it would count twice",
    ),
    "ranks for an unequal ratio": (
        "{method: minimisation, ratio: {A: 1, B: 2}, factors: [{variable: her2}],\n    scheme: rank}",
        1,
        "allocation.main.scheme: rank probabilities would not keep an unequal ratio; use scheme biased-coin",
    ),
    "a probability below the smallest share": (
        "{method: minimisation, ratio: {A: 1, B: 2}, factors: [{variable: her2}], scheme: biased-coin,\n"
        "    probability: 0.3}",
        1,
        "allocation.main.probability: the preferred arm's probability 3/10 is below its share by the ratio",
    ),
    "another rule for ties": (
        f"{{method: biased-coin, {EQUAL},\n    ties: first}}",
        1,
        "allocation.main.ties",
    ),
    "a setting of another method": (
        f"{{method: big-stick, {EQUAL}, limit: 2,\n    sizes: [4]}}",
        1,
        "allocation.main.sizes: unknown key 'sizes'",
    ),
}


@pytest.mark.parametrize(("settings", "below", "said"), WRONG.values(), ids=list(WRONG))
def test_settings_that_contradict_each_other_are_refused_with_their_line(settings: str, below: int, said: str) -> None:
    text = text_of(f"main: {settings}")
    line = text[: text.index("main: ")].count("\n") + 1 + below
    with pytest.raises(ProtocolError) as refused:
        loads(text, file="wrong.yaml")
    assert str(refused.value).startswith(f"wrong.yaml:{line}: ")
    assert said in str(refused.value)


def test_a_ratio_is_taken_in_lowest_terms() -> None:
    text = "main: {method: blocks, ratio: {A: 2, B: 2}, sizes: [2]}"
    assert str(method_of(small(text), "main")) == "blocks of 2"
