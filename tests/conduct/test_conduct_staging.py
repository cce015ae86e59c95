"""Staging by TNM: recorded with its checks, again after therapy, every one kept, and rules can name it."""

from __future__ import annotations

from typing import Any

import pytest
from small_trial import DAY, LESIONS, Clerk, after

from equipoise.analysis.at_cut import at_cut
from equipoise.conduct import commands, fold
from equipoise.protocol import loads

PROTOCOL = loads(LESIONS, file="lesions.yaml")
STAGED = loads(
    LESIONS.replace(
        "  - {id: I2, kind",
        "  - {id: I9, kind: inclusion, at: registration, label: Stage IV, rule: tnm_stage = 'IV'}\n  - {id: I2, kind",
    ),
    file="lesions.yaml",
)
TUMOUR: dict[str, Any] = {"staging": "tnm", "prefix": "c", "t": "T2", "n": "N1", "m": "M0"}


@pytest.fixture
def screened() -> Clerk:
    clerk = Clerk(PROTOCOL)
    clerk.open()
    clerk.screen()
    return clerk


def test_the_stage_follows_from_the_categories_and_the_entry_says_why(screened: Clerk) -> None:
    screened.accepted(commands.Stage, **TUMOUR, stage="II", day=after(-3))  # imaging may come before screening
    data: Any = screened.last().data
    assert (data["stage"], data["recorded"], data["why"]) == ("IIB", "II", "T2 N1 M0 is IIB")
    values = screened.state().values
    assert [values[f"tnm_{part}"] for part in ("prefix", "t", "n", "m", "stage", "date")] == [
        "c", "T2", "N1", "M0", "IIB", after(-3),
    ]  # fmt: skip  # short items of one kind share a line


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"stage": "IIIA"}, "stage IIIA is recorded for cT2N1M0, and T2 N1 M0 is IIB"),
        ({"m": "M1", "stage": "IIB"}, "stage IIB is recorded for cT2N1M1, and M1 is stage IV"),
        ({"stage": "IV"}, "stage IV is recorded for cT2N1M0"),
        ({"n": "N1a"}, "N1a is found by pathology only"),
        ({"t": "T9"}, "'T9' is no category of the primary tumour"),
        ({"staging": "other"}, "there is no staging 'other' (there is tnm)"),
    ],
)
def test_what_does_not_fit_is_refused(screened: Clerk, given: dict[str, Any], why: str) -> None:
    assert why in screened.refused(commands.Stage, **{**TUMOUR, **given})


def test_to_stage_again_keeps_the_earlier_staging_and_metastases_stay_stage_iv(screened: Clerk) -> None:
    screened.accepted(commands.Stage, **{**TUMOUR, "m": "M1"})
    screened.accepted(commands.Stage, **{**TUMOUR, "prefix": "yc", "t": "T1", "n": "N0"}, day=after(90))
    state = screened.state()
    assert [(str(item.tnm), item.stage) for item in state.stagings] == [("cT2N1M1", "IV"), ("ycT1N0M0", "IV")]
    assert (state.values["tnm_m"], state.values["tnm_stage"]) == ("M0", "IV")
    refused = screened.refused(commands.Stage, **{**TUMOUR, "prefix": "yp"}, stage="IIB", day=after(100))
    assert "metastases before systemic therapy: the stage stays IV" in refused
    earlier = at_cut(PROTOCOL, state, after(10))
    assert (earlier.values["tnm_m"], len(earlier.stagings)) == ("M1", 1)
    screened.accepted(commands.Strike, entry=len(screened.desk.journal), reason="another patient", day=after(90))
    assert screened.state().values["tnm_m"] == "M1"
    assert fold(PROTOCOL, screened.desk.journal)[1] == screened.desk.participants


def test_a_protocol_may_stage_by_the_categories_found_after_therapy() -> None:
    text = LESIONS.replace("{label: Stage}", "{label: Stage, after_m1: by category, prefixes: [c, yc]}")
    clerk = Clerk(loads(text, file="lesions.yaml"))
    clerk.open()
    clerk.screen()
    clerk.accepted(commands.Stage, **{**TUMOUR, "m": "M1"})
    clerk.accepted(commands.Stage, **{**TUMOUR, "prefix": "yc"}, stage="IIB", day=after(90))
    assert clerk.state().values["tnm_stage"] == "IIB"
    refused = clerk.refused(commands.Stage, **{**TUMOUR, "prefix": "p"}, day=after(91))
    assert refused == "the prefix p is none of 'tnm' (c, yc)"


def test_a_rule_names_the_stage() -> None:
    clerk = Clerk(STAGED)
    clerk.open()
    clerk.screen()
    decision = clerk(commands.Register, step="registration")
    assert "I9 unknown" in "; ".join(decision.reasons)
    clerk.accepted(commands.Stage, **TUMOUR)
    decision = clerk(commands.Register, step="registration")
    assert "I9 fail: Stage IV (tnm_stage = IIB)" in decision.reasons
    clerk.accepted(commands.Stage, **{**TUMOUR, "m": "M1"}, day=DAY)
    clerk.accepted(commands.Register, step="registration")
