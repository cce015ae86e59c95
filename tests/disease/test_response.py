"""Responses drawn from uniform numbers."""

import numpy as np
import pytest

from equipoise.disease import JointResponse, categorical, first_conversion, uniforms
from equipoise.errors import DesignError

SEED = 20220801


def test_a_category_is_the_first_whose_cumulative_probability_exceeds_the_number() -> None:
    assert categorical([0.1, 0.2, 0.49, 0.5, 0.99], [0.2, 0.3, 0.5]).tolist() == [0, 1, 1, 2, 2]
    assert categorical([0.5, 0.5], [[1.0, 0.0], [0.0, 1.0]]).tolist() == [0, 1]
    assert categorical([1 - 2.0**-53], [0.1] * 10).tolist() == [9]


def test_a_category_of_probability_zero_is_never_drawn() -> None:
    drawn = categorical(uniforms(SEED, "zero", np.arange(10_000))[:, 0], [0.0, 0.5, 0.0, 0.5, 0.0])
    assert set(np.unique(drawn)) == {1, 3}


def test_joint_responses_come_with_their_probabilities() -> None:
    joint = {("CR", "CR"): 0.1, ("PR", "SD"): 0.25, ("SD", "PD"): 0.3, ("NE", "PR"): 0.35}
    n = 50_000
    primary, metastatic = JointResponse(joint).draw(uniforms(SEED, "response", np.arange(n))[:, 0])
    for (p, m), probability in joint.items():
        share = ((primary == p) & (metastatic == m)).mean()
        assert abs(share - probability) < 4 * np.sqrt(probability * (1 - probability) / n)


def test_the_order_in_which_pairs_are_given_does_not_change_a_draw() -> None:
    joint = {("SD", "PD"): 0.3, ("CR", "CR"): 0.7}
    u = uniforms(SEED, "order", np.arange(100))[:, 0]
    forward, backward = JointResponse(joint).draw(u), JointResponse(dict(reversed(joint.items()))).draw(u)
    assert np.array_equal(forward, backward)


def test_independent_compartments_multiply() -> None:
    joint = JointResponse.independent({"CR": 0.2, "SD": 0.8}, {"PR": 0.5, "PD": 0.5})
    assert joint.probabilities == pytest.approx(
        {("CR", "PR"): 0.1, ("CR", "PD"): 0.1, ("SD", "PR"): 0.4, ("SD", "PD"): 0.4}
    )


def test_a_participant_converts_at_the_first_visit_whose_number_is_below_the_probability() -> None:
    u = [[0.9, 0.1, 0.1], [0.9, 0.9, 0.9], [0.1, 0.9, 0.9]]
    assert first_conversion(u, 0.18).tolist() == [1, -1, 0]
    assert first_conversion(u, [0.0, 0.05, 0.2]).tolist() == [2, -1, -1]
    assert first_conversion(u, 0.18, at_risk=[[1, 0, 0], [1, 1, 1], [0, 0, 0]]).tolist() == [-1, -1, -1]
    assert first_conversion(np.empty((2, 0)), 0.18).tolist() == [-1, -1]


def test_survivors_convert_as_in_the_sequential_trial() -> None:
    # Visits at 3, 6, 9 and 12 months, conversion with probability 0.18 at each, exponential survival with
    # median 40 months: the share converting at visit j is S(3 j) x 0.82 ** (j - 1) x 0.18.
    n = 100_000
    visits = np.array([3.0, 6.0, 9.0, 12.0])
    death = -np.log(uniforms(SEED, "death", np.arange(n))[:, 0]) * 40 / np.log(2)
    converted = first_conversion(
        uniforms(SEED, "conversion", np.arange(n), draws=4), 0.18, at_risk=death[:, None] > visits
    )
    for number, month in enumerate(visits):
        expected = 0.5 ** (month / 40) * 0.82**number * 0.18
        assert abs((converted == number).mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / n)


def test_what_is_no_distribution_is_refused() -> None:
    for probabilities in ([0.5, 0.4], [1.2, -0.2], [np.nan, 1.0], []):
        with pytest.raises(DesignError, match="add up to 1"):
            categorical([0.5], probabilities)
    with pytest.raises(DesignError, match="shape"):
        categorical([0.5], [[0.5, 0.5], [0.5, 0.5]])
    for u in ([0.0], [1.0], [np.nan], [[0.5]]):
        with pytest.raises(DesignError, match="inside"):
            categorical(u, [1.0])
    with pytest.raises(DesignError, match="response"):
        JointResponse({("CR", "MR"): 1.0})
    with pytest.raises(DesignError, match="0 to 1"):
        first_conversion([[0.5]], 1.1)
    with pytest.raises(DesignError, match="do not fit"):
        first_conversion([[0.5, 0.5]], [0.1, 0.1, 0.1])
