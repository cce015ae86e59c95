"""The test of proportional hazards of factors, whose columns are one term."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from equipoise import survival
from equipoise.errors import DataError
from equipoise.survival.proportional_hazards import proportional_hazards_test

CELLS = ("smallcell", "adeno", "large")

# R 4.2.2, survival 3.5-3, statistic and p-value of karno, celltype (3 df), trt and GLOBAL (5 df):
#   fit <- coxph(Surv(time, status) ~ karno + celltype + trt, veteran,
#                control = coxph.control(eps = 1e-13, iter.max = 60, toler.chol = 1e-14))
#   cox.zph(fit, transform = "km")$table; and so for "rank", "identity" and "log"
EXPECTED = {
    "km": (
        (12.8133255911361, 14.5317103964116, 0.206307412063778, 22.8596852749608),
        (0.000344159278024226, 0.00226389031736055, 0.649677141169674, 0.00035906454355764),
    ),
    "rank": (
        (13.3938961658269, 14.675680798147, 0.215103061585353, 23.2937996024588),
        (0.000252444460377474, 0.00211586263282688, 0.642796742842574, 0.000296584802960786),
    ),
    "identity": (
        (6.05159505980776, 18.4139123965016, 0.00493118418546889, 20.8708584438744),
        (0.0138937404487388, 0.000361319902954229, 0.944016652944093, 0.000856850504979644),
    ),
    "log": (
        (10.079175415709, 13.5857340409588, 0.214861003375031, 21.4513567682656),
        (0.0014995442545924, 0.00352687023899272, 0.642983787826619, 0.000665458834675621),
    ),
}


@pytest.fixture(scope="module")
def fit(classic: dict[str, pl.DataFrame]) -> survival.Cox:
    veteran = classic["veteran"]
    cells = {f"celltype={cell}": veteran["celltype"] == cell for cell in CELLS}
    return survival.cox(veteran["time"], veteran["status"], {"karno": veteran["karno"], **cells, "trt": veteran["trt"]})


@pytest.mark.parametrize("transform", list(EXPECTED))
def test_a_factor_is_one_term_as_in_cox_zph(transform: Any, fit: survival.Cox) -> None:
    found = proportional_hazards_test(fit.model, transform, "factors")
    assert found.names == ("karno", "celltype", "trt", "global")
    assert found.df == (1, 3, 1, 5)
    statistic, p_value = EXPECTED[transform]
    np.testing.assert_allclose(found.statistic, statistic, rtol=1e-9)
    np.testing.assert_allclose(found.p_value, p_value, rtol=1e-8)


def test_terms_can_be_named_and_columns_are_terms_by_default(fit: survival.Cox) -> None:
    named = proportional_hazards_test(fit.model, "km", {"cell": [f"celltype={cell}" for cell in CELLS], "t": "trt"})
    assert named.names == ("karno", "cell", "t", "global")
    np.testing.assert_array_equal(named.statistic, proportional_hazards_test(fit.model, "km", "factors").statistic)
    # cox.zph(fit, terms = FALSE)$table
    expected = [
        12.8133255911361,
        4.0468683482227,
        6.8411394440608,
        5.03256268285623,
        0.206307412063778,
        22.8596852749608,
    ]
    plain = proportional_hazards_test(fit.model, "km")
    np.testing.assert_allclose(plain.statistic, expected, rtol=1e-9)
    np.testing.assert_array_equal(plain.statistic, fit.proportional_hazards_test().statistic)
    assert "celltype" in str(proportional_hazards_test(fit.model, "km", "factors"))


@pytest.mark.parametrize("terms", ["columns", "factors", {"cells": [f"celltype={cell}" for cell in CELLS]}])
def test_the_method_of_a_fit_takes_terms_too(terms: Any, fit: survival.Cox) -> None:
    found, expected = fit.proportional_hazards_test("rank", terms), proportional_hazards_test(fit.model, "rank", terms)
    assert found.names == expected.names
    assert found.df == expected.df
    np.testing.assert_array_equal(found.statistic, expected.statistic)


def test_how_a_factor_is_coded_changes_nothing(classic: dict[str, pl.DataFrame], fit: survival.Cox) -> None:
    veteran = classic["veteran"]
    other = {f"celltype={cell}": veteran["celltype"] == cell for cell in ("squamous", "large", "adeno")}
    again = survival.cox(
        veteran["time"], veteran["status"], {**other, "trt": veteran["trt"], "karno": veteran["karno"]}
    )
    found = proportional_hazards_test(again.model, "rank", "factors")
    expected = proportional_hazards_test(fit.model, "rank", "factors")
    assert found.names == ("celltype", "trt", "karno", "global")
    np.testing.assert_allclose(found.statistic, expected.statistic[[1, 2, 0, 3]], rtol=1e-8)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ("levels", "terms: 'levels' is unknown"),
        ({"cell": ["celltype=squamous"]}, "terms: cell holds celltype=squamous, which is no covariate"),
        ({"a": ["trt"], "b": ["trt", "karno"]}, "terms: trt is in a and in b"),
        ({"karno": ["trt"]}, "terms: karno is a covariate by itself"),
    ],
)
def test_terms_that_cannot_be_formed_are_refused(terms: Any, said: str, fit: survival.Cox) -> None:
    with pytest.raises(DataError, match=said):
        proportional_hazards_test(fit.model, "km", terms)
