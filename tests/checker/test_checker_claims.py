"""Claims derived again: which rounding fits, what was slipped, and what cannot be derived at all."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest
from edited_protocols import edited
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.checker import Finding, analyses, design
from equipoise.checker.claims import numbers_derived_again
from equipoise.checker.derivations import DERIVATIONS
from equipoise.protocol.model.statistics import Claim, Derivation


def claim(printed: str | int, derivation: str, *, id: str = "number", text: str | None = None, unit: str | None = None,
          **inputs: float) -> Claim:  # fmt: skip  # parameters that belong together share a line
    shown = Decimal(printed) if isinstance(printed, int) else printed
    numbers = {name: Decimal(str(value)) for name, value in inputs.items()}
    return Claim(id=id, what=id, printed=shown, unit=unit, text=text, inputs=numbers, derivation=derivation)


def judged(*claims: Claim, trial: str = "jcog1017") -> list[Finding]:
    return list(numbers_derived_again(edited(trial).model_copy(update={"claims": claims})))


def ids(*claims: Claim, trial: str = "jcog1017") -> list[str]:
    return [item.id for item in judged(*claims, trial=trial)]


def test_every_derivation_that_a_protocol_can_name_is_computed() -> None:
    assert set(DERIVATIONS) == set(get_args(Derivation))


OVER_TIME = {"events": 359, "accrual": 84, "follow_up": 48, "control_median": 20, "experimental_median": 26}
SIZING = {"alpha": 0.05, "sides": 2, "power": 0.8, "hazard_ratio": 0.5}

REPRODUCED = [
    claim(407, "sum", a=205, b=202),
    claim("0.5", "product", rate=0.25, years=2),
    claim(106, "quotient", total=212, groups=2),
    claim("0.40", "complement", survival=0.6),
    claim(40, "complement", unit="percent", survival=0.6),
    claim("1.96", "normal-quantile", alpha=0.05, sides=2),
    claim("1.645", "normal-quantile", alpha=0.05, sides=1),
    claim("0.84", "normal-quantile", power=0.8),
    claim(66, "schoenfeld-events", **SIZING),
    claim(360, "schoenfeld-events", alpha=0.05, sides=1, power=0.8, control_median=20, experimental_median=26),
    claim("0.78", "exponential-survival", lambda_t=0.5, hazard_ratio=0.5),
    claim("0.31", "mean-event-probability", survival_1=0.6, survival_2=0.78),
    claim(213, "participants-for-events", events=66, event_probability=0.31),
    claim(118, "loss-inflation", per_group=106, loss=0.1),
    claim("0.13", "interval-p", hazard_ratio=0.86, conf_low=0.69, conf_high=1.07, conf_level=0.9, sides=1),
    claim("0.61", "interval-ratio", conf_low=0.58, conf_high=0.65),
    claim(2, "number-of-arms"),
    claim(0, "number-of-locations"),
    claim(132, "registry-months"),
    claim(393, "participants-over-time", **OVER_TIME),
]


@pytest.mark.parametrize("item", REPRODUCED, ids=lambda item: f"{item.derivation}-{item.printed}")
def test_a_number_that_is_right_raises_nothing(item: Claim) -> None:
    assert judged(item) == []


@pytest.mark.parametrize(
    ("item", "expected", "severity"),
    [
        (claim(406, "sum", a=205, b=202), "claim-not-reproduced", "warning"),
        (claim(65, "schoenfeld-events", **SIZING), "claim-rounded-nearest", "note"),
        (claim(64, "schoenfeld-events", **SIZING), "claim-not-reproduced", "warning"),
        (claim(212, "participants-for-events", events=66, event_probability=0.31), "claim-rounded-down", "warning"),
        (claim("0.60", "exponential-survival", lambda_t=0.5), "claim-rounded-oddly", "note"),
        (claim(117, "loss-inflation", per_group=106, loss=0.1), "claim-rounded-down", "warning"),
        # 200 / 0.8 = 250, and 200 x 1.2 = 240
        (claim(240, "loss-inflation", per_group=200, loss=0.2), "claim-loss-added", "warning"),
        (claim(25, "quotient", lambda_t=0.5, years=2), "claim-unit", "warning"),
        (claim(300, "participants-over-time", **OVER_TIME), "claim-not-reproduced", "warning"),
        (
            claim("0.25", "interval-p", hazard_ratio=0.86, conf_low=0.69, conf_high=1.07, conf_level=0.9, sides=1),
            "claim-not-reproduced",
            "warning",
        ),
        (claim("0.70", "interval-ratio", conf_low=0.58, conf_high=0.65), "claim-not-reproduced", "warning"),
        (claim("35-60", "sum", a=1, b=2), "claim-not-derivable", "error"),
        (claim(1, "sum", a=1), "claim-not-derivable", "error"),
        (claim(66, "schoenfeld-events", alpha=0.05), "claim-not-derivable", "error"),
        (claim(66, "schoenfeld-events", **(SIZING | {"hazard_ratio": 1})), "claim-not-derivable", "error"),
        (claim(1, "quotient", a=1, b=0), "claim-not-derivable", "error"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_number_that_is_not_says_how(item: Claim, expected: str, severity: str) -> None:
    assert [(found.id, found.severity) for found in judged(item)] == [(expected, severity)]


def test_a_missing_input_is_named() -> None:
    (found,) = judged(claim(66, "schoenfeld-events", alpha=0.05, sides=2))
    assert "needs power" in found.what


def test_a_lost_minus_is_found_in_the_words_and_not_where_it_stands() -> None:
    lost = claim("0.61", "exponential-survival", text="S(t)= exp{0.5}=0.61", lambda_t=0.5)
    kept = claim("0.61", "exponential-survival", text="S(t)= exp{-0.5}=0.61", lambda_t=0.5)
    assert ids(lost) == ["claim-sign-lost"]
    assert ids(kept) == []


def test_rounding_on_the_way_shows_where_inputs_are_claims_themselves() -> None:
    # Tehran's chain: 66 / (1 - (0.6065 + 0.7788) / 2) = 214.75, and not 66 / 0.31 = 212.90
    steps = (
        claim("0.61", "exponential-survival", id="survival_1", lambda_t=0.5),
        claim("0.78", "exponential-survival", id="survival_2", lambda_t=0.5, hazard_ratio=0.5),
        claim("0.31", "mean-event-probability", id="share", survival_1=0.61, survival_2=0.78),
    )
    (found,) = judged(*steps, claim(213, "participants-for-events", id="total", events=66, share=0.31))
    assert found.id == "claim-rounded-on-the-way"
    assert "214.75" in found.what
    assert judged(*steps, claim(213, "participants-for-events", id="total", events=66, other=0.31)) == []


def test_a_claim_without_a_derivation_is_left_alone() -> None:
    assert judged(Claim(id="cited", what="cited", printed="16023")) == []


DESIGN_CHECKS = (
    design.without_level_or_power,
    design.without_effect,
    design.own_number_of_events,
    design.events_expected,
    design.effect_beyond_what_is_cited,
    design.against_what_was_observed,
    analyses.question_sizing_and_analysis,
    analyses.level_against_alpha,
)
NUMBERS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from([Decimal(0), Decimal(1), Decimal("0.05"), Decimal("1e300"), Decimal("-1e-300"), Decimal("0.5")]),
)
INPUTS = st.dictionaries(
    st.sampled_from([
        "alpha", "sides", "power", "hazard_ratio", "ratio", "lambda_t", "events", "accrual", "follow_up",
        "control_median", "experimental_median", "loss", "conf_low", "conf_high", "conf_level", "a", "b",
    ]),
    NUMBERS,
    max_size=9,
)  # fmt: skip  # arguments that belong together share a line


@settings(deadline=None, max_examples=300)
@given(
    derivation=st.sampled_from(get_args(Derivation)),
    shown=st.one_of(NUMBERS, st.text(max_size=8)),
    inputs=INPUTS,
    text=st.sampled_from([None, "exp{0.5}", "exp(1000)=0", "exp{1}"]),
)
def test_whatever_a_claim_holds_it_is_judged_and_never_breaks(
    derivation: Derivation, shown: Decimal | str, inputs: dict[str, Decimal], text: str | None
) -> None:
    item = Claim(id="number", what="number", printed=shown, text=text, inputs=inputs, derivation=derivation)
    for found in judged(item):
        assert found.what


@settings(deadline=None, max_examples=100)
@given(
    values=st.fixed_dictionaries(
        {
            "alpha": st.floats(1e-300, 1, exclude_max=True),
            "power": st.floats(1e-300, 1, exclude_max=True),
            "hazard_ratio": st.floats(1e-300, 1e300),
            "control_median": st.one_of(st.none(), st.floats(1e-300, 1e300)),
            "control_survival": st.one_of(st.none(), st.floats(1e-300, 1, exclude_max=True)),
            "accrual": st.floats(1e-300, 1e300),
            "follow_up": st.floats(1e-300, 1e300),
            "participants": st.integers(1, 10**9),
            "events": st.integers(1, 10**9),
        }
    ),
    trial=st.sampled_from(["tehran", "jcog1017"]),
)
def test_whatever_a_design_holds_it_is_judged_and_never_breaks(values: dict[str, float | None], trial: str) -> None:
    protocol = edited(trial)
    assert protocol.design is not None
    sizing = protocol.design.model_copy(update={**values, "survival_at": 24.0})
    changed = protocol.model_copy(update={"design": sizing})
    for check in DESIGN_CHECKS:
        for found in check(changed):
            assert found.what
