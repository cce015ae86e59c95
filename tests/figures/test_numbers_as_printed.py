"""Numbers and estimates as journals print them."""

import pytest

from equipoise.estimates import Estimate
from equipoise.figures import numbers, quote

N = numbers.NBSP


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.1283, f"={N}0.13"),  # JCOG1017 prints 0.13 of 0.1283
        (0.1, f"={N}0.10"),
        (0.0951, f"={N}0.10"),
        (0.034, f"={N}0.034"),
        (0.0098, f"={N}0.0098"),
        (0.00034, f"={N}0.0003"),
        (0.0001, f"={N}0.0001"),
        (0.000099, f"<{N}0.0001"),
        (0.0, f"<{N}0.0001"),
        (0.5, f"={N}0.50"),
        (0.996, f">{N}0.99"),
        (1.0, f">{N}0.99"),
    ],
)
def test_a_p_value_has_two_digits_and_is_never_printed_as_nought(value, shown):
    assert numbers.p_value(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.857, "0.86"),
        (1.0, "1.00"),
        (0.0351, "0.035"),
        (0.0999, "0.10"),
        (12.34, "12.3"),
        (250.0, "250"),
        (9.996, "10.0"),
    ],
)
def test_a_ratio_has_two_decimals_and_two_digits_when_it_is_small(value, shown):
    assert numbers.ratio(value) == shown


def test_a_negative_number_has_a_minus_sign_and_nought_none():
    assert numbers.decimal(-3.25, 1) == "−3.2"
    assert numbers.decimal(-0.04, 1) == "0.0"
    assert numbers.decimal(-1234.5, 0) == "−1,234"


def test_an_interval_is_a_dash_between_positive_limits_and_words_otherwise():
    assert numbers.interval("0.69", "1.07") == "0.69–1.07"
    assert numbers.interval("−3.2", "4.1") == "−3.2 to 4.1"
    assert numbers.interval("60.1", None) == "60.1 to not reached"
    assert numbers.interval(f"85.7{N}%", f"92.7{N}%") == f"85.7–92.7{N}%"


def test_a_level_keeps_its_decimals():
    assert numbers.level(0.9) == f"90{N}%"
    assert numbers.level(0.975) == f"97.5{N}%"


def test_a_date_is_written_out_and_another_text_stays():
    assert numbers.day("2022-05-31") == f"31{N}May 2022"
    assert numbers.day("month 48") == "month 48"
    assert numbers.day(None) == ""


def published(**changes):
    """The overall survival of JCOG1017 (ASCO 2023 abstract 523)."""
    fields = {
        "endpoint": "os",
        "measure": "hazard ratio",
        "unit": "ratio",
        "value": 0.857,
        "conf_low": 0.686,
        "conf_high": 1.072,
        "conf_level": 0.9,
        "p_value": 0.1283,
        "p_method": "not stated",
        "sides": 1,
        "null_value": 1,
        "arm": "B",
        "reference": "A",
        "n_by_arm": {"A": 205, "B": 202},
        "events_by_arm": {"A": 113, "B": 108},
    }
    return Estimate(**(fields | changes))


def test_an_estimate_is_quoted_as_the_journal_printed_it():
    # Br J Cancer 2025 prints HR 0.86 90% CI 0.69-1.07, one-sided p = 0.13
    assert quote.value_and_limits(published()) == f"0.86 (90{N}%{N}CI{N}0.69–1.07)"
    assert quote.p(published()) == f"one-sided p{N}={N}0.13"
    assert quote.events_and_participants(published(), "B") == "108/202"
    assert quote.events_and_participants(published(), None) == "221/407"


def test_a_missing_value_is_its_note():
    assert quote.value(published(value=None, note="no events")) == "no events"
    assert quote.value(published(value=None, note="not reached; biased: by later class")) == "not reached"


def test_a_difference_of_probabilities_is_in_percentage_points():
    found = published(
        measure="survival difference", unit="probability", value=-0.046, conf_low=-0.14, conf_high=0.048, null_value=0
    )
    assert quote.value(found, unit=True) == f"−4.6{N}percentage points"
    assert quote.limits(found) == f"90{N}%{N}CI{N}−14.0 to 4.8"
