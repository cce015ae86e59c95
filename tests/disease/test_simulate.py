"""Simulated histories against what the model says in closed form.

Sample sizes and seeds are fixed, so each test either always passes or never. Bounds are those of the sampling
error: 1.95 / sqrt(n) is the 99.9 % point of the Kolmogorov-Smirnov distance (Kolmogorov's limit), and 4
standard errors bound a proportion or a mean.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import expm

from equipoise.disease import (
    NO_ARM,
    DiseaseModel,
    Hazard,
    Histories,
    PiecewiseConstant,
    Transition,
    Weibull,
    pack,
    simulate,
)
from equipoise.disease._walk import walk
from equipoise.errors import DesignError

N = 100_000
SEED = 20110505
Floats = NDArray[np.float64]

FULL = DiseaseModel(
    arms=("A", "B"),
    local_progression=Transition(hazard=Weibull(0.6, 30), hazard_ratio={"B": 0.2}, after={"distant_progression": 1.5}),
    distant_progression=Transition(hazard=Weibull(0.9, 40), after={"local_progression": 1.3}),
    cancer_death=Transition(
        hazard=PiecewiseConstant([12, 36], [0.002, 0.004, 0.003]),
        in_arm={"B": Weibull(1.2, 200)},
        after={"local_progression": 1.2, "distant_progression": 6.0},
    ),
    other_death=Transition(hazard=Weibull.from_fraction(0.005, 12)),
    dropout=Transition(hazard=Weibull.from_fraction(0.02, 12)),
    frailty_sd=0.4,
)


def bytes_of(histories: Histories) -> list[bytes]:
    return [
        getattr(histories, name).tobytes()
        for name in ("local_progression", "distant_progression", "death", "death_cause", "dropout")
    ]


def rows_of(histories: Histories, rows: slice | NDArray[np.int64]) -> Histories:
    return Histories(
        local_progression=histories.local_progression[rows],
        distant_progression=histories.distant_progression[rows],
        death=histories.death[rows],
        death_cause=histories.death_cause[rows],
        dropout=histories.dropout[rows],
    )


def distance(times: Floats, cumulative_hazard: Callable[[float], float]) -> float:
    """Kolmogorov-Smirnov distance of the times from a distribution, where the times are finite."""
    finite = np.sort(times[np.isfinite(times)])
    expected = 1 - np.exp([-cumulative_hazard(float(time)) for time in finite])
    ranks = np.arange(1, finite.size + 1) / times.size
    return float(max(np.abs(ranks - expected).max(), np.abs(ranks - 1 / times.size - expected).max()))


def scaled(hazard: Hazard, ratio: float) -> Callable[[float], float]:
    return lambda months: ratio * hazard.cumulative(months)


def deaths_of(hazard: Hazard, n: int = N, **options: object) -> Floats:
    model = DiseaseModel(arms=("A",), cancer_death=Transition(hazard=hazard))
    return simulate(model, np.zeros(n, dtype=int), seed=SEED, **options).death


@pytest.mark.parametrize(
    "hazard",
    [
        Weibull(1.0, 40.0),
        Weibull(0.6, 30.0),
        Weibull(2.5, 60.0),
        PiecewiseConstant([], [0.02]),
        PiecewiseConstant([6, 24, 60], [0.01, 0.05, 0.002, 0.03]),
        PiecewiseConstant([6, 24], [0.0, 0.1, 0.01]),
        PiecewiseConstant([12, 18, 30], [0.03, 0.0, 0.05, 0.0]),
    ],
    ids=str,
)
def test_times_follow_the_hazard(hazard: Hazard) -> None:
    times = deaths_of(hazard)
    assert distance(times, hazard.cumulative) < 1.95 / np.sqrt(N)


def test_a_hazard_that_ends_leaves_the_rest_alive_for_ever() -> None:
    hazard = PiecewiseConstant([10], [0.05, 0.0])
    times = deaths_of(hazard)
    cured = np.isinf(times).mean()
    expected = np.exp(-0.5)
    assert abs(cured - expected) < 4 * np.sqrt(expected * (1 - expected) / N)
    assert times[np.isfinite(times)].max() < 10


def test_nobody_has_the_event_where_the_hazard_is_zero() -> None:
    times = deaths_of(PiecewiseConstant([6, 12, 24], [0.05, 0.0, 0.05, 0.05]))
    assert not ((times > 6 + 1e-9) & (times < 12)).any()


def test_a_median_a_fraction_and_a_rate_give_the_hazard_they_name() -> None:
    assert Weibull.from_median(69.0, shape=0.8).cumulative(69.0) == pytest.approx(np.log(2), rel=1e-14)
    assert 1 - np.exp(-Weibull.from_fraction(0.1, 24.0).cumulative(24.0)) == pytest.approx(0.1, rel=1e-13)
    assert Weibull.from_rate(0.01).cumulative(50.0) == pytest.approx(0.5, rel=1e-14)


def test_causes_of_death_share_as_their_rates() -> None:
    model = DiseaseModel(
        arms=("A",),
        cancer_death=Transition(hazard=Weibull.from_rate(0.03)),
        other_death=Transition(hazard=Weibull.from_rate(0.01)),
    )
    histories = simulate(model, np.zeros(N, dtype=int), seed=SEED)
    assert set(np.unique(histories.death_cause)) == {1, 2}
    assert abs((histories.death_cause == 1).mean() - 0.75) < 4 * np.sqrt(0.75 * 0.25 / N)
    for cause in (1, 2):  # with proportional hazards the cause says nothing about the time
        times = histories.death[histories.death_cause == cause]
        assert distance(times, lambda t: 0.04 * t) < 1.95 / np.sqrt(times.size)


def test_arms_and_covariates_multiply_the_hazard() -> None:
    baseline = Weibull(0.7, 50.0)
    model = DiseaseModel(
        arms=("A", "B", "C"),
        cancer_death=Transition(hazard=baseline, hazard_ratio={"B": 0.5, "C": 2.0}, in_arm={"C": Weibull(1.5, 80.0)}),
    )
    arm = np.repeat([0, 1, 2], N)
    predictor = np.tile(np.repeat([0.0, np.log(1.5)], N // 2), 3)
    deaths = simulate(model, arm, seed=SEED, linear_predictors={"cancer_death": predictor}).death
    expected = ((baseline, 1.0), (baseline, 0.5), (Weibull(1.5, 80.0), 2.0))
    for number, (hazard, arm_ratio) in enumerate(expected):
        for covariate_ratio in (1.0, 1.5):
            group = deaths[(arm == number) & np.isclose(np.exp(predictor), covariate_ratio)]
            bound = 1.95 / np.sqrt(group.size)
            assert distance(group, scaled(hazard, arm_ratio * covariate_ratio)) < bound


def test_frailty_is_log_normal_with_mean_one() -> None:
    sd, baseline = 0.8, Weibull(1.0, 40.0)
    model = DiseaseModel(arms=("A",), cancer_death=Transition(hazard=baseline), frailty_sd=sd)
    deaths = simulate(model, np.zeros(N, dtype=int), seed=SEED).death
    # S(t) = E exp(-Z t / 40) by Gauss-Hermite quadrature over the normal distribution.
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    frailty = np.exp(sd * nodes - sd**2 / 2)
    for months in (10.0, 40.0, 120.0):
        expected = float(weights @ np.exp(-frailty * months / 40) / weights.sum())
        assert abs((deaths > months).mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / N)


def test_a_hazard_that_rises_after_progression_gives_the_closed_form_of_the_illness_death_model() -> None:
    rate, death, ratio = 0.03, 0.005, 4.0
    model = DiseaseModel(
        arms=("A",),
        local_progression=Transition(hazard=Weibull.from_rate(rate)),
        cancer_death=Transition(hazard=Weibull.from_rate(death), after={"local_progression": ratio}),
    )
    deaths = simulate(model, np.zeros(N, dtype=int), seed=SEED).death

    def cumulative(t: float) -> float:
        # S(t) = exp(-(l + m) t) + integral over s of l exp(-(l + m) s) exp(-r m (t - s))
        gap = rate + death - ratio * death
        survival = np.exp(-(rate + death) * t)
        survival += rate * np.exp(-ratio * death * t) * (1 - np.exp(-gap * t)) / gap
        return -float(np.log(survival))

    assert distance(deaths, cumulative) < 1.95 / np.sqrt(N)


def occupancy(histories: Histories, months: float) -> Floats:
    """Share of participants in each state: no progression, local, distant, both, dead."""
    local, distant = histories.local_progression <= months, histories.distant_progression <= months
    state = np.where(histories.death <= months, 4, local + 2 * distant)
    return np.asarray(np.bincount(state, minlength=5) / len(histories))


RATIOS = {
    "distant after local": 2.0,
    "local after distant": 0.5,
    "death after local": 1.5,
    "death after distant": 5.0,
}


def generator(rates: list[float]) -> Floats:
    """Intensities of the Markov chain on those states, from the three rates from the start."""
    local, distant, death = rates
    q = np.zeros((5, 5))
    q[0, 1], q[0, 2], q[0, 4] = local, distant, death
    q[1, 3], q[1, 4] = distant * RATIOS["distant after local"], death * RATIOS["death after local"]
    q[2, 3], q[2, 4] = local * RATIOS["local after distant"], death * RATIOS["death after distant"]
    q[3, 4] = death * RATIOS["death after local"] * RATIOS["death after distant"]
    return q - np.diag(q.sum(axis=1))


def five_states(local: Hazard, distant: Hazard, death: Hazard) -> DiseaseModel:
    return DiseaseModel(
        arms=("A",),
        local_progression=Transition(hazard=local, after={"distant_progression": RATIOS["local after distant"]}),
        distant_progression=Transition(hazard=distant, after={"local_progression": RATIOS["distant after local"]}),
        cancer_death=Transition(
            hazard=death,
            after={
                "local_progression": RATIOS["death after local"],
                "distant_progression": RATIOS["death after distant"],
            },
        ),
    )


def assert_shares(observed: Floats, expected: Floats) -> None:
    assert (np.abs(observed - expected) < 4 * np.sqrt(expected * (1 - expected) / N)).all()


@pytest.mark.parametrize("shape", [1.0, 0.6, 1.7])
def test_both_progressions_in_either_order_give_the_matrix_exponential(shape: float) -> None:
    # With one Weibull shape for all, the process is a time-homogeneous Markov chain in the time t ** shape.
    scales = {"local": 40.0, "distant": 60.0, "death": 150.0}
    model = five_states(*(Weibull(shape, scale) for scale in scales.values()))
    histories = simulate(model, np.zeros(N, dtype=int), seed=SEED)
    q = generator([scale**-shape for scale in scales.values()])
    for months in (6.0, 24.0, 60.0, 120.0):
        assert_shares(occupancy(histories, months), expm(q * months**shape)[0])


def test_piecewise_hazards_give_the_product_of_matrix_exponentials() -> None:
    cuts = [12.0, 36.0]
    rates = {"local": [0.04, 0.01, 0.02], "distant": [0.01, 0.03, 0.0], "death": [0.002, 0.004, 0.008]}
    model = five_states(*(PiecewiseConstant(cuts, rate) for rate in rates.values()))
    histories = simulate(model, np.zeros(N, dtype=int), seed=SEED)
    expected = np.eye(5)[0]
    for piece, length in enumerate([12.0, 24.0, 40.0]):
        expected = expected @ expm(generator([rate[piece] for rate in rates.values()]) * length)
        assert_shares(occupancy(histories, [12.0, 36.0, 76.0][piece]), expected)


def test_an_arm_in_force_from_some_month_changes_the_hazard_from_then_on() -> None:
    baseline, own = Weibull(0.8, 60.0), Weibull(1.3, 90.0)
    model = DiseaseModel(
        arms=("A", "B"),
        cancer_death=Transition(hazard=baseline, hazard_ratio={"A": 3.0, "B": 0.5}, in_arm={"B": own}),
    )
    # No arm until month 10, arm A until month 30, then arm B with a hazard of its own.
    arm, arm_from = np.tile([0, 1], (N, 1)), np.tile([10.0, 30.0], (N, 1))
    deaths = simulate(model, arm, seed=SEED, arm_from=arm_from).death

    def cumulative(t: float) -> float:
        first = baseline.cumulative(min(t, 10.0))
        second = 3 * (baseline.cumulative(min(max(t, 10.0), 30.0)) - baseline.cumulative(10.0))
        third = 0.5 * (own.cumulative(max(t, 30.0)) - own.cumulative(30.0))
        return first + second + third

    assert distance(deaths, cumulative) < 1.95 / np.sqrt(N)


def test_what_happens_before_an_arm_is_in_force_does_not_depend_on_it() -> None:
    n, month = 5_000, 20.0
    without = simulate(FULL, np.full(n, NO_ARM), seed=SEED)
    with_b = simulate(FULL, np.ones(n, dtype=int), arm_from=np.full(n, month), seed=SEED)
    for name in ("local_progression", "distant_progression", "death", "dropout"):
        before, after = getattr(without, name), getattr(with_b, name)
        early = before < month
        assert early.any()
        assert before[early].tobytes() == after[early].tobytes()
        assert (after[~early] >= month).all()
    assert not np.array_equal(without.death, with_b.death)


def test_an_arm_in_force_from_the_origin_is_the_same_as_one_without_a_start() -> None:
    arm = np.arange(2_000) % 2
    from_start = simulate(FULL, arm, arm_from=np.zeros(2_000), seed=SEED)
    assert np.allclose(from_start.death, simulate(FULL, arm, seed=SEED).death, rtol=1e-12)
    never = simulate(FULL, arm, arm_from=np.full(2_000, np.inf), seed=SEED)
    assert bytes_of(never) == bytes_of(simulate(FULL, np.full(2_000, NO_ARM), seed=SEED))


def test_dropout_hides_and_changes_nothing_else() -> None:
    arm = np.arange(N) % 2
    transitions = dict(FULL.transitions())
    del transitions["dropout"]
    without = simulate(DiseaseModel(arms=FULL.arms, frailty_sd=0.4, **transitions), arm, seed=SEED)
    with_dropout = simulate(FULL, arm, seed=SEED)
    assert without.death.tobytes() == with_dropout.death.tobytes()
    assert np.isinf(without.dropout).all()
    dropped = np.isfinite(with_dropout.dropout)
    assert (with_dropout.dropout[dropped] < with_dropout.death[dropped]).all()
    expected = 1 - 0.98  # of those alive at 12 months, as long as dropout does not depend on the disease
    alive = with_dropout.death > 12
    share = (with_dropout.dropout[alive] <= 12).mean()
    assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / alive.sum())


def test_a_transition_left_out_never_happens() -> None:
    model = DiseaseModel(arms=("A",), dropout=Transition(hazard=Weibull.from_rate(0.1)))
    histories = simulate(model, np.zeros(10, dtype=int), seed=1)
    assert np.isinf(histories.death).all()
    assert np.isinf(histories.local_progression).all()
    assert (histories.death_cause == 0).all()
    assert np.isfinite(histories.dropout).all()


def test_any_range_in_any_order_on_any_thread_is_the_same_bytes() -> None:
    n = 1_000
    arm, predictor = np.arange(n) % 2, np.linspace(-1, 1, n)
    whole = simulate(FULL, arm, seed=SEED, replicate=7, linear_predictors={"distant_progression": predictor})

    def part(first: int) -> Histories:
        rows = np.arange(first, first + 100)
        predictors = {"distant_progression": predictor[rows]}
        return simulate(pack(FULL), arm[rows], seed=SEED, replicate=7, participant=rows, linear_predictors=predictors)

    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(part, range(900, -1, -100)))
    for first, piece in zip(range(900, -1, -100), parts, strict=True):
        assert bytes_of(piece) == bytes_of(rows_of(whole, slice(first, first + 100)))


def test_many_replicates_in_one_call_are_those_of_single_calls() -> None:
    arm = np.tile(np.arange(50) % 2, 3)
    together = simulate(FULL, arm, seed=SEED, replicate=np.repeat([4, 5, 6], 50), participant=np.tile(np.arange(50), 3))
    for place, replicate in enumerate([4, 5, 6]):
        alone = simulate(FULL, arm[:50], seed=SEED, replicate=replicate)
        assert bytes_of(alone) == bytes_of(rows_of(together, slice(50 * place, 50 * place + 50)))


def test_the_kernel_is_compiled_once_whatever_arrays_are_given() -> None:
    frozen = np.zeros(3)
    frozen.setflags(write=False)
    simulate(FULL, [0, 1, 0], seed=1)
    simulate(FULL, np.array([0, 1, 0], dtype=np.int8), seed=1, arm_from=frozen)
    simulate(pack(FULL), np.arange(6)[::2] % 2, seed=1, replicate=frozen.astype(int), participant=[5, 6, 7])
    simulate(FULL, [[0, 1]], seed=1, arm_from=[[1, 2]], linear_predictors={"dropout": frozen[:1]})
    assert len(walk.signatures) == 1


def test_an_empty_trial_has_empty_histories() -> None:
    assert len(simulate(FULL, np.empty(0, dtype=int), seed=1)) == 0


@given(
    seed=st.integers(0, 2**64 - 1),
    ratio=st.floats(1.0, 20.0),
    shape=st.floats(0.3, 3.0),
    scale=st.floats(1.0, 500.0),
    after=st.floats(0.2, 10.0),
)
@settings(deadline=None, max_examples=40)
def test_histories_are_in_order_and_a_higher_hazard_of_death_never_delays_it(
    seed: int, ratio: float, shape: float, scale: float, after: float
) -> None:
    def drawn(cancer_ratio: float) -> Histories:
        model = DiseaseModel(
            arms=("A",),
            local_progression=Transition(hazard=Weibull(shape, scale), after={"distant_progression": after}),
            distant_progression=Transition(hazard=PiecewiseConstant([5], [0.1, 0.02])),
            cancer_death=Transition(
                hazard=Weibull(1.2, 50),
                hazard_ratio={"A": cancer_ratio},
                after={"local_progression": after, "distant_progression": after},
            ),
            other_death=Transition(hazard=Weibull.from_rate(0.001)),
        )
        return simulate(model, np.zeros(50, dtype=int), seed=seed)

    low, high = drawn(1.0), drawn(ratio)
    assert (high.death <= low.death * (1 + 1e-9)).all()
    for histories in (low, high):
        for progression in (histories.local_progression, histories.distant_progression):
            assert ((progression < histories.death) | np.isinf(progression)).all()
        assert np.isin(histories.death_cause, [1, 2]).all()


def test_histories_become_a_table() -> None:
    frame = simulate(FULL, np.zeros(4, dtype=int), seed=1).to_frame()
    assert frame.columns == ["local_progression", "distant_progression", "death", "death_cause", "dropout"]
    assert frame.height == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"arm": [2]}, "the model has 0 to 1"),
        ({"arm": [-2]}, "the model has 0 to 1"),
        ({"arm": [0.0]}, "numbers of arms"),
        ({"arm": [[[0]]]}, "shape"),
        ({"arm": [[0, 1]]}, "arm_from is not given"),
        ({"arm": [0], "arm_from": [1, 2]}, "one month for each arm"),
        ({"arm": [0], "arm_from": [-1.0]}, "below 0"),
        ({"arm": [0], "arm_from": [np.nan]}, "missing"),
        ({"arm": [[0, 1]], "arm_from": [[3, 2]]}, "decreases"),
        ({"arm": [0], "linear_predictors": {"relapse": [0.0]}}, "does not have"),
        ({"arm": [0], "linear_predictors": {"dropout": [0.0, 1.0]}}, "1 finite numbers"),
        ({"arm": [0], "linear_predictors": {"dropout": [np.nan]}}, "1 finite numbers"),
        ({"arm": [0, 1], "participant": [1, 2, 3]}, "do not fit 2 rows"),
    ],
)
def test_what_cannot_be_simulated_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        simulate(FULL, seed=1, **options)
