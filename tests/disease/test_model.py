"""Models that contradict themselves are refused, and covariates become linear predictors."""

from collections.abc import Callable

import numpy as np
import pytest

from equipoise.disease import DiseaseModel, PiecewiseConstant, Transition, Weibull, linear_predictors
from equipoise.errors import DataError, DesignError

DEATH = Transition(hazard=Weibull(1.0, 40.0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Weibull(0.0, 1.0), "shape"),
        (lambda: Weibull(1.0, -1.0), "scale"),
        (lambda: Weibull(1.0, float("nan")), "scale"),
        (lambda: Weibull.from_rate(0.0), "rate"),
        (lambda: Weibull.from_median(-1.0), "median"),
        (lambda: Weibull.from_fraction(1.0, 12.0), "between 0 and 1"),
        (lambda: Weibull.from_fraction(0.1, 0.0), "months"),
        (lambda: PiecewiseConstant([12.0], [0.1]), "one rate more than cuts"),
        (lambda: PiecewiseConstant([12.0, 12.0], [0.1, 0.1, 0.1]), "increasing"),
        (lambda: PiecewiseConstant([0.0], [0.1, 0.1]), "above 0"),
        (lambda: PiecewiseConstant([float("inf")], [0.1, 0.1]), "increasing"),
        (lambda: PiecewiseConstant([1.0], [0.1, -0.1]), "from 0 up"),
        (lambda: PiecewiseConstant([1.0], [0.0, 0.0]), "not all 0"),
        (lambda: Transition(hazard=Weibull(1, 1), hazard_ratio={"B": 0.0}), "arm 'B'"),
        (lambda: Transition(hazard=Weibull(1, 1), after={"relapse": 2.0}), "relapse"),
        (
            lambda: Transition(hazard=Weibull(1, 1), after={"local_progression": -2.0}),
            "after local_progression",
        ),
        (lambda: Transition(hazard=Weibull(1, 1), covariates={"organs": {"many": 0.0}}), "organs = many"),
        (lambda: Transition(hazard=Weibull(1, 1), covariates={"age": float("inf")}), "age"),
        (lambda: DiseaseModel(arms=(), cancer_death=DEATH), "at least one arm"),
        (lambda: DiseaseModel(arms=("A", "A"), cancer_death=DEATH), "each once"),
        (lambda: DiseaseModel(arms=("A",)), "without any transition"),
        (lambda: DiseaseModel(arms=("A",), cancer_death=DEATH, frailty_sd=-1.0), "frailty_sd"),
        (
            lambda: DiseaseModel(arms=("A",), cancer_death=Transition(hazard=Weibull(1, 1), hazard_ratio={"B": 0.5})),
            "the arms are A",
        ),
        (
            lambda: DiseaseModel(
                arms=("A",), cancer_death=Transition(hazard=Weibull(1, 1), after={"local_progression": 2.0})
            ),
            "describe it too",
        ),
        (
            lambda: DiseaseModel(
                arms=("A",),
                local_progression=Transition(hazard=Weibull(1, 1), after={"local_progression": 2.0}),
            ),
            "happens once",
        ),
    ],
)
def test_nonsense_is_refused_with_its_place(make: Callable[[], object], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        make()


MODEL = DiseaseModel(
    arms=("A",),
    cancer_death=Transition(
        hazard=Weibull(1.0, 40.0),
        covariates={"organs": {"multiple": 1.4}, "subtype": {"HER2+": 0.8, "TN": 1.8}, "decades": 1.1},
    ),
    other_death=Transition(hazard=Weibull(1.0, 400.0), covariates={"decades": 2.0}),
    dropout=Transition(hazard=Weibull(1.0, 900.0)),
)


def test_linear_predictors_add_the_logarithms_of_the_hazard_ratios() -> None:
    predictors = linear_predictors(
        MODEL,
        {
            "organs": ["single", "multiple", "multiple"],
            "subtype": ["TN", "HR+", "HER2+"],
            "decades": [0.0, 1.0, -2.0],
            "site": ["01", "02", "03"],
        },
    )
    assert set(predictors) == {"cancer_death", "other_death"}
    assert np.allclose(np.exp(predictors["cancer_death"]), [1.8, 1.4 * 1.1, 1.4 * 0.8 / 1.21], rtol=1e-14)
    assert np.allclose(np.exp(predictors["other_death"]), [1.0, 2.0, 0.25], rtol=1e-14)


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        ({"organs": ["single"], "subtype": ["TN"]}, "'decades', which is not given"),
        (
            {"organs": ["single", None], "subtype": ["TN", "TN"], "decades": [1, 2]},
            r"organs is missing in rows \[1\]",
        ),
        ({"organs": ["single"], "subtype": [""], "decades": [1]}, "subtype is missing"),
        ({"organs": ["single"], "subtype": ["TN"], "decades": [np.nan]}, "decades is missing"),
        ({"organs": ["single"], "subtype": ["TN"], "decades": ["old"]}, "not numeric"),
        ({"organs": ["single"], "subtype": ["TN", "TN"], "decades": [1]}, "differ in shape"),
    ],
)
def test_covariates_that_are_missing_are_refused_with_their_rows(
    covariates: dict[str, list[object]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        linear_predictors(MODEL, covariates)
